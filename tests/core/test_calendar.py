"""Business days, gaps and folds."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.advice.calendar import (
    WorkingWeek,
    add_business_days,
    business_day_from,
    business_days_between,
    instant,
    local_date,
)

DAYS = st.dates(date(2024, 1, 1), date(2037, 12, 31))
WEEKS = st.builds(
    WorkingWeek,
    st.sets(st.integers(1, 7), min_size=1).map(frozenset),
    st.sets(st.dates(date(2026, 1, 1), date(2026, 3, 31)), max_size=5).map(frozenset),
)


def test_three_business_days_after_a_friday_is_wednesday() -> None:
    assert add_business_days(date(2026, 11, 20), 3) == date(2026, 11, 25)


def test_three_business_days_after_a_saturday_is_wednesday_too() -> None:
    assert add_business_days(date(2026, 11, 21), 3) == date(2026, 11, 25)


def test_where_the_weekend_is_friday_and_saturday_sunday_counts() -> None:
    week = WorkingWeek(frozenset({7, 1, 2, 3, 4}))
    assert add_business_days(date(2026, 11, 19), 1, week) == date(2026, 11, 22)


def test_a_holiday_is_no_business_day() -> None:
    week = WorkingWeek(holidays=frozenset({date(2026, 11, 24)}))
    assert add_business_days(date(2026, 11, 23), 1, week) == date(2026, 11, 25)
    assert business_day_from(date(2026, 11, 24), week) == date(2026, 11, 25)


@given(DAYS, st.integers(0, 40), WEEKS)
def test_counting_and_adding_agree(start: date, count: int, week: WorkingWeek) -> None:
    end = add_business_days(start, count, week)
    assert business_days_between(start, end, week) == count


@given(DAYS, st.integers(0, 60), WEEKS)
def test_counting_equals_looking_at_each_day(start: date, span: int, week: WorkingWeek) -> None:
    end = start + timedelta(days=span)
    days = [start + timedelta(days=n) for n in range(1, span + 1)]
    assert business_days_between(start, end, week) == sum(week.works(day) for day in days)


@given(DAYS, st.integers(1, 40), WEEKS)
def test_going_back_lands_on_a_business_day_before(start: date, count: int, week: WorkingWeek) -> None:
    day = add_business_days(start, -count, week)
    assert day < start
    assert week.works(day)


def test_a_week_without_days_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 7"):
        WorkingWeek(frozenset())


@pytest.mark.parametrize(
    ("day", "wall", "zone", "expected"),
    [
        # the gap in Berlin: 02:30 does not exist, so later by the gap's hour
        (date(2026, 3, 29), time(2, 30), "Europe/Berlin", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        # the fold in Berlin: 02:30 comes twice, the earlier one counts
        (date(2026, 10, 25), time(2, 30), "Europe/Berlin", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        # Lord Howe moves by half an hour: 02:00 on the day of the gap is 02:30
        (date(2026, 10, 4), time(2, 15), "Australia/Lord_Howe", datetime(2026, 10, 3, 15, 45, tzinfo=UTC)),
    ],
)
def test_a_gap_is_left_later_and_a_fold_earlier(day: date, wall: time, zone: str, expected: datetime) -> None:
    assert instant(day, wall, zone) == expected


def test_the_day_depends_on_where_somebody_lives() -> None:
    now = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    assert local_date(now, "Asia/Tokyo") == date(2026, 11, 24)
    assert local_date(now, "America/New_York") == date(2026, 11, 23)
