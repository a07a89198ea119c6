"""Brings the tables of a database up to date, at every start."""

from __future__ import annotations

from functools import cache

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from bot.storage.compiled import Cursor

LOCK = 4_115_300_001
"""The number of PostgreSQL's advisory lock that makes processes which start at once migrate one after another."""


def config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration; no ini file takes part, and the connection is handed over."""
    made = Config()
    made.set_main_option("script_location", "bot:storage/migrations")
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


@cache
def head() -> str:
    """Return the version of the tables that this code is written for."""
    newest = ScriptDirectory.from_config(config()).get_current_head()
    assert newest is not None
    return newest


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the tables to `revision`, all or nothing."""
    with engine.begin() as connection:
        lock(connection)
        if revision == "head" and is_current(connection):
            return
        command.upgrade(config(connection), revision)


def is_current(connection: Connection) -> bool:
    """Tell whether the tables are those of this code."""
    return MigrationContext.configure(connection).get_current_revision() == head()


def lock(connection: Connection) -> None:
    """Let no two processes migrate at once; SQLite's transactions are IMMEDIATE, which does the same."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK})


def version_of(cursor: Cursor) -> str | None:
    """Return the version of the tables, None when there is none."""
    cursor.execute("SELECT version_num FROM alembic_version", ())
    row = cursor.fetchone()
    return row[0] if row else None
