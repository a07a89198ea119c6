"""The real server on the virtual time of the Bot API server it talks to: stories of days in a second.

It is all that `afterword run` starts but what needs a process: signals, the proof of the content and the making of
tables in processes of their own. A kill cannot be had here; `kill` is a stop that tells nobody.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO, TypeVar
from unittest.mock import patch

import structlog

from bot.app import content, content_check_worker, server, startup
from bot.app.logging import configure
from bot.app.main import application
from bot.app.settings import Settings
from bot.runtime.clock import Timepieces
from bot.storage.writer import Writer
from bot.telegram.client import ConnectionPool
from tests.botapi import BotApiServer
from tests.support.bot_process import BotUnderTest
from tests.support.command_line import afterword
from tests.support.virtual_time import VirtualTime, noting

T = TypeVar("T")
PATIENCE = 60.0
"""Seconds of the story that a start or a stop may take."""
START_SECONDS = 1.0
"""What a start takes; Telegram's limits count on it, for a new process does not know what the one before has sent."""


@dataclass
class ShiftedClock:
    """The wall clock of a bot: it began at `begin`, and goes on as the story does."""

    time: VirtualTime
    begin: datetime
    since: float

    def now(self) -> datetime:
        """Return the instant, aware, UTC."""
        return self.begin + timedelta(seconds=self.time.seconds - self.since)


class BotInProcess(BotUnderTest):
    """The bot on the event loop of its Bot API server, which must go by virtual time."""

    def __init__(
        self, server: BotApiServer, folder: Path, *, webhook: bool = False, prepared: bool = True, **settings: str
    ) -> None:
        super().__init__(server, folder, webhook=webhook, prepared=prepared, **settings)
        assert server.virtual is not None
        self._server, self._time = server, server.virtual
        self._running: concurrent.futures.Future[None] | None = None
        self._stop = asyncio.Event()
        self._clock: ShiftedClock | None = None
        self._asked: str | None = None

    @property
    def status(self) -> int | None:
        """0 once it has ended by itself or by `stop`; None while it runs."""
        return 0 if self._running is not None and self._running.done() else None

    def start(self) -> None:
        """Start it; it answers once the story waits for it."""
        if self.prepared:
            self.prepare()
        self._stop = asyncio.Event()
        loop = self._time.loop
        assert loop is not None
        self._running = asyncio.run_coroutine_threadsafe(self._serve(), loop)

    async def _serve(self) -> None:
        await asyncio.sleep(START_SECONDS)
        settings = Settings.model_validate({**self.env})
        library = content.open_library(settings.content)
        with self.log.open("a", encoding="utf-8") as log, _logging_to(log, settings), _on(self._time, self.env):
            clocks = Timepieces(self._wall(), lambda: self._time.seconds, lambda: self._time.seconds)
            await server.serve(settings, application(settings, library), stop=self._stop, time=clocks)

    def _wall(self) -> ShiftedClock:
        """Return the clock that was asked for; one that was asked for before has gone on since."""
        asked = self.env.get("AFTERWORD_NOW")
        if self._clock is None or asked != self._asked:
            begin = datetime.fromisoformat(asked).astimezone(UTC) if asked else self._time.now()
            self._clock, self._asked = ShiftedClock(self._time, begin, self._time.seconds), asked
        return self._clock

    def stop(self) -> tuple[int, float]:
        """Tell it to stop; return 0 and how many seconds of the story that took. Raises what it ended by."""
        running, began = self._running, self._time.seconds
        assert running is not None
        assert self._time.loop is not None
        self._time.loop.call_soon_threadsafe(self._stop.set)
        ended = self._time.wait(running.done, PATIENCE)
        assert ended, f"the bot did not stop within {PATIENCE} s"
        running.result()
        return 0, self._time.seconds - began

    def kill(self) -> None:
        """Stop it, as the next best thing."""
        self.stop()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._running is not None and not self._running.done():
            self.stop()
        super().__exit__(kind, error, trace)


@contextlib.contextmanager
def _on(time: VirtualTime, env: Mapping[str, str]) -> Any:
    """Do in the loop what a start does in threads, and let time stand still while the store writes."""

    async def inline(work: Callable[[], T]) -> T:
        return work()

    async def here(*asked: str, **_bounds: float) -> tuple[bytes, bytes]:
        done = await asyncio.to_thread(afterword, *asked, **env)
        return done.stdout, done.stderr

    ask = ConnectionPool.do_request

    async def asked(line: ConnectionPool, *given: Any, **more: Any) -> tuple[int, bytes]:
        time.asked += 1
        try:
            return await ask(line, *given, **more)
        finally:
            time.asked -= 1

    with (
        patch.object(ConnectionPool, "do_request", asked),
        patch.object(startup, "in_background", inline),
        patch.object(content_check_worker, "run", here),
        patch.object(Writer, "submit", noting(time, Writer.submit)),
    ):
        yield


@contextlib.contextmanager
def _logging_to(log: TextIO, settings: Settings) -> Any:
    """Write the log to a file meanwhile."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in ("httpx", "httpcore", "aiohttp", "telegram", "asyncio")}
    configure(settings.log_level, settings.log_format, settings.secrets, log)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.captureWarnings(False)
        structlog.configure(**before)
        for name, was in levels.items():
            logging.getLogger(name).setLevel(was)
