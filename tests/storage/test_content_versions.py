"""Editions of the content and trials, on both databases: kept, found at a turn, claimed, gone with their coach."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.core.chat.person import Key, Person, Preview, TurnResult
from bot.core.coaching.cohort import Cohort, CohortRepository, CohortTurn, Member
from bot.core.coaching.content_version import ContentVersion, Finding, MeaningChange, UploadedFile
from bot.core.dialogue.session import Session
from bot.storage.database import Database
from tests.support.dates import NOW

BOT, COACH, OTHER, DANA, STAN = 7, 1, 2, 10, 11
LEASE = timedelta(minutes=1)
SENT = ContentVersion(
    COACH,
    NOW,
    "sent",
    4,
    0,
    {"flows/facts.yaml": "facts: ä"},
    (UploadedFile("f", "facts.yaml", ("a", "b")),),
    (Finding("a", 3, "wrong"),),
    (MeaningChange("1: x", ("who",)),),
    "seal",
)


def key(person: int) -> Key:
    return Key(BOT, person, 0, person)


class Life:
    def __init__(self, store: Database) -> None:
        self.store, self.updates = store, 0

    async def convenes(self, person: int, **kept: object) -> None:
        self.updates += 1

        def step(known: Person | None, _repository: CohortRepository) -> CohortTurn:
            return CohortTurn(known or Person(), **kept)  # type: ignore[arg-type]

        await self.store.cohort_respond(self.updates, key(person), step, NOW)

    async def met(self, person: int, change: Person | None = None) -> Person | None:
        """Return somebody as a turn finds them; leave them as they are, or changed."""
        found: list[Person | None] = []
        self.updates += 1

        def step(known: Person | None) -> TurnResult:
            found.append(known)
            return TurnResult(change or known or Person())

        await self.store.turn(self.updates, key(person), step, NOW)
        return found[0]


def cohort(version: int, *members: int) -> Cohort:
    return Cohort("Spring", "en", {COACH: "Cleo"}, {one: Member(NOW) for one in members}, version=version)


async def test_a_turn_finds_what_its_person_talks_with(store: Database) -> None:
    life = Life(store)
    for person in (DANA, STAN):
        await life.convenes(person)
    await life.convenes(COACH, cohorts={4: cohort(90, DANA), 5: cohort(80, DANA)}, versions={90: SENT})
    dana, stan = await life.met(DANA), await life.met(STAN)
    assert dana
    assert stan
    assert (dana.version, stan.version) == (90, 0), "of several, what was sent last"
    await life.convenes(COACH, cohorts={4: cohort(0, DANA)})
    dana = await life.met(DANA)
    assert dana
    assert dana.version == 80
    assert await store.versions.one(BOT, 90) == SENT
    assert await store.versions.one(BOT, 91) is None


async def test_what_was_sent_is_claimed_once_until_its_lease_ends(store: Database) -> None:
    life = Life(store)
    await life.convenes(COACH, versions={90: SENT, 91: replace(SENT, state="ready")})
    job = await store.versions.claim(NOW, LEASE)
    assert job
    assert (job.bot, job.number, job.version) == (BOT, 90, SENT)
    assert await store.versions.claim(NOW, LEASE) is None
    assert await store.versions.claim(NOW + LEASE, LEASE), "whoever had it is gone"
    await store.versions.put_off(BOT, 90, NOW)
    assert await store.versions.claim(NOW, LEASE)
    await life.convenes(COACH, versions={90: replace(SENT, state="refused")})
    assert await store.versions.claim(NOW + 9 * LEASE, LEASE) is None


async def test_a_trial_is_kept_beside_its_coach_and_goes_with_them(store: Database) -> None:
    life = Life(store)
    own = Person(cases={1: Session("after_interview", answers={"first": "Zoë"})}, current=1)
    await life.met(COACH, own)
    known = await life.met(COACH)
    assert known
    played = Preview(90, 4, Person(cases={3: Session("x", answers={"a": "b"})}, current=3), NOW, timedelta(days=3))
    await life.met(COACH, known.but(trial=played))
    found = await life.met(COACH)
    assert found
    assert found.trial == played
    assert found.cases[1].answers == {"first": "Zoë"}
    await life.met(COACH, found.but(trial=None))
    found = await life.met(COACH)
    assert found
    assert found.trial is None
    await life.met(COACH, found.but(trial=played))
    await life.store.turn(99, key(COACH), lambda _known: TurnResult(None), NOW)
    assert await life.met(COACH) is None
    found = await life.met(COACH)
    assert found
    assert found.trial is None


async def test_what_is_published_stays_with_the_cohort_and_drafts_go_with_their_coach(store: Database) -> None:
    life = Life(store)
    two = replace(cohort(90, DANA), coaches={COACH: "Cleo", OTHER: "Otto"})
    published = replace(SENT, state="published")
    await life.convenes(COACH, cohorts={4: two}, versions={90: published, 91: SENT})
    await store.turn(99, key(COACH), lambda _known: TurnResult(None), NOW)
    assert await store.versions.one(BOT, 90) == replace(published, coach=OTHER)
    assert await store.versions.one(BOT, 91) is None
    await store.turn(100, key(OTHER), lambda _known: TurnResult(None), NOW)
    assert await store.versions.one(BOT, 90) is None, "a cohort without coaches is over"


async def test_the_end_of_a_cohort_is_that_of_its_editions(store: Database) -> None:
    life = Life(store)
    await life.convenes(COACH, cohorts={4: cohort(90)}, versions={90: SENT})
    await life.convenes(COACH, cohorts={4: None})
    assert await store.versions.one(BOT, 90) is None
