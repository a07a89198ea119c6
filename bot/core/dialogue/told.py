"""A story told amid a conversation: what of it is taken, and what is shown until it is confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.core.advice.text import units
from bot.core.dialogue.answers import blank_reader
from bot.core.dialogue.session import STORY, Session
from bot.core.dialogue.story import read_story
from bot.core.dialogue.view import SessionView

CONFIRM: Final = "confirm"
"""What is asked while a story waits for a yes."""
FEWEST: Final = 2
"""So many facts make a text a story."""
FEWEST_IN_BLANK: Final = 3
"""So many where a blank is open, into which a text of several words may belong."""
SHORTEST: Final = 3
"""Spaces in a text that may be a story; fewer are an answer."""


def told_in(view: SessionView, text: str, fewest: int) -> dict[str, str]:
    """Return what a text tells of what this conversation asks; nothing where that is less than `fewest` facts."""
    facts, catalog = view.library.facts, view.catalog
    if text.count(" ") < SHORTEST:
        return {}
    story = read_story(text, facts, catalog, view.today, view.session.place.week)
    wanted = {*view.flow.asks, *view.flow.offers}
    found = {name: answer for name, answer in story.facts.items() if name in wanted}
    for name, typed in story.blanks.items():
        blank = blank_reader(facts[name], catalog).read(typed)
        if name in wanted and blank.text and units(blank.text) <= facts[name].max_length:
            found[name] = blank.text
    return found if len(found) >= fewest else {}


def with_story(session: Session, told: Mapping[str, str]) -> Session:
    """Return a session that has taken a story and asks whether it is right."""
    kept = {name: answer for name, answer in session.answers.items() if name not in told}
    names = dict.fromkeys((*session.told, *told))
    return session.but(answers={**kept, **told}, said={**session.said, STORY: " ".join(names)}, asking=CONFIRM)


def without_story(session: Session) -> Session:
    """Return a session in which the story was never told."""
    for name in session.told:
        session = session.without(name)
    return session.but(said={name: mark for name, mark in session.said.items() if name != STORY}, asking="")
