"""Messages by language: looked up by key, filled by name, counted by CLDR plural, escaped where they are shown.

A placeholder is a bare name in braces. No attribute, index, conversion or format can be written,
and what a person typed is put in as it is: it is never read as a pattern.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_skeleton, format_time, get_day_names
from babel.lists import format_list
from babel.plural import PluralRule

from bot.core.understanding.language import Understanding

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
COUNT = "count"
"""The placeholder that a plural message counts by."""
LOCALE = "language.locale"
"""The message that names the CLDR locale a language counts and writes dates by, such as en_GB."""

Message = str | tuple[str, ...] | Mapping[str, str]


class MissingMessage(KeyError):
    """A message key that no language has; `check` finds it before anybody meets it."""


def fill(pattern: str, values: Mapping[str, str]) -> str:
    """Put `values` into the named places of `pattern` in one pass; raises KeyError for a name without a value."""
    return PLACEHOLDER.sub(lambda match: values[match[1]], pattern)


def placeholders(pattern: str) -> frozenset[str]:
    """Return the names that `pattern` wants."""
    return frozenset(PLACEHOLDER.findall(pattern))


def patterns(message: Message) -> tuple[str, ...]:
    """Return every wording in a message: one, its alternatives, or its plural forms."""
    if isinstance(message, str):
        return (message,)
    return message if isinstance(message, tuple) else tuple(message.values())


@dataclass(frozen=True)
class Catalog:
    """The messages of one language over those of its fallback."""

    language: str
    messages: Mapping[str, Message]
    fallback: Catalog | None = None
    understanding: Understanding = field(default_factory=Understanding, repr=False, compare=False)
    """What people type in this language, and what it means."""
    worded: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What `wording` and `reading` made of messages alone, by what they made it of; finite, and never of typed text."""
    _locale: str = field(init=False, repr=False, compare=False)
    _plural: PluralRule = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_locale", str(self.messages.get(LOCALE, self.language)))
        object.__setattr__(self, "_plural", Locale.parse(self._locale).plural_form)

    def message(self, key: str) -> Message:
        """Return the message as written; raises `MissingMessage`."""
        found = self.messages.get(key)
        if found is not None:
            return found
        if self.fallback is None:
            raise MissingMessage(key)
        return self.fallback.message(key)

    def has(self, key: str) -> bool:
        """Tell whether this language or its fallback has `key`."""
        return key in self.messages or (self.fallback is not None and self.fallback.has(key))

    def text_of(self, key: str) -> str:
        """Return the pattern of a message that is neither plural nor a list of alternatives."""
        found = self.message(key)
        return found if isinstance(found, str) else patterns(found)[0]

    def alternatives(self, key: str) -> tuple[str, ...]:
        """Return the wordings of `key`, in order of preference."""
        return patterns(self.message(key))

    def say(self, key: str, /, **values: str | int | date | datetime | time) -> str:
        """Return the message filled; `count=` chooses the plural form, days and times are written out in full.

        Raises KeyError for a blank without a value: a leftover must never reach anybody.
        """
        found = self.message(key)
        if isinstance(found, Mapping):
            found = found[self._plural(int(str(values[COUNT])))]
        elif isinstance(found, tuple):
            found = found[0]
        return fill(found, {name: self.shown(value) for name, value in values.items()}) if "{" in found else found

    def shown(self, value: str | int | date | datetime | time) -> str:
        """Return a value as this language writes it: "Wednesday 25 November", "10:00"."""
        if isinstance(value, str):
            return value
        if isinstance(value, datetime | date | time):
            return _written(self._locale, value)
        return str(value)

    def dated(self, day: date, today: date) -> str:
        """Return a day as this language writes it, with its year where that is not the year of `today`."""
        return self.shown(day) if day.year == today.year else format_skeleton("yMMMMEEEEd", day, locale=self._locale)

    def one_of(self, names: Sequence[str]) -> str:
        """List names of which one is to be chosen: "A, B or C"."""
        return format_list(names, style="or", locale=self._locale)

    def weekdays(self, days: Iterable[int]) -> str:
        """Write ISO weekdays, shortened, in the order of the week."""
        names = get_day_names("abbreviated", locale=self._locale)
        return ", ".join(str(names[day - 1]) for day in sorted(days))


@lru_cache(maxsize=2048)
def _written(locale: str, value: date | datetime | time) -> str:
    if isinstance(value, time):
        written = format_time(value, "HH:mm", locale=locale)
    else:
        written = format_skeleton("MMMMEEEEd", value, locale=locale)
    # CLDR puts narrow and unbreakable spaces into dates; in a note they would be invisible characters that count.
    return written.replace("\u202f", " ").replace("\u00a0", " ")
