"""Copies of a SQLite file: consistent while others write, their owner's alone, and durable before they have their name.

No file that is there is ever written over.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

KEPT: Final = 3
"""So many upgrades one can go back by."""
OLDEST: Final = timedelta(days=30)
"""Copies that are older are dropped: what somebody had deleted meanwhile must not lie there for ever."""
_NAME: Final = "before-upgrade-from"


def copy_file(source: Path, target: Path) -> Mapping[str, int]:
    """Copy a SQLite file as it is at this moment, with what is only in its log; return how many rows each table has.

    Others may go on to read and write it meanwhile. The copy is one file, without a log, checked and counted before it
    has its name. Raises FileExistsError and other OSError.
    """
    draft = target.with_name(f".{target.name}.part")
    draft.unlink(missing_ok=True)  # of a copy that was killed
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        address = f"{source.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as reading, closing(sqlite3.connect(draft)) as writing:
            reading.execute("BEGIN")  # what is counted is what is copied, however much is written meanwhile
            rows = _counts(reading)
            reading.backup(writing)
            writing.execute("PRAGMA journal_mode=DELETE")
            said = writing.execute("PRAGMA quick_check(1)").fetchone()[0]
            if said != "ok" or _counts(writing) != rows:
                raise OSError(f"{target} is not what {source} is ({said}). Look for a broken disk.")
        settle(draft, target)
        return rows
    except sqlite3.Error as error:
        raise OSError(f"{target} cannot be written: {error}") from error
    finally:
        draft.unlink(missing_ok=True)


def _counts(connection: sqlite3.Connection) -> Mapping[str, int]:
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return {
        name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608  # a table's own name
        for (name,) in names.fetchall()
    }


def settle(draft: Path, target: Path) -> None:
    """Make a finished file durable and give it its name; raises FileExistsError when the name is taken."""
    with draft.open("rb") as stream:
        os.fsync(stream.fileno())
    try:
        os.link(draft, target)  # unlike a rename it never replaces a file that is there
    except FileExistsError:
        raise
    except OSError:  # some file systems have no links
        if target.exists():
            raise FileExistsError(target) from None
        draft.rename(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make names that were given or changed in a folder durable."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def stamp(now: datetime) -> str:
    """Return an instant as file names have it, such as 20261130T101500Z."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def copy_before_upgrade(file: Path, revision: str, now: datetime) -> Path:
    """Copy a database beside itself before its tables of `revision` are upgraded; return the copy. Raises OSError."""
    while (copy := file.with_name(f"{file.name}.{_NAME}-{revision}-{stamp(now)}")).exists():
        now += timedelta(seconds=1)  # a start that failed and is tried again at once
    copy_file(file, copy)
    return copy


def copies_of(file: Path) -> Sequence[Path]:
    """Return the copies that upgrades made of a database, the newest first."""
    pattern = re.compile(rf"{re.escape(file.name)}\.{_NAME}-[0-9]+-([0-9]{{8}}T[0-9]{{6}}Z)")
    found = [(fits[1], one) for one in file.parent.iterdir() if (fits := pattern.fullmatch(one.name))]
    return [one for _, one in sorted(found, reverse=True)]


def drop_old_copies(file: Path, now: datetime) -> Sequence[Path]:
    """Drop the copies that are too old, and all but the newest of each of the last three upgrades; return them."""
    dropped, upgrades = [], set[str]()
    with suppress(OSError):  # a copy that cannot be dropped now is tried again in an hour
        for copy in copies_of(file):
            *_, revision, made = copy.name.rsplit("-", 2)
            # A start that fails and is tried again makes one copy after another; they must not push out the others'.
            is_another = revision in upgrades
            upgrades.add(revision)
            age = now - datetime.strptime(made, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            if is_another or len(upgrades) > KEPT or age > OLDEST:
                copy.unlink()
                dropped.append(copy)
    return dropped
