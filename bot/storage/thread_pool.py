"""Where jobs run on PostgreSQL: in a few threads, a transaction each."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

from sqlalchemy import Engine

from bot.storage.errors import Lost, StoreClosed, translated
from bot.storage.writer import Rank, T, Work, WriterJob


class Pool:
    """A few threads on PostgreSQL, a transaction for each job; jobs of one lane run one after another."""

    def __init__(self, engine: Engine, place: str, threads: int) -> None:
        self._engine, self._place = engine, place
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="store")
        self._lanes: dict[Hashable, deque[WriterJob]] = {}
        self._guard = threading.Lock()
        self._closed = False

    def submit(self, work: Work[T], lane: Hashable = None, rank: Rank = "turn") -> asyncio.Future[T]:  # noqa: ARG002  # no job waits for another
        """Queue a job."""
        job = WriterJob(work)
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

    async def close(self) -> None:
        """Finish what is queued and end the threads."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
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

    def _finish(self, job: WriterJob) -> None:
        if not job.wanted():
            return
        try:
            with self._engine.begin() as connection, closing(connection.connection.cursor()) as cursor:
                job.result = job.work(cursor)
        except BaseException as error:
            job.failed(translated(error, self._place))
            if isinstance(job.error, Lost):
                self._engine.dispose()  # the other connections are stale, too
        with suppress(RuntimeError):  # The loop is closed: nobody waits any more, and what is committed is durable.
            job.future.get_loop().call_soon_threadsafe(job.settle)
