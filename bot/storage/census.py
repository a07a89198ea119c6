"""Counting everything, for the operator's metrics."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Dialect, bindparam, func, select, type_coerce

from bot.runtime.ports import Census
from bot.storage.compiled import CompiledStatement, Cursor
from bot.storage.schema import Utc, outbox, parked, person, session

_PEOPLE: Final = select(func.count().label("count")).select_from(person)
_WAITING: Final = select(
    func.count().label("count"), type_coerce(func.min(outbox.c.created_at), Utc()).label("oldest")
).select_from(outbox)
_DUE: Final = (
    select(func.count().label("count")).select_from(session).where(session.c.opens <= bindparam("now", type_=Utc()))
)
_PARKED: Final = select(parked.c.kind, func.count().label("count")).group_by(parked.c.kind)


def census(cursor: Cursor, dialect: Dialect, now: datetime, file: Path | None) -> Census:
    """Count what is kept; `file` is that of SQLite."""

    def ask(statement: object) -> CompiledStatement:
        return CompiledStatement(statement, dialect)  # type: ignore[arg-type]  # every Select is a ClauseElement

    waiting = ask(_WAITING).one(cursor)
    return Census(
        people=ask(_PEOPLE).one(cursor).count,
        waiting=waiting.count,
        oldest=waiting.oldest,
        due=ask(_DUE).one(cursor, {"now": now}).count,
        parked={row.kind: row.count for row in ask(_PARKED).all(cursor)},
        size=_size_of(file) if file else _size_on_server(cursor),
    )


def _size_of(file: Path) -> int:
    size = 0
    for part in (file, file.with_name(f"{file.name}-wal")):
        with suppress(OSError):
            size += part.stat().st_size
    return size


def _size_on_server(cursor: Cursor) -> int:
    cursor.execute("SELECT pg_database_size(current_database())", ())
    return int(cursor.fetchone()[0])
