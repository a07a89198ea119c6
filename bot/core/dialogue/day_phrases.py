"""Days told by their distance or their week: "two days ago", "next Friday", "end of the week", "last week".

What each key of days.yaml means stands here; in which words it is said stands there.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta

from bot.core.advice.facts import DaySpan
from bot.core.dialogue.day_words import COUNTED, MONTHS, PHRASES, RANGES, WEEKDAYS, DayWords

Days = tuple[date | DaySpan, ...]

_DISTANCES: Mapping[str, int] = {
    "today": 0, "yesterday": -1, "two_days_ago": -2, "fortnight_ago": -14, "tomorrow": 1, "two_days_ahead": 2,
    "fortnight_ahead": 14,
}  # fmt: skip
"""How many days from today."""
_UNITS: Mapping[str, int] = {"days_ago": -1, "weeks_ago": -7, "days_ahead": 1, "weeks_ahead": 7}
"""How many days each of a number is."""
_STRETCHES: Mapping[str, tuple[int, int]] = {
    "couple_of_days_ago": (-3, -2), "few_days_ago": (-5, -2), "couple_of_weeks_ago": (-17, -11),
    "few_weeks_ago": (-35, -15), "couple_of_days_ahead": (2, 3), "few_days_ahead": (2, 5),
    "couple_of_weeks_ahead": (11, 17), "few_weeks_ahead": (15, 35),
}  # fmt: skip
"""From and to how many days from today."""
_WEEKS: Mapping[str, tuple[int, int]] = {
    "this_week": (0, 6), "last_week": (-7, -1), "next_week": (7, 13), "week_before_last": (-14, -8),
    "week_after_next": (14, 20), "start_of_last_week": (-7, -6), "middle_of_last_week": (-6, -4),
    "end_of_last_week": (-4, -3), "start_of_next_week": (7, 8), "middle_of_next_week": (8, 10),
    "end_of_next_week": (10, 11), "weekend_ago": (-2, -1), "weekend_ahead": (5, 6),
}  # fmt: skip
"""From and to how many days from the Monday of this week."""
_MONTH_PARTS: Mapping[str, tuple[int, int]] = {"start_of_named_month": (1, 10), "middle_of_named_month": (11, 20)}


def read(typed: str, today: date, words: DayWords, *, past: bool) -> Days | None:
    """Return the day or the stretch of days that a text means as a whole, two days where it may mean either.

    None where it means none. `past`: which way "three days" and "Friday" go.
    """
    for key, found in words.matches(typed, (*PHRASES, *COUNTED, *RANGES, *WEEKDAYS, *MONTHS)):
        directed = key.replace("_either", "_ago" if past else "_ahead")
        if key in WEEKDAYS:
            return _weekday(key, words.weekday(found["weekday"]), today, past=past)
        day = _day(directed, found, today, words, past=past)
        if day is not None:
            return (day,)
    return None


def _day(key: str, found: re.Match[str], today: date, words: DayWords, *, past: bool) -> date | DaySpan | None:
    monday = today - timedelta(days=today.isoweekday() - 1)
    if key in _DISTANCES:
        return today + timedelta(days=_DISTANCES[key])
    if key in _UNITS:
        return today + timedelta(days=_UNITS[key] * words.number(found["number"]))
    if key.startswith("some_"):
        numbers = sorted(words.number(found[name]) for name in ("number", "other"))
        ends = sorted(today + timedelta(days=_UNITS[key.removeprefix("some_")] * n) for n in numbers)
        return DaySpan(*ends) if ends[0] < ends[1] else ends[0]
    if key in _STRETCHES:
        first, last = _STRETCHES[key]
        return DaySpan(today + timedelta(days=first), today + timedelta(days=last))
    if key in _WEEKS:
        return _week(key, monday, today, past=past)
    if key == "end_of_week":
        friday = monday + timedelta(days=4)
        return friday if friday >= today or past else friday + timedelta(days=7)
    return _month(key, found, today, words, past=past)


def _week(key: str, monday: date, today: date, *, past: bool) -> date | DaySpan | None:
    """Return days of a week; of this week those that are over, or those to come."""
    first, last = (monday + timedelta(days=n) for n in _WEEKS[key])
    if key == "this_week":
        first, last = (first, today) if past else (today, last)
    return DaySpan(first, last) if first < last else first


def _month(key: str, found: re.Match[str], today: date, words: DayWords, *, past: bool) -> date | DaySpan | None:
    """Return days of a month."""
    if key in ("months_ago", "months_ahead"):
        month = _moved(today, words.number(found["number"]) * (-1 if key == "months_ago" else 1))
        middle = month.replace(day=min(today.day, monthrange(month.year, month.month)[1]))
        return DaySpan(middle - timedelta(days=7), middle + timedelta(days=7))
    if key in ("last_month", "next_month"):
        first = _moved(today, -1 if key == "last_month" else 1)
        return DaySpan(first, _last(first))
    if key == "end_of_month":
        return _last(today)
    if key in MONTHS:
        number = words.months[found["month"]]
        years = (today.year - 1, today.year) if past else (today.year, today.year + 1)
        firsts = [date(year, number, 1) for year in years]
        first = [f for f in firsts if f <= today][-1] if past else next(f for f in firsts if _last(f) >= today)
        if key == "end_of_named_month":
            return _last(first)
        return DaySpan(*(first.replace(day=day) for day in _MONTH_PARTS[key]))
    return None


def _moved(day: date, months: int) -> date:
    """Return the first day of a month so many months on."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _last(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _weekday(key: str, weekday: int, today: date, *, past: bool) -> Days:
    """Return the weekday meant; "next Friday" said on a Tuesday is this week's to some and next week's to others."""
    monday = today - timedelta(days=today.isoweekday() - 1)
    week = timedelta(days=7)
    own = monday + timedelta(days=weekday - 1)
    match key:
        case "last_weekday":
            return (nearest_weekday(weekday, today, past=True),)
        case "this_weekday" if past and own <= today:
            return (own,)
        case "this_weekday":
            return (nearest_weekday(weekday, today - timedelta(days=1), past=False),)
        case "next_weekday":
            near = nearest_weekday(weekday, today, past=False)
            return (near, near + week) if near <= monday + timedelta(days=6) else (near,)
        case "weekday_last_week":
            return (own - week,)
        case "weekday_next_week":
            return (own + week,)
        case "week_before_weekday":
            return (nearest_weekday(weekday, today, past=True) - week,)
        case "week_after_weekday":
            return (nearest_weekday(weekday, today, past=False) + week,)
    return (nearest_weekday(weekday, today, past=past),)


def nearest_weekday(weekday: int, today: date, *, past: bool) -> date:
    """Return the nearest such weekday before or after today, which itself is never meant."""
    gap = (today.isoweekday() - weekday) % 7 if past else (weekday - today.isoweekday()) % 7
    return today - timedelta(days=gap or 7) if past else today + timedelta(days=gap or 7)
