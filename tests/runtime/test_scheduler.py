"""Reminders through the door: rung once, at their time, in the face of troubles, kills and clocks."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from bot.core.advice.calendar import instant
from bot.core.advice.moments import PersonCalendar
from bot.core.chat.person import Call, Person, TurnResult
from bot.core.dialogue.session import FellDue, Session
from bot.core.reminders import schedule as schedules
from bot.core.reminders.schedule import ReminderSchedule
from bot.runtime.ports import DueSchedule
from bot.runtime.scheduler import Scheduler
from bot.runtime.update_handler import IncomingUpdate, UpdateHandler
from bot.storage.database import Database
from tests.conftest import NOW
from tests.runtime.conftest import SetClock, key
from tests.support.application import Talks

WEDNESDAY = date(2026, 11, 25)
TEN = instant(WEDNESDAY, time(10), "UTC")
LEASE = timedelta(seconds=60)


def talks(incoming: IncomingUpdate, person: Person | None, now: datetime) -> TurnResult:
    """Plan a reminder when something is said, and say it when it is due; "boom" breaks it."""
    if isinstance(incoming.event, FellDue):
        assert person is not None
        if person.language == "boom":
            raise LookupError("nobody may log this")
        due = [r for r in person.schedule.planned if r.due <= now]
        left = person.schedule.with_planned(r for r in person.schedule.planned if r.due > now)
        calls = tuple(Call("message", {"text": f"{r.kind}"}, reminder=True) for r in due)
        return TurnResult(replace(person, schedule=left), calls)
    heard: Any = incoming.event
    schedule = schedules.consented(ReminderSchedule(), 1, "yes", date(2026, 11, 23))
    schedule = schedules.replan(schedule, 1, [("M2", WEDNESDAY, time(10))], PersonCalendar("UTC"), date(2026, 11, 23))
    language = "boom" if heard == "boom" else "en"
    return TurnResult(Person(language=language, cases={1: Session("f")}, current=1, turn=1, schedule=schedule))


def wired(store: Database, clock: SetClock) -> tuple[UpdateHandler, Scheduler]:
    handler = UpdateHandler(store, clock, Talks(talks))
    return handler, Scheduler(store, handler, clock, lease=LEASE, look=0.05)


async def plan(handler: UpdateHandler, *people: int, text: str = "hello") -> None:
    for number in people:
        await handler.incoming(IncomingUpdate(number, key(number), text))


async def test_it_is_rung_at_its_time_and_not_before(store: Database, clock: SetClock) -> None:
    handler, reminders = wired(store, clock)
    await plan(handler, 1)
    clock.at = TEN - timedelta(seconds=1)
    assert await reminders.round() == 0
    clock.at = TEN
    assert await reminders.round() == 1
    assert (await store.depth()).waiting == 1
    assert await reminders.round() == 0


async def test_many_at_once_are_rung_each_once(store: Database, clock: SetClock) -> None:
    handler, reminders = wired(store, clock)
    await plan(handler, *range(1, 121))
    clock.at = TEN
    others = Scheduler(store, handler, clock, lease=LEASE)
    await asyncio.gather(*(r.round() for r in (reminders, others) for _ in range(3)))
    assert (await store.depth()).waiting == 120


async def test_what_a_killed_worker_had_claimed_is_rung_when_its_lease_is_over(
    store: Database, clock: SetClock
) -> None:
    handler, reminders = wired(store, clock)
    await plan(handler, 1)
    clock.at = TEN
    (frozen,) = await store.claim_due(clock.now(), LEASE, 10)
    assert await reminders.round() == 0
    clock.at = TEN + LEASE
    assert await reminders.round() == 1
    assert await handler.collect_due(frozen) is None, "the worker that froze meanwhile is fenced off"
    assert (await store.depth()).waiting == 1


async def test_one_that_always_fails_is_put_aside_and_the_others_are_rung(store: Database, clock: SetClock) -> None:
    handler, reminders = wired(store, clock)
    await plan(handler, 1, text="boom")
    await plan(handler, 2)
    clock.at = TEN
    assert await reminders.round() == 2
    (parked,) = await store.parked()
    assert (parked.what, parked.key) == ("reminder", key(1))
    assert parked.reason.startswith("LookupError (")
    assert (await store.depth()).waiting == 1
    clock.at = TEN + 2 * LEASE
    assert await reminders.round() == 0


async def test_after_days_of_silence_everything_is_rung_at_once(store: Database, clock: SetClock) -> None:
    handler, reminders = wired(store, clock)
    await plan(handler, *range(1, 31))
    clock.at = TEN + timedelta(days=30)
    while await reminders.round():
        pass
    assert (await store.depth()).waiting == 30


async def test_it_runs_until_it_is_closed_and_survives_troubles(store: Database, clock: SetClock) -> None:
    handler, reminders = wired(store, clock)
    await plan(handler, 1)
    failures = [OSError("disk"), OSError("disk")]
    real = store.claim_due

    async def sometimes(now: datetime, lease: timedelta, limit: int) -> Any:
        if failures:
            raise failures.pop()
        return await real(now, lease, limit)

    store.claim_due = sometimes  # type: ignore[method-assign]
    running = asyncio.create_task(reminders.run())
    clock.at = TEN
    async with asyncio.timeout(10):
        while (await store.depth()).waiting == 0:
            await asyncio.sleep(0.01)
    reminders.close()
    await asyncio.wait_for(running, 5)
    assert failures == []


async def test_somebody_who_forgets_meanwhile_is_not_rung(store: Database, clock: SetClock) -> None:
    handler, _ = wired(store, clock)
    await plan(handler, 1)
    (due,) = await store.claim_due(TEN, LEASE, 10)
    await store.turn(99, key(1), lambda _: TurnResult(None), NOW)
    assert await handler.collect_due(due) is None
    assert isinstance(due, DueSchedule)
