"""Reading what somebody typed or tapped into an answer, or saying kindly why it cannot be one.

Law of this file: strict where it matters (a date is never guessed), generous where it does no harm (labels, case).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

from babel.dates import get_day_names, get_month_names

from bot.core.calendar import WorkingWeek
from bot.core.catalogue import Catalogue
from bot.core.facts import NO_DATE, NOT_SURE, Fact
from bot.core.session import Option
from bot.core.text import clean, units

OLDEST_DAYS = 366  # an interview longer ago than a year is taken for a slip of the keyboard
FARTHEST_DAYS = 366  # likewise a decision promised for later than in a year
MOST_DAYS_OFF = 60  # in a year; more would leave hardly a day to count by
OTHER_DAY = "other_day"


@dataclass(frozen=True)
class Misread:
    """Why a text is no answer: a message key under `misread.` and what it names."""

    reason: str
    values: Mapping[str, str | int] = field(default_factory=dict)


def options(fact: Fact, catalogue: Catalogue) -> tuple[Option, ...]:
    """Return what can be tapped for a fact, "not sure" last where it is honest to offer it."""
    found: tuple[Option, ...] | None = catalogue.worded.get(("options", fact.name))
    if found is None:
        found = catalogue.worded["options", fact.name] = _options(fact, catalogue)
    return found


def _options(fact: Fact, catalogue: Catalogue) -> tuple[Option, ...]:
    key = f"question.{fact.name}.options"
    if fact.kind == "date":
        ids = [s.id for s in fact.shortcuts] + ([NO_DATE] if fact.optional else [OTHER_DAY])
    elif fact.kind == "number":
        return (
            *(Option(value, value) for value in fact.values),
            *((Option(NOT_SURE, catalogue.say("option.not_sure")),) if fact.offer_not_sure else ()),
        )
    else:
        ids = list(fact.values)
    found = tuple(Option(id_, catalogue.say(f"{key}.{id_}")) for id_ in ids)
    if fact.offer_not_sure:
        found += (Option(NOT_SURE, catalogue.say("option.not_sure")),)
    return found


def choose(text: str, offered: Sequence[Option]) -> Option | None:
    """Return the option meant: by its number, label or id, or the only one of that part or beginning of its label.

    The parts are what stands between commas: "yes" and "sent" both mean "Yes, sent".
    """
    typed = clean(text).casefold().rstrip(".!")
    if typed.isdecimal():
        named = [option for option in offered if option.label == typed]
        place = int(typed) if typed.isascii() and len(typed) < 4 else 0
        return named[0] if named else offered[place - 1] if 1 <= place <= len(offered) else None
    for option in offered:
        if typed in (option.id.casefold(), option.id.replace("_", " ").casefold(), option.label.casefold()):
            return option
    said = [option for option in offered if typed in _parts(option.label)]
    if len(said) == 1:
        return said[0]
    begun = [option for option in offered if typed and option.label.casefold().startswith(typed)]
    if len(begun) > 1:  # "no" means "Not yet" before it means "Not sure", which nobody shortens so
        begun = [option for option in begun if option.id != NOT_SURE]
    return begun[0] if len(begun) == 1 else None


def _parts(label: str) -> list[str]:
    return [part.strip() for part in label.casefold().split(",")]


def read(
    fact: Fact,
    text: str,
    catalogue: Catalogue,
    today: date,
    week: WorkingWeek,
) -> str | Misread:
    """Read `text` into an answer for `fact`."""
    if fact.kind == "text":
        return _read_text(fact, text)
    chosen = choose(text, options(fact, catalogue))
    if fact.kind == "date":
        return _read_date(fact, text, chosen, catalogue, today, week)
    return chosen.id if chosen else Misread("choice")


def _read_text(fact: Fact, text: str) -> str | Misread:
    cleaned = clean(text)
    if fact.phrase:
        cleaned = cleaned.rstrip(_STOPS) or cleaned
    if not any(char.isalnum() for char in cleaned):
        return Misread("empty")
    if cleaned == NOT_SURE:  # it would be stored as an answer that a text cannot have
        return Misread("reserved", {"text": cleaned})
    size = units(cleaned)
    if size > fact.max_length:
        return Misread("too_long", {"limit": fact.max_length, "count": size - fact.max_length})
    return cleaned


_STOPS = " .,;:!?…。！？"  # a phrase goes on in the middle of a sentence, which has stops of its own


# -- dates ---------------------------------------------------------------------------------------------------------


def _read_date(
    fact: Fact,
    text: str,
    chosen: Option | None,
    catalogue: Catalogue,
    today: date,
    week: WorkingWeek,
) -> str | Misread:
    if chosen is not None:
        if chosen.id in (NO_DATE, NOT_SURE):
            return chosen.id
        if chosen.id == OTHER_DAY:
            return Misread("type_day")
        return next(s for s in fact.shortcuts if s.id == chosen.id).day(today, week).isoformat()
    day = _days_away(text, today, catalogue) or parse_day(
        text, today, past=fact.past, locale=catalogue.say("language.locale")
    )
    if isinstance(day, Misread):
        return day
    if fact.past and day > today:
        return Misread("future", {"day": catalogue.dated(day, today)})
    if fact.past and (today - day).days > OLDEST_DAYS:
        return Misread("too_old", {"day": catalogue.dated(day, today)})
    if not fact.past and day < today:
        return Misread("bygone", {"day": catalogue.dated(day, today)})
    if not fact.past and (day - today).days > FARTHEST_DAYS:
        return Misread("too_far", {"day": catalogue.dated(day, today)})
    return day.isoformat()


def _days_away(text: str, today: date, catalogue: Catalogue) -> date | None:
    """Read a day by its distance from today: "tomorrow", "3 days ago", as the messages word it."""
    typed = clean(text).casefold().rstrip(".!")
    for sign, key in ((-1, "typed.days.ago"), (1, "typed.days.ahead")):
        for distance, pattern in enumerate(_distances(catalogue.alternatives(key))):
            if found := pattern.fullmatch(typed):
                return today + timedelta(days=sign * (int(found[1]) if found.groups() else distance))
    return None


@lru_cache(maxsize=16)
def _distances(wordings: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(re.escape(words).replace(r"\{number\}", r"(\d{1,3})")) for words in wordings)


_BETWEEN = re.compile(r"[,;\n]")
_NUMBER = re.compile(r"\d{1,2}\.?")
_AMBIGUOUS = (0, 0)  # month and day of a text that may mean two days
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DAY_FIRST = re.compile(r"(\d{1,2})\s*\.\s*(\d{1,2})\s*\.?\s*(\d{4})?")
_SLASHES = re.compile(r"(\d{1,2})\s*/\s*(\d{1,2})(?:\s*/\s*(\d{4}))?")
_DAY_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)?\s*(?:of\s+)?([^\W\d]+)\.?,?\s*(\d{4})?")
_MONTH_DAY = re.compile(r"([^\W\d]+)\.?\s*(\d{1,2})(?:st|nd|rd|th)?,?\s*(\d{4})?")


def parse_day(text: str, today: date, *, past: bool, locale: str) -> date | Misread:
    """Read a typed day: 20.11., 20/11, 2026-11-20, 20 Nov, Nov 20, friday; without a year the nearest fitting one."""
    typed = clean(text).casefold().rstrip("!")
    weekday = _weekday(typed, locale)
    if weekday:
        return _nearest_weekday(weekday, today, past=past)
    for year, month, day in _readings(typed, locale):
        if (month, day) == _AMBIGUOUS:
            return Misread("ambiguous_day", {"text": clean(text)})
        return _placed(year, month, day, today, past=past) or Misread("no_such_day", {"text": clean(text)})
    return Misread("no_day")


def parse_days(text: str, today: date, catalogue: Catalogue) -> tuple[date, ...] | Misread:
    """Read typed days to come, and spans from one to another: "24 Dec to 1 Jan; 6 Jan"."""
    found: set[date] = set()
    for part in filter(None, map(str.strip, _BETWEEN.split(clean(text)))):
        span = _span(part, today, catalogue)
        if isinstance(span, Misread):
            return span
        first, last = span
        if last < first:
            return Misread("no_such_day", {"text": part})
        if (last - today).days > FARTHEST_DAYS:
            return Misread("too_far", {"day": catalogue.dated(last, today)})
        found |= {first + timedelta(days=n) for n in range((last - first).days + 1)}
    if len(found) > MOST_DAYS_OFF:
        return Misread("many_days", {"limit": MOST_DAYS_OFF})
    return tuple(sorted(found)) or Misread("no_day")


def _span(part: str, today: date, catalogue: Catalogue) -> tuple[date, date] | Misread:
    """Read a day, or two with a word between them; the month of the first may be told with the second only."""
    locale = catalogue.text_of("language.locale")
    words = "|".join(re.escape(word) for word in catalogue.alternatives("typed.until"))
    begun, until, ended = re.sub(rf"\s+(?:{words}|-)\s+|\s*–\s*", "\0", part.casefold(), count=1).partition("\0")
    if not until and (away := _days_away(part, today, catalogue)):
        return away, away
    first = parse_day(begun, today, past=False, locale=locale)
    if not until or (isinstance(first, Misread) and not _NUMBER.fullmatch(begun)):
        return first if isinstance(first, Misread) else (first, first)
    if under_way := _under_way(begun, ended, today, locale):
        return under_way
    last = parse_day(ended, today if isinstance(first, Misread) else first, past=False, locale=locale)
    if isinstance(last, Misread):
        return last
    if isinstance(first, Misread):
        first = _made(last.year, last.month, int(begun.rstrip("."))) or Misread("no_such_day", {"text": part})
    return first if isinstance(first, Misread) else (first, last)


def _under_way(begun: str, ended: str, today: date, locale: str) -> tuple[date, date] | None:
    """Read a span that has begun already, "24 Dec to 1 Jan" on 28 December; None for one that has not."""
    first, last = (
        parse_day(begun, today, past=True, locale=locale),
        parse_day(ended, today, past=False, locale=locale),
    )
    if isinstance(first, Misread) or isinstance(last, Misread):
        return None
    return (first, last) if first <= today <= last and (last - first).days <= MOST_DAYS_OFF else None


def parse_weekdays(text: str, locale: str) -> frozenset[int] | None:
    """Read typed weekdays as ISO numbers: "mon, tue thu", or from one to another, "mon-thu"; None for anything else."""
    days: set[int] = set()
    for part in clean(text).casefold().replace("–", "-").replace(",", " ").replace(" - ", "-").split():
        first, last = (_weekday(name, locale) for name in (part.partition("-")[0], part.rpartition("-")[2]))
        if first is None or last is None:
            return None
        days |= {(first - 1 + n) % 7 + 1 for n in range((last - first) % 7 + 1)}
    return frozenset(days) or None


def _readings(typed: str, locale: str) -> Iterator[tuple[int | None, int, int]]:
    if found := _ISO.fullmatch(typed):
        yield int(found[1]), int(found[2]), int(found[3])
    if found := _DAY_FIRST.fullmatch(typed):
        yield _year(found[3]), int(found[2]), int(found[1])
    if found := _SLASHES.fullmatch(typed):
        # 5/6 is May in one country and June in another: only a number over twelve tells the day.
        first, second = int(found[1]), int(found[2])
        if first > 12 or first == second:
            yield _year(found[3]), second, first
        elif second > 12:
            yield _year(found[3]), first, second
        else:
            yield None, *_AMBIGUOUS
    for pattern, day, month in ((_DAY_MONTH, 1, 2), (_MONTH_DAY, 2, 1)):
        found = pattern.fullmatch(typed)
        if found and (number := _month(found[month], locale)):
            yield _year(found[3]), number, int(found[day])


def _year(text: str | None) -> int | None:
    return int(text) if text else None


def _placed(year: int | None, month: int, day: int, today: date, *, past: bool) -> date | None:
    """Return that day in `year`; without one, the latest not after today, or the earliest not before it."""
    years = [year] if year else [today.year + n for n in ((0, -1) if past else (0, 1))]
    found = [made for y in years if (made := _made(y, month, day))]
    fitting = [made for made in found if (made <= today if past else made >= today)]
    return next(iter(fitting or found), None)


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _nearest_weekday(weekday: int, today: date, *, past: bool) -> date:
    gap = (today.isoweekday() - weekday) % 7 if past else (weekday - today.isoweekday()) % 7
    return today - timedelta(days=gap or 7) if past else today + timedelta(days=gap or 7)


@lru_cache(maxsize=16)
def _names(locale: str) -> tuple[dict[str, int], dict[str, int]]:
    """Return month numbers and ISO weekdays by every casefolded name that the locale, or English, has for them."""
    months: dict[str, int] = {}
    days: dict[str, int] = {}
    for loc in ("en", locale):
        for width in ("wide", "abbreviated"):
            months |= {name.casefold().rstrip("."): n for n, name in get_month_names(width, locale=loc).items()}
            days |= {name.casefold().rstrip("."): n + 1 for n, name in get_day_names(width, locale=loc).items()}
    return months, days


def _month(word: str, locale: str) -> int | None:
    months, _ = _names(locale)
    if word in months:
        return months[word]
    begun = {number for name, number in months.items() if len(word) >= 3 and name.startswith(word)}
    return begun.pop() if len(begun) == 1 else None


def _weekday(typed: str, locale: str) -> int | None:
    _, days = _names(locale)
    return days.get(typed.removeprefix("last ").removeprefix("on ").rstrip("."))
