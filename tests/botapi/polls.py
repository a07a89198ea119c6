"""Polls: what is sent, voted and closed.

What must live here: the two methods of polls, and what a vote does. What must not: who may write where (`state`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tests.botapi.errors import bad
from tests.botapi.keyboards import reply_markup
from tests.botapi.methods import Run
from tests.botapi.records import Json, Message, Poll
from tests.botapi.state import World
from tests.botapi.texts import Formatted

QUESTION: Final = 300  # characters
OPTION: Final = 100
MOST_OPTIONS: Final = 12


def send_poll(world: World, given: dict[str, Any]) -> Json:
    """Send a poll."""
    chat = world.writable_chat(given["chat_id"])
    if not chat.polls_allowed and chat.bot_status != "administrator":
        raise bad("not enough rights to send polls to the chat")
    question, options = given["question"].strip(), [_option(option) for option in given["options"]]
    if not question:
        raise bad("poll question must be non-empty")
    if len(question) > QUESTION:
        raise bad(f"poll question length must not exceed {QUESTION}")
    if not 1 <= len(options) <= MOST_OPTIONS:
        raise bad(
            f"poll can't have more than {MOST_OPTIONS} options" if options else "poll must have at least 1 option"
        )
    if chat.type == "channel" and not given.get("is_anonymous", True):
        raise bad("non-anonymous polls can't be sent to channel chats")
    markup = reply_markup(given.get("reply_markup"), chat.type)
    thread_id = world.thread(chat, given.get("message_thread_id"))
    world.admit(chat)
    poll = Poll(str(world.dice.getrandbits(62)), question, options, given.get("is_anonymous", True))
    parts = {"markup": markup, "from_bot": True, "thread_id": thread_id, "in_topic": thread_id is not None}
    sender = None if chat.type == "channel" else world.bot
    message = world.post(chat, sender, Formatted(question), poll=poll, **parts)
    chat.bot_wrote_last = True
    return message.as_json()


def _option(option: Any) -> str:
    if not isinstance(option, dict) or set(option) - {"text", "text_parse_mode", "text_entities"}:
        raise bad("can't parse poll options JSON object")
    text = str(option.get("text", "")).strip()
    if not text:
        raise bad("poll options must be non-empty")
    if len(text) > OPTION:
        raise bad(f"poll options length must not exceed {OPTION}")
    return text


def stop_poll(world: World, given: dict[str, Any]) -> Json:
    """Close a poll of the bot's; its keyboard is replaced, and how it came out is told once more as an update."""
    chat = world.writable_chat(given["chat_id"])
    message = chat.find(given["message_id"])
    if message is None:
        raise bad("message with poll to stop not found")
    if message.poll is None:
        raise bad("message is not a poll")
    if message.poll.closed:
        raise bad("poll has already been closed")
    if not message.from_bot:
        raise bad("poll can't be stopped")
    message.poll.closed = True
    markup = reply_markup(given.get("reply_markup"), chat.type, inline_only=True)
    world.edit(message, Formatted(message.text, message.entities), markup)
    told(world, message)
    return message.poll.as_json()


def told(world: World, message: Message) -> None:
    """Tell the bot how its poll stands."""
    assert message.poll is not None
    if message.from_bot:
        world.push("poll", message.poll.as_json(), f"poll {message.poll.id}")


METHODS: Final[Mapping[str, Run]] = {"sendPoll": send_poll, "stopPoll": stop_poll}
