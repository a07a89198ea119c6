"""Backups, their restoring, and the move from one kind of database to the other.

A backup is a SQLite file of the same tables, whatever it was made of; nothing is written over, and
nothing counts as copied before it was read again and compared. The key is no part of any of it.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, NamedTuple

from sqlalchemy import URL, Connection, Engine, Table, create_engine, delete, insert, select, text
from sqlalchemy.pool import StaticPool

from bot.storage import dialects
from bot.storage.copies import copy_file, settle, stamp, sync_folder
from bot.storage.encryption import Cipher
from bot.storage.errors import CannotCopy, Corrupt, StoreError, translated
from bot.storage.migrate import upgrade
from bot.storage.read_only import check_keys
from bot.storage.revision import DatabaseState, inspect
from bot.storage.schema import meta, metadata
from bot.storage.schema import upgrade as upgrades

BITE: Final = 1000
"""Rows in memory at once."""
_OF_EVERY_DATABASE: Final = (meta, upgrades)
"""What stands in a database in which nobody is kept yet."""


@dataclass(frozen=True)
class Copied:
    """What was copied and compared: the rows of each table, the revision of the tables, and what was kept aside."""

    place: str
    revision: str | None
    rows: Mapping[str, int]
    aside: Path | None = None

    @property
    def people(self) -> int:
        """How many people that are."""
        return self.rows.get("person", 0)


class _Content(NamedTuple):
    """A table's rows, and the sum of their digests: the same for the same rows in any order."""

    rows: int
    digest: int


# -- the three commands ------------------------------------------------------------------------------------------------


def back_up(url: str | URL, file: Path, cipher: Cipher) -> Copied:
    """Copy everything into a new SQLite file while the bot may run; raises `StoreError`, OSError.

    It is counted, and read with the key, before it has its name. FileExistsError: nothing is written over.
    """
    where = dialects.read_url(url)
    state = inspect(where, count=False)
    state.refuse_what_is_not_ours()
    if state.standing == "empty":
        raise CannotCopy(f"{state.place}: there is no database yet, so there is nothing to back up.")
    if file.exists():
        raise FileExistsError(f"{file} is there already, and a backup writes over nothing. Name another file.")
    check_keys(where, cipher)
    with _said_of(state.place):
        if where.drivername == "sqlite":
            rows = copy_file(Path(str(where.database)), file)
        else:
            state.refuse_unless_current()
            rows = _backed_up(where, file)
    check_keys(dialects.of_file(file), cipher)
    return Copied(str(file), state.revision, _ours(rows))


def restore(file: Path, url: str | URL, cipher: Cipher, *, force: bool = False) -> Copied:
    """Put a backup where nothing is kept yet, or with `force` in the place of what is, which is kept aside.

    Raises `StoreError`, in particular `NewerDatabase` for a backup of a later version, and OSError. A SQLite file of an
    earlier revision is put there as it is, and upgraded at the next start.
    """
    where = dialects.read_url(url)
    if not file.is_file():
        raise CannotCopy(f"{file}: there is no such backup. Name a file that `afterword backup` made.")
    state = inspect(dialects.of_file(file), count=False)
    state.refuse_what_is_not_ours()
    if state.standing == "empty":
        raise CannotCopy(f"{file}: there is nothing in it, so there is nothing to restore.")
    check_keys(dialects.of_file(file), cipher)
    if where.drivername == "sqlite":
        return _restored_file(file, Path(str(where.database)), state, force)
    return _restored_rows(file, where, force)


def move(source: str | URL, target: str | URL, cipher: Cipher) -> Copied:
    """Copy everything into an empty database of either kind; the source is left as it is. Raises `StoreError`.

    Nobody may use the source meanwhile: what they wrote would be left behind.
    """
    here, there = dialects.read_url(source), dialects.read_url(target)
    state = inspect(here, count=False)
    state.refuse_unless_current()
    check_keys(here, cipher)
    _refuse_what_is_full(there, "Move to an empty database.")
    upgrade(there)
    with _said_of(dialects.place_of(there)), _alone(here) as reading, _writing(there) as writing:
        rows = _copy_rows(reading, writing)
    check_keys(there, cipher)
    return Copied(dialects.place_of(there), state.revision, rows)


# -- SQLite files ------------------------------------------------------------------------------------------------------


def _restored_file(file: Path, target: Path, state: DatabaseState, force: bool) -> Copied:
    if target.exists() and not force:
        _refuse_what_is_full(dialects.of_file(target), _FORCE)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.restored")
    draft.unlink(missing_ok=True)  # of a restoring that was killed
    rows = copy_file(file, draft)
    try:
        aside = _put_aside(target)
        settle(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    return Copied(str(target), state.revision, _ours(rows), aside)


def _put_aside(target: Path) -> Path | None:
    """Rename a database, and what is left of its log, which would spoil another one; None: there was none."""
    if target.exists():
        try:
            with _alone(dialects.of_file(target)):
                pass  # nobody uses it, and what was in its log is in it now
        except Corrupt:
            pass  # that is why it is replaced
    aside = target.with_name(f"{target.name}.before-restore-{stamp(datetime.now(UTC))}")
    for end in ("-wal", "-shm", ""):
        part = target.with_name(target.name + end)
        if part.exists():
            part.rename(aside.with_name(aside.name + end))
    sync_folder(target.parent)
    return aside if aside.exists() else None


# -- rows --------------------------------------------------------------------------------------------------------------


def _backed_up(where: URL, file: Path) -> Mapping[str, int]:
    """Copy PostgreSQL, as it is at this moment, into a SQLite file."""
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".afterword-backup-") as folder:  # 0700
        draft = Path(folder) / "backup.sqlite3"
        upgrade(dialects.of_file(draft))
        engine = dialects.connect_to_read(where)
        snapshot = engine.execution_options(isolation_level="REPEATABLE READ")
        try:
            with snapshot.connect() as reading, _writing(dialects.of_file(draft)) as writing:
                _copy_rows(reading, writing)
        finally:
            engine.dispose()
        return copy_file(draft, file)


def _restored_rows(file: Path, where: URL, force: bool) -> Copied:
    """Put the rows of a backup into PostgreSQL, in one transaction; an earlier revision is upgraded on the way."""
    if not force:
        _refuse_what_is_full(where, _FORCE)
    upgrade(where)
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".afterword-restore-") as folder:
        draft = Path(folder) / "backup.sqlite3"
        copy_file(file, draft)
        upgrade(dialects.of_file(draft))
        aside = file.with_name(f"{file.name}.before-restore-{stamp(datetime.now(UTC))}") if force else None
        place = dialects.place_of(where)
        with _said_of(place), _alone(dialects.of_file(draft)) as reading, _writing(where) as writing:
            if aside is not None:
                _backed_up(where, aside)
            rows = _copy_rows(reading, writing)
    return Copied(dialects.place_of(where), inspect(where, count=False).revision, rows, aside)


def _copy_rows(reading: Connection, writing: Connection) -> Mapping[str, int]:
    """Put all rows in the place of those that are there, read them again and compare; return how many they are."""
    for table in reversed(metadata.sorted_tables):
        writing.execute(delete(table))
    source: dict[str, _Content] = {}
    for table in metadata.sorted_tables:
        content = _Content(0, 0)
        for bite in _bites(reading, table):
            writing.execute(insert(table), [dict(row._mapping) for row in bite])
            content = _added(content, bite)
        source[table.name] = content
        if table.autoincrement_column is not None:
            _deal_on(writing, table, _last_dealt(reading, table))
    for table in metadata.sorted_tables:
        content = _Content(0, 0)
        for bite in _bites(writing, table):
            content = _added(content, bite)
        if content != source[table.name]:
            raise CannotCopy(
                f"The copy of '{table.name}' is not the same ({content.rows} rows of {source[table.name].rows}), so it "
                "was taken back. Look for a broken disk, or a database that changes what it keeps."
            )
    return {name: content.rows for name, content in source.items()}


def _bites(connection: Connection, table: Table) -> Iterator[Any]:
    found = connection.execution_options(yield_per=BITE).execute(select(table).order_by(*table.primary_key))
    yield from found.partitions()


def _added(content: _Content, rows: Any) -> _Content:
    digests = (int.from_bytes(blake2b(repr(tuple(row)).encode(), digest_size=16).digest(), "big") for row in rows)
    return _Content(content.rows + len(rows), (content.digest + sum(digests)) % 2**128)


def _last_dealt(connection: Connection, table: Table) -> int:
    """Return the last number of a row that was ever dealt, 0 for none: those of deleted rows are not dealt again."""
    if connection.dialect.name == "sqlite":
        found = connection.execute(text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
        return int(found.scalar() or 0)
    name = connection.execute(_SEQUENCE, {"table": table.name, "column": "id"}).scalar_one()
    found = connection.execute(text(f"SELECT last_value, is_called FROM {name}"))  # noqa: S608  # PostgreSQL named it
    last, is_dealt = found.one()
    return int(last) if is_dealt else 0


def _deal_on(connection: Connection, table: Table, last: int) -> None:
    """Have the next row numbered after the last one dealt."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
        dealt = {"name": table.name, "seq": last}
        connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)"), dealt)
        return
    name = connection.execute(_SEQUENCE, {"table": table.name, "column": "id"}).scalar_one()
    asked = {"name": name, "last": max(last, 1), "is_dealt": last > 0}
    connection.execute(text("SELECT setval(CAST(:name AS regclass), :last, :is_dealt)"), asked)


_SEQUENCE: Final = text("SELECT pg_get_serial_sequence(:table, :column)")
_FORCE: Final = "Restore to an empty place, or with --force, which keeps what is there aside."


def _ours(rows: Mapping[str, int]) -> Mapping[str, int]:
    return {name: count for name, count in rows.items() if name != "alembic_version"}


# -- who else is there -------------------------------------------------------------------------------------------------


def _refuse_what_is_full(where: URL, instead: str) -> None:
    """Raise `CannotCopy` unless there is a place in which nobody and nothing is kept."""
    state = inspect(where, count=False)
    state.refuse_what_is_not_ours()
    if state.standing == "empty":
        return
    if state.standing == "current":
        engine = dialects.connect_to_read(where)
        try:
            with engine.connect() as connection:
                tables = [table for table in metadata.sorted_tables if table not in _OF_EVERY_DATABASE]
                if not any(connection.execute(select(table).limit(1)).first() for table in tables):
                    return
        finally:
            engine.dispose()
    raise CannotCopy(f"{state.place}: people are kept there already. {instead}")


@contextmanager
def _alone(where: URL) -> Iterator[Connection]:
    """Give a connection that reads while nobody else writes; raises `CannotCopy` while a bot runs there."""
    with _said_of(dialects.place_of(where)):
        yield from (
            _alone_in_file(Path(str(where.database))) if where.drivername == "sqlite" else _alone_on_server(where)
        )


def _alone_in_file(file: Path) -> Iterator[Connection]:
    with closing(sqlite3.connect(file, timeout=1, isolation_level=None, check_same_thread=False)) as raw:
        raw.execute("PRAGMA locking_mode=EXCLUSIVE")  # refused while anybody has the file open, be it idle
        try:
            raw.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise CannotCopy(f"{file}: a bot, or another program, has it open. {_STOP}") from error
            raise
        engine = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool, hide_parameters=True)
        with engine.connect() as connection:
            yield connection


def _alone_on_server(where: URL) -> Iterator[Connection]:
    engine = dialects.connect(where, 1)
    try:
        _refuse_bots(engine)
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            _lock_tables(connection, "SHARE")  # a bot that is started meanwhile waits
            yield connection
    finally:
        engine.dispose()


@contextmanager
def _writing(where: URL) -> Iterator[Connection]:
    """Give a connection whose transaction is kept at the end, unless something is raised; nobody else writes."""
    engine = dialects.connect(where, 1)
    try:
        if where.drivername != "sqlite":
            _refuse_bots(engine)
        with engine.begin() as connection:
            if where.drivername != "sqlite":
                _lock_tables(connection, "EXCLUSIVE")
            yield connection
        if where.drivername == "sqlite":
            dialects.empty_log(engine)
    finally:
        engine.dispose()


def _refuse_bots(engine: Engine) -> None:
    """Raise `CannotCopy` while a bot is connected to PostgreSQL."""
    others = 0
    for _ in range(LOOKS):
        with engine.connect() as connection:
            others = connection.execute(_OTHERS).scalar_one()
        if not others:
            return
        time.sleep(0.1)  # a connection that was just closed is seen for a moment
    raise CannotCopy(f"{dialects.place_of(engine.url)}: a bot is connected to it ({others} connections). {_STOP}")


def _lock_tables(connection: Connection, mode: str) -> None:
    """Lock every table, and let PostgreSQL not end the transaction while it waits for the other database."""
    connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    names = ", ".join(table.name for table in metadata.sorted_tables)
    connection.execute(text(f"LOCK TABLE {names} IN {mode} MODE"))


LOOKS: Final = 20
"""How often, a tenth of a second apart, it is looked whether a bot is connected before that is said."""
_STOP: Final = "Stop every bot that uses it first; nothing was changed."
_OTHERS: Final = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND application_name = current_setting('application_name')"
)


@contextmanager
def _said_of(place: str) -> Iterator[None]:
    """Raise the store's own errors for what a driver raises."""
    try:
        yield
    except (StoreError, OSError):
        raise
    except Exception as error:
        meant = translated(error, place)
        if meant is error:
            raise
        raise meant from error
