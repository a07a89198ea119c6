"""The real server in this process, on a little dialogue of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.app.server import serve
from bot.app.settings import Settings
from bot.core.chat.person import Call, Key, Person, TurnResult
from bot.runtime.update_handler import IncomingUpdate
from bot.telegram.dispatcher import ChatNews, ParsedUpdate
from tests.botapi import BotApiServer
from tests.botapi import Person as Human
from tests.support.application import Talks

SECRET = "only-Telegram-knows-this"  # noqa: S105 - opens nothing


def read(me: dict[str, Any], update: dict[str, Any]) -> ParsedUpdate:
    """Read texts, taps and blocks: as little as shows the walk of an update."""
    if query := update.get("callback_query"):
        who = Key(me["id"], query["from"]["id"], 0, query["from"]["id"])
        return ParsedUpdate(IncomingUpdate(update["update_id"], who, query["data"], raw=update), query=query["id"])
    if member := update.get("my_chat_member"):
        kicked = member["new_chat_member"]["status"] == "kicked"
        return ParsedUpdate(news=ChatNews(member["chat"]["id"], "left" if kicked else "back", reason="blocked"))
    who = Key(me["id"], update["message"]["chat"]["id"], 0, update["message"]["from"]["id"])
    return ParsedUpdate(IncomingUpdate(update["update_id"], who, update["message"]["text"], raw=update))


def count(incoming: IncomingUpdate, person: Person | None, now: datetime) -> TurnResult:
    """Say the number of the turn and what was heard."""
    del now
    after = replace(person or Person(), turn=(person or Person()).turn + 1)
    keyboard = {"inline_keyboard": [[{"text": "More", "callback_data": "more"}]]}
    text = {"text": f"{after.turn} {incoming.event}", "reply_markup": keyboard}
    return TurnResult(after, (Call("message", text, panel=True),), toast="heard" if incoming.event == "more" else "")


TALK = Talks(count, read=read)


def given(server: BotApiServer, folder: Path) -> dict[str, str]:
    return {
        "TELEGRAM_BOT_TOKEN": server.token, "TELEGRAM_API_BASE_URL": server.url, "DATA_DIR": str(folder / "data"),
        "PORT": "0",
    }  # fmt: skip


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = asyncio.create_task(serve(settings, TALK, timeout=2, lease=timedelta(seconds=2), stop=stop))
    try:
        yield
    finally:
        stop.set()
        await running


def said(server: BotApiServer, human: Human) -> list[str]:
    # By id: losing its buttons, as a question does that was overtaken, makes a message no newer.
    return [message.text for message in sorted(server.sent(), key=lambda one: one.id) if message.chat.id == human.id]


async def until(predicate: Callable[[], object]) -> None:
    """Wait for something to be true; where it never is, pytest's time-out says where."""
    while not predicate():
        await asyncio.sleep(0.01)
