"""`python -m benchmarks.delivery.million`: an update with a hundred conversations stored, and with a million.

Two databases side by side; 64 new people talk on each in turn. The million is written by SQL, from one conversation.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from benchmarks.delivery.__main__ import PEOPLE, SCRIPT
from benchmarks.delivery.ours import Ours, file_url, running
from benchmarks.delivery.people import FIRST, Screens, converse
from benchmarks.delivery.seam import Stub
from bot.app.logging import configure

FEW, MANY, ROUNDS = 100, 1_000_000, 7
STRANGERS = 10**9
"""The first id of the people who only lie there."""


def fill(file: Path, count: int) -> None:
    """Copy the one conversation that is stored so many times."""
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        for table, own in (("person", "person"), ("session", "id, person, chat"), ("case_", None)):
            names = [row[1] for row in db.execute(f'PRAGMA table_info("{table}")')]
            set_ = {"person": f"{STRANGERS} + n", "chat": f"{STRANGERS} + n", "id": f"{STRANGERS} + n"}
            if own is None:
                set_ = {"session": f"{STRANGERS} + n"}
            picked = ", ".join(set_.get(name, f'"{name}"') for name in names)
            db.execute(
                f"WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < {count}) "  # noqa: S608  # names of the schema
                f'INSERT INTO "{table}" SELECT {picked} FROM count, (SELECT * FROM "{table}" LIMIT 1)'
            )
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        stored = db.execute("SELECT count(*) FROM session").fetchone()[0]
        assert stored >= count, stored


async def talk(parts: Ours, screens: Screens, first: int) -> float:
    """Return the seconds of an update."""
    measured = await converse(screens, SCRIPT, parts.intake.receive, PEOPLE, first)
    await parts.idle()
    return 1 / measured.speed


async def prepare(folder: Path, count: int) -> None:
    screens = Screens()
    async with running(file_url(folder), Stub(screens)) as parts:
        await talk(parts, screens, FIRST)
    fill(folder / "bench.sqlite3", count)


async def compare(few: Path, many: Path) -> list[tuple[float, float]]:
    """Return the seconds of an update with few and with many stored, round by round."""
    one, other = Screens(), Screens()
    async with running(file_url(few), Stub(one)) as small, running(file_url(many), Stub(other)) as large:
        found = []
        for number in range(1, ROUNDS + 2):
            first = FIRST + number * PEOPLE
            found.append((await talk(small, one, first), await talk(large, other, first)))
    return found[1:]


def main() -> None:
    """Fill, measure and print."""
    configure("WARNING")
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        for folder, count in ((first, FEW), (second, MANY)):
            asyncio.run(prepare(Path(folder), count))
        size = (Path(second) / "bench.sqlite3").stat().st_size
        found = asyncio.run(compare(Path(first), Path(second)))
    for name, seconds in ((f"{FEW:,}", [a for a, _ in found]), (f"{MANY:,}", [b for _, b in found])):
        sys.stdout.write(f"{name:>10} stored: {statistics.median(seconds) * 1e6:7,.0f} µs an update\n")
    ratio = statistics.median(b / a for a, b in found)
    sys.stdout.write(f"ratio {ratio:.2f} (median of {ROUNDS} rounds; the file has {size / 1e9:.1f} GB)\n")


if __name__ == "__main__":
    main()
