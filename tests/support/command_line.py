"""The command line in this process: what a command prints and how it ends, without starting Python anew for each."""

from __future__ import annotations

import gc
import io
import logging
import os
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from bot.cli.main import main as command_line

ROOT = Path(__file__).parents[2]
SETTINGS = {"NO_COLOR": "1", "TZ": "Europe/Berlin", "COLUMNS": "80"}


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    returncode: int
    stdout: bytes
    stderr: bytes


def afterword(
    *arguments: str, typed: str | bytes = "", cwd: Path = ROOT, main: Callable[[], None] = command_line, **env: str
) -> Done:
    """Run a command in `cwd` with `typed` on its standard input; `env` goes before the environment."""
    given = typed.encode("utf-8", "surrogateescape") if isinstance(typed, str) else typed
    stdout, stderr = io.BytesIO(), io.BytesIO()
    streams = {
        "stdin": io.TextIOWrapper(io.BytesIO(given), encoding="utf-8"),
        "stdout": io.TextIOWrapper(stdout, encoding="utf-8", write_through=True),
        "stderr": io.TextIOWrapper(stderr, encoding="utf-8", errors="backslashreplace", write_through=True),
    }
    with patch.multiple(sys, argv=["afterword", *arguments], **streams), _as_a_process(cwd, {**SETTINGS, **env}):
        try:
            main()
            status = 0
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        except BaseException:  # as Python itself ends: with a traceback, which no test likes to see
            traceback.print_exc()
            status = 1
    return Done(status, stdout.getvalue(), stderr.getvalue())


@contextmanager
def _as_a_process(cwd: Path, env: Mapping[str, str]) -> Iterator[None]:
    """Give a command its own folder, environment and log, and take back what it did to the process."""
    thresholds, before, root = gc.get_threshold(), Path.cwd(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    with patch.dict(os.environ, env), warnings.catch_warnings():
        os.chdir(cwd)
        time.tzset()
        try:
            yield
        finally:
            os.chdir(before)
            gc.set_threshold(*thresholds)
            root.handlers[:], root.level = handlers, level
            logging.captureWarnings(False)
    time.tzset()


def out(done: Done) -> str:
    return done.stdout.decode()


def err(done: Done) -> str:
    return done.stderr.decode()
