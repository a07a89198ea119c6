"""Where SQLite and PostgreSQL differ: how to connect, how to lock a person, how to empty the log. All of it is here."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from bot.storage.compiled import CompiledStatement, Cursor
from bot.storage.errors import Corrupt, StoreError, StoreUnready, translated

BUSY_SECONDS: Final = 5.0
"""So long a lock of another process is waited for before the store says `Locked`."""
FROZEN_SECONDS: Final = 20
"""So long a transaction may stand still on PostgreSQL; then its process is frozen, and others need what it locks."""
WRITING: Final = "BEGIN IMMEDIATE"
"""How a transaction that writes begins on SQLite: with the lock. One that reads first and takes it later loses what
another process wrote meanwhile (seen: 75 of 100 updates), or is refused."""
LOOKED_THROUGH_AT_ONCE: Final = 128 * 2**20
"""Bytes of a SQLite file up to which it is looked through for damage before anything else is done: some second. A
larger one is looked through while people talk: a turn that meets a damaged page is not kept, and so not confirmed."""
SMALL_TABLES: Final = ("alembic_version", "meta")
OLDEST_SQLITE: Final = (3, 35, 0)  # the first with RETURNING

_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    # Without it 58 of 100 deleted rows stayed readable in the file.
    "PRAGMA secure_delete=ON",
    # Checkpoints are another thread's work: the writer's p99.9 fell from 11.8 ms to 0.18 ms.
    "PRAGMA wal_autocheckpoint=0",
)


def of_file(file: Path | str) -> URL:
    """Return the URL of a SQLite file, whatever characters its name has."""
    return URL.create("sqlite", database=str(file))


def read_url(url: str | URL) -> URL:
    """Read a DATABASE_URL; raises `StoreUnready` for what is neither a SQLite file nor PostgreSQL."""
    try:
        given = make_url(url)
    except ArgumentError:
        given = None  # The value may hold a password: it is not shown.
    kind = given.get_backend_name() if given else ""
    if given and kind == "sqlite":
        if given.database in (None, "", ":memory:"):
            raise StoreUnready("DATABASE_URL: what is kept in memory is lost at the end. Name a file: sqlite:///path")
        return given.set(drivername="sqlite")
    if given and kind in ("postgresql", "postgres"):
        return given.set(drivername="postgresql+psycopg")
    raise StoreUnready("DATABASE_URL: it names no database known here. Write sqlite:///path or postgresql://…")


def place_of(url: URL) -> str:
    """Name the database for the operator, without a password."""
    if url.drivername == "sqlite":
        return str(url.database)
    return url.set(query={}).render_as_string(hide_password=True)  # a query may hold the password, too


def connect(url: URL, threads: int) -> Engine:
    """Make an engine; nothing is connected yet."""
    # hide_parameters: an error must not print what people said, not even sealed.
    if url.drivername == "sqlite":
        arguments = {"check_same_thread": False, "timeout": BUSY_SECONDS, "isolation_level": None}
        engine = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=arguments)
        event.listen(engine, "connect", _set_up)
        event.listen(engine, "begin", _begin)
        return engine
    # By its name a move sees that a bot runs.
    return _postgres(url, "afterword", pool_size=threads, max_overflow=2, isolation_level="READ COMMITTED")


def _postgres(url: URL, name: str = "afterword-look", **options: Any) -> Engine:
    """Make an engine on PostgreSQL; raises `StoreUnready` without its driver."""
    line = {
        "connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
        "fallback_application_name": name,
    }  # fmt: skip
    try:
        engine = create_engine(url, hide_parameters=True, connect_args=line, **options)
    except ImportError as error:
        raise StoreUnready(
            f"DATABASE_URL: the driver for PostgreSQL is not installed ({error}). Run: pip install 'psycopg[binary]'"
        ) from None
    event.listen(engine, "connect", _set_up_session)
    event.listen(engine, "begin", _set_up_transaction)
    return engine


def connect_to_read(url: URL) -> Engine:
    """Make an engine that cannot write; raises `StoreUnready` where there is no file."""
    if url.drivername != "sqlite":
        return _postgres(url, poolclass=NullPool, execution_options={"postgresql_readonly": True})
    file = Path(str(url.database)).absolute()
    try:
        is_there = file.is_file()
    except OSError as error:
        raise StoreUnready(
            f"{file}: the database cannot be looked at: {error.strerror}. See to the rights of the folders above it."
        ) from error
    if not is_there:
        raise StoreUnready(f"{file}: there is no such database. Name the file that the bot keeps everything in.")

    def opened() -> sqlite3.Connection:
        # Without a log nobody writes. Then it is read as it lies there: a log made here would be ours, not the bot's.
        alone = not file.with_name(f"{file.name}-wal").exists()
        address = f"{file.as_uri()}?mode=ro" + ("&immutable=1" if alone else "")
        made = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        made.execute("PRAGMA query_only=ON")
        return made

    engine = create_engine("sqlite://", creator=opened, poolclass=NullPool, hide_parameters=True)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def _set_up(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else WRITING)


def _set_up_session(connection: Any, record: ConnectionPoolEntry) -> None:
    """Bound what a session waits for, unless a pooler gives it to others meanwhile (PgBouncer in transaction mode).

    Then nothing may be set or prepared in one: the next transaction misses it, or meets that of another client under
    the same name ('prepared statement "_pg3_0" already exists').
    """
    with connection.cursor() as cursor:
        pooled = has_pooler(cursor.execute("SELECT pg_backend_pid()").fetchone()[0], connection)
        if not pooled:
            cursor.execute(_bounds(for_transaction=False))
    connection.commit()
    record.info["pooled"] = pooled
    if pooled:
        connection.prepare_threshold = None


def has_pooler(process: int, connection: Any) -> bool:
    """Tell whether `process`, which serves us, is not the one that we were told of: a pooler makes a number up."""
    return bool(process != connection.info.backend_pid)


def _set_up_transaction(connection: Connection) -> None:
    if connection.info.get("pooled"):
        connection.exec_driver_sql(_bounds(for_transaction=True))


def _bounds(*, for_transaction: bool) -> str:
    bounds = {"lock_timeout": 10, "idle_in_transaction_session_timeout": FROZEN_SECONDS}
    return "SELECT " + ", ".join(f"set_config('{name}', '{n}s', {for_transaction})" for name, n in bounds.items())


@contextmanager
def reading(engine: Engine) -> Iterator[Any]:
    """Give a cursor that only reads, and waits for no writer."""
    with engine.connect().execution_options(reading=True) as connection, connection.begin():
        yield connection.connection.cursor()


def prepare_file(url: URL) -> bool:
    """See that a SQLite file is there, is the owner's alone when it is made here, and is whole.

    Return False for a file too large to be looked through at once: then only its small tables were, and `verify` has
    to follow. Raises `Corrupt` and other `StoreError`; a file that is there is never replaced.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StoreUnready(
            f"SQLite {sqlite3.sqlite_version} is too old. Use a Python whose SQLite is 3.35 or newer, or PostgreSQL."
        )
    file = Path(str(url.database))
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreUnready(
            f"{file}: the database cannot be opened: {error.strerror}. Let the bot's user write to it and its folder."
        ) from error
    _refuse_others(file)
    small = file.stat().st_size <= LOOKED_THROUGH_AT_ONCE
    for part in ("1",) if small else SMALL_TABLES:
        _look_through(url, part)
    return small


async def verify(url: URL) -> None:
    """Look a SQLite file through to its end, in a thread that nobody has to wait for; raises `Corrupt`."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def settle(error: StoreError | None) -> None:
        if not done.done():
            done.set_result(None) if error is None else done.set_exception(error)

    def look() -> None:
        error = None
        try:
            _look_through(url, "1")
        except StoreError as found:
            error = found
        with suppress(RuntimeError):  # the bot was stopped meanwhile
            loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=look, name="store-verify", daemon=True).start()
    await done


def _look_through(url: URL, part: str) -> None:
    """See that a SQLite file, or one table of it, is whole; raises `Corrupt`."""
    file, engine = str(url.database), connect(url, 1)
    try:
        with reading(engine) as cursor:
            said = cursor.execute(f"PRAGMA quick_check({part})").fetchone()[0]
    except (DatabaseError, sqlite3.Error) as error:
        raise translated(error, file) from error
    finally:
        engine.dispose()
    if said != "ok":
        raise Corrupt(
            f"{file}: the database is damaged and was left as it is. Put a backup in its place, or repair it by hand. "
            f"(SQLite said: {str(said).splitlines()[0]})"
        )


def _refuse_others(file: Path) -> None:
    """Leave the database of another program as it is, to the byte; whether ours is whole is found out later."""
    if file.stat().st_size:
        with suppress(DatabaseError, sqlite3.Error):
            has_tables(of_file(file))


def has_tables(url: URL) -> bool:
    """Tell whether a SQLite file has tables, and change nothing; raises `StoreUnready` when they aren't ours."""
    engine = connect_to_read(url)
    try:
        with reading(engine) as cursor:
            tables = {name for (name,) in cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    finally:
        engine.dispose()
    if tables and "alembic_version" not in tables:
        raise StoreUnready(
            f"{url.database}: it is the database of another program and was left as it is. Name another file."
        )
    return bool(tables)


def lock_nothing(_cursor: Cursor, _bot: int, _person: int) -> None:
    """Do nothing: the one writer of a SQLite file is alone as it is."""


def locking(lock: CompiledStatement) -> Callable[[Cursor, int, int], None]:
    """Return what makes other transactions on a person wait, also before the person has a row."""

    # Not SELECT … FOR UPDATE: the joined tables would be read as they were before the wait.
    def lock_person(cursor: Cursor, bot: int, person: int) -> None:
        digest = hashlib.blake2b(f"{bot}:{person}".encode(), digest_size=8).digest()
        lock.one(cursor, {"number": int.from_bytes(digest, "big", signed=True)})

    return lock_person


class Checkpoints:
    """Moves SQLite's log into its file, in a thread of its own; on request empties it, so that no trace is left."""

    PAUSE: Final = 0.5  # seconds between two looks
    LARGE: Final = 8000  # pages of log, 32 MB: under unbroken load it would never be done with, and grow
    PATIENCE: Final = 250  # milliseconds for others to let go of the log; the writer waits as long

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._changed = threading.Condition()
        self._written = 0
        self._moved = 0
        self._emptied = 0
        self._closed = False
        self._empty_from: int | None = None
        self._thread = threading.Thread(target=self._run, name="store-checkpoints", daemon=True)
        self._thread.start()

    def written(self) -> None:
        """Note that something was committed."""
        self._written += 1  # one writer; a look that comes too early is made up for by the next

    def empty(self, seconds: float) -> bool:
        """Empty the log of all that was committed so far; False when that is still to be done after so many seconds."""
        with self._changed:
            wanted = self._written
            self._empty_from = wanted
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self._emptied >= wanted or self._closed, seconds)

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._empty_from is not None, self.PAUSE)
                if self._closed:
                    return
                emptying = self._empty_from is not None
            written = self._written
            if emptying or written > self._moved:
                self._move(emptying, written)

    def _move(self, emptying: bool, written: int) -> None:
        try:
            with self._engine.connect() as connection:
                raw: Any = connection.connection.dbapi_connection
                raw.execute(f"PRAGMA busy_timeout={self.PATIENCE}")
                how = "TRUNCATE" if emptying else "PASSIVE"
                busy, pages, _ = raw.execute(f"PRAGMA wal_checkpoint({how})").fetchone()
                if not emptying and pages > self.LARGE:
                    raw.execute("PRAGMA wal_checkpoint(RESTART)")
        except Exception:
            busy = 1  # The writer meets the same trouble and reports it; here it is only tried again.
        if busy:
            threading.Event().wait(self.PATIENCE / 1000)
            return
        self._moved = written
        if emptying:
            with self._changed:
                self._emptied = written
                if self._empty_from is not None and self._empty_from <= written:
                    self._empty_from = None
                self._changed.notify_all()


def empty_log(engine: Engine) -> None:
    """Empty SQLite's log of what a killed process left in it; a log in use elsewhere is left alone."""
    with engine.connect() as connection:
        raw: Any = connection.connection.dbapi_connection
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
