"""Days and times as people type them, a line each in en/days.yaml: what each is read as."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
import yaml

from bot.core.advice.calendar import DEFAULT_WEEK
from bot.core.dialogue.answers import read
from bot.core.dialogue.clock_times import parse_clock_span
from bot.core.dialogue.dates import Misread
from bot.core.dialogue.day_times import parse_day_time
from bot.core.library import Library

ROWS = [
    (row[0], row[1], str(row[2]), str(row[3]))
    for row in yaml.load((Path(__file__).parent / "en" / "days.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506 - builds texts alone
]


def meaning(library: Library, typed: str, question: str, today: str) -> str:
    """Return what is read, as the corpus writes it."""
    catalog = library.catalog("en")
    if question == "quiet":
        span = parse_clock_span(typed, catalog)
        return " ".join(f"{wall:%H:%M}" for wall in span) if span else "~no_quiet"
    if question == "remind":
        moment = parse_day_time(typed, datetime.fromisoformat(today), catalog)
        if isinstance(moment, Misread):
            return f"~{moment.reason}"
        return f"{moment.day.isoformat()} {f'{moment.wall:%H:%M}' if moment.wall else '-'}"
    found = read(library.facts[question], typed, catalog, date.fromisoformat(today), DEFAULT_WEEK)
    return f"~{found.reason}" if isinstance(found, Misread) else found


def test_there_are_a_hundred_and_fifty_of_them() -> None:
    assert len(ROWS) >= 150
    assert len({row[:3] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[f"{row[1]}: {row[0]}" for row in ROWS])
def test_a_day_or_a_time_is_read_as_it_is_meant(library: Library, row: tuple[str, str, str, str]) -> None:
    typed, question, today, expected = row
    assert meaning(library, typed, question, today) == expected
