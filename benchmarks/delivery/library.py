"""The same eleven steps written by hand on python-telegram-bot: keeping nothing, in memory, and pickled per update."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, Update
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, ConversationHandler, PicklePersistence
from telegram.request import BaseRequest

from benchmarks.delivery.people import FIRST, OPTIONS, Json, Script

TOKEN = "123456789:" + "A" * 35
Receive = Callable[[Json], Awaitable[None]]
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class Steps:
    """Handlers that show the steps of a script; `keep` says whether they remember the answers."""

    def __init__(self, script: Script, *, keep: bool) -> None:
        self.script, self.keep = script, keep

    async def begin(self, update: Update, _context: Any) -> int:
        await self.show(update, 0)
        return 1

    async def answer(self, update: Update, context: Any) -> int:
        query = update.callback_query
        assert query is not None
        assert isinstance(query.data, str)
        step, _, option = query.data.partition(":")
        await query.answer()
        if self.keep:
            context.user_data[f"answer {step}"] = option
        await self.show(update, int(step))
        return int(step) + 1

    async def show(self, update: Update, step: int) -> None:
        """Make the calls of a step."""
        chat = update.effective_chat
        assert chat is not None
        for method, values in self.script[step]:
            keyboard = _keyboard(values.get("reply_markup"), step + 1)
            if method == "editMessageText":
                assert update.callback_query is not None
                await update.callback_query.edit_message_text(
                    values["text"], parse_mode="HTML", link_preview_options=NO_PREVIEW, reply_markup=keyboard
                )
            else:
                await chat.send_message(
                    values["text"], parse_mode="HTML", link_preview_options=NO_PREVIEW, reply_markup=keyboard
                )


def _keyboard(shown: Json | None, step: int) -> InlineKeyboardMarkup | None:
    if shown is None:
        return None
    return InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton(b["text"], callback_data=f"{step}:{b['callback_data'].partition(':')[2]}")
                for b in row
            ]
            for row in shown["inline_keyboard"]
        ]
    )


def _application(request: BaseRequest, base: str, persistence: PicklePersistence | None = None) -> Any:
    builder = Application.builder().token(TOKEN).base_url(f"{base}/bot").request(request).get_updates_request(request)
    builder = builder.updater(None)
    return (builder.persistence(persistence) if persistence else builder).build()


@asynccontextmanager
async def bare(script: Script, request: BaseRequest, base: str = "https://api.telegram.org") -> AsyncIterator[Receive]:
    """Answer and keep nothing, not even in memory."""
    steps, app = Steps(script, keep=False), _application(request, base)
    app.add_handler(CommandHandler("start", steps.begin))
    app.add_handler(CallbackQueryHandler(steps.answer))
    async with app:
        yield lambda update: app.process_update(Update.de_json(update, app.bot))


@asynccontextmanager
async def conversing(
    script: Script, request: BaseRequest, base: str = "https://api.telegram.org", file: Path | None = None
) -> AsyncIterator[Receive]:
    """Run a ConversationHandler; with `file` everything is written there before an update counts as received."""
    persistence = PicklePersistence(file, on_flush=True, update_interval=3600) if file else None
    steps, app = Steps(script, keep=True), _application(request, base, persistence)
    states: dict[Any, Any] = {
        step: [CallbackQueryHandler(steps.answer, pattern=f"^{step}:")] for step in range(1, len(OPTIONS) + 2)
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about per_message, which is as it should be
        talk: Any = ConversationHandler(
            [CommandHandler("start", steps.begin)], states, [], name="talk", persistent=file is not None
        )
    app.add_handler(talk)

    async def receive(update: Json) -> None:
        await app.process_update(Update.de_json(update, app.bot))
        if persistence:
            await app.update_persistence()
            await persistence.flush()

    async with app:
        yield receive


def assert_pickled(file: Path, people: int) -> None:
    """Assert that every answer of every person is in the file."""
    kept = pickle.loads(file.read_bytes())  # noqa: S301 - written a moment ago by this very process
    assert set(kept["conversations"]["talk"].values()) == {len(OPTIONS) + 1}, kept["conversations"]
    told = [len(kept["user_data"][who]) for who in range(FIRST, FIRST + people)]
    assert told == [len(OPTIONS)] * people, told
