"""What is kept, read and changed by nothing: everybody, one after another, and what was put aside.

It cannot write; neither tables, nor a key, nor a file are made. It reads in bites, so no transaction
lasts and nobody waits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import URL, Engine, bindparam, exists, select

from bot.core.chat.person import Person
from bot.core.dialogue.session import Session
from bot.runtime.ports import Parked
from bot.storage import dialects
from bot.storage.compiled import CompiledStatement
from bot.storage.encryption import Cipher, SealedCache
from bot.storage.errors import BadKey, translating
from bot.storage.outbox import parked_of
from bot.storage.people import person_of
from bot.storage.revision import inspect
from bot.storage.schema import case_, person, roll, session
from bot.storage.statements import OF_PERSON, statements_for

BITE: Final = 200
"""Chats read at once: some milliseconds."""
_SESSION: Final = ("id", "current", "turn", "asking", "run", "panel", "reminded", "agenda")


def everybody(url: str | URL, cipher: Cipher, cohort: int | None = None) -> Iterator[tuple[int, Person]]:
    """Yield each chat's person with the number of its row, in order; with `cohort` only the people of that one.

    Raises `StoreError`, in particular `BadKey`, `NotMigrated` and `StoreUnready`.
    """
    where = dialects.read_url(url)
    place = dialects.place_of(where)
    with _reading(dialects.connect_to_read(where), place) as engine:
        inspect(where, count=False).refuse_unless_current()
        _check_keys(engine, place, cipher)
        yield from _read(engine, cipher, cohort)


def parked(
    url: str | URL, cipher: Cipher, *, faults: bool = False, limit: int = 100
) -> tuple[Sequence[Parked], Mapping[str, int]]:
    """Return what was put aside, the oldest first, and how much there is of each kind.

    With `faults` what needs nobody's attention is counted only. Where there is no database yet, nothing was put aside.
    Raises `StoreError`.
    """
    where = dialects.read_url(url)
    place = dialects.place_of(where)
    state = inspect(where, count=False)
    if state.standing == "empty":
        return [], {}
    state.refuse_unless_current()
    with _reading(dialects.connect_to_read(where), place) as engine:
        _check_keys(engine, place, cipher)
        with dialects.reading(engine) as cursor:
            statements = statements_for(engine.dialect)
            rows = (statements.faults if faults else statements.parked).all(cursor, {"limit": limit})
            kinds = {row.kind: row.parked for row in statements.count_parked.all(cursor, {})}
            return [parked_of(row, cipher) for row in rows], kinds


def check_keys(url: str | URL, cipher: Cipher) -> None:
    """Raise `BadKey` unless the key is the one that a database was written with, whatever revision its tables are."""
    where = dialects.read_url(url)
    place = dialects.place_of(where)
    with _reading(dialects.connect_to_read(where), place) as engine:
        _check_keys(engine, place, cipher)


def _check_keys(engine: Engine, place: str, cipher: Cipher) -> None:
    with dialects.reading(engine) as cursor:
        proof = statements_for(engine.dialect).proof.one(cursor)
        # Without a proof nobody ever opened it, so that any key will do.
        if proof is not None and not cipher.fits(proof.value):
            raise BadKey(f"{place}: it was written with another key than the one given. Set DATA_KEY to its key.")


def _read(engine: Engine, cipher: Cipher, cohort: int | None) -> Iterator[tuple[int, Person]]:
    people = CompiledStatement(_people(cohort), engine.dialect)
    cases = CompiledStatement(
        select(case_.c.session, case_.c.number, case_.c.content)
        .where(case_.c.session > bindparam("after"), case_.c.session <= bindparam("last"))
        .order_by(case_.c.session, case_.c.number),
        engine.dialect,
    )
    after, memory = 0, SealedCache(cipher)
    while True:
        with dialects.reading(engine) as cursor:
            rows = people.all(cursor, {"after": after})
            if not rows:
                return
            last = rows[-1].id
            talks: dict[int, dict[int, Session]] = {}
            for number, case, content in cases.all(cursor, {"after": after, "last": last}):
                talks.setdefault(number, {})[case] = memory.open(content, Session.from_json)
        yield from ((row.id, person_of(row, talks.get(row.id, {}), memory)) for row in rows)
        after = last


def _people(cohort: int | None) -> Any:
    same = (session.c.bot == person.c.bot) & (session.c.person == person.c.person)
    columns = (*(person.c[name] for name in OF_PERSON), *(session.c[name] for name in _SESSION))
    joined = select(*columns).select_from(session.join(person, same))
    if cohort is not None:
        inside = (roll.c.bot == session.c.bot, roll.c.person == session.c.person, roll.c.number == cohort)
        joined = joined.where(exists().where(*inside))
    return joined.where(session.c.id > bindparam("after")).order_by(session.c.id).limit(BITE)


@contextmanager
def _reading(engine: Engine, place: str) -> Iterator[Engine]:
    try:
        with translating(place):
            yield engine
    finally:
        engine.dispose()
