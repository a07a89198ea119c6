"""The web side: Telegram's webhook, and what an operator looks at.

200 is answered only when the update is kept or put aside; anything else and Telegram sends it again.
(python-telegram-bot's own endpoint answers 200 when an update is in memory, and compares the secret with `!=`.)
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.runtime.ports import Census, Clock, Store
from bot.telegram import port_limits
from bot.telegram.client import ApiBot, Flooded
from bot.telegram.metrics import PrometheusMetrics
from bot.telegram.polling import ALLOWED, LastHeard, Receive
from bot.telegram.readiness import STORE_SECONDS, Readiness

LARGEST: Final = 1024 * 1024
"""Bytes in the body of a request; an update has some kilobytes."""
SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header, no secret
AGAIN_SECONDS: Final = 2
"""When Telegram may send an update again that could not be kept."""
COUNT_SECONDS: Final = 10.0
"""So long what was counted of the database counts as news, or longer where counting takes long."""
CONNECTIONS: Final = 40
GRACE: Final = 4
"""Seconds that requests in hand have to end when the server stops."""

log = structlog.get_logger("afterword.web")


class Web:
    """The routes: health from the first second, and the webhook once `receive` is set; until then Telegram repeats."""

    def __init__(self, readiness: Readiness, clock: Clock, meters: PrometheusMetrics, age: LastHeard) -> None:
        self._readiness, self._clock, self._meters, self._age = readiness, clock, meters, age
        self.receive: Receive | None = None
        self._counting = Counting(clock)
        self._routes = [
            Route("/healthz", self._healthz),
            Route("/readyz", self._readyz),
            Route("/metrics", self._metrics),
        ]

    def listen(self, path: str, secret: str) -> None:
        """Take Telegram's updates at `path` from whoever knows the secret; to be called before `application`."""
        self._routes.append(Route(path, _Hook(secret, self, self._age.touch).take, methods=["POST"]))

    def started(self, store: Store, receive: Receive) -> None:
        """Take updates in, and count what is kept."""
        self._counting.store, self.receive = store, receive

    def application(self) -> Starlette:
        """Return the application to serve."""
        return Starlette(routes=self._routes)

    async def _healthz(self, _request: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def _readyz(self, _request: Request) -> Response:
        if trouble := await self._readiness.trouble():
            return PlainTextResponse(f"{trouble}\n", 503)
        return PlainTextResponse(f"ready; Telegram was heard of {self._age.age():.0f} s ago\n")

    async def _metrics(self, _request: Request) -> Response:
        ready = not await self._readiness.trouble()
        page = self._meters.page(await self._counting.latest(), ready, self._clock.now(), self._age.age())
        return Response(page, media_type="text/plain; version=0.0.4; charset=utf-8")


class Counting:
    """Counts what is kept, seldom enough that it costs a hundredth of the time at most, however much that is."""

    def __init__(self, clock: Clock, seconds: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._seconds = clock, seconds
        self.store: Store | None = None
        self._census: Census | None = None
        self._next = -float("inf")
        self._counting: asyncio.Task[None] | None = None

    async def latest(self) -> Census | None:
        """Return what was counted last; None when nothing is known yet. Only the first count is waited for."""
        if self.store is not None and self._seconds() >= self._next and (not self._counting or self._counting.done()):
            self._counting = asyncio.create_task(self._count(self.store))
        if self._census is None and self._counting is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._counting), STORE_SECONDS)
        return self._census

    async def _count(self, store: Store) -> None:
        began = self._seconds()
        try:
            self._census = await store.upkeep.census(self._clock.now())
        except Exception as error:
            self._census = None  # old numbers would look like news
            log.warning("what is kept cannot be counted", error=str(error))
        self._next = self._seconds() + max(COUNT_SECONDS, 100 * (self._seconds() - began))


class _Hook:
    """The webhook's endpoint."""

    def __init__(self, secret: str, web: Web, heard: Callable[[], None]) -> None:
        self._secret, self._web, self._heard = secret.encode(), web, heard

    async def take(self, request: Request) -> Response:
        """Keep one update."""
        if not hmac.compare_digest(request.headers.get(SECRET_HEADER, "").encode(), self._secret):
            return Response(status_code=403)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return Response(status_code=415)
        body = await _read(request)
        if body is None:
            return Response(status_code=413)
        update = _update(body)
        if update is None:
            return Response(status_code=400)
        self._heard()
        if self._web.receive is None:  # the start is not over
            return _again()
        try:
            await self._web.receive(update)
        except Exception as error:
            log.error("an update is not kept yet; Telegram sends it again", update=update["update_id"], exc_info=error)
            return _again()
        return Response(status_code=200)


def _again() -> Response:
    return Response(status_code=503, headers={"Retry-After": str(AGAIN_SECONDS)})


async def _read(request: Request) -> bytes | None:
    """Return the body, None when it is too large; no more than that is ever held."""
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > LARGEST:
        return None
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST:
            return None
        parts.append(part)
    return b"".join(parts)


def _update(body: bytes) -> dict[str, Any] | None:
    try:
        update = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return update if isinstance(update, dict) and isinstance(update.get("update_id"), int) else None


class Server(uvicorn.Server):
    """uvicorn inside this process: signals stay with whoever started it, and `bound` raises OSError at once."""

    def __init__(self, application: Starlette, host: str, port: int) -> None:
        config = uvicorn.Config(
            application, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=GRACE,
            server_header=False, **port_limits.options(),
        )  # fmt: skip
        super().__init__(config)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.create_server((host, port), family=family, backlog=port_limits.BACKLOG)
        self.port = int(self.socket.getsockname()[1])

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield

    async def run_until_stopped(self) -> None:
        """Serve until `stop`."""
        await self.serve(sockets=[self.socket])

    def stop(self) -> None:
        """Take no more requests and let those in hand end."""
        self.should_exit = True


async def set_webhook(
    bot: ApiBot, url: str, secret: str, allowed: Sequence[str] = ALLOWED, connections: int = CONNECTIONS
) -> bool:
    """Tell Telegram where to send updates unless it knows; return whether it had to be told. Raises TelegramError.

    Telegram does not say which secret it has, but it says when ours refused it.
    """
    known = await bot.call("getWebhookInfo", {})
    refused = "403" in str(known.get("last_error_message", ""))
    same = (
        known.get("url") == url
        and sorted(known.get("allowed_updates", [])) == sorted(allowed)
        and known.get("max_connections") == connections
    )
    if same and not refused:
        return False
    values = {
        "url": url, "secret_token": secret, "allowed_updates": list(allowed), "max_connections": connections,
    }  # fmt: skip
    try:
        await bot.call("setWebhook", values)
    except Flooded:  # more than one a second, from several processes
        await asyncio.sleep(1.5)
        await bot.call("setWebhook", values)
    return True


async def drop_webhook(bot: ApiBot) -> bool:
    """Delete a webhook so that getUpdates works, keeping what waits; return whether there was one."""
    known = await bot.call("getWebhookInfo", {})
    if not known.get("url"):
        return False
    await bot.call("deleteWebhook", {"drop_pending_updates": False})
    return True
