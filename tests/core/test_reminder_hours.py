"""When a reminder may be said: never early, never in quiet hours, at the wall time that was asked for."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.advice.calendar import (
    DEFAULT_HOURS,
    Hours,
    WorkingWeek,
    add_business_days,
    business_day_from,
    instant,
    speakable_from,
    zone_named,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BEGIN, END = datetime(2024, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC)
ALL_DAY = (time(0), time.max)

# Berlin and New York: an hour. Lord Howe: half an hour. Cairo, Beirut: at midnight. Apia lost a day in 2011.
CURIOUS = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Beirut", "Asia/Kathmandu")


@cache
def transitions(zone: str) -> tuple[datetime, ...]:
    """Return the instants, to the minute, at which a zone's clocks are moved."""
    where = zone_named(zone)

    def offset(at: datetime) -> timedelta | None:
        return at.astimezone(where).utcoffset()

    found, at = [], BEGIN
    while at < END:
        if offset(at) != offset(at + DAY):
            low, high = at, at + DAY
            while high - low > MINUTE:
                middle = low + (high - low) // 2
                low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
            found.append(high.replace(second=0, microsecond=0))
        at += DAY
    return tuple(found)


def near_transitions(zones: tuple[str, ...], count: int) -> Iterator[tuple[str, datetime]]:
    """Yield so many zones and instants within a day of a transition there, or anywhen where there is none."""
    chance = random.Random(2026)  # noqa: S311 - no secret, and the same every time
    for _ in range(count):
        zone = chance.choice(zones)
        moved = transitions(zone)
        around = chance.choice(moved) if moved else BEGIN + chance.random() * (END - BEGIN)
        yield zone, (around + MINUTE * chance.randint(-1500, 1500)).replace(second=0, microsecond=0)


def soonest(now: datetime, zone: str, hours: Hours) -> datetime:
    """Look at every minute from `now` on: slow, and too plain to be wrong."""
    where, at = zone_named(zone), now
    while not hours.allow(at.astimezone(where).time()):
        at += MINUTE
    return at


def some_hours(chance: random.Random) -> Hours:
    while True:
        quiet = [time(n // 4, n % 4 * 15) for n in (chance.randrange(96), chance.randrange(96))]
        opens, closes = chance.choice([(time(9), time(18)), ALL_DAY])
        try:
            return Hours(*quiet, opens, closes)
        except ValueError:
            continue


def check_hours(zones: tuple[str, ...], count: int) -> None:
    chance = random.Random(11)  # noqa: S311 - no secret, and the same every time
    for zone, now in near_transitions(zones, count):
        hours = some_hours(chance)
        assert soonest(now, zone, hours) == speakable_from(now, zone, hours), (zone, now, hours)


def check_wall_times(zones: tuple[str, ...], count: int) -> None:
    for zone, around in near_transitions(zones, count):
        asked = around.astimezone(zone_named(zone)).replace(tzinfo=None, fold=0)
        meant = instant(asked.date(), asked.time(), zone)
        shown = meant.astimezone(zone_named(zone)).replace(tzinfo=None, fold=0)
        assert shown >= asked, (zone, asked)  # never early
        if shown != asked:  # a gap: later by its length, which no wall time fills
            length = shown - asked
            before, after = ((meant + shift).astimezone(zone_named(zone)).utcoffset() for shift in (-length, DAY / 24))
            assert before is not None
            assert after is not None
            assert after - before == length, (zone, asked)
        else:  # the earlier of a fold
            later = instant(asked.date(), asked.time().replace(fold=1), zone)
            assert meant <= later


def test_in_the_hours_to_speak_it_is_now() -> None:
    now = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
    assert speakable_from(now, "Europe/Berlin") == now


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 11, 25, 7, 59, tzinfo=UTC), datetime(2026, 11, 25, 8, 0, tzinfo=UTC)),  # 08:59 there
        (datetime(2026, 11, 25, 17, 0, tzinfo=UTC), datetime(2026, 11, 26, 8, 0, tzinfo=UTC)),  # 18:00 is too late
        (datetime(2026, 11, 25, 23, 30, tzinfo=UTC), datetime(2026, 11, 26, 8, 0, tzinfo=UTC)),  # past midnight there
    ],
)
def test_outside_them_it_is_nine_in_the_morning(now: datetime, expected: datetime) -> None:
    assert speakable_from(now, "Europe/Berlin") == expected


def test_quiet_hours_go_before_the_hours_to_speak() -> None:
    late_riser = Hours(quiet_from=time(22), quiet_until=time(11, 30))
    now = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)
    assert speakable_from(now, "Europe/Berlin", late_riser) == datetime(2026, 11, 25, 10, 30, tzinfo=UTC)


def test_quiet_hours_over_noon_leave_the_morning_and_the_afternoon() -> None:
    siesta = Hours(quiet_from=time(12), quiet_until=time(15))
    assert siesta.allow(time(11, 59))
    assert not siesta.allow(time(14, 59))
    assert siesta.allow(time(15))
    assert Hours(time(8), time(8)).quiet(time(8)) is False


def test_quiet_hours_that_leave_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="no time"):
        Hours(quiet_from=time(18), quiet_until=time(18, 30), closes=time(9))
    with pytest.raises(ValueError, match="no time"):
        Hours(quiet_from=time(8), quiet_until=time(20))


def test_where_a_whole_day_is_missing_the_next_one_serves() -> None:
    """Samoa went from Thursday 29 to Saturday 31 December 2011."""
    now = instant(date(2011, 12, 29), time(19), "Pacific/Apia")
    assert speakable_from(now, "Pacific/Apia") == instant(date(2011, 12, 31), time(9), "Pacific/Apia")


def test_the_first_minute_to_speak_is_found_around_transitions() -> None:
    check_hours(CURIOUS, 300)


def test_a_wall_time_is_never_early_around_transitions() -> None:
    check_wall_times(CURIOUS, 1000)


@given(
    st.dates(date(2024, 1, 1), date(2037, 12, 31)),
    st.integers(0, 30),
    st.sets(st.integers(1, 7), min_size=1),
    st.sets(st.integers(0, 60), max_size=12),
    st.sampled_from(CURIOUS),
)
def test_a_reminder_falls_on_a_working_day_in_the_hours_to_speak(
    start: date, count: int, days: set[int], off: set[int], zone: str
) -> None:
    week = WorkingWeek(frozenset(days), frozenset(start + DAY * n for n in off))
    day = business_day_from(add_business_days(start, count, week), week)
    due = speakable_from(instant(day, time(10), zone), zone)
    local = due.astimezone(zone_named(zone))
    assert week.works(local.date())
    assert DEFAULT_HOURS.allow(local.time())
    assert local.time() == time(10)


@pytest.mark.slow
def test_ten_thousand_quiet_windows_in_every_zone() -> None:
    check_hours(tuple(sorted(available_timezones())), 10_000)


@pytest.mark.slow
def test_ten_thousand_wall_times_in_every_zone() -> None:
    check_wall_times(tuple(sorted(available_timezones())), 10_000)


@pytest.mark.slow
def test_ten_thousand_dates_with_working_weeks_and_holidays() -> None:
    chance = random.Random(7)  # noqa: S311 - no secret, and the same every time
    for _ in range(10_000):
        start = date(2024, 1, 1) + DAY * chance.randrange(5000)
        days = frozenset(chance.sample(range(1, 8), chance.randint(1, 7)))
        week = WorkingWeek(days, frozenset(start + DAY * chance.randrange(60) for _ in range(chance.randrange(15))))
        count, day, left = chance.randint(1, 40), start, 0
        left = count
        while left:
            day += DAY
            left -= day.isoweekday() in days and day not in week.holidays
        assert add_business_days(start, count, week) == day
