"""Whether the file of a SQLite database is still the one that was opened.

SQLite goes on writing to a file that was removed, or moved away and replaced, and says that all is well; what it
commits then is gone with the process.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, event

from bot.storage.errors import DiskFull, Removed

_LOOK_ONLY: Final = getattr(os, "O_PATH", None)
"""How Linux opens a file without reading it. Closing it lets go of no lock, as closing any other descriptor would."""

LEAST_ROOM: Final = 1024 * 1024
"""Bytes that must be free for the database to count as one that can be written to."""

Identity = tuple[int, int]
"""A device, and a file on it."""


class FileGuard:
    """Looks at a database file and its log: before each connection, and after each COMMIT before it is told of.

    The log's identity is noted at the first look, and anew once the writer's connection is gone: the last connection
    takes the log away.
    """

    def __init__(self, file: Path) -> None:
        """Note which file it is; raises OSError where there is none."""
        self._file, self._log = str(file), f"{file}-wal"
        # Held, so that no other file is given its number as long as we compare.
        self._held = os.open(self._file, _LOOK_ONLY) if _LOOK_ONLY is not None else None
        self._known = _identity(self._file)
        self._known_log: Identity | None = None

    def watch(self, engine: Engine) -> None:
        """Let no connection be made to another file, nor make a file where there is none any more."""

        @event.listens_for(engine, "do_connect")
        def look(*_: object) -> None:
            self.check()

    def disconnected(self) -> None:
        """Note that the writer's connection is gone, so that the log may be another one."""
        self._known_log = None

    def check(self) -> None:
        """Raise `Removed` unless file and log are those that were opened."""
        log = _identity(self._log)
        if self._known_log is None:
            self._known_log = log
        if _identity(self._file) != self._known or log != self._known_log:
            raise Removed(
                f"{self._file}: the database file was removed or replaced while the bot runs, so nothing can be kept. "
                "Put it back where it was with its -wal file; if it is lost, put a backup in its place and start the "
                "bot anew."
            )

    def check_room(self) -> None:
        """Raise `DiskFull` when the disk has next to no room: for a while a write may still fit into the log there is.

        A file that is gone is left to `check`.
        """
        with suppress(OSError):
            free = shutil.disk_usage(os.path.dirname(self._file) or ".").free  # noqa: PTH120 - as above
            if free < LEAST_ROOM:
                raise DiskFull(f"{self._file}: there is no room left on its disk ({free} bytes). Make room.")

    def close(self) -> None:
        """Let go of the file."""
        if self._held is not None:
            os.close(self._held)
            self._held = None


def _identity(file: str) -> Identity | None:
    try:
        found = os.stat(file)  # noqa: PTH116 - at each commit; a Path costs three times as much
    except OSError:
        return None
    return found.st_dev, found.st_ino
