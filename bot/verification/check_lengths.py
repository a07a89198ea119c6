"""What is proved about places: every text fits where it is shown, at its longest, in every language.

The numbers are those of flows/limits.yaml; a limit that is not there is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.advice.catalog import Catalog, fill, patterns
from bot.core.advice.text import units
from bot.core.dialogue.render import COMMANDS, MENU
from bot.core.issues import Issue, SourceLocations
from bot.core.library import Library
from bot.verification.check_messages import longest_slots

TURN_ROOM = len("9999999999:")  # what stands before an answer's id in a button: the turn it was shown in
HEADING_ROOM = 200  # characters around a note: its heading, its size, and what is said of a subject


def texts_placed(library: Library, places: SourceLocations) -> Iterator[Issue]:
    """Prove that whatever is shown in Telegram keeps to the limit of the place where it is shown."""
    for language, catalog in library.catalogs.items():
        for key, limit, size in _sizes(library, catalog):
            most = _limit(library, limit)
            if most is not None and size > most:
                what = f"'{key}' can take {size:,}, but there is room for {most:,} (limit {limit})."
                place = places.at("message", language, key)
                yield Issue(place, "text-too-long", what, "It could not be sent.", "Say it shorter.")
    for name, ids in _buttons(library):
        most = _limit(library, "telegram_button")
        for id_ in ids:
            size = TURN_ROOM + len(id_.encode())
            if most is not None and size > most:
                what = f"'{id_}' takes {size} bytes behind a button, but there is room for {most}."
                yield Issue(places.at("fact", name), "button-too-long", what, "", "Give it a shorter name.")


def _limit(library: Library, name: str) -> int | None:
    limit = library.limits.get(name)
    return min(limit.values.values()) if limit else None


def _sizes(library: Library, catalog: Catalog) -> Iterator[tuple[str, str, int]]:
    """Return each text by its key, with the limit of its place and how long it can get."""
    for flow in library.flows.values():
        for step in flow.steps:
            key = f"question.{step.fact}.text"
            if step.kind == "ask" and catalog.has(key):
                parts = [key, *(f"question.{step.fact}.hints.{hint.say}" for hint in step.hints)]
                yield key, "telegram_text", sum(_longest(catalog, part) + 1 for part in parts) + HEADING_ROOM
    for kind in library.notebook.kinds.values():
        slots = longest_slots(kind, library, catalog)
        for wording in (*kind.ladder, *kind.subject):
            key = f"note.{kind.id}.{wording.text}"
            for pattern in catalog.alternatives(key) if catalog.has(key) else ():
                if pattern.count("{") == sum(pattern.count("{" + slot + "}") for slot in slots):
                    yield key, "telegram_text", units(fill(pattern, slots)) + HEADING_ROOM
    fixed = {"about.description": "telegram_description", "about.short": "telegram_short_description"}
    fixed |= {f"command.{name}": "telegram_command" for name in COMMANDS}
    fixed |= {f"claim.{claim}": "telegram_text" for claim in library.claims}
    yield from ((key, limit, _longest(catalog, key)) for key, limit in fixed.items())


def _longest(catalog: Catalog, key: str) -> int:
    return max(map(units, patterns(catalog.message(key)))) if catalog.has(key) else 0


def _buttons(library: Library) -> Iterator[tuple[str, tuple[str, ...]]]:
    for fact in library.facts.by_name.values():
        yield fact.name, (fact.name, *fact.values, *(shortcut.id for shortcut in fact.shortcuts))
    yield "menu", MENU
