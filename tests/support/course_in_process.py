"""A cohort over some weeks, on a real store: what members, a coach and a group do, and all that anybody is sent.

What must live here: words for what people do, and random histories of them. What must not: what has to hold of it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from bot.core.chat.commands import CommandGiven
from bot.core.chat.person import Key, Person, TurnResult
from bot.core.coaching.cohort import ButtonPressed, CohortRepository, CohortTurn, MembershipChanged, PollResult, Replied
from bot.core.dialogue.session import Session
from bot.core.library import Library
from bot.runtime.update_handler import IncomingUpdate
from bot.storage.database import Database
from bot.telegram.coaching_chat import CoachingChat
from bot.telegram.group_updates import pressed
from bot.telegram.private_chat import PrivateChat
from tests.runtime.conftest import BOT
from tests.support.dates import NOW

COACH, GROUP, CHANNEL = 1, -1001, -1002
MEMBERS: Final = range(100, 130)
TOLD = {"relation": "none", "experience": "positive", "outcome": "none", "role": "hiring_manager", "invited": "no",
        "tone": "rapport", "interviewed_on": "2026-11-22", "thanks": "not_sent"}  # fmt: skip
LIVES = (TOLD, {**TOLD, "thanks": "sent"}, {**TOLD, "outcome": "offer"}, {"relation": "connected"}, {})
SHOWN = {**TOLD, "thanks": "sent", "account": "free", "profile": "ready", "job": "Data Analyst",
         "topic": "event billing"}  # fmt: skip
"""An interview that a member may show a note of, but for the names."""


@dataclass(frozen=True)
class Said:
    """A message: in which turn it was sent, to which chat, and what."""

    turn: int
    to: int
    kind: str
    values: dict[str, Any]


@dataclass
class Course:
    """A cohort over some weeks; `heard` is all that anybody is sent."""

    store: Database
    cohorting: CoachingChat
    now: datetime = NOW
    updates: int = 0
    heard: list[Said] = field(default_factory=list)
    sentinels: list[str] = field(default_factory=list)
    asked: dict[int, object] = field(default_factory=dict)
    """What somebody did, by turn."""
    code: str = ""
    number: str = ""

    @classmethod
    async def opened(cls, store: Database, library: Library) -> Course:
        """Return a course whose coach has opened the cohort."""
        course = cls(store, CoachingChat(PrivateChat(library, "after_interview"), frozenset({COACH})))
        done = await course.does(COACH, CommandGiven("cohort", "new Spring"))
        course.number = str(next(iter(done.cohorts)))
        await course.invites()
        return course

    async def invites(self) -> None:
        """Let the coach make a new invitation; the one before is over."""
        found = re.search(r"start=(\w+)", str((await self.taps(COACH, "invite", "0")).calls[0].values))
        assert found
        self.code = found[1]

    async def does(self, person: int, event: object, chat: int | None = None, message: int = 0) -> CohortTurn:
        """Let somebody do something, in private or in a chat."""
        self.updates += 1
        self.asked[self.updates] = event
        key = Key(BOT, chat or person, 0, person)
        extra = {"name": f"N{person}", "language": "en", "bot": "b", "reads_all": False, "message": message}
        incoming = IncomingUpdate(self.updates, key, event, extra, shared=True)
        dice = f"{self.updates:064x}"[::-1]

        def step(known: Person | None, repository: CohortRepository) -> CohortTurn:
            return self.cohorting.cohort_respond(incoming, known, repository, self.now, dice)

        done = await self.store.cohort_respond(self.updates, key, step, self.now)
        assert done is not None
        self._hears(key.chat, done)
        return done

    def _hears(self, chat: int, done: CohortTurn) -> None:
        sent = [(chat, call) for call in done.calls] + [(post.key.chat, post.call) for post in done.posts]
        self.heard += [Said(self.updates, to, call.kind, dict(call.values)) for to, call in sent]

    async def taps(self, person: int, verb: str, *about: str, chat: int | None = None, message: int = 0) -> CohortTurn:
        """Tap a button of the cohort."""
        return await self.does(person, ButtonPressed(verb, (self.number, *about)), chat, message)

    async def joins(self, person: int, *purposes: str) -> None:
        """Let somebody join and agree to purposes, to being counted if none is named."""
        await self.taps(person, "join", self.code.split("_")[2])
        for turn, purpose in enumerate(purposes or ("counts",)):
            await self.taps(person, "give", str(turn), purpose)

    async def answers(self, person: int, life: Mapping[str, str]) -> None:
        """Let somebody have two interviews: one to show a note of, always the same, and this one, their newest."""
        self.updates += 1
        secret = f"sentinel-{self.updates}-{person}"
        names = {name: f"sentinel-{name}-{person}" for name in ("first", "company", "me")}
        self.sentinels += [secret, *names.values()]
        shown = Session("after_interview", answers={**SHOWN, **names})
        case = Session("after_interview", answers={**life, "first": secret, "company": secret})

        def step(known: Person | None) -> TurnResult:
            assert known is not None
            cases = {1: shown, 2: case} if life else {1: shown}
            return TurnResult(replace(known, cases=cases, current=max(cases)))

        await self.store.turn(self.updates, Key(BOT, person, 0, person), step, self.now)

    async def shows_a_note(self, person: int) -> bool:
        """Let somebody show the note of their first interview, names hidden; the coach reads and comments on it."""
        offered = await self.taps(person, "review")
        notes = [one for one in tappable(offered) if one.verb == "note" and one.about[1] == "1"]
        if not notes:  # one is shown already
            return False
        send = next(one for one in tappable(await self.does(person, notes[0])) if one.verb == "send")
        news = await self.does(person, send)
        read = next(one for one in tappable(news) if one.verb == "read")
        await self.does(COACH, read, message=900 + self.updates)
        await self.does(COACH, Replied("Say one thing less", 900 + self.updates - 1))
        await self.taps(COACH, "post", "comment", read.about[1])
        return True

    async def holds(self) -> None:
        """Let all happen that is due."""

        def step(bot: int, number: int, cohort: Any, repository: CohortRepository) -> CohortTurn:
            return self.cohorting.cohort_due("b", bot, number, cohort, repository, self.now)

        self.updates += 1
        while (done := await self.store.cohort_due(step, self.now)) is not None:
            self._hears(0, done)

    async def plans_lessons(self) -> None:
        """Let the coach bring the bot into a channel and confirm a series there."""
        await self.does(COACH, MembershipChanged("left", "administrator", may_write=True, channel="Letters"), CHANNEL)
        plan = await self.taps(COACH, "series", str(CHANNEL), "eight_weeks")
        await self.does(COACH, next(one for one in tappable(plan) if one.verb == "confirm"))

    async def works_through_a_case(self, case: str, dice: random.Random) -> None:
        """Let the group vote on a case, poll by poll."""
        done = await self.taps(COACH, "case", case, chat=GROUP)
        for number in range(9):
            polls = [post.call for post in done.posts if post.call.kind == "poll"]
            if not polls:
                return
            polled = PollResult(f"poll {self.updates}", tuple(dice.randrange(9) for _ in polls[0].values["options"]))
            close = next(one for one in tappable(done) if one.verb == "close")
            await self.does(COACH, replace(close, polled=polled), GROUP, message=700 + number)
            done = await self.does(0, polled, chat=-1)
        raise AssertionError("a case without an end")


def tappable(done: CohortTurn) -> Iterator[ButtonPressed]:
    """Give what the buttons of a turn's messages say."""
    for call in (*done.calls, *(post.call for post in done.posts)):
        for row in call.values.get("reply_markup", {}).get("inline_keyboard", []):
            yield from (pressed(button["callback_data"]) for button in row if "callback_data" in button)


async def played(store: Database, library: Library, seed: int, twist: int | None) -> Course:
    """Play a random history; with `twist` that member's newest interview is another than it was."""
    dice = random.Random(seed)  # noqa: S311 - a history, not a secret
    course = await Course.opened(store, library)
    await course.does(COACH, CommandGiven("setup"), GROUP)
    await course.plans_lessons()
    waiting, inside, cases, topics = list(MEMBERS), [], list(library.cases), list(library.faq)
    for _ in range(10):
        await course.invites()
        for _ in range(dice.choice((6, 9, 12))):
            if waiting:
                inside.append(waiting.pop())
                await course.joins(inside[-1], *dice.choice((("counts",), ("counts", "nudges"))))
        for person in inside:
            life = dice.randrange(len(LIVES))
            await course.answers(person, LIVES[(life + 1) % len(LIVES) if person == twist else life])
        if inside and dice.random() < 0.5:
            await course.taps(inside.pop(0), "left", "1")  # nobody, where they decided more than once
        await course.does(dice.choice(inside), CommandGiven("practice"), GROUP)
        await course.shows_a_note(dice.choice(inside))
        topic = dice.choice(topics)
        await course.taps(dice.choice(inside), "raise", topic)
        await course.taps(COACH, "hands")
        await course.taps(COACH, "call", "1", topic)
        await course.taps(COACH, "nudged")
        if cases:
            await course.works_through_a_case(cases.pop(), dice)
        await course.taps(COACH, "digest")
        await course.taps(COACH, "table")
        course.now += timedelta(days=dice.choice((1, 4, 7)))
        await course.holds()
    return course
