"""Agendas that are due, on both databases: claimed once, fenced, never lost, and quick to find among very many."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import text

from bot.core.advice.calendar import instant, rules_of
from bot.core.advice.moments import PersonCalendar as Home
from bot.core.chat.person import Person, TurnResult
from bot.core.reminders import schedule as schedules
from bot.core.reminders.schedule import ReminderSchedule
from bot.runtime.ports import DueSchedule, Step
from bot.storage import dialects, reminders, upkeep
from bot.storage.database import Database
from bot.storage.errors import StoreError
from tests.storage.conftest import Opening, Place, emptied
from tests.support.dates import NOW
from tests.support.store_stories import ANNA, BEN, GROUP, LEASE, becomes, case, look, says, turn

MONDAY, TEN = date(2026, 11, 23), time(10)
BERLIN = Home("Europe/Berlin")


def on(*days: int) -> ReminderSchedule:
    """Return an agenda with a reminder of a kind of its own on each of these days of November."""
    wanted = [(f"M{day}", date(2026, 11, day), TEN) for day in days]
    return schedules.replan(schedules.consented(ReminderSchedule(), 1, "yes", MONDAY), 1, wanted, BERLIN, MONDAY)


def ten(day: int) -> datetime:
    return instant(date(2026, 11, day), TEN, "Europe/Berlin")


def rings(schedule: ReminderSchedule) -> Step:
    return becomes(says("ring", reminder=True), schedule=schedule)


async def claim_due(store: Database, now: datetime, limit: int = 10) -> list[DueSchedule]:
    return list(await store.claim_due(now, LEASE, limit))


async def test_an_agenda_comes_back_as_it_was(store: Database) -> None:
    await turn(store, ANNA, becomes(schedule=on(25, 27)))
    assert (await look(store, ANNA)).schedule == on(25, 27)
    await turn(store, ANNA, lambda p: TurnResult(replace(p or Person(), turn=5)))
    assert (await look(store, ANNA)).schedule == on(25, 27)


async def test_it_is_claimed_when_it_is_due_and_not_before(store: Database) -> None:
    await turn(store, ANNA, becomes(schedule=on(25)))
    assert await store.next_due() == ten(25)
    assert await claim_due(store, ten(25) - timedelta(seconds=1)) == []
    (due,) = await claim_due(store, ten(25))
    assert (due.key, due.at) == (ANNA, ten(25))
    assert await claim_due(store, ten(25)) == []


async def test_ringing_keeps_the_turn_and_the_next_time(store: Database) -> None:
    await turn(store, ANNA, becomes(schedule=on(25, 27)))
    (due,) = await claim_due(store, ten(25))
    assert await store.collect_due(due, rings(on(27)), ten(25)) is not None
    assert (await store.depth()).waiting == 1
    assert await store.next_due() == ten(27)
    assert await store.collect_due(replace(due, fence=due.fence + 1), rings(on()), ten(25)) is None


async def test_a_claim_that_ran_out_is_somebody_elses(store: Database) -> None:
    await turn(store, ANNA, becomes(schedule=on(25)))
    (frozen,) = await claim_due(store, ten(25))
    (rescued,) = await claim_due(store, ten(25) + LEASE)
    assert await store.collect_due(frozen, rings(on()), ten(25)) is None
    assert (await store.depth()).waiting == 0
    assert await store.collect_due(rescued, rings(on()), ten(25)) is not None
    assert (await store.depth()).waiting == 1


async def test_a_turn_that_plans_anew_can_be_claimed_anew(store: Database) -> None:
    await turn(store, ANNA, becomes(schedule=on(25)))
    await claim_due(store, ten(25))
    await turn(store, ANNA, becomes(schedule=on(26)))
    (due,) = await claim_due(store, ten(26))
    assert due.at == ten(26)


async def test_a_turn_that_leaves_the_agenda_alone_leaves_its_claim_alone(store: Database) -> None:
    await turn(store, ANNA, becomes(schedule=on(25)))
    (due,) = await claim_due(store, ten(25))
    await turn(store, ANNA, lambda p: TurnResult(replace(p or Person(), turn=5)))
    assert await claim_due(store, ten(25)) == []
    assert await store.collect_due(due, rings(on()), ten(25)) is not None


async def test_many_workers_share_what_is_due(store: Database) -> None:
    keys = [replace(ANNA, person=n, chat=n) for n in range(1, 41)]
    await asyncio.gather(*(turn(store, key, becomes(schedule=on(25))) for key in keys))
    claims = await asyncio.gather(*(claim_due(store, ten(25), 7) for _ in range(8)))
    claimed = [due.key.person for claim in claims for due in claim]
    while more := await claim_due(store, ten(25), 7):  # what others had locked for a moment
        claimed += [due.key.person for due in more]
    assert sorted(claimed) == list(range(1, 41))


async def test_nobody_rings_where_the_chat_is_shut(store: Database) -> None:
    await turn(store, ANNA, becomes(schedule=on(25)))
    await store.blocked(ANNA.bot, ANNA.chat, "blocked", NOW)
    assert await claim_due(store, ten(25)) == []
    await store.unblocked(ANNA.bot, ANNA.chat)
    assert len(await claim_due(store, ten(26))) == 1


async def test_one_that_cannot_be_rung_is_put_aside_and_can_be_released(store: Database) -> None:
    await turn(store, ANNA, becomes(schedule=on(25)))
    (due,) = await claim_due(store, ten(25))
    assert await store.park_due(due, "KeyError (ABC)", ten(25))
    assert not await store.park_due(replace(due, fence=9), "KeyError (ABC)", ten(25))
    assert await claim_due(store, ten(25) + 2 * LEASE) == []
    (parked,) = await store.parked()
    assert (parked.what, parked.key, parked.reason) == ("reminder", ANNA, "KeyError (ABC)")
    assert await store.release(parked.id, ten(25))
    assert len(await claim_due(store, ten(25))) == 1


async def test_forgetting_somebody_forgets_their_agenda(store: Database) -> None:
    await turn(store, ANNA, becomes(schedule=on(25)))
    (due,) = await claim_due(store, ten(25))
    await turn(store, ANNA, lambda _: TurnResult(None))
    assert await store.next_due() is None
    assert await store.collect_due(due, rings(on()), ten(25)) is None


async def test_a_new_process_takes_up_what_the_killed_one_held(sqlite: Place, opening: Opening) -> None:
    store = await opening(sqlite)
    await turn(store, ANNA, becomes(schedule=on(25)))
    await claim_due(store, ten(25))
    await store.upkeep.take_over(ten(25))
    assert len(await claim_due(store, ten(25))) == 1


async def test_what_was_claimed_by_a_clock_that_was_ahead_is_taken_up_as_well(
    sqlite: Place, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminders, "SOME", 1)
    store = await opening(sqlite)
    for key in (BEN, ANNA):
        await turn(store, key, becomes(schedule=on(25)))
    await store.upkeep.look_through(lambda: ten(25))  # notes the rules of their zones, which ring nobody from now on
    assert len(await claim_due(store, ten(25) + timedelta(days=400))) == 2
    await store.upkeep.take_over(ten(25))
    await claim_due(store, ten(25))
    assert await claim_due(store, ten(25)) == []
    await store.upkeep.look_through(lambda: ten(25))
    assert {due.key for due in await claim_due(store, ten(25))} == {ANNA, BEN}
    await store.upkeep.look_through(lambda: ten(25))
    assert await claim_due(store, ten(25)) == [], "what is claimed now stays claimed"


async def test_where_the_clocks_run_by_new_rules_agendas_are_rung_at_once_and_only_there(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New rules may bring an instant forward: whoever waited for the old one would be late."""
    monkeypatch.setattr(reminders, "SOME", 1)
    await turn(store, ANNA, becomes(zone="Europe/Berlin", schedule=on(25)))
    await turn(store, BEN, becomes(zone="Asia/Tokyo", schedule=on(25)))
    assert await store.upkeep.look_through(lambda: ten(22)) == ["Asia/Tokyo", "Europe/Berlin"], (
        "nothing was noted so far"
    )
    for due in await claim_due(store, ten(22)):
        await store.collect_due(due, rings(on(25)), ten(22))
    assert await store.next_due() == ten(25), "nothing has changed, so it waits on"
    assert await store.upkeep.look_through(lambda: ten(23)) == []
    monkeypatch.setattr(upkeep, "rules_of", lambda zone: "new" if zone == "Europe/Berlin" else rules_of(zone))
    assert await store.upkeep.look_through(lambda: ten(23)) == ["Europe/Berlin"]
    (due,) = await claim_due(store, ten(23))
    assert due.key == ANNA
    await store.collect_due(due, rings(on(24)), ten(23))
    assert await store.next_due() == ten(24), "it waits for what the ringing worked out"
    assert await store.upkeep.look_through(lambda: ten(23)) == []


async def test_agendas_are_joined_with_their_cases_when_a_group_moves(store: Database) -> None:
    new = GROUP - 1
    here, there = replace(ANNA, chat=GROUP), replace(ANNA, chat=new)
    await turn(store, there, becomes(schedule=on(26), cases={1: case()}, current=1))
    await turn(store, here, becomes(schedule=on(25), cases={1: case()}, current=1))
    await store.migrate(ANNA.bot, GROUP, new)
    joined = (await look(store, there)).schedule
    assert [(r.case, r.kind) for r in joined.planned] == [(2, "M25"), (1, "M26")]
    assert await store.next_due() == ten(25)


async def test_a_worker_that_freezes_in_a_transaction_lets_go_of_whom_it_holds(
    shared: str, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frozen between two statements it holds its person's lock; others must not wait for the thaw."""
    monkeypatch.setattr(dialects, "FROZEN_SECONDS", 1)
    place, thaw, later = Place(emptied(shared)), threading.Event(), ten(25) + LEASE
    frozen, other = await opening(place), await opening(place)
    await turn(other, ANNA, becomes(schedule=on(25)))
    (due,) = await claim_due(frozen, ten(25))

    def stands_still(person: Person | None) -> TurnResult:
        thaw.wait(30)
        return rings(ReminderSchedule())(person)

    standing = asyncio.ensure_future(frozen.collect_due(due, stands_still, ten(25)))
    await asyncio.sleep(0.2)
    (again,) = await claim_due(other, later)
    try:
        assert await other.collect_due(again, rings(ReminderSchedule()), later) is not None
    finally:
        thaw.set()
        failed = (await asyncio.gather(standing, return_exceptions=True))[0]
    assert isinstance(failed, StoreError)
    assert (await other.depth()).waiting == 1
    assert await claim_due(frozen, later) == [], "it connects again"


async def test_what_is_planned_is_not_readable_in_the_file(sqlite: Place, opening: Opening) -> None:
    store = await opening(sqlite)
    await turn(store, BEN, becomes(schedule=on(25)))
    with store._engine.connect() as connection:
        kept = connection.execute(text("SELECT agenda FROM session")).scalar_one()
    assert b"M25" not in kept


async def test_a_claim_walks_an_index(store: Database) -> None:
    if not store._engine.url.drivername.startswith("sqlite"):
        pytest.skip("PostgreSQL prefers a scan as long as the table is small; the bench has a large one")
    sql = store._statements.claim_due.sql
    with store._engine.connect() as connection:
        plan = " ".join(
            str(row) for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + sql, (0,) * sql.count("?"))
        )
    assert "ix_session_opens" in plan
