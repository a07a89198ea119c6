"""What it costs to find what is due among very many agendas: `python -m tests.bench_due`, part of `make bench`.

On both databases 100 due ones are claimed out of 10,000 pending and out of 1,000,000, one after the other in one run;
the index is worth its place as long as the larger table costs at most 1.5 times as much.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from cryptography.fernet import Fernet
from sqlalchemy import Engine, text

from bot.store.cipher import Cipher
from bot.store.database import Database
from bot.store.schema import Utc
from tests.conftest import NOW
from tests.store.server import postgres

FEW, MANY = 10_000, 1_000_000
AT_ONCE, ROUNDS = 100, 40
LEASE = timedelta(seconds=60)
ALLOWED = 1.5

PEOPLE = """
INSERT INTO person (bot, person, language, zone, working_days, since)
SELECT 1, n, 'en', 'UTC', '1,2,3,4,5', :now FROM numbers
"""
SESSIONS = """
INSERT INTO session (bot, chat, topic, person, current, turn, asking, panel, updated_at, wake, opens)
SELECT 1, n, 0, n, 1, 1, '', 0, :now, {due}, {due} FROM numbers
"""
NUMBERS = {
    "sqlite": "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})",
    "postgresql": "WITH numbers(n) AS (SELECT generate_series(1, {count}))",
}
# Spread over the year to come, in no order of the rows; ROUNDS * AT_ONCE of them are due already.
DUE = {
    "sqlite": "CASE WHEN n % {every} = 0 THEN :now - n ELSE :now + 1000000 * (n * 7919 % 31536000 + 3600) END",
    "postgresql": "CASE WHEN n % {every} = 0 THEN CAST(:now AS timestamptz) - n * interval '1 microsecond' "
    "ELSE CAST(:now AS timestamptz) + (n::bigint * 7919 % 31536000 + 3600) * interval '1 second' END",
}


def fill(engine: Engine, count: int) -> None:
    """Put so many people with an agenda each into an empty database."""
    kind = engine.dialect.name
    numbers = NUMBERS[kind].format(count=count)
    due = DUE[kind].format(every=count // (ROUNDS * AT_ONCE))
    now = Utc().process_bind_param(NOW, engine.dialect)
    with engine.begin() as connection:
        if kind == "sqlite":
            people = PEOPLE.replace("SELECT", f"{numbers} SELECT", 1)
            sessions = SESSIONS.format(due=due).replace("SELECT", f"{numbers} SELECT", 1)
        else:
            people, sessions = numbers + PEOPLE, numbers + SESSIONS.format(due=due)
        connection.execute(text(people), {"now": now})
        connection.execute(text(sessions), {"now": now})
        connection.execute(text("ANALYZE"))


async def claims(store: Database) -> float:
    """Claim 100 due ones again and again; return the median in milliseconds."""
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        claimed = await store.claim_due(NOW, LEASE, AT_ONCE)
        took.append(time.perf_counter() - began)
        assert len(claimed) == AT_ONCE, len(claimed)
    return statistics.median(took) * 1000


async def measured(url: str, count: int) -> float:
    store = await Database.open(url, Cipher.of(Fernet.generate_key().decode()))
    try:
        fill(store._engine, count)
        return await claims(store)
    finally:
        await store.close()


def compared(name: str, urls: tuple[str, str]) -> bool:
    few, many = (asyncio.run(measured(url, count)) for url, count in zip(urls, (FEW, MANY), strict=True))
    ratio = many / few
    fine = ratio <= ALLOWED
    print(
        f"{name:<12} claim {AT_ONCE} due of {FEW:,}: {few:.2f} ms, of {MANY:,}: {many:.2f} ms; "
        f"ratio {ratio:.2f} (at most {ALLOWED}) {'ok' if fine else 'TOO SLOW'}",
        flush=True,
    )
    return fine


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        files = (f"sqlite:///{Path(folder) / 'few.sqlite3'}", f"sqlite:///{Path(folder) / 'many.sqlite3'}")
        fine = [compared("SQLite", files)]
    with postgres() as server:
        base = server.rpartition("/")[0]
        import psycopg

        with psycopg.connect(server, autocommit=True) as connection:
            for name in ("few", "many"):
                connection.execute(f"DROP DATABASE IF EXISTS due_{name}")
                connection.execute(f"CREATE DATABASE due_{name}")
        fine.append(compared("PostgreSQL", (f"{base}/due_few", f"{base}/due_many")))
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
