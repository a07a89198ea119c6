"""A run of the tests that is killed leaves no bot and no database behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.support.bot_process import ROOT

posix = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent is gone")

STARTS_A_BOT = """
import time
from pathlib import Path
from tests.botapi import BotApiServer
from tests.support.bot_process import RunningBot
with BotApiServer(seed=1) as server, RunningBot(server, Path({folder!r})) as bot:
    print(bot.process.pid, flush=True)
    time.sleep(1000)
"""
STARTS_A_DATABASE = """
import time
from pathlib import Path
from tests.support import postgres
print(postgres.of_run(Path({folder!r})), flush=True)
time.sleep(1000)
"""


def killed(program: str, folder: Path) -> str:
    """Start a program, kill it once it has said something, and return that."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
    running = subprocess.Popen(
        [sys.executable, "-c", program.format(folder=str(folder))], cwd=ROOT, stdout=subprocess.PIPE, text=True,
        env={**environment, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert running.stdout is not None
    said = running.stdout.readline().strip()
    running.kill()
    running.wait()
    running.stdout.close()
    return said


def comes_true(predicate: Callable[[], bool]) -> bool:
    """Wait until something is true; pytest's time-out is the only bound."""
    while not predicate():
        time.sleep(0.02)
    return True


def is_gone(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"  # it has ended, and who is to hear of it has not looked yet


@posix
def test_a_bot_ends_with_the_run_that_started_it(tmp_path: Path) -> None:
    process = int(killed(STARTS_A_BOT, tmp_path))
    assert comes_true(lambda: is_gone(process))


@posix
@pytest.mark.skipif("TEST_DATABASE_URL" in os.environ, reason="the database is somebody else's")
def test_a_database_ends_with_the_run_that_started_it(postgres_server: str, tmp_path: Path) -> None:
    del postgres_server  # without one here there is none to be started either
    url = killed(STARTS_A_DATABASE, tmp_path)

    def is_away() -> bool:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            return True
        return False

    assert comes_true(is_away)
