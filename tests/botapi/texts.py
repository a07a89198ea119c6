"""What the person sees: texts and captions after parsing, cleaning and trimming, with their entities.

What must live here: the way from the parameters of a call to the visible text, its limits, and the commands in what
people type.
What must not: the grammar of a parse mode (`html`), and anything about chats.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from tests.botapi.errors import bad
from tests.botapi.html import Span, parse_html

LONGEST_TEXT: Final = 4096  # code points, after parsing
LONGEST_CAPTION: Final = 1024
LONGEST_RAW: Final = 32768  # bytes, before parsing
ENTITY_KINDS: Final = frozenset((
    "mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bold", "italic", "underline",
    "strikethrough", "spoiler", "blockquote", "expandable_blockquote", "code", "pre", "text_link", "text_mention",
    "custom_emoji", "date_time",
))  # fmt: skip
COMMAND: Final = re.compile(r"(?<![\w/@.])/[A-Za-z0-9_]{1,64}(@[A-Za-z0-9_]{3,32})?(?![\w/@])", re.ASCII)


@dataclass
class Formatted:
    """A visible text and its entities, offsets and lengths in UTF-16 code units as the API has them."""

    text: str
    entities: list[dict[str, Any]] = field(default_factory=list)


def message_text(given: dict[str, Any]) -> Formatted:
    """Return the text of a message from the parameters of its call."""
    if not given.get("text"):
        raise bad("message text is empty")
    formatted = _formatted(given["text"], given.get("parse_mode"), given.get("entities"))
    if not formatted.text:
        raise bad("text must be non-empty")
    if len(formatted.text) > LONGEST_TEXT:
        raise bad("message is too long")
    return formatted


def caption(given: dict[str, Any]) -> Formatted:
    """Return the caption of a document, which may be empty."""
    formatted = _formatted(given.get("caption", ""), given.get("parse_mode"), given.get("caption_entities"))
    if len(formatted.text) > LONGEST_CAPTION:
        raise bad("message caption is too long")
    return formatted


def typed(text: str) -> Formatted:
    """Return what a person typed: the text as it is, its commands found as Telegram finds them."""
    spans = [Span("bot_command", found.start(), found.end()) for found in COMMAND.finditer(text)]
    return Formatted(text, [_entity(text, span) for span in spans])


def utf16(text: str) -> int:
    """Return the length in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _formatted(raw: str, parse_mode: str | None, entities: list[Any] | None) -> Formatted:
    if len(raw.encode()) > LONGEST_RAW:
        raise bad("text is too long")
    mode = (parse_mode or "none").lower()
    if mode == "html":
        text, spans = parse_html(raw)
    elif mode == "none":
        text, spans = raw, [_given_span(raw, entity) for entity in entities or []]
    elif mode in ("markdown", "markdownv2"):
        raise bad(f"parse_mode {parse_mode} is not emulated; use HTML or entities")
    else:
        raise bad("unsupported parse_mode")
    text, spans = _tidied(text, spans)
    spans.sort(key=lambda span: (span.start, -span.end))
    return Formatted(text, [_entity(text, span) for span in spans])


def _given_span(text: str, entity: Any) -> Span:
    """Check an entity that the bot made itself: known type, inside the text, not in the middle of a surrogate pair."""
    if not isinstance(entity, dict):
        raise bad("can't parse MessageEntity: expected an Object")
    details = dict(entity)
    kind, offset, length = (details.pop(name, None) for name in ("type", "offset", "length"))
    if kind not in ENTITY_KINDS:
        raise bad("can't parse MessageEntity: unsupported type specified")
    if type(offset) is not int or type(length) is not int or offset < 0 or length <= 0:
        raise bad("can't parse MessageEntity: offset or length is wrong")
    places = {0: 0}
    at = 0
    for index, char in enumerate(text, start=1):
        at += utf16(char)
        places[at] = index
    if offset not in places or offset + length not in places:
        raise bad(f"entity beginning at UTF-16 offset {offset} ends after the end of the text or splits a character")
    return Span(kind, places[offset], places[offset + length], details)


def _tidied(text: str, spans: list[Span]) -> tuple[str, list[Span]]:
    """Clean the characters, cut white space off both ends (in front only up to the first entity), move the spans."""
    kept: list[str] = []
    moved: list[int] = []
    for char in text:
        moved.append(len(kept))
        kept.extend(_as_seen(char))
    moved.append(len(kept))
    clean = "".join(kept)
    first = min((moved[span.start] for span in spans), default=len(clean))
    front = min(len(clean) - len(clean.lstrip(" \n")), first)
    end = max(len(clean.rstrip(" \n")), front)
    placed = []
    for span in spans:
        start, stop = (min(max(moved[place], front), end) - front for place in (span.start, span.end))
        if start < stop:
            placed.append(Span(span.kind, start, stop, span.details))
    return clean[front:end], placed


def _as_seen(char: str) -> str:
    """Return what a client shows for a character: control characters become spaces, directional overrides vanish."""
    if char == "\r" or "\u2028" <= char <= "\u202e":
        return ""
    return " " if char < " " and char not in "\n\t" else char


def _entity(text: str, span: Span) -> dict[str, Any]:
    offset = utf16(text[: span.start])
    length = utf16(text[span.start : span.end])
    return {"type": span.kind, "offset": offset, "length": length, **span.details}
