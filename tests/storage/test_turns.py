"""A turn is one transaction: what the store promises of it, on both databases."""

from __future__ import annotations

import asyncio
from collections import ChainMap
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.chat.person import Person, TurnResult
from bot.core.dialogue.session import Session
from bot.storage.database import Database
from bot.storage.encryption import SealedCache
from bot.storage.errors import StoreClosed, Unstorable
from tests.storage.conftest import Opening, Place
from tests.support.dates import NOW
from tests.support.examples import examples
from tests.support.store_stories import ANNA, BEN, GROUP, becomes, case, claim, count, look, says, texts, turn

NOBODY = Person(language="en")


async def test_an_update_that_comes_twice_takes_effect_once(store: Database) -> None:
    first = await store.turn(7, ANNA, becomes(says("hello"), turn=1), NOW)
    second = await store.turn(7, ANNA, becomes(says("hello"), turn=2), NOW)
    assert first is not None
    assert second is None
    assert (await look(store, ANNA)).turn == 1
    assert (await store.depth()).waiting == 1


async def test_two_bots_may_see_the_same_update_number(store: Database) -> None:
    assert await store.turn(7, ANNA, becomes(), NOW) is not None
    assert await store.turn(7, replace(ANNA, bot=2), becomes(), NOW) is not None


async def test_a_step_that_raises_changes_nothing_and_may_come_again(store: Database) -> None:
    def fails(_person: Person | None) -> TurnResult:
        raise KeyError("no such rule")

    with pytest.raises(KeyError, match="no such rule"):
        await store.turn(7, ANNA, fails, NOW)
    assert await look(store, ANNA) is None
    assert await store.turn(7, ANNA, becomes(turn=1), NOW) is not None


async def test_what_cannot_be_stored_is_undone_in_whole(store: Database) -> None:
    """The seen row and the person are written before the impossible number is met."""
    with pytest.raises((Unstorable, OverflowError)):
        await store.turn(7, ANNA, becomes(says("lost"), panel=2**80), NOW)
    assert await look(store, ANNA) is None
    assert await store.depth() == replace(await store.depth(), waiting=0)
    assert await store.turn(7, ANNA, becomes(), NOW) is not None


async def test_a_failing_turn_leaves_the_others_of_its_group_alone(store: Database) -> None:
    def fails(_person: Person | None) -> TurnResult:
        raise RuntimeError("broken")

    keys = [replace(ANNA, topic=n) for n in range(40)]
    steps: list[Any] = [fails if n % 3 == 0 else becomes(turn=n) for n in range(40)]
    done = await asyncio.gather(*map(lambda k, s: turn(store, k, s), keys, steps), return_exceptions=True)
    assert [isinstance(d, RuntimeError) for d in done] == [n % 3 == 0 for n in range(40)]
    assert [(await look(store, k)).turn for k in keys[1:3]] == [1, 2]


async def test_turns_of_one_person_run_in_the_order_of_their_calls(store: Database) -> None:
    ran: list[int] = []

    def step(n: int) -> Any:
        def run(person: Person | None) -> TurnResult:
            ran.append(n)
            return TurnResult(replace(person or Person(), turn=n), (says(str(n)),))

        return run

    await asyncio.gather(*(turn(store, ANNA, step(n)) for n in range(20)))
    assert ran == list(range(20))
    assert (await look(store, ANNA)).turn == 19


async def test_a_hundred_increments_at_once_all_count(store: Database) -> None:
    others = [replace(ANNA, topic=n) for n in range(3)]
    await asyncio.gather(*(turn(store, others[n % 3], count) for n in range(99)))
    assert [(await look(store, k)).turn for k in others] == [33, 33, 33]
    assert await look(store, ANNA, lambda p: p and p.cases[1].answers["n"]) == "33"


async def test_two_chats_of_one_person_do_not_overwrite_their_facts(store: Database) -> None:
    private, group = ANNA, replace(ANNA, chat=GROUP)

    def adds(name: str) -> Any:
        def step(person: Person | None) -> TurnResult:
            person = person or Person()
            return TurnResult(replace(person, facts={**person.facts, name: "yes"}))

        return step

    await asyncio.gather(*(turn(store, k, adds(f"f{n}")) for n, k in enumerate([private, group] * 15)))
    assert set((await look(store, private)).facts) == {f"f{n}" for n in range(30)}


async def test_somebody_known_from_another_chat_keeps_language_and_facts_but_not_cases(store: Database) -> None:
    await turn(store, ANNA, becomes(language="es", facts={"name": "Anna"}, cases={1: case(a="b")}, current=1, turn=3))
    met = await look(store, replace(ANNA, chat=GROUP), lambda p: (p.language, dict(p.facts), dict(p.cases), p.turn))
    assert met == ("es", {"name": "Anna"}, {}, 0)


async def test_a_person_comes_back_as_they_were_kept(store: Database, place: Place, opening: Opening) -> None:
    kept = Person(
        language="de",
        zone="Europe/Berlin",
        working_days=(7, 1, 2, 3, 4),
        facts={"name": "Änne \x00 \ud800", "role": ""},
        cases={1: case(tone="rapport"), 4: case(), 9: Session("other", said={"x": "🙂"})},
        current=4,
        turn=12,
        asking="tone",
        run=("a", "b"),
        panel=77,
    )
    await turn(store, ANNA, lambda _: TurnResult(kept))
    again = await opening(place)
    assert await look(again, ANNA, lambda p: replace(p, cases=dict(p.cases))) == kept


sessions = st.builds(
    Session,
    flow=st.text(),
    language=st.text(),
    zone=st.text(),
    working_days=st.lists(st.integers(1, 7), min_size=1).map(tuple),
    answers=st.dictionaries(st.text(), st.text(st.characters(codec=None))),
    carried=st.dictionaries(st.text(), st.text()),
    asking=st.text(),
    said=st.dictionaries(st.text(), st.text()),
    others=st.lists(st.text()).map(tuple),
    turn=st.integers(0, 2**40),
    stage=st.sampled_from(["open", "cancelled"]),
)


@settings(max_examples=examples(30), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(session=sessions)
def test_any_session_comes_back_unchanged(place: Place, session: Session) -> None:
    """Lone surrogates, NUL and all: what a person types decides nothing about whether it can be kept."""

    async def story() -> None:
        store = await Database.open(place.url, place.cipher)
        try:
            await turn(store, ANNA, lambda _: TurnResult(Person(cases={1: session}, current=1)))
            assert await look(store, ANNA, lambda p: p.cases[1]) == session
        finally:
            await store.close()

    asyncio.run(story())


async def test_cases_are_read_when_they_are_looked_at(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await turn(store, ANNA, becomes(cases={n: case(n=str(n)) for n in range(1, 6)}, current=2))
    opened: list[object] = []
    real = SealedCache.open

    def spy(memory: SealedCache, sealed: bytes, read: Callable[[Any], Any]) -> Any:
        opened.extend([sealed] if read == Session.from_json else [])
        return real(memory, sealed, read)

    monkeypatch.setattr(SealedCache, "open", spy)
    assert await look(store, ANNA, lambda p: p.current) == 2
    assert len(opened) == 0
    assert await look(store, ANNA, lambda p: p.cases[4].answers["n"]) == "4"
    assert len(opened) == 1
    assert await look(store, ANNA, lambda p: (list(p.cases), 3 in p.cases, 9 in p.cases, p.cases.get(9))) == (
        [1, 2, 3, 4, 5],
        True,
        False,
        None,
    )
    assert len(opened) == 1


async def test_cases_can_still_be_looked_at_after_the_turn(store: Database) -> None:
    await turn(store, ANNA, becomes(cases={n: case(n=str(n)) for n in (1, 2, 3)}, current=1))
    turned = await turn(store, ANNA, lambda p: TurnResult(replace(p, turn=1)))  # type: ignore[type-var]
    assert turned is not None
    assert turned.person is not None
    assert {n: c.answers["n"] for n, c in turned.person.cases.items()} == {1: "1", 2: "2", 3: "3"}


async def test_cases_are_added_changed_and_dropped(store: Database) -> None:
    await turn(store, ANNA, becomes(cases={1: case(a="1"), 2: case(a="2")}, current=1))
    await turn(store, ANNA, lambda p: TurnResult(replace(p, cases=ChainMap({3: case(a="3")}, p.cases))))  # type: ignore
    assert await look(store, ANNA, lambda p: {n: c.answers["a"] for n, c in p.cases.items()}) == {
        1: "1",
        2: "2",
        3: "3",
    }
    await turn(store, ANNA, lambda p: TurnResult(replace(p, cases={2: case(a="two"), 3: p.cases[3]})))  # type: ignore
    assert await look(store, ANNA, lambda p: {n: c.answers["a"] for n, c in p.cases.items()}) == {2: "two", 3: "3"}


async def test_a_naive_instant_is_refused_everywhere(store: Database) -> None:
    naive = datetime(2026, 11, 23, 9)  # noqa: DTZ001  # the point
    await turn(store, ANNA, becomes(says("x")))
    (posted,) = await claim(store)
    with pytest.raises(ValueError, match="no time zone"):
        await turn(store, ANNA, becomes(), now=naive)
    with pytest.raises(ValueError, match="no time zone"):
        await store.later(posted, naive)
    with pytest.raises(ValueError, match="no time zone"):
        await store.upkeep.tidy(naive)


async def test_an_instant_keeps_its_moment_whatever_its_zone(store: Database) -> None:
    from zoneinfo import ZoneInfo

    await turn(store, ANNA, becomes(says("x")), now=NOW.astimezone(ZoneInfo("Asia/Karachi")))
    assert (await store.depth()).oldest == NOW


async def test_forgetting_leaves_only_the_goodbye(store: Database) -> None:
    group = replace(ANNA, chat=GROUP, topic=3)
    for key in (ANNA, group, BEN):
        await turn(store, key, becomes(says("waiting"), facts={"name": "x"}, cases={1: case()}, current=1))
    (posted, *_) = await claim(store, 1)
    await store.park(posted, "cannot be made", NOW)
    await store.park_update(1, 900, "always fails", {"message": {"from": {"id": ANNA.person}, "text": "x"}}, NOW)
    await store.park_update(1, 901, "always fails", {"message": {"from": {"id": BEN.person}, "text": "x"}}, NOW)
    await turn(store, ANNA, lambda _: TurnResult(None, (says("Forgotten."),)))
    assert await look(store, ANNA) is None
    assert await look(store, group) is None
    assert await look(store, BEN) is not None
    assert sorted(texts(await claim(store))) == ["Forgotten.", "waiting"]
    assert [p.payload["message"]["from"]["id"] for p in await store.parked()] == [BEN.person]


async def test_after_forgetting_a_turn_that_keeps_nothing_leaves_the_goodbye_alone(store: Database) -> None:
    await turn(store, ANNA, becomes(facts={"name": "x"}, cases={1: case()}, current=1))
    await turn(store, ANNA, lambda _: TurnResult(None, (says("Forgotten."),)))
    made = await turn(store, ANNA, lambda person: TurnResult(person or NOBODY, keeps=False))
    assert made is not None
    assert await look(store, ANNA) is None
    assert texts(await claim(store)) == ["Forgotten."]


async def test_a_turn_that_keeps_nothing_leaves_whoever_is_there_as_they_are(store: Database) -> None:
    await turn(store, ANNA, becomes(facts={"name": "x"}, cases={1: case()}, current=1))
    await turn(store, ANNA, lambda _: TurnResult(replace(NOBODY, language="de"), keeps=False))
    kept = await look(store, ANNA)
    assert (kept.language, kept.facts, kept.cases[1]) == ("en", {"name": "x"}, case())


async def test_a_turn_that_nobody_awaits_any_more_harms_nobody(store: Database) -> None:
    tasks = [asyncio.create_task(turn(store, ANNA, count)) for _ in range(10)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(d, asyncio.CancelledError) for d in done] == [True, False] * 5
    assert 5 <= (await look(store, ANNA)).turn <= 10
    await turn(store, ANNA, count)


async def test_closing_finishes_what_was_begun_and_refuses_what_comes_later(place: Place, opening: Opening) -> None:
    store = await Database.open(place.url, place.cipher)
    tasks = [asyncio.create_task(turn(store, ANNA, count)) for _ in range(30)]
    await asyncio.sleep(0)
    await store.close()
    assert all(t is not None for t in await asyncio.gather(*tasks))
    with pytest.raises(StoreClosed):
        await turn(store, ANNA, count)
    await store.close()
    assert (await look(await opening(place), ANNA)).turn == 30


async def test_a_seen_update_is_dropped_after_two_days_and_not_before(store: Database) -> None:
    for n in range(5):
        await store.turn(n, ANNA, becomes(), NOW - timedelta(days=3))
    await store.turn(5, ANNA, becomes(), NOW - timedelta(days=1))
    assert await store.upkeep.tidy(NOW) == 5
    assert await store.turn(5, ANNA, becomes(), NOW) is None
    assert await store.turn(4, ANNA, becomes(), NOW) is not None


async def test_a_database_that_is_up_to_date_is_ready(store: Database) -> None:
    await store.ready()
