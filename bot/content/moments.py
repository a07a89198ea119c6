"""When something falls: the days and times of reminders and of a rule's `opens`, turned into core moments."""

from __future__ import annotations

from datetime import time

from bot.content.references import References
from bot.content.rule_models import MomentEntry, OpensEntry
from bot.content.source_file import SourceFile
from bot.content.yaml_reader import Path
from bot.core.advice.rules import STARTS, Moment
from bot.core.issues import nearest

OPENING = "opening"
EARLIEST, LATEST = time(9), time(18)  # etiquette, section 7: reminders come between 09:00 and 18:00


def read_moment(source: SourceFile, path: Path, entry: MomentEntry, references: References) -> Moment:
    """Return the moment of a reminder."""
    _check_start(source, path, entry.start, STARTS, references)
    same_day = entry.same_day
    before = time.fromisoformat(same_day.before) if same_day else None
    same_day_at = _hour(source, (*path, "same_day", "at"), same_day.at) if same_day else None
    if before and same_day_at and same_day_at < before:
        what = "this falls before the time until which it is for today."
        source.fault(source.at(*path, "same_day", "at"), "time-order", what, "", f'Write "{before:%H:%M}" or later.')
    return Moment(
        entry.start,
        entry.business_days,
        entry.days,
        _becomes(source, path, entry, references),
        _hour(source, (*path, "at"), entry.at) if entry.at else None,
        before,
        same_day_at,
        read_moment(source, (*path, "otherwise"), entry.otherwise, references) if entry.otherwise else None,
    )


def read_opening(source: SourceFile, path: Path, entry: OpensEntry, references: References) -> Moment:
    """Return the day from which a rule's request is right."""
    _check_start(source, path, entry.start, tuple(start for start in STARTS if start != OPENING), references)
    if entry.becomes and entry.business_days:
        what = "`becomes` and `business_days` stand together."
        instead = "Keep one of the two."
        source.fault(source.key(*path, "business_days"), "exactly-one", what, "Only `becomes` would count.", instead)
    return Moment(entry.start, entry.business_days, becomes=_becomes(source, path, entry, references))


def _check_start(source: SourceFile, path: Path, start: str, words: tuple[str, ...], references: References) -> None:
    if start in words or references.facts is None:
        return
    fact = references.facts.get(start)
    known = [*words, *(name for name, found in references.facts.items() if found and found.kind == "date")]
    place = source.at(*path, "from")
    if start not in references.facts:
        what = f"'{start}' is neither a date fact nor one of {', '.join(words)}."
        source.fault(place, "unknown-fact", what, "", nearest(start, known))
    elif fact is not None and fact.kind != "date":
        what = f"'{start}' is no date, so no day can be counted from it."
        source.fault(place, "not-a-date", what, "", nearest(start, known))


def _becomes(
    source: SourceFile, path: Path, entry: MomentEntry | OpensEntry, references: References
) -> tuple[str, str] | None:
    if not entry.becomes:
        return None
    ((name, value),) = entry.becomes.items()
    here = (*path, "becomes", name)
    fact = references.fact(source, source.key(*here), name)
    if fact is not None and (fact.derivation is None or fact.derivation.source != entry.start):
        facts = [known for known in (references.facts or {}).values() if known and known.derivation]
        follow = [known.name for known in facts if known.derivation and known.derivation.source == entry.start]
        what = f"'{name}' is not worked out from '{entry.start}'."
        source.fault(source.key(*here), "not-from-this-date", what, "", nearest(name, follow))
    elif fact is not None:
        source.refer(source.at(*here), value, fact.values, "unknown-value", f"no value of '{name}'")
    return name, value


def _hour(source: SourceFile, path: Path, written: str) -> time:
    hour = time.fromisoformat(written)
    if not EARLIEST <= hour <= LATEST:
        what = f"{written} is outside {EARLIEST:%H:%M} to {LATEST:%H:%M}."
        why = "Nobody wants to be reminded of work earlier or later."
        source.fault(source.at(*path), "time-out-of-hours", what, why, f'Write a time such as "{EARLIEST:%H:%M}".')
    return hour
