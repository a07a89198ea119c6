"""Key rotation: every sealed value under the first key, a bite at a time, while the bot goes on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from sqlalchemy import Dialect, Table, and_, bindparam, select, tuple_, update

from bot.storage.compiled import Cursor, Prepared
from bot.storage.encryption import Cipher
from bot.storage.schema import Encrypted, metadata
from bot.storage.writer import Runner

BITE: Final = 200
"""Rows in one transaction: some milliseconds."""


class _Rotation:
    """The renewal of one table."""

    def __init__(self, table: Table, dialect: Dialect, cipher: Cipher) -> None:
        self.cipher = cipher
        self.sealed = [column.name for column in table.columns if isinstance(column.type, Encrypted)]
        keys = list(table.primary_key.columns)
        self.keys = [key.name for key in keys]
        shown = select(*keys, *(table.c[name] for name in self.sealed)).order_by(*keys).limit(BITE).with_for_update()
        after = tuple_(*(bindparam(f"{key.name}_", type_=key.type) for key in keys))
        self.first = Prepared(shown, dialect)
        self.following = Prepared(shown.where(tuple_(*keys) > after), dialect)
        this = and_(*(key == bindparam(f"{key.name}_") for key in keys))
        renewed: dict[str, Any] = {name: bindparam(name) for name in self.sealed}
        self.put = Prepared(update(table).where(this).values(renewed), dialect)

    def bite(self, cursor: Cursor, after: Mapping[str, Any] | None) -> tuple[Mapping[str, Any] | None, int]:
        """Renew the rows after a key; return the key of the last one (None: there was none) and how many values."""
        rows = self.first.all(cursor) if after is None else self.following.all(cursor, after)
        count, last = 0, None
        for row in rows:
            last = {f"{key}_": getattr(row, key) for key in self.keys}
            old = {name: getattr(row, name) for name in self.sealed}
            new = {name: self.cipher.renewed(value) if value is not None else None for name, value in old.items()}
            if any(new.values()):
                self.put.run(cursor, {**last, **{name: new[name] or old[name] for name in old}})
                count += sum(1 for value in new.values() if value)
        return last, count


async def rotate(runner: Runner, cipher: Cipher, dialect: Dialect) -> int:
    """Encrypt anew what is not under the first key; return how many values that were. Raises `BadKey`."""
    renewed = 0
    for table in metadata.sorted_tables:
        rotation = _Rotation(table, dialect, cipher)
        if not rotation.sealed:
            continue
        last: Mapping[str, Any] | None = None
        while True:
            last, count = await runner.submit(partial(rotation.bite, after=last), rank="long")
            renewed += count
            if last is None:
                break
    return renewed
