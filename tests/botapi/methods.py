"""Messages and taps: what the bot's calls do to the world.

What must live here: the methods that send, edit, delete and answer. What must not: reading parameters (`checks`), the
profile and the members (`profile`), updates and webhooks (`server`).

Each method gets the world, locked, and checked parameters; it returns the result or raises Refused.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.botapi.errors import bad
from tests.botapi.keyboards import reply_markup
from tests.botapi.records import Chat, Document, Json, Message
from tests.botapi.state import World
from tests.botapi.texts import Formatted, caption, message_text

Run = Callable[[World, dict[str, Any]], Any]

TOAST: Final = 200  # characters
DELETABLE_SECONDS: Final = 48 * 3600
LARGEST_FILE: Final = 50 * 1024 * 1024
LARGEST_PHOTO: Final = 10 * 1024 * 1024
PHOTO_SIDES: Final = 10_000  # pixels, both sides together
PHOTO_RATIO: Final = 20
PNG: Final = b"\x89PNG\r\n\x1a\n"
LARGEST_DOWNLOAD: Final = 20 * 1024 * 1024
NOT_MODIFIED: Final = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
TOO_OLD: Final = "query is too old and response timeout expired or query ID is invalid"
ACTIONS: Final = frozenset((
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
    "choose_sticker", "find_location", "record_video_note", "upload_video_note",
))  # fmt: skip


@dataclass
class Upload:
    """A file as it came in with a request."""

    name: str
    mime_type: str
    content: bytes


def send_message(world: World, given: dict[str, Any]) -> Json:
    """Send a text."""
    chat = world.writable_chat(given["chat_id"])
    return _send(world, chat, given, message_text(given))


def send_document(world: World, given: dict[str, Any]) -> Json:
    """Send a file, new or known."""
    chat = world.writable_chat(given["chat_id"])
    return _send(world, chat, given, caption(given), document=_document(world, given["document"]))


def send_photo(world: World, given: dict[str, Any]) -> Json:
    """Send a picture: a PNG whose sides are not too long, nor too different."""
    chat = world.writable_chat(given["chat_id"])
    picture = given["photo"]
    if not isinstance(picture, Upload):
        raise bad("there is no photo in the request")
    if len(picture.content) > LARGEST_PHOTO:
        raise bad("file is too big")
    if not picture.content.startswith(PNG):
        raise bad("IMAGE_PROCESS_FAILED")
    width, height = struct.unpack(">II", picture.content[16:24])
    if width + height > PHOTO_SIDES or max(width, height) > PHOTO_RATIO * min(width, height):
        raise bad("PHOTO_INVALID_DIMENSIONS")
    document = Document(f"file-{len(world.documents) + 1}", picture.name, "image/png", picture.content)
    world.documents[document.file_id] = document
    size = {"file_id": document.file_id, "file_unique_id": f"unique-{document.file_id}", "width": width}
    return _send(world, chat, given, caption(given), content={"photo": [{**size, "height": height}]})


def _send(world: World, chat: Chat, given: dict[str, Any], formatted: Formatted, **parts: Any) -> Json:
    markup = reply_markup(given.get("reply_markup"), chat.type)
    thread_id = world.thread(chat, given.get("message_thread_id"))
    reply_to = _replied(world, chat, given.get("reply_parameters"))
    if "message_effect_id" in given and not chat.private:
        raise bad("EFFECT_ID_INVALID")
    world.admit(chat)
    if reply_to and thread_id is None and chat.type == "supergroup" and not chat.is_forum:
        parts["thread_id"] = reply_to.thread_id or reply_to.id  # the root of the chain, though it is no topic
    message = world.post(
        chat,
        None if chat.type == "channel" else world.bot,
        formatted,
        markup=markup,
        reply_to=reply_to,
        from_bot=True,
        silent=given.get("disable_notification", False),
        **{"thread_id": thread_id, "in_topic": thread_id is not None, **parts},
    )
    chat.bot_wrote_last = True
    return message.as_json()


def _replied(world: World, chat: Chat, reply: Any) -> Message | None:
    if reply is None:
        return None
    known = {"message_id", "chat_id", "allow_sending_without_reply", "quote", "quote_parse_mode", "quote_position"}
    if not isinstance(reply, dict) or not isinstance(reply.get("message_id"), int) or set(reply) - known:
        raise bad("can't parse reply parameters")
    where = chat if reply.get("chat_id", chat.id) == chat.id else world.readable_chat(reply["chat_id"])
    message = where.find(reply["message_id"])
    if message is None and not reply.get("allow_sending_without_reply"):
        raise bad("message to be replied not found")
    return message


def _document(world: World, value: Any) -> Document:
    if isinstance(value, str):
        if value not in world.documents:
            raise bad("wrong file identifier/HTTP URL specified")
        return world.documents[value]
    if not isinstance(value, Upload):
        raise bad("there is no document in the request")
    if not value.content:
        raise bad("file must be non-empty")
    document = Document(f"file-{len(world.documents) + 1}", value.name, value.mime_type, value.content)
    return world.documents.setdefault(document.file_id, document)


def get_file(world: World, given: dict[str, Any]) -> Json:
    """Return where a file can be fetched."""
    document = world.documents.get(given["file_id"])
    if document is None:
        raise bad("wrong file_id or the file is temporarily unavailable")
    if len(document.content) > LARGEST_DOWNLOAD:
        raise bad("file is too big")
    named = {name: value for name, value in document.as_json().items() if name not in ("file_name", "mime_type")}
    return {**named, "file_path": f"documents/{document.file_id}"}


def send_chat_action(world: World, given: dict[str, Any]) -> bool:
    """Show that the bot is typing or the like; unlike messages it may name the General topic as 1."""
    chat = world.writable_chat(given["chat_id"])
    if given["action"] not in ACTIONS:
        raise bad("wrong parameter action in request")
    if given.get("message_thread_id") != 1:
        world.thread(chat, given.get("message_thread_id"))
    chat.actions.append(given["action"])
    world.touched()
    return True


def edit_message_text(world: World, given: dict[str, Any]) -> Json:
    """Replace a text; without `reply_markup` the keyboard goes."""
    message = _own(world, given)
    formatted = message_text(given)
    if message.document:
        raise bad("there is no text in the message to edit")
    return _edit(world, message, formatted, given)


def edit_message_reply_markup(world: World, given: dict[str, Any]) -> Json:
    """Replace the keyboard only."""
    message = _own(world, given)
    return _edit(world, message, Formatted(message.text, message.entities), given)


def _own(world: World, given: dict[str, Any]) -> Message:
    chat = world.writable_chat(given["chat_id"])
    message = chat.find(given["message_id"])
    if message is None:
        raise bad("message to edit not found")
    if not message.from_bot or (message.markup and "inline_keyboard" not in message.markup):
        raise bad("message can't be edited")
    return message


def _edit(world: World, message: Message, formatted: Formatted, given: dict[str, Any]) -> Json:
    markup = reply_markup(given.get("reply_markup"), message.chat.type, inline_only=True)
    if message.same(formatted, markup):
        raise bad(NOT_MODIFIED)
    world.edit(message, formatted, markup)
    return message.as_json()


def delete_message(world: World, given: dict[str, Any]) -> bool:
    """Delete a message: the bot's own within 48 hours, others in private chats or as an administrator."""
    chat = world.readable_chat(given["chat_id"])
    message = chat.find(given["message_id"])
    if message is None:
        raise bad("message to delete not found")
    if chat.bot_status != "administrator":
        young = world.now() - message.date < DELETABLE_SECONDS
        if not young or not (message.from_bot or chat.private):
            raise bad("message can't be deleted for everyone")
    world.delete(message)
    return True


def answer_callback_query(world: World, given: dict[str, Any]) -> bool:
    """End the spinner of a pressed button, with a toast or an alert."""
    if len(given.get("text", "")) > TOAST:
        raise bad("MESSAGE_TOO_LONG")
    url = given.get("url", "")
    if url and not re.match(rf"(https?://)?t\.me/{world.bot['username']}\?start=", url):
        raise bad("URL_INVALID")
    tap = world.taps.get(given["callback_query_id"])
    if tap is None or tap.answered or world.now() - tap.at > world.query_seconds:
        raise bad(TOO_OLD)
    tap.answered, tap.toast, tap.alert, tap.url = True, given.get("text", ""), given.get("show_alert", False), url
    world.touched()
    return True


METHODS: Final[Mapping[str, Run]] = {
    "sendMessage": send_message,
    "sendDocument": send_document,
    "sendPhoto": send_photo,
    "getFile": get_file,
    "sendChatAction": send_chat_action,
    "editMessageText": edit_message_text,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "answerCallbackQuery": answer_callback_query,
}
