"""The commands that show the content: arguments in, files out; what they show is worked out in `bot/verification/`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import (
    Content,
    Flow,
    Language,
    checked_flow,
    checked_language,
    fail,
    open_checked,
    opened,
    opened_earlier,
)

if TYPE_CHECKING:
    from bot.core.library import Library
    from bot.verification.diagram.formats import FlowChart

FORMS = (".svg", ".png", ".mmd", ".dot")
Force = Annotated[bool, typer.Option("--force", help="Write over a file that is not one of Afterword's own.")]


def draw(
    flow: Annotated[str, typer.Argument(help="The conversation to draw, such as after_interview.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", "--out", help="FILE.svg, .png, .mmd or .dot")] = None,
    parts: Annotated[
        bool, typer.Option("--parts", help="A picture for each part, to be read on a phone: FILE-1.png and so on.")
    ] = False,
    script: Annotated[Path | None, typer.Option(help="Mark what this transcript went through.")] = None,
    finding: Annotated[
        int | None, typer.Option(help="Mark what the finding of this number means; `check` lists them from 1 on.")
    ] = None,
    diff: Annotated[
        str | None, typer.Option("--diff", help="Mark what changed since this version: a folder, or a git revision.")
    ] = None,
    language: Language = "en",
    content: Content = None,
    force: Force = False,
) -> None:
    """Draw a conversation: its questions, answers and verdicts. Without -o, Mermaid text is printed."""
    from bot.verification.diagram.formats import parts as in_parts
    from bot.verification.diagram.graph import diagram

    if sum(one is not None for one in (script, finding, diff)) > 1:
        fail("One picture shows one thing: give --script, --finding or --diff.")
    if parts and output is None:
        fail(f"--parts makes a file for each part. Name them with -o: afterword draw {flow} --parts -o {flow}.png")
    form = output.suffix.lower() if output else ".mmd"
    if form not in FORMS:
        fail(f"I can draw {', '.join(FORMS[:-1])} or {FORMS[-1]}, not '{form}'.")
    if finding is not None:
        drawn = _at_finding(flow, finding, language, content)
    else:
        library = opened(content)
        drawn = diagram(library, checked_flow(library, flow), checked_language(library, language))
        if script is not None:
            drawn = _along(drawn, library, script)
        elif diff is not None:
            drawn = _since(drawn, library, diff, language)
    if output is None:
        typer.echo(_made(drawn, form).decode(), nl=False)
        return
    pieces = in_parts(drawn) if parts else [drawn]
    files = [output.with_stem(f"{output.stem}-{n}") for n in range(1, len(pieces) + 1)] if parts else [output]
    _leave_others(files, force=force)
    for file, piece in zip(files, pieces, strict=True):
        _write(file, _made(piece, form), form)


def _made(drawn: FlowChart, form: str) -> bytes:
    from bot.cli.rendering import NoGraphviz, render
    from bot.verification.diagram.graph import to_dot, to_mermaid

    if form == ".mmd":
        return to_mermaid(drawn).encode()
    if form == ".dot":
        return to_dot(drawn).encode()
    try:
        return render(to_dot(drawn), "svg" if form == ".svg" else "png")
    except NoGraphviz as missing:
        fail(str(missing))


def _along(drawn: FlowChart, library: Library, script: Path) -> FlowChart:
    from bot.cli.chat import talked
    from bot.verification.diagram.highlight import along

    try:
        flow, lines, issues = talked(library, script)
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{script} cannot be read: {error}")
    if issues:
        fail("\n".join(map(str, issues)))
    if flow != drawn.name:
        fail(f"{script} is a talk of '{flow}'. Draw that one: afterword draw {flow} --script {script}")
    return along(drawn, library, lines)


def _since(drawn: FlowChart, library: Library, version_: str, language: str) -> FlowChart:
    from bot.cli.versions import NoVersion, version
    from bot.verification.diagram.highlight import since

    try:
        with version(version_) as folder:
            old, lacks = opened_earlier(version_, folder)
    except NoVersion as missing:
        fail(str(missing))
    for line in lacks:
        typer.echo(line, err=True)
    return since(drawn, library, old, language)


def _at_finding(flow: str, number: int, language: str, content: Path | None) -> FlowChart:
    from bot.app.content import check
    from bot.verification.diagram.graph import diagram
    from bot.verification.diagram.highlight import at_finding, is_marked

    context, issues = check(content)
    if context is None:
        fail("\n".join([*map(str, issues), "There is nothing to draw before every file can be read."]))
    if not 1 <= number <= len(issues):
        fail(f"There is no finding {number}: `afterword check` names {len(issues)}.")
    issue = issues[number - 1]
    drawn = diagram(context.library, checked_flow(context.library, flow), checked_language(context.library, language))
    marked = at_finding(drawn, context.library, context.places, issue)
    if not is_marked(marked):
        fail(f"{issue}\nThat finding is about nothing in '{flow}' that can be drawn.")
    return marked


def atlas(
    out: Annotated[Path, typer.Option("-o", "--output", "--out", help="The file to write.")] = Path("atlas.html"),
    language: Language = "en",
    flow: Flow = None,
    content: Content = None,
    force: Force = False,
) -> None:
    """Write everything that is asked, advised and handed over as one page, to be read and searched in a browser."""
    from bot.verification.atlas.page import page

    _leave_others([out], force=force)
    library = open_checked(content)
    made = page(library, checked_flow(library, flow), checked_language(library, language)).encode("utf-8")
    _write(out, made, ".html")


def _leave_others(files: list[Path], *, force: bool) -> None:
    """End where a file would be lost that is not one of our own; nothing is written then."""
    from bot.cli.outputs import not_ours

    try:
        others = [] if force else not_ours(files)
    except OSError as error:
        fail(f"{error.filename} cannot be read: {error.strerror}.")
    if others:
        fail(f"{others[0]} was not made by Afterword and is left as it is. Name another file, or add --force.")


def _write(file: Path, made: bytes, form: str) -> None:
    from bot.cli.outputs import marked

    try:
        file.write_bytes(marked(made, form))
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}.")
    typer.echo(f"{file} ({len(made) // 1024 + 1} kB)")
