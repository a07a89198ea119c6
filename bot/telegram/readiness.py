"""Whether something can be kept and sent at this moment, for /readyz and the metrics.

"ready" is found out by doing: a row is written to the database, and Telegram has answered lately.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

from bot.runtime.ports import Store
from bot.telegram.polling import LastHeard

LOOK_SECONDS: Final = 2.0
"""So long an answer of the database's counts, however often it is asked for."""
STORE_SECONDS: Final = 3.0

log = structlog.get_logger("afterword.web")


class Readiness:
    """What the bot waits for, and whether its database and Telegram are there.

    `silence`: seconds without a word from Telegram after which it counts as away (None: never).
    """

    def __init__(
        self, age: LastHeard, *, silence: float | None = None, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._age, self._silence, self._seconds = age, silence, seconds
        self._waits_for = "the start"
        self._store: Store | None = None
        self._looked = -float("inf")
        self._looking: asyncio.Task[str] | None = None
        self._said = ""

    def waits_for(self, what: str) -> None:
        """Note what the start waits for, in words that follow "waiting for"."""
        self._waits_for = what

    def started(self, store: Store) -> None:
        """Note that the start is over: from now on the database and Telegram are looked at."""
        self._waits_for, self._store = "", store

    async def trouble(self) -> str:
        """Return in words why nothing can be kept or sent now; "" when it can."""
        if self._store is None:
            return f"waiting for {self._waits_for}"
        if self._looking is None or (self._looking.done() and self._seconds() - self._looked >= LOOK_SECONDS):
            self._looked = self._seconds()
            self._looking = asyncio.create_task(self._look(self._store))
        said = await asyncio.shield(self._looking)  # whoever asks meanwhile gets the same answer
        if said:
            return said
        if self._silence is not None and self._age.age() > self._silence:
            return f"Telegram was last heard of {self._age.age():.0f} s ago"
        return ""

    async def _look(self, store: Store) -> str:
        try:
            await asyncio.wait_for(store.upkeep.check_write(), STORE_SECONDS)
        except TimeoutError:
            said = f"Locked or slow: the database takes no write within {STORE_SECONDS:g} s"
        except Exception as error:
            said = f"{type(error).__name__}: the database takes no write; the log says more"
            if said != self._said:
                log.error("nothing can be kept, so nothing is confirmed to Telegram", error=str(error))
        else:
            said = ""
            if self._said:
                log.warning("the database can be written to again")
        self._said = said
        return said
