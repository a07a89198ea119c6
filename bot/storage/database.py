"""The store on SQLite and PostgreSQL: one implementation, chosen by URL.

Law of this file: every method hands one function over to a store thread and awaits its commit; no SQL, no dialect.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import URL, Engine

from bot.core.cohorts.editions import Edition
from bot.core.cohorts.records import Convened
from bot.core.person import Key, Turned
from bot.service.cohorts import Convening, Holding
from bot.service.ports import Claim, Depth, Due, Job, Parked, Posted, Retry, Step
from bot.storage import dialects
from bot.storage.cache import Memory
from bot.storage.cohorts import Cohorts
from bot.storage.compiled import Cursor
from bot.storage.dialects import Checkpoints
from bot.storage.encryption import PROOF, Cipher
from bot.storage.errors import BadKey, NotMigrated, StoreError, StoreUnready, translated
from bot.storage.key_rotation import rotate
from bot.storage.migrate import head, migrate, version_of
from bot.storage.outbox import Outbox
from bot.storage.people import Turning
from bot.storage.reminders import Agendas
from bot.storage.schema import aware
from bot.storage.statements import Statements, statements_for
from bot.storage.thread_pool import Pool
from bot.storage.upkeep import LONGEST_CLAIM, Upkeep
from bot.storage.writer import Rank, Runner, Writer

THREADS: Final = 8
"""Transactions at once on PostgreSQL."""
FORGETTING_SECONDS: Final = 5.0
"""So long a turn that forgets somebody waits until the log is empty as well; later it is emptied all the same."""


@dataclass(frozen=True)
class _Opened:
    """What `Database.open` found and made, in a thread."""

    engine: Engine
    place: str
    sqlite: bool
    unverified: URL | None = None
    """A file too large to be looked through before the start."""


class Database:
    """Keeps everything, in a SQLite file or in PostgreSQL; made by `open`."""

    def __init__(self, opened: _Opened, cipher: Cipher, threads: int) -> None:
        self._engine, self._place, self._cipher = opened.engine, opened.place, cipher
        self._statements = statements = statements_for(opened.engine.dialect)
        lock = dialects.lock_nothing if opened.sqlite else dialects.locking(statements.lock)
        self._turning = Turning(statements, cipher, Memory(cipher), lock, self._reading)
        self._agendas = Agendas(statements, cipher, self._turning)
        self._outbox = Outbox(statements, cipher, self._turning, self._agendas)
        self._cohorts = Cohorts(opened.engine.dialect, cipher, self._turning)
        self._checkpoints = Checkpoints(self._engine) if opened.sqlite else None
        self._unverified = opened.unverified
        self._runner: Runner = (
            Writer(self._engine, self._place, self._checkpoints.written)
            if self._checkpoints
            else Pool(self._engine, self._place, threads)
        )
        self._upkeep = Upkeep(self._runner, self._agendas, self._reading)

    @classmethod
    async def open(cls, url: str | URL, cipher: Cipher, *, threads: int = THREADS) -> Database:
        """Open the database at `url` (sqlite:///path or postgresql://…) and bring its tables up to date.

        Raises `StoreError`, in particular `BadKey`, `Corrupt` and other `StoreUnready`, and changes nothing then.
        """
        opened = await asyncio.to_thread(_open, url, cipher, threads)
        return cls(opened, cipher, threads)

    async def keeps_others(self, bot: int) -> bool:
        """Return whether people of any other bot are kept here."""
        found = await self._runner.submit(lambda c: self._statements.of_others.one(c, {"bot": bot}), rank="long")
        return found is not None

    async def take_over(self, now: datetime) -> None:
        """End the leases of the process before: a file has one bot at a time, and a killed one ends none itself."""
        aware(now)
        if self._checkpoints is not None:
            await self._runner.submit(lambda c: self._taken_back(c, now))

    async def look_through(self, now: Callable[[], datetime]) -> Sequence[str]:
        """Look through everything, page by page while people talk, for what a start is to put right.

        Claims end that a clock made which was ahead, and every agenda is worked out anew in whose zone the clocks now
        run by other rules; these zones are returned. To be called once after `take_over`.
        """
        if self._checkpoints is not None:
            await self._upkeep.take_back_far(now)
        return await self._upkeep.rezone(aware(now()))

    async def verify(self) -> None:
        """Look through a file that was too large for it when it was opened; raises `Corrupt` when it is damaged."""
        if self._unverified is not None:
            await dialects.verify(self._unverified)

    def _taken_back(self, cursor: Cursor, now: datetime) -> None:
        self._outbox.take_back(cursor)
        self._agendas.take_back(cursor, now + LONGEST_CLAIM)
        self._cohorts.editions.take_back(cursor)

    async def turn(self, update: int, key: Key, step: Step, now: datetime, claim: Claim | None = None) -> Turned | None:
        """Run `step` and keep what it leads to; see `Store.turn`."""
        aware(now)
        with _only_if_kept(claim):
            turned = await self._runner.submit(lambda c: self._turned(c, update, key, step, now, claim), key)
        if turned is not None and turned.person is None and self._checkpoints is not None:
            # Deleted rows are zeroed in the file; their old pages are in the log until it is emptied.
            await asyncio.to_thread(self._checkpoints.empty, FORGETTING_SECONDS)
        return turned

    def _turned(
        self, cursor: Cursor, update: int, key: Key, step: Step, now: datetime, claim: Claim | None
    ) -> Turned | None:
        turned = self._turning.turn(cursor, update, key, step, now, claim)
        if turned is not None and turned.aside is not None:
            self._outbox.park_update(cursor, key.bot, update, *turned.aside, now)
        if turned is not None and turned.person is None:
            self._cohorts.forget(cursor, key.bot, key.person)
        return turned

    async def convene(self, update: int | None, key: Key, step: Convening, now: datetime) -> Convened | None:
        """Run a turn that concerns cohorts; see `Store.convene`."""
        aware(now)
        return await self._runner.submit(lambda c: self._cohorts.convene(c, update, key, step, now), key)

    async def hold(self, step: Holding, now: datetime) -> Convened | None:
        """Run the turn of the cohort that is due longest; see `Store.hold`."""
        aware(now)
        return await self._runner.submit(lambda c: self._cohorts.hold(c, step, now))

    async def edition(self, bot: int, number: int) -> Edition | None:
        """Return an edition; see `Store.edition`."""
        return await self._runner.submit(lambda c: self._cohorts.editions.one(c, bot, number))

    async def claim_edition(self, now: datetime, lease: timedelta) -> Job | None:
        """Lease the edition that waits longest; see `Store.claim_edition`."""
        aware(now)
        return await self._runner.submit(lambda c: self._cohorts.editions.claim(c, now, lease))

    async def put_off(self, bot: int, number: int, until: datetime) -> None:
        """Let an edition be checked, from an instant on."""
        aware(until)
        await self._runner.submit(lambda c: self._cohorts.editions.put_off(c, bot, number, until))

    async def claim(self, worker: str, now: datetime, lease: timedelta, limit: int) -> Sequence[Posted]:
        """Lease the oldest call of up to `limit` chats; see `Store.claim`."""
        aware(now)
        return await self._runner.submit(lambda c: self._outbox.claim(c, worker, now, lease, limit), rank="mark")

    async def claim_due(self, now: datetime, lease: timedelta, limit: int) -> Sequence[Due]:
        """Lease the agendas that are due longest; see `Store.claim_due`."""
        aware(now)
        return await self._runner.submit(lambda c: self._agendas.claim(c, now, lease, limit))

    async def ring(self, due: Due, step: Step, now: datetime) -> Turned | None:
        """Run the turn of an agenda that is due; see `Store.ring`."""
        aware(now)
        return await self._runner.submit(lambda c: self._agendas.ring(c, due, step, now), due.key)

    async def park_due(self, due: Due, reason: str, now: datetime) -> bool:
        """Put an agenda aside that cannot be rung; False when it is somebody else's by now."""
        aware(now)
        return await self._runner.submit(lambda c: self._agendas.park(c, due, reason, now))

    async def next_due(self) -> datetime | None:
        """Return from when on some agenda or cohort is due; None when nothing is planned."""
        return await self._runner.submit(self._next_due)

    def _next_due(self, cursor: Cursor) -> datetime | None:
        found = (self._agendas.next_at(cursor), self._cohorts.next_wake(cursor))
        return min((at for at in found if at is not None), default=None)

    async def sent(
        self, posted: Posted, message: int | None, now: datetime, claim: Claim | None = None, *, late: bool = False
    ) -> bool:
        """Take a call off the outbox; False when it is somebody else's by now; see `Store.sent`."""
        aware(now)
        rank: Rank = "late" if late else "mark"
        with _only_if_kept(claim):
            return await self._runner.submit(lambda c: self._sent(c, posted, message, now, claim), rank=rank)

    def _sent(self, cursor: Cursor, posted: Posted, message: int | None, now: datetime, claim: Claim | None) -> bool:
        if message is not None and posted.call.method == "sendPoll":
            self._cohorts.polled(cursor, posted.key, posted.call, message)
        return self._outbox.sent(cursor, posted, message, now, claim)

    async def later(self, posted: Posted, at: datetime, *, whole_chat: bool = False) -> bool:
        """Give a call back to be tried at `at`; False when it is somebody else's by now."""
        aware(at)
        return await self._runner.submit(lambda c: self._outbox.later(c, posted, at, whole_chat), rank="mark")

    async def park(self, posted: Posted, reason: str, now: datetime) -> bool:
        """Put a call aside for good; False when it is somebody else's by now."""
        aware(now)
        return await self._runner.submit(lambda c: self._outbox.park(c, posted, reason, now), rank="mark")

    async def park_update(self, bot: int, update: int, reason: str, payload: Mapping[str, Any], now: datetime) -> None:
        """Put an update aside and count it as seen."""
        aware(now)
        await self._runner.submit(lambda c: self._outbox.park_update(c, bot, update, reason, payload, now))

    async def blocked(self, bot: int, chat: int, reason: str, now: datetime) -> int:
        """Park what waits for a chat that cannot be written to; return how much that was."""
        aware(now)
        return await self._runner.submit(lambda c: self._outbox.blocked(c, bot, chat, reason, now))

    async def unblocked(self, bot: int, chat: int) -> None:
        """Note that a chat can be written to again."""
        await self._runner.submit(lambda c: self._outbox.unblocked(c, bot, chat))

    async def migrate(self, bot: int, chat: int, new: int) -> None:
        """Rewrite a chat's id wherever it is kept."""
        await self._runner.submit(lambda c: self._migrated(c, bot, chat, new), rank="long")

    def _migrated(self, cursor: Cursor, bot: int, chat: int, new: int) -> None:
        self._outbox.migrate(cursor, bot, chat, new)
        self._cohorts.migrate(cursor, bot, chat, new)

    async def next_at(self, now: datetime) -> datetime | None:
        """Return from when on some call may be claimed; None when nothing waits."""
        now = aware(now)
        return await self._runner.submit(lambda c: self._outbox.next_at(c, now), rank="long")

    async def parked(self, limit: int = 100) -> Sequence[Parked]:
        """Return what is parked, the oldest first."""
        return await self._runner.submit(lambda c: self._outbox.parked(c, limit), rank="long")

    async def release(self, id_: int, now: datetime) -> bool:
        """Put a parked call back, or forget that a parked update was seen; False when there is none."""
        aware(now)
        return await self._runner.submit(lambda c: self._outbox.release(c, id_, now))

    async def retry(self, id_: int, turning: Retry, now: datetime) -> bool:
        """Handle a parked update after all, in one transaction; whatever `turning` raises leaves it where it is.

        `turning` is given the bot and the update, and returns whose turn it is with its step, None for nobody's.
        """
        aware(now)
        return await self._runner.submit(lambda c: self._retried(c, id_, turning, now))

    def _retried(self, cursor: Cursor, id_: int, turning: Retry, now: datetime) -> bool:
        row = self._outbox.take_update(cursor, id_)
        if row is None:
            return False
        bot, update, payload = row
        found = turning(bot, payload)
        if found is not None:
            self._turning.turn(cursor, update, *found, now)
        return True

    async def depth(self) -> Depth:
        """Count what waits."""
        return await self._runner.submit(self._outbox.depth, rank="long")

    async def tidy(self, now: datetime) -> int:
        """Drop updates seen more than two days ago, in bites that delay nobody; return how many."""
        aware(now)
        dropped = 0
        while bite := await self._runner.submit(lambda c: self._outbox.tidy(c, now), rank="long"):
            dropped += bite
        return dropped

    async def rotate(self) -> int:
        """Encrypt anew under the first key whatever is under another; return how many values that were.

        Others may go on meanwhile. Afterwards the old keys can be dropped.
        """
        return await rotate(self._runner, self._cipher, self._engine.dialect)

    async def ready(self) -> None:
        """Raise `StoreUnready`, with a sentence for the operator, unless the database answers and is migrated."""
        try:
            version = await self._runner.submit(version_of)
        except StoreUnready:
            raise
        except StoreError as error:
            raise StoreUnready(str(error)) from error
        if version != head():
            raise NotMigrated(f"{self._place}: its tables are of version {version}, not {head()}. Start the bot anew.")

    async def close(self) -> None:
        """Finish what was begun and let go of the database; later calls raise `StoreClosed`."""
        await self._runner.close()
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        if self._checkpoints is not None:
            self._checkpoints.close()
        self._engine.dispose()

    def _reading(self) -> AbstractContextManager[Cursor]:
        return dialects.reading(self._engine)


@contextmanager
def _only_if_kept(claim: Claim | None) -> Iterator[None]:
    """Take back what was claimed in a transaction that is not kept."""
    try:
        yield
    except BaseException:
        if claim is not None:
            claim.posted, claim.done = None, False
        raise


def _open(url: str | URL, cipher: Cipher, threads: int) -> _Opened:
    where = dialects.read_url(url)
    opened = _Opened(dialects.connect(where, threads), dialects.place_of(where), where.drivername == "sqlite")
    try:
        if opened.sqlite and not dialects.prepare_file(where):
            opened = replace(opened, unverified=where)
        migrate(opened.engine)
        _prove(opened, statements_for(opened.engine.dialect), cipher)
        if opened.sqlite:
            dialects.empty_log(opened.engine)
    except BaseException as error:
        opened.engine.dispose()
        meant = translated(error, opened.place)
        if meant is error:
            raise
        raise meant from error
    return opened


def _prove(opened: _Opened, statements: Statements, cipher: Cipher) -> None:
    """See that the data was written with a key at hand; a database without data is given its proof."""
    new = {"name": "proof", "value": cipher.seal(PROOF)}
    with opened.engine.begin() as connection:
        cursor: Any = connection.connection.cursor()
        statements.put_proof.run(cursor, new)
        if not cipher.fits(statements.proof.one(cursor).value):
            raise BadKey(
                f"{opened.place}: it was written with another key than the one given. Set DATA_KEY to the key it was "
                "written with, or name the file that holds it; without that key nothing in it can be read."
            )
