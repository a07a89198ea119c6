"""When and where a SQLite file is written to: what waits for others, and what the event loop waits for."""

from __future__ import annotations

import asyncio
import threading

import pytest

from bot.core.chat.person import Person, TurnResult
from bot.runtime.ports import ClaimedCall
from bot.storage import writer
from bot.storage.database import Database
from tests.storage.conftest import Opening, Place
from tests.support.dates import NOW
from tests.support.store_stories import ANNA, BEN, becomes, claim, count, says, turn


@pytest.fixture
async def store(sqlite: Place, opening: Opening) -> Database:
    return await opening(sqlite)


@pytest.fixture(autouse=True)
def _no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine, what is late waits for the test."""
    monkeypatch.setattr(writer, "LATE_SECONDS", 60.0)


class Commits(list[str]):
    """The name of the thread of each COMMIT."""


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> Commits:
    noted, commit = Commits(), writer.Writer._commit

    def noting(self: writer.Writer, group: list[writer.WriterJob]) -> None:
        noted.append(threading.current_thread().name)
        commit(self, group)

    monkeypatch.setattr(writer.Writer, "_commit", noting)
    return noted


async def edited(store: Database) -> tuple[ClaimedCall, asyncio.Task[bool]]:
    """Have a call made, and its mark waiting for others."""
    await turn(store, ANNA, becomes(says("edited")))
    (posted,) = await claim(store)
    return posted, asyncio.create_task(store.sent(posted, 1, NOW, late=True))


async def test_a_late_mark_is_committed_with_the_turn_that_comes_next(store: Database, commits: Commits) -> None:
    _, mark = await edited(store)
    await asyncio.sleep(0)
    commits.clear()
    await turn(store, BEN, count)
    assert len(commits) == 1
    assert await mark
    assert (await store.depth()).waiting == 0


async def test_a_late_mark_is_seen_by_the_turn_that_it_is_committed_with(store: Database) -> None:
    posted, mark = await edited(store)
    running_ = asyncio.create_task(turn(store, ANNA, becomes(says("next"))))
    assert await mark
    await running_
    (following,) = await claim(store)
    assert following.id != posted.id


async def test_a_late_mark_that_nothing_follows_is_committed_soon(
    store: Database, commits: Commits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "LATE_SECONDS", 0.01)
    _, mark = await edited(store)
    commits.clear()
    assert await asyncio.wait_for(mark, 30)
    assert len(commits) == 1


async def test_a_late_mark_is_committed_before_the_store_is_closed(sqlite: Place, opening: Opening) -> None:
    store = await Database.open(sqlite.url, sqlite.cipher)
    _, mark = await edited(store)
    await asyncio.sleep(0)
    await store.close()
    assert mark.done()
    assert await mark
    assert (await (await opening(sqlite)).depth()).waiting == 0


async def test_late_marks_hold_nobody_up_who_is_alone(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Turns wait some rounds of the loop for others where there are others; a mark is none."""
    monkeypatch.setattr(writer, "JOINING", 10**9)
    _, mark = await edited(store)
    async with asyncio.timeout(5):
        await turn(store, BEN, count)
        await turn(store, BEN, count)
        await mark


async def test_the_event_loop_waits_for_a_quick_disk_and_for_a_slow_one_a_thread(
    store: Database, commits: Commits, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = threading.current_thread().name
    monkeypatch.setattr(writer, "QUICK_SECONDS", 60.0)
    await turn(store, ANNA, count)  # nothing is known of the disk before the first one
    await turn(store, ANNA, count)
    assert commits[-2:] == ["store-writer", here]
    monkeypatch.setattr(writer, "QUICK_SECONDS", 0.0)
    await turn(store, ANNA, count)
    assert commits[-1] == "store-writer"


async def test_who_only_reads_says_nothing_of_how_quick_the_disk_is(store: Database) -> None:
    await turn(store, ANNA, count)
    took = store._runner._took  # type: ignore[attr-defined]
    await store.depth()
    await store.next_at(NOW)
    assert store._runner._took == took  # type: ignore[attr-defined]
    await turn(store, ANNA, count)
    assert store._runner._took != took  # type: ignore[attr-defined]


async def test_what_was_undone_says_nothing_of_how_quick_the_disk_is(store: Database) -> None:
    await turn(store, ANNA, count)
    took = store._runner._took  # type: ignore[attr-defined]

    def fails(_person: Person | None) -> TurnResult:
        raise LookupError("after something was written")

    with pytest.raises(LookupError):
        await turn(store, ANNA, fails)
    assert store._runner._took == took  # type: ignore[attr-defined]


async def test_long_jobs_one_after_another_keep_nobody_waiting(store: Database) -> None:
    ended: list[str] = []
    amid = asyncio.Event()

    async def long() -> None:
        for number in range(20):
            if number == 3:
                amid.set()
            await store.depth()
            ended.append("long")

    async def short() -> None:
        await amid.wait()
        await turn(store, ANNA, count)
        ended.append("turn")

    await asyncio.gather(long(), short())
    assert ended.index("turn") < 7, ended


async def test_where_several_turn_at_once_the_event_loop_waits_for_no_disk(
    store: Database, commits: Commits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "QUICK_SECONDS", 60.0)
    await turn(store, ANNA, count)
    commits.clear()
    await asyncio.gather(turn(store, ANNA, count), turn(store, BEN, count))
    assert commits == ["store-writer"]
