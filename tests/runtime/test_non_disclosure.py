"""Nothing private leaves the private chat: what a member answers changes no byte that a coach or a group is sent."""

from __future__ import annotations

import csv
import io
import random
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.core.chat.commands import CommandGiven
from bot.core.chat.person import Key, Person
from bot.core.coaching.cohort import ButtonPressed, CohortRepository, CohortTurn
from bot.core.coaching.statistics import FEWEST
from bot.core.library import Library
from bot.runtime.update_handler import IncomingUpdate
from bot.storage.database import Database
from tests.runtime.conftest import BOT, opened
from tests.support.course_in_process import CHANNEL, COACH, GROUP, LIVES, MEMBERS, Course, Said, played


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


@pytest.mark.parametrize("seed", [2])
async def test_one_members_answers_change_nothing_but_counts_of_five_or_more(
    library: Library, stores: Any, seed: int
) -> None:
    """Whoever it is: all that reaches the group, the channel, the coach and the other members is the same."""
    assert await changed_counts(library, stores, seed, MEMBERS[-1 - seed]) > 0, "it is counted"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, *range(3, 44)])
async def test_of_forty_further_histories_none_tells_what_one_member_answered(
    library: Library, stores: Any, seed: int
) -> None:
    await changed_counts(library, stores, seed, random.Random(seed).choice(MEMBERS))  # noqa: S311 - repeatable


async def changed_counts(library: Library, stores: Any, seed: int, twist: int) -> int:
    """Play a history as it was, and with other answers of one member; return how many counts that changed."""
    true, twisted = [await played(await stores(), library, seed, one) for one in (None, twist)]
    assert true.asked == twisted.asked
    mine, others = ([said for said in course.heard if said.to != twist] for course in (true, twisted))
    changed = list(differing(mine, others))
    for turn, said, instead in changed:
        assert isinstance(asked := true.asked[turn], ButtonPressed)
        assert asked.verb in ("digest", "table"), "nothing else depends on it"
        assert {one.to for one in (*said, *instead)} == {COACH}
        assert min(number for one in (*said, *instead) for number in counts(one)) >= FEWEST
    assert len({*true.sentinels, *twisted.sentinels}) > 200
    for one in (*mine, *others):
        told = str(one.values)
        assert {int(person) for person in re.findall(r"sentinel-\w+-(\d+)", told)} <= {one.to}
        assert not re.search(r"\bN1\d\d\b", told), "no member's name"
    assert_all_of_it_happened(mine)
    return len(changed)


def differing(mine: list[Said], others: list[Said]) -> Iterator[tuple[int, list[Said], list[Said]]]:
    """Give the turns that led to something else, with what they led to."""
    for turn in sorted({said.turn for said in (*mine, *others)}):
        said, instead = ([one for one in heard if one.turn == turn] for heard in (mine, others))
        if said != instead:
            yield turn, said, instead


def counts(said: Said) -> list[int]:
    """Return all numbers of members that a message of counts tells, in words, in a picture or in a table."""
    values = said.values
    told = [int(number) for number in re.findall(r"at least (\d+)", values.get("text") or values["caption"])]
    if said.kind == "photo":
        bars = [bar for _, group in values["photo"]["groups"] for bar in group]
        return told + [number for _, *shown in bars for number in shown if number is not None]
    if said.kind == "document":
        _, *rows = csv.reader(io.StringIO(values["document"]["text"]))
        return told + [int(row[-1]) for row in rows if row[-1]]
    assert said.kind in ("message", "edit")
    return told or [FEWEST]  # none at all


def assert_all_of_it_happened(heard: list[Said]) -> None:
    """See that the history was one in which something could have come out."""
    kinds = Counter((said.to, said.kind) for said in heard)
    assert kinds[GROUP, "poll"] > 8
    assert kinds[GROUP, "close_poll"] > 8
    assert kinds[CHANNEL, "message"] > 0
    assert kinds[COACH, "photo"] > 1
    assert kinds[COACH, "document"] > 1
    for words in ("event billing", "Passed on.", "t shown any more"):
        assert any(said.to == COACH and words in str(said) for said in heard), words
    for words in ("has time for your question", "anything new", "on your note"):
        assert any(said.to in MEMBERS and words in str(said) for said in heard), words


async def test_what_members_are_told_unasked_waits_behind_answers(library: Library, stores: Any) -> None:
    course = await Course.opened(await stores(), library)
    for person in MEMBERS[:9]:
        await course.joins(person, "nudges")
    done = await course.taps(COACH, "nudged")
    assert [(post.key.chat, post.call.reminder) for post in done.posts] == [(one, True) for one in MEMBERS[:9]]
    assert not any(call.reminder for call in done.calls)


async def test_a_digest_is_repeated_to_the_letter_within_its_week(library: Library, stores: Any) -> None:
    course = await Course.opened(await stores(), library)
    for person in MEMBERS:
        await course.joins(person)
        await course.answers(person, LIVES[person % 2])
    first = await course.taps(COACH, "digest")
    assert "at least 10" in str(first.calls)
    for person in MEMBERS:
        await course.answers(person, LIVES[2])
    course.now += timedelta(days=6)
    assert (await course.taps(COACH, "digest")).calls == first.calls
    course.now += timedelta(days=1)
    assert (await course.taps(COACH, "digest")).calls != first.calls


VERBS = """
    join show give take leave left digest invite coach end ended x case lessons channel series lesson confirm stop
    stopped move out in plain review note send back notes read away hand raise lower hands call uncall
    renew renewed ask asked open clock nudge nudged coaches cocoach accept refuse remove uncoach willing unwilling
    comment words post undraft bench files file for try publish undo drop table
"""


def forgeries(number: str, code: str) -> Iterator[object]:
    """Ten thousand things that a forged client, a stranger or a curious member might send."""
    dice = random.Random(1)  # noqa: S311 - mischief, repeatable
    verbs = (*VERBS.split(), "")
    numbers = (number, "0", "-1", "1", "９", "99999999999999999999", "x", "")
    rests = ("0", "1", "7", "counts", "x" * 30, "", str(COACH), "é")
    for _ in range(7000):
        about = (dice.choice(numbers), *(dice.choice(rests) for _ in range(dice.randrange(4))))
        yield ButtonPressed(dice.choice(verbs), about)
    for _ in range(3000):
        wrong = list(code)
        wrong[dice.randrange(len(wrong))] = dice.choice("0123456789abcdef_-")
        yield CommandGiven("start", "".join(wrong)) if "".join(wrong) != code else CommandGiven("start", "c_")


@pytest.mark.parametrize("person", [MEMBERS[0], 999], ids=["somebody who left", "a stranger"])
async def test_ten_thousand_forgeries_change_and_tell_nothing(library: Library, stores: Any, person: int) -> None:
    course = await Course.opened(await stores(), library)
    for one in MEMBERS:
        await course.joins(one)
    await course.taps(MEMBERS[0], "left", "1")
    extra = {"name": "X", "language": "en", "bot": "b", "message": 0}
    said: set[str] = set()

    def step(known: Person | None, repository: CohortRepository) -> CohortTurn:
        for event in forgeries(course.number, course.code):
            incoming = IncomingUpdate(0, Key(BOT, person, 0, person), event, extra, shared=True)
            done = course.cohorting.cohort_respond(incoming, known, repository, course.now, "0" * 64)
            assert not done.cohorts
            assert not done.posts
            said.add(str([call.values["text"] for call in done.calls]) + done.toast)
        return CohortTurn(known or Person(), speaker=person)

    await course.store.cohort_respond(10**6, Key(BOT, person, 0, person), step, course.now)
    assert said == {
        "[]That button is out of date.",
        "['<b>This invitation isn&#x27;t good, or not any more. Ask your coach for a new one.</b>']",
    }
