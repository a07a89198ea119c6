"""Which keys a database needs: none is made where data is kept already, and none is dropped that is still needed.

Under which key a value is, its first bytes tell, so values are counted without being opened. Which
keys may still be needed stands in `meta`, a row each (`key:` and those bytes), so that a start which drops none counts
nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Dialect, LargeBinary, Table, bindparam, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from bot.storage import dialects
from bot.storage.compiled import CompiledStatement, Cursor
from bot.storage.encryption import FERNET, HEAD_SIZE, PROOF, Cipher, fingerprint
from bot.storage.errors import BadKey, NoKey, translating
from bot.storage.schema import Encrypted, meta, metadata

_RECORD: Final = "key:"
Uses = Counter[tuple[bytes, str]]
"""How many values that are not under the first key begin so, in each table."""


# -- before a database is opened --------------------------------------------------------------------------------------


def cipher_for(url: str | URL, keys: str | None, file: Path) -> Cipher:
    """Return the cipher of a database; `keys` is DATA_KEY, `file` gets a new key only where nothing is kept yet."""
    check_key(url, keys, file)
    return Cipher.of(keys) if keys else Cipher.from_file(file)


def check_key(url: str | URL, keys: str | None, file: Path) -> None:
    """Raise `BadKey` where a database holds data and its key is not at hand; nothing is made or changed."""
    try:
        Cipher.at_hand(keys, file)
    except NoKey:
        if holds_data(url):
            raise NoKey(
                f"{dialects.place_of(dialects.read_url(url))}: it holds data, and the key that opens it is not there: "
                f"DATA_KEY is not set, and there is no file {file.absolute()}. No new key was made, for it would open "
                "none of the data. Put the key back from where its copy is kept, or name its file in DATA_KEY_FILE. "
                "If the data may be lost, move the database away as well; then both are made anew."
            ) from None


def holds_data(url: str | URL) -> bool:
    """Tell whether a key was ever used for a database; raises `StoreError`, also for another program's."""
    where = dialects.read_url(url)
    with translating(dialects.place_of(where)):
        return _file_holds_data(where) if where.drivername == "sqlite" else _server_holds_data(where)


def _file_holds_data(where: URL) -> bool:
    """Tell whether there is anything in a file, or in its log: it is made only after its key."""
    file = Path(str(where.database))
    log = file.with_name(f"{file.name}-wal")
    if log.exists() and log.stat().st_size:  # to read it would change files
        return True
    if not file.exists():
        return False
    if not file.is_file():
        dialects.prepare_file(where)  # which says what it is instead
    return bool(file.stat().st_size) and dialects.has_tables(where)


def _server_holds_data(where: URL) -> bool:
    engine = dialects.connect_to_read(where)
    try:
        with dialects.reading(engine) as cursor:
            if cursor.execute("SELECT to_regclass('meta')").fetchone()[0] is None:
                return False
            return cursor.execute("SELECT 1 FROM meta LIMIT 1").fetchone() is not None
    finally:
        engine.dispose()


# -- while it is opened -----------------------------------------------------------------------------------------------


def admit(cursor: Cursor, dialect: Dialect, cipher: Cipher, place: str, *, is_new: bool, fits: bool) -> bool:
    """Note the keys that are used from now on; return whether values may be under another than the first.

    `is_new`: nothing is kept yet; `fits`: the proof is opened by the keys. Raises `BadKey`, with how many values of
    which tables, when they need a key that was dropped; what is under none of the keys is the caller's to refuse.
    """
    records = _Records(dialect)
    noted, given = records.read(cursor), set(cipher.heads)
    if not fits and not noted & given:
        return False
    if not is_new and (not noted or noted - given - {FERNET}):
        found = count_values(cursor, dialect, cipher)
        _refuse_dropped(found, noted, cipher, place)
        records.write(cursor, cipher, noted, {head for head, _ in found} | given)
        noted = records.read(cursor)
    records.write(cursor, cipher, noted & given, given)
    return len(given) > 1 or FERNET in noted


def forget_earlier(cursor: Cursor, dialect: Dialect, cipher: Cipher) -> None:
    """Note that nothing is left that an earlier version sealed; none seals so any more."""
    _Records(dialect).write(cursor, cipher, {FERNET}, set())


def _refuse_dropped(found: Uses, noted: set[bytes], cipher: Cipher, place: str) -> None:
    """Raise `BadKey` where values need a key that is not given."""
    there, given = {head for head, _ in found}, set(cipher.heads)
    needed, dropped = there - given - {FERNET}, noted - given - {FERNET}
    if dropped and FERNET in there:
        needed |= {FERNET, *dropped}  # no value that an earlier version sealed says which of the keys it is under
    if needed:
        raise BadKey(
            f"{place}: {_needs(found, needed)}, and the keys given are {_listed(map(fingerprint, cipher.heads))}. Add "
            "the old key again behind the new one (DATA_KEY=new,old, or a second line in the key's file), and leave it "
            "out only once the log or `afterword doctor` says that nothing needs it."
        )


def _needs(found: Uses, needed: set[bytes]) -> str:
    """Say how many values of which tables need which keys."""
    tables: Counter[str] = Counter()
    for (head, table), count in found.items():
        if head in needed:
            tables[table] += count
    named = sorted(fingerprint(head) for head in needed if head != FERNET)
    return (
        f"{tables.total()} of its values ({_listed(f'{count} in {table}' for table, count in sorted(tables.items()))}) "
        f"need the key {_listed(named)}"
    )


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)


class _Records:
    """The rows that say under which keys values may be."""

    def __init__(self, dialect: Dialect) -> None:
        upsert = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
        self._all = CompiledStatement(select(meta.c.name).where(meta.c.name.startswith(_RECORD)), dialect)
        self._put = CompiledStatement(upsert(meta).on_conflict_do_nothing(), dialect)
        self._drop = CompiledStatement(delete(meta).where(meta.c.name == bindparam("name_")), dialect)

    def read(self, cursor: Cursor) -> set[bytes]:
        """Return how values may begin."""
        return {bytes.fromhex(row.name.removeprefix(_RECORD)) for row in self._all.all(cursor)}

    def write(self, cursor: Cursor, cipher: Cipher, old: set[bytes], new: set[bytes]) -> None:
        """Replace some by others; nothing of what was noted meanwhile is lost."""
        for head in old - new:
            self._drop.run(cursor, {"name_": _RECORD + head.hex()})
        for head in new - old:
            self._put.run(cursor, {"name": _RECORD + head.hex(), "value": cipher.seal(PROOF)})


# -- counting ---------------------------------------------------------------------------------------------------------


def sealed_columns(table: Table) -> list[str]:
    """Return the names of a table's encrypted columns."""
    return [column.name for column in table.columns if isinstance(column.type, Encrypted)]


def head_of(table: Table, name: str) -> Any:
    """Return the expression for how a value begins."""
    return func.substr(table.c[name], 1, HEAD_SIZE, type_=LargeBinary)


def count_values(cursor: Cursor, dialect: Dialect, cipher: Cipher) -> Uses:
    """Count the values of every table that are not under the first key, by how they begin."""
    found: Uses = Counter()
    for table in metadata.sorted_tables:
        for name in sealed_columns(table):
            head = head_of(table, name)
            counted = select(head.label("head"), func.count().label("number")).where(head != cipher.heads[0])
            counted = counted.group_by("head")  # to group the others as well would take five times as long
            for row in CompiledStatement(counted, dialect).all(cursor):
                found[bytes(row.head), table.name] += row.number
    return found


@dataclass(frozen=True)
class KeyUse:
    """What the values of a database are under: how many under each key, by fingerprint."""

    first: str
    """The fingerprint of the key that seals."""
    old: Mapping[str, int]
    """Of every other key that was given, and of what an earlier version sealed; 0: it can be dropped."""
    missing: Mapping[str, int]
    """Of keys that were not given."""

    @property
    def left(self) -> int:
        """How many values are not under the first key."""
        return sum(self.old.values()) + sum(self.missing.values())


def key_use(found: Uses, cipher: Cipher) -> KeyUse:
    """Sort what was counted by the keys given."""
    numbers: Counter[bytes] = Counter()
    for (head, _), count in found.items():
        numbers[head] += count
    first, *others = cipher.heads
    old = {head: numbers[head] for head in (*others, *([FERNET] if numbers[FERNET] else []))}
    missing = {head: count for head, count in numbers.items() if head != first and head not in old}
    return KeyUse(
        fingerprint(first),
        {fingerprint(head): count for head, count in old.items()},
        {fingerprint(head): count for head, count in missing.items()},
    )


def read_key_use(url: str | URL, cipher: Cipher) -> KeyUse:
    """Count what the values of a database are under, and change nothing; raises `StoreError`."""
    where = dialects.read_url(url)
    engine = dialects.connect_to_read(where)
    try:
        with translating(dialects.place_of(where)), dialects.reading(engine) as cursor:
            return key_use(count_values(cursor, engine.dialect, cipher), cipher)
    finally:
        engine.dispose()
