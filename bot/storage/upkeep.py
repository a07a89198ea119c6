"""What has to be looked through after a start, page by page while people talk: nobody waits for it.

Law of this file: a kill in the midst loses nothing, as it is all done anew; no page takes longer than a turn or two.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from bot.core.advice.calendar import rules_of
from bot.storage.compiled import Cursor
from bot.storage.people import Reading
from bot.storage.reminders import Page, ReminderRepository
from bot.storage.writer import Runner

T = TypeVar("T")

LONGEST_CLAIM: Final = timedelta(minutes=10)
"""No agenda is claimed for as long; one that seems to be was claimed by a clock that was ahead."""


@dataclass(frozen=True)
class Upkeep:
    """Looks through all agendas of one database."""

    runner: Runner
    schedules: ReminderRepository
    reading: Reading

    async def take_back_far(self, now: Callable[[], datetime]) -> None:
        """End the claims that a clock which was ahead made to last."""
        async for page in self._pages():
            beyond = now() + LONGEST_CLAIM
            await self.runner.submit(lambda c, p=page, b=beyond: self.schedules.take_back_far(c, p, b), rank="long")  # type: ignore[misc]

    async def rezone(self, now: datetime) -> Sequence[str]:
        """Have the agendas of a zone rung whose rules are others than they were, or never noted; return those zones.

        Ringing works every instant out anew, so one that has become earlier is not late.
        """
        known, lived_in = await self._read(self.schedules.rules)
        rules = {zone: await asyncio.to_thread(rules_of, zone) for zone in lived_in}
        moved = sorted(zone for zone, rule in rules.items() if known.get(zone) != rule)
        if moved:
            async for page in self._pages():
                await self._collect_due(page, moved, now)
            await self.runner.submit(lambda c: self.schedules.note(c, {**known, **rules}), rank="long")
        return moved

    async def _collect_due(self, page: Page, zones: Sequence[str], now: datetime) -> None:
        sessions = await self._read(lambda c: self.schedules.zoned(c, page, zones))
        if sessions:
            await self.runner.submit(lambda c: self.schedules.make_due(c, sessions, now), rank="long")

    async def _pages(self) -> AsyncIterator[Page]:
        after = 0
        while page := await self._read(lambda c, a=after: self.schedules.page(c, a)):  # type: ignore[misc]
            yield page
            after = page[1]

    async def _read(self, work: Callable[[Cursor], T]) -> T:
        def read() -> T:
            with self.reading() as cursor:
                return work(cursor)

        return await asyncio.to_thread(read)
