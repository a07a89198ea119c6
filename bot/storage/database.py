"""The store on SQLite and PostgreSQL: one implementation, chosen by URL.

Every method hands one function over to a store thread and awaits its commit; no SQL, no dialect.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Engine

from bot.core.chat.person import Key, TurnResult
from bot.core.coaching.cohort import CohortTurn
from bot.runtime.ports import (
    ClaimedCall,
    CohortDueStep,
    CohortStep,
    DueSchedule,
    OutboxClaim,
    Parked,
    QueueDepth,
    Retry,
    Step,
    UnmadeTurn,
)
from bot.runtime.refusals import KINDS, Kind, kept
from bot.storage import dialects
from bot.storage.cohorts import CohortTables
from bot.storage.compiled import Cursor
from bot.storage.content_versions import ContentVersions
from bot.storage.dialects import Checkpoints
from bot.storage.encryption import HEAD_SIZE, PROOF, Cipher, SealedCache, fingerprint
from bot.storage.errors import BadKey, NotMigrated, StoreError, StoreUnready, translated
from bot.storage.file_guard import FileGuard
from bot.storage.key_rotation import KeyRotation
from bot.storage.keys import admit
from bot.storage.outbox import OutboxRepository
from bot.storage.parked import drop
from bot.storage.people import PersonRepository
from bot.storage.reminders import ReminderRepository
from bot.storage.requests import Requests
from bot.storage.retention import SilentPeople
from bot.storage.revision import head, inspect, version_of
from bot.storage.schema import aware
from bot.storage.statements import Statements, statements_for
from bot.storage.thread_pool import Pool
from bot.storage.upkeep import Upkeep
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
    has_old_keys: bool = False
    unverified: URL | None = None
    """A file too large to be looked through before the start."""


class Database:
    """Keeps everything, in a SQLite file or in PostgreSQL; made by `open`."""

    def __init__(self, opened: _Opened, cipher: Cipher, threads: int) -> None:
        self._engine, self._place, self._cipher = opened.engine, opened.place, cipher
        self.has_old_keys = opened.has_old_keys
        """Whether values may be under another key than the first, so that `rotate` has something to look for."""
        self._statements = statements = statements_for(opened.engine.dialect)
        lock = dialects.lock_nothing if opened.sqlite else dialects.locking(statements.lock)
        self._turning = PersonRepository(statements, cipher, SealedCache(cipher), lock, self._reading)
        self._schedules = ReminderRepository(statements, cipher, self._turning)
        self._outbox = OutboxRepository(statements, cipher, self._turning, self._schedules)
        self._cohorts = CohortTables(opened.engine.dialect, cipher, self._turning)
        self._checkpoints = Checkpoints(self._engine) if opened.sqlite else None
        self._guard = FileGuard(Path(self._place)) if opened.sqlite else None
        if self._guard is not None:
            self._guard.watch(self._engine)
        self._runner: Runner = (
            Writer(self._engine, self._place, self._checkpoints.written, self._guard)
            if self._checkpoints and self._guard
            else Pool(self._engine, self._place, threads)
        )
        self.versions = ContentVersions(self._runner, self._cohorts.versions)
        self.retention = SilentPeople(opened.engine.dialect, self._runner, self._turning, self._cohorts, self._emptied)
        self.keys = KeyRotation(self._runner, self._reading, cipher, opened.engine.dialect, opened.place)
        self.upkeep = Upkeep(
            self._runner, self._engine, self._place, self._guard, opened.unverified, cipher, statements,
            self._outbox, self._schedules, self._cohorts.versions, self._reading,
        )  # fmt: skip

    @property
    def requests(self) -> Requests:
        """What an operator does for people who ask by mail."""
        return Requests(self._runner, self._turning, self._cohorts, self._emptied)

    @classmethod
    async def open(cls, url: str | URL, cipher: Cipher, *, threads: int = THREADS) -> Database:
        """Open the database at `url` (sqlite:///path or postgresql://…), whose tables `migrate.upgrade` has made.

        Raises `StoreError`, in particular `NotMigrated`, `BadKey` and `Corrupt`, and changes nothing then.
        """
        opened = await asyncio.to_thread(_open, url, cipher, threads)
        return cls(opened, cipher, threads)

    async def keeps_others(self, bot: int) -> bool:
        """Return whether people of any other bot are kept here."""
        found = await self._runner.submit(lambda c: self._statements.of_others.one(c, {"bot": bot}), rank="long")
        return found is not None

    async def turn(
        self, update: int, key: Key, step: Step, now: datetime, claim: OutboxClaim | None = None
    ) -> TurnResult | UnmadeTurn | None:
        """Run `step` and keep what it leads to; see `Store.turn`."""
        aware(now)
        with _only_if_kept(claim):
            turned = await self._runner.submit(lambda c: self._turned(c, update, key, step, now, claim), key)
        if isinstance(turned, TurnResult) and turned.person is None:
            await self._emptied()
        return turned

    def _turned(
        self, cursor: Cursor, update: int, key: Key, step: Step, now: datetime, claim: OutboxClaim | None
    ) -> TurnResult | UnmadeTurn | None:
        turned = self._turning.turn(cursor, update, key, step, now, claim)
        if not isinstance(turned, TurnResult):
            return turned
        if turned.aside is not None:
            self._outbox.park_update(cursor, key.bot, update, *turned.aside, now)
        if turned.person is None:
            self._cohorts.forget(cursor, key.bot, key.person)
        return turned

    async def cohort_respond(
        self, update: int | None, key: Key, step: CohortStep, now: datetime
    ) -> CohortTurn | UnmadeTurn | None:
        """Run a turn that concerns cohorts; see `Store.cohort_respond`."""
        aware(now)
        return await self._runner.submit(lambda c: self._cohorts.cohort_respond(c, update, key, step, now), key)

    async def cohort_due(self, step: CohortDueStep, now: datetime) -> CohortTurn | UnmadeTurn | None:
        """Run the turn of the cohort that is due longest; see `Store.cohort_due`."""
        aware(now)
        return await self._runner.submit(lambda c: self._cohorts.cohort_due(c, step, now))

    async def claim(self, worker: str, now: datetime, lease: timedelta, limit: int) -> Sequence[ClaimedCall]:
        """Lease the oldest call of up to `limit` chats; see `Store.claim`."""
        aware(now)
        return await self._runner.submit(lambda c: self._outbox.claim(c, worker, now, lease, limit), rank="mark")

    async def claim_due(self, now: datetime, lease: timedelta, limit: int) -> Sequence[DueSchedule]:
        """Lease the schedules that are due longest; see `Store.claim_due`."""
        aware(now)
        return await self._runner.submit(lambda c: self._schedules.claim(c, now, lease, limit))

    async def collect_due(self, due: DueSchedule, step: Step, now: datetime) -> TurnResult | UnmadeTurn | None:
        """Run the turn of a schedule that is due; see `Store.collect_due`."""
        aware(now)
        return await self._runner.submit(lambda c: self._schedules.collect_due(c, due, step, now), due.key)

    async def park_due(self, due: DueSchedule, reason: str, now: datetime) -> bool:
        """Put a schedule aside that cannot be rung; False when it is somebody else's by now."""
        aware(now)
        return await self._runner.submit(lambda c: self._schedules.park(c, due, reason, now))

    async def next_due(self) -> datetime | None:
        """Return from when on some schedule or cohort is due; None when nothing is planned."""
        return await self._runner.submit(self._next_due)

    def _next_due(self, cursor: Cursor) -> datetime | None:
        found = (self._schedules.next_at(cursor), self._cohorts.next_wake(cursor))
        return min((at for at in found if at is not None), default=None)

    async def sent(
        self,
        posted: ClaimedCall,
        message: int | None,
        now: datetime,
        claim: OutboxClaim | None = None,
        *,
        late: bool = False,
    ) -> bool:
        """Take a call off the outbox; False when it is somebody else's by now; see `Store.sent`."""
        aware(now)
        rank: Rank = "late" if late else "mark"
        with _only_if_kept(claim):
            return await self._runner.submit(lambda c: self._sent(c, posted, message, now, claim), rank=rank)

    def _sent(
        self, cursor: Cursor, posted: ClaimedCall, message: int | None, now: datetime, claim: OutboxClaim | None
    ) -> bool:
        if message is not None and posted.call.kind == "poll":
            self._cohorts.polled(cursor, posted.key, posted.call, message)
        return self._outbox.sent(cursor, posted, message, now, claim)

    async def later(self, posted: ClaimedCall, at: datetime, *, whole_chat: bool = False) -> bool:
        """Give a call back to be tried at `at`; False when it is somebody else's by now."""
        aware(at)
        return await self._runner.submit(lambda c: self._outbox.later(c, posted, at, whole_chat), rank="mark")

    async def park(self, posted: ClaimedCall, reason: str, now: datetime) -> bool:
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

    async def parked(self, limit: int = 100, *, faults: bool = False) -> Sequence[Parked]:
        """Return what is parked, the oldest first; with `faults` only what an operator should look at."""
        return await self._runner.submit(lambda c: self._outbox.parked(c, limit, faults), rank="long")

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

    async def discard(self, id_: int) -> bool:
        """Drop something parked for good; False when there is none."""
        return await self._runner.submit(lambda c: self._outbox.discard(c, id_))

    async def discard_all(self, kind: Kind, now: datetime) -> int:
        """Drop all that was parked of one kind before an instant; return how much."""
        return (await drop(self._runner, self._outbox, {kind: aware(now)})).get(kind, 0)

    async def expire(self, now: datetime) -> Mapping[Kind, int]:
        """Drop what was parked too long ago for its kind, in bites that delay nobody; see `Store.expire`."""
        return await drop(self._runner, self._outbox, {kind: aware(now) - kept(kind) for kind in KINDS})

    async def depth(self) -> QueueDepth:
        """Count what waits."""
        return await self._runner.submit(self._outbox.depth, rank="long")

    async def _emptied(self) -> None:
        """Empty SQLite's log: deleted rows are zeroed in the file, and their old pages are in the log until then."""
        if self._checkpoints is not None:
            await asyncio.to_thread(self._checkpoints.empty, FORGETTING_SECONDS)

    def pseudonym(self, person: int) -> str:
        """Return the name of somebody in logs; see `Store.pseudonym`."""
        return self._cipher.pseudonym(person)

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
        if self._guard is not None:
            self._guard.close()

    def _reading(self) -> AbstractContextManager[Cursor]:
        return dialects.reading(self._engine)


@contextmanager
def _only_if_kept(claim: OutboxClaim | None) -> Iterator[None]:
    """Take back what was claimed in a transaction that is not kept."""
    try:
        yield
    except BaseException:
        if claim is not None:
            claim.posted, claim.done = None, False
        raise


def _open(url: str | URL, cipher: Cipher, threads: int) -> _Opened:
    where = dialects.read_url(url)
    inspect(where, count=False).refuse_unless_current()
    opened = _Opened(dialects.connect(where, threads), dialects.place_of(where), where.drivername == "sqlite")
    try:
        if opened.sqlite and not dialects.prepare_file(where):
            opened = replace(opened, unverified=where)
        has_old_keys = _check_keys(opened, statements_for(opened.engine.dialect), cipher)
        if opened.sqlite:
            dialects.empty_log(opened.engine)
    except BaseException as error:
        opened.engine.dispose()
        meant = translated(error, opened.place)
        if meant is error:
            raise
        raise meant from error
    return replace(opened, has_old_keys=has_old_keys)


def _check_keys(opened: _Opened, statements: Statements, cipher: Cipher) -> bool:
    """See that every key the data needs is at hand; a database without data is given its proof.

    Return whether values may be under another key than the first.
    """
    new = {"name": "proof", "value": cipher.seal(PROOF)}
    with opened.engine.begin() as connection:
        cursor: Any = connection.connection.cursor()
        is_new = bool(statements.put_proof.run(cursor, new))
        proof = statements.proof.one(cursor).value
        fits = cipher.fits(proof)
        has_old_keys = admit(cursor, opened.engine.dialect, cipher, opened.place, is_new=is_new, fits=fits)
        if not fits:
            raise BadKey(
                f"{opened.place}: it was written with another key ({fingerprint(proof[:HEAD_SIZE])}) than the one "
                f"given ({fingerprint(cipher.heads[0])}). Set DATA_KEY to the key it was written with, or "
                "name the file that holds it; without that key nothing in it can be read."
            )
    return has_old_keys
