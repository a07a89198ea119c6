"""Reminders through the door: rung once, at their time, in the face of troubles, kills and clocks."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from bot.core.advice.calendar import instant
from bot.core.advice.judge import Place
from bot.core.chat.person import Call, Person, Turned
from bot.core.dialogue.session import FellDue, Session
from bot.core.reminders import schedule as agendas
from bot.core.reminders.schedule import Agenda
from bot.runtime.ports import Due
from bot.runtime.scheduler import Reminders
from bot.runtime.update_handler import Door, Knock
from bot.storage.database import Database
from tests.conftest import NOW
from tests.runtime.conftest import SetClock, key

WEDNESDAY = date(2026, 11, 25)
TEN = instant(WEDNESDAY, time(10), "UTC")
LEASE = timedelta(seconds=60)


def talks(knock: Knock, person: Person | None, now: datetime) -> Turned:
    """Plan a reminder when something is said, and say it when it is due; "boom" breaks it."""
    if isinstance(knock.event, FellDue):
        assert person is not None
        if person.language == "boom":
            raise LookupError("nobody may log this")
        due = [r for r in person.agenda.planned if r.due <= now]
        left = person.agenda.with_planned(r for r in person.agenda.planned if r.due > now)
        calls = tuple(Call("sendMessage", {"text": f"{r.kind}"}, reminder=True) for r in due)
        return Turned(replace(person, agenda=left), calls)
    heard: Any = knock.event
    agenda = agendas.consented(Agenda(), 1, "yes", date(2026, 11, 23))
    agenda = agendas.replan(agenda, 1, [("M2", WEDNESDAY, time(10))], Place("UTC"), date(2026, 11, 23))
    language = "boom" if heard == "boom" else "en"
    return Turned(Person(language=language, cases={1: Session("f")}, current=1, turn=1, agenda=agenda))


def wired(store: Database, clock: SetClock) -> tuple[Door, Reminders]:
    door = Door(store, clock, talks)
    return door, Reminders(store, door, clock, lease=LEASE, look=0.05)


async def plan(door: Door, *people: int, text: str = "hello") -> None:
    for number in people:
        await door.knock(Knock(number, key(number), text))


async def test_it_is_rung_at_its_time_and_not_before(store: Database, clock: SetClock) -> None:
    door, reminders = wired(store, clock)
    await plan(door, 1)
    clock.at = TEN - timedelta(seconds=1)
    assert await reminders.round() == 0
    clock.at = TEN
    assert await reminders.round() == 1
    assert (await store.depth()).waiting == 1
    assert await reminders.round() == 0


async def test_many_at_once_are_rung_each_once(store: Database, clock: SetClock) -> None:
    door, reminders = wired(store, clock)
    await plan(door, *range(1, 121))
    clock.at = TEN
    others = Reminders(store, door, clock, lease=LEASE)
    await asyncio.gather(*(r.round() for r in (reminders, others) for _ in range(3)))
    assert (await store.depth()).waiting == 120


async def test_what_a_killed_worker_had_claimed_is_rung_when_its_lease_is_over(
    store: Database, clock: SetClock
) -> None:
    door, reminders = wired(store, clock)
    await plan(door, 1)
    clock.at = TEN
    (frozen,) = await store.claim_due(clock.now(), LEASE, 10)
    assert await reminders.round() == 0
    clock.at = TEN + LEASE
    assert await reminders.round() == 1
    assert await door.ring(frozen) is None, "the worker that froze meanwhile is fenced off"
    assert (await store.depth()).waiting == 1


async def test_one_that_always_fails_is_put_aside_and_the_others_are_rung(store: Database, clock: SetClock) -> None:
    door, reminders = wired(store, clock)
    await plan(door, 1, text="boom")
    await plan(door, 2)
    clock.at = TEN
    assert await reminders.round() == 2
    (parked,) = await store.parked()
    assert (parked.what, parked.key) == ("reminder", key(1))
    assert parked.reason.startswith("LookupError (")
    assert (await store.depth()).waiting == 1
    clock.at = TEN + 2 * LEASE
    assert await reminders.round() == 0


async def test_after_days_of_silence_everything_is_rung_at_once(store: Database, clock: SetClock) -> None:
    door, reminders = wired(store, clock)
    await plan(door, *range(1, 31))
    clock.at = TEN + timedelta(days=30)
    while await reminders.round():
        pass
    assert (await store.depth()).waiting == 30


async def test_it_runs_until_it_is_closed_and_survives_troubles(store: Database, clock: SetClock) -> None:
    door, reminders = wired(store, clock)
    await plan(door, 1)
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
    door, _ = wired(store, clock)
    await plan(door, 1)
    (due,) = await store.claim_due(TEN, LEASE, 10)
    await store.turn(99, key(1), lambda _: Turned(None), NOW)
    assert await door.ring(due) is None
    assert isinstance(due, Due)
