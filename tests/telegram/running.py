"""The real bot as a process of its own, started, killed and stopped by tests."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from tests.botapi import BotApiServer

ROOT = Path(__file__).parents[2]
SECRET = "a-secret-of-the-tests"  # noqa: S105 - known to nobody else


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RunningBot:
    """`afterword run` against the test server; its log is in `log`, its data in `folder`."""

    def __init__(self, server: BotApiServer, folder: Path, *, webhook: bool = False, **settings: str) -> None:
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
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def status(self) -> int | None:
        """The exit status; None while it runs."""
        return self.process.poll() if self.process else None

    def start(self) -> None:
        """Start the process; it may take a few seconds until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", "run"], cwd=self.folder, env=self.env, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """End it with SIGKILL, wherever it is."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> tuple[int, float]:
        """End it with SIGTERM; return its exit status and how many seconds that took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=15), time.monotonic() - began

    def __enter__(self) -> RunningBot:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()
        if kind is not None:
            sys.stderr.write(self.log.read_text(encoding="utf-8", errors="replace")[-4000:])
