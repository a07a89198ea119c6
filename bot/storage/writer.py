"""Where jobs run on SQLite: in groups with one COMMIT; on PostgreSQL see `bot.storage.thread_pool`.

Law of this file: a job's result is handed over only after the COMMIT that holds it; a job that fails takes nothing with
it, and a database that fails fails every job of the transaction. Jobs of one lane run in the order of their coming.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final, Literal, Protocol, TypeVar

from sqlalchemy import Engine
from sqlalchemy.pool import PoolProxiedConnection

from bot.storage import dialects
from bot.storage.compiled import Cursor
from bot.storage.errors import StoreClosed, spoils_transaction, translated
from bot.storage.file_guard import FileGuard

T = TypeVar("T")
Work = Callable[[Cursor], T]
"""What a job does with the cursor of its transaction."""

Rank = Literal["mark", "late", "long", "turn"]
"""What a job is: a short one that others wait for, one that waits for others, one longer than a turn, or a turn."""
Synchronous = Literal["", "NORMAL", "FULL"]
"""Whether a COMMIT waits for the disk (FULL)."""

JOINING: Final = 8
"""Rounds of the event loop for which turns wait for others: what is under way there is often the next turn. Measured
with 64 people: groups of seven instead of four."""
GROUP_SECONDS: Final = 0.03
"""After so long a group takes no more jobs, and lets the event loop go on. 64 people who begin at once fit in one, also
on a slow machine: with the network stubbed the slowest updates then take 1.3 times the usual wait, else 2.7 times."""
LATE_SECONDS: Final = 0.05
"""So long a late job waits for a transaction that is made anyway; then it gets one of its own."""
QUICK_SECONDS: Final = 0.001
"""Where the last COMMIT took no longer, the next one of a turn that is alone is waited for on the event loop: to wake a
thread and to be woken by it takes half as long again."""


class Runner(Protocol):
    """Runs jobs, each all or nothing."""

    def submit(self, work: Work[T], lane: Hashable = None, rank: Rank = "turn") -> asyncio.Future[T]:
        """Queue a job at once; its future ends after its commit. Raises `StoreClosed`."""

    async def close(self) -> None:
        """Finish what is queued and end the threads."""


class WriterJob:
    """A piece of work and who waits for it."""

    __slots__ = ("error", "future", "result", "work")

    def __init__(self, work: Work[Any]) -> None:
        self.work = work
        self.future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.result: Any = None
        self.error: BaseException | None = None

    def wanted(self) -> bool:
        """Tell whether somebody still waits; a job that nobody awaits any more is not begun."""
        return not self.future.cancelled()

    def failed(self, error: BaseException) -> None:
        """Note a failure; a StopIteration cannot be handed to a future."""
        self.error = RuntimeError(f"the job raised {error!r}") if isinstance(error, StopIteration) else error

    def settle(self) -> None:
        """Tell who waits; runs on their loop."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class _Queues(dict[Rank, deque[WriterJob]]):
    """What is queued, by rank."""

    def __init__(self) -> None:
        super().__init__({"late": deque(), "mark": deque(), "turn": deque(), "long": deque()})

    def next(self, ranks: Iterable[Rank]) -> WriterJob | None:
        """Return the next job of these ranks, in their order, that somebody still waits for."""
        for rank in ranks:
            while self[rank]:
                job = self[rank].popleft()
                if job.wanted():
                    return job
        return None

    def holds_any(self, *, late: bool) -> bool:
        """Tell whether anything is queued; what is late counts if `late`."""
        return any(jobs for rank, jobs in self.items() if late or rank != "late")

    def only_marks(self) -> bool:
        """Tell whether the next group has nothing that must be on the disk."""
        return bool(self["mark"]) or not self["turn"]

    def empty(self) -> list[WriterJob]:
        """Take everything out."""
        jobs = [job for queued in self.values() for job in queued]
        for queued in self.values():
            queued.clear()
        return jobs


class Writer:
    """The one connection that writes to a SQLite file.

    What only computes runs on the event loop, and what waits (for a slow disk, or for another process's lock) in a
    thread: SQLite's statements take microseconds, but each lets go of Python's interpreter lock, and a thread beside a
    busy loop waits up to 5 ms to get it back.
    Jobs that are queued while a COMMIT is under way make up the next group.

    Marks go first and are committed without waiting for the disk: the next COMMIT of a turn, and the checkpoint twice a
    second, take them there. A killed process loses none of them. A power cut can lose those of the last half second:
    then what they say was sent is sent again, as after any fault between Telegram and its mark, and no answer is lost.
    Late jobs join whatever is committed next.
    """

    def __init__(self, engine: Engine, place: str, written: Callable[[], None], guard: FileGuard) -> None:
        self._engine, self._place, self._written, self._guard = engine, place, written, guard
        self._loop = asyncio.get_running_loop()
        self._queues = _Queues()
        self._running = self._closed = self._company = self._was_long = False
        self._rounds, self._took, self._changes = 0, float("inf"), 0
        self._set: Synchronous = ""
        self._late: asyncio.TimerHandle | None = None
        self._at_rest = asyncio.Event()
        self._at_rest.set()
        self._pooled: PoolProxiedConnection | None = None
        self._connection: sqlite3.Connection | None = None
        self._errands: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run_errands, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work[T], lane: Hashable = None, rank: Rank = "turn") -> asyncio.Future[T]:  # noqa: ARG002  # all share one lane
        """Queue a job; to be called on the loop that made the writer."""
        if self._closed:
            raise StoreClosed(f"{self._place}: the store is closed.")
        job = WriterJob(work)
        self._queues[rank].append(job)
        self._at_rest.clear()
        if rank == "mark" and not self._running:  # short as it is, and seldom in company
            self._running = True
            self._begin()
        else:
            self._go_on()
        return job.future

    async def close(self) -> None:
        """Finish what is queued and end the thread."""
        self._closed = True
        self._go_on()
        await self._at_rest.wait()
        self._errands.put(None)
        await asyncio.to_thread(self._thread.join)

    def _go_on(self) -> None:
        """Begin with what is queued, unless something is under way; what is late waits for others first."""
        if self._running:
            return
        if self._queues.holds_any(late=self._closed):
            self._start()
        elif not self._queues["late"]:
            self._at_rest.set()
        elif self._late is None:
            self._late = self._loop.call_later(LATE_SECONDS, self._waited)

    def _start(self) -> None:
        self._running = True
        self._loop.call_soon(self._begin)  # whatever else is ready by then joins the group

    def _waited(self) -> None:
        self._late = None
        if self._queues["late"] and not self._running:
            self._start()

    def _begin(self) -> None:
        """Begin a group, at once if nobody else holds the file; turns wait for others only where there are others."""
        short = self._queues["turn"] or self._queues["mark"] or self._queues["late"]
        if self._queues["long"] and not (short and self._was_long):  # two in a row keep nobody waiting
            self._was_long = True
            self._errands.put(self._run_apart)
            return
        self._was_long = False
        if self._company and self._queues["turn"] and not self._queues["mark"] and self._rounds < JOINING:
            self._rounds += 1
            self._loop.call_soon(self._begin)
        elif not self._locks_at_once("NORMAL" if self._queues.only_marks() else "FULL"):
            self._errands.put(self._wait_for_lock)
        elif self._queues.only_marks():
            self._run_marks()
        else:
            self._run_group()

    def _locks_at_once(self, synchronous: Synchronous) -> bool:
        if self._connection is None:
            return False
        try:
            self._synchronise(self._connection, synchronous)
            self._connection.execute(dialects.WRITING)
        except sqlite3.Error:
            return False  # locked, or in trouble: the thread finds out
        return True

    def _synchronise(self, connection: sqlite3.Connection, synchronous: Synchronous) -> None:
        if self._set != synchronous:
            connection.execute(f"PRAGMA synchronous={synchronous}")
            self._set = synchronous

    def _run_group(self) -> None:
        """Run what is queued, in the transaction that has begun, and have it committed."""
        self._rounds, waiting = 0, len(self._queues["turn"])
        group, error = self._grouped(("late", "mark", "turn"))
        turns = waiting - len(self._queues["turn"])
        if turns:
            self._company = turns > 1
        if turns != 1 or error is not None or self._took > QUICK_SECONDS:
            self._errands.put(lambda: self._finish_apart(group, error))
        else:
            self._finish(group, error)
            self._tell(group)

    def _run_marks(self) -> None:
        """Run the marks that are queued, in the transaction that has begun, and commit them here: nothing waits."""
        group, error = self._grouped(("late", "mark"))
        self._finish(group, error)
        self._tell(group)

    def _grouped(self, ranks: Sequence[Rank]) -> tuple[list[WriterJob], BaseException | None]:
        """Run the jobs of these ranks for a while; return them, and what befell the transaction."""
        connection, group, error = self._connection, list[WriterJob](), None
        assert connection is not None
        cursor, ends = connection.cursor(), time.perf_counter() + GROUP_SECONDS
        try:
            while (job := self._queues.next(ranks)) is not None:
                group.append(job)
                (_isolated if len(group) > 1 else _first)(job, cursor, connection)
                if time.perf_counter() > ends:
                    break
        except BaseException as trouble:
            error = trouble
        return group, error

    # -- in the thread -------------------------------------------------------------------------------------------------

    def _run_errands(self) -> None:
        while (errand := self._errands.get()) is not None:
            errand()
        self._disconnect()

    def _wait_for_lock(self) -> None:
        """Begin a group once no other process holds the file any more."""
        try:
            self._lock_patiently()
        except BaseException as error:
            trouble = error
            self._disconnect()
            self._call(lambda: self._fail_all(trouble))
        else:
            self._call(self._run_group)

    def _lock_patiently(self) -> sqlite3.Connection:
        if self._connection is None:
            self._pooled = self._engine.raw_connection()
            assert isinstance(self._pooled.dbapi_connection, sqlite3.Connection)
            self._connection = self._pooled.dbapi_connection
        connection = self._connection
        connection.execute(f"PRAGMA busy_timeout={int(dialects.BUSY_SECONDS * 1000)}")
        self._synchronise(connection, "FULL")
        connection.execute(dialects.WRITING)
        connection.execute("PRAGMA busy_timeout=0")
        return connection

    def _run_apart(self) -> None:
        """Run one long job in a transaction of its own."""
        job, error = self._queues["long"].popleft(), None
        try:
            connection = self._lock_patiently()
            if job.wanted():
                _first(job, connection.cursor(), connection)
        except BaseException as trouble:
            error = trouble
        self._finish_apart([job], error)

    def _finish_apart(self, group: list[WriterJob], error: BaseException | None) -> None:
        self._finish(group, error)
        self._call(lambda: self._tell(group))

    # -- in either -----------------------------------------------------------------------------------------------------

    def _finish(self, group: list[WriterJob], error: BaseException | None) -> None:
        """Commit a group, or undo it after an error."""
        try:
            if error is not None:
                raise error
            self._commit(group)
        except BaseException as trouble:
            self._disconnect()
            for job in group:
                # Whoever failed by themselves hears why; the others were undone by the database's failure.
                if job.error is None or spoils_transaction(job.error):
                    job.failed(trouble)
        else:
            self._written()

    def _commit(self, group: list[WriterJob]) -> None:
        assert self._connection is not None
        began = time.perf_counter()
        self._connection.execute("COMMIT")
        self._guard.check()  # what was written to a file that is gone is kept nowhere
        changes = self._connection.total_changes
        kept = changes > self._changes and any(job.error is None for job in group)
        if self._set == "FULL" and kept:  # who only reads, or is undone, does not wait for the disk
            self._took = time.perf_counter() - began
        self._changes = changes

    def _disconnect(self) -> None:
        """Let go of the connection, and thereby of what is not committed; the next group makes a new one."""
        pooled, self._pooled, self._connection, self._set, self._changes = self._pooled, None, None, "", 0
        if pooled is not None:
            pooled.invalidate()
        self._guard.disconnected()

    def _call(self, action: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # The loop is closed: nobody waits any more, and what is committed is durable.
            self._loop.call_soon_threadsafe(action)

    # -- on the loop again ---------------------------------------------------------------------------------------------

    def _fail_all(self, error: BaseException) -> None:
        """Tell all who wait that the file cannot be written to."""
        jobs = self._queues.empty()
        for job in jobs:
            job.failed(error)
        self._tell(jobs)

    def _tell(self, group: list[WriterJob]) -> None:
        for job in group:
            if job.error is not None:
                job.failed(translated(job.error, self._place))
            job.settle()
        self._running = False
        self._go_on()


def _first(job: WriterJob, cursor: sqlite3.Cursor, raw: sqlite3.Connection) -> None:
    """Run the first job of a transaction, which begins anew if the job fails."""
    try:
        job.result = job.work(cursor)
    except BaseException as error:
        _told_apart(job, error, raw)
        cursor.execute("ROLLBACK")
        cursor.execute(dialects.WRITING)


def _isolated(job: WriterJob, cursor: sqlite3.Cursor, raw: sqlite3.Connection) -> None:
    """Run a job in a savepoint, so that its failure leaves the rest of the group alone."""
    cursor.execute("SAVEPOINT job")
    try:
        job.result = job.work(cursor)
    except BaseException as error:
        _told_apart(job, error, raw)
        cursor.execute("ROLLBACK TO job")
    cursor.execute("RELEASE job")


def _told_apart(job: WriterJob, error: BaseException, raw: sqlite3.Connection) -> None:
    """Note why a job failed; raises the error again where it is the whole transaction's."""
    job.failed(error)
    # SQLite itself ends the transaction when the disk is full or fails.
    if spoils_transaction(error) or not raw.in_transaction:
        raise error
