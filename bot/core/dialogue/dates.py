"""Reading a day as people type it: 20.11., 20/11/26, Fri the 20th, last Friday, two days ago, last week.

Law of this file: a date is never guessed: what can be read in two ways, or in none, is said to be so, and what names a
stretch of days stays one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from bot.core.advice.catalog import Catalog
from bot.core.advice.facts import DaySpan
from bot.core.advice.text import clean
from bot.core.dialogue import day_phrases
from bot.core.dialogue.clock_times import without_time
from bot.core.dialogue.day_words import DayWords, day_words, normal

FARTHEST_DAYS = 366  # a day later than in a year is taken for a slip of the keyboard
A_LITTLE = timedelta(days=31)
"""A day so near is meant as it stands, even where it lies on the wrong side of today."""
LONGEST = 80  # no day takes more letters, and every further one would be read in vain


@dataclass(frozen=True)
class Misread:
    """Why a text is no answer: a message key under `misread.` and what it names; `days` are those it may mean."""

    reason: str
    values: Mapping[str, str | int] = field(default_factory=dict)
    days: tuple[date, ...] = ()


@dataclass(frozen=True)
class ToldDay:
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


def parse_day(text: str, today: date, catalog: Catalog, *, past: bool, near: bool = True) -> date | DaySpan | Misread:
    """Read a typed day; without a year it is the nearest fitting one.

    `past`: the day is looked for before today, else after it. With `near`, a day that lies a little on the wrong side
    is that day all the same, for the caller to say so.
    """
    return DayReader(today, catalog, past=past, near=near).read(text)


@dataclass(frozen=True)
class DayReader:
    """Reads the days of one question."""

    today: date
    catalog: Catalog
    past: bool
    near: bool = True

    @cached_property
    def words(self) -> DayWords:
        """The words of the language."""
        return day_words(self.catalog)

    def read(self, text: str) -> date | DaySpan | Misread:
        """Read a text that holds one day, or one stretch of days, and what people write around it."""
        typed = normal(text)
        if not typed or len(typed) > LONGEST:
            return Misread("no_day")
        faults: list[Misread] = []
        for rest in self.readings(typed):
            found = self.exact(rest) or self.about(rest) or self.either(rest)
            if isinstance(found, Misread):
                faults.append(found)
            elif found is not None:
                return found
        return faults[0] if faults else Misread("no_day")

    def readings(self, typed: str) -> Iterator[str]:
        """Give the text, then what is left of it without words that change nothing and without a time of day."""
        seen: set[str] = set()
        for text in self.without_fillers(typed):
            timeless = [rest for left, _ in without_time(text, self.words) for rest in self.without_fillers(left)]
            for rest in (text, *timeless):
                if rest not in seen:
                    seen.add(rest)
                    yield rest

    def without_fillers(self, typed: str) -> Iterator[str]:
        """Give the text, then what is left of it without words before and behind a day that change nothing."""
        pending, seen = [typed], {typed}
        while pending:
            text = pending.pop(0)
            yield text
            for end in (self.words.before, self.words.after):
                rest = end.sub("", text)
                if rest not in seen:
                    seen.add(rest)
                    pending.append(rest)

    def exact(self, typed: str) -> date | DaySpan | Misread | None:
        """Read a text that is a day and nothing else; None for what is none."""
        said = day_phrases.read(typed, self.today, self.words, past=self.past)
        if said is not None:
            one, *other = said
            return self.undecided(typed, *said) if other else one
        told = told_day(typed, self.words)
        if told is None:
            return None
        if isinstance(told, tuple):
            days = [day for day in (self.placed(way) for way in told) if isinstance(day, date)]
            return Misread("ambiguous_day", {"text": typed}, tuple(days) if len(days) > 1 else ())
        return self.placed(told, typed)

    def placed(self, told: ToldDay, typed: str = "") -> date | Misread:
        """Return a told day in its month and year."""
        if told.is_bare:
            return self.bare(told, typed)
        found = place_day(told, self.today, past=self.past, near=self.near)
        return found if found and told.fits(found) else Misread("no_such_day", {"text": typed})

    def bare(self, told: ToldDay, typed: str) -> date | Misread:
        """Return the day of a month that is not named: "the 20th"; near the turn of a month it may be either."""
        around = (self.today + timedelta(days=n) for n in range(-62, 63))
        found = sorted((d for d in around if d.day == told.day and told.fits(d)), key=lambda d: abs(d - self.today))
        fitting = [day for day in found if (day <= self.today if self.past else day >= self.today)]
        if not found:
            return Misread("no_such_day", {"text": typed})
        if not fitting:
            return found[0]
        one, other = fitting[0], found[0]
        if one != other and abs(one - self.today) > timedelta(days=14) and abs(other - self.today) < timedelta(days=7):
            return self.undecided(typed, one, other)
        return one

    def undecided(self, typed: str, one: date | DaySpan, other: date | DaySpan) -> Misread:
        """Say that a text may mean two days."""
        assert isinstance(one, date)
        assert isinstance(other, date)
        said = {"one": self.catalog.dated(one, self.today), "other": self.catalog.dated(other, self.today)}
        return Misread("two_days", {"text": typed, **said}, (one, other))

    def about(self, typed: str) -> DaySpan | None:
        """Read "around the 20th" and "a week ago or so": the days on either side may be meant as well."""
        bare = self.words.about.sub("", typed)
        found = self.exact(bare) if bare != typed else None
        if isinstance(found, date):
            width = timedelta(days=1 if abs(found - self.today) <= timedelta(days=7) else 3)
            return DaySpan(found - width, found + width)
        return found if isinstance(found, DaySpan) else None

    def either(self, typed: str) -> DaySpan | None:
        """Read "Thursday or Friday", "18-20 Nov", "between the 18th and the 20th" as the stretch of days they are."""
        text = self.words.between.sub("", typed)
        for cut in self.words.two_days.finditer(text):
            begun, ended = text[: cut.start()], text[cut.end() :]
            last = self.exact(ended)
            if not isinstance(last, date):
                continue
            first = self.exact(begun)
            number = re.fullmatch(r"(\d{1,2})\D{0,2}", begun)
            if number and not isinstance(first, date) and (day := made(last.year, last.month, int(number[1]))):
                first = day
            if isinstance(first, date) and timedelta(0) < last - first <= timedelta(days=14):
                return DaySpan(first, last)
        return None


# -- a day of a month --------------------------------------------------------------------------------------------------

_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_DAY_FIRST = re.compile(r"(\d{1,2})\s*\.\s*(\d{1,2})(?!\d)\s*\.?\s*(\d{4}|(?<=\.)\d{2})?")
_SLASHES = re.compile(r"(\d{1,2})\s*([/-])\s*(\d{1,2})(?:\s*\2\s*(\d{4}|\d{2}))?")
_AFTER_WEEKDAY = re.compile(r"([^\W\d]+)\.?\s+(\S.*)")


def told_day(typed: str, words: DayWords) -> ToldDay | tuple[ToldDay, ToldDay] | None:
    """Read a day of a month, with or without its year and its weekday; two where the month may be either number."""
    for weekday, rest in (*dated(typed, words), (0, typed)):
        found = next(_readings(rest, words, number_alone=bool(weekday)), None)
        if isinstance(found, tuple):
            return found
        if found is not None:
            return ToldDay(found.year, found.month, found.day, weekday)
    return None


def dated(typed: str, words: DayWords) -> Iterator[tuple[int, str]]:
    """Give the weekday before, or behind, a date, and the date; in some languages a month is called alike."""
    found = _AFTER_WEEKDAY.fullmatch(typed)
    if found and (weekday := words.weekday(found[1])):
        yield weekday, words.the.sub("", found[2])
    rest, _, last = typed.rpartition(" ")
    if rest and (weekday := words.weekday(last)):
        yield weekday, rest


def _readings(typed: str, words: DayWords, *, number_alone: bool) -> Iterator[ToldDay | tuple[ToldDay, ToldDay]]:
    if found := _ISO.fullmatch(typed):
        yield ToldDay(int(found[1]), int(found[2]), int(found[3]))
    if found := _DAY_FIRST.fullmatch(typed):
        day, month = int(found[1]), int(found[2])
        yield ToldDay(_year(found[3]), *((day, month) if day <= 12 < month <= 31 else (month, day)))
    if (found := _SLASHES.fullmatch(typed)) and (found[2] == "/" or found[4]):
        # 5/6 is May in one country and June in another: only a number over twelve tells the day.
        first, second, year = int(found[1]), int(found[3]), _year(found[4])
        if first > 12 or first == second:
            yield ToldDay(year, second, first)
        elif second > 12:
            yield ToldDay(year, first, second)
        else:
            yield ToldDay(year, second, first), ToldDay(year, first, second)
    yield from _named(typed, words, number_alone=number_alone)


def _named(typed: str, words: DayWords, *, number_alone: bool) -> Iterator[ToldDay]:
    """Read a day whose month is a word, or that has none: 20th of November, Nov 20, the 20th."""
    text = words.the.sub("", typed)
    day_month, month_day = words.day_month.fullmatch(text), words.month_day.fullmatch(text)
    if day_month and (month := words.month(day_month[3])):
        yield ToldDay(_year(day_month[4]), month, _day(day_month[1], day_month[2], words))
    if month_day and (month := words.month(month_day[1])):
        yield ToldDay(_year(month_day[4]), month, _day(month_day[2], month_day[3], words))
    alone = words.day_of_month.fullmatch(text)
    if alone and (number_alone or not typed.isdigit()):  # without a weekday "20" may be anything
        yield ToldDay(0, 0, _day(alone[1], alone[2], words))


def _day(digits: str | None, word: str | None, words: DayWords) -> int:
    return int(digits) if digits else words.ordinals[word or ""]


def _year(text: str | None) -> int:
    digits = (text or "").lstrip("'")
    return 2000 + int(digits) if len(digits) == 2 else int(digits or 0)


def place_day(told: ToldDay, today: date, *, past: bool, near: bool = False) -> date | None:
    """Return that day in its year; without one, the nearest that makes sense for what is asked."""
    if not told.day:
        return day_phrases.nearest_weekday(told.weekday, today, past=past)
    years = [told.year] if told.year else [today.year + n for n in (0, -1, 1)]
    found = sorted((m for y in years if (m := made(y, told.month, told.day))), key=lambda day: abs(day - today))
    fitting = [day for day in found if (day <= today if past else day >= today)]
    if near and found and not told.year and abs(found[0] - today) <= A_LITTLE:
        return found[0]
    return next(iter(fitting or found), None)


def made(year: int, month: int, day: int) -> date | None:
    """Return that date; None where there is none."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


# -- weekdays ----------------------------------------------------------------------------------------------------------


def parse_weekdays(text: str, catalog: Catalog) -> frozenset[int] | None:
    """Read typed weekdays as ISO numbers: "mon, tue thu", or from one to another, "mon-thu"; None for anything else."""
    words, days = day_words(catalog), set[int]()
    typed = re.sub(r"\s*[‐‑‒–—−-]\s*", "-", clean(text).casefold())
    until, also = words.any_of("until"), words.any_of("also")
    typed = re.sub(rf"\s+(?:{until})\s+", "-", re.sub(rf"[,;/]|\s(?:{also})\s", " ", typed))
    for part in typed.split():
        first, last = (words.weekday(name) for name in (part.partition("-")[0], part.rpartition("-")[2]))
        if not first or not last:
            return None
        days |= {(first - 1 + n) % 7 + 1 for n in range((last - first) % 7 + 1)}
    return frozenset(days) or None
