"""Reading several days to come, as people list their days off: "24 Dec to 1 Jan; 6 Jan", "Dec 24-26, 2026"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

from bot.core.advice.catalog import Catalog
from bot.core.advice.facts import DaySpan
from bot.core.advice.text import clean
from bot.core.dialogue.dates import FARTHEST_DAYS, DayReader, Misread, ToldDay, dated, place_day, told_day
from bot.core.dialogue.day_words import DayWords, any_of, day_words, normal

MOST_DAYS_OFF = 60  # in a year; more would leave hardly a day to count by
_BARE = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)?")
_BARE_LAST = re.compile(r"(\d{1,2})(?!\d)(?:st|nd|rd|th)?(?:,?\s*(\d{4}))?")
_LONGEST = 100  # no two days take more letters; every place where longer ones might be cut would be tried for nothing


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
    words = day_words(catalog)
    weekdays, also = any_of(words.weekdays), words.any_of("also")
    joined = re.sub(rf"\b({weekdays})\.?,(?=\s*(?:\d|[^\W\d]+\.?\s*\d))", r"\1 ", text, flags=re.IGNORECASE)
    parts = re.split(rf"[;\n]|,(?!\s*\d{{4}}\b(?!-\d\d?-\d))|\s(?:{also})\s", joined, flags=re.IGNORECASE)
    return [part for part in map(clean, parts) if part]


@dataclass(frozen=True)
class _Spans:
    """Reads one day or one span of days; every place where it might be cut in two is tried."""

    today: date
    catalog: Catalog

    @cached_property
    def words(self) -> DayWords:
        return day_words(self.catalog)

    @cached_property
    def reader(self) -> DayReader:
        return DayReader(self.today, self.catalog, past=False, near=False)

    def read(self, part: str) -> tuple[date, date] | Misread:
        if len(part) > _LONGEST:
            return Misread("no_day")
        found = [self.between(*halves, part) for halves in self.halves(normal(part))]
        found += [self.alone(part)]
        ways = {way for way in found if not isinstance(way, Misread)}
        if len(ways) == 1:
            return ways.pop()
        faults = [fault for fault in found if isinstance(fault, Misread) and fault.reason != "no_day"]
        return faults[0] if faults and not ways else Misread("no_day")

    def alone(self, part: str) -> tuple[date, date] | Misread:
        """Read one day, or a stretch that has a name: all of it is meant."""
        day = self.reader.exact(normal(part))
        if isinstance(day, DaySpan):
            return day.first, day.last
        return (day, day) if isinstance(day, date) else day or Misread("no_day")

    def halves(self, typed: str) -> Iterator[tuple[str, str]]:
        """Return the beginning and the end, for each word or dash that may stand between them."""
        until, since = self.words.any_of("until"), self.words.any_of("since")
        for between in re.finditer(rf"\s+(?:{until})\s+|\s*-\s*", typed):
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
        elif last.is_bare and first.month and not first.year and self.has_month_first(begun):
            first, last = replace(first, year=last.year), replace(last, month=first.month)
        elif once:
            return Misread("no_day")  # the 26 of "24 Dec - 26" may be a year
        span = None if once and first.day > last.day else self.placed(first, last)
        return span or Misread("no_such_day", {"text": part})

    def has_month_first(self, typed: str) -> bool:
        """Tell whether a day begins with the name of its month, as "Dec 24" does."""
        _, rest = next(dated(typed, self.words), (0, typed))
        return self.words.month(rest.partition(" ")[0].rstrip(".")) is not None

    def half(self, typed: str, bare: re.Pattern[str]) -> ToldDay | Misread:
        """Read one end of a span: a day as it stands alone, a weekday, or a number whose month is told elsewhere."""
        if only := self.words.weekday(typed):
            return ToldDay(0, 0, 0, only)
        weekday, rest = next(dated(typed, self.words), (0, typed))
        if found := bare.fullmatch(rest):
            return ToldDay(int(found[2] or 0) if bare is _BARE_LAST else 0, 0, int(found[1]), weekday)
        told = told_day(typed, self.words)
        if isinstance(told, ToldDay):
            return told
        away = self.reader.exact(typed)
        if isinstance(away, date):
            return ToldDay(away.year, away.month, away.day)
        return away if isinstance(away, Misread) else Misread("no_day")

    def placed(self, first: ToldDay, last: ToldDay) -> tuple[date, date] | None:
        """Return the days of a span; a year that is not told follows from the other end, or is the nearest to come."""
        if last.year and not first.year:
            end = place_day(last, self.today, past=False)
            span = (end and place_day(first, end, past=True), end)
        else:
            begin = place_day(first, self.today, past=False)
            span = (begin, begin and place_day(last, begin, past=False))
            under_way = place_day(first, self.today, past=True), place_day(last, self.today, past=False)
            if first.month and not first.year and _is_short(*under_way):
                span = under_way
        begin, end = span
        fits = begin and end and begin <= end and first.fits(begin) and last.fits(end)
        return (begin, end) if begin and end and fits else None


def _is_short(first: date | None, last: date | None) -> bool:
    return first is not None and last is not None and (last - first).days <= MOST_DAYS_OFF
