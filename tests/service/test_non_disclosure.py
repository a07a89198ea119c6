"""Nothing private leaves the private chat: what a member answers changes no byte that a coach or a group is sent."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.core.cohorts.digest import FEWEST
from bot.core.cohorts.records import Convened, Pressed, Rolls
from bot.core.desk import Asked
from bot.core.library import Library
from bot.core.person import Key, Person, Turned
from bot.core.session import Session
from bot.service.conversation import Knock
from bot.store.database import Database
from bot.telegram.cohorting import Cohorting
from bot.telegram.talking import Talking
from tests.conftest import NOW
from tests.service.conftest import BOT, opened

COACH, GROUP = 1, -1001
MEMBERS = range(100, 130)
TOLD = {"relation": "none", "experience": "positive", "outcome": "none", "role": "hiring_manager", "invited": "no",
        "tone": "rapport", "interviewed_on": "2026-11-22", "thanks": "not_sent"}  # fmt: skip
LIVES = (TOLD, {**TOLD, "thanks": "sent"}, {**TOLD, "outcome": "offer"}, {"relation": "connected"}, {})


@dataclass
class Course:
    """A cohort over some weeks; `heard` is all that reaches anybody but the member it comes from."""

    store: Database
    cohorting: Cohorting
    now: datetime = NOW
    updates: int = 0
    heard: list[tuple[int, Any]] = field(default_factory=list)
    sentinels: list[str] = field(default_factory=list)
    code: str = ""
    number: str = ""

    async def does(self, person: int, event: object, chat: int | None = None) -> Convened:
        self.updates += 1
        key = Key(BOT, chat or person, 0, person)
        extra = {"name": f"N{person}", "language": "en", "bot": "b", "reads_all": False, "message": 0}
        knock = Knock(self.updates, key, event, extra, shared=True)
        dice = f"{self.updates:064x}"[::-1]

        def step(known: Person | None, rolls: Rolls) -> Convened:
            return self.cohorting.convene(knock, known, rolls, self.now, dice)

        done = await self.store.convene(self.updates, key, step, self.now)
        assert done is not None
        sent = [(key.chat, call) for call in done.calls] + [(post.key.chat, post.call) for post in done.posts]
        self.heard += [(to, dict(call.values)) for to, call in sent if to not in MEMBERS]
        return done

    async def opens(self) -> None:
        done = await self.does(COACH, Asked("cohort", "new Spring"))
        self.number = str(next(iter(done.cohorts)))
        done = await self.does(COACH, Pressed("invite", (self.number,)))
        found = re.search(r"start=(\w+)", str(done.calls[0].values))
        assert found
        self.code = found[1]

    async def joins(self, person: int) -> None:
        await self.does(person, Pressed("join", (self.number, self.code.split("_")[2])))
        await self.does(person, Pressed("give", (self.number, "0", "counts")))

    async def answers(self, person: int, life: dict[str, str]) -> None:
        self.updates += 1
        secret = f"sentinel-{self.updates}-{person}"
        self.sentinels.append(secret)
        case = Session("after_interview", answers={**life, "first": secret, "company": secret}) if life else None

        def step(known: Person | None) -> Turned:
            assert known is not None
            return Turned(replace(known, cases={1: case} if case else {}, current=1 if case else 0))

        await self.store.turn(self.updates, Key(BOT, person, 0, person), step, self.now)


async def played(store: Database, library: Library, seed: int, twist: int | None) -> Course:
    """Play a random history; with `twist` that member's answers are all others than they were."""
    dice = random.Random(seed)  # noqa: S311 - a history, not a secret
    course = Course(store, Cohorting(Talking(library, "after_interview"), frozenset({COACH})))
    await course.opens()
    waiting, inside = list(MEMBERS), []
    for _ in range(10):
        for _ in range(dice.choice((6, 9, 12))):
            if waiting:
                inside.append(waiting.pop())
                await course.joins(inside[-1])
        for person in inside:
            life = dice.randrange(len(LIVES))
            other = (life + 1) % len(LIVES) if person == twist else life
            await course.answers(person, LIVES[other])
        if inside and dice.random() < 0.5:
            await course.does(inside.pop(0), Pressed("left", (course.number, "1")))
        await course.does(dice.choice(inside), Asked("practice"), GROUP)
        await course.does(COACH, Pressed("digest", (course.number,)))
        course.now += timedelta(days=dice.choice((1, 4, 7)))
    return course


@pytest.fixture
async def stores(tmp_path: Path) -> Any:
    made: list[Database] = []

    async def another() -> Database:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(await opened(folder))
        return made[-1]

    yield another
    for store in made:
        await store.close()


@pytest.mark.parametrize("seed", range(3))
async def test_one_members_answers_change_nothing_but_counts_of_five_or_more(
    library: Library, stores: Any, seed: int
) -> None:
    true = await played(await stores(), library, seed, None)
    twisted = await played(await stores(), library, seed, MEMBERS[-1 - seed])
    assert len(true.heard) == len(twisted.heard)
    for (to, said), (other, instead) in zip(true.heard, twisted.heard, strict=True):
        assert to == other
        if said != instead:
            assert to == COACH
            assert {"parse_mode", "text"} < set(said) or set(said) == {"photo", "caption"}
            for text in (said.get("text") or said["caption"], instead.get("text") or instead["caption"]):
                numbers = [int(number) for number in re.findall(r"at least (\d+)", text)]
                assert min(numbers) >= FEWEST
    sentinels, everything = {*true.sentinels, *twisted.sentinels}, str(true.heard + twisted.heard)
    assert len(sentinels) > 200
    assert not any(secret in everything for secret in sentinels)
    assert not re.search(r"N1\d\d", everything), "no member's name"


async def test_what_members_are_told_unasked_waits_behind_answers(library: Library, stores: Any) -> None:
    course = Course(await stores(), Cohorting(Talking(library, "after_interview"), frozenset({COACH})))
    await course.opens()
    for person in MEMBERS[:9]:
        await course.joins(person)
        await course.does(person, Pressed("give", (course.number, "1", "nudges")))
    done = await course.does(COACH, Pressed("nudged", (course.number,)))
    assert [(post.key.chat, post.call.reminder) for post in done.posts] == [(one, True) for one in MEMBERS[:9]]
    assert not any(call.reminder for call in done.calls)


async def test_a_digest_is_repeated_to_the_letter_within_its_week(library: Library, stores: Any) -> None:
    course = Course(await stores(), Cohorting(Talking(library, "after_interview"), frozenset({COACH})))
    await course.opens()
    for person in MEMBERS:
        await course.joins(person)
        await course.answers(person, LIVES[person % 2])
    first = await course.does(COACH, Pressed("digest", (course.number,)))
    assert "at least 10" in str(first.calls)
    for person in MEMBERS:
        await course.answers(person, LIVES[2])
    course.now += timedelta(days=6)
    assert (await course.does(COACH, Pressed("digest", (course.number,)))).calls == first.calls
    course.now += timedelta(days=1)
    assert (await course.does(COACH, Pressed("digest", (course.number,)))).calls != first.calls


VERBS = """
    join show give take leave left digest invite coach end ended x case lessons channel series lesson confirm stop
    stopped move out in plain review note send back notes read away hand raise lower hands call nudge
    nudged coaches uncoach bench files file for try publish undo drop table
"""


def forgeries(number: str, code: str) -> Iterator[object]:
    """Ten thousand things that a forged client, a stranger or a curious member might send."""
    dice = random.Random(1)  # noqa: S311 - mischief, repeatable
    verbs = (*VERBS.split(), "")
    numbers = (number, "0", "-1", "1", "９", "99999999999999999999", "x", "")
    rests = ("0", "1", "7", "counts", "x" * 30, "", str(COACH), "é")
    for _ in range(7000):
        about = (dice.choice(numbers), *(dice.choice(rests) for _ in range(dice.randrange(4))))
        yield Pressed(dice.choice(verbs), about)
    for _ in range(3000):
        wrong = list(code)
        wrong[dice.randrange(len(wrong))] = dice.choice("0123456789abcdef_-")
        yield Asked("start", "".join(wrong)) if "".join(wrong) != code else Asked("start", "c_")


@pytest.mark.parametrize("person", [MEMBERS[0], 999], ids=["somebody who left", "a stranger"])
async def test_ten_thousand_forgeries_change_and_tell_nothing(library: Library, stores: Any, person: int) -> None:
    course = Course(await stores(), Cohorting(Talking(library, "after_interview"), frozenset({COACH})))
    await course.opens()
    for one in MEMBERS:
        await course.joins(one)
    await course.does(MEMBERS[0], Pressed("left", (course.number, "1")))
    extra = {"name": "X", "language": "en", "bot": "b", "message": 0}
    said: set[str] = set()

    def step(known: Person | None, rolls: Rolls) -> Convened:
        for event in forgeries(course.number, course.code):
            knock = Knock(0, Key(BOT, person, 0, person), event, extra, shared=True)
            done = course.cohorting.convene(knock, known, rolls, course.now, "0" * 64)
            assert not done.cohorts
            assert not done.posts
            said.add(str([call.values["text"] for call in done.calls]) + done.toast)
        return Convened(known or Person(), speaker=person)

    await course.store.convene(10**6, Key(BOT, person, 0, person), step, course.now)
    assert said == {
        "[]That button is no longer good.",
        "['<b>This invitation is not good, or not any more. Ask your coach for a new one.</b>']",
    }
