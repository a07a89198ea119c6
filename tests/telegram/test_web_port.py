"""The open port: whatever comes in, /healthz answers, and the log stays small."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from bot.app import log_rate
from bot.app.logging import configure
from bot.telegram import port_limits
from tests.runtime.conftest import opened
from tests.support.web_side import UPDATE, Running

HALF = b"POST /hook HTTP/1.1\r\nHost: localhost\r\nX-Half: "
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    store = await opened(tmp_path)
    running = Running(store)
    running.started()
    serving = asyncio.create_task(running.server.run_until_stopped())
    yield running
    running.server.stop()
    await asyncio.wait_for(serving, 10)
    await store.close()


@asynccontextmanager
async def half_requests(running: Running, count: int, sent: bytes = HALF) -> AsyncIterator[list[Connection]]:
    """Open connections that each begin a request and never end it."""
    connections: list[Connection] = []
    try:
        for _ in range(count):
            connections.append(await asyncio.open_connection("127.0.0.1", running.server.port))
            connections[-1][1].write(sent)
        yield connections
    finally:
        for _, writer in connections:
            writer.close()
        for _, writer in connections:
            with suppress(ConnectionError):
                await writer.wait_closed()


async def ended(connection: Connection) -> bytes:
    """Return what a connection says until it is cut off."""
    async with asyncio.timeout(10):
        try:
            return await connection[0].read()
        except ConnectionError:
            return b""


async def test_those_who_send_no_whole_request_make_room_for_others(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(port_limits, "MOST_CONNECTIONS", 20)
    monkeypatch.setattr(port_limits, "REQUEST_SECONDS", 3600)  # so that it is others who need the place
    async with half_requests(running, 30) as connections:
        assert (await running.get("/healthz"))[0] == 200
        assert (await running.post(UPDATE))[0] == 200
        for connection in connections[:10]:
            assert await ended(connection) == b""
        assert len(running.server.server_state.connections) <= 20


async def test_a_request_in_hand_is_not_cut_off_for_others(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_limits, "MOST_CONNECTIONS", 5)
    running.seconds = 0.5
    posting = asyncio.create_task(running.post(UPDATE))
    async with half_requests(running, 20):
        assert await posting == (200, None)


@pytest.mark.parametrize(
    "sent", [b"", HALF, b'POST /hook HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40\r\n\r\n{"update_id"']
)
async def test_a_request_that_does_not_come_in_is_cut_off(
    running: Running, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(port_limits, "REQUEST_SECONDS", 0.1)
    async with half_requests(running, 1, sent) as (connection,):
        await ended(connection)
    assert (await running.post(UPDATE))[0] == 200


async def test_a_flood_of_bad_requests_makes_a_line_and_one_that_counts_them(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_rate, "SECONDS", 0.5)
    written = io.StringIO()
    configure(form="json", stream=written)
    for _ in range(50):
        async with half_requests(running, 1, b"nonsense\r\n\r\n") as (connection,):
            assert (await ended(connection)).startswith(b"HTTP/1.1 400 ")
    async with asyncio.timeout(10):
        while "times within" not in written.getvalue():
            await asyncio.sleep(0.02)
    lines = [json.loads(line)["event"] for line in written.getvalue().splitlines()]
    assert lines[0] == "Invalid HTTP request received."
    assert len(lines) < 20


def test_kinds_of_lines_are_held_back_by_themselves_and_ours_not_at_all() -> None:
    now = 0.0
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    rate = log_rate.OncePerSecond(handler, lambda: now)

    def passes(name: str, words: str) -> bool:
        return rate.filter(logging.LogRecord(name, logging.WARNING, "", 0, words, None, None))

    assert passes("uvicorn.error", "bad")
    assert not passes("uvicorn.error", "bad")
    assert passes("uvicorn.error", "worse")
    assert all(passes("afterword.outbox", "ours") for _ in range(5))
    assert not passes("uvicorn.error", "bad")
    rate.sum_up(("uvicorn.error", "bad"))
    assert written.getvalue() == "bad (2 times within a second)\n"
    now = 1.5
    assert passes("uvicorn.error", "bad")


@pytest.mark.slow
async def test_fourteen_hundred_half_requests_leave_health_and_a_small_log(running: Running) -> None:
    written = io.StringIO()
    configure(stream=written)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))  # for our own side of them
    try:
        async with half_requests(running, 1400):
            assert (await running.get("/healthz"))[0] == 200
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(written.getvalue()) < 100_000
