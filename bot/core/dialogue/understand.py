"""What a text means, as JSON values: for translators, coaches and tests; the dialogue reads by the same functions."""

from __future__ import annotations

from datetime import date

from bot.core.advice.calendar import DEFAULT_WEEK
from bot.core.advice.catalog import Catalog
from bot.core.advice.facts import NOT_SURE, Facts, span_of
from bot.core.dialogue.answers import Unclear, read
from bot.core.dialogue.dates import Misread
from bot.core.dialogue.story import read_story


def understand_answer(question: str, text: str, facts: Facts, catalog: Catalog, today: date) -> dict[str, object]:
    """Return the value that a text means in answer to a question, or what it is likely to mean."""
    fact = facts[question]
    found = read(fact, text, catalog, today, DEFAULT_WEEK)
    if isinstance(found, Unclear):
        return {"value": None, "likely": [option.id for option in found.options]}
    if isinstance(found, Misread):
        return {"value": None, "likely": [day.isoformat() for day in found.days]}
    if fact.kind == "text" and found == NOT_SURE:  # nothing is to stand in that blank
        return {"value": None, "likely": []}
    return {"value": shown(found), "sure": True}


def understand_story(text: str, facts: Facts, catalog: Catalog, today: date) -> dict[str, object]:
    """Return what a text tells, whatever was asked."""
    story = read_story(text, facts, catalog, today, DEFAULT_WEEK)
    return {"facts": {name: shown(value) for name, value in story.facts.items()}, "blanks": story.blanks}


def shown(answer: str) -> object:
    """Return an answer, a stretch of days with its ends."""
    span = span_of(answer)
    return {"from": span.first.isoformat(), "to": span.last.isoformat()} if span else answer
