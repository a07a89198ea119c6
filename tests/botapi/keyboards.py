"""Keyboards: what the server takes as `reply_markup`, and where it is stricter than the real one.

What must live here: the form and the limits of inline keyboards, reply keyboards, their removal and ForceReply.
What must not: who may press a button, and what a message does with its keyboard.

Refused here although the real server lets it pass, because it would be mangled in silence: several actions in one
button, a button without a label (it is dropped), more than eight buttons in a row or a hundred in all, unknown fields.
"""

from __future__ import annotations

import re
from typing import Any, Final

from tests.botapi.errors import Refused, bad
from tests.botapi.links import OWN, checked_link

Keyboard = list[list[dict[str, Any]]]

MOST_BUTTONS: Final = 100
MOST_IN_ROW: Final = 8
MOST_BYTES: Final = 8000  # undocumented: 99 buttons with 64 bytes of data are known to be too long
DATA_BYTES: Final = 64
COPIED: Final = 256  # characters
PLACEHOLDER: Final = 64
MOST_REPLY_BUTTONS: Final = 300
MOST_IN_REPLY_ROW: Final = 12
STYLES: Final = ("danger", "success", "primary")
ACTIONS: Final = (
    "url", "callback_data", "web_app", "login_url", "copy_text", "callback_game", "pay",
    "switch_inline_query", "switch_inline_query_current_chat", "switch_inline_query_chosen_chat",
)  # fmt: skip
EMULATED: Final = ("url", "callback_data", "copy_text", "web_app")
LOOKS: Final = {"style", "icon_custom_emoji_id"}
KINDS: Final = {
    "inline_keyboard": {"inline_keyboard"},
    "keyboard": {
        "keyboard", "is_persistent", "resize_keyboard", "one_time_keyboard", "input_field_placeholder", "selective",
    },
    "remove_keyboard": {"remove_keyboard", "selective"},
    "force_reply": {"force_reply", "input_field_placeholder", "selective"},
}  # fmt: skip


def reply_markup(markup: Any, chat_type: str, *, inline_only: bool = False) -> dict[str, Any] | None:
    """Return the checked markup, or None when there is none; an edit and a channel take inline keyboards only."""
    if markup is None:
        return None
    if not isinstance(markup, dict):
        raise bad("object expected as reply markup")
    kinds = [kind for kind in KINDS if kind in markup]
    if len(kinds) != 1:
        raise bad(f"reply markup must be exactly one of {', '.join(KINDS)}")
    unknown = sorted(set(markup) - KINDS[kinds[0]])
    if unknown:
        raise bad(f"reply markup has the unknown field {unknown[0]}")
    if kinds[0] == "inline_keyboard":
        return {"inline_keyboard": _inline(markup["inline_keyboard"], chat_type)}
    if inline_only or chat_type == "channel":
        raise bad("inline keyboard expected")
    if kinds[0] == "keyboard":
        _reply(markup["keyboard"], chat_type)
    elif markup[kinds[0]] is not True:
        raise bad(f"{kinds[0]} must be true")
    placeholder = markup.get("input_field_placeholder")
    if placeholder is not None and not (isinstance(placeholder, str) and 1 <= len(placeholder) <= PLACEHOLDER):
        raise bad(f"input_field_placeholder must have 1 to {PLACEHOLDER} characters")
    return dict(markup)


def _rows(rows: Any, what: str, most: int, most_in_row: int) -> list[list[Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad(f"can't parse {what}: expected an Array of Arrays")
    filled = [row for row in rows if row]
    if any(len(row) > most_in_row for row in filled):
        raise bad(f"{what} has a row of more than {most_in_row} buttons")
    if sum(map(len, filled)) > most:
        raise bad(f"{what} has more than {most} buttons")
    return filled


def _inline(rows: Any, chat_type: str) -> Keyboard:
    keyboard = _rows(rows, "inline keyboard", MOST_BUTTONS, MOST_IN_ROW)
    for row in keyboard:
        for button in row:
            _inline_button(button, chat_type)
    if _wire_size(keyboard) > MOST_BYTES:
        raise bad("reply markup is too long")
    return [[dict(button) for button in row] for row in keyboard]


def _inline_button(button: Any, chat_type: str) -> None:
    if not isinstance(button, dict):
        raise _unreadable("expected an Object")
    if not isinstance(button.get("text"), str) or not button["text"].strip():
        raise _unreadable('field "text" must be a non-empty String')
    actions = [action for action in ACTIONS if action in button]
    if not actions:
        raise _unreadable("Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise _unreadable(f"a button has exactly one action, not {' and '.join(actions)}")
    if actions[0] not in EMULATED:
        raise _unreadable(f"{actions[0]} is not emulated")
    unknown = sorted(set(button) - {"text", actions[0]} - LOOKS)
    if unknown:
        raise _unreadable(f"unknown field {unknown[0]}")
    if button.get("style", "primary") not in STYLES:
        raise _unreadable("invalid button style specified")
    _action(actions[0], button[actions[0]], chat_type)


def _action(action: str, value: Any, chat_type: str) -> None:
    if action == "callback_data":
        if not isinstance(value, str) or not 1 <= len(value.encode()) <= DATA_BYTES:
            raise bad("BUTTON_DATA_INVALID")
    elif action == "copy_text":
        text = value.get("text") if isinstance(value, dict) else None
        if not isinstance(text, str) or not 1 <= len(text) <= COPIED:
            raise _unreadable(f"copy_text must have 1 to {COPIED} characters")
    elif action == "url":
        if not isinstance(value, str) or not _opens(value):
            raise bad(f"inline keyboard button URL '{value}' is invalid: Wrong HTTP URL")
    else:
        url = value.get("url") if isinstance(value, dict) else None
        if chat_type != "private":
            raise bad("BUTTON_TYPE_INVALID")
        if not isinstance(url, str) or not url.startswith("https://") or not checked_link(url):
            raise bad(f"inline keyboard button Web App URL '{url}' is invalid: Only HTTPS links are allowed")


def _opens(url: str) -> bool:
    """Tell whether a button may open the address; unlike in texts, nothing is completed here."""
    return bool(re.match(rf"(https?|{'|'.join(OWN)})://", url, re.IGNORECASE)) and checked_link(url) is not None


def _reply(rows: Any, chat_type: str) -> None:
    keyboard = _rows(rows, "reply keyboard", MOST_REPLY_BUTTONS, MOST_IN_REPLY_ROW)
    if not keyboard:
        raise bad("can't parse reply keyboard: it has no button")
    for button in (button for row in keyboard for button in row):
        text = button.get("text") if isinstance(button, dict) else button
        if not isinstance(text, str) or not text.strip():
            raise bad("can't parse keyboard button: text must be non-empty")
        requests = {"request_contact", "request_location", "request_poll", "web_app"}
        if isinstance(button, dict) and requests & set(button) and chat_type != "private":
            raise bad("BUTTON_TYPE_INVALID")


def _wire_size(keyboard: Keyboard) -> int:
    """Return roughly the bytes of the keyboard on the wire: four-byte words, each string with its length."""

    def words(text: str) -> int:
        return (len(text.encode()) + 4) // 4 * 4

    size = 0
    for row in keyboard:
        size += 12 + sum(8 + words(button["text"]) + words(str(_value(button))) for button in row)
    return size


def _value(button: dict[str, Any]) -> Any:
    value = next(button[action] for action in ACTIONS if action in button)
    return next(iter(value.values()), "") if isinstance(value, dict) else value


def _unreadable(words: str) -> Refused:
    return bad(f"can't parse inline keyboard button: {words}")
