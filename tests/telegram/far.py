"""The other side of a line: servers that answer as they are told to, over real sockets."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from bot.telegram.connections import Answer, Broken, Connections

OK: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
HI: Final = Answer(200, b"hi")


@dataclass
class Far:
    """The other side: counts its lines, keeps what it was asked, and plays `play` for each request."""

    play: Callable[[Far, asyncio.StreamWriter], Awaitable[None]]
    lines: int = 0
    ended: int = 0
    asked: list[bytes] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines += 1
        self.writers.append(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                _, found, after = head.lower().partition(b"content-length: ")
                body = await reader.readexactly(int(after.partition(b"\r\n")[0])) if found else b""
                self.asked.append(head + body)
                await self.play(self, writer)
        self.ended += 1


@asynccontextmanager
async def answering(
    play: Callable[[Far, asyncio.StreamWriter], Awaitable[None]], tls: ssl.SSLContext | None = None
) -> AsyncIterator[Far]:
    far = Far(play)
    server = await asyncio.start_server(far.serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    far.url = f"{'https' if tls else 'http'}://localhost:{port}"
    try:
        yield far
    finally:
        server.close()
        for writer in far.writers:
            writer.transport.abort()
        await server.wait_closed()
        await asyncio.sleep(0)


def saying(*answers: bytes) -> Callable[[Far, asyncio.StreamWriter], Awaitable[None]]:
    """Play these answers, one a request, the last one over and over."""
    rest = list(answers)

    async def play(_far: Far, writer: asyncio.StreamWriter) -> None:
        writer.write(rest.pop(0) if len(rest) > 1 else rest[0])

    return play


@asynccontextmanager
async def deaf(answer: bytes = b"", tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Serve without reading what is asked; give the address."""
    writers: list[asyncio.StreamWriter] = []

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        writer.write(answer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"{'https' if tls else 'http'}://localhost:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await server.wait_closed()
        await asyncio.sleep(0)


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so, ten seconds at most."""
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0.001)


class Holding:
    """Answer once told to."""

    def __init__(self) -> None:
        self.held = asyncio.Event()

    def let_go(self) -> None:
        self.held.set()

    async def __call__(self, _far: Far, writer: asyncio.StreamWriter) -> None:
        await self.held.wait()
        writer.write(OK)


def resolving(monkeypatch: pytest.MonkeyPatch, *hosts: str, port: int | None = None) -> None:
    """Let every name stand for these addresses, found at once; on another port, if one is given."""

    async def resolved(_host: str, asked: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port or asked)) for host in hosts or ("127.0.0.1",)]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolved)


async def stopped_in_every_round(url: str, rounds: int) -> None:
    """Stop waiting for an answer after each number of rounds of the loop: nothing may be left open, whenever it is."""
    ended = False
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for so_many in range(rounds):
            async with ours() as made:
                waiting = asyncio.create_task(ask(made, url))
                for _ in range(so_many):
                    await asyncio.sleep(0)
                ended = waiting.done()
                waiting.cancel()
                await asyncio.wait([waiting])
                await asyncio.sleep(0)
            del waiting
        gc.collect()
    assert ended, "the last one should have had the time"
    assert [str(one.message) for one in warned] == []


async def silent(_far: Far, _writer: asyncio.StreamWriter) -> None:
    """Never answer."""


@asynccontextmanager
async def ours(limit: int = 4) -> AsyncIterator[Connections]:
    made = Connections(limit, "test")
    try:
        yield made
    finally:
        await made.close()
        await asyncio.sleep(0)


async def ask(made: Connections, url: str, body: bytes | None = b"{}", **seconds: float) -> Answer:
    return await made.ask("POST", url, body, "application/json", **({"connect": 5.0, "read": 5.0} | seconds))


async def broken(made: Connections, url: str, body: bytes = b"{}", **seconds: float) -> Broken:
    with pytest.raises(Broken) as caught:
        await ask(made, url, body, **seconds)
    assert url not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value
