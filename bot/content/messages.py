"""messages/<language>/*.yaml turned into one flat catalog: keys joined by dots, blanks checked to be bare names.

Whatever Python's own formatting could do with a placeholder is refused with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from babel import Locale, UnknownLocaleError

from bot.content.models import ProtectedFile
from bot.content.source_file import SourceFile
from bot.content.yaml_reader import Path
from bot.core.advice.catalog import LOCALE, PLACEHOLDER, Message
from bot.core.issues import Issue, SourceLocation

PLURAL_FORMS = frozenset({"zero", "one", "two", "few", "many", "other"})  # CLDR's names for them
_BRACES = re.compile(r"\{+[^{}]*\}+|[{}]")
_REASONS = (
    (r"\{\{|\}\}", "Doubled braces mean nothing here."),
    (r"[{}]", "A brace belongs to a blank such as {first} and to nothing else."),
    (r"\{\s*\}", "It does not say what belongs there."),
    (r"\{[0-9]+\}", "A number does not say what belongs there."),
    (r"\{.*[.\[].*\}", "A blank is filled with a text; nothing inside of a value can be reached."),
    (r"\{.*!.*\}", "A blank is filled with a text as it is; it cannot be converted."),
    (r"\{.*:.*\}", "A blank is filled with a text as it is; it cannot be formatted."),
    (r".*", "A name has only small letters, digits and _, and begins with a letter."),
)


def read_messages(sources: Iterable[SourceFile], language: str) -> dict[str, Message]:
    """Return the messages of one language by key; its files may come in any order and by any name."""
    found: dict[str, Message] = {}
    places: dict[str, SourceLocation] = {}
    for source in sources:
        for path, message in _flat(source.rest, ()):
            key, place = ".".join(str(element) for element in path), source.key(*path)
            if key in places:
                first = f"{places[key].file}, line {places[key].line}"
                what = f"the message '{key}' stands here again; it stands in {first}."
                source.fault(place, "duplicate-message", what, "Only one of them would be said.", "Delete one of them.")
                continue
            places[key], found[key] = place, message
            source.address(place, "message", language, key)
            _check_blanks(source, path)
    return found


def read_protected(source: SourceFile, file: ProtectedFile) -> tuple[str, ...]:
    """Return the names of messages and groups of messages that no edition changes."""
    for number, name in enumerate(file.protected):
        source.address(source.at("protected", number), "protected", name)
    return file.protected


def _flat(value: object, path: Path) -> Iterator[tuple[Path, Message]]:
    if isinstance(value, str):
        yield path, value.rstrip("\n")
    elif isinstance(value, list):
        yield path, tuple(text.rstrip("\n") for text in value)
    elif isinstance(value, dict):
        if path and _is_plural(value):
            yield path, {form: text.rstrip("\n") for form, text in value.items()}
        else:
            for name, inner in value.items():
                yield from _flat(inner, (*path, name))


def _is_plural(group: Mapping[str, Any]) -> bool:
    return "other" in group and group.keys() <= PLURAL_FORMS and all(isinstance(text, str) for text in group.values())


# -- placeholders ----------------------------------------------------------------------------------------------------


def _check_blanks(source: SourceFile, path: Path) -> None:
    """Report every placeholder of a message that is not a bare name."""
    for here, text in _texts(source.value(path), path):
        for braces in dict.fromkeys(_BRACES.findall(text)):
            if not PLACEHOLDER.fullmatch(braces):
                shown = braces if len(braces) <= 40 else braces[:39] + "…"
                why = next(reason for pattern, reason in _REASONS if _fits(pattern, braces))
                what = f"'{shown}' is no blank that can be filled."
                source.fault(source.at(*here), "placeholder-syntax", what, why, "Write a bare name, such as {first}.")


def _fits(pattern: str, braces: str) -> bool:
    if pattern.startswith(r"\{\{"):
        return re.search(pattern, braces) is not None
    return re.fullmatch(pattern, braces, re.DOTALL) is not None


def _texts(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        yield from (((*path, number), text) for number, text in enumerate(value))
    elif isinstance(value, dict):
        yield from (((*path, form), text) for form, text in value.items())


# -- the language itself ---------------------------------------------------------------------------------------------


def check_locale(language: str, messages: Mapping[str, Message], place: SourceLocation) -> Iterator[Issue]:
    """Report a language whose dates and plurals nobody knows."""
    locale = messages.get(LOCALE, language)
    try:
        Locale.parse(str(locale))
    except (ValueError, TypeError, UnknownLocaleError):
        what = f"'{locale}' is no locale that is known." if LOCALE in messages else f"no locale is called '{language}'."
        why = "Dates and plurals are written as the locale has them."
        yield Issue(place, "unknown-locale", what, why, f"Write one such as en_GB or es_ES as `{LOCALE}`.")
