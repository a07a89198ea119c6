"""Parameters: which ones a method takes, which it needs, and how their values are read.

What must live here: the table of methods and the reading of single values, from JSON, forms and multipart alike.
What must not: whether a chat, message or file exists; the methods know that.

Stricter than the real server on purpose: it ignores unknown parameters and reads a broken number as 0; here both are
refused, because a bot that sends them means something that does not happen.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.botapi.errors import Refused, bad

Read = Callable[[str, Any], Any]


def integer(name: str, value: Any) -> int:
    """Read a whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.removeprefix("-").isdecimal():
        return int(value)
    raise bad(f"parameter {name} must be an Integer")


def boolean(name: str, value: Any) -> bool:
    """Read a truth value."""
    known = {True: True, False: False, "true": True, "false": False, "True": True, "False": False}
    if isinstance(value, (bool, str)) and value in known:
        return known[value]
    raise bad(f"parameter {name} must be a Boolean")


def string(name: str, value: Any) -> str:
    """Read a text; texts with half a surrogate pair are no UTF-8."""
    if not isinstance(value, str):
        raise bad(f"parameter {name} must be a String")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise bad("strings must be encoded in UTF-8") from None
    return value


def chat(name: str, value: Any) -> int | str:
    """Read the id of a chat, or the @name of a public one."""
    if isinstance(value, str) and value.startswith("@"):
        return value
    try:
        return integer(name, value)
    except Refused:
        raise bad("chat not found") from None


def nested(name: str, value: Any) -> Any:
    """Read a value that forms carry as JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise bad(f"can't parse {name} JSON object") from None
    return _utf8(value)


def array(name: str, value: Any) -> list[Any]:
    """Read a list that forms carry as JSON."""
    items = nested(name, value)
    if not isinstance(items, list):
        raise bad(f"can't parse {name}: expected an Array")
    return items


def file(name: str, value: Any) -> Any:
    """Leave a file, or the text that stands for one, to the method."""
    return value if not isinstance(value, str) else string(name, value)


def _utf8(value: Any) -> Any:
    """Check every text inside a nested value."""
    if isinstance(value, str):
        string("", value)
    elif isinstance(value, list):
        for item in value:
            _utf8(item)
    elif isinstance(value, dict):
        _utf8([*value.keys(), *value.values()])
    return value


@dataclass(frozen=True)
class Method:
    """The parameters of one method, by name; `needed` in the order in which their absence is reported."""

    parameters: Mapping[str, Read]
    needed: tuple[str, ...] = ()


TARGET: Final = {"chat_id": chat, "message_thread_id": integer}
LOOK: Final = {"reply_markup": nested}
SENDING: Final = {
    **TARGET, **LOOK, "disable_notification": boolean, "protect_content": boolean, "reply_parameters": nested,
    "allow_paid_broadcast": boolean, "message_effect_id": string,
}  # fmt: skip
TEXT: Final = {"text": string, "parse_mode": string, "entities": array, "link_preview_options": nested}
MESSAGE: Final = {"chat_id": chat, "message_id": integer}
SCOPE: Final = {"scope": nested, "language_code": string}
LANGUAGE: Final = {"language_code": string}

METHODS: Final[Mapping[str, Method]] = {
    "getMe": Method({}),
    "getUpdates": Method({"offset": integer, "limit": integer, "timeout": integer, "allowed_updates": array}),
    "setWebhook": Method(
        {
            "url": string,
            "max_connections": integer,
            "allowed_updates": array,
            "drop_pending_updates": boolean,
            "secret_token": string,
        }
    ),
    "deleteWebhook": Method({"drop_pending_updates": boolean}),
    "getWebhookInfo": Method({}),
    "sendMessage": Method({**SENDING, **TEXT}, ("chat_id", "text")),
    "sendDocument": Method(
        {
            **SENDING,
            "document": file,
            "caption": string,
            "parse_mode": string,
            "caption_entities": array,
            "disable_content_type_detection": boolean,
        },
        ("chat_id", "document"),
    ),
    "sendPhoto": Method(
        {**SENDING, "photo": file, "caption": string, "parse_mode": string, "caption_entities": array},
        ("chat_id", "photo"),
    ),
    "sendPoll": Method(
        {**SENDING, "question": string, "question_parse_mode": string, "options": array, "is_anonymous": boolean},
        ("chat_id", "question", "options"),
    ),
    "stopPoll": Method({**MESSAGE, **LOOK}, ("chat_id", "message_id")),
    "getFile": Method({"file_id": string}, ("file_id",)),
    "sendChatAction": Method({**TARGET, "action": string}, ("chat_id", "action")),
    "editMessageText": Method({**MESSAGE, **TEXT, **LOOK}, ("chat_id", "message_id", "text")),
    "editMessageReplyMarkup": Method({**MESSAGE, **LOOK}, ("chat_id", "message_id")),
    "deleteMessage": Method(MESSAGE, ("chat_id", "message_id")),
    "answerCallbackQuery": Method(
        {"callback_query_id": string, "text": string, "show_alert": boolean, "url": string, "cache_time": integer},
        ("callback_query_id",),
    ),
    "answerInlineQuery": Method(
        {
            "inline_query_id": string,
            "results": array,
            "cache_time": integer,
            "is_personal": boolean,
            "next_offset": string,
            "button": nested,
        },
        ("inline_query_id",),
    ),
    "getChat": Method({"chat_id": chat}, ("chat_id",)),
    "getChatMember": Method({"chat_id": chat, "user_id": integer}, ("chat_id", "user_id")),
    "getChatAdministrators": Method({"chat_id": chat, "return_bots": boolean}, ("chat_id",)),
    "setMyCommands": Method({**SCOPE, "commands": array}, ("commands",)),
    "getMyCommands": Method(SCOPE),
    "deleteMyCommands": Method(SCOPE),
    "setMyName": Method({**LANGUAGE, "name": string}),
    "getMyName": Method(LANGUAGE),
    "setMyDescription": Method({**LANGUAGE, "description": string}),
    "getMyDescription": Method(LANGUAGE),
    "setMyShortDescription": Method({**LANGUAGE, "short_description": string}),
    "getMyShortDescription": Method(LANGUAGE),
}
BY_LOWER_CASE: Final = {name.lower(): name for name in METHODS}
MISSING: Final = {
    "chat_id": "chat_id is empty",
    "text": "message text is empty",
    "message_id": "message identifier is not specified",
    "photo": "there is no photo in the request",
    "document": "there is no document in the request",
    "question": "poll question must be non-empty",
    "options": "can't parse poll options JSON object",
    "file_id": "invalid file_id",
    "action": "wrong parameter action in request",
    "callback_query_id": "query is too old and response timeout expired or query ID is invalid",
    "inline_query_id": "query is too old and response timeout expired or query ID is invalid",
    "user_id": "invalid user_id specified",
    "commands": "can't parse commands JSON object",
}


def known_method(name: str) -> str:
    """Return the method as the documentation spells it; raises Refused when there is none."""
    if name.lower() not in BY_LOWER_CASE:
        raise Refused(404, "method not found")
    return BY_LOWER_CASE[name.lower()]


def checked(method: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters as values; raises Refused for an unknown, missing or unreadable one."""
    spec = METHODS[method]
    unknown = sorted(set(raw) - set(spec.parameters))
    if unknown:
        raise bad(f"unknown parameter {unknown[0]}")
    for name in spec.needed:
        if raw.get(name) in (None, ""):
            raise bad(MISSING[name])
    return {name: spec.parameters[name](name, value) for name, value in raw.items() if value is not None}
