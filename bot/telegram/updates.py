"""What a person did, read from an update of Telegram's as an event of the dialogue. Pure.

What means nothing to us is read as nothing, never as an error; who speaks where is the `Key`, and
only private chats hold a conversation; what concerns cohorts is read in `groups`.
Facts about updates: core.telegram.org/bots/api, Update.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.core.chat.commands import CommandGiven, Entry, LocationShared, ThumbUp, UnsupportedMessage
from bot.core.chat.person import Key, PreviewTapped
from bot.core.chat.time_zones import nearest
from bot.core.coaching.cohort import ButtonPressed, Replied
from bot.core.coaching.content_version import FileUploaded
from bot.core.dialogue.session import Picked, RepliedMessage, Said
from bot.runtime.ports import IncomingUpdate
from bot.telegram import group_updates
from bot.telegram.dispatcher import ChatNews, ParsedUpdate
from bot.telegram.inline_query import read_search

Json = Mapping[str, Any]
Heard = Entry | ButtonPressed | FileUploaded | PreviewTapped | Replied
"""What is done in a private chat."""

STRANGE = {
    "photo": "photo", "video": "photo", "animation": "photo", "sticker": "sticker", "voice": "voice",
    "video_note": "voice", "audio": "voice",
}  # fmt: skip
"""Kinds of message that are no text, each with the key of what is said to it; any other kind is `other`."""
THUMBS = frozenset({"👍", "👌"})
"""Reactions that mean "done" (core.telegram.org/bots/api, ReactionTypeEmoji)."""
SILENT = frozenset({
    "new_chat_members", "left_chat_member", "new_chat_title", "new_chat_photo", "delete_chat_photo", "pinned_message",
    "message_auto_delete_timer_changed", "migrate_to_chat_id", "migrate_from_chat_id", "write_access_allowed",
})  # fmt: skip
"""Service messages: nobody said anything."""


def read(me: Json, update: dict[str, Any]) -> ParsedUpdate:
    """Return what an update means to the bot `me` (its own user); an empty one deserves rightful silence."""
    if isinstance(query := update.get("callback_query"), Mapping):
        return _tap(me, update, query)
    if isinstance(query := update.get("inline_query"), Mapping):
        return ParsedUpdate(search=read_search(query))
    if isinstance(member := update.get("my_chat_member"), Mapping):
        shared = _in_group(member) or member.get("chat", {}).get("type") == group_updates.CHANNEL
        return group_updates.stood(me, update, member) if shared else _standing(member)
    if isinstance(poll := update.get("poll"), Mapping):
        return group_updates.polled(me, update, poll)
    if isinstance(reaction := update.get("message_reaction"), Mapping):
        return _reaction(me, update, reaction)
    for kind in ("message", "edited_message"):
        if isinstance(message := update.get(kind), Mapping):
            if _in_group(message):
                return group_updates.said(me, update, message) if kind == "message" else ParsedUpdate()
            return _message(me, update, message, edited=kind == "edited_message")
    return ParsedUpdate()


def _in_group(part: Json) -> bool:
    return part.get("chat", {}).get("type") in group_updates.GROUPS


def _incoming(me: Json, update: dict[str, Any], entry: Heard, message: Json, person: Json) -> IncomingUpdate | None:
    chat = message.get("chat", {})
    if person.get("is_bot", True) or "sender_chat" in message:
        return None  # no person: another bot, an anonymous admin, a channel
    if chat.get("id") != person.get("id"):
        return None  # only a private chat has the number of its person: no group, no channel, not Telegram's own 777000
    topic = message.get("message_thread_id", 0) if message.get("is_topic_message") else 0
    extra: dict[str, Any] = {"language": str(person.get("language_code", ""))}
    shared = group_updates.concerns_cohorts(entry)
    if shared or isinstance(entry, Said):
        extra |= {"name": str(person.get("first_name", "")), "bot": str(me.get("username", "")), "message": 0}
    if isinstance(entry, Picked | ButtonPressed | PreviewTapped):
        extra["message"] = message.get("message_id", 0)
    return IncomingUpdate(
        update["update_id"], Key(me["id"], chat["id"], topic, person["id"]), entry, extra, update, shared
    )


def _message(me: Json, update: dict[str, Any], message: Json, *, edited: bool) -> ParsedUpdate:
    if SILENT & message.keys() or (edited and "text" not in message):
        return ParsedUpdate()  # a location that moves on is edited again and again
    entry = UnsupportedMessage("edited") if edited else _entry(message)
    if isinstance(entry, LocationShared):  # whatever becomes of the update, nobody keeps where somebody was
        message = {part: value for part, value in message.items() if part not in ("location", "venue")}
        update = {**update, "message": message}
    album = message.get("media_group_id") if not isinstance(entry, FileUploaded) else None  # each is another file
    together = None if album is None else (message.get("chat", {}).get("id"), album)
    return ParsedUpdate(_incoming(me, update, entry, message, message.get("from", {})), album=together)


def _entry(message: Json) -> Heard:
    text = message.get("text")
    spot = message.get("location")
    if not isinstance(text, str) and isinstance(spot, Mapping) and {"latitude", "longitude"} <= spot.keys():
        return LocationShared(nearest(float(spot["latitude"]), float(spot["longitude"])))
    if isinstance(paper := message.get("document"), Mapping) and "file_id" in paper and "animation" not in message:
        name, size = str(paper.get("file_name", "")), int(paper.get("file_size", 0))
        return FileUploaded(str(paper["file_id"]), name, size, str(message.get("caption", "")))
    if not isinstance(text, str):
        return UnsupportedMessage(next((what for part, what in STRANGE.items() if part in message), "other"))
    first: Json = next(iter(message.get("entities", ())), {})
    if first.get("type") != "bot_command" or first.get("offset") != 0:
        above = _replied(message)
        return Replied(text, int(message["reply_to_message"]["message_id"]), above) if above else Said(text)
    end = int(first["length"])  # a command is ASCII, so its UTF-16 units are its characters
    return CommandGiven(text[1:end].partition("@")[0].lower(), text[end:].strip())


def _replied(message: Json) -> RepliedMessage | None:
    """Return the message of ours that is replied to, if any."""
    to = message.get("reply_to_message")
    if not isinstance(to, Mapping) or not to.get("from", {}).get("is_bot"):
        return None
    rows = to.get("reply_markup", {}).get("inline_keyboard", ())
    buttons = [button for row in rows for button in row if "callback_data" in button]
    taps = tuple((str(button["text"]), picked(str(button["callback_data"]))) for button in buttons)
    return RepliedMessage(str(to.get("text", "")), taps)


def _reaction(me: Json, update: dict[str, Any], reaction: Json) -> ParsedUpdate:
    """Read a reaction that came to a message; one that was taken away undoes nothing."""
    ours, old = ({r.get("emoji") for r in reaction.get(f"{which}_reaction", ())} for which in ("new", "old"))
    if not THUMBS & ours - old:
        return ParsedUpdate()
    entry = ThumbUp(int(reaction.get("message_id", 0)))
    return ParsedUpdate(_incoming(me, update, entry, reaction, reaction.get("user", {})))


def _tap(me: Json, update: dict[str, Any], query: Json) -> ParsedUpdate:
    message = query.get("message", {})
    if _in_group(message):
        return group_updates.tapped(me, update, query)
    if str(query.get("data", "")).startswith(group_updates.BUTTON):
        incoming = _incoming(me, update, group_updates.pressed(str(query["data"])), message, query.get("from", {}))
        return ParsedUpdate(incoming, query=str(query["id"]))
    data = str(query.get("data", ""))
    entry = (
        PreviewTapped(data.removeprefix(group_updates.PLAYED))
        if data.startswith(group_updates.PLAYED)
        else picked(data)
    )
    incoming = _incoming(me, update, entry, message, query.get("from", {}))
    return ParsedUpdate(incoming, query=str(query["id"]))


def picked(data: str) -> Picked:
    """Return the tap on a button that holds `data`: its turn, what it is about where that is known, and the option."""
    turn, colon, rest = data.partition(":")
    about, _, option = rest.rpartition(":")
    known = colon and turn.isascii() and turn.isdecimal() and len(turn) < 12
    return Picked(option, int(turn), about) if known else Picked("", -1)


def _standing(member: Json) -> ParsedUpdate:
    chat = member.get("chat", {})
    if chat.get("type") != "private":
        return ParsedUpdate()
    if member.get("new_chat_member", {}).get("status") in ("kicked", "left"):
        return ParsedUpdate(news=ChatNews(chat["id"], "left", reason="the person blocked the bot"))
    return ParsedUpdate(news=ChatNews(chat["id"], "back"))
