"""HTTP/1.1 (RFC 9112) over connections that are kept alive, as much of it as a client of the Bot API needs.

Law of this file: whoever asks hears whether a request that came to nothing was certainly not written, no request is
written twice, and no text of an error holds a path. aiohappyeyeballs and asyncio connect, httptools (llhttp) reads the
answers. A call costs 0.07 ms of processor time so, 0.18 ms by aiohttp and 1.1 ms by httpx, which tell less of what was
written.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from base64 import b64encode
from functools import cached_property, lru_cache
from http import HTTPStatus
from typing import Any, Final, NamedTuple, cast
from urllib.parse import quote, unquote, urlsplit

import aiohappyeyeballs
import httptools

KEEP_SECONDS: Final = 30.0
"""How long an idle connection is kept; the other side keeps it longer, else a request meets a closed line."""
NEXT_ADDRESS_SECONDS: Final = 0.25
"""After so long the next address of a host is tried beside the one before (RFC 8305)."""
LOOKED_UP_SECONDS: Final = 10.0
"""How long the addresses of a host are remembered."""
_UNQUOTED: Final = "/?:@!$&'()*+,;=%~"
"""What stands in a path or a query as it is, beside letters, digits and -._ (RFC 3986)."""


class Broken(Exception):
    """An exchange came to nothing; `written` says whether the other side may have the whole request."""

    def __init__(self, reason: str, *, written: bool) -> None:
        super().__init__(reason)
        self.written = written


class Answer(NamedTuple):
    """What came back."""

    status: int
    content: bytes


class Origin(NamedTuple):
    """Where a connection leads."""

    host: str
    port: int
    encrypted: bool


class Connections:
    """At most `limit` connections, each with one exchange at a time; to be used in one event loop."""

    def __init__(self, limit: int, agent: str) -> None:
        self._agent, self._closed = agent, False
        self._places = asyncio.Semaphore(limit)
        self._idle: list[_Connection] = []  # the last used is taken first, so the others grow old
        self._lookups: dict[Origin, asyncio.Task[list[Any]]] = {}

    async def ask(
        self, method: str, url: str, body: bytes | None, type_: str, *, connect: float, read: float
    ) -> Answer:
        """Make one request; raises `Broken`.

        `connect` is how many seconds a connection may take, and the waiting for a place; `read` those of the rest.
        """
        origin, request = _head(method, url, self._agent)
        if body is not None:
            request += b"Content-Type: %b\r\nContent-Length: %d\r\n" % (type_.encode(), len(body))
        connection = await self._taken(origin, connect)
        try:
            return await connection.exchange(request + b"\r\n" + (body or b""), read)
        finally:
            self._free(connection)

    async def close(self) -> None:
        """Close what is idle, and what is in use once it is not; who waits begins no more."""
        self._closed = True
        for connection in self._idle:
            connection.close()
        for lookup in self._lookups.values():
            lookup.cancel()
        self._idle.clear()
        self._lookups.clear()
        await asyncio.sleep(0)  # a transport ends in the loop's next round

    def _free(self, connection: _Connection) -> None:
        if self._closed:
            connection.close()
        else:
            self._idle.append(connection)
        self._places.release()

    async def _taken(self, origin: Origin, seconds: float) -> _Connection:
        """Return a connection that nobody else uses, and its place."""
        if not self._places.locked():  # nobody waits: as a rule nothing else is needed, and no timer
            await self._places.acquire()
            if (kept := self._kept(origin)) is not None:
                return kept
            self._places.release()
        try:
            async with asyncio.timeout(seconds):
                await self._places.acquire()
                try:
                    return self._kept(origin) or await self._opened(origin)
                except BaseException:
                    self._places.release()
                    raise
        except TimeoutError:
            raise Broken(f"no connection within {seconds:g} seconds", written=False) from None
        except (OSError, UnicodeError) as error:  # a name that is no name of a host is a UnicodeError
            raise Broken(_named(error), written=False) from None

    def _kept(self, origin: Origin) -> _Connection | None:
        """Return the connection that was used last and to which a request can be written, if there is one."""
        while self._idle:
            last = self._idle.pop()
            if last.fits(origin):
                return last
            last.close()
        return None

    async def _opened(self, origin: Origin) -> _Connection:
        if self._closed:
            raise Broken("its connections are closed", written=False)
        tls, loop = self._tls if origin.encrypted else None, asyncio.get_running_loop()
        # asyncio's own race of addresses leaves an open socket behind when it is called off.
        reached = await aiohappyeyeballs.start_connection(
            await self._addresses(origin), happy_eyeballs_delay=NEXT_ADDRESS_SECONDS
        )
        raw, connection = await loop.create_connection(lambda: _Connection(origin), sock=reached)
        if tls is not None:
            connection.encrypted(await loop.start_tls(raw, connection, tls, server_hostname=origin.host))
        return connection

    async def _addresses(self, origin: Origin) -> list[Any]:
        """Look a host up, once for all who ask just now: each lookup takes a thread for as long as it lasts."""
        lookup = self._lookups.get(origin)
        if lookup is None:
            loop = asyncio.get_running_loop()
            lookup = loop.create_task(loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM))
            self._lookups[origin] = lookup
            lookup.add_done_callback(lambda done: self._looked_up(origin, done))
        return await asyncio.shield(lookup)

    def _looked_up(self, origin: Origin, done: asyncio.Task[list[Any]]) -> None:
        if done.cancelled() or done.exception() is not None:
            self._lookups.pop(origin, None)
        else:
            asyncio.get_running_loop().call_later(LOOKED_UP_SECONDS, self._lookups.pop, origin, None)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()


class _Connection(asyncio.Protocol):
    """One connection; the methods named on_… are what httptools calls while it reads.

    Over TLS there are two transports. The lower one learns first that the line is gone, and holds what was not sent.
    """

    def __init__(self, origin: Origin) -> None:
        self._origin, self._loop = origin, asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._since = self._loop.time()
        self._waiter: asyncio.Future[Answer] | None = None
        self._parts: list[bytes] = []
        self._headed = self._framed = False

    def encrypted(self, transport: asyncio.Transport | None) -> None:
        """Write and read through TLS from now on."""
        assert transport is not None, "the line was lost while TLS began, which raises"
        self._transport = transport

    def fits(self, origin: Origin) -> bool:
        """Tell whether the next request can be written here."""
        fresh = self._loop.time() - self._since < KEEP_SECONDS
        return fresh and origin == self._origin and not self._is_gone()

    def _is_gone(self) -> bool:
        return self._raw.is_closing() or self._transport.is_closing()

    def _is_unsent(self) -> bool:
        """Tell whether some of what was written has not left this process."""
        return bool(self._raw.get_write_buffer_size() or self._transport.get_write_buffer_size())

    async def exchange(self, request: bytes, seconds: float) -> Answer:
        """Write a request and return its answer, within so many seconds; raises `Broken`."""
        if self._is_gone():
            raise Broken("the line closed before it was used", written=False)
        self._headed = False
        self._waiter = self._loop.create_future()
        timer = self._loop.call_later(seconds, self._give_up, seconds)
        try:
            self._transport.write(request)
            return await self._waiter
        except BaseException:
            self._transport.abort()  # a late answer would be taken for the next one's
            raise
        finally:
            timer.cancel()
            self._waiter, self._since = None, self._loop.time()

    def close(self) -> None:
        """Let go of it."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._raw = self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Read on."""
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail("what came is no HTTP answer")
            self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        """End; the end of the line may be the end of the answer (RFC 9112, 6.3)."""
        if error is None and self._headed and not self._framed:
            self._succeed()
        else:
            self._fail(_named(error) if error is not None else "the line closed before the answer")

    def on_message_begin(self) -> None:
        self._parts.clear()
        self._headed = self._framed = False
        if self._waiter is None or self._waiter.done():
            self._transport.abort()  # nobody asked

    def on_header(self, name: bytes, _value: bytes) -> None:
        if name.lower() in (b"content-length", b"transfer-encoding"):
            self._framed = True

    def on_headers_complete(self) -> None:
        self._headed = True

    def on_body(self, part: bytes) -> None:
        self._parts.append(part)

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() < HTTPStatus.OK:
            self._headed = False  # an interim answer; the real one follows (RFC 9110, 15.2)
            return
        if not self._parser.should_keep_alive():
            self._transport.close()
        elif self._is_unsent():
            self._transport.abort()  # answered before it was heard out
        self._succeed()

    def _succeed(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(Answer(self._parser.get_status_code(), b"".join(self._parts)))

    def _give_up(self, seconds: float) -> None:
        self._fail(f"no answer within {seconds:g} seconds", written=not self._is_unsent())

    def _fail(self, reason: str, *, written: bool = True) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(Broken(reason, written=written))


@lru_cache(256)
def _head(method: str, url: str, agent: str) -> tuple[Origin, bytes]:
    """Return where a request goes, and its first lines; raises `Broken` when the address is none."""
    try:
        parts = urlsplit(url)
        usual = {"http": 80, "https": 443}[parts.scheme]
        port = usual if parts.port is None else parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii")
        named = (f"[{host}]" if ":" in host else host) + (f":{port}" if port != usual else "")
        target = quote(parts.path + (f"?{parts.query}" if parts.query else ""), safe=_UNQUOTED) or "/"
        lines = [f"{method} {target} HTTP/1.1", f"Host: {named}", f"User-Agent: {agent}", "Accept: */*"]
        if parts.username is not None:
            user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            lines.append(f"Authorization: Basic {b64encode(user.encode()).decode()}")
    except (ValueError, KeyError):
        host = ""
    if not host:
        raise Broken("its address is none of a server", written=False)
    return Origin(host, port, parts.scheme == "https"), "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _named(error: BaseException) -> str:
    return f"{type(error).__name__} {getattr(error, 'strerror', None) or ''}".strip()
