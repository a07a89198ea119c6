"""Days that count: business days, wall time in a zone, and the instant it means.

Law of this file: wall time is stored and reasoned about as wall time; an instant (aware, UTC) is derived last.
No clock here: `now` is always an argument.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
FIRST_YEAR, BEYOND = 1970, 2200  # clocks are set from one year up to the other; tables of zones end some day


@dataclass(frozen=True)
class WorkingWeek:
    """The days on which somebody works: ISO weekdays (Monday is 1) less `holidays`."""

    days: frozenset[int] = frozenset({1, 2, 3, 4, 5})
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if not self.days or not self.days <= set(range(1, 8)):
            raise ValueError(f"a working week needs days from 1 to 7, not {sorted(self.days)}")

    def works(self, day: date) -> bool:
        """Tell whether `day` is a business day."""
        return day.isoweekday() in self.days and day not in self.holidays


DEFAULT_WEEK = WorkingWeek()


def _days_from(day: date, step: timedelta) -> Iterator[date]:
    while True:
        day += step
        yield day


@lru_cache(maxsize=4096)
def add_business_days(day: date, count: int, week: WorkingWeek = DEFAULT_WEEK) -> date:
    """Return the `count`-th business day after `day` (before it, when negative; `day` itself for 0)."""
    if count == 0:
        return day
    step = ONE_DAY if count > 0 else -ONE_DAY
    left = abs(count)
    for candidate in _days_from(day, step):
        left -= week.works(candidate)
        if left == 0:
            return candidate
    raise AssertionError("a working week has at least one day")


def business_day_from(day: date, week: WorkingWeek = DEFAULT_WEEK) -> date:
    """Return `day` if it is a business day, else the next one."""
    return day if week.works(day) else add_business_days(day, 1, week)


@lru_cache(maxsize=4096)
def business_days_between(start: date, end: date, week: WorkingWeek = DEFAULT_WEEK) -> int:
    """Count the business days after `start` up to and including `end`; 0 when `end` is not later."""
    span = (end - start).days
    if span <= 0:
        return 0
    weeks, rest = divmod(span, 7)
    whole = weeks * len(week.days)
    tail = sum((start + ONE_DAY * (weeks * 7 + n)).isoweekday() in week.days for n in range(1, rest + 1))
    off = sum(start < day <= end and day.isoweekday() in week.days for day in week.holidays)
    return whole + tail - off


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo:
    """Return the IANA zone `name`; raises `KeyError` (zoneinfo's own) when there is none."""
    return ZoneInfo(name)


def in_calendar(day: date) -> bool:
    """Tell whether a day (or an instant) lies where days can be counted from it without falling off the calendar."""
    return FIRST_YEAR <= day.year < BEYOND


def local_date(now: datetime, zone: str) -> date:
    """Return the day it is at the instant `now` for somebody in `zone`."""
    return now.astimezone(zone_named(zone)).date()


def instant(day: date, wall: time, zone: str) -> datetime:
    """Return the UTC instant of a wall time: in a gap later by its length, in a fold the earlier (PEP 495)."""
    return datetime.combine(day, wall.replace(fold=0), tzinfo=zone_named(zone)).astimezone(UTC)
