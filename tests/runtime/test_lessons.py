"""Lessons that are due: posted once, in one transaction with the plan; what always fails is taken off the plan."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from bot.core.chat.person import Key, Person
from bot.core.coaching.cohort import BotMembership, Cohort, CohortRepository, CohortTurn
from bot.core.coaching.lessons import Plan, Slot
from bot.core.library import Library
from bot.runtime.update_handler import UpdateHandler
from bot.storage.database import Database
from bot.telegram.coaching_chat import CoachingChat
from bot.telegram.private_chat import PrivateChat
from tests.conftest import NOW
from tests.runtime.conftest import BOT, SetClock, echo
from tests.support.application import Talks

COACH, CHANNEL = 1, -1001


def planned(*days: int) -> Plan:
    slots = tuple(Slot("thank_first", NOW.date() + timedelta(days=day), time(9)) for day in days)
    return Plan(CHANNEL, "Letters", "eight_weeks", "Europe/Berlin", slots, confirmed=True)


async def keep(store: Database, cohort: Cohort) -> None:
    def step(_person: Person | None, _repository: CohortRepository) -> CohortTurn:
        return CohortTurn(
            None, cohorts={4: cohort}, room=BotMembership("administrator", may_write=True, title="Letters", by=COACH)
        )

    await store.cohort_respond(1, Key(BOT, CHANNEL, 0, COACH), step, NOW)


async def posted(store: Database, now: datetime) -> list[tuple[int, str]]:
    found = await store.claim("w", now, timedelta(days=99), 10)
    return [(one.key.chat, str(one.call.values["text"]).partition("\n")[0]) for one in found]


async def test_a_lesson_that_is_due_is_posted_once(store: Database, clock: SetClock, library: Library) -> None:
    cohort_due = CoachingChat(PrivateChat(library, "after_interview"), frozenset()).cohort_due
    handler = UpdateHandler(store, clock, Talks(echo, cohort_due=cohort_due), name="afterword_bot")
    await keep(store, Cohort("Spring", "en", {COACH: "Cleo"}, plan=planned(1, 8)))
    assert await store.next_due() == planned(1, 8).wake
    assert not await handler.cohort_due()
    clock.at = await store.next_due() or NOW
    assert await handler.cohort_due()
    assert not await handler.cohort_due()
    assert await posted(store, clock.now()) == [(CHANNEL, "<b>2. The thank-you goes first</b>")]
    clock.at += timedelta(days=12)
    assert await handler.cohort_due(), "too late to be posted"
    ((chat, said),) = await posted(store, clock.now())
    assert (chat, said[:36]) == (COACH, "<b>“2. The thank-you goes first” was")
    assert await store.next_due() is None


async def test_a_lesson_that_always_fails_is_taken_off_the_plan(store: Database, clock: SetClock) -> None:
    def broken(*_given: object) -> CohortTurn:
        raise LookupError("no words")

    await keep(store, Cohort("Spring", "en", {COACH: "Cleo"}, plan=planned(-1)))
    handler = UpdateHandler(store, clock, Talks(echo, cohort_due=broken), name="b")
    assert await handler.cohort_due()
    assert not await handler.cohort_due()
    assert await store.next_due() is None
