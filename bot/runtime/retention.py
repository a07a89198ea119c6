"""People who have been silent for long: told that they will be deleted, and deleted later.

It decides nothing but when to look. Every hour it notes in the store that the bot runs, which is what
the days are counted by; one process walks in an hour, and a kill in between loses nothing but that walk.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import structlog

from bot.runtime.ports import Clock, Silent, Store

AT_ONCE: Final = 1000
"""So many people are told or deleted in an hour: half a minute of the flood limits, behind everybody's answers."""

log = structlog.get_logger("afterword.retention")


class Retention:
    """Looks after people who have been silent for `days` or longer."""

    def __init__(self, store: Store, clock: Clock, silent: Silent, days: int) -> None:
        self._store, self._clock, self._silent, self._silence = store, clock, silent, timedelta(days=days)

    async def round(self) -> tuple[int, int]:
        """Walk once; return how many were told and how many deleted. Raises what the store raises."""
        told = deleted = after = 0
        ran = await self._store.retention.begin_walk(self._clock.now())
        while ran is not None and told + deleted < AT_ONCE:
            people, after = await self._store.retention.silent_people(after, self._silence, self._clock.now())
            for key in people:
                turned = await self._store.retention.end_silence(key, ran, self._silent, self._clock.now())
                told += turned is not None and turned.person is not None
                deleted += turned is not None and turned.person is None
                if told + deleted >= AT_ONCE:
                    break
            if not after:
                break
        if told or deleted:
            log.info("people who were silent for long were told that they will be deleted, or were deleted",
                     told=told, deleted=deleted)  # fmt: skip
        return told, deleted
