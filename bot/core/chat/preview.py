"""A coach's trial: somebody invented talks with an edition, and the clock is moved ahead.

Law of this file: values only. The invented person is kept here and nowhere else, so no row of anybody's, no reminder
and no ledger is touched by what is tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from bot.core.chat.person import Person
from bot.core.dialogue.session import Session
from bot.core.reminders.schedule import ReminderSchedule

IDLE: Final = timedelta(hours=2)
"""After so long a trial is over: whoever comes back then means their own conversation."""


@dataclass(frozen=True)
class PreviewTapped:
    """Somebody taps a button of a trial; `data` is what it holds."""

    data: str


@dataclass(frozen=True)
class Preview:
    """What is tried: the edition, for which cohort, the invented person, when it was last played, the clock `ahead`."""

    edition: int
    cohort: int
    person: Person
    at: datetime
    ahead: timedelta = timedelta(0)

    def open(self, now: datetime) -> bool:
        """Tell whether it still goes on."""
        return now < self.at + IDLE

    def to_json(self) -> dict[str, Any]:
        """Return the trial as plain JSON values."""
        person = self.person
        return {
            "edition": self.edition,
            "cohort": self.cohort,
            "at": self.at.isoformat(),
            "ahead": self.ahead.total_seconds(),
            "language": person.language,
            "zone": person.zone,
            "working_days": list(person.working_days),
            "holidays": list(person.holidays),
            "facts": dict(person.facts),
            "cases": {str(number): case.to_json() for number, case in person.cases.items()},
            "current": person.current,
            "turn": person.turn,
            "asking": person.asking,
            "run": list(person.run),
            "agenda": person.agenda.to_json(),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Preview:
        """Read a trial back."""
        person = Person(
            stored["language"],
            stored["zone"],
            tuple(stored["working_days"]),
            tuple(stored.get("holidays", ())),  # trials begun before there were days off have none
            stored["facts"],
            {int(number): Session.from_json(case) for number, case in stored["cases"].items()},
            stored["current"],
            stored["turn"],
            stored["asking"],
            tuple(stored["run"]),
            agenda=ReminderSchedule.from_json(stored["agenda"]),
        )
        at = datetime.fromisoformat(stored["at"])
        return cls(stored["edition"], stored["cohort"], person, at, timedelta(seconds=stored["ahead"]))
