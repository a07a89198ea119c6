"""`python -m tests.delivery`: what one durable update costs, beside the others, in one run.

64 people hold the same eleven-step conversation at once and tap what they see. Each way has to make the same calls and
to have kept every answer in the end; otherwise there is no figure. The ways take turns, several rounds of them, and
what is printed is the median of each way and the median of its ratios within the rounds.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.logs import configure
from tests.delivery.library import assert_pickled, bare, conversing
from tests.delivery.ours import file_url, running, script
from tests.delivery.people import Measured, Screens, converse
from tests.delivery.seam import Stub

PEOPLE, ROUNDS = 64, 5
SCRIPT = script()


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


OURS = "Afterword, durable"
WAYS: dict[str, Callable[[Path], Awaitable[Measured]]] = {
    OURS: ours,
    "python-telegram-bot alone, keeping nothing": alone,
    "its ConversationHandler, in memory": in_memory,
    "its ConversationHandler, pickled per update": pickled,
}


def main() -> None:
    """Measure and print."""
    configure("WARNING")
    found: dict[str, list[Measured]] = {name: [] for name in WAYS}
    for number in range(ROUNDS + 1):
        for name, way in WAYS.items():
            with tempfile.TemporaryDirectory() as folder:
                measured = asyncio.run(way(Path(folder)))  # type: ignore[arg-type]  # each is a coroutine
            if number:  # the first round warms up
                found[name].append(measured)
    for name, all_ in found.items():
        ratios = [one.speed / us.speed for one, us in zip(all_, found[OURS], strict=True)]
        p50, p99 = (statistics.median(m.percentile(share) for m in all_) for share in (0.5, 0.99))
        sys.stdout.write(
            f"{name:46} {statistics.median(m.speed for m in all_):8,.0f} updates/s {statistics.median(ratios):6.2f} of "
            f"ours   p50 {p50 * 1e3:6.1f} ms  p99 {p99 * 1e3:6.1f} ms ({p99 / p50:.1f})\n"
        )


if __name__ == "__main__":
    main()
