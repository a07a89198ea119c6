"""A group and its coach on the real store, door and outbox, by a clock that goes in ticks. Nothing is slept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.core.chat.commands import CommandGiven
from bot.core.chat.person import Call, Key, Person, TurnResult
from bot.core.coaching.cohort import NOWHERE, Cohort, CohortRepository, CohortTurn, PollResult
from bot.core.library import Library
from bot.runtime.outbox_worker import OutboxWorker
from bot.runtime.ports import ClaimedCall, Delivered, Outcome, Undeliverable
from bot.runtime.rate_limits import FloodGuard, RateLimits
from bot.runtime.update_handler import IncomingUpdate, UpdateHandler
from bot.storage.database import Database
from bot.telegram.coaching_chat import CoachingChat
from bot.telegram.private_chat import PrivateChat
from tests.runtime.conftest import BOT
from tests.support.application import Talks
from tests.support.dates import NOW

COACH, OTHER, NEWCOMER, GROUP_CHAT = 1, 2, 3, -1001
MEMBERS = range(100, 200)
TICK = 0.5


@dataclass
class Watched:
    """A store that tells whether anybody is about to send something."""

    store: Database
    flying: int = 0
    looks: int = 0
    """How often there was nothing to be sent."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    async def claim(self, worker: str, now: datetime, lease: timedelta, limit: int) -> Any:
        self.flying += 1
        found = await self.store.claim(worker, now, lease, limit)
        self.flying += len(found) - 1
        return found

    async def next_at(self, now: datetime) -> datetime | None:
        self.flying += 1
        found = await self.store.next_at(now)
        self.flying -= 1
        self.looks += 1
        return found

    async def sent(
        self, posted: ClaimedCall, message: int | None, now: datetime, claim: Any = None, *, late: bool = False
    ) -> bool:
        done = await self.store.sent(posted, message, now, claim, late=late)
        self.flying += int(claim is not None and claim.posted is not None) - 1
        return done

    async def later(self, posted: ClaimedCall, at: datetime, *, whole_chat: bool = False) -> bool:
        done = await self.store.later(posted, at, whole_chat=whole_chat)
        self.flying -= 1
        return done

    async def park(self, posted: ClaimedCall, reason: str, now: datetime) -> bool:
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
    refused: Callable[[Key, Call], str] = lambda _key, _call: ""
    """Why Telegram will not take a call; empty: it does."""

    def __post_init__(self) -> None:
        talking = PrivateChat(self.library, "after_interview")
        guard, cohorting = FloodGuard(), CoachingChat(talking, frozenset({COACH}))
        self.outbox = OutboxWorker(
            self.store,
            self,
            self,
            pace=RateLimits(),
            guard=guard,
            seconds=self.now_seconds,
            undelivered=lambda *what: self.handler.undelivered(*what),
        )  # type: ignore[arg-type]
        self.handler = UpdateHandler(
            self.store,  # type: ignore[arg-type]
            self,
            Talks(talking.respond, cohort_respond=cohorting.cohort_respond, cohort_due=cohorting.cohort_due),
            name="b",
            guard=guard,
            seconds=self.now_seconds,
        )

    def now_seconds(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)

    async def make(self, key: Key, call: Call) -> Outcome:
        if reason := self.refused(key, call):
            return Undeliverable(reason)
        self.posted.append(
            (self.seconds, key.chat, call.kind, str(call.values.get("text") or call.values.get("question", "")))
        )
        return Delivered(len(self.posted))

    async def opens(self) -> None:
        def step(_person: Person | None, _repository: CohortRepository) -> CohortTurn:
            return CohortTurn(None, cohorts={4: Cohort("Spring", "en", {COACH: "Cleo"}, chat=GROUP_CHAT)})

        await self.store.cohort_respond(1, Key(BOT, GROUP_CHAT, 0, COACH), step, self.now())

    async def does(self, person: int, event: object, message: int = 0, topic: int = 0) -> TurnResult | None:
        self.updates += 1
        extra = {"name": "N", "language": "en", "bot": "b", "reads_all": False, "message": message}
        return await self.handler.incoming(
            IncomingUpdate(self.updates, Key(BOT, GROUP_CHAT, topic, person), event, extra, shared=True)
        )

    async def hears_poll(self, event: PollResult) -> None:
        self.updates += 1
        extra = {"bot": "b", "reads_all": False, "message": 0}
        await self.handler.incoming(IncomingUpdate(self.updates, Key(BOT, NOWHERE, 0, 0), event, extra, shared=True))

    async def begins(self, person: int) -> None:
        self.updates += 1
        extra = {"language": "en", "chat": "private", "message": 0}
        await self.handler.incoming(
            IncomingUpdate(self.updates, Key(BOT, person, 0, person), CommandGiven("start", ""), extra)
        )

    async def passes(self, seconds: float) -> None:
        """Let time go by, a tick after the other, and whatever may be sent be sent."""
        for _ in range(round(seconds / TICK)):
            self.seconds += TICK
            self.outbox.wake()
            looks, quiet = self.store.looks, 0
            while (self.store.looks == looks and quiet < 50) or self.store.flying:
                await asyncio.sleep(0)
                quiet = 0 if self.store.flying else quiet + 1  # it does not even look while all limits are reached

    def said(self, words: str, chat: int = GROUP_CHAT) -> list[float]:
        return [at for at, where, _, text in self.posted if where == chat and words in text]


@asynccontextmanager
async def in_a_group(store: Database, library: Library) -> AsyncIterator[Lecture]:
    """Let the bot run in a group that is its coach's."""
    lecture = Lecture(Watched(store), library)
    await lecture.opens()
    running = asyncio.create_task(lecture.outbox.run())
    await lecture.passes(5)  # room for a burst
    yield lecture
    lecture.outbox.close(0.0)
    await running
