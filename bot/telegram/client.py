"""The line to Telegram: python-telegram-bot's `BaseRequest` on our connections, and a bot that makes calls cheaply.

Law of this file: it says whether a request that failed was certainly not written (`NotWritten`) or perhaps (`Cut`), and
no text of an error holds the token.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final, cast

import httpx
from telegram import Bot, InputFile
from telegram.error import NetworkError, TelegramError
from telegram.request import BaseRequest, RequestData
from telegram.request._requestparameter import RequestParameter

from bot.telegram.connections import Broken, Connections

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 10.0
"""Both together are no longer than what the outbox leaves of a lease for a call."""
POOL: Final = 32


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
    """The seam, on connections that are kept alive."""

    def __init__(self, pool: int = POOL, connect: float = CONNECT_SECONDS, read: float = READ_SECONDS) -> None:
        self._pool, self._connect, self._read = pool, connect, read
        self._connections: Connections | None = None

    @property
    def read_timeout(self) -> float:
        """Seconds to wait for an answer unless a call says otherwise."""
        return self._read

    async def initialize(self) -> None:
        """Open the pool; must run in the event loop that uses it."""
        if self._connections is None:
            self._connections = Connections(self._pool, self.USER_AGENT)

    async def shutdown(self) -> None:
        """Close the pool."""
        if self._connections is not None:
            await self._connections.close()
            self._connections = None

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
        if self._connections is None:
            raise NotWritten("the line to Telegram is not open")
        read = self._read if read_timeout is self.DEFAULT_NONE else read_timeout
        type_, body = _body(request_data)
        try:
            status, payload = await self._connections.ask(method, url, body, type_, connect=self._connect, read=read)
        except Broken as broken:
            failure = Cut if broken.written else NotWritten
            raise failure(str(broken)) from None
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise Flooded(_asked(payload))
        return status, payload


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


def _body(given: RequestData | None) -> tuple[str, bytes | None]:
    """Return the type and the content of what a request carries: JSON, or a form where there are files."""
    if given is None:
        return "", None
    if not given.contains_files:
        return "application/json", json.dumps(given.parameters).encode()
    form = httpx.Request("POST", "http://form", data=given.json_parameters, files=given.multipart_data)
    return form.headers["Content-Type"], form.read()


def _asked(payload: bytes) -> float:
    """Return the seconds that a 429 asks for; one if it does not say."""
    try:
        return float(json.loads(payload)["parameters"]["retry_after"])
    except (ValueError, LookupError, TypeError):
        return 1.0
