"""The outbox against the real store: in order, within limits, never lost, parked with a reason."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.core.chat.person import Call, Key, Person, TurnResult
from bot.runtime.outbox_worker import DOUBTS, PERHAPS, OutboxWorker
from bot.runtime.ports import ChatMoved, ClaimedCall, Delivered, Outcome, RetryLater, Undeliverable
from bot.runtime.rate_limits import FloodGuard, RateLimits
from bot.runtime.refusals import HUSHED
from bot.runtime.update_handler import IncomingUpdate, UpdateHandler
from bot.storage.database import Database
from bot.storage.errors import Locked
from tests.runtime.conftest import BOT, Scripted, SetClock, echo, incoming, key
from tests.support.application import Talks

UPDATES = itertools.count(10_000)


class SystemLike(SetClock):
    """A clock that goes, so that what is put back for later becomes due."""

    def now(self) -> datetime:
        return self.at + timedelta(seconds=asyncio.get_running_loop().time())


@pytest.fixture
def clock() -> SetClock:
    return SystemLike()


async def drained(
    store: Database, outbox: OutboxWorker, seconds: float = 5.0, running: asyncio.Task[None] | None = None
) -> None:
    """Run the outbox until nothing waits."""
    running = running or asyncio.create_task(outbox.run())
    async with asyncio.timeout(seconds):
        while (await store.depth()).waiting:
            await asyncio.sleep(0.005)
    outbox.close(1.0)
    await running


async def posted(store: Database, clock: SetClock, *texts: str, person: int = 1, **how: bool) -> None:
    def say(_incoming: IncomingUpdate, before: Person | None, _now: datetime) -> TurnResult:
        return TurnResult(before or Person(), tuple(Call("message", {"text": text}, **how) for text in texts))

    await UpdateHandler(store, clock, Talks(say)).incoming(incoming(next(UPDATES), person=person))


async def test_a_turn_is_sent_at_once_and_in_order(store: Database, clock: SetClock) -> None:
    messenger = Scripted()
    outbox = OutboxWorker(store, messenger, clock)
    running = asyncio.create_task(outbox.run())
    await asyncio.sleep(0.02)
    handler = UpdateHandler(store, clock, Talks(echo), sending=outbox)
    began = asyncio.get_running_loop().time()
    for n in range(3):
        await handler.incoming(incoming(n, text=str(n)))
    while len(messenger.made) < 3:
        await asyncio.sleep(0.002)
    assert asyncio.get_running_loop().time() - began < 0.5
    assert messenger.texts() == ["0", "1", "2"]
    outbox.close(1.0)
    await running


async def test_answers_go_before_reminders_and_many_chats_side_by_side(store: Database, clock: SetClock) -> None:
    for person in range(1, 21):
        await posted(store, clock, "reminder", person=person, reminder=True)
    await posted(store, clock, "answer", person=99)
    messenger = Scripted()
    await drained(store, OutboxWorker(store, messenger, clock))
    assert messenger.texts()[0] == "answer"
    assert len(messenger.made) == 21


async def test_the_message_with_the_newest_buttons_is_remembered(store: Database, clock: SetClock) -> None:
    await posted(store, clock, "question", panel=True)
    await drained(store, OutboxWorker(store, Scripted([Delivered(4711)]), clock))
    seen: list[Person | None] = []

    def look(_incoming: IncomingUpdate, person: Person | None, _now: datetime) -> TurnResult:
        seen.append(person)
        return TurnResult(person)

    await UpdateHandler(store, clock, Talks(look)).incoming(incoming(5))
    assert seen[0] is not None
    assert seen[0].panel == 4711


@pytest.mark.parametrize(
    "failure", [RetryLater(0.0), RetryLater(0.0, ambiguous=True), RetryLater(0.05, whole_chat=True)]
)
async def test_what_fails_for_now_is_made_again_and_order_is_kept(
    store: Database, clock: SetClock, failure: RetryLater, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.runtime.outbox_worker.FIRST_PAUSE", 0.05)
    await posted(store, clock, "one", "two")
    messenger = Scripted([failure])
    await drained(store, OutboxWorker(store, messenger, clock))
    assert messenger.texts() == ["one", "one", "two"]


async def test_429_silences_one_chat_and_no_other(store: Database, clock: SetClock) -> None:
    await posted(store, clock, "one", "two", person=1)
    await posted(store, clock, "other", person=2)
    times: list[tuple[int, float]] = []

    def strict(key: Key, _call: Call) -> Outcome:
        times.append((key.chat, asyncio.get_running_loop().time()))
        return RetryLater(0.4, whole_chat=True) if len(times) == 1 else Delivered(1)

    messenger = Scripted([strict] * 4)
    await drained(store, OutboxWorker(store, messenger, clock))
    (_, told), (other, at), (again, later), _ = times
    assert (other, again) == (2, 1)
    assert at - told < 0.3
    assert later - told >= 0.4


async def test_a_line_that_always_breaks_ends_with_perhaps_delivered(
    store: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.runtime.outbox_worker.FIRST_PAUSE", 0.001)
    await posted(store, clock, "one", "two")
    messenger = Scripted([RetryLater(0.0, ambiguous=True)] * DOUBTS)
    pace = RateLimits()
    pace.wait = lambda *_any: 0.0  # type: ignore[method-assign]  # this is not about how fast
    await drained(store, OutboxWorker(store, messenger, clock, pace=pace))
    assert messenger.texts() == ["one"] * DOUBTS + ["two"]
    assert [parked.reason for parked in await store.parked()] == [PERHAPS]


async def test_what_can_never_be_sent_is_parked_alone_or_with_its_chat(store: Database, clock: SetClock) -> None:
    await posted(store, clock, "bad", "good", person=1)
    await posted(store, clock, "one", "two", "three", person=2)

    def answers(key: Key, call: Call) -> Outcome:
        if key.chat == 2:
            return Undeliverable("blocked", whole_chat=True)
        return Undeliverable("no") if call.values["text"] == "bad" else Delivered(1)

    messenger = Scripted([answers] * 5)
    await drained(store, OutboxWorker(store, messenger, clock))
    assert messenger.texts(2) == ["one"]
    assert messenger.texts(1) == ["bad", "good"]
    assert sorted(parked.reason for parked in await store.parked()) == ["blocked"] * 3 + ["no"]


async def test_a_group_that_moved_gets_its_messages_at_its_new_address(store: Database, clock: SetClock) -> None:
    await posted(store, clock, "one", "two", person=5)
    messenger = Scripted([ChatMoved(-1005)])
    await drained(store, OutboxWorker(store, messenger, clock))
    assert [(key.chat, call.values["text"]) for key, call in messenger.made] == [
        (5, "one"),
        (-1005, "one"),
        (-1005, "two"),
    ]


async def test_the_limits_are_kept_without_sending_anything_twice(store: Database, clock: SetClock) -> None:
    await posted(store, clock, *(str(n) for n in range(6)))
    messenger = Scripted()
    began = asyncio.get_running_loop().time()
    await drained(store, OutboxWorker(store, messenger, clock))
    assert messenger.texts() == [str(n) for n in range(6)]
    assert 1.5 < asyncio.get_running_loop().time() - began < 4


async def test_answers_to_a_flooder_are_parked_and_their_reminders_sent(store: Database, clock: SetClock) -> None:
    await posted(store, clock, "answer")
    await posted(store, clock, "reminder", reminder=True)
    guard = FloodGuard()
    while not guard.arrived((BOT, 1), asyncio.get_running_loop().time()):
        pass
    messenger = Scripted()
    seconds = asyncio.get_running_loop().time
    await drained(store, OutboxWorker(store, messenger, clock, guard=guard, seconds=seconds))
    assert messenger.texts() == ["reminder"]
    assert [parked.reason for parked in await store.parked()] == [HUSHED]


async def test_a_flooder_gets_at_most_five_replies_and_others_are_answered_at_once(
    store: Database, clock: SetClock
) -> None:
    """A hundred messages a second; the others' answers stay well below a second."""
    messenger, guard, late = Scripted(), FloodGuard(), []
    outbox = OutboxWorker(store, messenger, clock, guard=guard)
    running = asyncio.create_task(outbox.run())
    handler = UpdateHandler(store, clock, Talks(echo), guard=guard, sending=outbox)
    loop = asyncio.get_running_loop()

    async def others() -> None:
        for n in range(10):
            began = loop.time()
            await handler.incoming(incoming(5000 + n, person=10 + n, text=f"other {n}"))
            while f"other {n}" not in messenger.texts(10 + n):
                await asyncio.sleep(0.002)
            late.append(loop.time() - began)

    async def flooder() -> None:
        for n in range(120):
            await handler.incoming(incoming(n, text="spam"))
            await asyncio.sleep(0.01)

    await asyncio.gather(flooder(), others())
    async with asyncio.timeout(1):
        while (await store.depth()).waiting:  # what waited for the flooder does not go out later either
            await asyncio.sleep(0.01)
    outbox.close(1.0)
    await running
    assert len(messenger.texts(1)) <= 5
    assert max(late) < 1.0


async def test_what_was_sent_is_written_down_however_long_the_store_is_in_trouble(
    store: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await posted(store, clock, "one")
    real, troubles = store.sent, [Locked("held"), Locked("held")]

    def shaky(*given: object, late: bool) -> Awaitable[bool]:
        if troubles:
            raise troubles.pop()
        return real(*given, late=late)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "sent", shaky)
    messenger = Scripted()
    await drained(store, OutboxWorker(store, messenger, clock))
    assert messenger.texts() == ["one"]


async def test_only_an_edit_that_stayed_one_is_written_down_late(
    store: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill in between has it made again, and the same edit twice is one; a message would come twice."""
    real, late = store.sent, list[tuple[str, bool]]()

    def noted(posted: ClaimedCall, *given: Any, **how: Any) -> Awaitable[bool]:
        late.append((posted.call.values["text"], how["late"]))
        return real(posted, *given, **how)

    monkeypatch.setattr(store, "sent", noted)
    calls = [
        Call("message", {"text": "a message"}),
        Call("edit", {"text": "an edit", "message_id": 5}),
        Call("edit", {"text": "sent anew, for it was deleted", "message_id": 6}),
        Call("edit", {"text": "one that others follow", "message_id": 7}),
    ]
    outbox = OutboxWorker(store, Scripted([Delivered(1), Delivered(5), Delivered(99), Delivered(7)]), clock)
    running = asyncio.create_task(outbox.run())
    await asyncio.sleep(0.02)
    for n, call in enumerate(calls):
        after = (Call("message", {"text": "another"}),) * (n == 3)
        await UpdateHandler(store, clock, Talks(_saying(call, *after)), sending=outbox).incoming(
            incoming(next(UPDATES), person=n + 1)
        )
    await drained(store, outbox, running=running)
    assert late[:4] == [
        ("a message", False),
        ("an edit", True),
        ("sent anew, for it was deleted", False),
        ("one that others follow", False),
    ]


def _saying(*calls: Call) -> Callable[..., TurnResult]:
    return lambda _incoming, before, _now: TurnResult(before or Person(), calls)


async def test_the_outbox_lives_through_a_store_in_trouble(
    store: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await posted(store, clock, "one")
    real, troubles = store.claim, [Locked("held"), Locked("held")]

    def shaky(*given: object) -> Awaitable[object]:
        if troubles:
            raise troubles.pop()
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "claim", shaky)
    messenger = Scripted()
    await drained(store, OutboxWorker(store, messenger, clock))
    assert messenger.texts() == ["one"]


async def test_a_worker_whose_lease_ran_out_changes_nothing(store: Database, clock: SetClock) -> None:
    """Frozen for longer than its lease: another one sends, and the late one's mark counts for nothing."""
    await posted(store, clock, "one", "two")
    thawed = asyncio.Event()

    class Frozen(Scripted):
        async def make(self, key: Key, call: Call) -> Outcome:
            await thawed.wait()
            return await super().make(key, call)

    slow, quick = Frozen(), Scripted()
    frozen = OutboxWorker(store, slow, clock, name="frozen", lease=timedelta(seconds=0.2))
    running = asyncio.create_task(frozen.run())
    await asyncio.sleep(0.3)
    frozen.close(1.0)
    await drained(store, OutboxWorker(store, quick, clock, name="quick"))
    assert quick.texts() == ["one", "two"]
    thawed.set()
    await running
    assert (await store.depth()).waiting == 0
    assert (await store.depth()).parked == 0


async def test_a_stop_sends_what_is_due_and_finishes_what_is_in_flight(store: Database, clock: SetClock) -> None:
    """More people wait than are written to at once, so the stop comes while some of it could not even begin."""
    called, answering = asyncio.Event(), asyncio.Event()

    class Slow(Scripted):
        async def make(self, key: Key, call: Call) -> Outcome:
            called.set()
            await answering.wait()
            return await super().make(key, call)

    for person in range(1, 4):
        await posted(store, clock, "one", "two", person=person)
    messenger = Slow()
    outbox = OutboxWorker(store, messenger, clock, parallel=1)
    running = asyncio.create_task(outbox.run())
    await called.wait()
    outbox.close(10.0)
    await asyncio.sleep(0.05)  # it looks whether all is done, and Telegram has not answered yet
    answering.set()
    await running
    assert [messenger.texts(person) for person in range(1, 4)] == [["one", "two"]] * 3
    assert (await store.depth()).waiting == 0


async def test_one_message_at_a_time_is_between_telegram_and_its_mark_unless_its_line_is_slow(
    store: Database, clock: SetClock
) -> None:
    """So a kill doubles one message at most; a call that hangs does not hold up the others for long."""
    flying, most, began = 0, [0], asyncio.get_running_loop().time()
    answered: dict[int, float] = {}

    class Watched(Scripted):
        async def make(self, key: Key, call: Call) -> Outcome:
            nonlocal flying
            flying += key.chat != 1
            most.append(flying)
            await asyncio.sleep(1.0 if key.chat == 1 else 0.01)
            flying -= key.chat != 1
            answered[key.chat] = asyncio.get_running_loop().time() - began
            return await super().make(key, call)

    for person in range(1, 11):
        await posted(store, clock, "hello", person=person)
    await drained(store, OutboxWorker(store, Watched(), clock))
    assert max(most) == 1
    assert sorted(answered) == list(range(1, 11))
    assert answered[10] < answered[1]


async def test_a_stop_ends_in_time_when_telegram_hangs(store: Database, clock: SetClock) -> None:
    class Hanging(Scripted):
        async def make(self, key: Key, call: Call) -> Outcome:
            await asyncio.sleep(60)
            return await super().make(key, call)

    await posted(store, clock, "one")
    outbox = OutboxWorker(store, Hanging(), clock)
    running = asyncio.create_task(outbox.run())
    await asyncio.sleep(0.05)
    outbox.close(0.2)
    async with asyncio.timeout(1):
        await running
    assert (await store.depth()).waiting == 1
    assert key(1) == Key(BOT, 1, 0, 1)
