"""`python -m tests.bench_delivery`: what one durable update costs, beside python-telegram-bot alone, in one run.

64 people tap through the same questions at once. The network is stubbed at the library's request seam, so what is
measured is everything above it: reading the update, the turn, the commit, the outbox, the call. Peers: the library
answering the same calls and keeping nothing; and its ConversationHandler with PicklePersistence flushed per update.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import Application, CallbackQueryHandler, ConversationHandler, PicklePersistence
from telegram.request import BaseRequest

from bot.app import DEFAULT_FLOW, open_library
from bot.logs import configure
from bot.service.clock import SystemClock
from bot.service.conversation import Door
from bot.service.limits import Guard, Pace
from bot.service.workers import Outbox
from bot.store.cipher import Cipher
from bot.store.database import Database
from bot.telegram.intake import Intake
from bot.telegram.messenger import TelegramMessenger
from bot.telegram.request import ApiBot
from bot.telegram.talking import Talking
from bot.telegram.updates import read

TOKEN = "123456789:" + "A" * 35
PEOPLE, ROUNDS = 64, 12
OPTIONS = ["none", "positive", "none", "hiring_manager", "no", "rapport"]
TEXT = "✓ Linked already: No\n<i>Question 2 of at most 8</i>\n<b>How did the interview with this person go for you?</b>"
ROWS = ["Well", "So-so", "Badly", "Not sure", "‹ Back"]


class Stub(BaseRequest):
    """Answers every call at once."""

    read_timeout = 5.0
    answer = json.dumps(
        {"ok": True, "result": {"message_id": 7, "date": 0, "chat": {"id": 1, "type": "private"}, "text": "x"}}
    ).encode()

    async def initialize(self) -> None:
        """Open nothing."""

    async def shutdown(self) -> None:
        """Close nothing."""

    async def do_request(self, url: str, *_: Any, **__: Any) -> tuple[int, bytes]:
        """Return an answer that fits any call."""
        if url.endswith("/getMe"):
            return 200, b'{"ok": true, "result": {"id": 7, "is_bot": true, "first_name": "Bench"}}'
        return 200, b'{"ok": true, "result": true}' if "answerCallback" in url else self.answer


def tap(number: int, who: int, data: str) -> dict[str, Any]:
    person = {"id": who, "is_bot": False, "first_name": "Dana", "language_code": "en"}
    message = {"message_id": 7, "date": 0, "chat": {"id": who, "type": "private"}, "text": "x"}
    query = {"id": str(number), "from": person, "message": message, "chat_instance": "1", "data": data}
    return {"update_id": number, "callback_query": query}


async def everybody(one: Callable[[int, int], Awaitable[None]]) -> float:
    """Let everybody tap through all rounds; return updates per second."""

    async def talk(who: int) -> None:
        for turn in range(ROUNDS):
            await one(who, turn)

    began = time.perf_counter()
    await asyncio.gather(*(talk(1000 + n) for n in range(PEOPLE)))
    return PEOPLE * ROUNDS / (time.perf_counter() - began)


async def afterword(folder: Path) -> float:
    """Our own way, whole: intake, door, SQLite with synchronous=FULL, outbox, messenger."""
    store = await Database.open(f"sqlite:///{folder / 'bench.sqlite3'}", Cipher.of(Fernet.generate_key().decode()))
    talking = Talking(open_library(None), DEFAULT_FLOW)
    async with ApiBot(TOKEN, request=Stub(), get_updates_request=Stub()) as bot:
        messenger, guard = TelegramMessenger(bot), Guard(rate=10**6, size=10**6)
        outbox = Outbox(store, messenger, SystemClock(), guard=guard, pace=Unpaced())
        door = Door(store, SystemClock(), talking.respond, guard=guard, wake=outbox.wake)
        intake = Intake(7, door, messenger, lambda update: read({"id": 7}, update))
        sending = asyncio.create_task(outbox.run())

        async def one(who: int, turn: int) -> None:
            number = (who - 1000) * ROUNDS + turn
            option = OPTIONS[turn] if turn < len(OPTIONS) else "back"
            await intake.receive(tap(number, who, f"{turn}:{option}"))

        began = time.perf_counter()
        await everybody(one)
        while (await store.depth()).waiting:
            await asyncio.sleep(0.002)
        speed = PEOPLE * ROUNDS / (time.perf_counter() - began)
        outbox.close(1)
        await sending
    await store.close()
    return speed


class Unpaced(Pace):
    """Telegram's own limits are not what is measured."""

    def room(self, now: float) -> int:
        """Let as many go as want to."""
        del now
        return 10**6

    def wait(self, chat: int, edit: bool, now: float) -> float:
        """Let everything go at once."""
        del chat, edit, now
        return 0.0

    def take(self, chat: int, edit: bool, now: float) -> None:
        """Count nothing."""


def application(persistence: PicklePersistence | None = None) -> Application[Any, Any, Any, Any, Any, Any]:
    builder = Application.builder().token(TOKEN).request(Stub()).get_updates_request(Stub()).updater(None)
    return builder.persistence(persistence).build() if persistence else builder.build()


async def answer(update: Update, _context: Any) -> int:
    """Make the calls that we make: end the spinner, edit the message."""
    query = update.callback_query
    assert query is not None
    await query.answer()
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton(row, callback_data=row)] for row in ROWS])
    await query.edit_message_text(TEXT, parse_mode="HTML", reply_markup=keyboard)
    return 0


async def bare(_folder: Path) -> float:
    """Let the library answer alone; nothing is kept."""
    app = application()
    app.add_handler(CallbackQueryHandler(answer))
    return await driven(app)


async def pickled(folder: Path) -> float:
    """Run its ConversationHandler, with what it keeps written at every update."""
    persistence = PicklePersistence(folder / "peer.pickle", update_interval=3600)
    app = application(persistence)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        app.add_handler(
            ConversationHandler(
                [CallbackQueryHandler(answer)], {0: [CallbackQueryHandler(answer)]}, [], name="talk", persistent=True
            )
        )

    async def flushed() -> None:
        await app.update_persistence()
        await persistence.flush()

    return await driven(app, flushed)


async def driven(
    app: Application[Any, Any, Any, Any, Any, Any], after: Callable[[], Awaitable[None]] | None = None
) -> float:
    async with app:

        async def one(who: int, turn: int) -> None:
            number = (who - 1000) * ROUNDS + turn
            await app.process_update(Update.de_json(tap(number, who, f"{turn}:x"), app.bot))
            if after:
                await after()

        return await everybody(one)


def main() -> None:
    """Measure each, three times in turn, and print the best with its ratio to ours."""
    configure("WARNING")
    ways: dict[str, Callable[[Path], Awaitable[float]]] = {
        "Afterword, durable": afterword,
        "the library alone, keeping nothing": bare,
        "its ConversationHandler, pickled at every update": pickled,
    }
    best = dict.fromkeys(ways, 0.0)
    for _ in range(3):
        for name, way in ways.items():
            with tempfile.TemporaryDirectory() as folder:
                best[name] = max(best[name], asyncio.run(way(Path(folder))))  # type: ignore[arg-type]  # a coroutine
    ours = best["Afterword, durable"]
    for name, speed in best.items():
        sys.stdout.write(f"{name:50} {speed:8,.0f} updates/s   {speed / ours:5.2f} of ours\n")


if __name__ == "__main__":
    main()
