"""Where a talk is kept: each turn is made of what was written last, and is written before it is shown.

Whoever keeps runs one function over the person as kept, all or nothing, as a store does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

from bot.core.chat.person import Person
from bot.core.dialogue.session import Session
from bot.core.reminders.schedule import ReminderSchedule

NOTHING_PLANNED: Final = ReminderSchedule(zone_known=True)
"""The schedule of a newcomer, who lives where this machine or `--zone` says."""
Change = Callable[[Person | None], Person]
"""One turn as a function of the person as kept (None: never seen)."""


class NotKept(Exception):
    """The conversation cannot be kept; the message names the file, the reason and what to do.

    `for_want_of_key`: what is kept is opened by none of the keys at hand.
    """

    def __init__(self, said: str, *, for_want_of_key: bool = False) -> None:
        super().__init__(said)
        self.for_want_of_key = for_want_of_key


class Keeping(Protocol):
    """Keeps the one person at this keyboard."""

    def turn(self, change: Change, now: datetime, /) -> Person:
        """Make a change and keep it, or raise what it raises and keep nothing; raises `NotKept` as well."""


class InMemory:
    """Keeps the person as long as the talk lasts, written out and read back at every turn."""

    def __init__(self) -> None:
        self._kept: Person | None = None

    def turn(self, change: Change, _now: datetime, /) -> Person:
        """Make a change to what was written last."""
        self._kept = changed = change(self._kept and _read_back(self._kept))
        return changed


def _read_back(person: Person) -> Person:
    cases = {n: Session.from_json(json.loads(json.dumps(case.to_json()))) for n, case in person.cases.items()}
    return person.but(
        cases=cases, schedule=ReminderSchedule.from_json(json.loads(json.dumps(person.schedule.to_json())))
    )


@dataclass(frozen=True)
class Beside:
    """What a talk begins with beside its open case: the number of that, the other cases, and what is planned."""

    number: int = 1
    cases: Mapping[int, Session] = field(default_factory=dict)
    schedule: ReminderSchedule = NOTHING_PLANNED

    @classmethod
    def of(cls, person: Person) -> Beside:
        """Return what there is beside somebody's open case, which has a new number where none is open."""
        others = {number: case for number, case in person.cases.items() if number != person.current}
        return cls(person.current or max(others, default=0) + 1, others, person.schedule)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        cases = {str(number): case.to_json() for number, case in self.cases.items()}
        return {"number": self.number, "cases": cases, "agenda": self.schedule.to_json()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Beside:
        """Read it back; raises ValueError, TypeError, LookupError or AttributeError for what is none."""
        cases = {int(number): Session.from_json(case) for number, case in stored["cases"].items()}
        return cls(int(stored["number"]), cases, ReminderSchedule.from_json(stored["agenda"]))


NOTHING_BESIDE: Final = Beside()
