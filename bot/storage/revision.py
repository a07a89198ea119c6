"""Which tables a database has, and whether this version may work with them; nothing here changes anything.

Alembic is not imported, for whatever serves asks here and migrates nothing (see `migrate`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import URL, Connection, text
from sqlalchemy import inspect as inspector

from bot.storage import dialects
from bot.storage.compiled import Cursor
from bot.storage.errors import NewerDatabase, NotMigrated, StoreUnready, translating
from bot.storage.schema import metadata

HEAD: Final = "0010"
"""The newest of `migrations/versions`; a test compares them."""

Standing = Literal["empty", "older", "current", "newer", "foreign"]


@dataclass(frozen=True)
class DatabaseState:
    """What is kept at a place, and whose it is."""

    place: str
    """The database for operators, without a password."""
    standing: Standing
    """`empty`: no file, or no tables; `newer`: of a later Afterword; `foreign`: of another program."""
    revision: str | None = None
    written_by: str | None = None
    """The version of Afterword that upgraded it last; None before revision 0008, which is the first to note it."""
    people: int = 0

    def refuse_unless_current(self) -> None:
        """Raise `NotMigrated`, `NewerDatabase` or `StoreUnready` with a sentence, unless it can be worked with."""
        self.refuse_what_is_not_ours()
        if self.standing == "empty":
            raise NotMigrated(f"{self.place}: there is no database of Afterword's yet. `afterword run` makes it.")
        if self.standing == "older":
            raise NotMigrated(
                f"{self.place}: its tables are of revision {self.revision}, older than this version's {HEAD}. "
                "They will be upgraded at the next start of `afterword run`; nothing was changed."
            )

    def refuse_what_is_not_ours(self) -> None:
        """Raise `NewerDatabase` or `StoreUnready` for what may not even be upgraded."""
        if self.standing == "foreign":
            raise StoreUnready(
                f"{self.place}: it is the database of another program and was left as it is. Name another one."
            )
        if self.standing == "newer":
            by = f"Afterword {self.written_by}" if self.written_by else "a later version of Afterword"
            raise NewerDatabase(
                f"{self.place}: it was written by {by} (tables {self.revision}); this version knows tables up to "
                f"{HEAD} and left it as it is. Install that version again, or go back to the copy or backup from "
                "before the upgrade (docs/operators/upgrade.md)."
            )


def head() -> str:
    """Return the version of the tables that this code is written for."""
    return HEAD


def version_of(cursor: Cursor) -> str | None:
    """Return the version of the tables, None when there is none."""
    cursor.execute("SELECT version_num FROM alembic_version", ())
    row = cursor.fetchone()
    return row[0] if row else None


def inspect(url: str | URL, *, count: bool = True) -> DatabaseState:
    """Look at a database and change nothing: not a byte, no file made; with `count` the people are counted, too.

    Raises `StoreError` when it cannot be looked at.
    """
    where = dialects.read_url(url)
    place = dialects.place_of(where)
    if where.drivername == "sqlite" and not _has_bytes(Path(str(where.database))):
        return DatabaseState(place, "empty")
    engine = dialects.connect_to_read(where)
    try:
        with translating(place), engine.connect() as connection:
            return _state(connection, place, count)
    finally:
        engine.dispose()


def _has_bytes(file: Path) -> bool:
    try:
        if file.is_dir():
            raise StoreUnready(f"{file}: the database cannot be opened: Is a directory. Name a file in it.")
        return file.stat().st_size > 0
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise StoreUnready(
            f"{file}: the database cannot be looked at: {error.strerror}. See to the rights of the folders above it."
        ) from error


def _state(connection: Connection, place: str, count: bool) -> DatabaseState:
    tables = set(inspector(connection).get_table_names())
    if "alembic_version" not in tables:
        # A schema of PostgreSQL may be shared with others' tables, such as those of an extension.
        others = tables if connection.dialect.name == "sqlite" else tables & set(metadata.tables)
        return DatabaseState(place, "foreign" if others else "empty")
    revision: Any = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if revision is None:
        return DatabaseState(place, "empty")
    if not (revision.isdecimal() and len(revision) == len(HEAD) and {"meta", "person"} <= tables):
        return DatabaseState(place, "foreign", revision)
    by = "SELECT afterword FROM upgrade ORDER BY revision DESC LIMIT 1"
    written_by = connection.execute(text(by)).scalar() if "upgrade" in tables else None
    people = connection.execute(text("SELECT count(*) FROM person")).scalar_one() if count else 0
    standing: Standing = "current" if revision == HEAD else "older" if revision < HEAD else "newer"
    return DatabaseState(place, standing, revision, written_by, people)
