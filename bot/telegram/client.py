"""The line to Telegram: python-telegram-bot's `BaseRequest` on aiohttp, and a bot that makes calls cheaply.

It says whether a request that failed was certainly not written (`NotWritten`) or perhaps (`Cut`), and no error holds
the token or a proxy's password: aiohttp's own errors know the whole address, so they end here.
"""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from enum import Enum
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Literal, cast

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from telegram import Bot, InputFile
from telegram.error import NetworkError, TelegramError
from telegram.request import BaseRequest, RequestData

from bot.telegram.route import BadRoute, NetworkRoute, choose

CONNECT_SECONDS: Final = 5.0
CALL_SECONDS: Final = 10.0
"""How long a call may take, with connecting; no longer than what the outbox leaves of a lease for it."""
POOL: Final = 32
KEEP_SECONDS: Final = 30.0
"""How long an idle connection is kept; the other side keeps it longer, else a request meets a closed line."""
UNREADABLE: Final = "Invalid server response"


class Fault(Enum):
    """Why a connection was not made."""

    NAME = "its name is not found"
    REFUSED = "it refuses the connection"
    UNREACHABLE = "no way leads to it"
    SILENT = "it does not answer in time"
    CERTIFICATE = "its certificate is not trusted"
    TLS = "it does not speak TLS"
    PROXY_LOGIN = "the proxy asks for a name and a password"
    PROXY_REFUSES = "the proxy does not let the bot through"
    OTHER = "something else"


_KINDS: Final[tuple[tuple[type[BaseException], Fault], ...]] = (
    (ssl.SSLCertVerificationError, Fault.CERTIFICATE),
    (ssl.SSLError, Fault.TLS),
    (socket.gaierror, Fault.NAME),
    (ConnectionRefusedError, Fault.REFUSED),
    (TimeoutError, Fault.SILENT),
    (OSError, Fault.UNREACHABLE),
)


class NotWritten(NetworkError):
    """Telegram was not reached: the request was certainly not written."""

    def __init__(self, message: str, fault: Fault = Fault.OTHER) -> None:
        super().__init__(message)
        self.fault = fault


class Cut(NetworkError):
    """The line broke or fell silent after the request was written: Telegram may have done what it asks."""


class NotBotApi(NetworkError):
    """Something other than a Bot API server answered, such as a proxy, and it did not claim success."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP status {status}, and not from a Bot API server")
        self.status = status


class Flooded(TelegramError):
    """Telegram asks to wait (429); `seconds` says how long.

    Raised instead of python-telegram-bot's RetryAfter, whose making warns of a coming change of its type.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Telegram asks to wait {seconds:g} seconds")
        self.seconds = seconds


class ConnectionPool(BaseRequest):
    """A pool of connections that are kept alive and go one way.

    `connect` is how many seconds connecting may take, with the waiting for a place in the pool; `read` those of a whole
    call.
    """

    def __init__(
        self, route: NetworkRoute, pool: int = POOL, connect: float = CONNECT_SECONDS, read: float = CALL_SECONDS
    ) -> None:
        self._route, self._pool, self._connect, self._read = route, pool, connect, read
        self._timeout = self._patience(read)
        self._way = _way(route)
        self._session: aiohttp.ClientSession | None = None

    def _patience(self, read: float) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(total=read, connect=self._connect)

    @property
    def read_timeout(self) -> float:
        """Seconds that a call may take unless it says otherwise."""
        return self._read

    async def initialize(self) -> None:
        """Open the pool; must run in the event loop that uses it. Raises `BadRoute`."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=_connector(self._route, self._pool), cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self.USER_AGENT},
            )  # fmt: skip

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
            raise TelegramError(UNREADABLE) from None
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
        """Make one request and return its status and body; raises `NotWritten`, `Cut`, `NotBotApi` or `Flooded`."""
        if self._session is None:
            raise NotWritten("the line to Telegram is not open")
        timeout = self._timeout if read_timeout is self.DEFAULT_NONE else self._patience(read_timeout)
        body = await _body(request_data)
        failure: NetworkError | None = None
        status, payload = 0, b""
        try:
            async with self._session.request(
                method, url, data=body, timeout=timeout, allow_redirects=False, **self._way
            ) as answer:
                status, payload = answer.status, await answer.read()
        except Exception as error:  # whatever it is: a library's text may hold the address, and that the token
            failure = _failure(error, written=body is None or body.written)
        if failure is not None:
            raise failure  # out here, so that it drags along none of the library's errors
        return _checked(status, payload)


class ApiBot(Bot):
    """A bot whose calls are made by name with JSON values; answers stay JSON."""

    async def call(self, method: str, values: Mapping[str, Any], read: float | None = None) -> Any:
        """Call a method and return its result; `read` is how many seconds it may take; raises TelegramError."""
        return await self.request.post(
            f"{self.base_url}/{method}",
            cast("RequestData", _CallData(values)),
            read_timeout=BaseRequest.DEFAULT_NONE if read is None else read,
        )


@asynccontextmanager
async def connected(
    token: str, server: str, route: NetworkRoute | None = None, pool: int = POOL
) -> AsyncIterator[ApiBot]:
    """Open two lines, one for calls and one for getUpdates, and give the bot on them; raises `BadRoute`.

    Without a `route` they go directly. Unlike `async with Bot(...)` this asks Telegram nothing, so a bot starts while
    Telegram is away.
    """
    route, base = route or choose({}, None, server), server.rstrip("/")
    calls, updates = ConnectionPool(route, pool), ConnectionPool(route, 1)
    try:
        await calls.initialize()
        await updates.initialize()
        yield ApiBot(token, f"{base}/bot", f"{base}/file/bot", request=calls, get_updates_request=updates)
    finally:
        await updates.shutdown()
        await calls.shutdown()


class _CallData:
    """What a line reads of a `RequestData`, for values that are JSON or files.

    How the library's own is made is not part of its public interface; it also takes each value apart to look for
    objects.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        given = {name: value for name, value in values.items() if value is not None}
        self.parameters = {name: value for name, value in given.items() if not isinstance(value, InputFile)}
        self._files = {name: value for name, value in given.items() if isinstance(value, InputFile)}
        self.contains_files = bool(self._files)

    @property
    def json_parameters(self) -> dict[str, str]:
        """The values as a form holds them."""
        return {name: one if isinstance(one, str) else json.dumps(one) for name, one in self.parameters.items()}

    @property
    def multipart_data(self) -> dict[str, Any]:
        """The files as (name, content, type)."""
        return {name: file.field_tuple for name, file in self._files.items()}


class _Body(aiohttp.BytesPayload):
    """What a request carries. It knows whether its writing has begun: before that, Telegram cannot act on it.

    aiohttp's errors do not say that by their class: a proxy that hangs up before the line is through looks like a
    server that does so after the request.
    """

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


def _connector(route: NetworkRoute, pool: int) -> aiohttp.TCPConnector:
    """Return what makes connections; raises `BadRoute`."""
    options: dict[str, Any] = {"limit": pool, "keepalive_timeout": KEEP_SECONDS, "ssl": _trusted(route)}
    proxy = route.proxy
    if proxy is None or not proxy.is_socks:
        return aiohttp.TCPConnector(**options)
    try:
        from aiohttp_socks import ProxyConnector, ProxyType
    except ImportError:
        raise BadRoute(
            f"{route.source} names a SOCKS proxy, and that needs one package more: pip install 'afterword[socks]'."
        ) from None
    version = ProxyType.SOCKS4 if proxy.scheme.startswith("socks4") else ProxyType.SOCKS5
    # The proxy looks names up, where its protocol can: beside it there may be no way to a name server either.
    rdns = proxy.scheme != "socks4"
    return ProxyConnector(
        proxy.host, proxy.port, version, proxy.user or None, proxy.password or None, rdns=rdns, **options
    )


def _trusted(route: NetworkRoute) -> ssl.SSLContext | Literal[True]:
    """Return which certificates are trusted (True: the system's); raises `BadRoute`."""
    if not (route.cert_file or route.cert_dir):
        return True
    try:
        if route.cert_dir and not Path(route.cert_dir).is_dir():
            raise BadRoute(f"SSL_CERT_DIR: there is no folder {route.cert_dir}. Correct it, or leave it out.")
        context = ssl.create_default_context()
        context.load_verify_locations(route.cert_file or None, route.cert_dir or None)
    except OSError as error:
        what = "it holds no certificates in PEM form" if isinstance(error, ssl.SSLError) else error.strerror
        raise BadRoute(
            f"SSL_CERT_FILE: {route.cert_file} cannot be used ({what}). Correct it, or leave it out."
        ) from None
    return context


def _way(route: NetworkRoute) -> dict[str, Any]:
    """Return what each request says of an HTTP proxy; a password is in a header, as aiohttp shows addresses."""
    proxy = route.proxy
    if proxy is None or proxy.is_socks:
        return {}
    if proxy.authorization is None:
        return {"proxy": proxy.url}
    # Through a tunnel the proxy reads CONNECT, otherwise the request itself; Telegram must not get to see it.
    header = "proxy_headers" if route.encrypted else "headers"
    return {"proxy": proxy.url, header: {"Proxy-Authorization": proxy.authorization}}


def _failure(error: Exception, *, written: bool) -> NetworkError:
    """Return what became of a request that a library's error ended."""
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return _refused_by_proxy(error.status)
    root = error
    while isinstance(root.__cause__, Exception):
        root = root.__cause__
    words = getattr(root, "verify_message", "") or getattr(root, "strerror", None) or ""
    message = "no answer in time" if isinstance(root, TimeoutError) else f"{type(root).__name__} {words}".strip()
    if written:
        return Cut(message)
    socks = any(type(one).__module__.startswith(("aiohttp_socks", "python_socks")) for one in (error, root))
    if socks and not isinstance(root, OSError):
        login = "auth" in str(error).lower()
        return NotWritten(f"the proxy says: {error}", Fault.PROXY_LOGIN if login else Fault.PROXY_REFUSES)
    return NotWritten(message, next((fault for kind, fault in _KINDS if isinstance(root, kind)), Fault.OTHER))


def _refused_by_proxy(status: int) -> NotWritten:
    login = status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED
    return NotWritten(f"the proxy answers {status}", Fault.PROXY_LOGIN if login else Fault.PROXY_REFUSES)


def _checked(status: int, payload: bytes) -> tuple[int, bytes]:
    """Return an answer of the Bot API, or raise what it stands for."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise Flooded(_asked(payload))
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        raise _refused_by_proxy(status)
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES and not payload.lstrip().startswith(b"{"):
        raise NotBotApi(status)
    return status, payload


def _asked(payload: bytes) -> float:
    """Return the seconds that a 429 asks for; one if it does not say."""
    try:
        return float(json.loads(payload)["parameters"]["retry_after"])
    except (ValueError, LookupError, TypeError):
        return 1.0
