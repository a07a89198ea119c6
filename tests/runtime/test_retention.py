"""Silent people: told once after the retention time, kept by any word of theirs, deleted two weeks later."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.core.chat.person import Call, Person, TurnResult
from bot.core.chat.privacy import GRACE, Operator
from bot.core.chat.retention import KEEP
from bot.core.coaching.cohort import Cohort, CohortRepository, CohortTurn, Member
from bot.core.dialogue.session import Picked, Said, Session
from bot.core.library import Library
from bot.core.reminders.schedule import CaseReminders, Reminder, ReminderSchedule
from bot.runtime.retention import Retention
from bot.runtime.update_handler import IncomingUpdate, UpdateHandler
from bot.storage.database import Database
from bot.telegram.private_chat import PrivateChat
from tests.runtime.conftest import BOT, SetClock, key
from tests.support.application import Talks

DANA, STAN, DAYS = 10, 11, 180
WALKED = 25
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NAME = "Zaphira-who-is-remembered"


@dataclass
class Running:
    """A bot that runs day after day, and what it sends."""

    store: Database
    clock: SetClock
    handler: UpdateHandler
    talking: PrivateChat
    updates: int = 0

    @property
    def retention(self) -> Retention:
        return Retention(self.store, self.clock, self.talking.silent, DAYS)

    async def says(self, person: int, event: object = None) -> TurnResult:
        self.updates += 1
        extra = {"language": "en", "message": 5}
        turned = await self.handler.incoming(IncomingUpdate(self.updates, key(person), event or Said("No"), extra))
        assert turned is not None
        return turned

    async def becomes(self, person: int, change: Callable[[Person], Person]) -> None:
        """Let somebody be other than they were, by a turn of their own."""
        self.updates += 1
        await self.store.turn(self.updates, key(person), lambda known: TurnResult(change(_known(known))), self.clock.at)

    async def passes(self, days: int) -> tuple[int, int]:
        """Let days go by, the last of them with a walk each; return how many were told and deleted in those."""
        told = deleted = 0
        self.clock.at += max(0, days - WALKED) * DAY
        for _ in range(min(days, WALKED)):
            self.clock.at += DAY
            now = await self.retention.round()
            told, deleted = told + now[0], deleted + now[1]
        return told, deleted

    async def sent(self) -> list[tuple[int, Call]]:
        found = []
        while claimed := await self.store.claim("w", self.clock.at, timedelta(minutes=1), 50):
            for one in claimed:
                found.append((one.key.chat, one.call))
                await self.store.sent(one, 7, self.clock.at)
        return found


def _known(person: Person | None) -> Person:
    assert person is not None
    return person


@pytest.fixture
def life(store: Database, clock: SetClock, library: Library) -> Running:
    talking = PrivateChat(library, "after_interview", Operator("Ops", "ops@example.org", retention=DAYS))
    clock.at = clock.at.replace(hour=10)
    return Running(store, clock, UpdateHandler(store, clock, Talks(talking.respond)), talking)


async def test_silent_people_are_told_once_and_deleted_two_weeks_later(life: Running, tmp_path: Path) -> None:
    await life.says(DANA)
    case = Session("after_interview", answers={"first": NAME})
    await life.becomes(DANA, lambda dana: replace(dana, cases={1: case}, current=1))
    await life.sent()
    assert await life.passes(DAYS - 1) == (0, 0)
    assert await life.passes(1) == (1, 0)
    ((chat, call),) = await life.sent()
    assert chat == DANA
    assert call.reminder, "it waits behind answers"
    assert "In 14 days I&#x27;ll delete everything I keep about you" in call.values["text"]
    assert call.values["reply_markup"]["inline_keyboard"] == [[{"text": "Keep", "callback_data": f"0:{KEEP}"}]]
    assert await life.passes(GRACE.days - 1) == (0, 0)
    assert await life.passes(1) == (0, 1)
    with sqlite3.connect(tmp_path / "db.sqlite3") as raw:
        for table in ("person", "session", "case_", "outbox"):
            assert raw.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # noqa: S608 - names of tables
    assert await life.sent() == []
    assert (tmp_path / "db.sqlite3-wal").stat().st_size == 0, "what was deleted is in no log"


@pytest.mark.parametrize("event", [Picked(KEEP, 0), Said("hello"), Picked("m_stop_9", 0)], ids=["keep", "word", "tap"])
async def test_keep_or_any_word_keeps_them_for_another_retention_time(life: Running, event: object) -> None:
    await life.says(DANA)
    await life.becomes(DANA, lambda dana: replace(dana, facts={"me": "Sam"}))
    await life.passes(DAYS + 1)
    await life.sent()
    life.clock.at += 10 * DAY
    answered = await life.says(DANA, event)
    if event == Picked(KEEP, 0):
        assert "Great, I&#x27;ll keep it." in str(answered.calls)
    assert await life.passes(DAYS - 1) == (0, 0)
    assert await life.passes(2) == (1, 0), "and then they are told anew"


async def test_keep_after_the_deletion_promises_nothing(life: Running) -> None:
    turned = await life.says(DANA, Picked(KEEP, 0))
    assert "I'll keep it" not in str(turned)


async def test_a_reminder_that_falls_due_is_no_word_of_theirs(life: Running) -> None:
    await life.says(DANA)
    until = life.clock.at + 100 * DAY
    planned = ReminderSchedule(lives={1: CaseReminders(since=life.clock.at.date(), closes=until.date())})
    await life.becomes(DANA, lambda dana: replace(dana, schedule=planned, cases={1: Session("after_interview")}))
    await life.passes(101)
    (due,) = await life.store.claim_due(life.clock.at, HOUR, 5)
    assert await life.handler.collect_due(due) is not None
    assert await life.passes(DAYS - 102) == (0, 0)
    assert (await life.passes(2))[0] == 1


async def test_nobody_is_told_or_deleted_while_a_step_is_ahead(life: Running) -> None:
    far = life.clock.at + 400 * DAY
    reminder = Reminder(1, "M4", far.date(), far.time(), far)
    case = Session("after_interview", answers={"decision_date": far.date().isoformat()})
    states: list[Callable[[Person], Person]] = [
        lambda one: replace(one, schedule=ReminderSchedule((reminder,))),
        lambda one: replace(one, cases={1: case}, current=1),
    ]
    for person, state in enumerate(states, 20):
        await life.says(person)
        await life.becomes(person, state)
    for number, coaches, members in ((1, {30: "C"}, {}), (2, {99: "C"}, {31: Member(life.clock.at)})):
        await life.says(30 + number - 1)
        cohort = Cohort("Spring", "en", coaches, members)

        def step(
            known: Person | None, _repository: CohortRepository, number: int = number, one: Cohort = cohort
        ) -> CohortTurn:
            return CohortTurn(_known(known), cohorts={number: one})

        await life.store.cohort_respond(9000 + number, key(30 + number - 1), step, life.clock.at)
    await life.sent()
    assert await life.passes(DAYS + 30) == (0, 0)
    assert (await life.passes(230))[0] == 2, "once what was ahead is over"


async def test_a_clock_that_is_years_ahead_for_a_while_tells_and_deletes_nobody(life: Running) -> None:
    """Neither those who were told already, nor those who were not; and afterwards all goes on as before."""
    await life.says(DANA)
    await life.passes(DAYS + 5)
    await life.says(STAN)
    await life.sent()
    assert await life.passes(5) == (0, 0)
    right = life.clock.at
    for seconds in (0, 25, 50, 75):
        life.clock.at = datetime(2029, 5, 1, 12, 0, seconds % 60, tzinfo=right.tzinfo) + timedelta(hours=seconds)
        assert await life.retention.round() == (0, 0)
    life.clock.at = right
    assert (await life.passes(14))[1] == 1
    assert await life.store.keeps_others(0), "Stan is there"


async def test_a_clock_a_few_days_ahead_deletes_nobody_early(life: Running) -> None:
    await life.says(DANA)
    await life.passes(DAYS + 1)
    assert await life.passes(8) == (0, 0)
    life.clock.at += 7 * DAY
    assert await life.retention.round() == (0, 0)


async def test_a_bot_that_was_away_believes_its_clock_after_a_week(life: Running) -> None:
    await life.says(DANA)
    life.clock.at += 300 * DAY
    assert await life.passes(7) == (0, 0)
    assert await life.passes(1) == (1, 0)


async def test_whoever_blocked_the_bot_is_not_written_to_and_deleted_all_the_same(life: Running) -> None:
    await life.says(DANA)
    await life.handler.left(BOT, DANA, "blocked")
    await life.sent()
    assert await life.passes(DAYS + 1) == (1, 0)
    assert await life.sent() == []
    assert await life.passes(GRACE.days + 1) == (0, 1)


async def test_nobody_is_told_at_night(life: Running) -> None:
    await life.says(DANA)
    await life.becomes(DANA, lambda dana: replace(dana, zone="Asia/Tokyo"))
    await life.sent()
    assert await life.passes(DAYS + 3) == (0, 0), "at ten in London it is evening there"
    life.clock.at += 14 * HOUR
    assert await life.retention.round() == (1, 0)


async def test_two_processes_tell_once(life: Running) -> None:
    await life.says(DANA)
    await life.sent()
    await life.passes(DAYS - 1)
    life.clock.at += DAY
    ran = await life.store.retention.begin_walk(life.clock.at)
    assert ran is not None
    assert await life.store.retention.begin_walk(life.clock.at) is None, "this hour is walked already"
    turns = [
        await life.store.retention.end_silence(key(DANA), ran, life.talking.silent, life.clock.at) for _ in range(2)
    ]
    assert [turned is not None for turned in turns] == [True, False]
    assert len(await life.sent()) == 1


async def test_a_walk_goes_page_by_page_to_the_end(
    store: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.storage import retention

    monkeypatch.setattr(retention, "PAGE", 3)
    for person in range(1, 11):
        await store.turn(person, key(person), lambda _known: TurnResult(Person()), clock.at)
    seen: list[int] = []
    pages, after = 0, 0
    while True:
        people, after = await store.retention.silent_people(after, DAYS * DAY, clock.at + 200 * DAY)
        seen += [one.person for one in people]
        pages += 1
        if not after:
            break
    assert seen == list(range(1, 11))
    assert pages == 5
