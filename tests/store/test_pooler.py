"""Behind a pooler in transaction mode each transaction meets another session: nothing may be kept in one.

Tried by hand with PgBouncer 1.18, 2 stores on 3 server connections: 240 turns of 12 people without an error; with
statements prepared as before, 16 of them failed.
"""

from __future__ import annotations

from contextlib import closing

import pytest

from bot.storage.database import Database
from bot.storage.encryption import Cipher
from bot.storage.read_only import everybody
from tests.store.conftest import KEY, Opening, Place, emptied
from tests.store.stories import ANNA, count, turn

TURNS = 8  # psycopg prepares what it has run five times


@pytest.fixture
async def store(shared: str, opening: Opening) -> Database:
    return await opening(Place(emptied(shared)))


async def test_nothing_is_prepared_and_nothing_is_set_in_a_session(store: Database) -> None:
    for _ in range(TURNS):
        await turn(store, ANNA, count)
    with closing(store._engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT name FROM pg_prepared_statements")
        assert cursor.fetchall() == []
        # The transaction's own isolation counts as the session's while it lasts.
        cursor.execute("SELECT name FROM pg_settings WHERE source = 'session' AND name <> 'transaction_isolation'")
        assert cursor.fetchall() == []


async def test_a_transaction_bounds_its_own_waiting(store: Database) -> None:
    def shown(cursor: object) -> list[str]:
        found = []
        for name in ("lock_timeout", "idle_in_transaction_session_timeout"):
            cursor.execute(f"SHOW {name}", ())  # type: ignore[attr-defined]
            found += cursor.fetchone()  # type: ignore[attr-defined]
        return found

    assert await store._runner.submit(shown) == ["10s", "20s"]


async def test_who_only_reads_asks_for_nothing_that_a_pooler_refuses(store: Database, shared: str) -> None:
    await turn(store, ANNA, count)
    assert len(list(everybody(shared, Cipher.of(KEY)))) == 1
