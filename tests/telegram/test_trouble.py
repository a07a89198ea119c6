"""The whole bot in trouble: lines that break, a Telegram that is away, a database that is held or gone."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from structlog.testing import capture_logs

from bot.app.settings import Settings, load
from bot.storage import dialects
from tests.botapi import BotApiServer
from tests.botapi import Person as Human
from tests.support.postgres import new_database
from tests.support.serving import given, said, serving, until


@pytest.fixture
def settings(server: BotApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in given(server, tmp_path).items():
        monkeypatch.setenv(name, value)
    return load(tmp_path)


async def test_lines_that_break_after_one_send_in_ten_lose_nothing_and_double_one_each(
    server: BotApiServer, settings: Settings
) -> None:
    people = [server.person(started=True) for _ in range(15)]
    cuts = server.fault("cut_after", method="sendMessage", times=None, probability=0.1, seed=5)
    async with serving(settings):
        for text in ("a", "b", "c"):
            for human in people:
                human.says(text)
        await until(lambda: all("3 c" in said(server, human) for human in people))
    assert cuts.hits >= 3
    twice = 0
    for human in people:
        texts = said(server, human)
        assert list(dict.fromkeys(texts)) == ["1 a", "2 b", "3 c"], "each, in order"
        twice += len(texts) - 3
    assert 0 < twice <= cuts.hits


async def test_refused_connections_lose_nothing_and_double_nothing(
    server: BotApiServer, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "afterword.outbox")
    people = [server.person(started=True) for _ in range(5)]
    held = server.fault("429", method="sendMessage", times=len(people), retry_after=1)
    async with serving(settings):
        for human in people:
            human.says("hello")
        await until(lambda: held.hits == len(people))
        await asyncio.sleep(0.1)
        with server.outage(), capture_logs() as log:
            await until(lambda: [e for e in log if e.get("fate") == "again"])
        await until(lambda: all(said(server, human) for human in people))
        await asyncio.sleep(0.3)
    assert [said(server, human) for human in people] == [["1 hello"]] * len(people)


async def test_a_chat_that_must_wait_holds_up_nobody_else(server: BotApiServer, settings: Settings) -> None:
    """Ten must wait: if each call waited for itself, the next would go half a second later, and the last too late."""
    slow, quick = [server.person(started=True) for _ in range(10)], server.person(started=True)
    faults = [server.fault("429", method="sendMessage", chat=human.id, retry_after=1, times=None) for human in slow]
    async with serving(settings):
        for human in slow:
            human.says("one")
            human.says("two")
        await until(lambda: all(fault.hits for fault in faults))
        quick.says("hello")
        await until(lambda: said(server, quick))
        assert not any(said(server, human) for human in slow), "the others wait still"
        for fault in faults:
            fault.stop()
        await until(lambda: all(len(said(server, human)) == 2 for human in slow))
    assert [said(server, human) for human in slow] == [["1 one", "2 two"]] * len(slow)
    assert not server.violations, "nobody is written to before their time"


async def test_whoever_blocked_the_bot_is_tried_once(server: BotApiServer, dana: Human, settings: Settings) -> None:
    # The first try gets no answer at all, so that all three wait when the second one learns of the block: whoever
    # speaks after that is reachable again, and tried anew.
    server.fault("timeout", method="sendMessage", chat=dana.id, seconds=0.5)
    fault = server.fault("403", method="sendMessage", chat=dana.id, times=None)
    async with serving(settings):
        for text in ("one", "two", "three"):
            dana.says(text)
        await until(lambda: fault.hits and not server.pending)
        await asyncio.sleep(0.5)
        assert fault.hits == 1
        fault.stop()
        dana.says("/start")
        await until(lambda: "4 /start" in said(server, dana))


@contextmanager
def held(file: Path) -> Iterator[None]:
    """Hold the database's file, as another process that writes for a long time does."""
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        holder.rollback()
        holder.close()


async def test_nothing_is_confirmed_while_the_database_is_held(
    server: BotApiServer, dana: Human, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialects, "BUSY_SECONDS", 0.2)  # so that it does not merely wait
    async with serving(settings):
        dana.says("one")
        await until(lambda: said(server, dana) and not server.pending)
        with held(settings.data_dir / "afterword.sqlite3"), capture_logs() as log:
            dana.says("two")
            await until(lambda: [e for e in log if "not kept yet" in e["event"]])
            assert [update["message"]["text"] for update in server.pending] == ["two"]
        await until(lambda: said(server, dana) == ["1 one", "2 two"])
        await until(lambda: not server.pending)


@pytest.fixture
async def on_postgres(settings: Settings, postgres_server: str) -> Settings:
    secret = type(settings.token)(new_database(postgres_server))  # type: ignore[call-overload]
    return settings.model_copy(update={"database": secret})


async def test_nothing_is_confirmed_while_the_database_restarts(
    server: BotApiServer, dana: Human, on_postgres: Settings, postgres_server: str
) -> None:
    async with serving(on_postgres):
        dana.says("one")
        await until(lambda: said(server, dana) and not server.pending)
        name = on_postgres.database_url.rpartition("/")[2]
        with psycopg.connect(postgres_server, autocommit=True) as connection, capture_logs() as log:
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            dana.says("two")
            await until(lambda: [e for e in log if "not kept yet" in e["event"]])
            assert [update["message"]["text"] for update in server.pending] == ["two"]
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await until(lambda: said(server, dana) == ["1 one", "2 two"])
        await until(lambda: not server.pending)
