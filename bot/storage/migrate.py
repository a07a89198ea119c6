"""Brings the tables of a database up to date, in one transaction: `afterword run` does, before it serves.

Law of this file: no upgrade loses a row. On SQLite, making a table anew (`batch_alter_table` does, to change a column)
deletes everything that refers to it as long as foreign keys are heeded: an upgrade from 0006 to 0007 once deleted every
conversation so. Therefore they are not heeded here, the rows of every table are counted before and after, and what does
not add up is taken back. A version script names in DROPS the tables that go on purpose.

`python -m bot.storage.migrate` reads a URL from standard input and tells in lines of JSON what it does; it is a process
of its own so that the one that serves does not keep Alembic in memory.
"""

from __future__ import annotations

import json
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, delete, insert, text
from sqlalchemy import inspect as inspector

from bot.storage import dialects
from bot.storage.copies import copy_before_upgrade, drop_old_copies
from bot.storage.errors import StoreError, UpgradeFailed, translated
from bot.storage.revision import HEAD, inspect
from bot.storage.schema import upgrade as upgrades

LOCK: Final = 4_115_300_001
"""The number of PostgreSQL's advisory lock that makes processes which start at once migrate one after another."""
PATIENCE: Final = "10min"
"""So long a process waits on PostgreSQL for another one that upgrades."""


@dataclass(frozen=True)
class Upgrade:
    """From which revision to which (None: there were no tables), and the copy made before (None: on PostgreSQL)."""

    old: str | None
    new: str
    copy: Path | None = None


def config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration; no ini file takes part, and the connection is handed over."""
    made = Config()
    made.set_main_option("script_location", "bot:storage/migrations")
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


def nothing_more(_copy: Path) -> None:
    """Take no notice of a copy."""


def upgrade(url: str | URL, tell: Callable[[Path], None] = nothing_more) -> Upgrade | None:
    """Make or upgrade the tables at `url`, all or nothing; None: there was nothing to do.

    A SQLite file is copied beside itself before, and `tell` is given the copy. Raises `StoreError`, in particular
    `NewerDatabase` and `UpgradeFailed`, and has changed nothing then.
    """
    where = dialects.read_url(url)
    state = inspect(where, count=False)
    state.refuse_what_is_not_ours()
    if state.standing == "current":
        return None
    if where.drivername == "sqlite":
        dialects.prepare_file(where)
    engine = dialects.connect(where, 1)
    try:
        return migrate(engine, tell=tell)
    except Exception as error:
        if isinstance(error, StoreError):
            raise
        meant = translated(error, state.place)
        if meant is not error:
            raise meant from error
        raise UpgradeFailed(
            f"{state.place}: its upgrade from revision {state.revision} to {HEAD} failed and changed nothing "
            f"({type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else 'no reason'}). "
            "Go on with the version before, and tell those who maintain Afterword."
        ) from error
    finally:
        engine.dispose()


def migrate(engine: Engine, revision: str = HEAD, tell: Callable[[Path], None] = nothing_more) -> Upgrade | None:
    """Bring the tables to `revision`, all or nothing; None: they are there already. Raises `UpgradeFailed`."""
    with _alone(engine) as connection:
        old = MigrationContext.configure(connection).get_current_revision()
        if old == revision:
            return None
        copy = None
        if old is not None and engine.dialect.name == "sqlite":
            copy = _copied(engine, old, tell)
        before, broken = _counts(connection), _broken(connection)
        command.upgrade(config(connection), revision)
        _refuse_losses(engine, before, _counts(connection), _dropped(old, revision))
        if _broken(connection) - broken:
            raise UpgradeFailed(f"{_place(engine)}: the upgrade would leave rows without what they belong to. {_AS_IS}")
        _note(connection, revision)
        return Upgrade(old, revision, copy)


_AS_IS: Final = "Nothing was changed. Go on with the version before, and tell those who maintain Afterword."


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """Give a connection within a transaction that no other process migrates beside, foreign keys unheeded on SQLite."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            raw: Any = connection.connection.dbapi_connection
            raw.execute("PRAGMA foreign_keys=OFF")  # within a transaction this would do nothing
        with connection.begin():  # IMMEDIATE on SQLite, so others wait
            if engine.dialect.name == "postgresql":
                connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK})
            yield connection


def _copied(engine: Engine, revision: str, tell: Callable[[Path], None]) -> Path:
    """Copy the file, which nobody can write to now, and drop the copies of long ago."""
    file, now = Path(str(engine.url.database)), datetime.now(UTC)
    try:
        copy = copy_before_upgrade(file, revision, now)
    except OSError as error:
        raise UpgradeFailed(
            f"{file}: before an upgrade a copy of it is made in {file.parent.absolute()}, and that failed: "
            f"{error.strerror or error}. It needs as much room as the file has ({file.stat().st_size:,} bytes). "
            "Nothing was changed."
        ) from error
    tell(copy)
    drop_old_copies(file, now)
    return copy


def _counts(connection: Connection) -> Mapping[str, int]:
    quote = connection.dialect.identifier_preparer.quote
    tables = set(inspector(connection).get_table_names()) - {"alembic_version"}
    return {
        name: connection.execute(text(f"SELECT count(*) FROM {quote(name)}")).scalar_one()  # noqa: S608  # a table's own name
        for name in sorted(tables)
    }


def _broken(connection: Connection) -> Counter[tuple[Any, ...]]:
    """Return which rows refer to none that is there: (table, referred table) with how many; PostgreSQL allows none."""
    if connection.dialect.name != "sqlite":
        return Counter()
    return Counter((row[0], row[2]) for row in connection.exec_driver_sql("PRAGMA foreign_key_check"))


def _dropped(old: str | None, new: str) -> frozenset[str]:
    """Return the tables that the version scripts between two revisions drop on purpose."""
    scripts = ScriptDirectory.from_config(config()).iterate_revisions(new, old or "base")
    return frozenset(table for script in scripts for table in getattr(script.module, "DROPS", ()))


def _refuse_losses(
    engine: Engine, before: Mapping[str, int], after: Mapping[str, int], dropped: frozenset[str]
) -> None:
    for table, rows in before.items():
        if table not in dropped and after.get(table, 0) < rows:
            lost = rows - after.get(table, 0)
            raise UpgradeFailed(f"{_place(engine)}: the upgrade would lose {lost} rows of '{table}'. {_AS_IS}")


def _note(connection: Connection, revision: str) -> None:
    """Write down which version of Afterword made these tables, where there is a table for it."""
    if inspector(connection).has_table(upgrades.name):
        connection.execute(delete(upgrades).where(upgrades.c.revision == revision))
        by = {"revision": revision, "afterword": package_version(), "at": datetime.now(UTC)}
        connection.execute(insert(upgrades), by)


def package_version() -> str:
    """Return the version of Afterword that runs."""
    try:
        return version("afterword")
    except PackageNotFoundError:  # run from a folder that was never installed
        return "not installed"


def _place(engine: Engine) -> str:
    return dialects.place_of(engine.url)


def main() -> None:
    """Upgrade the database whose URL stands on standard input; each line told is a JSON object."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # what a terminal sends to both processes; a traceback tells nothing

    def tell(**said: str | None) -> None:
        sys.stdout.write(f"{json.dumps(said)}\n")
        sys.stdout.flush()

    try:
        done = upgrade(sys.stdin.readline().strip(), lambda copy: tell(copy=str(copy)))
    except StoreError as error:
        tell(refused=str(error))
        sys.exit(1)
    if done is not None:
        tell(old=done.old, new=done.new)


if __name__ == "__main__":
    main()
