"""Who answers as `advise --batch` does, each line on its own day."""

from __future__ import annotations

from datetime import date, time
from functools import cache

from bot.cli.advise import answer_lines
from bot.core.advice.calendar import instant
from bot.core.dialogue.advisor import Adviser
from bot.core.library import Library
from tests.over_time.walker import Ask, asking

ZONE = "Europe/Berlin"


def asked_of(library: Library) -> Ask:
    """Return who answers as `advise --batch` does, at nine in the morning of each line's own day."""

    @cache
    def adviser_on(day: date | None) -> Adviser:
        assert day is not None
        return Adviser(library, "after_interview", instant(day, time(9), ZONE), language="en", zone=ZONE)

    return asking(lambda lines, out: answer_lines(adviser_on, lines, out))
