"""Silent people and requests about people, on both databases: found, told, deleted, and noted."""

from __future__ import annotations

from datetime import date, timedelta

from bot.core.chat.person import Call, Key, Person, TurnResult
from bot.core.chat.retention import Silence
from bot.core.coaching.cohort import Cohort, CohortRepository, CohortTurn, Member
from bot.core.dialogue.session import Session
from bot.storage.database import Database
from tests.support.dates import NOW

BOT, DANA, STAN, COACH = 7, 5000000010, 5000000011, 5000000001
DAY = timedelta(days=1)
LATER = NOW + 200 * DAY


def key(person: int) -> Key:
    return Key(BOT, person, 0, person)


async def is_kept(store: Database, update: int, person: int, **what: object) -> None:
    await store.turn(update, key(person), lambda known: TurnResult((known or Person()).but(**what)), NOW)


async def test_silent_people_are_found_told_and_deleted(store: Database) -> None:
    await is_kept(store, 1, DANA)
    await is_kept(store, 2, STAN)
    cohort = Cohort("Spring", "en", {COACH: "Cleo"}, {STAN: Member(NOW)})

    def step(_known: Person | None, _repository: CohortRepository) -> CohortTurn:
        return CohortTurn(Person(), cohorts={4: cohort})

    await store.cohort_respond(3, key(COACH), step, NOW)
    assert await store.retention.begin_walk(LATER) == {LATER.date()}
    assert await store.retention.begin_walk(LATER) is None
    assert await store.retention.begin_walk(LATER + DAY) == {LATER.date(), (LATER + DAY).date()}
    assert (await store.retention.silent_people(0, 201 * DAY, LATER))[0] == ()
    assert (await store.retention.silent_people(0, 180 * DAY, LATER))[0] == (key(DANA),), (
        "those in cohorts are not even looked at"
    )
    seen: list[Silence] = []

    def silent(person: Person, silence: Silence, _now: object) -> TurnResult | None:
        seen.append(silence)
        return TurnResult(person if silence.told is None else None, (Call("message", {"text": "notice"}),))

    ran: set[date] = set()
    told = await store.retention.end_silence(key(DANA), ran, silent, LATER)
    assert told is not None
    assert told.person is not None
    (posted,) = await store.claim("w", LATER, DAY, 5)
    assert posted.call.values == {"text": "notice"}
    assert (await store.retention.silent_people(0, 180 * DAY, LATER + DAY))[0] == ()
    assert (await store.retention.silent_people(0, 180 * DAY, LATER + 14 * DAY))[0] == (key(DANA),)
    gone = await store.retention.end_silence(key(DANA), ran, silent, LATER + 14 * DAY)
    assert gone is not None
    assert gone.person is None
    assert await store.retention.end_silence(key(DANA), ran, silent, LATER + 14 * DAY) is None
    assert [(one.heard, one.told, one.enrolled) for one in seen] == [(NOW, None, False), (NOW, LATER, False)]
    await store.retention.end_silence(key(STAN), ran, silent, LATER)
    assert seen[-1].enrolled


async def test_requests_find_hand_over_delete_and_are_noted(store: Database) -> None:
    case = Session("after_interview", answers={"first": "Maria"})
    await is_kept(store, 1, DANA, cases={1: case, 2: case}, current=2)
    await is_kept(store, 2, STAN, cases={1: case}, current=1)
    requests = store.requests
    assert await requests.resolve(str(DANA)) == DANA
    assert await requests.resolve(store.pseudonym(STAN)) == STAN
    assert await requests.resolve("p000000000000") is None
    (found,) = await requests.find(DANA)
    assert (found.bot, found.person, found.since, found.heard, found.interviews) == (BOT, DANA, NOW, NOW, 2)
    made = await requests.export(BOT, DANA, lambda person, _repository, who: (str(dict(person.cases)), str(who)))
    assert made is not None
    assert "Maria" in made[0]
    await requests.note("forget", "root", found.pseudonym, NOW)
    await requests.forget(BOT, DANA)
    assert await requests.find(DANA) == []
    assert len(await requests.find(STAN)) == 1
    (noted,) = await requests.noted()
    assert (noted.what, noted.by, noted.pseudonym) == ("forget", "root", store.pseudonym(DANA))
