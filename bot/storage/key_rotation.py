"""Key rotation: every sealed value under the first key, a page at a time, while the bot goes on.

What is to be renewed is looked for beside the writer, and renewed in short transactions of its own,
as often as it takes: whatever ends a rotation, the next one finds what is left.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from sqlalchemy import Dialect, LargeBinary, Table, and_, bindparam, or_, select, tuple_, update

from bot.storage.compiled import CompiledStatement, Cursor
from bot.storage.encryption import FERNET, Cipher, Sealed
from bot.storage.errors import BadKey, translating
from bot.storage.keys import KeyUse, Uses, count_values, forget_earlier, head_of, key_use, sealed_columns
from bot.storage.schema import metadata
from bot.storage.writer import Runner

PAGE: Final = 2000
"""Rows looked at in one go: some milliseconds, which no writer waits for."""
BITE: Final = 200
"""Rows renewed in one transaction: some milliseconds."""

Row = Mapping[str, Any]
"""The primary key of a row."""


class _Rotation:
    """The renewal of one table."""

    def __init__(self, table: Table, dialect: Dialect, cipher: Cipher) -> None:
        self._cipher = cipher
        self._sealed = sealed_columns(table)
        keys = list(table.primary_key.columns)
        self._keys = [key.name for key in keys]
        heads = [head_of(table, name) for name in self._sealed]
        looked = select(*keys, *(head.label(f"head_{n}") for n, head in enumerate(heads))).order_by(*keys).limit(PAGE)
        after, last = (
            tuple_(*(bindparam(f"{key.name}_{which}", type_=key.type) for key in keys)) for which in ("first", "last")
        )
        self._look_first = CompiledStatement(looked, dialect)
        self._look_on = CompiledStatement(looked.where(tuple_(*keys) > after), dialect)
        others = or_(*(head != bindparam("head", type_=LargeBinary) for head in heads))
        # What a turn has locked is passed over: to wait for it here, holding others, could make the two wait for ever.
        taken = (
            select(*keys, *(table.c[name] for name in self._sealed))
            .where(tuple_(*keys) >= after, tuple_(*keys) <= last, others)
            .order_by(*keys)
            .with_for_update(skip_locked=True)
        )
        self._take = CompiledStatement(taken, dialect)
        this = and_(*(key == bindparam(f"{key.name}_first", type_=key.type) for key in keys))
        self._put = CompiledStatement(
            update(table).where(this).values({n: bindparam(n) for n in self._sealed}), dialect
        )

    def look(self, reading: Callable[[], AbstractContextManager[Cursor]], after: Row | None) -> tuple[list[Row], Row]:
        """Return the rows of the page after a row that are to be renewed, and the page's last row (empty: none)."""
        with reading() as cursor:
            rows = self._look_first.all(cursor) if after is None else self._look_on.all(cursor, _named(after, "first"))
        first, width = self._cipher.heads[0], len(self._keys)
        old = [row for row in rows if any(head is not None and head != first for head in row[width:])]
        return [self._key(row) for row in old], self._key(rows[-1]) if rows else {}

    def renew(self, cursor: Cursor, first: Row, last: Row) -> int:
        """Renew what is to be renewed from one row to another; return how many values that were."""
        asked = {**_named(first, "first"), **_named(last, "last"), "head": self._cipher.heads[0]}
        count, put = 0, []
        for row in self._take.all(cursor, asked):
            old = {name: getattr(row, name) for name in self._sealed}
            new = {name: renewed for name, value in old.items() if (renewed := self._renewed(value)) is not None}
            count += len(new)
            put += [{**_named(self._key(row), "first"), **old, **new}] if new else []
        self._put.run_each(cursor, put)
        return count

    def _renewed(self, value: bytes | None) -> Sealed | None:
        try:
            return None if value is None else self._cipher.renewed(value)
        # It is left as it is, and counted as such: the key may be found again.
        except BadKey:
            return None

    def _key(self, row: Any) -> Row:
        return {name: getattr(row, name) for name in self._keys}


def _named(row: Row, which: str) -> Row:
    return {f"{name}_{which}": value for name, value in row.items()}


async def look(
    runner: Runner, reading: Callable[[], AbstractContextManager[Cursor]], cipher: Cipher, dialect: Dialect
) -> KeyUse:
    """Count what is under which key, and note it when nothing is left that an earlier version sealed."""

    def count() -> Uses:
        with reading() as cursor:
            return count_values(cursor, dialect, cipher)

    found = await asyncio.to_thread(count)
    if not any(head == FERNET for head, _ in found):  # nothing seals so any more
        await runner.submit(partial(forget_earlier, dialect=dialect, cipher=cipher), rank="long")
    return key_use(found, cipher)


async def rotate(
    runner: Runner,
    reading: Callable[[], AbstractContextManager[Cursor]],
    cipher: Cipher,
    dialect: Dialect,
    renewed: Callable[[int], None],
) -> int:
    """Encrypt anew what is not under the first key; return how many values that were, and tell `renewed` meanwhile.

    Raises `StoreError`; what was renewed until then stays so.
    """
    total = 0
    for table in metadata.sorted_tables:
        if not sealed_columns(table):
            continue
        rotation, last = _Rotation(table, dialect, cipher), None
        while last != {}:
            old, last = await asyncio.to_thread(rotation.look, reading, last)
            for bite in _bites(old):
                began = time.monotonic()
                count = await runner.submit(partial(rotation.renew, first=bite[0], last=bite[-1]), rank="long")
                renewed(count)
                total += count
                await asyncio.sleep(time.monotonic() - began)  # half of the time is other people's
    return total


def _bites(rows: Sequence[Row]) -> list[Sequence[Row]]:
    return [rows[at : at + BITE] for at in range(0, len(rows), BITE)]


@dataclass(frozen=True)
class KeyRotation:
    """Which keys the values of one database are under, and their renewal."""

    runner: Runner
    reading: Callable[[], AbstractContextManager[Cursor]]
    cipher: Cipher
    dialect: Dialect
    place: str

    async def rotate(self, renewed: Callable[[int], None] = lambda _: None) -> int:
        """Encrypt anew under the first key what is under another; return how many values that were.

        `renewed` is told of each page. Others may go on meanwhile, and several processes may rotate at once; whether
        anything is left, which somebody wrote meanwhile, `use` tells.
        """
        with translating(self.place):
            return await rotate(self.runner, self.reading, self.cipher, self.dialect, renewed)

    async def use(self) -> KeyUse:
        """Count what is under which key."""
        with translating(self.place):
            return await look(self.runner, self.reading, self.cipher, self.dialect)
