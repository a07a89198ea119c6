"""Days that count: business days, wall time in a zone, the instant it means, and the hours in which to speak.

Wall time is stored and reasoned about as wall time; an instant (aware, UTC) is derived last.
No clock here: `now` is always an argument.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
LOOKED_AHEAD = 3  # days in which an hour to speak always comes, though a zone may skip one of them (Apia, 2011)
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


def rules_of(zone: str) -> str:
    """Return what stands for the rules by which a zone's clocks run from 2026 to 2039, as this machine knows them."""
    try:
        where = zone_named(zone)
    except KeyError:  # a zone of another machine's tables: nothing can be said of it
        return ""
    day, offsets = date(2026, 1, 1), []
    while day.year < 2040:
        offsets.append(str(datetime.combine(day, time(9), tzinfo=where).utcoffset()))
        day += ONE_DAY
    return hashlib.sha256(",".join(offsets).encode()).hexdigest()[:16]


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


def next_month(day: date) -> date:
    """Return the first day of the month after that of `day`."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


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


@dataclass(frozen=True)
class Hours:
    """The wall times at which a reminder may be said: from `opens` until `closes`, and never in the quiet hours.

    Quiet hours that end before they begin last over midnight; those that end as they begin are none.
    Raises ValueError where nothing is left between them.
    """

    quiet_from: time = time(21)
    quiet_until: time = time(8)
    opens: time = time(9)
    closes: time = time(18)

    def __post_init__(self) -> None:
        if not any(self.allow(wall) for wall in self.starts):
            raise ValueError("these quiet hours leave no time to speak")

    @property
    def starts(self) -> tuple[time, ...]:
        """The wall times at which a time to speak can begin."""
        return self.opens, self.quiet_until

    def quiet(self, wall: time) -> bool:
        """Tell whether `wall` lies in the quiet hours."""
        if self.quiet_from <= self.quiet_until:
            return self.quiet_from <= wall < self.quiet_until
        return wall >= self.quiet_from or wall < self.quiet_until

    def allow(self, wall: time) -> bool:
        """Tell whether a reminder may be said at `wall`."""
        return self.opens <= wall < self.closes and not self.quiet(wall)


DEFAULT_HOURS = Hours()


def speakable_from(now: datetime, zone: str, hours: Hours = DEFAULT_HOURS) -> datetime:
    """Return the first instant from `now` on at which a reminder may be said to somebody in `zone`."""
    where = zone_named(zone)
    if hours.allow(now.astimezone(where).time()):
        return now
    today = now.astimezone(where).date()
    days = [today + ONE_DAY * n for n in range(-1, LOOKED_AHEAD)]
    found = (
        begin
        for day in days
        for wall in hours.starts
        for begin in _beginnings(day, wall, where)
        if begin >= now and hours.allow(begin.astimezone(where).time())
    )
    return min(found)


def _beginnings(day: date, wall: time, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield the instants at which it begins to be `wall` or later: both of a fold, and the leap over it of a gap."""
    first, second = (datetime.combine(day, wall.replace(fold=n), tzinfo=zone).astimezone(UTC) for n in (0, 1))
    yield from (first, second)
    if first > second:
        yield _leap(second, first, zone)
    # Clocks put back over midnight or into the hours to speak begin them anew, at no time of their own.
    before, after = first - ONE_DAY / 2, first + ONE_DAY / 2
    if before.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
        yield _leap(before, after, zone)


def _leap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant, to the second, from which `zone` has the offset that it has at `after`."""
    then = after.astimezone(zone).utcoffset()
    while (gap := (after - before) // timedelta(seconds=1)) > 1:
        middle = before + timedelta(seconds=gap // 2)
        if middle.astimezone(zone).utcoffset() == then:
            after = middle
        else:
            before = middle
    return after
