"""The line to Telegram: python-telegram-bot's `BaseRequest` on aiohttp, and a bot that makes calls cheaply.

Law of this file: it says whether a request that failed was certainly not written (`NotWritten`) or perhaps (`Cut`), and
no text of an error holds the token. aiohttp costs 0.2 ms a call here, httpx 1.1 to 2.1 ms.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final, cast

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from telegram import Bot, InputFile
from telegram.error import NetworkError, TelegramError
from telegram.request import BaseRequest, RequestData
from telegram.request._requestparameter import RequestParameter

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 10.0
"""Both together are no longer than what the outbox leaves of a lease for a call."""
POOL: Final = 32
KEEP_SECONDS: Final = 30.0
"""How long an idle connection is kept; the other side keeps it longer, else a request meets a closed line."""


class NotWritten(NetworkError):
    """Telegram was not reached: the request was certainly not written."""


class Cut(NetworkError):
    """The line broke or fell silent after the request was written: Telegram may have done what it asks."""


class Flooded(TelegramError):
    """Telegram asks to wait (429); `seconds` says how long.

    Raised instead of python-telegram-bot's RetryAfter, whose making warns of a coming change of its type.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Telegram asks to wait {seconds:g} seconds")
        self.seconds = seconds


class Line(BaseRequest):
    """A pool of connections that are kept alive."""

    def __init__(self, pool: int = POOL, connect: float = CONNECT_SECONDS, read: float = READ_SECONDS) -> None:
        self._pool, self._connect, self._read = pool, connect, read
        self._timeout = self._patience(read)
        self._session: aiohttp.ClientSession | None = None

    def _patience(self, read: float) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(total=self._connect + read, connect=self._connect, sock_read=read)

    @property
    def read_timeout(self) -> float:
        """Seconds to wait for an answer unless a call says otherwise."""
        return self._read

    async def initialize(self) -> None:
        """Open the pool; must run in the event loop that uses it."""
        if self._session is not None:
            return
        connector = aiohttp.TCPConnector(limit=self._pool, keepalive_timeout=KEEP_SECONDS)
        headers = {"User-Agent": self.USER_AGENT}
        self._session = aiohttp.ClientSession(
            connector=connector, headers=headers, cookie_jar=aiohttp.DummyCookieJar(), timeout=self._timeout
        )

    async def shutdown(self) -> None:
        """Close the pool."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Parse an answer; raises TelegramError for what is none, without writing it to the log as the base does."""
        try:
            answer = json.loads(payload)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise TelegramError("Invalid server response") from None
        return answer

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - a part of the seam; writing is part of reading
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - likewise; connecting has the line's own
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - likewise of connecting
    ) -> tuple[int, bytes]:
        """Make one request and return its status and body; raises `NotWritten`, `Cut` or `Flooded`."""
        if self._session is None:
            raise NotWritten("the line to Telegram is not open")
        timeout = self._timeout if read_timeout is self.DEFAULT_NONE else self._patience(read_timeout)
        body = await _body(request_data)
        try:
            async with self._session.request(method, url, data=body, timeout=timeout, allow_redirects=False) as answer:
                payload = await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            failure = Cut if body is None or body.written else NotWritten
            # The error itself may hold the address, and the address holds the token: only its name goes on.
            raise failure(_named(error)) from None
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise Flooded(_asked(payload))
        return answer.status, payload


class ApiBot(Bot):
    """A bot whose calls are made by name with JSON values; answers stay JSON."""

    async def call(self, method: str, values: Mapping[str, Any], read: float | None = None) -> Any:
        """Call a method and return its result; `read` is how many seconds to wait; raises TelegramError."""
        return await self.request.post(
            f"{self.base_url}/{method}",
            _data(values),
            read_timeout=BaseRequest.DEFAULT_NONE if read is None else read,
        )


@asynccontextmanager
async def connected(token: str, server: str, pool: int = POOL) -> AsyncIterator[ApiBot]:
    """Open two lines, one for calls and one for getUpdates, and give the bot on them.

    Unlike `async with Bot(...)` this asks Telegram nothing, so a bot starts while Telegram is away.
    """
    calls, updates, base = Line(pool), Line(1), server.rstrip("/")
    try:
        await calls.initialize()
        await updates.initialize()
        yield ApiBot(token, f"{base}/bot", f"{base}/file/bot", request=calls, get_updates_request=updates)
    finally:
        await updates.shutdown()
        await calls.shutdown()


class _Plain:
    """What the seam reads of a `RequestData`, for a call without files: its values are JSON and go as they are.

    The library's own takes each value apart to look for objects and files.
    """

    __slots__ = ("parameters",)
    contains_files: Final = False

    def __init__(self, parameters: dict[str, Any]) -> None:
        self.parameters = parameters


def _data(values: Mapping[str, Any]) -> RequestData:
    """Return what a call carries."""
    given = {name: value for name, value in values.items() if value is not None}
    if any(isinstance(value, InputFile) for value in given.values()):
        return RequestData([RequestParameter.from_input(name, value) for name, value in given.items()])
    return cast("RequestData", _Plain(given))


class _Body(aiohttp.BytesPayload):
    """The body of a request, which knows whether its writing has begun: before that Telegram has no whole request."""

    written = False

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        """Write it; called by aiohttp once there is a connection."""
        self.written = True
        await super().write_with_length(writer, content_length)


async def _body(given: RequestData | None) -> _Body | None:
    """Return what a request carries: JSON, or a form where there are files."""
    if given is None:
        return None
    if not given.contains_files:
        return _Body(json.dumps(given.parameters).encode(), content_type="application/json")
    form = aiohttp.FormData()
    for name, value in given.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, mime) in given.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=mime)
    whole = form()
    return _Body(await whole.as_bytes(), content_type=whole.content_type)


def _asked(payload: bytes) -> float:
    """Return the seconds that a 429 asks for; one if it does not say."""
    try:
        return float(json.loads(payload)["parameters"]["retry_after"])
    except (ValueError, LookupError, TypeError):
        return 1.0


def _named(error: BaseException) -> str:
    number = getattr(error, "strerror", None) or ""
    return f"{type(error).__name__} {number}".strip()
