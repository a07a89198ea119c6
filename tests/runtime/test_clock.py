"""A clock that leaps: nothing is dropped, closed, deleted or sent as late before the leap has lasted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.chat.person import Key, Person, TurnResult
from bot.core.dialogue.session import Picked, Said
from bot.core.library import Library
from bot.runtime.clock import DOWN, LASTS, LEAP, TrustedClock
from bot.runtime.scheduler import Scheduler
from bot.runtime.update_handler import IncomingUpdate, UpdateHandler
from bot.storage.database import Database
from bot.telegram.private_chat import PrivateChat
from tests.conftest import NOW
from tests.runtime.conftest import BOT, SetClock
from tests.support.application import Talks
from tests.support.visitor import SLOTS, WARM

YEARS = timedelta(days=900)


@dataclass
class Machine:
    """A machine whose wall clock can be set wrong, while what it counts goes on."""

    wall: SetClock = field(default_factory=SetClock)
    counted: float = 100.0

    def seconds(self) -> float:
        return self.counted

    def passes(self, span: timedelta) -> None:
        self.wall.at += span
        self.counted += span.total_seconds()

    def leaps(self, span: timedelta) -> None:
        self.wall.at += span


@pytest.fixture
def machine() -> Machine:
    return Machine()


def trusted(machine: Machine, last: datetime | None = None) -> TrustedClock:
    return TrustedClock(machine.wall, last=last, seconds=machine.seconds)


@pytest.mark.parametrize("leap", [YEARS, -YEARS, timedelta(hours=2), -timedelta(hours=2)])
def test_a_leap_that_does_not_last_is_not_seen_at_all(machine: Machine, leap: timedelta) -> None:
    clock = trusted(machine)
    machine.leaps(leap)
    assert clock.now() == NOW
    machine.passes(timedelta(seconds=75))
    assert clock.now() == NOW + timedelta(seconds=75)
    machine.leaps(-leap)
    assert clock.now() == NOW + timedelta(seconds=75)


@pytest.mark.parametrize("leap", [YEARS, -YEARS, timedelta(hours=2), -timedelta(hours=2)])
def test_a_leap_that_lasts_is_believed(machine: Machine, leap: timedelta) -> None:
    clock = trusted(machine)
    machine.leaps(leap)
    clock.now()
    machine.passes(LASTS - timedelta(seconds=1))
    assert clock.now() == NOW + LASTS - timedelta(seconds=1)
    machine.passes(timedelta(seconds=1))
    assert clock.now() == NOW + leap + LASTS
    machine.passes(timedelta(hours=3))
    assert clock.now() == NOW + leap + LASTS + timedelta(hours=3)


def test_a_clock_that_leaps_about_is_not_believed_for_the_sum_of_it(machine: Machine) -> None:
    clock = trusted(machine)
    for _ in range(10):
        machine.leaps(YEARS)
        clock.now()
        machine.passes(LASTS / 2)
        assert abs(clock.now() - NOW) < timedelta(hours=1)


def test_a_clock_that_is_put_right_a_little_is_followed(machine: Machine) -> None:
    clock = trusted(machine)
    for _ in range(10):
        machine.leaps(LEAP / 2)
        machine.passes(timedelta(minutes=10))
        assert clock.now() == machine.wall.at


def test_after_a_time_down_the_clock_is_believed_at_once(machine: Machine) -> None:
    assert trusted(machine, last=NOW - timedelta(days=45)).now() == NOW
    assert trusted(machine, last=None).now() == NOW


def test_a_machine_that_starts_in_another_year_goes_on_where_the_bot_was_last(machine: Machine) -> None:
    """No battery: it begins in 1970 or wherever, and is put right once the network is there."""
    right = machine.wall.at
    for wrong in (YEARS, -YEARS):
        machine.wall.at = right + wrong
        clock = trusted(machine, last=NOW - timedelta(days=2))
        assert clock.now() == NOW - timedelta(days=2)
        machine.wall.at = right
        assert clock.now() == right, "that may well be"
    machine.wall.at = right + YEARS
    clock = trusted(machine, last=NOW - timedelta(days=2))
    clock.now()
    machine.passes(LASTS)
    assert clock.now() == right + YEARS + LASTS, "down for longer than DOWN"
    assert YEARS > DOWN


# -- the bot by such a clock -------------------------------------------------------------------------------------------


@dataclass
class Running:
    """The conversation and its reminders over a real store, by a clock that can be set wrong."""

    store: Database
    handler: UpdateHandler
    reminders: Scheduler
    clock: TrustedClock
    update: int = 0

    async def hears(self, event: object) -> None:
        self.update += 1
        extra = {"language": "en", "chat": "private", "message": 0}
        await self.handler.incoming(IncomingUpdate(self.update, Key(BOT, 5, 0, 5), event, extra))

    async def person(self) -> Person:
        found: list[Person] = []

        def look(person: Person | None) -> TurnResult:
            assert person is not None
            found.append(person.but(cases=dict(person.cases)))
            return TurnResult(person, keeps=False)

        self.update += 1
        await self.store.turn(self.update, Key(BOT, 5, 0, 5), look, self.clock.now())
        return found[0]

    async def said(self) -> list[str]:
        """Return what waits to be sent that nobody asked for."""
        claimed = await self.store.claim("test", datetime(2200, 1, 1, tzinfo=UTC), timedelta(seconds=1), 100)
        for posted in claimed:
            await self.store.sent(posted, None, self.clock.now())
        return [posted.call.values["text"] for posted in claimed if posted.call.reminder]


@pytest.fixture
def running(store: Database, machine: Machine, library: Library) -> Running:
    clock = trusted(machine)
    handler = UpdateHandler(store, clock, Talks(PrivateChat(library, "after_interview").respond))
    return Running(store, handler, Scheduler(store, handler, clock), clock)


async def told(running: Running) -> None:
    for text in (*WARM, *SLOTS):
        await running.hears(Said(text))
    await running.hears(Picked("m_yes_1", 0))
    while await running.said() or (await running.store.depth()).waiting:
        pass


async def test_a_clock_in_2029_for_75_seconds_changes_nothing(running: Running, machine: Machine) -> None:
    await told(running)
    before = await running.person()
    assert before.schedule.planned
    assert before.cases[1].facts["first"] == "Dana"
    machine.leaps(YEARS)
    for _ in range(5):
        while await running.reminders.round():
            pass
        await running.store.upkeep.tidy(running.clock.now())
        machine.passes(timedelta(seconds=15))
    machine.leaps(-YEARS)
    while await running.reminders.round():
        pass
    after = await running.person()
    assert after.schedule.planned == before.schedule.planned
    assert after.cases[1].facts == before.cases[1].facts
    assert await running.said() == []
    await running.handler.incoming(IncomingUpdate(1, Key(BOT, 5, 0, 5), Said("No")))
    assert (await running.person()).turn == after.turn, "what was seen before the leap is not taken twice"


async def test_what_is_due_by_the_time_that_passes_is_said_during_a_leap(running: Running, machine: Machine) -> None:
    await told(running)
    due = (await running.person()).schedule.planned[0].due
    machine.passes(due - timedelta(minutes=1) - machine.wall.at)
    running.clock.now()
    machine.leaps(YEARS)
    assert await running.reminders.round() == 0
    machine.passes(timedelta(minutes=1))
    assert await running.reminders.round() == 1
    assert [text.split("\n")[0] for text in await running.said()] == [
        "<b>Dana, Northwind: has your thank-you gone out?</b>"
    ]


async def test_the_next_process_knows_when_the_one_before_ran(store: Database) -> None:
    assert await store.upkeep.last_instant() is None
    await store.upkeep.tidy(NOW)
    await store.upkeep.tidy(NOW + timedelta(hours=1))
    assert await store.upkeep.last_instant() == NOW + timedelta(hours=1)
