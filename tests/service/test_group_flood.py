"""A group whose members flood it: one of them or a hundred, nobody else waits for long. Telegram's clock is ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.core.cohorts.records import Cohort, Convened, Pressed, Rolls
from bot.core.desk import Asked
from bot.core.library import Library
from bot.core.person import Call, Key, Person, Turned
from bot.service.conversation import Door, Knock
from bot.service.limits import GROUP, Guard, Pace
from bot.service.opening import NotKept
from bot.service.ports import Delivered, Outcome, Posted
from bot.service.workers import Outbox
from bot.storage.database import Database
from bot.telegram.cohorting import Cohorting
from bot.telegram.talking import Talking
from tests.conftest import NOW
from tests.service.conftest import BOT

COACH, OTHER, NEWCOMER, GROUP_CHAT = 1, 2, 3, -1001
MEMBERS = range(100, 200)
TICK = 0.5


@dataclass
class Watched:
    """A store that tells whether anybody is about to send something."""

    store: Database
    flying: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    async def claim(self, worker: str, now: datetime, lease: timedelta, limit: int) -> Any:
        self.flying += 1
        found = await self.store.claim(worker, now, lease, limit)
        self.flying += len(found) - 1
        return found

    async def sent(
        self, posted: Posted, message: int | None, now: datetime, claim: Any = None, *, late: bool = False
    ) -> bool:
        done = await self.store.sent(posted, message, now, claim, late=late)
        self.flying += int(claim is not None and claim.posted is not None) - 1
        return done

    async def later(self, posted: Posted, at: datetime, *, whole_chat: bool = False) -> bool:
        done = await self.store.later(posted, at, whole_chat=whole_chat)
        self.flying -= 1
        return done

    async def park(self, posted: Posted, reason: str, now: datetime) -> bool:
        done = await self.store.park(posted, reason, now)
        self.flying -= 1
        return done


@dataclass
class Lecture:
    """The bot and a group, by a clock that goes in ticks."""

    store: Watched
    library: Library
    seconds: float = 0.0
    updates: int = 100
    posted: list[tuple[float, int, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        talking = Talking(self.library, "after_interview")
        guard = Guard()
        self.outbox = Outbox(self.store, self, self, pace=Pace(), guard=guard, seconds=self.now_seconds)  # type: ignore[arg-type]
        self.door = Door(
            self.store,  # type: ignore[arg-type]
            self, talking.respond, convene=Cohorting(talking, frozenset({COACH})).convene, guard=guard,
            seconds=self.now_seconds,
        )  # fmt: skip

    def now_seconds(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)

    async def make(self, key: Key, call: Call) -> Outcome:
        self.posted.append((self.seconds, key.chat, call.method, str(call.values.get("text", ""))))
        return Delivered(len(self.posted))

    async def opens(self) -> None:
        def step(_person: Person | None, _rolls: Rolls) -> Convened:
            return Convened(None, cohorts={4: Cohort("Spring", "en", {COACH: "Cleo"}, chat=GROUP_CHAT)})

        await self.store.convene(1, Key(BOT, GROUP_CHAT, 0, COACH), step, self.now())

    async def does(self, person: int, event: object, message: int = 0, topic: int = 0) -> Turned | None:
        self.updates += 1
        extra = {"name": "N", "language": "en", "bot": "b", "reads_all": False, "message": message}
        return await self.door.knock(
            Knock(self.updates, Key(BOT, GROUP_CHAT, topic, person), event, extra, shared=True)
        )

    async def begins(self, person: int) -> None:
        self.updates += 1
        extra = {"language": "en", "chat": "private", "message": 0}
        await self.door.knock(Knock(self.updates, Key(BOT, person, 0, person), Asked("start", ""), extra))

    async def passes(self, seconds: float) -> None:
        """Let time go by, a tick after the other, and whatever may be sent be sent."""
        for _ in range(round(seconds / TICK)):
            self.seconds += TICK
            self.outbox.wake()
            quiet = 0
            while quiet < 20:
                await asyncio.sleep(0)
                quiet = 0 if self.store.flying else quiet + 1

    def said(self, words: str, chat: int = GROUP_CHAT) -> list[float]:
        return [at for at, where, _, text in self.posted if where == chat and words in text]


PRACTICE, FAQ, CASE = "Had an interview", "What many ask", "Case of the week"


@pytest.fixture
async def lecture(store: Database, library: Library) -> AsyncIterator[Lecture]:
    lecture = Lecture(Watched(store), library)
    await lecture.opens()
    running = asyncio.create_task(lecture.outbox.run())
    await lecture.passes(5)  # room for a burst
    yield lecture
    lecture.outbox.close(0.0)
    await running


async def test_one_member_who_asks_the_same_271_times_gets_one_answer(lecture: Lecture) -> None:
    await asyncio.gather(*(lecture.does(MEMBERS[0], Asked("practice", "")) for _ in range(271)))
    asked = lecture.seconds
    await lecture.does(OTHER, Asked("faq", ""))
    await lecture.passes(120)
    assert len(lecture.said(PRACTICE)) == 1
    assert lecture.said(FAQ)[0] - asked <= 2


async def test_a_hundred_members_who_flood_for_a_minute_hold_up_nobody(lecture: Lecture) -> None:
    asked: dict[str, float] = {}
    began = lecture.seconds
    for tick in range(int(60 / TICK)):
        first = tick * 10 * len(MEMBERS) // int(60 / TICK)
        last = (tick + 1) * 10 * len(MEMBERS) // int(60 / TICK)
        asking = [MEMBERS[number % len(MEMBERS)] for number in range(first, last)]
        await asyncio.gather(*(lecture.does(member, Asked("practice", "")) for member in asking))
        if tick == 50:
            asked = dict.fromkeys((FAQ, CASE, "private"), lecture.seconds)
            await lecture.does(OTHER, Asked("faq", ""))
            await lecture.does(COACH, Asked("case", ""))
            await lecture.begins(NEWCOMER)
        await lecture.passes(TICK)
    await lecture.passes(180)
    assert lecture.said(FAQ)[0] - asked[FAQ] <= 10
    assert lecture.said(CASE)[0] - asked[CASE] <= 10
    assert lecture.said("", NEWCOMER)[0] - asked["private"] <= 1
    answers = lecture.said(PRACTICE)
    assert all(any(at <= answer <= at + 60 for answer in answers) for at in range(int(began), int(began) + 50))
    assert max(answers) <= began + 61, "nothing of it is left to be said afterwards"


async def test_whatever_members_ask_in_turn_leaves_room_for_a_coach_and_is_soon_over(lecture: Lecture) -> None:
    """All commands in twenty topics: more than the group's minute holds."""
    commands = ("practice", "cohort", "hand", "faq", "help", "setup", "case")
    for command in commands:
        asking = [lecture.does(person, Asked(command, ""), topic=n % 20) for n, person in enumerate(MEMBERS)]
        await asyncio.gather(*asking)
    asked = lecture.seconds
    await lecture.does(COACH, Asked("case", ""))
    await lecture.passes(30)
    assert lecture.said(CASE)[0] - asked <= 15
    assert len(lecture.posted) < GROUP[0]
    await lecture.passes(40)
    again = lecture.seconds
    await lecture.does(OTHER, Asked("faq", ""))
    await lecture.passes(5)
    assert lecture.said(FAQ)[-1] - again <= 2
    assert (await lecture.store.depth()).waiting == 0


async def test_who_taps_beyond_what_a_group_can_show_is_told_so(lecture: Lecture) -> None:
    said = await asyncio.gather(*(lecture.does(person, Pressed("faq", ("all",)), message=7) for person in MEMBERS))
    toasts = [turned.toast for turned in said if turned is not None]
    assert toasts.count("Many people are asking here at once. Try again in a minute.") == 70
    await lecture.passes(40)
    assert (await lecture.store.depth()).waiting == 0
    coach = await lecture.does(COACH, Pressed("faq", ("all",)), message=7)
    assert coach is not None
    assert coach.toast == ""


async def test_what_waits_already_in_a_group_is_not_put_there_again(lecture: Lecture) -> None:
    """Telegram is slow, or the process began a moment ago: what answers is in the outbox, and in nobody's memory."""
    for _ in range(3):
        await lecture.does(COACH, Asked("faq", ""))
    await lecture.does(COACH, Asked("faq", ""), topic=9)
    assert (await lecture.store.depth()).waiting == 2


async def test_an_update_that_is_handled_again_gets_its_answer(
    lecture: Lecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = lecture.store.store.convene

    async def breaks(update: int, key: Key, step: Any, now: datetime) -> Any:
        def broken(person: Person | None, rolls: Rolls) -> Convened:
            step(person, rolls)
            raise OSError("disk")

        return await real(update, key, broken, now)

    monkeypatch.setattr(lecture.store.store, "convene", breaks)
    with pytest.raises(NotKept):
        await lecture.does(OTHER, Asked("faq", ""))
    monkeypatch.undo()
    lecture.updates -= 1  # Telegram brings it again
    await lecture.does(OTHER, Asked("faq", ""))
    await lecture.passes(2)
    assert len(lecture.said(FAQ)) == 1
