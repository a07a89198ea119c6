"""What the tests that speak Telegram share: a server, the real library's bot, and somebody who has started it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from telegram import Bot

from tests.botapi import BotApiServer, Person
from tests.support.api_calls import connected
from tests.support.virtual_time import VirtualTime


@pytest.fixture(autouse=True)
def _waits_are_timedeltas(monkeypatch: pytest.MonkeyPatch) -> None:
    """RetryAfter warns without it, and warnings are errors here."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


@pytest.fixture
async def server() -> AsyncIterator[BotApiServer]:
    async with BotApiServer(seed=1) as server:
        yield server


@pytest.fixture
async def bot(server: BotApiServer) -> AsyncIterator[Bot]:
    async with connected(server) as bot:
        yield bot


@pytest.fixture(params=["virtual", pytest.param("real", marks=pytest.mark.slow)])
def telegram(request: pytest.FixtureRequest) -> Iterator[BotApiServer]:
    """Return a server for stories: for a bot in this process by virtual time, or for processes at Telegram's pace."""
    with BotApiServer(seed=1, virtual=VirtualTime() if request.param == "virtual" else None) as server:
        yield server


@pytest.fixture
def dana(server: BotApiServer) -> Person:
    return server.person(first_name="Dana", started=True)
