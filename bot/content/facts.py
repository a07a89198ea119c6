"""flows/facts.yaml turned into core facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from bot.content.field_types import MOST_NUMBERS
from bot.content.models import Bands, ChoiceFact, DateFact, FactEntry, FactsFile, FlagFact, NumberFact, ShortcutEntry
from bot.content.references import refuse_reserved
from bot.content.source_file import SourceFile
from bot.content.yaml_reader import Path
from bot.core.advice.facts import NO_DATE, NOT_SURE, Derivation, Fact, Shortcut
from bot.core.dialogue.answers import OTHER_DAY
from bot.core.dialogue.progress import REMOTEST_DAY
from bot.core.issues import nearest

TAKEN = (NO_DATE, OTHER_DAY, NOT_SURE)
"""The buttons that a date question has of its own accord."""
LATEST_START = {"days": REMOTEST_DAY - 1, "business_days": (REMOTEST_DAY - 1) * 5 // 7}
"""How late the last band may begin: the dialogue looks no further back than `REMOTEST_DAY`."""


def read_facts(source: SourceFile, file: FactsFile) -> dict[str, Fact]:
    """Return the facts by name, in file order."""
    facts = {}
    for name, entry in file.facts.items():
        path = ("facts", name)
        source.address(source.key(*path), "fact", name)
        refuse_reserved(source, path, name)
        facts[name] = _fact(source, path, name, entry)
    for name, fact in facts.items():
        if fact.derivation:
            _check_source(source, ("facts", name, "from", "fact"), fact.derivation.source, facts)
            for value, other, _ in fact.derivation.not_before:
                here = ("facts", name, "from", "not_before", value)
                source.refer(source.key(*here), value, fact.values, "unknown-value", f"no value of '{name}'")
                _check_source(source, (*here, other), other, facts)
    return {name: fact for name, fact in facts.items() if source.whole("facts", name, "values")}


def _check_source(source: SourceFile, path: Path, name: str, facts: Mapping[str, Fact]) -> None:
    base = facts.get(name)
    if base is None:
        source.refer(source.at(*path), name, source.names("facts"), "unknown-fact", "no fact of this file")
    elif base.kind != "date":
        what = f"'{name}' is no date, so nothing can be worked out from it."
        dates = (fact.name for fact in facts.values() if fact.kind == "date")
        source.fault(source.at(*path), "not-a-date", what, "", nearest(name, dates))


def _fact(source: SourceFile, path: Path, name: str, entry: FactEntry) -> Fact:
    if isinstance(entry, DateFact):
        shortcuts = _shortcuts(source, (*path, "shortcuts"), entry.shortcuts)
        return Fact(name, "date", entry.scope, optional=entry.optional, past=not entry.future, shortcuts=shortcuts)
    if isinstance(entry, ChoiceFact | FlagFact | NumberFact):
        values = _values(source, path, entry)
        told, what = values if source.whole(*path, "values") else None, f"no value of '{name}'"
        source.refer(source.at(*path, "cautious"), entry.cautious, told, "unknown-value", what)
        for key in ("can_change", "final"):
            for number, value in enumerate(getattr(entry, key)):
                source.refer(source.at(*path, key, number), value, told, "unknown-value", what)
        alike = entry.alike if isinstance(entry, ChoiceFact) else ()
        for row, group in enumerate(alike):
            for number, value in enumerate(group):
                source.refer(source.at(*path, "alike", row, number), value, told, "unknown-value", what)
        return Fact(
            name,
            entry.kind,
            entry.scope,
            values,
            cautious=entry.cautious,
            offer_not_sure=entry.not_sure,
            can_change=frozenset(entry.can_change),
            final=frozenset(entry.final),
            alike=tuple(map(frozenset, alike)),
            derivation=_derivation(source, (*path, "from"), entry) if isinstance(entry, ChoiceFact) else None,
            from_history=isinstance(entry, ChoiceFact) and entry.bands == "history",
        )
    return Fact(name, "text", entry.scope, max_length=entry.max_length, phrase=entry.phrase, optional=entry.optional)


def _values(source: SourceFile, path: Path, entry: ChoiceFact | FlagFact | NumberFact) -> tuple[str, ...]:
    if isinstance(entry, FlagFact):
        return ("yes", "no")
    if isinstance(entry, NumberFact):
        low, high = entry.from_to
        if not 0 <= low < high <= low + MOST_NUMBERS:
            what = f"{low} to {high} is no range."
            instead = f"Write the smaller number first, none below 0, and at most {MOST_NUMBERS} numbers."
            source.fault(source.at(*path, "from_to"), "out-of-range", what, "", instead)
            high = low + 1
        return tuple(str(number) for number in range(low, high + 1))
    for number, value in enumerate(entry.values):
        place = source.at(*path, "values", number)
        if value in entry.values[:number]:
            source.fault(place, "duplicate-id", f"the value '{value}' stands here twice.", "", "Delete one of them.")
        if value == NOT_SURE:
            why = "It is what the button 'Not sure' answers."
            source.fault(place, "reserved-name", f"no value can be called '{value}'.", why, "Write not_sure: true.")
    return entry.values


def _shortcuts(source: SourceFile, path: Path, entries: Sequence[ShortcutEntry]) -> tuple[Shortcut, ...]:
    seen: set[str] = set()
    for number, entry in enumerate(entries):
        place = source.at(*path, number, "id")
        if entry.id in seen:
            source.fault(place, "duplicate-id", f"the day '{entry.id}' stands here twice.", "", "Rename one.")
        if entry.id in TAKEN:
            why = "The question has a button of this name already."
            source.fault(place, "reserved-name", f"no day can be called '{entry.id}'.", why, "Choose another name.")
        if (entry.days_ago is None) == (entry.weeks_ago is None) and source.whole(*path, number):
            what = f"'{entry.id}' needs either days_ago or weeks_ago."
            source.fault(place, "exactly-one", what, "", "Write one of the two.")
        seen.add(entry.id)
    return tuple(Shortcut(entry.id, entry.days_ago or (), entry.weeks_ago) for entry in entries)


# -- what follows from a date ----------------------------------------------------------------------------------------


def _derivation(source: SourceFile, path: Path, entry: ChoiceFact) -> Derivation | None:
    bands = entry.bands
    if bands is None or isinstance(bands, str):
        return None
    starts = (*path, "starts")
    for value in bands.starts:
        if value not in entry.values:
            what, instead = f"'{value}' is no value of this fact.", nearest(value, entry.values)
            source.fault(source.key(*starts, value), "unknown-value", what, "", instead)
    missing = [value for value in entry.values if value not in bands.starts]
    if missing and source.whole(*starts) and source.whole(*path[:-1], "values"):
        what = f"{', '.join(missing)} never begins."
        source.fault(source.key(*starts), "start-missing", what, "Each value needs the day it begins on.", "Add it.")
    if not missing and set(bands.starts) == set(entry.values):
        _ascending(source, starts, bands, entry.values)
    _within_bounds(source, path, bands)
    floors = tuple((value, name, days) for value, floor in bands.not_before.items() for name, days in floor.items())
    return Derivation(bands.fact, bands.count, tuple(bands.starts.items()), floors)


def _ascending(source: SourceFile, path: Path, bands: Bands, values: Sequence[str]) -> None:
    first = values[0]
    if tuple(bands.starts) != tuple(values):
        what, instead = "the values stand in another order than above.", f"Write {', '.join(values)}."
        source.fault(source.key(*path), "starts-order", what, "The order is the order of time.", instead)
        return
    if bands.starts[first] != 0:
        what = f"'{first}' begins on day {bands.starts[first]}, so the days before would have no value."
        source.fault(source.at(*path, first), "starts-at-zero", what, "", f"Write {first}: 0.")
    for earlier, later in pairwise(values):
        if bands.starts[later] <= bands.starts[earlier]:
            what = f"'{later}' begins on day {bands.starts[later]}, no later than '{earlier}'."
            why = "Each value begins after the one before it."
            source.fault(source.at(*path, later), "starts-order", what, why, "Write a later day.")


def _within_bounds(source: SourceFile, path: Path, bands: Bands) -> None:
    for value, day in bands.starts.items():
        bounds, latest = bands.bounds.get(value), LATEST_START[bands.count]
        low = bounds.at_least if bounds and bounds.at_least is not None else 0
        high = min(latest, bounds.at_most) if bounds and bounds.at_most is not None else latest
        if not low <= day <= high:
            what = f"'{value}' begins on day {day}, but it may begin on day {low} to {high} only."
            why = "The bounds say how far a coach may go." if bounds else "The dialogue looks no further back."
            source.fault(source.at(*path, "starts", value), "out-of-bounds", what, why, f"Write {low} to {high}.")
    for value in bands.bounds:
        if value not in bands.starts and source.whole(*path, "starts"):
            what, instead = f"'{value}' is none of the values.", nearest(value, bands.starts)
            source.fault(source.key(*path, "bounds", value), "unknown-value", what, "", instead)
