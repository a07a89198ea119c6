"""Questions that many ask, searched for by words: what somebody finds who types the bot's name in any chat.

It looks into the content and nowhere else. The same words find the same, whoever searches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.advice.catalog import Catalog
from bot.core.advice.text import clean
from bot.core.coaching.group_chat import answer_panel
from bot.core.coaching.views import Panel
from bot.core.library import Library


@dataclass(frozen=True)
class FaqMatch:
    """A question, with its answer and the claims behind it as they are posted."""

    name: str
    question: str
    answer: str
    panel: Panel


def search(library: Library, catalog: Catalog, typed: str) -> tuple[FaqMatch, ...]:
    """Return the questions that have all the words, first those that have them in the question itself; all for none."""
    words, near, far = clean(typed).casefold().split(), [], []
    for found in _all(library, catalog):
        claims = " ".join(block.text for block in found.panel.blocks)
        if all(word in found.question.casefold() for word in words):
            near.append(found)
        elif all(word in f"{found.question} {claims}".casefold() for word in words):
            far.append(found)
    return (*near, *far)


def _all(library: Library, catalog: Catalog) -> Iterator[FaqMatch]:
    for name in library.faq:
        panel = answer_panel(library, catalog, name)
        assert panel is not None, "it was found among the questions"
        answer = catalog.say(f"faq.{name}.answer", **library.measures)
        yield FaqMatch(name, catalog.say(f"faq.{name}.question"), answer, panel)
