"""Lessons: a weekly series as the content declares it, and a coach's plan to post one in a channel.

Values and their moves. A plan knows a channel, days and texts; it knows nobody who reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from bot.core.advice.calendar import instant, local_date

WEEK: Final = timedelta(days=7)
LATE: Final = timedelta(days=3)
"""A lesson that could not be posted by then is not posted any more."""
LONGEST: Final = 3500  # UTF-16 units of a lesson in a coach's own words; a message holds 4,096
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Lesson:
    """A lesson of the content, with the claims it rests on."""

    id: str
    cites: tuple[str, ...]


@dataclass(frozen=True)
class Series:
    """Lessons that follow week by week, each on this weekday (0: Monday) at this wall time."""

    id: str
    weekday: int
    at: time
    lessons: tuple[Lesson, ...]


@dataclass(frozen=True)
class Slot:
    """A lesson in a plan: its day and wall time, and what became of it.

    `words` are the coach's own, if any; `state` is planned, left_out, posted or missed.
    """

    lesson: str
    day: date
    wall: time
    words: str = ""
    state: str = "planned"

    def to_json(self) -> list[str]:
        """Return it as plain JSON values."""
        return [self.lesson, self.day.isoformat(), self.wall.isoformat(), self.words, self.state]

    @classmethod
    def from_json(cls, stored: list[str]) -> Slot:
        """Read it back."""
        lesson, day, wall, words, state = stored
        return cls(lesson, date.fromisoformat(day), time.fromisoformat(wall), words, state)


@dataclass(frozen=True)
class Plan:
    """A series in a channel; nothing is posted before it is confirmed. `turn` counts its changes."""

    channel: int
    title: str
    series: str
    zone: str
    slots: tuple[Slot, ...] = field(default=())
    confirmed: bool = False
    turn: int = 0

    def instant(self, slot: Slot) -> datetime:
        """Return when a lesson is due."""
        return instant(slot.day, slot.wall, self.zone)

    @property
    def wake(self) -> datetime | None:
        """The instant of the next lesson to be posted; None where there is none."""
        return self.instant(self.slots[self.first]) if self.confirmed and self.first is not None else None

    @property
    def first(self) -> int | None:
        """The number of the lesson that is to be posted next."""
        waiting = [(self.instant(slot), number) for number, slot in enumerate(self.slots) if slot.state == "planned"]
        return min(waiting)[1] if waiting else None

    def begun(self, now: datetime) -> Plan:
        """Return the plan confirmed; what lies behind already is not made up for."""
        slots = (
            replace(slot, state="missed") if slot.state == "planned" and self.instant(slot) <= now else slot
            for slot in self.slots
        )
        return replace(self, slots=tuple(slots), confirmed=True, turn=self.turn + 1)

    def missed(self) -> Plan:
        """Return the plan without the lesson that is due longest."""
        number = self.first
        return self if number is None else self.with_slot(number, replace(self.slots[number], state="missed"))

    def with_slot(self, number: int, slot: Slot) -> Plan:
        """Return the plan with one lesson as it is now."""
        return replace(self, slots=(*self.slots[:number], slot, *self.slots[number + 1 :]), turn=self.turn + 1)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {**vars(self), "slots": [slot.to_json() for slot in self.slots]}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Plan:
        """Read it back."""
        return cls(**{**stored, "slots": tuple(map(Slot.from_json, stored["slots"]))})


def drafted(series: Series, channel: int, title: str, zone: str, now: datetime) -> Plan:
    """Return a plan for a series that begins on its first weekday after today."""
    tomorrow = local_date(now, zone) + timedelta(days=1)
    first = tomorrow + timedelta(days=(series.weekday - tomorrow.weekday()) % 7)
    slots = (Slot(lesson.id, first + number * WEEK, series.at) for number, lesson in enumerate(series.lessons))
    return Plan(channel, title, series.id, zone, tuple(slots))


def moved(slot: Slot, days: int = 0, hours: int = 0) -> Slot:
    """Return the lesson so many days and hours later."""
    wall = datetime.combine(slot.day + timedelta(days=days), slot.wall) + timedelta(hours=hours)
    return replace(slot, day=wall.date(), wall=wall.time())
