"""What a database needs besides turns: put right after a start, looked through, counted, tidied.

It is done page by page while people talk, and nobody waits for it: no page takes longer than a turn or two. A kill in
the midst loses nothing, as it is all done anew.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

from sqlalchemy import URL, Engine

from bot.core.advice.calendar import rules_of
from bot.runtime.ports import Census
from bot.storage import dialects
from bot.storage.census import census
from bot.storage.compiled import Cursor
from bot.storage.content_versions import ContentVersionRepository
from bot.storage.copies import drop_old_copies
from bot.storage.encryption import Cipher
from bot.storage.errors import translating
from bot.storage.file_guard import FileGuard
from bot.storage.outbox import OutboxRepository
from bot.storage.people import Reading
from bot.storage.reminders import Page, ReminderRepository
from bot.storage.schema import aware
from bot.storage.statements import Statements
from bot.storage.writer import Runner

T = TypeVar("T")

LONGEST_CLAIM: Final = timedelta(minutes=10)
"""No schedule is claimed for as long; one that seems to be was claimed by a clock that was ahead."""


CHECK_BYTES: Final = 8192
"""What is written to see whether an answer could be kept; a turn writes less."""


@dataclass(frozen=True)
class Upkeep:
    """Looks after one database. `file`: the SQLite file that it is; None on PostgreSQL."""

    runner: Runner
    engine: Engine
    place: str
    file: FileGuard | None
    unverified: URL | None
    """A file too large to be looked through before the start."""
    cipher: Cipher
    statements: Statements
    outbox: OutboxRepository
    schedules: ReminderRepository
    versions: ContentVersionRepository
    reading: Reading

    async def take_over(self, now: datetime) -> None:
        """End the leases of the process before: a file has one bot at a time, and a killed one ends none itself."""
        aware(now)
        if self.file is not None:
            await self.runner.submit(lambda c: self._taken_back(c, now))

    def _taken_back(self, cursor: Cursor, now: datetime) -> None:
        self.outbox.take_back(cursor)
        self.schedules.take_back(cursor, now + LONGEST_CLAIM)
        self.versions.take_back(cursor)

    async def look_through(self, now: Callable[[], datetime]) -> Sequence[str]:
        """Look through everything, page by page while people talk, for what a start is to put right.

        Claims end that a clock made which was ahead, and every schedule is worked out anew in whose zone the clocks now
        run by other rules; these zones are returned. To be called once after `take_over`.
        """
        if self.file is not None:
            await self.take_back_far(now)
        return await self.rezone(aware(now()))

    async def verify(self) -> None:
        """Look through a file that was too large for it when it was opened; raises `Corrupt` when it is damaged."""
        if self.unverified is not None:
            await dialects.verify(self.unverified)

    async def census(self, now: datetime) -> Census:
        """Count what is kept, beside the turns: with a million people it takes a while and delays nobody."""
        aware(now)
        return await asyncio.to_thread(self._counted, now)

    def _counted(self, now: datetime) -> Census:
        with translating(self.place), self.reading() as cursor:
            return census(cursor, self.engine.dialect, now, Path(self.place) if self.file else None)

    async def last_instant(self) -> datetime | None:
        """Return the instant of the last `tidy`: when the bot is known to have run; None: there was none."""
        return await self.runner.submit(self.outbox.last_instant)

    async def tidy(self, now: datetime) -> int:
        """Drop updates seen more than two days ago, in bites that delay nobody; return how many.

        Copies of the file that upgrades made go, too, once they are old.
        """
        aware(now)
        await self.runner.submit(lambda c: self.outbox.note_instant(c, now))
        dropped = 0
        while bite := await self.runner.submit(lambda c: self.outbox.tidy(c, now), rank="long"):
            dropped += bite
        if self.file is not None:
            await asyncio.to_thread(drop_old_copies, Path(self.place), now)
        return dropped

    async def check_write(self) -> None:
        """Write something and commit it, as an answer would be; raises `StoreTrouble` when nothing can be kept."""
        if self.file is not None:
            await asyncio.to_thread(self.file.check_room)
        await self.runner.submit(self._check_written)

    def _check_written(self, cursor: Cursor) -> None:
        value = self.cipher.seal(os.urandom(CHECK_BYTES // 2).hex())
        self.statements.put_rules.run(cursor, {"name": "check", "value": value})

    async def take_back_far(self, now: Callable[[], datetime]) -> None:
        """End the claims that a clock which was ahead made to last."""
        async for page in self._pages():
            beyond = now() + LONGEST_CLAIM
            await self.runner.submit(lambda c, p=page, b=beyond: self.schedules.take_back_far(c, p, b), rank="long")  # type: ignore[misc]

    async def rezone(self, now: datetime) -> Sequence[str]:
        """Make the reminders of a zone due whose rules are others than they were, or never noted; return those zones.

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
