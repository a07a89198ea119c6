"""The web side: 200 only for what is kept, and what an operator may look at."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.runtime.update_handler import UpdateNotKept
from bot.storage.errors import DiskFull
from bot.storage.upkeep import Upkeep
from bot.telegram.client import connected
from bot.telegram.polling import ALLOWED
from bot.telegram.readiness import LOOK_SECONDS
from bot.telegram.webhook import LARGEST, Server, drop_webhook, set_webhook
from tests.botapi import BotApiServer, Person
from tests.runtime.conftest import opened
from tests.support.web_side import SECRET, UPDATE, Running


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    store = await opened(tmp_path)
    running = Running(store)
    running.started()
    serving = asyncio.create_task(running.server.run_until_stopped())
    yield running
    running.server.stop()
    await asyncio.wait_for(serving, 6)
    await store.close()


async def test_an_update_is_answered_once_it_is_kept(running: Running) -> None:
    running.seconds = 0.05
    assert await running.post(UPDATE) == (200, None)
    assert running.got == [json.loads(UPDATE)]


@pytest.mark.parametrize("secret", [None, "", "wrong", "Only-telegram-knows-this", "é"])
async def test_nobody_but_telegram_is_heard(running: Running, secret: str | None) -> None:
    assert (await running.post(UPDATE, secret))[0] == 403
    assert running.got == []


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (UPDATE, "text/plain", 415),
        ("no json", "application/json", 400),
        ("[]", "application/json", 400),
        ('{"update_id": "1"}', "application/json", 400),
        ("[" * 100_000, "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b" " * (LARGEST + 1), "application/json", 413),
    ],
)
async def test_what_is_no_update_is_refused(running: Running, body: bytes | str, kind: str, status: int) -> None:
    assert (await running.post(body, kind=kind))[0] == status
    assert running.got == []
    assert (await running.post(UPDATE))[0] == 200


async def test_a_head_without_end_is_not_heard_out(running: Running) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", running.server.port)
    writer.write(b"POST /hook HTTP/1.1\r\nHost: localhost\r\nX-Much: %b" % (b"x" * 200_000))
    try:
        async with asyncio.timeout(5):
            assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    except ConnectionError:
        pass  # hung up on before the refusal was read
    writer.close()
    assert (await running.post(UPDATE))[0] == 200


async def test_what_cannot_be_kept_is_asked_for_again(running: Running) -> None:
    running.trouble = UpdateNotKept("Locked")
    assert await running.post(UPDATE) == (503, "2")
    running.trouble = None
    assert await running.post(UPDATE) == (200, None)


async def test_health_readiness_and_metrics(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await running.get("/healthz") == (200, "alive\n")
    assert (await running.get("/readyz"))[0] == 200
    running.meters.turned("Said", "done", 0.003)
    running.meters.sent("message", "delivered", 0.1)
    running.meters.acknowledged(True)
    status, page = await running.get("/metrics")
    assert status == 200
    for line in (
        'afterword_updates_total{how="done",kind="Said"} 1.0',
        'afterword_calls_total{fate="delivered",method="sendMessage"} 1.0',
        "afterword_outbox_waiting 0.0",
        'afterword_parked_waiting{kind="bug"} 0.0',
        "afterword_ready 1.0",
    ):
        assert line in page
    assert (await running.get("/hook"))[0] == 405
    monkeypatch.setattr(running.age, "age", lambda: 61.0)
    assert await running.get("/readyz") == (503, "Telegram was last heard of 61 s ago\n")
    assert "afterword_ready 0.0" in (await running.get("/metrics"))[1]


async def test_health_answers_before_anything_is_there_and_telegram_is_asked_to_come_again(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    early = Running(store)
    serving = asyncio.create_task(early.server.run_until_stopped())
    early.readiness.waits_for("the database at afterword.sqlite3")
    assert await early.get("/healthz") == (200, "alive\n")
    assert await early.get("/readyz") == (503, "waiting for the database at afterword.sqlite3\n")
    assert "afterword_ready 0.0" in (await early.get("/metrics"))[1]
    assert await early.post(UPDATE) == (503, "2")
    assert early.got == []
    early.started()
    assert await early.post(UPDATE) == (200, None)
    assert (await early.get("/readyz"))[0] == 200
    early.server.stop()
    await asyncio.wait_for(serving, 6)
    await store.close()


async def test_a_closed_store_is_not_ready_but_alive(running: Running) -> None:
    await running.store.close()
    assert (await running.get("/healthz"))[0] == 200
    status, said = await running.get("/readyz")
    assert (status, said.split(":")[0]) == (503, "StoreClosed")
    assert "afterword_ready 0.0" in (await running.get("/metrics"))[1]


async def test_ready_means_that_something_can_be_kept_and_is_found_out_seldom(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    trouble: Exception | None = DiskFull("there is no room")

    async def check_write(_upkeep: object) -> None:
        nonlocal looks
        looks += 1
        if trouble:
            raise trouble

    monkeypatch.setattr(Upkeep, "check_write", check_write)
    for _ in range(5):
        status, said = await running.get("/readyz")
        assert (status, said.split(":")[0]) == (503, "DiskFull")
    assert looks == 1
    trouble = None
    running.now += LOOK_SECONDS
    assert (await running.get("/readyz"))[0] == 200
    assert looks == 2


async def test_a_stop_lets_a_request_in_hand_end(running: Running) -> None:
    running.seconds = 0.3
    posting = asyncio.create_task(running.post(UPDATE))
    await asyncio.sleep(0.1)
    running.server.stop()
    assert (await posting)[0] == 200


async def test_a_port_that_is_taken_is_said_at_once(running: Running) -> None:
    with pytest.raises(OSError, match="in use"):
        Server(running.web.application(), "127.0.0.1", running.server.port)


async def test_telegram_delivers_and_repeats_until_it_is_kept(
    server: BotApiServer, dana: Person, running: Running
) -> None:
    running.trouble = UpdateNotKept("Locked")
    async with connected(server.token, server.url) as bot:
        url = f"{running.url}/hook"
        assert await set_webhook(bot, url, SECRET)
        assert not await set_webhook(bot, url, SECRET)
        assert len(server.calls_of("setWebhook")) == 1
        assert server.calls_of("setWebhook")[0].parameters["allowed_updates"] == list(ALLOWED)
        await server.play(dana.says, "hello")
        await asyncio.sleep(0.1)
        running.trouble = None
        await server.wait_for(lambda: not server.pending)
        assert [update["message"]["text"] for update in running.got] == ["hello"]
        assert await drop_webhook(bot)
        assert not await drop_webhook(bot)


async def test_a_new_secret_is_told_although_telegram_does_not_say_which_it_has(
    server: BotApiServer, dana: Person, running: Running
) -> None:
    async with connected(server.token, server.url) as bot:
        url = f"{running.url}/hook"
        await set_webhook(bot, url, "the-secret-from-before")
        await server.play(dana.says, "hello")
        async with asyncio.timeout(5):
            while "last_error_message" not in await bot.call("getWebhookInfo", {}):
                await asyncio.sleep(0.02)
        assert running.got == []
        assert await set_webhook(bot, url, SECRET)
        await server.wait_for(lambda: not server.pending)
        assert len(running.got) == 1
