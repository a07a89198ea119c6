"""A group whose members flood it: one of them or a hundred, nobody else waits for long. Telegram's clock is ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest

from bot.core.chat.commands import CommandGiven
from bot.core.chat.person import Key, Person
from bot.core.coaching.cohort import ButtonPressed, CohortRepository, CohortTurn
from bot.core.library import Library
from bot.runtime.ports import UpdateNotKept
from bot.runtime.rate_limits import GROUP
from bot.storage.database import Database
from tests.support.lecture import COACH, MEMBERS, NEWCOMER, OTHER, TICK, Lecture, in_a_group

PRACTICE, FAQ, CASE = "Had an interview", "What many ask", "Case of the week"


@pytest.fixture
async def lecture(store: Database, library: Library) -> AsyncIterator[Lecture]:
    async with in_a_group(store, library) as lecture:
        yield lecture


async def test_one_member_who_asks_the_same_271_times_gets_one_answer(lecture: Lecture) -> None:
    await asyncio.gather(*(lecture.does(MEMBERS[0], CommandGiven("practice", "")) for _ in range(271)))
    asked = lecture.seconds
    await lecture.does(OTHER, CommandGiven("faq", ""))
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
        await asyncio.gather(*(lecture.does(member, CommandGiven("practice", "")) for member in asking))
        if tick == 50:
            asked = dict.fromkeys((FAQ, CASE, "private"), lecture.seconds)
            await lecture.does(OTHER, CommandGiven("faq", ""))
            await lecture.does(COACH, CommandGiven("case", ""))
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
        asking = [lecture.does(person, CommandGiven(command, ""), topic=n % 20) for n, person in enumerate(MEMBERS)]
        await asyncio.gather(*asking)
    asked = lecture.seconds
    await lecture.does(COACH, CommandGiven("case", ""))
    await lecture.passes(30)
    assert lecture.said(CASE)[0] - asked <= 20
    assert len(lecture.posted) < GROUP[0]
    await lecture.passes(40)
    again = lecture.seconds
    await lecture.does(OTHER, CommandGiven("faq", ""))
    await lecture.passes(5)
    assert lecture.said(FAQ)[-1] - again <= 2
    assert (await lecture.store.depth()).waiting == 0


async def test_who_taps_beyond_what_a_group_can_show_is_told_so(lecture: Lecture) -> None:
    said = await asyncio.gather(
        *(lecture.does(person, ButtonPressed("faq", ("all",)), message=7) for person in MEMBERS)
    )
    toasts = [turned.toast for turned in said if turned is not None]
    assert toasts.count("Many people are asking here at once. Try again in a minute.") == 70
    await lecture.passes(40)
    assert (await lecture.store.depth()).waiting == 0
    coach = await lecture.does(COACH, ButtonPressed("faq", ("all",)), message=7)
    assert coach is not None
    assert coach.toast == ""


async def test_what_waits_already_in_a_group_is_not_put_there_again(lecture: Lecture) -> None:
    """Telegram is slow, or the process began a moment ago: what answers is in the outbox, and in nobody's memory."""
    for _ in range(3):
        await lecture.does(COACH, CommandGiven("faq", ""))
    await lecture.does(COACH, CommandGiven("faq", ""), topic=9)
    assert (await lecture.store.depth()).waiting == 2


async def test_an_update_that_is_handled_again_gets_its_answer(
    lecture: Lecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = lecture.store.store.cohort_respond

    async def breaks(update: int, key: Key, step: Any, now: datetime) -> Any:
        def broken(person: Person | None, repository: CohortRepository) -> CohortTurn:
            step(person, repository)
            raise OSError("disk")

        return await real(update, key, broken, now)

    monkeypatch.setattr(lecture.store.store, "cohort_respond", breaks)
    with pytest.raises(UpdateNotKept):
        await lecture.does(OTHER, CommandGiven("faq", ""))
    monkeypatch.undo()
    lecture.updates -= 1  # Telegram brings it again
    await lecture.does(OTHER, CommandGiven("faq", ""))
    await lecture.passes(2)
    assert len(lecture.said(FAQ)) == 1
