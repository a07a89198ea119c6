"""The one door: kept once, put aside when it always fails, brought again when the store is in trouble."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

from bot.core.chat.person import OWED, Call, Key, Person, TurnResult
from bot.runtime.ports import OutboxClaim
from bot.runtime.rate_limits import FLOOD
from bot.runtime.update_handler import IncomingUpdate, UpdateHandler, UpdateNotKept
from bot.storage.database import Database
from bot.storage.errors import Locked
from tests.runtime.conftest import BOT, SetClock, echo, incoming, key
from tests.support.application import Talks


@pytest.fixture
def log() -> Iterator[LogCapture]:
    capture = LogCapture()
    before = structlog.get_config()
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, capture])
    yield capture
    structlog.configure(**before)


async def waiting(store: Database, clock: SetClock) -> list[str]:
    """Return the texts that wait, at most one for each chat, without keeping them."""
    claimed = await store.claim("test", clock.now(), timedelta(seconds=60), 100)
    for posted in claimed:
        await store.later(posted, clock.now())
    return [posted.call.values["text"] for posted in claimed]


class Woken:
    """Notes what it is told to send, and claims nothing."""

    def __init__(self) -> None:
        self.told: list[tuple[Key, bool]] = []

    def offer(self) -> None:
        return None

    def take(self, _claim: OutboxClaim | None, key: Key, waits: bool) -> None:
        self.told.append((key, waits))

    def wake(self) -> None:
        raise AssertionError


async def test_a_knock_is_kept_wakes_the_outbox_and_counts_once(store: Database, clock: SetClock) -> None:
    woken = Woken()
    handler = UpdateHandler(store, clock, Talks(echo), sending=woken)
    turned = await handler.incoming(incoming(1))
    assert turned is not None
    assert turned.person == Person(turn=1)
    assert await handler.incoming(incoming(1)) is None
    assert woken.told == [(key(1), True), (key(1), False)]
    assert await waiting(store, clock) == ["hello"]


async def test_two_thousand_knocks_thrice_each_shuffled_are_as_if_once(store: Database, clock: SetClock) -> None:
    turns: dict[int, int] = {}

    def counting(incoming: IncomingUpdate, person: Person | None, now: datetime) -> TurnResult:
        turned = echo(incoming, person, now)
        turns[incoming.key.person] = turned.person.turn if turned.person else 0
        return TurnResult(turned.person)

    handler = UpdateHandler(store, clock, Talks(counting))
    incoming_updates = [incoming(update, person=update % 200) for update in range(2000) for _ in range(3)]
    for start in range(0, len(incoming_updates), 100):
        window = incoming_updates[start : start + 100]
        random.Random(start).shuffle(window)  # noqa: S311 - repeatable on purpose
        await asyncio.gather(*map(handler.incoming, window))
    assert turns == dict.fromkeys(range(200), 10)


async def test_twenty_knocks_of_one_person_at_once_are_as_if_one_after_another(
    store: Database, clock: SetClock
) -> None:
    heard: list[str] = []

    def listening(incoming: IncomingUpdate, person: Person | None, now: datetime) -> TurnResult:
        heard.append(incoming.event.text)  # type: ignore[attr-defined]
        return echo(incoming, person, now)

    handler = UpdateHandler(store, clock, Talks(listening))
    turned = await asyncio.gather(*(handler.incoming(incoming(n, text=str(n))) for n in range(20)))
    assert heard == [str(n) for n in range(20)]
    assert [one.person.turn for one in turned if one and one.person] == list(range(1, 21))
    assert all(one and one.calls for one in turned)


async def test_an_update_that_always_fails_is_parked_after_three_tries_and_others_go_on(
    store: Database, clock: SetClock, log: LogCapture
) -> None:
    tries: list[str] = []

    def counting(incoming: IncomingUpdate, person: Person | None, now: datetime) -> TurnResult:
        tries.append(incoming.event.text)  # type: ignore[attr-defined]
        return echo(incoming, person, now)

    handler = UpdateHandler(store, clock, Talks(counting))
    incoming_updates = [incoming(n, person=n, text="boom" if n == 500 else "hello") for n in range(1, 1001)]
    turned = await asyncio.gather(*map(handler.incoming, incoming_updates))
    assert [n for n, one in enumerate(turned, 1) if one is None] == [500]
    assert tries.count("boom") == 3
    (parked,) = await store.parked()
    assert (parked.what, parked.reason.split()[0]) == ("update", "LookupError")
    assert parked.payload["message"]["text"] == "boom"
    (told,) = [entry for entry in log.entries if entry["log_level"] == "error"]
    assert (told["event"], told["update"], told["kind"]) == ("update parked", 500, "Heard")
    assert told["id"] in parked.reason
    assert "boom" not in parked.reason
    assert await handler.incoming(incoming(500, person=500, text="boom")) is None
    assert tries.count("boom") == 3


async def test_whoever_cannot_be_answered_is_told_so_with_an_id_only(store: Database, clock: SetClock) -> None:
    def sorry(_incoming: IncomingUpdate, person: Person | None, error_id: str, _now: datetime) -> TurnResult:
        return TurnResult(person or Person(), (Call("message", {"text": f"sorry {error_id}"}),))

    woken = Woken()
    handler = UpdateHandler(store, clock, Talks(echo, apologise=sorry), sending=woken)
    assert await handler.incoming(incoming(1, text="boom")) is None
    (text,) = await waiting(store, clock)
    (parked,) = await store.parked()
    assert text == f"sorry {parked.reason[-7:-1]}"
    assert woken.told == [(key(1), True)]


async def test_an_apology_that_fails_leaves_the_update_parked(store: Database, clock: SetClock) -> None:
    def worse(*_any: object) -> TurnResult:
        raise RuntimeError

    assert await UpdateHandler(store, clock, Talks(echo, apologise=worse)).incoming(incoming(1, text="boom")) is None
    assert len(await store.parked()) == 1


async def test_what_cannot_be_stored_is_parked_like_what_cannot_be_answered(store: Database, clock: SetClock) -> None:
    def unstorable(_incoming: IncomingUpdate, _person: Person | None, _now: datetime) -> TurnResult:
        return TurnResult(Person(), (Call("message", {"text": object()}),))

    assert await UpdateHandler(store, clock, Talks(unstorable)).incoming(incoming(1)) is None
    (parked,) = await store.parked()
    assert parked.reason.startswith("TypeError")


async def test_a_store_in_trouble_keeps_nothing_and_the_same_knock_is_kept_later(
    store: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def locked(*_any: object) -> None:
        raise Locked("db: another process holds it.")

    handler = UpdateHandler(store, clock, Talks(echo))
    with monkeypatch.context() as patch:
        patch.setattr(store, "turn", locked)
        with pytest.raises(UpdateNotKept):
            await handler.incoming(incoming(1))
    assert await store.parked() == []
    assert await handler.incoming(incoming(1)) is not None


async def test_a_poisonous_update_waits_for_a_store_that_cannot_park_it(
    store: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def locked(*_any: object) -> None:
        raise Locked("db: another process holds it.")

    handler = UpdateHandler(store, clock, Talks(echo))
    with monkeypatch.context() as patch:
        patch.setattr(store, "park_update", locked)
        with pytest.raises(UpdateNotKept):
            await handler.incoming(incoming(1, text="boom"))
    assert await handler.incoming(incoming(1, text="boom")) is None
    assert len(await store.parked()) == 1


async def test_an_apology_and_the_parking_come_together_or_not_at_all(
    store: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that fails while it parks must not leave an update that counts as seen and is recorded nowhere."""

    def sorry(_incoming: IncomingUpdate, person: Person | None, error_id: str, _now: datetime) -> TurnResult:
        return TurnResult(person or Person(), (Call("message", {"text": f"sorry {error_id}"}),))

    handler = UpdateHandler(store, clock, Talks(echo, apologise=sorry))
    with monkeypatch.context() as patch:

        def failing(*_: Any) -> None:
            raise OSError("the disk is full")

        patch.setattr(type(store._outbox), "park_update", failing)
        with pytest.raises(UpdateNotKept):
            await handler.incoming(incoming(1, text="boom"))
        assert await waiting(store, clock) == []
    assert await handler.incoming(incoming(1, text="boom")) is None
    assert len(await store.parked()) == 1
    assert len(await waiting(store, clock)) == 1


async def test_a_flooder_takes_effect_but_is_not_answered(store: Database, clock: SetClock) -> None:
    """Confirmed to Telegram means kept, for a flooder as well; only the answers are spared."""
    handler = UpdateHandler(store, clock, Talks(echo), seconds=lambda: 0.0)
    turned = [await handler.incoming(incoming(n)) for n in range(60)]
    answered = [bool(one and one.calls) for one in turned]
    assert answered == [True] * FLOOD[1] + [False] * (60 - FLOOD[1])
    last = turned[-1]
    assert last is not None
    assert last.person == Person(turn=60, panel=OWED), "what is on the screen is out of date"
    other = await handler.incoming(incoming(100, person=2))
    assert other is not None
    assert other.calls


async def test_an_unreadable_update_is_parked_and_news_of_chats_are_kept(store: Database, clock: SetClock) -> None:
    handler = UpdateHandler(store, clock, Talks(echo))
    await handler.spoiled(BOT, 9, KeyError("chat"), {"update_id": 9})
    assert [parked.reason.split()[0] for parked in await store.parked()] == ["KeyError"]
    await handler.incoming(incoming(1, person=3))
    await handler.left(BOT, 3, "blocked")
    assert await waiting(store, clock) == []
    await handler.back(BOT, 3)
    await handler.incoming(incoming(2, person=4))
    await handler.moved(BOT, 4, -100)
    (claimed,) = await store.claim("test", clock.now(), timedelta(seconds=60), 10)
    assert claimed.key.chat == -100


async def test_people_have_pseudonyms_in_the_log(
    store: Database, clock: SetClock, log: LogCapture, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "afterword.door")
    handler = UpdateHandler(store, clock, Talks(echo))
    await handler.incoming(incoming(1, person=123456789, text="Dana from Northwind"))
    (entry,) = log.entries
    assert entry["who"] == handler.pseudonym(key(123456789)) != handler.pseudonym(key(123456780))
    assert "123456789" not in str(entry)
    assert "Dana" not in str(entry)
