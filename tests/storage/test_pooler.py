"""Behind a pooler in transaction mode each transaction meets another session: nothing may be kept in one.

Tried by hand with PgBouncer 1.18, two stores on three server connections: 240 turns of 12 people without an error; with
statements prepared whatever stands between, 16 of them failed.
"""

from __future__ import annotations

from contextlib import closing

import pytest

from bot.storage import dialects
from bot.storage.database import Database
from bot.storage.encryption import Cipher
from bot.storage.read_only import everybody
from tests.storage.conftest import KEY, Opening, Place, emptied
from tests.support.store_stories import ANNA, count, turn

TURNS = 8  # psycopg prepares what it has run five times


@pytest.fixture(params=["direct", "pooled"])
async def store(
    request: pytest.FixtureRequest, shared: str, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> tuple[Database, bool]:
    pooled = request.param == "pooled"
    if pooled:
        monkeypatch.setattr(dialects, "has_pooler", lambda *_: True)
    return await opening(Place(emptied(shared))), pooled


async def test_nothing_is_prepared_and_nothing_is_set_in_a_session_that_a_pooler_lends(
    store: tuple[Database, bool],
) -> None:
    database, pooled = store
    for _ in range(TURNS):
        await turn(database, ANNA, count)
    with closing(database._engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT name FROM pg_prepared_statements")
        assert bool(cursor.fetchall()) is not pooled
        cursor.execute("SELECT name FROM pg_settings WHERE source = 'session' AND name LIKE '%timeout'")
        assert bool(cursor.fetchall()) is not pooled


async def test_a_transaction_bounds_its_waiting_with_a_pooler_and_without(store: tuple[Database, bool]) -> None:
    def shown(cursor: object) -> list[str]:
        found = []
        for name in ("lock_timeout", "idle_in_transaction_session_timeout"):
            cursor.execute(f"SHOW {name}", ())  # type: ignore[attr-defined]
            found += cursor.fetchone()  # type: ignore[attr-defined]
        return found

    assert await store[0]._runner.submit(shown) == ["10s", "20s"]


async def test_who_only_reads_asks_for_nothing_that_a_pooler_refuses(store: tuple[Database, bool], shared: str) -> None:
    await turn(store[0], ANNA, count)
    assert len(list(everybody(shared, Cipher.of(KEY)))) == 1
