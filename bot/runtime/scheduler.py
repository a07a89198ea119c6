"""Reminders that are due: each is handled as an update is.

It decides nothing but when to look. A claim that is not followed by a turn runs out and is made
again, so a kill loses nothing; the turn ends the claim in the transaction that fills the outbox, so it is made once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog

from bot.runtime.ports import Clock, DueSchedule, Store
from bot.runtime.update_handler import UpdateHandler

LEASE: Final = timedelta(seconds=60)
"""How long a claimed schedule is ours; after a kill it waits so long, on PostgreSQL (a file is taken over at once)."""
AT_ONCE: Final = 50
"""Schedules claimed at once. Their turns take milliseconds each, and answers of live people queue in between."""
LOOK_SECONDS: Final = 15.0
"""How long to sleep at most: a turn may plan something sooner, a lease of another process may run out, and a machine
that was asleep, or a clock that was set, is noticed."""
STALE: Final = 0.5
"""The part of a lease after which a claimed schedule is left to run out rather than handled."""
PAUSES: Final = (0.2, 1.0, 5.0)
"""Seconds between two tries to reach a store in trouble; the last one repeats."""

log = structlog.get_logger("afterword.reminders")


class Scheduler:
    """Rings schedules that are due."""

    def __init__(
        self,
        store: Store,
        handler: UpdateHandler,
        clock: Clock,
        *,
        lease: timedelta = LEASE,
        at_once: int = AT_ONCE,
        look: float = LOOK_SECONDS,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._handler, self._clock = store, handler, clock
        self._lease, self._at_once, self._look, self._seconds = lease, at_once, look, seconds
        self._stop = asyncio.Event()

    def close(self) -> None:
        """Let `run` end after the turn it is at."""
        self._stop.set()

    async def run(self) -> None:
        """Ring whatever falls due until `close`."""
        troubles = 0
        while not self._stop.is_set():
            try:
                handled = await self.round()
                pause = 0.0 if handled else await self._pause()
                troubles = 0
            except Exception as error:
                if not troubles:
                    log.warning("reminders cannot be read; it is tried again", error=type(error).__name__)
                pause = PAUSES[min(troubles, len(PAUSES) - 1)]
                troubles += 1
            await self._rest(pause)

    async def round(self) -> int:
        """Claim what is due and ring it; return how much that was. Raises what the store raises."""
        began = self._seconds()
        claimed = await self._store.claim_due(self._clock.now(), self._lease, self._at_once)
        for due in claimed:
            if self._stop.is_set() or self._seconds() - began > STALE * self._lease.total_seconds():
                break
            await self._collect_due(due)
        return len(claimed) + await self._cohort_due()

    async def _cohort_due(self) -> int:
        """Let cohorts have what is due, one after another; return how many that were."""
        for held in range(self._at_once):
            if self._stop.is_set() or not await self._handler.cohort_due():
                return held
        return self._at_once

    async def _collect_due(self, due: DueSchedule) -> None:
        turned = await self._handler.collect_due(due)
        late = (self._clock.now() - due.at).total_seconds()
        log.debug("agenda rung", late=round(late, 1), spoke=turned is not None and bool(turned.calls))

    async def _pause(self) -> float:
        at = await self._store.next_due()
        if at is None:
            return self._look
        return min(self._look, max(0.05, (at - self._clock.now()).total_seconds()))

    async def _rest(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return
