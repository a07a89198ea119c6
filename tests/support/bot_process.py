"""The real bot as a process of its own; and what it has in common with one that is in this process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography.fernet import Fernet

from bot.app import operator
from bot.app.check_cache import keep, seal_of
from bot.app.content import folders
from bot.app.settings import Settings
from bot.content.loader import load
from bot.core.chat.person import Key, Person, TurnResult
from bot.core.dialogue.session import Session
from bot.storage.database import Database
from bot.storage.dialects import of_file
from bot.storage.errors import StoreError
from bot.storage.migrate import upgrade
from tests.botapi import BotApiServer
from tests.support.child import ends_with_us

ROOT = Path(__file__).parents[2]
SECRET = "a-secret-of-the-tests"  # noqa: S105 - known to nobody else


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@cache
def seal_of_shipped() -> str:
    """Return the stamp of the shipped content; tests of their own prove that, so no bot need prove it again here."""
    seal = seal_of(load(*folders(None)).digest)
    assert seal is not None
    return seal


@cache
def blank() -> bytes:
    """Return a SQLite file that has its tables and nobody in them."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "blank.sqlite3"
        upgrade(of_file(file))
        return file.read_bytes()


def prepare(settings: Settings) -> None:
    """Make key and tables as a first start does; a copy of a file is quicker than a process for it."""
    if not settings.keys and not settings.keys_file.exists():
        settings.keys_file.parent.mkdir(parents=True, exist_ok=True)
        settings.keys_file.touch(mode=0o600)
        settings.keys_file.write_bytes(Fernet.generate_key())
    if not settings.database_url.startswith("sqlite"):
        upgrade(settings.database_url)
    elif not (file := Path(settings.database_url.removeprefix("sqlite:///"))).exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_bytes(blank())


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """Open the store, and make key and tables where there are none."""
    prepare(settings)
    async with operator.opened(settings) as store:
        yield store


class BotUnderTest:
    """What a bot of the tests is started with, whether in a process of its own or not: `env`, its `folder`, its `log`.

    It starts as if it had been started before: unless `prepared` is False with key and tables.
    """

    def __init__(
        self, server: BotApiServer, folder: Path, *, webhook: bool = False, prepared: bool = True, **settings: str
    ) -> None:
        self.prepared = prepared
        self.folder, self.log, self.port = folder, folder / "bot.log", free_port()
        hook = {"WEBHOOK_URL": f"http://127.0.0.1:{self.port}/hook", "WEBHOOK_SECRET": SECRET} if webhook else {}
        self.env = {
            **{name: value for name, value in os.environ.items() if name not in ("TELEGRAM_BOT_TOKEN", "DATABASE_URL")},
            "TELEGRAM_BOT_TOKEN": server.token,
            "TELEGRAM_API_BASE_URL": server.url,
            "DATA_DIR": str(folder / "data"),
            "PORT": str(self.port),
            "LOG_LEVEL": "DEBUG",
            "PYTHONPATH": str(ROOT),
            **hook,
            **settings,
        }
        self.kills = 0

    def knows(self, who: int, answers: Mapping[str, str]) -> None:
        """Let somebody have told it this of an interview, before it is started."""
        me = int(self.env["TELEGRAM_BOT_TOKEN"].partition(":")[0])
        told = Person(cases={1: Session("after_interview", answers=dict(answers))}, current=1)

        async def keep() -> None:
            async with opened(Settings.model_validate({**self.env})) as store:
                await store.turn(who, Key(me, who, 0, who), lambda _: TurnResult(told), datetime.now(UTC))

        asyncio.run(keep())

    def prepare(self) -> None:
        """Make its key and its tables."""
        prepare(Settings.model_validate({**self.env}))

    def start(self) -> None:
        """Start it; it may take a while until it answers."""
        raise NotImplementedError

    def stop(self) -> tuple[int, float]:
        """End it as an operator does; return its exit status and how many seconds that took."""
        raise NotImplementedError

    def kill(self) -> None:
        """End it without warning, wherever it is."""
        raise NotImplementedError

    def restart(self, now: str) -> None:
        """Stop it and start it again as if it were that instant."""
        status, _ = self.stop()
        assert status == 0
        self.env["AFTERWORD_NOW"] = now
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and self.log.exists():
            sys.stderr.write(self.log.read_text(encoding="utf-8", errors="replace")[-4000:])


class RunningBot(BotUnderTest):
    """`afterword run` as a process of its own, with the stamp of the shipped content; other content is proved."""

    def __init__(
        self, server: BotApiServer, folder: Path, *, webhook: bool = False, prepared: bool = True, **settings: str
    ) -> None:
        super().__init__(server, folder, webhook=webhook, prepared=prepared, **settings)
        self.process: subprocess.Popen[bytes] | None = None
        self._clock = ("", 0.0)  # the AFTERWORD_NOW that was asked for last, and when that was

    @property
    def status(self) -> int | None:
        """The exit status; None while it runs."""
        return self.process.poll() if self.process else None

    def start(self) -> None:
        """Start the process; it may take a few seconds until it answers."""
        if self.prepared:
            with contextlib.suppress(ValueError, StoreError):  # wrong settings are the bot's to name
                self.prepare()
        stamp = Path(self.env["DATA_DIR"]) / "proved"
        if not stamp.exists():
            keep(stamp, seal_of_shipped())
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", "run"],
                cwd=self.folder,
                env=self._environment(),
                stdout=log,
                stderr=log,
                preexec_fn=ends_with_us(),
            )

    def _environment(self) -> dict[str, str]:
        """Return the environment; where a clock was set before, it has gone on since."""
        now, (asked, since) = self.env.get("AFTERWORD_NOW"), self._clock
        if now is None:
            return self.env
        if now != asked:
            self._clock = (now, time.monotonic())
            return self.env
        gone = timedelta(seconds=time.monotonic() - since)
        return {**self.env, "AFTERWORD_NOW": (datetime.fromisoformat(now) + gone).isoformat()}

    def kill(self) -> None:
        """End it with SIGKILL, wherever it is."""
        assert self.process is not None
        self.kills += 1
        self.process.kill()
        self.process.wait()

    def stop(self) -> tuple[int, float]:
        """End it with SIGTERM; return its exit status and how many seconds that took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=120), time.monotonic() - began

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()
        super().__exit__(kind, error, trace)
