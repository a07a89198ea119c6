"""Where jobs run: one writer thread that commits groups (SQLite), or some with a transaction each (PostgreSQL).

Law of this file: a job's result is handed over only after the COMMIT that holds it; a job that fails takes nothing with
it, and a database that fails fails every job of the transaction. Jobs of one lane run in the order of their coming.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Connection, Engine

from bot.service.faults import passing
from bot.store.errors import Lost, StoreClosed, spoils_transaction, translated
from bot.store.prepared import Cursor

T = TypeVar("T")
Work = Callable[[Cursor], T]
"""What a job does with the cursor of its transaction."""

GROUP: Final = 128
"""Jobs in one commit at most: bounds how long the first of them waits for the last."""


class Runner(Protocol):
    """Runs jobs, each all or nothing."""

    def submit(self, work: Work[T], lane: Hashable = None) -> asyncio.Future[T]:
        """Queue a job at once; its future ends after its commit. Raises `StoreClosed`."""

    def close(self) -> None:
        """Finish what is queued and end the threads; blocks."""


class Job:
    """A piece of work and who waits for it."""

    __slots__ = ("error", "future", "loop", "result", "work")

    def __init__(self, work: Work[Any]) -> None:
        self.work = work
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
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


def hand_over(jobs: Iterable[Job]) -> None:
    """Tell all who wait, with one wake-up per event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Job]] = {}
    for job in jobs:
        by_loop.setdefault(job.loop, []).append(job)
    for loop, theirs in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, theirs)
        except RuntimeError:
            continue  # The loop is closed: nobody waits any more, and the data is durable.


def _settle(jobs: list[Job]) -> None:
    for job in jobs:
        job.settle()


class Writer:
    """The one writer of a SQLite file: drains its queue and commits what it found there as a group."""

    def __init__(self, engine: Engine, place: str, written: Callable[[], None]) -> None:
        self._engine, self._place, self._written = engine, place, written
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._closed = False
        self._closing = threading.Lock()
        self._connection: Connection | None = None
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work[T], lane: Hashable = None) -> asyncio.Future[T]:  # noqa: ARG002  # all share one lane
        """Queue a job."""
        job = Job(work)
        with self._closing:
            if self._closed:
                raise StoreClosed(f"{self._place}: the store is closed.")
            self._queue.put(job)
        return job.future

    def close(self) -> None:
        """Finish what is queued and end the thread."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        last = False
        while not last:
            group, last = self._next()
            if group:
                self._commit(group)
                hand_over(group)
        self._disconnect()

    def _next(self) -> tuple[list[Job], bool]:
        """Wait for a job and take along what else is queued; True with the last group."""
        job = self._queue.get()
        group: list[Job] = []
        while job is not None:
            if job.wanted():
                group.append(job)
            if len(group) == GROUP:
                return group, False
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                return group, False
        return group, True

    def _commit(self, group: list[Job]) -> None:
        try:
            connection = self._connected()
            with connection.begin():
                raw = connection.connection.dbapi_connection
                assert isinstance(raw, sqlite3.Connection)
                cursor = raw.cursor()
                for job in group:
                    _isolated(job, cursor, raw)
                passing("before_commit")
            passing("after_commit")
        except BaseException as error:
            self._disconnect()
            for job in group:
                # Whoever failed by themselves hears why; the others were undone by the database's failure.
                if job.error is None or spoils_transaction(job.error):
                    job.failed(translated(error, self._place))
        else:
            self._written()
        for job in group:
            if job.error is not None:
                job.failed(translated(job.error, self._place))

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def _disconnect(self) -> None:
        """Let go of the connection; the next group makes a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except Exception:
                connection.invalidate()


def _isolated(job: Job, cursor: Cursor, raw: sqlite3.Connection) -> None:
    """Run a job in a savepoint, so that its failure leaves the rest of the group alone."""
    raw.execute("SAVEPOINT job")
    try:
        job.result = job.work(cursor)
    except BaseException as error:
        job.failed(error)
        # SQLite itself ends the transaction when the disk is full or fails.
        if spoils_transaction(error) or not raw.in_transaction:
            raise
        raw.execute("ROLLBACK TO job")
    raw.execute("RELEASE job")


class Pool:
    """A few threads on PostgreSQL, a transaction for each job; jobs of one lane run one after another."""

    def __init__(self, engine: Engine, place: str, threads: int) -> None:
        self._engine, self._place = engine, place
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="store")
        self._lanes: dict[Hashable, deque[Job]] = {}
        self._guard = threading.Lock()
        self._closed = False

    def submit(self, work: Work[T], lane: Hashable = None) -> asyncio.Future[T]:
        """Queue a job."""
        job = Job(work)
        with self._guard:
            if self._closed:
                raise StoreClosed(f"{self._place}: the store is closed.")
            if lane is None:
                self._threads.submit(self._finish, job)
            elif lane in self._lanes:
                self._lanes[lane].append(job)
            else:
                self._lanes[lane] = deque([job])
                self._threads.submit(self._walk, lane)
        return job.future

    def close(self) -> None:
        """Finish what is queued and end the threads."""
        with self._guard:
            self._closed = True
            lanes = bool(self._lanes)
        while lanes:  # a lane that goes on submits itself again, which an executor that is shut down refuses
            threading.Event().wait(0.005)
            with self._guard:
                lanes = bool(self._lanes)
        self._threads.shutdown(wait=True)

    def _walk(self, lane: Hashable) -> None:
        """Run the first job of a lane, then queue up again, so that no lane holds a thread for long."""
        self._finish(self._lanes[lane][0])
        with self._guard:
            jobs = self._lanes[lane]
            jobs.popleft()
            if jobs:
                self._threads.submit(self._walk, lane)
            else:
                del self._lanes[lane]

    def _finish(self, job: Job) -> None:
        if not job.wanted():
            return
        try:
            with self._engine.connect() as connection:
                with connection.begin(), closing(connection.connection.cursor()) as cursor:
                    job.result = job.work(cursor)
                    passing("before_commit")
                passing("after_commit")
        except BaseException as error:
            job.failed(translated(error, self._place))
            if isinstance(job.error, Lost):
                self._engine.dispose()  # the other connections are stale, too
        hand_over((job,))
