"""Inline search: what somebody types behind the bot's name in any chat, and what the bot may answer.

What must live here: the checks of answerInlineQuery. What must not: what becomes of a result that is posted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.botapi.errors import bad
from tests.botapi.keyboards import reply_markup
from tests.botapi.methods import TOO_OLD, Run
from tests.botapi.records import Json
from tests.botapi.state import World
from tests.botapi.texts import message_text

MOST: Final = 50
LONGEST: Final = 64  # bytes of an id, of an offset and of a start parameter
CONTENT: Final = {"message_text", "parse_mode", "entities", "link_preview_options"}
ARTICLE: Final = {"type", "id", "title", "description", "input_message_content", "reply_markup", "url"}


@dataclass
class Searched:
    """One inline query and its answer."""

    at: float
    answered: bool = False
    results: list[Json] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    button: Json | None = None
    cache_time: int = 300
    personal: bool = False


def answer_inline_query(world: World, given: dict[str, Any]) -> bool:
    """Answer a search, once and in time."""
    searched = world.searches.get(given["inline_query_id"])
    if searched is None or searched.answered or world.now() - searched.at > world.query_seconds:
        raise bad(TOO_OLD)
    results = given["results"]
    if len(results) > MOST:
        raise bad("RESULTS_TOO_MUCH")
    ids = [str(result.get("id", "")) for result in results]
    if any(not 1 <= len(one.encode()) <= LONGEST for one in ids):
        raise bad("RESULT_ID_INVALID")
    if len(set(ids)) != len(ids):
        raise bad("RESULT_ID_DUPLICATE")
    if given.get("cache_time", 300) < 0 or len(given.get("next_offset", "").encode()) > LONGEST:
        raise bad("NEXT_OFFSET_INVALID")
    searched.texts = [_article(result) for result in results]
    searched.button = _button(given.get("button"))
    searched.results, searched.answered = results, True
    searched.cache_time, searched.personal = given.get("cache_time", 300), given.get("is_personal", False)
    world.touched()
    return True


def _article(result: Json) -> str:
    """Return the text that would be posted."""
    unknown = set(result) - ARTICLE
    if result.get("type") != "article" or unknown:
        raise bad(f"can't parse inline query result: {sorted(unknown) or result.get('type')}")
    if not result.get("title"):
        raise bad("can't parse inline query result: Can't find field \"title\"")
    content = result.get("input_message_content")
    if not isinstance(content, dict) or set(content) - CONTENT:
        raise bad("can't parse inline query result: Input message content is not specified")
    reply_markup(result.get("reply_markup"), "supergroup", inline_only=True)
    return message_text({**content, "text": content.get("message_text")}).text


def _button(button: Any) -> Json | None:
    if button is None:
        return None
    if not isinstance(button, dict) or not button.get("text") or len(button["text"]) > LONGEST:
        raise bad("can't parse inline query results button")
    start = str(button.get("start_parameter", ""))
    if not 1 <= len(start) <= LONGEST or not start.replace("_", "").replace("-", "").isalnum():
        raise bad("START_PARAM_INVALID")
    return button


METHODS: Final[Mapping[str, Run]] = {"answerInlineQuery": answer_inline_query}
