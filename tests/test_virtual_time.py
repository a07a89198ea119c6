"""The time of stories: it goes by only when nothing else can happen."""

from __future__ import annotations

import asyncio
import selectors
import threading
from typing import Any

import pytest

from tests.support.virtual_time import VirtualTime

HOUR = 3600.0


class Stage:
    """A loop in a thread of its own that answers whoever calls, unless `deaf`."""

    def __init__(self) -> None:
        self.time, self.answered, self.deaf = VirtualTime(), False, False
        self.loop = self.time.make_loop()
        self._thread = threading.Thread(target=self._live)

    def _live(self) -> None:
        self.loop.call_later(HOUR, bool)  # so that there is something to jump to
        self.loop.run_forever()
        self.loop.close()

    def call(self) -> None:
        self.loop.call_soon_threadsafe(self._hear)

    def _hear(self) -> None:
        self.answered = not self.deaf

    def __enter__(self) -> Stage:
        self._thread.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()


def test_nobody_waits_in_vain_because_the_loop_looked_before_they_called(monkeypatch: pytest.MonkeyPatch) -> None:
    looked, waiting, look = threading.Event(), threading.Event(), selectors.DefaultSelector.select

    def slow(self: selectors.DefaultSelector, timeout: float | None = None) -> list[Any]:
        found = look(self, timeout)
        if not found and timeout:  # nothing to do: and now a busy machine does something else first
            looked.set()
            waiting.wait()
        return found

    monkeypatch.setattr(selectors.DefaultSelector, "select", slow)
    with Stage() as stage:
        looked.wait()
        stage.call()

        def answered() -> bool:
            waiting.set()  # asked under the lock that a jump needs, so the loop goes on once somebody waits
            return stage.answered

        assert stage.time.wait(answered, 2 * HOUR)
        assert stage.time.seconds < 1


def test_time_stands_still_while_a_thread_is_at_work() -> None:
    with Stage() as stage:
        free = threading.Event()

        async def work() -> None:
            await asyncio.to_thread(free.wait)
            stage.answered = True

        asyncio.run_coroutine_threadsafe(work(), stage.loop)
        threading.Timer(0.2, free.set).start()
        assert stage.time.wait(lambda: stage.answered, HOUR)
        assert stage.time.seconds < 1


def test_what_never_happens_takes_the_story_its_hour_and_the_test_a_moment() -> None:
    with Stage() as stage:
        stage.deaf = True
        stage.call()
        assert not stage.time.wait(lambda: stage.answered, 2 * HOUR)
        assert 2 * HOUR <= stage.time.seconds < 2 * HOUR + 1
