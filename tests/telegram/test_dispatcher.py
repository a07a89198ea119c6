"""Updates on their way to the door: what cannot be read, and what belongs together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any, cast

import pytest

from bot.core.library import Library
from bot.runtime.clock import SystemClock
from bot.runtime.update_handler import UpdateHandler
from bot.storage.database import Database
from bot.telegram.client import ApiBot
from bot.telegram.dispatcher import Dispatcher
from bot.telegram.private_chat import PrivateChat
from bot.telegram.sender import TelegramMessenger
from bot.telegram.updates import read
from tests.runtime.conftest import opened
from tests.support.application import Talks
from tests.support.phone import ME

UPDATES = count(1)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Database]:
    store = await opened(tmp_path)
    yield store
    await store.close()


@pytest.fixture
def intake(store: Database, library: Library) -> Dispatcher:
    handler = UpdateHandler(store, SystemClock(), Talks(PrivateChat(library, "after_interview").respond))
    return Dispatcher(7, handler, TelegramMessenger(cast("ApiBot", None)), lambda update: read(ME, update))


def sent(**content: Any) -> dict[str, Any]:
    person = {"id": 1, "is_bot": False, "first_name": "Dana"}
    message = {"message_id": 5, "date": 0, "chat": {"id": 1, "type": "private"}, "from": person, **content}
    return {"update_id": next(UPDATES), "message": message}


async def test_an_album_gets_one_friendly_line(store: Database, intake: Dispatcher) -> None:
    await intake.receive(sent(text="hello"))
    before = (await store.depth()).waiting
    for _ in range(10):
        await intake.receive(sent(photo=[{}], media_group_id="1"))
    once = (await store.depth()).waiting
    assert once > before
    await intake.receive(sent(photo=[{}], media_group_id="2"))
    assert (await store.depth()).waiting == once + (once - before)


async def test_an_update_that_cannot_be_read_is_put_aside(store: Database, intake: Dispatcher) -> None:
    odd = {"update_id": next(UPDATES), "message": {"chat": "no chat", "from": 5, "text": "x"}}
    await intake.receive(odd)
    (parked,) = await store.parked()
    assert parked.payload == odd
    await intake.receive(sent(text="hello"))
    assert (await store.depth()).waiting > 0
