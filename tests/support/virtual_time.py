"""An event loop whose time jumps to what is due next, so that stories of minutes and days take milliseconds.

Everything that keeps time lives on one such loop: the bot and the Bot API server that it talks to, so that a request
under way is a socket with something to read. Time stands still while anything is ready, while a thread or process that
the loop waits for is at work, and while the story itself is: it goes on only when the story waits for something that
has not happened yet, and then to the next timer and no further.
"""

from __future__ import annotations

import asyncio
import functools
import selectors
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from bot.storage.writer import Writer

T = TypeVar("T")

BEGIN: Final = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""When stories begin that say nothing else: a Monday, ten in the morning in Berlin."""
LOOK_SECONDS: Final = 0.05
"""Real seconds after which it is asked again whether what was outside of the loop has ended."""
QUIET_LOOKS: Final = 3
"""How often nothing may be found, each time for so long, before somebody has waited in vain: an error is dear there."""

TURN_SECONDS: Final = 1e-5
"""What one turn of the loop takes: without it, whoever waits for less than a clock can tell waits for ever."""

GRACE_SECONDS: Final = 0.001
"""Real seconds for what was written to a socket to be there to be read at its other end."""


@dataclass
class Waiter:
    """What a story waits for, and until when."""

    ready: Callable[[], Any]
    ends: float
    value: Any = None
    done: bool = False


class VirtualTime:
    """The time of one story, in seconds since it began."""

    def __init__(self, begin: datetime = BEGIN) -> None:
        self.begin = begin
        self.seconds = 0.0
        self.outside = 0
        """Pieces of work in threads that the loop waits for."""
        self.asked = 0
        """Requests that the bot waits for."""
        self.handled = 0
        """Requests that the server has read and is at; where that is another number, one is on its way."""
        self.writers: weakref.WeakSet[Writer] = weakref.WeakSet()
        """Those who write to files, now on the loop and now in a thread."""
        self.begun = 0
        """How often somebody has begun to wait. What was seen before the last time says nothing of what they did."""
        self.loop: VirtualLoop | None = None
        self._waiters: list[Waiter] = []
        self._children: list[asyncio.SubprocessTransport] = []
        self._lock = threading.RLock()
        self._news = threading.Condition(self._lock)

    def timestamp(self) -> float:
        """Return the time in seconds since 1970."""
        return self.begin.timestamp() + self.seconds

    def now(self) -> datetime:
        """Return the instant, aware, UTC."""
        return self.begin + timedelta(seconds=self.seconds)

    def share_lock(self, lock: threading.RLock) -> None:  # type: ignore[valid-type]
        """Ask under this lock whether what is waited for has happened."""
        self._lock = lock  # type: ignore[assignment]
        self._news = threading.Condition(lock)

    def make_loop(self) -> VirtualLoop:
        """Return a new loop that goes by this time; the one that things are waited for on."""
        self.loop = VirtualLoop(self)
        return self.loop

    def wait(self, ready: Callable[[], T], timeout: float) -> T:
        """Return what `ready` gives as soon as it is true, or its last value once `timeout` seconds have gone by."""
        with self._lock:
            value = ready()
            if value or timeout <= 0:
                return value
            waiter = Waiter(ready, self.seconds + timeout)
            self._waiters.append(waiter)
            self.begun += 1
            assert self.loop is not None
            self.loop.call_soon_threadsafe(_wake)
            while not waiter.done:
                self._news.wait(1.0)
                if self.loop.is_closed() and not waiter.done:
                    self._waiters.remove(waiter)
                    return ready()
            return waiter.value  # type: ignore[no-any-return]

    def counts(self, future: asyncio.Future[Any]) -> None:
        """Let time stand still until this is done, for somebody outside of the loop works on it."""
        self.outside += 1
        future.add_done_callback(self._one_less)

    def _one_less(self, _future: asyncio.Future[Any]) -> None:
        self.outside -= 1

    def watches(self, child: asyncio.SubprocessTransport) -> None:
        """Let time stand still until this process has ended."""
        self._children.append(child)

    def tell_waiters(self) -> bool:
        """Let those go on for whom what they wait for has happened, or for whom it is too late; tell if some were."""
        told = False
        with self._lock:
            for waiter in self._waiters[:]:
                waiter.value = waiter.ready()
                if waiter.value or self.seconds >= waiter.ends:
                    waiter.done = told = True
                    self._waiters.remove(waiter)
            if told:
                self._news.notify_all()
        return told

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Let time stand still meanwhile."""
        self.outside += 1
        try:
            yield
        finally:
            self.outside -= 1

    @contextmanager
    def handling(self) -> Iterator[None]:
        """Count a request that the server has read, until it has an answer."""
        self.handled += 1
        try:
            yield
        finally:
            self.handled -= 1

    def jump(self, timeout: float | None, begun: int, looks: int) -> bool:
        """Let `timeout` seconds go by if nothing can happen before; tell whether they have.

        The loop has looked `looks` times for something to do and found nothing; `begun` is what it was before the last
        look: whoever has begun to wait since may have done something just before.
        """
        self._children = [one for one in self._children if one.get_returncode() is None]
        with self._lock:
            if begun != self.begun or self._is_at_work() or not self._waiters or self.tell_waiters():
                return False
            nearest = min(waiter.ends for waiter in self._waiters)
            due = nearest if timeout is None else min(nearest, self.seconds + timeout)
            if due == nearest and looks < QUIET_LOOKS:
                return False
            self.seconds = max(self.seconds, due)
            return True

    def _is_at_work(self) -> bool:
        """Tell whether something is under way that the loop will hear of by itself."""
        writing = any(writer._running for writer in self.writers)
        return bool(self.outside or self.asked != self.handled or self._children or writing)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop that goes by a `VirtualTime`."""

    def __init__(self, time: VirtualTime) -> None:
        self._virtual = time
        super().__init__(_JumpingSelector(time))

    def time(self) -> float:
        """Return the seconds that have gone by."""
        return self._virtual.seconds

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]
        """Let a thread do something; time stands still meanwhile."""
        future = super().run_in_executor(executor, func, *args)
        self._virtual.counts(future)
        return future

    async def subprocess_exec(self, *args: Any, **kwargs: Any) -> Any:
        """Start a process; time stands still until it has ended."""
        transport, protocol = await super().subprocess_exec(*args, **kwargs)
        self._virtual.watches(transport)
        return transport, protocol


class _JumpingSelector(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    """Waits for real where it must, and lets time go by where nothing else can happen."""

    def __init__(self, time: VirtualTime) -> None:
        super().__init__()
        self._time = time

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; nothing once `timeout` seconds of the story have gone by."""
        self._time.seconds += TURN_SECONDS
        found = super().select(0)
        looks = 0
        while not found and (timeout is None or timeout > 0):
            begun = self._time.begun
            found = super().select(LOOK_SECONDS if looks else GRACE_SECONDS)
            looks += 1
            if not found and self._time.jump(timeout, begun, looks):
                return []
        return found


def _wake() -> None:
    """Do nothing: the loop has looked around, that is all."""


def noting(time: VirtualTime, submit: Callable[..., asyncio.Future[T]]) -> Callable[..., asyncio.Future[T]]:
    """Return `submit` of a store's writer, by which time stands still while that writer is at work."""

    @functools.wraps(submit)
    def submitted(self: Writer, *given: Any, **more: Any) -> asyncio.Future[T]:
        time.writers.add(self)
        return submit(self, *given, **more)

    return submitted
