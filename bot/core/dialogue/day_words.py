"""The words of a language for days and times, compiled once: messages/<language>/days.yaml and CLDR's names.

Every key has one meaning, which is in `day_phrases` and `clock_times`; a language says in which words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from babel.dates import get_day_names, get_month_names

from bot.core.advice.catalog import Catalog, placeholders
from bot.core.advice.text import clean

PHRASES = (
    "today", "yesterday", "two_days_ago", "fortnight_ago", "tomorrow", "two_days_ahead", "fortnight_ahead",
    "end_of_week", "end_of_month", "this_week", "last_week", "next_week", "week_before_last", "week_after_next",
    "start_of_last_week", "middle_of_last_week", "end_of_last_week", "start_of_next_week", "middle_of_next_week",
    "end_of_next_week", "weekend_ago", "weekend_ahead", "weekend_either", "last_month", "next_month",
    "couple_of_days_ago", "couple_of_days_ahead", "couple_of_days_either", "few_days_ago", "few_days_ahead",
    "few_days_either", "couple_of_weeks_ago", "couple_of_weeks_ahead", "few_weeks_ago", "few_weeks_ahead",
)  # fmt: skip
"""Ways to tell a day, or a stretch of days, that have no blank of their own (a number of hours apart)."""
COUNTED = (
    "days_ago", "weeks_ago", "months_ago", "days_ahead", "weeks_ahead", "months_ahead", "days_either", "weeks_either",
)  # fmt: skip
"""Ways with one number."""
RANGES = (
    "some_days_ago", "some_weeks_ago", "some_days_ahead", "some_weeks_ahead", "some_days_either", "some_weeks_either",
)  # fmt: skip
"""Ways with two numbers."""
WEEKDAYS = (
    "weekday", "last_weekday", "this_weekday", "next_weekday", "weekday_last_week", "weekday_next_week",
    "week_before_weekday", "week_after_weekday",
)  # fmt: skip
MONTHS = ("end_of_named_month", "start_of_named_month", "middle_of_named_month")
PARTS_OF_DAY = ("morning", "noon", "afternoon", "evening", "midnight")
CLOCK_PHRASES = ("half_past", "quarter_past", "quarter_to", "minutes_ahead", "hours_ahead")
WORDS = (
    "numbers", "ordinals", "weekdays", "months", "ordinal", "of", "the", "or", "or_day", "between", "until", "since",
    "also", "before", "after", "about", "or_so", "at", "am", "pm", "clock", "between_times",
)  # fmt: skip
"""Words within or around a day or a time."""


def blanks() -> dict[str, frozenset[str]]:
    """Return each key of days.yaml with the blanks that it may have."""
    number = frozenset({"number"})
    found = dict.fromkeys((*WORDS, *PHRASES, *PARTS_OF_DAY), frozenset[str]())
    found |= {"today": number, **dict.fromkeys((*COUNTED, *CLOCK_PHRASES), number)}
    found |= dict.fromkeys(RANGES, number | {"other"})
    found |= {**dict.fromkeys(WEEKDAYS, frozenset({"weekday"})), **dict.fromkeys(MONTHS, frozenset({"month"}))}
    return {f"days.{key}": names for key, names in found.items()}


@dataclass(frozen=True)
class DayWords:
    """The words of one language; `phrases` are whole texts, by the key that says what they mean."""

    months: Mapping[str, int]
    weekdays: Mapping[str, int]
    numbers: Mapping[str, int]
    ordinals: Mapping[str, int]
    words: Mapping[str, tuple[str, ...]]
    phrases: Mapping[str, tuple[re.Pattern[str], ...]]

    def month(self, word: str) -> int | None:
        """Return the month of this name, or the only one that begins so."""
        if word in self.months:
            return self.months[word]
        begun = {number for name, number in self.months.items() if len(word) >= 3 and name.startswith(word)}
        return begun.pop() if len(begun) == 1 else None

    def weekday(self, word: str) -> int:
        """Return the ISO weekday of this name; 0 for none."""
        return self.weekdays.get(word.rstrip("."), 0)

    def number(self, word: str) -> int:
        """Return a number that `{number}` stands for."""
        return self.numbers[word] if word in self.numbers else int(word)

    def any_of(self, key: str) -> str:
        """Return a pattern of the words of a key, the longest first."""
        return any_of(self.words[key])

    # -- patterns of several words, each compiled once -----------------------------------------------------------------

    @cached_property
    def before(self) -> re.Pattern[str]:
        """A word in front that changes nothing."""
        return re.compile(rf"^(?:{self.any_of('before')})\s+(?=\S)")

    @cached_property
    def after(self) -> re.Pattern[str]:
        """A word behind that changes nothing."""
        return re.compile(rf"(?<=\S)\s+(?:{self.any_of('after')})$")

    @cached_property
    def about(self) -> re.Pattern[str]:
        """A word that makes a day one of several: about, or so."""
        return re.compile(rf"^(?:{self.any_of('about')})\s*(?=\S)|(?<=\S)\s*(?:{self.any_of('or_so')})(?=\s|$)")

    @cached_property
    def between(self) -> re.Pattern[str]:
        """The word in front of two ends."""
        return re.compile(rf"^(?:{self.any_of('between')})\s+")

    @cached_property
    def two_days(self) -> re.Pattern[str]:
        """What stands between two days of which one is meant."""
        words = "|".join(self.any_of(key) for key in ("or_day", "until", "also"))
        return re.compile(rf"\s+(?:{words})\s+|\s*-\s*")

    @cached_property
    def two_times(self) -> re.Pattern[str]:
        """What stands between two times."""
        return re.compile(rf"\s+(?:{self.any_of('between_times')})\s+|\s*-\s*")

    @cached_property
    def at(self) -> re.Pattern[str]:
        """The word in front of a time."""
        return re.compile(rf"^(?:{self.any_of('at')})\s*(?=\S)")

    @cached_property
    def the(self) -> re.Pattern[str]:
        """The word in front of a day of the month."""
        return re.compile(rf"^(?:{self.any_of('the')})\s+")

    @cached_property
    def clock_time(self) -> re.Pattern[str]:
        """A time in figures."""
        halves = rf"(?P<am>{self.any_of('am')})|(?P<pm>{self.any_of('pm')})|(?P<clock>{self.any_of('clock')})"
        return re.compile(rf"(\d{{1,2}})(?:\s*[:.h]\s*(\d\d))?\s*(?:{halves})?\.?")

    @cached_property
    def day_of_month(self) -> re.Pattern[str]:
        """A day of a month that is not named: 20th, the twentieth."""
        return re.compile(self._number)

    @cached_property
    def day_month(self) -> re.Pattern[str]:
        """A day, then its month, and a year if any: 20th of November 2026."""
        return re.compile(rf"{self._number}\s*(?:(?:{self.any_of('of')})\s+)?([^\W\d]+)\.?{_YEAR}")

    @cached_property
    def month_day(self) -> re.Pattern[str]:
        """A month, then its day, and a year if any: Nov the 20th, 2026."""
        return re.compile(rf"([^\W\d]+)\.?\s*(?:(?:{self.any_of('the')})\s+)?{self._number}{_YEAR}")

    @property
    def _number(self) -> str:
        return rf"(?:(\d{{1,2}})(?!\d)(?:{self.any_of('ordinal')})?|({any_of(self.ordinals)}))"

    def matches(self, typed: str, keys: Iterable[str]) -> Iterator[tuple[str, re.Match[str]]]:
        """Give the ways of these keys in which a text can be read as a whole."""
        for key in keys:
            for pattern in self.phrases[key]:
                if found := pattern.fullmatch(typed):
                    yield key, found


_YEAR = r"(?:\s*(\d{4}|'\d{2}|(?<=\s)\d{2}))?"


def day_words(catalog: Catalog) -> DayWords:
    """Return the words of a language."""
    found: DayWords | None = catalog.worded.get("day_words")
    if found is None:
        found = catalog.worded["day_words"] = _compiled(catalog)
    return found


def normal(text: str) -> str:
    """Return a text as it is compared: small letters, plain dashes and apostrophes, no commas, no marks at its ends."""
    typed = clean(text).casefold().replace("’", "'").replace("ʼ", "'")
    typed = " ".join(re.sub(r"[‐‑‒–—−]", "-", typed).replace(",", " ").split())
    typed = re.sub(r"[^\w'.]+$|^[^\w~]+", "", typed)
    return typed if _NUMBERED.search(typed) else typed.rstrip(".")


_NUMBERED = re.compile(r"(?<!\d)\d{1,2}\.$")  # 20. and 20.11. keep their dot


def any_of(words: Iterable[str]) -> str:
    """Return a pattern of these words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _compiled(catalog: Catalog) -> DayWords:
    said = {key: catalog.alternatives(key) for key in blanks()}
    words = {key: tuple(word.casefold() for word in said[f"days.{key}"]) for key in WORDS}
    months, weekdays = _names(catalog.text_of("language.locale"))
    months |= _numbered(words["months"])
    weekdays |= _numbered(words["weekdays"])
    numbers, ordinals = _numbered(words["numbers"]), _numbered(words["ordinals"])
    number = rf"\d{{1,3}}|{any_of(numbers)}"
    blank = {"weekday": any_of(weekdays), "month": any_of(months), "number": number, "other": number}
    keys = (*PHRASES, *COUNTED, *RANGES, *WEEKDAYS, *MONTHS, *PARTS_OF_DAY, *CLOCK_PHRASES)
    phrases = {key: tuple(_pattern(way.casefold(), blank) for way in said[f"days.{key}"]) for key in keys}
    return DayWords(months, weekdays, numbers, ordinals, words, phrases)


def _pattern(words: str, blank: Mapping[str, str]) -> re.Pattern[str]:
    text = re.escape(words).replace(r"\ ", r"\s+").replace(r"\-", r"\s*-\s*")
    for name in placeholders(words):
        dot = r"\.?" if name in ("weekday", "month") else ""
        text = text.replace(rf"\{{{name}\}}", f"(?P<{name}>{blank[name]}){dot}")
    return re.compile(text)


def _numbered(rows: Iterable[str]) -> dict[str, int]:
    """Return the words of a list by their place in it, which is counted from one."""
    return {word: number for number, row in enumerate(rows, 1) for word in row.split("/")}


def _names(locale: str) -> tuple[dict[str, int], dict[str, int]]:
    """Return month numbers and ISO weekdays by every casefolded name that the locale, or English, has for them."""
    months: dict[str, int] = {}
    days: dict[str, int] = {}
    for loc in ("en", locale):
        for width in ("wide", "abbreviated"):
            months |= {name.casefold().rstrip("."): n for n, name in get_month_names(width, locale=loc).items()}
            days |= {name.casefold().rstrip("."): n + 1 for n, name in get_day_names(width, locale=loc).items()}
    return months, days
