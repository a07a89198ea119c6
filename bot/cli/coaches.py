"""The commands for coaches: arguments in, printing out; what they say is worked out in `bot/verification/`."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import NO_KEY, Content, Flow, Language, counted, fail

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.core.issues import Issue, Shown
    from bot.core.library import Library
    from bot.verification.diff_text import Report
    from bot.verification.replay import Survey


def check(
    as_json: Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")] = False,
    talks: Annotated[
        Path | None, typer.Option(help="Write the conversation that shows a finding into this folder, one each.")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="DATABASE",
            help="Say who would be moved where: everybody in this database (a path, a URL, or: own) is replayed.",
        ),
    ] = None,
    was: Annotated[
        str | None, typer.Option(help="With --against, what the bot talks with now: a folder, or a git revision.")
    ] = None,
    cohort: Annotated[int | None, typer.Option(help="With --against, replay the people of this cohort only.")] = None,
    shipped: Annotated[
        Path | None,
        typer.Option(help="Check it as an edition of the content in this folder, whose protected texts it must keep."),
    ] = None,
    content: Content = None,
) -> None:
    """Check flows, rules and messages; name every issue with its place. Ends with status 1 if there is any."""
    from bot.app.content import check as check_content
    from bot.verification.checks import summary

    if was is not None and against is None:
        fail("--was says what the bot talks with now, for a comparison: name its database with --against, or: own.")
    context, issues = check_content(content, shipped)
    replayed = None
    if context is not None and against is not None:
        replayed = Replayed.of(context.library, against, was, cohort, sound=not issues)
    if talks:
        _write_talks(issues, talks)
    if as_json:
        found = {"issues": [_issue_json(issue) for issue in issues], **(replayed.as_json() if replayed else {})}
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    elif issues:
        typer.echo("\n".join([*(line for issue in issues for line in _lines(issue)), "", counted(issues)]))
    elif context is not None:
        typer.echo(summary(context))
    if replayed and not as_json:
        typer.echo("\n".join(["", *replayed.lines()]))
    if issues or (replayed and replayed.found.stuck):
        raise typer.Exit(1)


@dataclass(frozen=True)
class Replayed:
    """Everybody in a database, replayed against a library."""

    library: Library
    was: Library | None
    found: Survey

    @classmethod
    def of(cls, library: Library, database: str, was: str | None, cohort: int | None, *, sound: bool) -> Replayed:
        """Replay them, those of one cohort if it is given, or say why that cannot be done and end."""
        from bot.app.operator import surveyed
        from bot.app.settings import BadSettings, load
        from bot.cli.options import checked_flow, opened
        from bot.cli.versions import NoVersion, version
        from bot.storage.errors import BadKey, StoreError

        try:
            settings = load(Path.cwd())
            with version(was) if was else nullcontext() as folder:
                before = opened(folder) if folder else None
            found = surveyed(settings, database, library, checked_flow(library, None), before, cohort, sound=sound)
        except BadSettings as bad:
            fail("\n".join(bad.faults))
        except (NoVersion, StoreError) as error:
            fail(str(error), NO_KEY if isinstance(error, BadKey) else 1)
        return cls(library, before, found)

    def lines(self) -> list[str]:
        """Return what was found, in words."""
        from bot.verification.replay import in_words

        return in_words(self.found, self.library, self.was)

    def as_json(self) -> dict[str, object]:
        """Return what was found as JSON has it."""
        found = self.found
        moves = [
            {"what": move.what, "was": move.was, "now": move.now, "count": len(whose), "conversations": list(whose)}
            for move, whose in found.moves.items()
        ]
        numbers = {"chats": found.chats, "conversations": found.conversations, "reminders": found.reminders}
        return {"against": {**numbers, "compared": self.was is not None, "stuck": found.stuck, "moves": moves}}


def _lines(issue: Issue) -> list[str]:
    return [f"{issue} [{issue.code}]", *([f"    {issue.shown}"] if issue.shown else [])]


def _write_talks(issues: Iterable[Issue], folder: Path) -> None:
    """Write what `afterword chat --script` plays again, numbered as the findings are."""
    from bot.cli.transcript import Transcript

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, issue in enumerate(issues, 1):
            if issue.shown:
                file = folder / f"{number:03}_{issue.code}.yaml"
                file.write_text(f"# {issue}\n{Transcript.of(issue.shown).dump()}", encoding="utf-8")
    except OSError as error:
        fail(f"Nothing can be written into {folder}: {error.strerror}.")


def _issue_json(issue: Issue) -> dict[str, object]:
    from bot.cli.transcript import Transcript

    place = issue.place
    return {
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "code": issue.code,
        "what": issue.what,
        "why": issue.why,
        "instead": issue.instead,
        "talk": Transcript.of(issue.shown).dump() if issue.shown else None,
    }


def diff(
    old: Annotated[str, typer.Argument(help="A folder with flows/ and messages/, or a git revision.")],
    new: Annotated[str, typer.Argument(help="Likewise; without it, the content as it stands here.")] = ".",
    as_json: Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Write it for a pull request.")] = False,
) -> None:
    """Say what an edit changes in meaning: for how many situations, which, from what to what."""
    from bot.cli.options import opened, opened_earlier
    from bot.cli.versions import NoVersion, version
    from bot.verification.diff_text import in_markdown, in_text, report

    try:
        with version(old) as before, version(new) as after:
            earlier, lacks = opened_earlier(old, before)
            found = report(earlier, opened(after), lacks)
    except NoVersion as missing:
        fail(str(missing))
    if as_json:
        typer.echo(json.dumps(_report_json(found), ensure_ascii=False, indent=2))
    else:
        typer.echo(in_markdown(found) if markdown else in_text(found), nl=not markdown)


def _report_json(found: Report) -> dict[str, object]:
    from bot.cli.transcript import Transcript

    def talk(shown: Shown | None) -> str | None:
        return Transcript.of(shown).dump() if shown else None

    return {
        "headline": found.headline,
        "lacks": list(found.lacks),
        "situations": found.situations,
        "changed": found.changed,
        "changes": [
            {
                "situations": told.situations,
                "what": told.head,
                "who": list(told.lines),
                "before": talk(told.before),
                "after": talk(told.after),
            }
            for told in found.told
        ],
        "others": list(found.others),
    }


def explain(
    facts: Annotated[list[str] | None, typer.Argument(help="fact=value, such as outcome=none tone=rapport")] = None,
    today: Annotated[str | None, typer.Option(help="The day it is, such as 2026-11-23.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")] = False,
    language: Language = "en",
    flow: Flow = None,
    content: Content = None,
) -> None:
    """Say why an advice is what it is: rows, answers, claims, and what would change it."""
    from dataclasses import asdict

    from bot.cli.options import checked_flow, checked_language, morning, opened, pairs
    from bot.core.dialogue.advisor import Adviser, BadFacts
    from bot.core.dialogue.explain import explain as explained
    from bot.verification.explain_text import in_words

    library = opened(content)
    begin = checked_flow(library, flow)
    adviser = Adviser(library, begin, morning(today, "UTC"), language=checked_language(library, language), zone="UTC")
    try:
        answered = adviser.advise(pairs(facts or []))
    except BadFacts as bad:
        fail(str(bad))
    told, assumed = answered.view.known, answered.situation.assumed
    route = library.routes[begin]
    found = explained(library, library.flows[begin].rules, {**library.facts.cautious, **route.assumed, **told})
    if as_json:
        typer.echo(json.dumps(_plain(asdict(found)), ensure_ascii=False, indent=2))
    else:
        known = {fact: value for fact, value in told.items() if fact not in assumed}
        typer.echo("\n".join(in_words(found, library.facts, library.catalog(language), known)))


def _plain(value: object) -> object:
    """Return a value as JSON has it: a set as a sorted list."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
