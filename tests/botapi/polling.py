"""Long polling: one bot at a time asks for updates and waits for them.

What must live here: waiting, and ending the older of two requests. What must not: which updates a request gets
(`updates`).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final

from tests.botapi.errors import conflict
from tests.botapi.records import Json
from tests.botapi.state import World

LONGEST_WAIT: Final = 50  # seconds
MOST_UPDATES: Final = 100
OTHER_REQUEST: Final = "terminated by other getUpdates request; make sure that only one bot instance is running"
WEBHOOK_SET: Final = "terminated by setWebhook request"
WEBHOOK_ACTIVE: Final = (
    "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)


class Bell:
    """Wakes the coroutines of one loop, from any thread.

    Take `event` before looking whether there is something to do, then wait for it: no ringing gets lost in between.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.event = asyncio.Event()

    def ring(self) -> None:
        """Wake all who wait."""
        self._loop.call_soon_threadsafe(self._ring)

    def _ring(self) -> None:
        self.event.set()
        self.event = asyncio.Event()


class Polling:
    """The bot's open getUpdates request, at most one."""

    def __init__(self, world: World, bell: Bell) -> None:
        self.world = world
        self.bell = bell
        self.stopped = False
        self._turn = 0
        self._reason = ""

    def end(self, reason: str) -> int:
        """End the open request with a conflict; returns the turn of the next one."""
        self._turn += 1
        self._reason = reason
        self.bell.ring()
        return self._turn

    def stop(self) -> None:
        """Let the open request end without updates, for good."""
        self.stopped = True
        self.bell.ring()

    async def get_updates(self, given: dict[str, Any]) -> list[Json]:
        """Return the next updates, after at most `timeout` seconds."""
        turn = self.end(OTHER_REQUEST)
        with self.world.lock:
            self.world.updates.allow(given.get("allowed_updates"))
        loop = asyncio.get_running_loop()
        ends = loop.time() + min(max(given.get("timeout", 0), 0), LONGEST_WAIT)
        while True:
            event = self.bell.event
            if turn != self._turn:
                raise conflict(self._reason)
            batch = self._fetch(given)
            left = ends - loop.time()
            if batch or left <= 0 or self.stopped:
                return batch
            with suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), left)

    def _fetch(self, given: dict[str, Any]) -> list[Json]:
        limit = min(max(given.get("limit", MOST_UPDATES), 1), MOST_UPDATES)
        with self.world.lock:
            before = len(self.world.updates.waiting)
            batch = self.world.updates.fetch(given.get("offset", 0), limit, self.world.now())
            if len(self.world.updates.waiting) != before:
                self.world.touched()
            return [queued.body for queued in batch]
