"""Reading typed days, and spans of them, as people write them.

Law of this file: a date is never guessed: what can be read in two ways, or in none, is said to be so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache

from babel.dates import get_day_names, get_month_names

from bot.core.advice.catalog import Catalog
from bot.core.advice.text import clean

FARTHEST_DAYS = 366  # a day later than in a year is taken for a slip of the keyboard
A_LITTLE = timedelta(days=31)
"""A day so near is meant as it stands, even where it lies on the wrong side of today."""
MOST_DAYS_OFF = 60  # in a year; more would leave hardly a day to count by


@dataclass(frozen=True)
class Misread:
    """Why a text is no answer: a message key under `misread.` and what it names."""

    reason: str
    values: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Told:
    """A day as far as it was told; 0 stands for what was not."""

    year: int
    month: int
    day: int
    weekday: int = 0

    def fits(self, found: date) -> bool:
        """Tell whether `found` can be this day: a weekday that was told has to be its own."""
        return self.weekday in (0, found.isoweekday())

    @property
    def is_bare(self) -> bool:
        """Whether its month is not told."""
        return bool(self.day) and not self.month


# -- one day -----------------------------------------------------------------------------------------------------------

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DAY_FIRST = re.compile(r"(\d{1,2})\s*\.\s*(\d{1,2})(?!\d)\s*\.?\s*(\d{4})?")
_SLASHES = re.compile(r"(\d{1,2})\s*/\s*(\d{1,2})(?:\s*/\s*(\d{4}))?")
_DAY_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)?\s*(?:of\s+)?([^\W\d]+)\.?,?\s*(\d{4})?")
_MONTH_DAY = re.compile(r"([^\W\d]+)\.?\s*(\d{1,2})(?!\d)(?:st|nd|rd|th)?,?\s*(\d{4})?")
_AFTER_WEEKDAY = re.compile(r"([^\W\d]+)[.,]{0,2}\s+(\S.*)")
_AMBIGUOUS = (0, 0)  # month and day of a text that may mean two days


def parse_day(text: str, today: date, *, past: bool, locale: str, near: bool = True) -> date | Misread:
    """Read a typed day: 20.11., 20/11, 2026-11-20, 20 Nov, Nov 20, friday; without a year the nearest fitting one."""
    typed = clean(text).casefold().rstrip("!")
    weekday = _weekday(typed, locale)
    if weekday:
        return _nearest_weekday(weekday, today, past=past)
    told = _told(typed, locale)
    if isinstance(told, Misread):
        return told
    found = _placed(told, today, past=past, near=near)
    return found if found and told.fits(found) else Misread("no_such_day", {"text": clean(text)})


def _told(typed: str, locale: str) -> _Told | Misread:
    """Read a day of a month, with or without its year and its weekday."""
    for weekday, rest in (_dated(typed, locale), (0, typed)):
        for year, month, day in _readings(rest, locale):
            if (month, day) == _AMBIGUOUS:
                return Misread("ambiguous_day", {"text": rest})
            return _Told(year, month, day, weekday)
    return Misread("no_day")


def _dated(typed: str, locale: str) -> tuple[int, str]:
    """Return the weekday before a date, 0 for none, and the date; in some languages a month is called alike."""
    found = _AFTER_WEEKDAY.fullmatch(typed)
    weekday = found and _weekday(found[1], locale)
    return (weekday, found[2]) if found and weekday else (0, typed)


def _readings(typed: str, locale: str) -> Iterator[tuple[int, int, int]]:
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
            yield 0, *_AMBIGUOUS
    for pattern, day, month in ((_DAY_MONTH, 1, 2), (_MONTH_DAY, 2, 1)):
        found = pattern.fullmatch(typed)
        if found and (number := _month(found[month], locale)):
            yield _year(found[3]), number, int(found[day])


def _year(text: str | None) -> int:
    return int(text) if text else 0


def _placed(told: _Told, today: date, *, past: bool, near: bool = False) -> date | None:
    """Return that day in its year; without one, the nearest that makes sense for what is asked.

    With `near`, one that lies a little on the wrong side is that day all the same, for the asker to say so; no year is
    added to it in silence.
    """
    if not told.day:
        return _nearest_weekday(told.weekday, today, past=past)
    years = [told.year] if told.year else [today.year + n for n in (0, -1, 1)]
    found = sorted((m for y in years if (m := _made(y, told.month, told.day))), key=lambda day: abs(day - today))
    fitting = [made for made in found if (made <= today if past else made >= today)]
    if near and found and not told.year and abs(found[0] - today) <= A_LITTLE:
        return found[0]
    return next(iter(fitting or found), None)


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def days_away(text: str, today: date, catalog: Catalog) -> date | None:
    """Read a day by its distance from today: "tomorrow", "3 days ago", as the messages word it."""
    typed = clean(text).casefold().rstrip(".!")
    for sign, key in ((-1, "typed.days.ago"), (1, "typed.days.ahead")):
        for distance, pattern in enumerate(_distances(catalog.alternatives(key))):
            if found := pattern.fullmatch(typed):
                return today + timedelta(days=sign * (int(found[1]) if found.groups() else distance))
    return None


@lru_cache(maxsize=16)
def _distances(wordings: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(re.escape(words).replace(r"\{number\}", r"(\d{1,3})")) for words in wordings)


# -- several days ------------------------------------------------------------------------------------------------------

_BARE = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)?")
_BARE_LAST = re.compile(r"(\d{1,2})(?!\d)(?:st|nd|rd|th)?(?:,?\s*(\d{4}))?")
_LONGEST = 100  # no two days take more letters; every place where longer ones might be cut would be tried for nothing
_DASH = r"\s*[-‐‑‒–—−]\s*"


def parse_days(text: str, today: date, catalog: Catalog) -> tuple[date, ...] | Misread:
    """Read typed days to come, and spans from one to another: "24 Dec to 1 Jan; 6 Jan", "Dec 24-26, 2026"."""
    found: set[date] = set()
    for part in _listed(text, catalog):
        span = _Spans(today, catalog).read(part)
        if isinstance(span, Misread):
            return span
        first, last = span
        if (last - today).days > FARTHEST_DAYS:
            return Misread("too_far", {"day": catalog.dated(last, today)})
        found |= {first + timedelta(days=n) for n in range((last - first).days + 1)}
        if len(found) > MOST_DAYS_OFF:
            return Misread("many_days", {"limit": MOST_DAYS_OFF})
    return tuple(sorted(found)) or Misread("no_day")


def _listed(text: str, catalog: Catalog) -> list[str]:
    """Return the parts of a list; a comma before a year, or between a weekday and its date, does not end one."""
    weekdays = _any_of(_names(catalog.text_of("language.locale"))[1])
    joined = re.sub(rf"\b({weekdays})\.?,(?=\s*(?:\d|[^\W\d]+\.?\s*\d))", r"\1 ", text, flags=re.IGNORECASE)
    also = _any_of(catalog.alternatives("typed.also"))
    parts = re.split(rf"[;\n]|,(?!\s*\d{{4}}\b(?!-\d\d?-\d))|\s(?:{also})\s", joined, flags=re.IGNORECASE)
    return [part for part in map(clean, parts) if part]


def _any_of(words: Iterable[str]) -> str:
    """Return a pattern of these words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


@dataclass(frozen=True)
class _Spans:
    """Reads one day or one span of days; every place where it might be cut in two is tried."""

    today: date
    catalog: Catalog

    @property
    def locale(self) -> str:
        return self.catalog.text_of("language.locale")

    def read(self, part: str) -> tuple[date, date] | Misread:
        if len(part) > _LONGEST:
            return Misread("no_day")
        day = days_away(part, self.today, self.catalog) or parse_day(
            part, self.today, past=False, locale=self.locale, near=False
        )
        found = [self.between(*halves, part) for halves in self.halves(part.casefold())]
        found += [day if isinstance(day, Misread) else (day, day)]
        ways = {way for way in found if not isinstance(way, Misread)}
        if len(ways) == 1:
            return ways.pop()
        faults = [fault for fault in found if isinstance(fault, Misread) and fault.reason != "no_day"]
        return faults[0] if faults and not ways else Misread("no_day")

    def halves(self, typed: str) -> Iterator[tuple[str, str]]:
        """Return the beginning and the end, for each word or dash that may stand between them."""
        until, since = (_any_of(self.catalog.alternatives(f"typed.{word}")) for word in ("until", "since"))
        for between in re.finditer(rf"\s+(?:{until})\s+|{_DASH}", typed):
            yield re.sub(rf"^(?:{since})\s+", "", typed[: between.start()]), typed[between.end() :]

    def between(self, begun: str, ended: str, part: str) -> tuple[date, date] | Misread:
        """Read a span; a month that is told once holds for both ends, as in "24-26 Dec" and "Dec 24-26, 2026"."""
        first, last = self.half(begun, _BARE), self.half(ended, _BARE_LAST)
        if isinstance(first, Misread):
            return first
        if isinstance(last, Misread):
            return last
        once = first.is_bare or last.is_bare
        if first.is_bare and last.month:
            first = replace(first, year=last.year, month=last.month)
        elif last.is_bare and first.month and not first.year and _MONTH_DAY.fullmatch(_dated(begun, self.locale)[1]):
            first, last = replace(first, year=last.year), replace(last, month=first.month)
        elif once:
            return Misread("no_day")  # the 26 of "24 Dec - 26" may be a year
        span = None if once and first.day > last.day else self.placed(first, last)
        return span or Misread("no_such_day", {"text": part})

    def half(self, typed: str, bare: re.Pattern[str]) -> _Told | Misread:
        """Read one end of a span: a day as it stands alone, a weekday, or a number whose month is told elsewhere."""
        if away := days_away(typed, self.today, self.catalog):
            return _Told(away.year, away.month, away.day)
        if only := _weekday(typed, self.locale):
            return _Told(0, 0, 0, only)
        weekday, rest = _dated(typed, self.locale)
        if found := bare.fullmatch(rest):
            return _Told(_year(found[2]) if bare is _BARE_LAST else 0, 0, int(found[1]), weekday)
        return _told(typed, self.locale)

    def placed(self, first: _Told, last: _Told) -> tuple[date, date] | None:
        """Return the days of a span; a year that is not told follows from the other end, or is the nearest to come."""
        if last.year and not first.year:
            end = _placed(last, self.today, past=False)
            span = (end and _placed(first, end, past=True), end)
        else:
            begin = _placed(first, self.today, past=False)
            span = (begin, begin and _placed(last, begin, past=False))
            under_way = _placed(first, self.today, past=True), _placed(last, self.today, past=False)
            if first.month and not first.year and _is_short(*under_way):
                span = under_way
        begin, end = span
        fits = begin and end and begin <= end and first.fits(begin) and last.fits(end)
        return (begin, end) if begin and end and fits else None


def _is_short(first: date | None, last: date | None) -> bool:
    return first is not None and last is not None and (last - first).days <= MOST_DAYS_OFF


# -- weekdays and names ------------------------------------------------------------------------------------------------


def parse_weekdays(text: str, locale: str) -> frozenset[int] | None:
    """Read typed weekdays as ISO numbers: "mon, tue thu", or from one to another, "mon-thu"; None for anything else."""
    days: set[int] = set()
    for part in clean(text).casefold().replace("–", "-").replace(",", " ").replace(" - ", "-").split():
        first, last = (_weekday(name, locale) for name in (part.partition("-")[0], part.rpartition("-")[2]))
        if first is None or last is None:
            return None
        days |= {(first - 1 + n) % 7 + 1 for n in range((last - first) % 7 + 1)}
    return frozenset(days) or None


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
