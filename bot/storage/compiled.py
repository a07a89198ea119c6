"""Statements compiled once: afterwards one costs what the driver takes, and no longer what SQLAlchemy takes.

Values pass through the column types both ways, as with SQLAlchemy's own execution. Measured: with
64 people at once a turn cost 1,341 µs by `Connection.execute`, and 686 µs so.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from sqlalchemy import Dialect
from sqlalchemy.sql.elements import ClauseElement

NOTHING: Final[Mapping[str, Any]] = {}


class Cursor(Protocol):
    """What sqlite3 and psycopg have in common; one cursor serves a whole transaction."""

    @property
    def rowcount(self) -> int:
        """How many rows the last statement met."""

    def execute(self, sql: Any, parameters: Any, /) -> Any:
        """Run one statement."""

    def executemany(self, sql: Any, parameters: Any, /) -> Any:
        """Run one statement for each set of parameters."""

    def fetchone(self) -> Any:
        """Return the next row or None."""

    def fetchall(self) -> Sequence[Any]:
        """Return the rows that are left."""


class CompiledStatement:
    """One statement for one kind of database."""

    def __init__(self, statement: ClauseElement, dialect: Dialect, columns: Sequence[str] | None = None) -> None:
        """`columns`: those that an INSERT fills, if not all."""
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(columns) if columns else None)
        self.sql: str = compiled.string
        self._positional = compiled.positiontup is not None
        self._names = tuple(compiled.positiontup or compiled.binds)
        ways = [
            _way(bind.type, dialect, "bind") if bind.required else None
            for bind in (compiled.binds[name] for name in self._names)
        ]
        self._binds = [(place, way) for place, way in enumerate(ways) if way]
        # What the statement itself fixes is converted once.
        self._fixed = {
            name: way(bind.value) if (way := _way(bind.type, dialect, "bind")) else bind.value
            for name, bind in compiled.binds.items()
            if not bind.required
        }
        shown = list(getattr(statement, "exported_columns", ()))
        self._row: Any = namedtuple("Row", [column.key for column in shown]) if shown else None
        ways = [_way(column.type, dialect, "result") for column in shown]
        self._results = [(place, way) for place, way in enumerate(ways) if way]

    def run(self, cursor: Cursor, values: Mapping[str, Any] = NOTHING) -> int:
        """Run the statement; return how many rows it met."""
        cursor.execute(self.sql, self._bound(values))
        return cursor.rowcount

    def run_each(self, cursor: Cursor, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run the statement for each of the rows."""
        if len(rows) == 1:
            cursor.execute(self.sql, self._bound(rows[0]))
        elif rows:
            cursor.executemany(self.sql, [self._bound(row) for row in rows])

    def one(self, cursor: Cursor, values: Mapping[str, Any] = NOTHING) -> Any:
        """Return the only row, with its columns as attributes, or None."""
        cursor.execute(self.sql, self._bound(values))
        row = cursor.fetchone()
        # Whatever is left is read, so that the cursor is free; a SQLite write ends only when its rows are read.
        if row is not None and cursor.fetchone() is not None:
            raise AssertionError("one row at most was meant")
        return None if row is None else self._read(row)

    def all(self, cursor: Cursor, values: Mapping[str, Any] = NOTHING) -> list[Any]:
        """Return the rows, with their columns as attributes."""
        cursor.execute(self.sql, self._bound(values))
        return [self._read(row) for row in cursor.fetchall()]

    def _bound(self, values: Mapping[str, Any]) -> Any:
        given = {**self._fixed, **values} if self._fixed else values
        bound = list(map(given.__getitem__, self._names))
        for place, way in self._binds:
            bound[place] = way(bound[place])
        return bound if self._positional else dict(zip(self._names, bound, strict=True))

    def _read(self, row: Iterable[Any]) -> Any:
        if self._results:
            row = list(row)
            for place, way in self._results:
                row[place] = way(row[place])
        return self._row._make(row)


def _way(type_: Any, dialect: Dialect, which: str) -> Any:
    """Return what converts a value of a column type on its way in ("bind") or out ("result"); None: nothing does."""
    own = type_.dialect_impl(dialect)
    return own.bind_processor(dialect) if which == "bind" else own.result_processor(dialect, None)
