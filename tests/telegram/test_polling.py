"""Long polling against the strict local server: nothing is confirmed before it is kept, nothing is lost or skipped."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

from bot.telegram import polling as module
from bot.telegram.client import connected
from bot.telegram.polling import BotRefused, Polling, lane_of
from tests.botapi import BotApiServer, Person

Receive = Callable[[dict[str, Any]], Awaitable[None]]


@pytest.fixture(autouse=True)
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[LogCapture]:
    for name, value in (("FIRST_PAUSE", 0.05), ("STAND_BY", (0.2,))):
        monkeypatch.setattr(module, name, value)
    capture, before = LogCapture(), structlog.get_config()
    structlog.configure(processors=[capture])
    yield capture
    structlog.configure(**before)


@asynccontextmanager
async def polled(server: BotApiServer, receive: Receive) -> AsyncIterator[tuple[Polling, asyncio.Task[None]]]:
    async with connected(server.token, server.url) as bot:
        polling = Polling(bot, receive, timeout=1, dice=random.Random(1))  # noqa: S311 - repeatable on purpose
        running = asyncio.create_task(polling.run())
        try:
            yield polling, running
        finally:
            polling.stop()
            await asyncio.wait_for(asyncio.gather(running, return_exceptions=True), 8)


class Kept:
    """What was received, in the order in which it was kept."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.updates: list[dict[str, Any]] = []
        self.seconds = seconds

    async def receive(self, update: dict[str, Any]) -> None:
        await asyncio.sleep(self.seconds)
        self.updates.append(update)

    @property
    def texts(self) -> list[str]:
        return [update["message"]["text"] for update in self.updates]


async def until(predicate: Callable[[], object], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not predicate():
            await asyncio.sleep(0.005)


async def test_everything_is_received_in_order_and_then_confirmed(server: BotApiServer, dana: Person) -> None:
    kept = Kept()
    async with polled(server, kept.receive):
        for n in range(5):
            dana.says(str(n))
        await until(lambda: len(kept.updates) == 5 and not server.pending)
    assert kept.texts == ["0", "1", "2", "3", "4"]
    assert server.calls_of("getUpdates")[0].parameters["allowed_updates"] == list(module.ALLOWED)


async def test_nothing_is_confirmed_while_something_is_not_kept(server: BotApiServer, dana: Person) -> None:
    gate = asyncio.Event()
    kept = Kept()

    async def receive(update: dict[str, Any]) -> None:
        if update["message"]["text"] == "slow":
            await gate.wait()
        await kept.receive(update)

    server.person(first_name="Kim", started=True).says("slow")
    dana.says("quick")
    async with polled(server, receive):
        await until(lambda: kept.texts == ["quick"])
        await asyncio.sleep(0.1)
        assert len(server.pending) == 2
        gate.set()
        await until(lambda: not server.pending)
    assert kept.texts == ["quick", "slow"]


async def test_people_are_served_side_by_side_and_each_in_order(server: BotApiServer) -> None:
    people = [server.person(started=True) for _ in range(20)]
    for n in range(3):
        for person in people:
            person.says(str(n))
    kept, began = Kept(0.01), asyncio.get_running_loop().time()

    async def receive(update: dict[str, Any]) -> None:
        await asyncio.sleep(0.05 if update["message"]["text"] == "0" else 0.0)  # the first takes the longest
        await kept.receive(update)

    async with polled(server, receive):
        await until(lambda: len(kept.updates) == 60)
        assert asyncio.get_running_loop().time() - began < 1.5
    for person in people:
        assert [u["message"]["text"] for u in kept.updates if lane_of(u) == person.id] == ["0", "1", "2"]


async def test_what_cannot_be_kept_is_tried_until_it_is(server: BotApiServer, dana: Person, log: LogCapture) -> None:
    troubles, kept = [OSError("disk full")] * 3, Kept()

    async def receive(update: dict[str, Any]) -> None:
        if troubles:
            raise troubles.pop()
        await kept.receive(update)

    dana.says("one")
    dana.says("two")
    async with polled(server, receive):
        await until(lambda: not server.pending)
    assert kept.texts == ["one", "two"]
    assert [entry["log_level"] for entry in log.entries] == ["error"]


async def test_a_stop_confirms_the_batch_in_hand_and_leaves_the_rest(server: BotApiServer, dana: Person) -> None:
    kept = Kept(0.1)
    dana.says("in hand")
    async with polled(server, kept.receive) as (polling, running):
        await until(lambda: server.calls_of("getUpdates"))
        await asyncio.sleep(0.05)
        polling.stop()
        dana.says("later")
        await asyncio.wait_for(running, 2)
    assert kept.texts == ["in hand"]
    assert [update["message"]["text"] for update in server.pending] == ["later"]


async def test_a_stop_with_something_unkept_confirms_only_what_came_before(server: BotApiServer, dana: Person) -> None:
    kept = Kept()

    async def receive(update: dict[str, Any]) -> None:
        if update["message"]["text"] == "bad":
            raise OSError
        await kept.receive(update)

    kim = server.person(started=True)
    dana.says("good")
    kim.says("bad")
    dana.says("after")
    async with polled(server, receive) as (polling, running):
        await until(lambda: len(kept.updates) == 2)
        polling.stop()
        await asyncio.wait_for(running, 3)
    assert [update["message"]["text"] for update in server.pending] == ["bad", "after"]


async def test_an_idle_stop_is_immediate(server: BotApiServer) -> None:
    async with polled(server, Kept().receive) as (polling, running):
        await until(lambda: server.calls_of("getUpdates"))
        polling.stop()
        await asyncio.wait_for(running, 0.5)


async def test_lower_ids_after_an_idle_week_are_not_discarded(server: BotApiServer, dana: Person) -> None:
    kept = Kept()
    async with polled(server, kept.receive):
        dana.says("before")
        await until(lambda: kept.texts == ["before"] and not server.pending)
        await asyncio.sleep(1.2)  # one empty answer: that is how an idle week looks
        # Only a little lower: Telegram itself sees through an offset that lies far ahead.
        server.jump_ids(kept.updates[0]["update_id"] - 5)
        dana.says("after")
        await until(lambda: kept.texts == ["before", "after"] and not server.pending)


async def test_a_second_poller_stands_by_and_takes_over(server: BotApiServer, dana: Person, log: LogCapture) -> None:
    fault = server.fault("409", method="getUpdates", times=None)
    kept = Kept()
    async with polled(server, kept.receive):
        dana.says("hello")
        await until(lambda: fault.hits >= 2)
        assert kept.updates == []
        fault.stop()
        await until(lambda: kept.texts == ["hello"])
    said = [entry["event"] for entry in log.entries]
    assert said[0] == module.CONFLICT
    assert said.count(module.CONFLICT) == 1
    assert "taken over" in said[1]


async def test_a_refused_token_ends_with_a_sentence(server: BotApiServer) -> None:
    server.fault("401", method="getUpdates")
    async with polled(server, Kept().receive) as (_, running):
        with pytest.raises(BotRefused, match="BotFather"):
            await asyncio.wait_for(running, 3)


@pytest.mark.parametrize("kind", ["502_html", "500", "cut_before", "cut_after", "429"])
async def test_trouble_at_telegram_is_waited_out(
    server: BotApiServer, dana: Person, kind: str, log: LogCapture
) -> None:
    fault = server.fault(kind, method="getUpdates", times=2)
    kept = Kept()
    dana.says("hello")
    async with polled(server, kept.receive):
        await until(lambda: kept.texts == ["hello"] and not server.pending)
    assert fault.hits == 2
    assert len([entry for entry in log.entries if entry["log_level"] == "warning"]) == 2
    assert server.token not in str(log.entries)


@pytest.mark.parametrize(
    ("update", "lane"),
    [
        ({"update_id": 1, "message": {"chat": {"id": 5}, "from": {"id": 6}}}, 6),
        ({"update_id": 1, "callback_query": {"id": "9", "from": {"id": 6}}}, 6),
        ({"update_id": 1, "channel_post": {"chat": {"id": -5}}}, -5),
        ({"update_id": 1, "poll": {"id": "7"}}, "7"),
        ({"update_id": 1}, None),
    ],
)
def test_a_lane_is_the_person_else_the_chat(update: dict[str, Any], lane: object) -> None:
    assert lane_of(update) == lane
