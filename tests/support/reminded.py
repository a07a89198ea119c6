"""Somebody who is reminded: time goes on, and what falls due is said."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, time

from bot.core.advice.calendar import instant
from bot.core.chat.commands import CommandResult
from bot.core.dialogue.session import FellDue, Picked
from bot.core.library import Library
from bot.core.reminders.schedule import ReminderSchedule
from tests.support.visitor import Visitor

WEDNESDAY = instant(date(2026, 11, 25), time(10), "Europe/Berlin")


class Reminded(Visitor):
    """A visitor whose agenda is kept as JSON between visits, and who is rung when something is due."""

    def __init__(self, library: Library, *, at_home: bool = True) -> None:
        super().__init__(library)
        if at_home:
            self.person = replace(self.person, schedule=ReminderSchedule(zone_known=True))

    def visit(self, entry: object) -> CommandResult:
        kept = ReminderSchedule.from_json(json.loads(json.dumps(self.person.schedule.to_json())))
        assert kept == self.person.schedule
        return super().visit(entry)  # type: ignore[arg-type]

    def beside(self, what: str, case: int = 1) -> CommandResult:
        return self.visit(Picked(f"m_{what}_{case}", 0))

    def until(self, then: datetime) -> list[tuple[datetime, str]]:
        """Let time pass; return when something was said, and what."""
        heard = []
        while (wake := self.person.schedule.wake) is not None and wake <= then:
            self.now = max(self.now, wake)
            self.visit(FellDue())
            heard += [(self.now, name) for name in self.names]
        self.now = max(self.now, then)
        return heard
