"""What a coach has posted in a group or channel and Telegram will not take: the coach hears it, and can go on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import time, timedelta

import pytest

from bot.core.chat.commands import CommandGiven
from bot.core.chat.person import Key
from bot.core.coaching.cohort import BotMembership, ButtonPressed, Cohort, CohortTurn, PollResult
from bot.core.coaching.exercise import choices_of
from bot.core.coaching.lessons import Plan, Slot
from bot.core.library import Library
from bot.storage.database import Database
from tests.conftest import NOW
from tests.runtime.conftest import BOT
from tests.support.lecture import COACH, GROUP_CHAT, MEMBERS, Lecture, in_a_group

TOPIC, OFFICE, CHANNEL = 5, 6, -1002


@pytest.fixture
async def lecture(store: Database, library: Library) -> AsyncIterator[Lecture]:
    async with in_a_group(store, library) as lecture:
        yield lecture


async def cohort(lecture: Lecture, number: int = 4) -> Cohort:
    found: list[Cohort] = []

    def look(_person: object, repository: object) -> CohortTurn:
        found.append(repository.cohort(number))  # type: ignore[attr-defined]
        return CohortTurn(None)

    await lecture.store.cohort_respond(None, Key(BOT, GROUP_CHAT, 0, COACH), look, lecture.now())
    return found[0]


async def test_the_topic_is_closed_during_a_case_and_the_coach_goes_on_elsewhere(lecture: Lecture) -> None:
    lecture.refused = lambda key, call: (
        "TOPIC_CLOSED" if key.topic == TOPIC and call.kind in ("message", "poll") else ""
    )
    await lecture.does(COACH, ButtonPressed("case", ("4", "the_panel")), message=7, topic=TOPIC)
    await lecture.passes(5)
    (at,) = lecture.said("t post this in the group of “Spring”: “1 of", COACH)
    assert lecture.said("The topic is closed", COACH) == [at]
    assert lecture.said("send /case in the group or topic where you want it", COACH) == [at]
    turn = (await cohort(lecture)).exercise.turn  # type: ignore[union-attr]
    await lecture.does(COACH, CommandGiven("case", ""), topic=OFFICE)
    await lecture.does(COACH, ButtonPressed("again", ("4", str(turn))), message=8, topic=OFFICE)
    await lecture.passes(5)
    assert len(lecture.said("1 of 3: as Jonas would answer")) == 1, "the question stands in the other topic"


async def test_what_follows_by_itself_is_told_to_all_coaches(lecture: Lecture, library: Library) -> None:
    """The next poll comes when the one before is closed: nobody tapped for it."""
    await lecture.does(COACH, ButtonPressed("case", ("4", "the_panel")), message=7)
    turn = (await cohort(lecture)).exercise.turn  # type: ignore[union-attr]
    study = library.cases["the_panel"]
    closed = PollResult("poll", tuple(1 for _ in choices_of(library, library.catalog("en"), study)[0]))
    await lecture.does(COACH, ButtonPressed("close", ("4", str(turn)), polled=closed), message=8)
    await lecture.passes(5)
    lecture.refused = lambda key, _call: "Not enough rights to send polls to the chat" if key.chat < 0 else ""
    await lecture.hears_poll(closed)
    await lecture.passes(5)
    assert len(lecture.said("not allowed to post this there", COACH)) == 1


async def test_a_member_who_is_not_answered_there_troubles_no_coach(lecture: Lecture) -> None:
    lecture.refused = lambda key, _call: "TOPIC_CLOSED" if key.chat < 0 else ""
    await lecture.does(MEMBERS[0], CommandGiven("practice", ""))
    await lecture.passes(5)
    assert lecture.posted == []
    assert (await lecture.store.depth()).kinds == {"closed": 1}


async def test_a_lesson_that_a_channel_does_not_take_can_be_moved(lecture: Lecture) -> None:
    slot = Slot("thank_first", NOW.date() + timedelta(days=1), time(9))
    plan = Plan(CHANNEL, "Letters", "eight_weeks", "UTC", (slot,), confirmed=True)

    def kept(_person: object, _repository: object) -> CohortTurn:
        room = BotMembership("administrator", may_write=True, title="Letters", by=COACH)
        return CohortTurn(None, cohorts={5: Cohort("Summer", "en", {COACH: "Cleo"}, plan=plan)}, room=room)

    await lecture.store.cohort_respond(None, Key(BOT, CHANNEL, 0, COACH), kept, NOW)
    lecture.refused = lambda key, _call: "need administrator rights in the channel chat" if key.chat < 0 else ""
    lecture.seconds = (plan.instant(slot) - NOW).total_seconds()
    assert await lecture.handler.cohort_due()
    await lecture.passes(5)
    assert len(lecture.said("was due in “Letters”, but I couldn", COACH)) == 1
    after = (await cohort(lecture, 5)).plan
    assert after is not None
    assert after.slots[0].state == "missed"
