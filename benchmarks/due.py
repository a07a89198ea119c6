"""What it costs to find what is due among very many agendas: `python -m benchmarks.due`, part of `make bench`.

On both databases 100 due ones are claimed out of 10,000 pending and out of 1,000,000, in turns in one run; the index
is worth its place as long as the larger table costs at most 1.5 times as much.
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

from bot.storage.database import Database
from bot.storage.encryption import Cipher
from bot.storage.migrate import upgrade
from bot.storage.schema import Utc
from tests.conftest import NOW
from tests.support.postgres import postgres

FEW, MANY = 10_000, 1_000_000
AT_ONCE, ROUNDS = 100, 40
LEASE = timedelta(hours=1)  # longer than the rounds: none comes twice
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
# Each round has its own AT_ONCE that are due, a minute after those of the round before, and spread evenly over the
# table: each lies on a page of its own, however large the table is. The others are due over the year after.
DUE = {
    "sqlite": "CASE WHEN n % {every} < {rounds} THEN :now + 60000000 * (n % {every}) "
    "ELSE :now + 1000000 * (n * 7919 % 31536000 + 86400) END",
    "postgresql": "CASE WHEN n % {every} < {rounds} THEN CAST(:now AS timestamptz) + n % {every} * interval '1 minute' "
    "ELSE CAST(:now AS timestamptz) + (n::bigint * 7919 % 31536000 + 86400) * interval '1 second' END",
}


def fill(engine: Engine, count: int) -> None:
    """Put so many people with an agenda each into an empty database."""
    kind = engine.dialect.name
    numbers = NUMBERS[kind].format(count=count)
    due = DUE[kind].format(every=count // AT_ONCE, rounds=ROUNDS)
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


async def claimed(store: Database, minute: int) -> float:
    """Claim the 100 that are due in this round; return how many milliseconds that took."""
    now = NOW + timedelta(minutes=minute)
    began = time.perf_counter()
    claimed = await store.claim_due(now, LEASE, 2 * AT_ONCE)
    took = time.perf_counter() - began
    assert len(claimed) == AT_ONCE, len(claimed)
    return took * 1000


async def measured(urls: tuple[str, str]) -> tuple[float, float]:
    """Return the median milliseconds of a claim in the small and in the large database, claimed from in turns.

    A commit waits for the disk, and by whole ticks on some machines: what else the machine does must meet both alike.
    """
    cipher = Cipher.of(Fernet.generate_key().decode())
    for url in urls:
        upgrade(url)
    few, many = [await Database.open(url, cipher) for url in urls]
    try:
        fill(few._engine, FEW)
        fill(many._engine, MANY)
        took = [(await claimed(few, minute), await claimed(many, minute)) for minute in range(ROUNDS)]
    finally:
        await few.close()
        await many.close()
    return statistics.median(small for small, _ in took), statistics.median(large for _, large in took)


def compared(name: str, urls: tuple[str, str]) -> bool:
    few, many = asyncio.run(measured(urls))
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
