"""What the open port bears: so many connections, and so long for a request.

uvicorn bounds a request's head in bytes and an idle connection in time. It knows no bound on the time that a head or a
body takes, and its `limit_concurrency` refuses /healthz like anything else; 1,400 half requests then hold every file
that the process may open, and asyncio logs each connection it cannot accept (77 MB in 20 s).
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_CONNECTIONS: Final = 256
"""Telegram opens 40 (`webhook.CONNECTIONS`), a proxy about as many; a process may open 1,024 files, as a rule."""
BACKLOG: Final = 512
"""Connections that wait to be accepted; asyncio accepts as many at once before any of them is looked at, so together
with those above they stay below 1,024. With 128 one that finds no place tries again a second later."""
HEAD_BYTES: Final = 16 * 1024
REQUEST_SECONDS: Final = 10.0
"""So long a whole request may take to come in, from the connection or the answer before on."""
KEEP_ALIVE_SECONDS: Final = 5

log = structlog.get_logger("afterword.web")


class BoundedProtocol(H11Protocol):
    """A connection that is cut off when its request does not come in, at the latest when others need its place."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._since = time.monotonic()
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Begin to wait for a request; the connection that has kept us waiting longest makes room."""
        super().connection_made(transport)
        self._wait()
        if len(self.connections) > MOST_CONNECTIONS:
            log.warning("too many connections at PORT: those that send no whole request are cut off")
            idle = [one for one in self.connections if isinstance(one, BoundedProtocol) and not one.in_hand()]
            min(idle, key=lambda one: one._since, default=self).cut_off()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        super().connection_lost(exc)
        if self._patience is not None:
            self._patience.cancel()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._wait()
        super().on_response_complete()

    def in_hand(self) -> bool:
        """Tell whether a whole request has come in and is not answered yet."""
        return self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body

    def cut_off(self) -> None:
        """End the connection at once, whatever it still has to say."""
        self.connections.discard(self)
        self.transport.abort()

    def _wait(self) -> None:
        self._since = time.monotonic()
        if self._patience is not None:
            self._patience.cancel()
        self._patience = self.loop.call_later(REQUEST_SECONDS, self._waited)

    def _waited(self) -> None:
        if not self.in_hand():
            self.cut_off()


def options() -> dict[str, Any]:
    """Return what uvicorn is told."""
    return {
        "http": BoundedProtocol,  # h11 bounds a head; httptools, which uvicorn would choose, reads one without end
        "h11_max_incomplete_event_size": HEAD_BYTES,
        "timeout_keep_alive": KEEP_ALIVE_SECONDS,
        "backlog": BACKLOG,
        "ws": "none",
    }
