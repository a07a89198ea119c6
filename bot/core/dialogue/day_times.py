"""Reading a day with a time of day, as people type when they want to be reminded: "tomorrow 9:30", "Monday at 2pm"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot.core.advice.catalog import Catalog
from bot.core.advice.facts import DaySpan
from bot.core.dialogue.clock_times import read_time, without_time
from bot.core.dialogue.dates import LONGEST, DayReader, Misread
from bot.core.dialogue.day_words import DayWords, day_words, normal

MORNING_HOUR = 8
"""A bare hour below this is in the afternoon: no one is reminded at three in the morning."""


@dataclass(frozen=True)
class TypedMoment:
    """A day, or a stretch of days, and a time of day where one was told."""

    day: date | DaySpan
    wall: time | None = None


def parse_day_time(text: str, now: datetime, catalog: Catalog) -> TypedMoment | Misread:
    """Read a moment to come; `now` is the person's own wall time. A time alone is the next time it is that late."""
    typed, words = normal(text), day_words(catalog)
    if not typed or len(typed) > LONGEST:
        return Misread("no_day")
    reader = DayReader(now.date(), catalog, past=False)
    faults: list[Misread] = []
    for rest in reader.without_fillers(typed):
        if (soon := _from_now(rest, now, words)) or (soon := _time_alone(rest, now, words)):
            return soon
        for left, wall in (*_with_time(rest, words), (rest, None)):
            found = reader.exact(left)
            if isinstance(found, date | DaySpan):
                return TypedMoment(found, wall)
            faults += [found] if found else []
    found = reader.read(text)
    if isinstance(found, Misread):
        return faults[0] if faults else found
    return TypedMoment(found)


def _from_now(typed: str, now: datetime, words: DayWords) -> TypedMoment | None:
    """Read "in two hours", "in 30 minutes"; "later" is in two hours."""
    for key, found in words.matches(typed, ("minutes_ahead", "hours_ahead")):
        count = words.number(found["number"]) if found.groupdict() else 2
        at = now + (timedelta(minutes=count) if key == "minutes_ahead" else timedelta(hours=count))
        return TypedMoment(at.date(), at.time().replace(second=0, microsecond=0))
    return None


def _time_alone(typed: str, now: datetime, words: DayWords) -> TypedMoment | None:
    """Read a time of day: today's, or tomorrow's where that is over."""
    named = words.at.sub("", typed)
    wall = read_time(named, words, bare=True)
    if wall is None:
        return None
    wall = _likely(named, wall, words)
    return TypedMoment(now.date() + timedelta(days=wall <= now.time()), wall)


def _with_time(typed: str, words: DayWords) -> Iterator[tuple[str, time]]:
    """Give the ways in which a text is a day and a time of day."""
    for left, wall in without_time(typed, words):
        yield left, _likely(typed.replace(left, "", 1).strip(), wall, words)


def _likely(typed: str, wall: time, words: DayWords) -> time:
    """Take a small hour without its half of the day, and without a nought, for the afternoon."""
    told = re.search(rf"\b0\d|(?:{words.any_of('am')})$", typed)
    return wall if told or not 1 <= wall.hour < MORNING_HOUR else wall.replace(hour=wall.hour + 12)
