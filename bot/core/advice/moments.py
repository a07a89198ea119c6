"""When something falls: the days that moments are counted from, and a person's own calendar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from bot.core.advice.calendar import (
    DEFAULT_WEEK,
    WorkingWeek,
    add_business_days,
    business_day_from,
    instant,
    next_month,
    zone_named,
)
from bot.core.advice.facts import Facts
from bot.core.advice.rules import Moment

DEFAULT_TIME = time(10, 0)


@dataclass(frozen=True)
class PersonCalendar:
    """Where and how somebody's days run: IANA zone and working week."""

    zone: str = "UTC"
    week: WorkingWeek = DEFAULT_WEEK


@dataclass(frozen=True)
class Dated:
    """A reminder with its local day and wall time, and the UTC instant they mean.

    One that is not `certain` comes only if the step before it is done: nobody is asked whether a request was accepted
    that never went out.
    """

    kind: str
    day: date
    wall: time
    due: datetime
    certain: bool = True


@dataclass(frozen=True)
class Days:
    """The days that moments are counted from, as seen at `now`; `today` is the local day, or a later one of a plan."""

    now: datetime
    place: PersonCalendar
    dates: Mapping[str, date]
    facts: Facts
    today: date

    def start(self, moment: Moment) -> date | None:
        """Return the day a moment is counted from, if it is known."""
        if moment.start == "today":
            return self.today
        if moment.start == "next_month":
            return next_month(self.today)
        return self.dates.get(moment.start)

    def becomes(self, start: date, fact: str, value: str) -> date:
        """Return the first day on which a fact that is worked out from the day `start` has the value."""
        derivation = self.facts[fact].derivation
        assert derivation
        return derivation.first_day(start, value, self.place.week, self.dates)

    def day_of(self, moment: Moment) -> date | None:
        """Return the local day of a moment, moved to a business day; it may be over."""
        start = self.start(moment)
        if start is None:
            return self.day_of(moment.otherwise) if moment.otherwise else None
        if moment.becomes:
            start = self.becomes(start, *moment.becomes)
        week = self.place.week
        day = add_business_days(start + moment.days * date.resolution, moment.business_days, week)
        return business_day_from(day, week)

    def fall(self, moment: Moment) -> tuple[date, time] | None:
        """Return the local day and wall time of a moment, on a business day and never before now."""
        if moment.same_day_before and moment.same_day_at:
            local = self.now.astimezone(zone_named(self.place.zone))
            if self.place.week.works(local.date()) and local.time() < moment.same_day_before:
                return local.date(), moment.same_day_at
        day = self.day_of(moment)
        return None if day is None else self._not_past(day, moment.at or DEFAULT_TIME)

    def _not_past(self, day: date, wall: time) -> tuple[date, time]:
        if instant(day, wall, self.place.zone) > self.now:
            return day, wall
        return add_business_days(max(day, self.today), 1, self.place.week), wall
