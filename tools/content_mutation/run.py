"""`make mutate`: make small faults in copies of the content, one by one, and see whether anything notices.

Each copy is loaded, then examined by the cheapest property first, then talked with as the kept talks do. What survives
all that is a question to the coach, unless it provably changes nothing or both ways are right on purpose.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from bot.cli.options import Content, fail

if TYPE_CHECKING:
    from bot.cli.transcript import Transcript
    from bot.content.yaml_reader import YamlDocument
    from tools.content_mutation.mutants import Mutant

Fate = Literal["caught", "changes nothing", "both right", "survived"]
LEFT_ALONE: Final = frozenset({"claims", "limits", "faq", "both_right", "protected"})
"""What the source says and what the platform allows is no policy of the coach's."""
SPOKEN: Final = ("questions", "advice")


@dataclass(frozen=True)
class Ended:
    """What became of one fault: by which check it was caught, or why it need not be."""

    id: str
    kind: str
    file: str
    line: int
    what: str
    fate: Fate
    by: str = ""


def mutate(
    content: Content = None,
    talks: Annotated[
        Path | None, typer.Option(help="A folder of kept talks; without it tests/dialogues, where there is one.")
    ] = None,
    only: Annotated[str | None, typer.Option(help="Only faults whose name fits, such as 'swap *' or '* R12*'.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")] = False,
) -> None:
    """Make small faults on purpose, one at a time, and see that something notices. Ends with status 1 if not."""
    from bot.app.content import folders
    from bot.cli.options import open_checked

    open_checked(content)
    flows, messages = folders(content)
    kept = talks or next((folder for folder in (Path("tests/dialogues"),) if folder.is_dir()), None)
    ended = list(_judged(flows, messages, kept, only or "*"))
    idle = [] if only else _idle(flows, ended)
    survivors = [one for one in ended if one.fate == "survived"]
    if as_json:
        found = {"faults": [one.__dict__ for one in ended], "reasons_for_nothing": idle}
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(_in_words(ended, idle)))
    if survivors or idle:
        raise typer.Exit(1)


def _judged(flows: Path, messages: Path, talks: Path | None, fits: str) -> Iterator[Ended]:
    """Judge every fault, in several processes; a sign of life goes to a terminal's standard error."""
    from concurrent.futures import ProcessPoolExecutor

    chosen = [mutant.id for mutant in _mutants(flows, messages) if fnmatchcase(mutant.id, fits)]
    if not chosen:
        fail(f"No fault has a name that fits '{fits}'. Without --only, all are made.")
    reasons = _reasons(flows)
    alive = sys.stderr.isatty()
    with ProcessPoolExecutor(os.cpu_count(), initializer=_prepare, initargs=(flows, messages, talks)) as pool:
        for number, ended in enumerate(pool.map(_try, chosen, chunksize=4), 1):
            if alive:
                sys.stderr.write(f"\r{number} of {len(chosen)} ")
            why = next((why for name, why in reasons.items() if fnmatchcase(ended.id, name)), "")
            intended = bool(why) and ended.fate == "survived"
            yield replace(ended, fate="both right", by=why) if intended else ended
    if alive:
        sys.stderr.write("\r")


def _reasons(flows: Path) -> Mapping[str, str]:
    """Return why both ways are right, by names of faults; faults of that file are said by `check`."""
    from tools.content_mutation.accepted import reasons

    return reasons(flows)


def _idle(flows: Path, ended: Sequence[Ended]) -> list[str]:
    """Return the names for which a reason is given although no fault of that name survives."""
    needed = [one.id for one in ended if one.fate == "both right"]
    return [name for name in _reasons(flows) if not any(fnmatchcase(id_, name) for id_ in needed)]


def _in_words(ended: Sequence[Ended], idle: Sequence[str]) -> Iterator[str]:
    fates, by = Counter(one.fate for one in ended), Counter(one.by for one in ended if one.fate == "caught")
    asked = [one for one in ended if one.fate == "survived"]
    for one in asked:
        yield f"{one.file}:{one.line}: if {one.what}, no check would notice. Which is right? ({one.id})"
    for name in idle:
        yield f"flows/both_right.yaml: '{name}' explains no fault that survives. Take it out."
    caught = ", ".join(f"{number} by {name}" for name, number in by.most_common())
    yield f"{len(ended)} small faults: {fates['caught']} caught ({caught})."
    meant = sum(fates[fate] for fate in ("caught", "changes nothing", "both right"))
    yield (
        f"{fates['changes nothing']} change nothing, in {fates['both right']} both ways are right on purpose, and "
        f"{fates['survived']} would pass unnoticed: {100 * meant / len(ended):.1f} % accounted for."
    )
    if asked:
        yield "Say in an example, a law or a kept talk which is right, or in flows/both_right.yaml why both are."


# -- in a process of its own -------------------------------------------------------------------------------------------


def _mutants(flows: Path, messages: Path) -> Iterator[Mutant]:
    from bot.app.content import open_library
    from tools.content_mutation.mutants import mutants

    facts = open_library(flows.parent).facts.finite
    return mutants(_documents(flows, messages), {fact.name: fact.values for fact in facts})


def _documents(flows: Path, messages: Path) -> Iterator[YamlDocument]:
    """Return the files in which faults are made."""
    from bot.content.yaml_reader import read
    from bot.core.library import FALLBACK_LANGUAGE

    policy = [*sorted(flows.glob("*.yaml")), *sorted((flows / "rules").glob("*.yaml"))]
    files = [(file, "flows", flows) for file in policy if file.stem not in LEFT_ALONE]
    words = messages / FALLBACK_LANGUAGE
    files += [(file, "messages", messages) for file in sorted(words.glob("*.yaml")) if file.stem in SPOKEN]
    for file, top, folder in files:
        document, _ = read(file.read_bytes(), f"{top}/{file.relative_to(folder).as_posix()}", prose=top == "messages")
        if document is not None:
            yield document


class _Trial:
    """A copy of the content in which one fault at a time is made."""

    def __init__(self, flows: Path, messages: Path, talks: Path | None) -> None:
        from bot.app.content import open_library
        from bot.cli import transcript

        self.kept = tempfile.TemporaryDirectory(prefix="afterword-mutate-")  # goes when the process does
        self.folder = Path(self.kept.name)
        shutil.copytree(flows, self.folder / "flows")
        shutil.copytree(messages, self.folder / "messages")
        self.mutants = {mutant.id: mutant for mutant in _mutants(self.folder / "flows", self.folder / "messages")}
        for document in _documents(self.folder / "flows", self.folder / "messages"):
            (self.folder / document.file).write_text(_written(document.value), encoding="utf-8")
        self.library = open_library(self.folder)  # so that a fault is all that a file differs by
        files = sorted(talks.rglob("*.yaml")) if talks else []
        texts = [(file.name, file.read_text(encoding="utf-8")) for file in files]
        read = [transcript.load(text, name, self.library.flows, self.library.catalogs) for name, text in texts]
        self.talks = [kept for kept, issues in read if kept is not None and not issues]

    def judge(self, id_: str) -> Ended:
        mutant = self.mutants[id_]
        file = self.folder / mutant.file
        before = file.read_bytes()
        file.write_text(_written(mutant.value), encoding="utf-8")
        try:
            by = self._caught()
            fate: Fate = "caught" if by else "changes nothing" if self._same(mutant.kind) else "survived"
        finally:
            file.write_bytes(before)
        return Ended(mutant.id, mutant.kind, mutant.file, mutant.line, mutant.what, fate, by)

    def _caught(self) -> str:
        """Return what notices the fault that was made; "" when nothing does."""
        from bot.app.content import folders
        from bot.content.loader import load
        from bot.verification.context import CheckContext
        from tools.content_mutation.detection import noticed, noticed_at_once

        loaded = load(*folders(self.folder))
        if loaded.library is None or loaded.issues:
            return loaded.issues[0].code
        self.now, context = loaded.library, CheckContext(loaded.library, loaded.places, shows=False)
        self.now.take_over(self.library)
        return noticed_at_once(context) or self._talked() or noticed(context)

    def _talked(self) -> str:
        """Return whether a kept talk goes another way now, or breaks off: what is not proved yet may do that."""
        for kept in self.talks:
            if self._turned(kept):
                self.talks.remove(kept)
                self.talks.insert(0, kept)  # what notices one fault may well notice the next
                return "a kept talk"
        return ""

    def _turned(self, kept: Transcript) -> bool:
        from bot.cli import transcript

        try:
            return bool(transcript.play(self.now, kept, lambda _typed, _turn: None))
        except Exception:
            return True

    def _same(self, kind: str) -> bool:
        from tools.content_mutation.equivalence import same

        return kind in ("swap", "drop", "loosen", "turn") and same(self.library, self.now)


def _written(value: object) -> str:
    """Return a file with these values: JSON is YAML in which no word is taken for anything else."""
    return json.dumps(value, ensure_ascii=False, indent=1)


_trial: _Trial | None = None


def _prepare(flows: Path, messages: Path, talks: Path | None) -> None:
    global _trial  # a process of the pool has one copy, made once
    _trial = _Trial(flows, messages, talks)
    for outcomes in _trial.library.outcomes.values():
        outcomes.root.facts  # noqa: B018 - compiled here and now, before what stays is put aside
    gc.freeze()  # what stays need not be looked through after every trial


def _try(id_: str) -> Ended:
    assert _trial is not None, "the pool prepares each of its processes"
    ended = _trial.judge(id_)
    gc.collect()  # a library refers to itself, and the command line looks for no garbage by itself
    return ended


def main() -> None:
    """Run it from the command line."""
    typer.run(mutate)
