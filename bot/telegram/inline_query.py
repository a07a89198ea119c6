"""Inline search: `@bot word` in any chat finds the questions that many ask. Pure.

What is found is shipped content, the same for everybody, so nothing private can be in it and Telegram
may remember it. Nothing is kept of a search, and nobody's conversation is touched.
Limits: 50 results, ids of 1 to 64 bytes, 64 characters on the button (core.telegram.org/bots/api#answerinlinequery).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.core.coaching.faq import FaqMatch, search
from bot.core.coaching.views import deep_link
from bot.core.library import Library
from bot.telegram.render import Json, html_of, shown

MOST: Final = 50
LONGEST_ID: Final = 64
BELOW: Final = 120
"""Characters of the answer that stand below its question in the list."""
CACHED: Final = 300
"""Seconds that Telegram may answer the same search by itself."""


@dataclass(frozen=True)
class Search:
    """Somebody searches: Telegram's id of it, what they typed, and their language in Telegram."""

    id: str
    typed: str
    language: str


def read_search(query: Mapping[str, Any]) -> Search:
    """Read an inline query."""
    language = str(query.get("from", {}).get("language_code", "")).partition("-")[0].lower()
    return Search(str(query["id"]), str(query.get("query", "")), language)


def answer(library: Library, bot: str, asked: Search) -> Json:
    """Return the parameters of answerInlineQuery; `bot` is the bot's username."""
    catalog = library.catalog(asked.language)
    found = [one for one in search(library, catalog, asked.typed) if len(one.name.encode()) <= LONGEST_ID]
    open_chat = [[{"text": catalog.say("group.options.practice"), "url": deep_link(bot, "practice")}]]
    values: Json = {
        "inline_query_id": asked.id,
        "results": [_result(one, open_chat) for one in found[:MOST]],
        "cache_time": CACHED,
        # Telegram remembers an answer by its words alone: in several languages it must not be shared.
        "is_personal": len(library.catalogs) > 1,
    }
    if not found:
        values["button"] = {"text": catalog.say("group.not_found"), "start_parameter": "faq"}
    return values


def _result(found: FaqMatch, keyboard: list[list[Json]]) -> Json:
    said = shown("\n".join(html_of(block) for block in found.panel.blocks), keyboard)
    markup = said.pop("reply_markup")
    below = found.answer if len(found.answer) <= BELOW else found.answer[: BELOW - 1] + "…"
    content = {"message_text": said.pop("text"), **said}
    return {
        "type": "article", "id": found.name, "title": found.question, "description": below,
        "input_message_content": content, "reply_markup": markup,
    }  # fmt: skip
