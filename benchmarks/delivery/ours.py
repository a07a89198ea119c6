"""Afterword itself, measured whole: intake, door, store, outbox, messenger, python-telegram-bot's request seam."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.fernet import Fernet
from telegram.request import BaseRequest

from benchmarks.delivery.people import FIRST, OPTIONS, Json, Screens, Script, command, tap
from bot.app.content import DEFAULT_FLOW, open_library
from bot.app.reload import settle_garbage
from bot.core.chat.person import Key, Person, TurnResult
from bot.runtime.outbox_worker import OutboxWorker
from bot.runtime.rate_limits import FloodGuard, RateLimits
from bot.runtime.update_handler import UpdateHandler
from bot.storage.database import Database
from bot.storage.encryption import Cipher
from bot.storage.migrate import upgrade
from bot.telegram.client import ApiBot
from bot.telegram.dispatcher import Dispatcher
from bot.telegram.private_chat import PrivateChat
from bot.telegram.sender import METHODS, TelegramMessenger
from bot.telegram.updates import read
from tests.support.application import Talks

TOKEN = "123456789:" + "A" * 35
BOT = 7
NOW = datetime(2026, 11, 26, 11, tzinfo=UTC)
TALKING = PrivateChat(open_library(None), DEFAULT_FLOW)


class Standing:
    """A clock that stands, so that every run asks the same questions."""

    def now(self) -> datetime:
        return NOW


class Unpaced(RateLimits):
    """Telegram's own limits are not what is measured."""

    def room(self, now: float) -> int:
        del now
        return 10**6

    def wait(self, chat: int, edit: bool, now: float) -> float:
        del chat, edit, now
        return 0.0

    def take(self, chat: int, edit: bool, now: float) -> None:
        del chat, edit, now


def script() -> Script:
    """Return what the conversation leads to, step by step: the peers have to make the same calls."""
    screens, person, steps = Screens(), None, []
    for step in range(len(OPTIONS) + 1):
        update = tap(step, FIRST, *screens.tapped(FIRST, OPTIONS[step - 1])) if step else command(step, FIRST)
        turned = _turned(update, person)
        steps.append([(METHODS[call.kind], dict(call.values)) for call in turned.calls])
        person = turned.person
        for method, values in steps[-1]:
            screens.call(method, {"chat_id": FIRST, **values})
    return steps


def _turned(update: Json, person: Person | None) -> TurnResult:
    incoming = read({"id": BOT}, update).incoming
    assert incoming is not None
    return TALKING.respond(incoming, person, NOW)


@dataclass
class Ours:
    """The running parts."""

    store: Database
    intake: Dispatcher
    outbox: OutboxWorker

    async def idle(self) -> None:
        """Wait until nothing is left to be sent or marked."""
        while (await self.store.depth()).waiting:
            await asyncio.sleep(0.002)

    async def assert_kept(self, people: int, first: int = FIRST) -> None:
        """Assert that every answer of every person is in the database, and nothing was put aside."""
        await self.idle()
        depth = await self.store.depth()
        assert depth.parked == 0, depth
        told: list[int] = []

        def look(person: Person | None) -> TurnResult:
            assert person is not None
            told.append(len(person.cases[person.current].answers))
            return TurnResult(person)

        for who in range(first, first + people):
            await self.store.turn(10**9 + who, Key(BOT, who, 0, who), look, NOW)
        assert told == [len(OPTIONS)] * people, told


@asynccontextmanager
async def running(url: str, request: BaseRequest, base: str = "https://api.telegram.org") -> AsyncIterator[Ours]:
    """Start the parts on a database and a line to Telegram, as `bot.app.server` does."""
    upgrade(url)
    store = await Database.open(url, Cipher.of(KEY))
    bot = ApiBot(TOKEN, f"{base}/bot", f"{base}/file/bot", request=request, get_updates_request=request)
    await request.initialize()
    messenger, guard = TelegramMessenger(bot), FloodGuard(rate=10**6, size=10**6)
    clock = Standing()
    outbox = OutboxWorker(store, messenger, clock, guard=guard, pace=Unpaced(), lease=timedelta(seconds=20))
    handler = UpdateHandler(store, clock, Talks(TALKING.respond), guard=guard, sending=outbox)
    intake = Dispatcher(BOT, handler, messenger, lambda update: read({"id": BOT}, update))
    sending = asyncio.create_task(outbox.run())
    before = gc.get_threshold()
    settle_garbage()  # as `bot.app.main` does; the others are spared looking through our content as well
    try:
        yield Ours(store, intake, outbox)
    finally:
        gc.set_threshold(*before)
        outbox.close(1)
        await sending
        await messenger.close()
        await store.close()
        await request.shutdown()


KEY = Fernet.generate_key().decode()


def file_url(folder: Path) -> str:
    """Return the URL of a new SQLite file."""
    return f"sqlite:///{folder / 'bench.sqlite3'}"
