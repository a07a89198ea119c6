"""A forward proxy (CONNECT and absolute-form) and a SOCKS5 proxy, which lead every host to one port of this machine."""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from tests.botapi import BotApiServer

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def port_of(server: BotApiServer) -> int:
    """Return the port that a server of the tests listens at."""
    return int(server.url.rpartition(":")[2])


@dataclass
class RecordingProxy:
    """Records where it was asked to lead in `asked`; with `login` ("name:password") it asks for one."""

    target: int
    login: str = ""
    forbids: bool = False
    hangs_up: bool = False
    asked: list[str] = field(default_factory=list)
    refused: int = 0
    port: int = 0

    async def http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.partition(b"\r\n")[0].decode().split(" ")
        if self.hangs_up:
            return
        login = b64encode(self.login.encode()).decode()
        if self.login and f"\r\nproxy-authorization: basic {login}\r\n".lower() not in head.decode().lower():
            self.refused += 1
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        if self.forbids:
            self.refused += 1
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 13\r\n\r\n<h1>No.</h1>\n")
            return
        if method == "CONNECT":
            self.asked.append(f"CONNECT {target}")
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await self._lead((reader, writer), b"")
            return
        host, slash, path = target.removeprefix("http://").partition("/")
        self.asked.append(f"{method} {host}")
        line = f"{method} {slash}{path} HTTP/1.1\r\nConnection: close\r\n".encode()
        kept = [one for one in head.split(b"\r\n")[1:] if not one.lower().startswith((b"connection:", b"proxy-"))]
        await self._lead((reader, writer), line + b"\r\n".join(kept))

    async def socks5(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, count = await reader.readexactly(2)
        offered = await reader.readexactly(count)
        way = 2 if self.login else 0
        if way not in offered:
            self.refused += 1
            writer.write(b"\x05\xff")
            return
        writer.write(bytes([5, way]))
        if self.login:
            await reader.readexactly(1)
            given = [await reader.readexactly((await reader.readexactly(1))[0]) for _ in range(2)]
            fits = b":".join(given).decode() == self.login
            self.refused += not fits
            writer.write(b"\x01\x00" if fits else b"\x01\x01")
            if not fits:
                return
        _, _, _, kind = await reader.readexactly(4)
        host = await reader.readexactly(4 if kind == 1 else (await reader.readexactly(1))[0])
        port = int.from_bytes(await reader.readexactly(2))
        named = ".".join(map(str, host)) if kind == 1 else host.decode()
        if self.forbids:
            self.refused += 1
            writer.write(b"\x05\x02\x00\x01\0\0\0\0\0\0")
            return
        self.asked.append(f"{named}:{port}")
        writer.write(b"\x05\x00\x00\x01\0\0\0\0\0\0")
        await self._lead((reader, writer), b"")

    async def _lead(self, near: Streams, first: bytes) -> None:
        far = await asyncio.open_connection("127.0.0.1", self.target)
        try:
            far[1].write(first)
            await both_ways(near, far)
        finally:
            far[1].close()


async def both_ways(near: Streams, far: Streams) -> None:
    """Carry bytes both ways until one side ends."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()

    tasks = [asyncio.create_task(carry(near[0], far[1])), asyncio.create_task(carry(far[0], near[1]))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def serving_each(
    handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Serve connections on loopback; give the port."""
    tasks: set[asyncio.Task[None]] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await handle(reader, writer)
                await writer.drain()
        except asyncio.CancelledError:
            pass  # the test is over; asyncio would write a cancelled handler to the log
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
        await asyncio.sleep(0)


@asynccontextmanager
async def http_proxy(target: int, **how: object) -> AsyncIterator[RecordingProxy]:
    made = RecordingProxy(target, **how)  # type: ignore[arg-type]
    async with serving_each(made.http) as made.port:
        yield made


@asynccontextmanager
async def socks_proxy(target: int, **how: object) -> AsyncIterator[RecordingProxy]:
    made = RecordingProxy(target, **how)  # type: ignore[arg-type]
    async with serving_each(made.socks5) as made.port:
        yield made


@asynccontextmanager
async def encrypted(target: int, tls: ssl.SSLContext) -> AsyncIterator[int]:
    """Serve what a port of this machine serves, by TLS; give the port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far = await asyncio.open_connection("127.0.0.1", target)
        try:
            await both_ways((reader, writer), far)
        finally:
            far[1].close()

    async with serving_each(handle, tls) as port:
        yield port
