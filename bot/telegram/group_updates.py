"""Updates about cohorts: what is said in groups, the bot's own standing there, and the buttons of cohorts. Pure.

In a group the bot hears commands that are meant for it and taps on its own buttons, and nothing else,
whatever Telegram sends it. A sender who is no person keeps the number of whoever hides them, which has no rights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from bot.core.chat.commands import CommandGiven
from bot.core.chat.person import Key
from bot.core.coaching.cohort import NOBODY, NOWHERE, OUTSIDE, ButtonPressed, MembershipChanged, PollResult, Replied
from bot.core.coaching.content_version import FileUploaded
from bot.core.coaching.group_chat import COMMANDS
from bot.runtime.ports import IncomingUpdate
from bot.telegram.dispatcher import ChatNews, ParsedUpdate

Json = Mapping[str, Any]

GROUPS: Final = frozenset({"group", "supergroup"})
CHANNEL: Final = "channel"
NAMED: Final = frozenset({"start", "help"})
"""Commands that every bot has: in a group they are answered only with the bot's name."""
PRIVATE: Final = frozenset({"cohort", "privacy", "export", "faq", "practice", "hand"})
"""Commands in private whose answers know of cohorts."""
PAYLOADS: Final = ("c_", "k_", "cohort", "faq", "hand")
"""How the payload of a deep link begins that concerns cohorts."""
BUTTON: Final = "k:"
"""How the data of a cohort's button begin; a conversation's begin with a turn's number."""
PLAYED: Final = "t:"
"""How the data of a button begin that belongs to what a coach tries out."""
CHANNEL_BOT: Final = 136817688


def concerns_cohorts(entry: object) -> bool:
    """Tell whether something said or tapped in private does."""
    match entry:
        case ButtonPressed() | FileUploaded() | Replied():
            return True
        case CommandGiven("start", argument):
            return argument.startswith(PAYLOADS)
        case CommandGiven(command):
            return command in PRIVATE
        case _:
            return False


def pressed(data: str) -> ButtonPressed:
    """Read the data of a cohort's button."""
    verb, *about = data.removeprefix(BUTTON).split(":")
    return ButtonPressed(verb, tuple(about))


def said(me: Json, update: Json, message: Json) -> ParsedUpdate:
    """Read a message in a group."""
    chat = message["chat"]
    if isinstance(new := message.get("migrate_to_chat_id"), int):
        return ParsedUpdate(news=ChatNews(chat["id"], "moved", new=new))
    asked = _asked(me, message)
    sender = message.get("from", {})
    nobody = "sender_chat" in message or sender.get("id") in NOBODY
    if asked is None or message.get("is_automatic_forward") or (sender.get("is_bot", True) and not nobody):
        return ParsedUpdate()
    person = sender.get("id", CHANNEL_BOT)
    return ParsedUpdate(
        _incoming(me, update, message, person if not nobody or person in NOBODY else CHANNEL_BOT, asked)
    )


def tapped(me: Json, update: Json, query: Json) -> ParsedUpdate:
    """Read a tap in a group."""
    data, sender = str(query.get("data", "")), query.get("from", {})
    incoming = None
    if data.startswith(BUTTON) and not sender.get("is_bot", True):
        poll = query["message"].get("poll")
        entry = replace(pressed(data), polled=_counted(poll) if isinstance(poll, Mapping) else None)
        incoming = _incoming(me, update, query["message"], sender["id"], entry)
    return ParsedUpdate(incoming, query=str(query["id"]))


def polled(me: Json, update: Json, poll: Json) -> ParsedUpdate:
    """Read how a poll came out; one that is still open is left alone."""
    if not poll.get("is_closed"):
        return ParsedUpdate()
    extra = {"bot": str(me.get("username", "")), "reads_all": False, "message": 0}
    key = Key(me["id"], NOWHERE, 0, 0)
    return ParsedUpdate(IncomingUpdate(update["update_id"], key, _counted(poll), extra, dict(update), shared=True))


def _counted(poll: Json) -> PollResult:
    return PollResult(str(poll["id"]), tuple(int(option["voter_count"]) for option in poll["options"]))


def stood(me: Json, update: Json, member: Json) -> ParsedUpdate:
    """Read a change of the bot's own standing in a group or channel."""
    chat, now = member["chat"], member.get("new_chat_member", {})
    before, after = str(member.get("old_chat_member", {}).get("status", "left")), str(now.get("status", "left"))
    out = after in OUTSIDE
    channel = chat["type"] == CHANNEL
    may_write = not out and bool(now.get("can_post_messages" if channel else "can_send_messages", not channel))
    title = str(chat.get("title", "")) if channel else ""
    news = ChatNews(chat["id"], "left", reason="the bot was removed") if out else ChatNews(chat["id"], "back")
    incoming = _incoming(
        me,
        update,
        {"chat": chat},
        member.get("from", {}).get("id", 0),
        MembershipChanged(before, after, may_write, title),
    )
    return ParsedUpdate(incoming, news=news)


def _asked(me: Json, message: Json) -> CommandGiven | None:
    """Return the command of a message if it is meant for this bot."""
    text = message.get("text")
    first: Json = next(iter(message.get("entities", ())), {})
    if not isinstance(text, str) or first.get("type") != "bot_command" or first.get("offset") != 0:
        return None
    end = int(first["length"])
    command, at, name = text[1:end].lower().partition("@")
    meant = name == str(me.get("username", "")).lower() if at else command in COMMANDS
    return CommandGiven(command, text[end:].strip()) if meant and command in {*COMMANDS, *NAMED} else None


def _incoming(me: Json, update: Json, message: Json, person: int, entry: object) -> IncomingUpdate:
    topic = message.get("message_thread_id", 0) if message.get("is_topic_message") else 0
    key = Key(me["id"], message["chat"]["id"], topic, person)
    extra = {
        "bot": str(me.get("username", "")),
        "reads_all": bool(me.get("can_read_all_group_messages", False)),
        "message": message.get("message_id", 0) if isinstance(entry, ButtonPressed) else 0,
    }
    return IncomingUpdate(update["update_id"], key, entry, extra, dict(update), shared=True)
