"""Times of day as people type them: 14:30, 2:30 pm, 9am, half past nine, noon, tomorrow morning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import time

from bot.core.advice.catalog import Catalog
from bot.core.dialogue.day_words import PARTS_OF_DAY, DayWords, day_words, normal

_PARTS: Mapping[str, time] = {
    "morning": time(10), "noon": time(12), "afternoon": time(14, 30), "evening": time(17, 30), "midnight": time(0),
}  # fmt: skip
"""What a part of the day is taken for where a time is needed."""


def parse_clock(text: str, catalog: Catalog) -> time | None:
    """Read a time of day; None for what is none. A bare hour is no time of its own: it may be a day, or an answer."""
    words = day_words(catalog)
    typed = words.at.sub("", normal(text))
    return read_time(typed, words)


def parse_clock_span(text: str, catalog: Catalog) -> tuple[time, time] | None:
    """Read two times of day such as 22:30 to 7:00, 9pm-8am, or 22 to 7; None for what is none.

    Half of the day told once, "9 to 5pm", is told for the second alone.
    """
    words = day_words(catalog)
    typed = words.between.sub("", normal(text))
    for cut in words.two_times.finditer(typed):
        ends = [read_time(half.strip(), words, bare=True) for half in (typed[: cut.start()], typed[cut.end() :])]
        if ends[0] is not None and ends[1] is not None:
            return ends[0], ends[1]
    return None


def read_time(typed: str, words: DayWords, *, bare: bool = False) -> time | None:
    """Read a normalised text that is a time and nothing else; `bare`: a number alone is an hour."""
    for key, _ in words.matches(typed, PARTS_OF_DAY):
        return _PARTS[key]
    for key, told in words.matches(typed, ("half_past", "quarter_past", "quarter_to")):
        hour, minutes = words.number(told["number"]), {"half_past": 30, "quarter_past": 15, "quarter_to": 45}[key]
        return _made(hour - (key == "quarter_to"), minutes, "")
    found = words.clock_time.fullmatch(typed)
    if not found or not (bare or found[2] or found["am"] or found["pm"] or found["clock"]):
        return None
    return _made(int(found[1]), int(found[2] or 0), "am" if found["am"] else "pm" if found["pm"] else "")


def _made(hour: int, minutes: int, half: str) -> time | None:
    if half and not 1 <= hour <= 12 and not (half == "pm" and hour < 24):
        return None
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return time(hour, minutes) if 0 <= hour < 24 and minutes < 60 else None


def without_time(typed: str, words: DayWords) -> Iterator[tuple[str, time]]:
    """Give the ways to take a time of day off one end of a text: what is left, and the time."""
    parts = typed.split(" ")
    for cut in range(1, len(parts)):
        head, tail = " ".join(parts[:cut]), " ".join(parts[cut:])
        for rest, timed in ((head, tail), (tail, head)):
            named = words.at.sub("", timed)
            wall = read_time(named, words, bare=named != timed)
            if wall is not None:
                yield rest.removesuffix(" @"), wall
