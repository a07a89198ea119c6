"""Makes calls to Telegram, and says what became of each.

Whatever goes wrong is an `Outcome`. Which error means what follows the Bot API server's own texts
(github.com/tdlib/telegram-bot-api, Client.cpp); an error that nobody knows parks the call rather than repeating it.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import structlog
from telegram import InputFile
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, NetworkError, TelegramError

from bot.core.chat.person import Call, CallKind, Key
from bot.runtime.child_environment import child_environment
from bot.runtime.ports import ChatMoved, Delivered, Outcome, RetryLater, Undeliverable
from bot.telegram.client import ApiBot, Cut, Flooded, NotBotApi, NotWritten

METHODS: Final[Mapping[CallKind, str]] = {
    "message": "sendMessage",
    "edit": "editMessageText",
    "edit_buttons": "editMessageReplyMarkup",
    "document": "sendDocument",
    "photo": "sendPhoto",
    "poll": "sendPoll",
    "close_poll": "stopPoll",
}
"""The Bot API's method for each kind of call."""
ACK_SECONDS: Final = 5.0
"""A tap's spinner ends after some 15 seconds by itself, so a late answer is worth nothing."""
TOKEN_PAUSE: Final = 30.0
"""Seconds until a call is made again that met a refused token: the operator must act first."""
TOAST: Final = 200
"""Characters in the answer to a tap, after which Telegram refuses it."""
SAME: Final = "message is not modified"
CLOSED: Final = ("poll has already been closed", "message with poll to stop not found")
GONE: Final = ("message to edit not found", "MESSAGE_ID_INVALID", "message to be edited not found")
FIXED: Final = ("message can't be edited", "there is no text in the message to edit", "message is not editable")
LOST_CHAT: Final = ("chat not found", "PEER_ID_INVALID", "user not found", "group chat was deactivated")
TOO_LARGE: Final = "Request Entity Too Large"

log = structlog.get_logger("afterword.messenger")


class TelegramMessenger:
    """Makes calls by a bot; `count` hears of each answer to a tap whether it arrived."""

    def __init__(self, bot: ApiBot, count: Callable[[bool], None] = lambda _arrived: None) -> None:
        self._bot, self._count = bot, count
        self._answers: set[asyncio.Task[None]] = set()

    async def make(self, key: Key, call: Call) -> Outcome:
        """Make one call; whatever goes wrong is an `Outcome`, never an exception."""
        outcome = await self._made(METHODS[call.kind], key, call.values)
        if outcome is not None:
            return outcome
        if not call.panel:
            return Delivered(None)  # what was to be closed is gone or fixed; buttons left on it are refused anyway
        anew = {name: value for name, value in call.values.items() if name != "message_id"}
        return await self._made("sendMessage", key, anew) or Undeliverable("it can neither be edited nor sent")

    def acknowledge(self, query: str, text: str | None = None) -> None:
        """End the spinner of a tapped button, with a toast if there is `text`; best effort, and nobody waits for it."""
        values: dict[str, Any] = {"callback_query_id": query}
        if text:
            values |= {"text": text[:TOAST]}
        self._meanwhile(self._acknowledge(values))

    def found(self, values: Mapping[str, Any]) -> None:
        """Answer a search; best effort, as whoever types on searches anew, and nobody waits for it."""
        self._meanwhile(self._answer(values))

    def _meanwhile(self, answering: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(answering)
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _answer(self, values: Mapping[str, Any]) -> None:
        try:
            await self._bot.call("answerInlineQuery", values, read=ACK_SECONDS)
        except TelegramError as error:
            log.debug("a search was not answered", error=type(error).__name__)

    async def close(self, within: float = 2.0) -> None:
        """Wait for answers to taps that are on their way, so many seconds at most."""
        if self._answers:
            _, late = await asyncio.wait(self._answers, timeout=within)
            for task in late:
                task.cancel()

    async def _acknowledge(self, values: dict[str, Any]) -> None:
        try:
            await self._bot.call("answerCallbackQuery", values, read=ACK_SECONDS)
        except TelegramError as error:
            # Too old, answered already, or the line broke: the spinner has ended or will by itself.
            log.debug("a tap was not answered", error=type(error).__name__)
            self._count(False)
        else:
            self._count(True)

    async def _made(self, method: str, key: Key, values: Mapping[str, Any]) -> Outcome | None:
        """Make a call; None when it is an edit that cannot be done."""
        try:
            given = addressed(method, key, values)
            if isinstance(photo := given.get("photo"), Mapping):
                # Drawn only now, and apart: the outbox holds what it shows, and nobody waits for the drawing.
                given["photo"] = InputFile(await drawn_apart(photo["groups"]), filename="counts.png")
            result = await self._bot.call(method, given)
        except TelegramError as error:
            return outcome_of(method, values, error)
        return Delivered(result.get("message_id") if isinstance(result, dict) else values.get("message_id"))


async def drawn_apart(groups: Sequence[Any]) -> bytes:
    """Return the picture that `bot.telegram.chart` draws, in a process of its own: it is seldom, and takes memory.

    Raises RuntimeError when it cannot be drawn.
    """
    drawing = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "bot.telegram.chart",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=child_environment(),
    )  # fmt: skip
    try:
        picture, _ = await drawing.communicate(json.dumps(groups).encode())
    finally:
        if drawing.returncode is None:
            drawing.kill()
    if drawing.returncode:
        raise RuntimeError(f"a picture cannot be drawn: status {drawing.returncode}")
    return picture


def addressed(method: str, key: Key, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a call's parameters with its chat, its topic where there is one, and a document made of its text.

    A document's JSON form is {"name": file name, "text": content}; a string is the id of a file that Telegram has.
    """
    given = {"chat_id": key.chat, **values}
    if key.topic and method.startswith("send"):
        given["message_thread_id"] = key.topic
    document = given.get("document")
    if isinstance(document, Mapping):
        # As bytes: python-telegram-bot would take a path in a string for a file of this machine.
        given["document"] = InputFile(str(document["text"]).encode(), filename=str(document["name"]))
    return given


def outcome_of(method: str, values: Mapping[str, Any], error: TelegramError) -> Outcome | None:
    """Return what an error means for the call; None: an edit that cannot be done."""
    edit = method.startswith("edit")
    match error:
        case Flooded():
            return RetryLater(after=error.seconds, whole_chat=True)
        case ChatMigrated():
            return ChatMoved(error.new_chat_id)
        case Forbidden():
            return Undeliverable(_plain(error), whole_chat=True)
        case BadRequest():
            return _refused(edit, values, error)
        case InvalidToken() | Conflict():
            return RetryLater(after=TOKEN_PAUSE)
        case NotWritten():
            return RetryLater(after=0.0)
        case Cut():
            return RetryLater(after=0.0, ambiguous=not edit)  # the same edit twice is one
        case NotBotApi(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE):
            return Undeliverable("it is too large (413)")
        case NetworkError():
            return (
                Undeliverable(_plain(error)) if TOO_LARGE in error.message else RetryLater(after=1.0)
            )  # 413, else a 5xx
        case _:
            return RetryLater(after=1.0, ambiguous=not edit)  # an answer that cannot be read


def _refused(edit: bool, values: Mapping[str, Any], error: BadRequest) -> Outcome | None:
    text = error.message.lower()
    if SAME in text or any(part in text for part in CLOSED):
        return Delivered(values.get("message_id"))
    if edit and any(part.lower() in text for part in (*GONE, *FIXED)):
        return None
    return Undeliverable(_plain(error), whole_chat=any(part.lower() in text for part in LOST_CHAT))


def _plain(error: TelegramError) -> str:
    """Return Telegram's words without what it quotes: that may be somebody's."""
    return re.sub(r'"[^"]*"', '"…"', error.message)[:200]
