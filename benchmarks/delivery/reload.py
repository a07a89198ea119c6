"""`python -m benchmarks.delivery.reload [COUNT]`: how long an edit is tried on so many people, and who waits meanwhile.

The people talked to every length, on other days, about one or several managers; COUNT is 200,000. The file is filled
by SQL, each row sealed by itself.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from benchmarks.delivery.ours import KEY, file_url
from bot.app.content import DEFAULT_FLOW, open_library
from bot.app.subprocess_runner import run
from bot.core.chat.person import Key, Person, TurnResult
from bot.storage.database import Database
from bot.storage.encryption import Cipher
from tests.support.crowd import crowd
from tests.support.planting import copied

COUNT, DISTINCT = 200_000, 1000
"""How many are stored, and how many of them talked; the others did as one of these, under a name of their own."""


async def prepare(url: str, first: Person, now: datetime) -> None:
    """Make the file, with one person in it."""
    store = await Database.open(url, Cipher.of(KEY))
    await store.turn(1, Key(7, 1, 0, 1), lambda _: TurnResult(first), now)
    await store.close()


def named(person: Person, number: int) -> Person:
    """Return somebody who talked alike and met somebody else."""
    cases = {
        case: session.but(
            answers={n: f"{a} {number}" if n in ("first", "company") else a for n, a in session.answers.items()}
        )
        for case, session in person.cases.items()
    }
    return replace(person, cases=cases)


def fill(file: Path, people: list[Person], count: int, now: datetime) -> None:
    """Store so many people who talked as these did."""
    cipher, at = Cipher.of(KEY), int(now.timestamp() * 1e6)
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous=OFF")
        db.execute("BEGIN")
        for id_ in range(2, count + 1):
            one = named(people[id_ % len(people)], id_)
            wake = one.schedule.wake
            db.execute(
                "INSERT INTO person (bot, person, language, zone, working_days, holidays, facts, since) "
                "VALUES (7, ?, ?, ?, ?, ?, ?, ?)",
                (id_, one.language, one.zone, ",".join(map(str, one.working_days)), ",".join(one.holidays),
                 cipher.seal(dict(one.facts)), at),
            )  # fmt: skip
            db.execute(
                "INSERT INTO session (id, bot, chat, topic, person, current, turn, asking, panel, updated_at, agenda, "
                "wake) VALUES (?, 7, ?, 0, ?, ?, ?, ?, 0, ?, ?, ?)",
                (id_, id_, id_, one.current, one.turn, one.asking, at, cipher.seal(one.schedule.to_json()),
                 int(wake.timestamp() * 1e6) if wake else None),
            )  # fmt: skip
            db.executemany(
                "INSERT INTO case_ (session, number, content, opened_at, updated_at) VALUES (?, ?, ?, ?, ?)",
                [(id_, number, cipher.seal(session.to_json()), at, at) for number, session in one.cases.items()],
            )
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def examined(database: Path, new: Path, was: Path) -> tuple[float, float, dict[str, object]]:
    """Return the seconds that trying an edit on everybody takes, those of the processor, and what came of it."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    asked = ("check", "--json", "--content", str(new), "--against", str(database), "--was", str(was))
    said, trouble = await run(*asked, patience=3600)
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert said, trouble.decode()
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return took, used, json.loads(said)["against"]


def main() -> None:
    """Fill, measure and print."""
    import os

    count, now = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT, datetime.now(UTC)
    library = open_library(None)
    dice = Random(20261130)  # noqa: S311 - a reproducible choice, not a secret
    people = [person for _, person in crowd(library, DEFAULT_FLOW, dice, min(DISTINCT, count), now)]
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        os.environ["DATA_KEY"] = KEY
        asyncio.run(prepare(file_url(folder), people[0], now))
        fill(folder / "bench.sqlite3", people, count, now)
        was, new = copied(folder / "was"), copied(folder / "new")
        flow = new / "flows" / "after_interview.yaml"
        text = flow.read_text(encoding="utf-8")
        flow.write_text(text.replace("  - {id: invited, ask: invited}\n", ""), encoding="utf-8")
        for name, content in (("a step less", new), ("the same", was)):
            took, used, found = asyncio.run(examined(folder / "bench.sqlite3", content, was))
            moves = {f"{m['what']} {m['was']} > {m['now']}": m["count"] for m in found["moves"]}  # type: ignore[index,attr-defined]
            sys.stdout.write(
                f"{name}: {found['conversations']} conversations in {took:.1f} s ({used:.1f} s of processor): {moves}\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
