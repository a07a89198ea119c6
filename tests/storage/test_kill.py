"""`kill -9` at any moment: every turn that was told to be durable is there once, and none is there twice."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.storage.conftest import KEY, Opening, Place
from tests.support.dates import NOW
from tests.support.hammer import AT_MOST, KEYS, step
from tests.support.store_stories import look

pytestmark = pytest.mark.skipif(os.name != "posix", reason="it needs fork")


def faults(runs: int) -> list[str]:
    """Half at a random moment, a quarter before and a quarter after a commit."""
    points = ("any:{0}", "before_commit:{1}", "any:{0}", "after_commit:{1}")
    return [points[n % 4].format(n, 1 + n * 7 % 40) for n in range(runs)]


async def kill(place: Place, opening: Opening, told: Path, runs: int) -> None:
    command = [sys.executable, "-m", "tests.support.hammer", place.url, KEY, str(told)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as nursery:
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        assert nursery.stdout.readline() == "ready\n"
        ends = []
        for run, fault in enumerate(faults(runs)):
            nursery.stdin.write(f"{fault} {run * AT_MOST}\n")
            nursery.stdin.flush()
            ends.append(await asyncio.to_thread(nursery.stdout.readline))
        nursery.stdin.close()
    assert ends.count("killed\n") >= runs * 0.9
    promised = [int(line) for line in told.read_text(encoding="ascii").split()]
    assert len(promised) > runs
    store = await opening(place)
    kept = updates(store)
    assert [u for u in promised if kept[u] != 1] == []
    assert set(kept.values()) == {1}
    # Telegram brings again what was not confirmed; what was kept is then known.
    for update in [u for u in kept if u not in set(promised)][:50] + promised[-50:]:
        assert await store.turn(update, KEYS[update % len(KEYS)], step(update), NOW) is None
    for lane, key in enumerate(KEYS):
        theirs = sum(1 for u in kept if u % len(KEYS) == lane)
        assert await look(store, key, lambda p: 0 if p is None else p.turn) == theirs
    await store.ready()


def updates(store: object) -> Counter[int]:
    with store._engine.connect() as connection:  # type: ignore[attr-defined]
        sealed = connection.execute(text("SELECT content FROM outbox")).scalars().all()
    return Counter(int(store._cipher.open(bytes(s))["text"]) for s in sealed)  # type: ignore[attr-defined]


async def test_six_kills_lose_nothing_and_double_nothing(place: Place, opening: Opening, tmp_path: Path) -> None:
    await kill(place, opening, tmp_path / "told", 6)


@pytest.mark.slow
async def test_two_hundred_kills_lose_nothing_and_double_nothing(
    place: Place, opening: Opening, tmp_path: Path
) -> None:
    await kill(place, opening, tmp_path / "told", 200)
