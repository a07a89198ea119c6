"""`python -m benchmarks.delivery`: what one durable update costs, beside the others, in one run.

64 people hold the same eleven-step conversation at once and tap what they see. Each way has to make the same calls and
to have kept every answer in the end; otherwise there is no figure. The ways take turns, several rounds of them, and
what is printed is the median of each way and the median of its ratios within the rounds.
"""

from __future__ import annotations

import asyncio
import gc
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from telegram.request import HTTPXRequest

from benchmarks.delivery.library import assert_pickled, bare, conversing
from benchmarks.delivery.loopback import serving
from benchmarks.delivery.ours import file_url, running, script
from benchmarks.delivery.people import FIRST, Measured, Screens, converse
from benchmarks.delivery.seam import Stub, Watched
from bot.app.logging import configure
from bot.telegram.client import ConnectionPool
from bot.telegram.route import choose

PEOPLE, ROUNDS = 64, 5
ONE_BY_ONE = 6
"""Conversations held one after another where nobody talks at the same time."""
WARMED = 0.7
"""Seconds after which SQLite's log, moved into its file, is written from its start again: it grows no more, which the
conversations before have made it do."""
SCRIPT = script()
OURS = "Afterword, durable"
PEERS = Path(".venv-peers/bin/python")
Found = dict[str, list[Measured]]


# -- the network stubbed at python-telegram-bot's request seam ---------------------------------------------------------


async def ours(folder: Path) -> Measured:
    screens = Screens()
    async with running(file_url(folder), Stub(screens)) as parts:
        measured = await converse(screens, SCRIPT, parts.intake.receive, PEOPLE)
        await parts.assert_kept(PEOPLE)
    return measured


async def alone(_folder: Path) -> Measured:
    screens = Screens()
    async with bare(SCRIPT, Stub(screens)) as receive:
        return await converse(screens, SCRIPT, receive, PEOPLE)


async def in_memory(_folder: Path) -> Measured:
    screens = Screens()
    async with conversing(SCRIPT, Stub(screens)) as receive:
        return await converse(screens, SCRIPT, receive, PEOPLE)


async def pickled(folder: Path) -> Measured:
    screens, file = Screens(), folder / "peer.pickle"
    async with conversing(SCRIPT, Stub(screens), file=file) as receive:
        measured = await converse(screens, SCRIPT, receive, PEOPLE)
        assert_pickled(file, PEOPLE)
    return measured


def on_aiogram(folder: Path) -> dict[str, Measured]:
    """Measure aiogram in its own venv; nothing where there is none."""
    if not PEERS.exists():
        return {}
    file = folder / "script.json"
    file.write_text(json.dumps(SCRIPT), encoding="ascii")
    said = subprocess.run([PEERS, "-m", "benchmarks.delivery.rival", file], capture_output=True, check=True, text=True)
    return {name: Measured(**one) for name, one in json.loads(said.stdout).items()}


def stubbed() -> Found:
    """Measure all ways without a network."""
    ways = {
        OURS: ours,
        "python-telegram-bot alone, keeping nothing": alone,
        "its ConversationHandler, in memory": in_memory,
        "its ConversationHandler, pickled per update": pickled,
    }
    found: Found = {}
    for number in range(ROUNDS + 1):
        with tempfile.TemporaryDirectory() as folder:
            measured = {name: once(way(Path(folder))) for name, way in ways.items()} | on_aiogram(Path(folder))
        if number:  # the first round warms up
            for name, one in measured.items():
                found.setdefault(name, []).append(one)
    return found


# -- real HTTP, to a server of another process -------------------------------------------------------------------------


async def ours_by_http(folder: Path, base: str, people: int, times: int) -> Measured:
    screens = Screens()
    async with running(file_url(folder), Watched(ConnectionPool(choose({}, None, base)), screens), base) as parts:
        measured = await repeated(screens, parts.intake.receive, people, times)
        await parts.assert_kept(people * (2 * times + 1))
    return measured


async def library_by_http(_folder: Path, base: str, people: int, times: int) -> Measured:
    screens = Screens()
    # What python-telegram-bot's ApplicationBuilder makes by default.
    request = HTTPXRequest(connection_pool_size=256)
    async with conversing(SCRIPT, Watched(request, screens), base) as receive:
        return await repeated(screens, receive, people, times)


async def repeated(screens: Screens, receive: Any, people: int, times: int) -> Measured:
    """Let so many people talk at once, and others after them; the first half warms up what serves all day."""
    groups = [FIRST + n * people for n in range(2 * times + 1)]
    for first in groups[:times]:
        await converse(screens, SCRIPT, receive, people, first)
    await asyncio.sleep(WARMED)
    await converse(screens, SCRIPT, receive, people, groups[times])  # a processor that has slept is slow at first
    all_ = [await converse(screens, SCRIPT, receive, people, first) for first in groups[times + 1 :]]
    return Measured(
        statistics.harmonic_mean([one.speed for one in all_]),
        [s for one in all_ for s in one.seconds],
        [s for one in all_ for s in one.kept],
    )


def by_http(people: int, times: int) -> Found:
    """Measure both over loopback."""
    ways = {OURS: ours_by_http, "a ConversationHandler on the library's default httpx": library_by_http}
    found: Found = {name: [] for name in ways}
    with serving() as base:
        for number in range(ROUNDS + 1):
            for name, way in ways.items():
                with tempfile.TemporaryDirectory() as folder:
                    measured = once(way(Path(folder), base, people, times))
                if number:
                    found[name].append(measured)
    return found


# -- memory ------------------------------------------------------------------------------------------------------------


async def bytes_each(folder: Path, warm: int = 4000, more: int = 4000) -> float:
    """Return how much the process grows with every further person who began to talk and is silent now.

    The first ones fill what has a fixed size: SQLite's pages, the sessions remembered (measured: some 10 MB).
    """
    screens = Screens()
    async with running(file_url(folder), Stub(screens)) as parts:

        async def begin(people: range) -> int:
            for first in range(people.start, people.stop, PEOPLE):
                count = min(PEOPLE, people.stop - first)
                await converse(screens, SCRIPT[:2], parts.intake.receive, count, FIRST + first)
            await parts.idle()
            screens.shown.clear()
            screens.made.clear()
            gc.collect()
            return resident()

        before = await begin(range(warm))
        return (await begin(range(warm, warm + more)) - before) / more


def resident() -> int:
    """Return the bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


# -- the table ---------------------------------------------------------------------------------------------------------


def once(work: Coroutine[Any, Any, Measured]) -> Measured:
    gc.collect()
    return asyncio.run(work)


def table(title: str, found: Found) -> None:
    """Print the medians, and ratios within the rounds; p99 and p50 are those of an update until it is kept."""
    sys.stdout.write(f"\n{title}\n")
    for name, all_ in found.items():
        ratios = [us.speed / one.speed for one, us in zip(all_, found[OURS], strict=True)]
        p50, p99 = (statistics.median(m.percentile(share) for m in all_) for share in (0.5, 0.99))
        spread = statistics.median(m.percentile(0.99) / m.percentile(0.5) for m in all_)
        sys.stdout.write(
            f"  {name:52} {statistics.median(m.speed for m in all_):7,.0f} updates/s"
            f"   ours {statistics.median(ratios):5.2f} times as many"
            f"   kept p50 {p50 * 1e3:6.1f} ms, p99 {p99 * 1e3:6.1f} ms ({spread:.1f})\n"
        )


def main() -> None:
    """Measure and print."""
    configure("WARNING")
    table("64 people at once, the network stubbed at the request seam", stubbed())
    if not PEERS.exists():
        sys.stdout.write("  (aiogram is measured by `make bench`, which makes its venv)\n")
    table("over loopback HTTP, one at a time", by_http(1, ONE_BY_ONE))
    table("over loopback HTTP, 64 people at once", by_http(PEOPLE, 1))
    if Path("/proc/self/statm").exists():
        with tempfile.TemporaryDirectory() as folder:
            each = asyncio.run(bytes_each(Path(folder)))
        sys.stdout.write(f"\nmemory for each conversation that rests: {each:,.0f} bytes\n")


if __name__ == "__main__":
    main()
