"""Words for tests that call the test server as a bot does.

What must live here: short ways to make python-telegram-bot's `Bot` say something. What must not: the scripted people.
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable
from typing import Any

import httpx
import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import BadRequest, Forbidden
from telegram.request import HTTPXRequest

from tests.botapi import BotApiServer

UNUSED_CHAT = 424242
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # loads no certificates: much faster, and nothing here needs any


def connected(server: BotApiServer, **request: Any) -> Bot:
    """Return the real library's bot, to be entered with `async with`."""
    ordinary, polling = (HTTPXRequest(httpx_kwargs={"verify": NO_TLS}, **request) for _ in range(2))
    return Bot(server.token, base_url=server.base_url, request=ordinary, get_updates_request=polling)


def buttons(*labels: str) -> InlineKeyboardMarkup:
    """Return a column of buttons whose data are their labels in small letters."""
    return InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=label.lower())] for label in labels])


async def updates(bot: Bot, offset: int | None = None, timeout: int = 0, **more: Any) -> tuple[Update, ...]:
    """Ask for updates once."""
    return await bot.get_updates(offset=offset, timeout=timeout, **more)


async def refused(call: Awaitable[Any]) -> str:
    """Await a call that must be refused and return why, as python-telegram-bot words it."""
    with pytest.raises((BadRequest, Forbidden)) as caught:
        await call
    return caught.value.message


async def raw(server: BotApiServer, method: str, **parameters: Any) -> Any:
    """Call the server as no library would."""
    async with httpx.AsyncClient(verify=NO_TLS) as client:
        return (await client.post(f"{server.base_url}{server.token}/{method}", json=parameters)).json()
