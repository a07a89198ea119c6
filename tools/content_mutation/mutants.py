"""Small faults made on purpose in a coach's own content, one at a time, to see whether anything notices them.

Law of this file: it changes plain values and judges nothing. A fault is what slips into an edit: two things that change
places, one that is missing, a number that is off by one, another word of the same list. Files of the platform's facts
and of the source (limits, claims) are no policy and are left alone.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Protocol

from bot.core.issues import SourceLocation

Path = tuple[str | int, ...]


class Document(Protocol):
    """A content file as plain values, as the loader reads it."""

    @property
    def file(self) -> str:
        """Its name as people know it."""

    @property
    def value(self) -> object:
        """What it holds."""

    def place(self, path: Sequence[str | int], *, key: bool = False) -> SourceLocation:
        """Find the place of a value, or of its key."""


KINDS: Final = ("swap", "drop", "loosen", "turn", "shift")
"""Two change places; one is missing; a condition is missing; another word of the same list; a number is off by one."""


@dataclass(frozen=True)
class Mutant:
    """One fault: what `make mutate` calls it, the file and line it is made in, in words, and the file with it."""

    id: str
    kind: str
    file: str
    line: int
    what: str
    value: object


class MutableFile:
    """One file, and the faults that are made in it."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.value: Any = document.value
        self.stem = document.file.rpartition("/")[2].removesuffix(".yaml")

    def at(self, path: Path) -> Any:
        """Return what stands at the end of a path; raises LookupError or TypeError where it leads nowhere."""
        found = self.value
        for step in path:
            found = found[step]
        return found

    def has(self, path: Path) -> bool:
        """Tell whether a path leads somewhere."""
        try:
            self.at(path)
        except (LookupError, TypeError):
            return False
        return True

    def made(self, kind: str, name: str, path: Path, what: str, edit: Callable[[Any], None]) -> Mutant:
        """Return the fault that `edit` makes in whatever holds the end of `path`."""
        value = copy.deepcopy(self.value)
        holder = value
        for step in path[:-1]:
            holder = holder[step]
        edit(holder)
        return Mutant(f"{kind} {self.stem} {name}", kind, self.document.file, self._line(path), what, value)

    def _line(self, path: Path) -> int:
        return self.document.place(path, key=True).line or 1

    # -- the faults ----------------------------------------------------------------------------------------------------

    def swaps(self, path: Path, names: Sequence[str], what: str) -> Iterator[Mutant]:
        """Let each two neighbours of a list change places."""
        for first, (one, other) in enumerate(pairwise(names)):
            yield self.swap((*path, first), first + 1, f"{one} {other}", f"{what} {one} and {other} change places")

    def swap(self, path: Path, other: str | int, name: str, what: str) -> Mutant:
        """Let what stands at the end of `path` and at its neighbour `other` change places."""
        here = path[-1]

        def edit(holder: Any) -> None:
            holder[here], holder[other] = holder[other], holder[here]

        return self.made("swap", name, path, what, edit)

    def drop(self, path: Path, name: str, what: str, kind: str = "drop") -> Mutant:
        """Take what stands at the end of `path` out."""

        def edit(holder: Any) -> None:
            del holder[path[-1]]

        return self.made(kind, name, path, what, edit)

    def turn(self, path: Path, new: object, name: str, what: str, kind: str = "turn") -> Mutant:
        """Put something else at the end of `path`."""

        def edit(holder: Any) -> None:
            holder[path[-1]] = new

        return self.made(kind, name, path, what, edit)

    def shifts(self, path: Path, name: str, what: str) -> Iterator[Mutant]:
        """Let a number be one less and one more."""
        if self.has(path) and type(number := self.at(path)) is int:
            for new in (number - 1, number + 1):
                if new >= 0:
                    yield self.turn(path, new, f"{name} {new}", f"{what} is {new} instead of {number}", "shift")

    # -- conditions ----------------------------------------------------------------------------------------------------

    def conditions(self, path: Path, name: str, whose: str, domains: Mapping[str, Sequence[str]]) -> Iterator[Mutant]:
        """Take each part of a condition out, and let each of its words be the next of its list."""
        if not self.has(path) or not isinstance(self.at(path), dict):
            return
        when = self.at(path)
        if "any" in when:
            for number in range(len(when["any"])):
                yield from self.conditions((*path, "any", number), f"{name}#{number + 1}", whose, domains)
            return
        for fact, asked in when.items():
            here = (*path, fact)
            yield self.drop(here, f"{name}.{fact}", f"{whose} no longer asks for {fact}", "loosen")
            if isinstance(asked, str) and fact in domains:
                new = _next(domains[fact], asked)
                yield self.turn(here, new, f"{name}.{fact} {new}", f"{whose} asks for {fact} {new}, not {asked}")
            elif isinstance(asked, dict) and isinstance(asked.get("not"), str):
                said = asked["not"]
                yield self.turn(
                    here, said, f"{name}.{fact} {said}", f"{whose} asks for {fact} {said}, not its opposite"
                )


def _next(words: Sequence[str], word: str) -> str:
    return words[(words.index(word) + 1) % len(words)] if word in words else words[0]


def mutants(documents: Iterable[Document], domains: Mapping[str, Sequence[str]]) -> Iterator[Mutant]:
    """Return every fault, file by file; `domains` are the words that each fact can have."""
    for document in documents:
        source, value = MutableFile(document), document.value
        if not isinstance(value, dict):
            continue
        for key, make in _BY_KEY.items():
            if key in value:
                yield from make(source, domains)


Domains = Mapping[str, Sequence[str]]


def _rules(source: MutableFile, domains: Domains) -> Iterator[Mutant]:
    rows, verdicts = source.value["decide"], list(source.value["verdicts"])
    ids = [row["id"] for row in rows]
    yield from source.swaps(("decide",), ids, "rows")
    for number, row in enumerate(rows):
        id_, here = row["id"], ("decide", number)
        yield source.drop(here, id_, f"row {id_} is missing")
        yield from source.conditions((*here, "when"), id_, f"row {id_}", domains)
        new = _next(verdicts, row["verdict"])
        what = f"row {id_} says {new} instead of {row['verdict']}"
        yield source.turn((*here, "verdict"), new, f"{id_} {new}", what)
        yield from _handed(source, here, id_, domains)
    for number, gate in enumerate(source.value.get("gates", ())):
        yield from _riding(source, ("gates", number), gate, "gate", domains)
    for number, remark in enumerate(source.value.get("remarks", ())):
        yield from _riding(source, ("remarks", number), remark, "remark", domains)


def _handed(source: MutableFile, here: Path, id_: str, domains: Domains) -> Iterator[Mutant]:
    """Return the faults in what a row hands over: notes, e-mails, reminders, the day."""
    row = source.at(here)
    for part in ("note", "override", "mails", "remind", "opens", "headline"):
        if part not in row:
            continue
        path = (*here, part)
        items = row[part] if isinstance(row[part], list) else []
        if len(items) < 2:
            yield source.drop(path, f"{id_}.{part}", f"row {id_} has no {part}")
        for number, item in enumerate(items):
            named = item["kind"] if isinstance(item, dict) else item
            if len(items) > 1:
                yield source.drop((*path, number), f"{id_}.{part} {named}", f"row {id_} lacks {named} under {part}")
            if isinstance(item, dict):
                whose = f"{named} under {part} of row {id_}"
                yield from source.conditions((*path, number, "when"), f"{id_}.{part}.{named}", whose, domains)
        if part in ("note", "override") and isinstance(row[part], str):
            new = "K2" if row[part] == "K1" else "K1"
            yield source.turn(path, new, f"{id_}.{part} {new}", f"row {id_} hands over {new} instead of {row[part]}")
    yield from source.shifts((*here, "opens", "business_days"), f"{id_}.opens", f"the wait of row {id_}")


def _riding(source: MutableFile, here: Path, part: Any, what: str, domains: Domains) -> Iterator[Mutant]:
    id_ = part["id"]
    yield source.drop(here, id_, f"{what} {id_} is missing")
    yield from source.conditions((*here, "when"), id_, f"{what} {id_}", domains)
    if len(part.get("verdicts", ())) > 1:
        for number, verdict in enumerate(part["verdicts"]):
            name = f"{what} {id_} no longer rides on {verdict}"
            yield source.drop((*here, "verdicts", number), f"{id_} {verdict}", name)
    for flag in ("with_note", "with_mail", "before_note", "remind"):
        if flag in part:
            yield source.drop((*here, flag), f"{id_}.{flag}", f"{what} {id_} is without {flag}")


def _facts(source: MutableFile, _: Domains) -> Iterator[Mutant]:
    for name, fact in source.value["facts"].items():
        here = ("facts", name)
        values = fact.get("values") or (["yes", "no"] if fact["kind"] == "flag" else [])
        if fact.get("cautious") in values:
            new = _next(values, fact["cautious"])
            what = f"not knowing {name} counts as {new} instead of {fact['cautious']}"
            yield source.turn((*here, "cautious"), new, f"{name}.cautious {new}", what)
        for number, value in enumerate(fact.get("values", ())):
            yield source.drop((*here, "values", number), f"{name} {value}", f"{name} can no longer be {value}")
        for part in ("can_change", "not_sure", "final", "alike"):
            if part in fact:
                yield source.drop((*here, part), f"{name}.{part}", f"{name} is without {part}")
        derived = fact.get("from")
        for band in derived.get("starts", {}) if isinstance(derived, dict) else ():
            path = (*here, "from", "starts", band)
            yield from source.shifts(path, f"{name}.{band}", f"the day from which {name} is {band}")


def _flow(source: MutableFile, domains: Domains) -> Iterator[Mutant]:
    steps = source.value["steps"]
    ids = [step["id"] for step in steps]
    yield from source.swaps(("steps",), ids, "steps")
    for number, step in enumerate(steps):
        here = ("steps", number)
        yield source.drop(here, step["id"], f"step {step['id']} is missing")
        yield from source.conditions((*here, "when"), step["id"], f"step {step['id']}", domains)
        if "hints" in step:
            yield source.drop((*here, "hints"), f"{step['id']}.hints", f"step {step['id']} is without its hints")
        for branch, way in enumerate(step.get("next", ()) if isinstance(step.get("next"), list) else ()):
            for go in {*ids, "end"} - {way.get("go"), step["id"]}:
                yield source.turn((*here, "next", branch, "go"), go, f"{step['id']} {go}", f"{step['id']} goes to {go}")
    for number, name in enumerate(source.value.get("offers", ())):
        yield source.drop(("offers", number), f"offers {name}", f"{name} is offered no more")
    for number, entry in enumerate(source.value.get("assumes", ())):
        name = entry["fact"]  # its condition changes nothing that is said, only what is proved
        yield source.drop(("assumes", number), f"assumes {name}", f"{name} is no longer left open on purpose")


def _reminders(source: MutableFile, _: Domains) -> Iterator[Mutant]:
    for name, kind in source.value["reminders"].items():
        here = ("reminders", name)
        yield source.drop(here, name, f"reminder {name} is missing")
        yield from _moment(source, (*here, "due"), name)
        for part in ("times", "business_days", "days"):
            yield from source.shifts((*here, "again", part), f"{name}.again.{part}", f"again.{part} of {name}")
        for number, fact in enumerate(kind.get("asks", ())):
            yield source.drop((*here, "asks", number), f"{name}.asks {fact}", f"{name} no longer asks {fact} anew")
        if "overdue" in kind:
            yield source.drop((*here, "overdue"), f"{name}.overdue", f"{name} is without its overdue")
    for name in source.value.get("manners", {}):
        yield from source.shifts(("manners", name), f"manners.{name}", name)


def _moment(source: MutableFile, path: Path, name: str) -> Iterator[Mutant]:
    """Return the faults in a moment: its days off by one, its hour another, its alternatives missing."""
    moment = source.at(path)
    for part in ("business_days", "days"):
        yield from source.shifts((*path, part), f"{name}.{part}", f"{part} of {name}")
    if isinstance(moment.get("at"), str):
        yield source.turn(
            (*path, "at"), "11:00", f"{name}.at", f"{name} comes at 11:00, not at {moment['at']}", "shift"
        )
    for part in ("otherwise", "same_day"):
        if part in moment:
            yield source.drop((*path, part), f"{name}.{part}", f"{name} is without {part}")
    if "otherwise" in moment:
        yield from _moment(source, (*path, "otherwise"), f"{name}.otherwise")


def _notes(source: MutableFile, domains: Domains) -> Iterator[Mutant]:
    for name, kind in source.value["notes"].items():
        here = ("notes", name)
        yield source.drop(here, name, f"note {name} is missing")
        wordings = [wording["text"] for wording in kind.get("ladder", ())]
        yield from source.swaps((*here, "ladder"), [f"{name}.{wording}" for wording in wordings], "texts")
        for number, wording in enumerate(wordings):
            yield source.drop((*here, "ladder", number), f"{name}.{wording}", f"text {wording} of {name} is missing")
            path = (*here, "ladder", number, "when")
            yield from source.conditions(path, f"{name}.{wording}", f"text {wording} of {name}", domains)
        yield from source.swaps(
            (*here, "shorten"), [f"{name}:{slot}" for slot in kind.get("shorten", ())], "shortening"
        )
        for part in ("as_mail", "heading", "never"):
            if part in kind:
                yield source.drop((*here, part), f"{name}.{part}", f"{name} is without {part}")

    for number, swap in enumerate(source.value.get("instead", ())):
        name, here = f"instead {swap['use']}", ("instead", number)
        yield source.drop(here, name, f"{swap['use']} replaces no other note")
        yield from source.conditions((*here, "when"), name, f"the use of {swap['use']}", domains)
        for place, kind in enumerate(swap["of"] if len(swap["of"]) > 1 else ()):
            yield source.drop((*here, "of", place), f"{name} {kind}", f"{swap['use']} no longer replaces {kind}")


def _ledger(source: MutableFile, _: Domains) -> Iterator[Mutant]:
    for part in ("apart", "at_most", "within_days"):
        yield from source.shifts((part,), part, part)
    for name, sort in source.value["sorts"].items():
        here = ("sorts", name)
        yield from source.shifts((*here, "at_most"), f"{name}.at_most", f"at_most of {name}")
        for part in ("again_after", "soon_after", "then"):
            if part in sort:
                yield source.drop((*here, part), f"{name}.{part}", f"{name} is without {part}")
        for number, note in enumerate(sort.get("notes", ())):
            yield source.drop((*here, "notes", number), f"{name} {note}", f"{note} counts no longer as {name}")


def _questions(source: MutableFile, _: Domains) -> Iterator[Mutant]:
    """Return the faults in the wording of questions: neighbours' words change places, and those of two buttons."""
    questions = source.value["question"]
    if not isinstance(questions, dict):
        return
    for one, other in pairwise(questions):
        if "text" in questions[one] and "text" in questions[other]:
            yield _words(source, ("question",), one, other, "text", "the questions for")
        for first, second in pairwise(questions[one].get("options", {})):
            path = ("question", one, "options", first)
            what = f"the buttons {first} and {second} of {one} have each other's words"
            yield source.swap(path, second, f"{one} {first} {second}", what)


def _verdicts(source: MutableFile, _: Domains) -> Iterator[Mutant]:
    verdicts = source.value["verdict"]
    if isinstance(verdicts, dict):
        for one, other in pairwise(verdicts):
            yield _words(source, ("verdict",), one, other, "advice", "the lines on top of")


def _words(source: MutableFile, path: Path, one: str, other: str, part: str, what: str) -> Mutant:
    def edit(holder: Any) -> None:
        holder[one][part], holder[other][part] = holder[other][part], holder[one][part]

    return source.made("swap", f"{one} {other} {part}", (*path, one), f"{what} {one} and {other} change places", edit)


_BY_KEY: Final[Mapping[str, Callable[[MutableFile, Domains], Iterator[Mutant]]]] = {
    "decide": _rules,
    "facts": _facts,
    "steps": _flow,
    "reminders": _reminders,
    "notes": _notes,
    "sorts": _ledger,
    "question": _questions,
    "verdict": _verdicts,
}
