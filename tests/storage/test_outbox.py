"""The outbox: order, leases, fencing, parking; on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import text

from bot.core.chat.person import Call, Key, Person, TurnResult
from bot.runtime.outbox_worker import EXHAUSTED, PERHAPS
from bot.runtime.ports import OutboxClaim
from bot.runtime.refusals import HUSHED, KINDS, NO_FAULT
from bot.storage.compiled import CompiledStatement
from bot.storage.database import Database
from bot.storage.people import STORED
from bot.telegram.sender import METHODS
from tests.storage.conftest import Opening, Place, emptied
from tests.support.dates import NOW
from tests.support.store_stories import ANNA, BEN, GROUP, LEASE, becomes, case, claim, look, says, texts, turn

CARL = replace(ANNA, chat=7, person=7)
SECOND = timedelta(seconds=1)


async def test_a_call_comes_back_as_it_was_posted(store: Database) -> None:
    call = says("Hello <b>\ud83d</b>", panel=True)
    await turn(store, replace(ANNA, topic=9), becomes(call))
    (posted,) = await claim(store)
    assert (posted.key, posted.call, posted.attempts) == (replace(ANNA, topic=9), call, 1)


async def test_a_chat_gives_its_oldest_call_or_none(store: Database) -> None:
    await turn(store, ANNA, becomes(says("1"), says("2"), says("3")))
    sent = []
    while claimed := await claim(store):
        assert len(claimed) == 1
        assert await claim(store) == []
        sent += texts(claimed)
        assert await store.sent(claimed[0], 1, NOW)
    assert sent == ["1", "2", "3"]


async def test_a_call_is_taken_off_late_as_well(store: Database) -> None:
    await turn(store, ANNA, becomes(says("1"), says("2")))
    (posted,) = await claim(store)
    assert await store.sent(posted, 1, NOW, late=True)
    assert not await store.sent(posted, 1, NOW, late=True)
    assert texts(await claim(store)) == ["2"]


async def test_topics_of_one_chat_share_its_order(store: Database) -> None:
    for topic in (1, 2):
        await turn(store, Key(1, GROUP, topic, topic), becomes(says(str(topic))))
    assert texts(await claim(store)) == ["1"]


async def test_answers_go_before_reminders_and_older_before_newer(store: Database) -> None:
    for key, call in ((ANNA, says("reminder", reminder=True)), (BEN, says("first")), (CARL, says("second"))):
        await turn(store, key, becomes(call))
    assert texts(await claim(store)) == ["first", "second", "reminder"]


async def test_a_claim_takes_no_more_chats_than_asked(store: Database) -> None:
    for key in (ANNA, BEN, CARL):
        await turn(store, key, becomes(says(str(key.chat))))
    assert len(await claim(store, 2)) == 2
    assert len(await claim(store, 2)) == 1


async def test_a_lease_that_ran_out_is_given_to_another_and_the_first_may_not_finish(store: Database) -> None:
    await turn(store, ANNA, becomes(says("once")))
    (frozen,) = await claim(store, worker="frozen")
    assert await claim(store, now=NOW + LEASE - SECOND) == []
    (rescued,) = await claim(store, now=NOW + LEASE, worker="awake")
    assert rescued.id == frozen.id
    assert rescued.fence > frozen.fence
    assert rescued.attempts == 2
    assert not await store.sent(frozen, 5, NOW)
    assert not await store.later(frozen, NOW)
    assert not await store.park(frozen, "cannot", NOW)
    assert await store.sent(rescued, 5, NOW)
    assert not await store.sent(rescued, 5, NOW)
    assert (await store.depth()).waiting == 0


async def test_a_number_is_never_used_twice(store: Database) -> None:
    """A stale worker's number and fence must not fit a later call."""
    await turn(store, ANNA, becomes(says("old")))
    (old,) = await claim(store)
    await store.sent(old, None, NOW)
    await turn(store, ANNA, becomes(says("new")))
    (new,) = await claim(store)
    assert new.id > old.id
    assert not await store.sent(old, None, NOW)


async def test_a_delayed_call_holds_its_chat_back_and_no_other(store: Database) -> None:
    await turn(store, ANNA, becomes(says("1"), says("2")))
    await turn(store, BEN, becomes(says("ben")))
    anna, ben = await claim(store)
    assert await store.later(anna, NOW + 5 * SECOND)
    assert await claim(store, now=NOW + 4 * SECOND) == []
    assert await store.next_at(NOW) == NOW + 5 * SECOND
    assert texts(await claim(store, now=NOW + 5 * SECOND)) == ["1"]
    assert await store.sent(ben, None, NOW)


async def test_a_flooded_chat_gets_nothing_before_its_time_even_when_its_oldest_call_is_gone(store: Database) -> None:
    anna, ben = replace(ANNA, chat=GROUP), replace(BEN, chat=GROUP)
    await turn(store, anna, becomes(says("1")))
    await turn(store, ben, becomes(says("2")))
    (first,) = await claim(store)
    assert await store.later(first, NOW + 9 * SECOND, whole_chat=True)
    await turn(store, anna, lambda _: TurnResult(None))  # whoever is forgotten takes along what waits for them
    assert await claim(store, now=NOW + 8 * SECOND) == []
    assert texts(await claim(store, now=NOW + 9 * SECOND)) == ["2"]


async def test_when_to_look_again(store: Database) -> None:
    assert await store.next_at(NOW) is None
    await turn(store, ANNA, becomes(says("1"), says("2")))
    assert await store.next_at(NOW) == NOW
    await claim(store)
    assert await store.next_at(NOW) == NOW + LEASE


async def test_the_message_with_the_buttons_is_kept_unless_the_person_went_on(store: Database) -> None:
    await turn(store, ANNA, becomes(says("a", panel=True), turn=1))
    (first,) = await claim(store)
    await store.sent(first, 41, NOW)
    assert (await look(store, ANNA)).panel == 41
    await turn(store, ANNA, becomes(says("b", panel=True), turn=2))
    (second,) = await claim(store)
    await turn(store, ANNA, becomes(turn=3))
    await store.sent(second, 42, NOW)
    assert (await look(store, ANNA)).panel == 41


async def test_a_question_overtaken_before_it_was_sent_loses_its_buttons(store: Database) -> None:
    await turn(store, ANNA, becomes(says("a", panel=True), turn=1))
    (first,) = await claim(store)
    await turn(store, ANNA, becomes(says("b", panel=True), turn=2))
    await store.sent(first, 41, NOW)
    (second,) = await claim(store)
    await store.sent(second, 42, NOW)
    (closing,) = await claim(store)
    assert closing.call == Call("edit_buttons", {"message_id": 41})
    await store.sent(closing, None, NOW)
    assert (await store.depth()).waiting == 0
    assert (await look(store, ANNA)).panel == 42


async def test_a_question_that_a_newer_one_takes_the_place_of_keeps_the_new_buttons(store: Database) -> None:
    """Tapped before it was written down that it is sent."""
    await turn(store, ANNA, becomes(says("a", panel=True), turn=1))
    (first,) = await claim(store)
    await turn(store, ANNA, becomes(Call("edit", {"message_id": 41, "text": "b"}, panel=True), turn=2))
    await store.sent(first, 41, NOW)
    assert (await store.depth()).waiting == 1


async def test_whoever_speaks_is_reachable_again(store: Database) -> None:
    await turn(store, ANNA, becomes(turn=1))
    await store.blocked(ANNA.bot, ANNA.chat, "bot was blocked", NOW)
    assert blocked(store) == [ANNA.chat]
    await turn(store, ANNA, becomes(turn=2))
    assert blocked(store) == []


async def test_whoever_speaks_is_reachable_though_the_contrary_is_heard_in_between(
    shared: str, opening: Opening
) -> None:
    """Only PostgreSQL has several writers; what their turn has read may be old when it is written."""
    store = await opening(Place(emptied(shared)))
    await turn(store, ANNA, becomes(turn=1))

    def speaks(person: Person | None) -> TurnResult:
        with store._engine.begin() as other:
            other.execute(text("UPDATE session SET blocked_at = updated_at, opens = NULL"))
        return becomes(turn=2)(person)

    await turn(store, ANNA, speaks)
    assert blocked(store) == []


async def test_a_parked_call_is_listed_and_can_be_put_back(store: Database) -> None:
    await turn(store, ANNA, becomes(says("1", panel=True), turn=1))
    (posted,) = await claim(store)
    assert await store.park(posted, "Bad Request: Änne", NOW)
    (parked,) = await store.parked()
    assert (parked.what, parked.key, parked.reason, parked.since) == ("call", ANNA, "Bad Request: Änne", NOW)
    assert parked.payload == {"method": "sendMessage", "values": {"text": "1"}}
    assert (await store.depth()).parked == 1
    assert await store.release(parked.id, NOW)
    assert not await store.release(parked.id, NOW)
    (again,) = await claim(store)
    assert again.call == posted.call
    assert again.id > posted.id
    await store.sent(again, 8, NOW)
    assert (await look(store, ANNA)).panel == 8


async def test_a_parked_update_counts_as_seen_until_it_is_released(store: Database) -> None:
    await store.park_update(1, 50, "KeyError (3F)", {"update_id": 50, "text": "\ud800"}, NOW)
    await store.park_update(1, 50, "again", {}, NOW)
    first, _ = await store.parked()
    assert (first.what, first.key, first.payload) == ("update", None, {"update_id": 50, "text": "\ud800"})
    assert len(await store.parked(1)) == 1
    assert await store.turn(50, ANNA, becomes(), NOW) is None
    assert await store.release(first.id, NOW)
    assert await store.turn(50, ANNA, becomes(), NOW) is not None


async def test_a_chat_that_cannot_be_written_to_keeps_nothing_waiting(store: Database) -> None:
    await turn(store, ANNA, becomes(says("1"), says("2"), says("3")))
    await turn(store, BEN, becomes(says("ben")))
    flying, _ = await claim(store)
    assert await store.blocked(ANNA.bot, ANNA.chat, "bot was blocked", NOW) == 2
    assert [p.payload["values"]["text"] for p in await store.parked()] == ["2", "3"]
    assert await store.sent(flying, None, NOW)  # what is in flight is left to whoever makes it
    assert (await store.depth()).waiting == 1
    assert blocked(store) == [ANNA.chat]
    await store.unblocked(ANNA.bot, ANNA.chat)
    assert blocked(store) == []


def blocked(store: Database) -> list[int]:
    with store._engine.connect() as connection:
        return list(connection.execute(text("SELECT chat FROM session WHERE blocked_at IS NOT NULL")).scalars())


async def test_a_group_that_becomes_a_supergroup_keeps_everything(store: Database) -> None:
    old, new = Key(1, -55, 0, 7), Key(1, GROUP, 0, 7)
    await turn(store, old, becomes(says("1"), says("2"), says("3"), cases={1: case(a="b")}, current=1, turn=4))
    (flying,) = await claim(store)
    await store.migrate(1, -55, GROUP)
    assert await store.later(flying, NOW)
    claimed = await claim(store)
    assert [(p.key, p.call.values["text"]) for p in claimed] == [(new, "1")]
    await store.park(claimed[0], "x", NOW)
    assert (await store.parked())[0].key == new
    assert await look(store, new, lambda p: (p.cases[1].answers["a"], p.turn)) == ("b", 4)
    assert await look(store, old, lambda p: p.current) == 0


async def test_sessions_in_both_the_old_and_the_new_chat_are_joined(store: Database) -> None:
    old, new = Key(1, -55, 0, 7), Key(1, GROUP, 0, 7)
    await turn(store, old, becomes(cases={1: case(a="old"), 2: case(a="older")}, current=1, turn=4))
    await turn(store, new, becomes(cases={1: case(a="new")}, current=1, turn=1))
    await store.migrate(1, -55, GROUP)
    assert await look(store, new, lambda p: [c.answers["a"] for c in p.cases.values()]) == ["new", "old", "older"]
    assert await look(store, new, lambda p: (p.current, p.turn)) == (1, 1)


async def test_four_workers_claim_each_call_once(store: Database) -> None:
    keys = [replace(ANNA, chat=n, person=n) for n in range(1, 81)]
    await asyncio.gather(*(turn(store, k, becomes(says(str(k.chat)))) for k in keys))
    got: list[str] = []

    async def work(name: str) -> None:
        while claimed := await claim(store, 5, worker=name):
            got.extend(texts(claimed))
            await asyncio.gather(*(store.sent(p, None, NOW) for p in claimed))

    await asyncio.gather(*(work(f"w{n}") for n in range(4)))
    # A worker may find nothing because the others hold it all; nothing may be left or given twice.
    assert sorted(got, key=int) == [str(k.chat) for k in keys]
    assert (await store.depth()).waiting == 0


async def test_what_an_earlier_version_left_in_the_outbox_is_sent(store: Database) -> None:
    """It wrote the names of Telegram's methods, and so does this one, so that either can send what the other left."""
    for number, (kind, name) in enumerate(STORED.items()):
        await turn(store, ANNA, becomes(Call(kind, {"text": str(number)})))
        with store._engine.begin() as connection:
            kept = connection.execute(text("SELECT method FROM outbox ORDER BY id DESC LIMIT 1")).scalar_one()
        assert kept == name
        (claimed,) = await claim(store)
        assert claimed.call == Call(kind, {"text": str(number)})
        await store.sent(claimed, None, NOW)
    assert set(STORED.values()) == {
        "sendMessage", "editMessageText", "editMessageReplyMarkup", "sendDocument", "sendPhoto", "sendPoll", "stopPoll"
    }  # fmt: skip
    assert STORED == METHODS


async def test_the_indexes_of_a_claim_are_used(store: Database) -> None:
    """With 20,000 calls waiting, a claim reads as few rows as with ten."""
    engine = store._engine
    one = store._statements.post
    row = {"bot": 1, "topic": 0, "method": "sendMessage", "content": b"gAAAA", "panel": False, "reminder": False,
           "turn": 0, "created_at": NOW}  # fmt: skip
    with engine.begin() as connection:
        cursor = connection.connection.cursor()
        one.run_each(cursor, [row | {"chat": n % 5000, "person": n % 5000} for n in range(20_000)])
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))
    plan = explained(store, store._statements.claim)
    assert "ix_outbox_reminder_id" in plan
    assert "ix_outbox_bot_chat_id" in plan
    assert "Seq Scan" not in plan
    assert "TEMP B-TREE" not in plan


def explained(store: Database, statement: CompiledStatement) -> str:
    values = {"now": NOW, "lease_until": NOW, "worker": "w", "limit": 24}
    with store._engine.begin() as connection:
        cursor = connection.connection.cursor()
        how = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
        cursor.execute(how + statement.sql, statement._bound(values))
        return "\n".join(str(row) for row in cursor.fetchall())


async def test_whoever_marks_a_call_hears_whether_anything_of_the_chat_still_waits(store: Database) -> None:
    await turn(store, ANNA, becomes(says("one"), says("two")))
    (first,) = await claim(store)
    ours = OutboxClaim("w", NOW + LEASE)
    await store.sent(first, 1, NOW, ours)
    assert ours.posted is not None
    assert not ours.done
    await store.later(ours.posted, NOW + LEASE)
    await turn(store, BEN, becomes(says("three")))
    (last,) = await claim(store)
    ours = OutboxClaim("w", NOW + LEASE)
    await store.sent(last, 1, NOW, ours)
    assert (ours.posted, ours.done) == (None, True)


async def test_an_edit_that_became_a_new_message_holds_the_newest_buttons(store: Database) -> None:
    for sent_as in (5, 9):
        edit = Call("edit", {"message_id": 5, "text": "next"}, panel=True)
        await turn(store, ANNA, becomes(edit, panel=5))
        (posted,) = await claim(store)
        await store.sent(posted, sent_as, NOW)
        assert await look(store, ANNA, lambda person: person.panel) == sent_as


REASONS = {
    "blocked": "Forbidden: bot was blocked by the user",
    "gone": "Chat not found",
    "closed": "TOPIC_CLOSED",
    "forbidden": "Not enough rights to send polls to the chat",
    "flooded": HUSHED,
    "too_long": "Message is too long",
    "refused": 'Can\'t parse entities: unsupported start tag "…"',
    "unsure": PERHAPS,
    "undelivered": EXHAUSTED,
    "bug": "KeyError (3F00AB)",
}


async def test_what_is_put_aside_has_a_kind_and_expires_by_it(store: Database) -> None:
    assert set(REASONS) == set(KINDS)
    for number, reason in enumerate(REASONS.values()):
        await store.park_update(1, number, reason, {}, NOW)
    depth = await store.depth()
    assert depth.kinds == dict.fromkeys(KINDS, 1)
    assert (depth.parked, depth.faults) == (10, 5)
    assert [one.kind for one in await store.parked()] == list(REASONS)
    assert [one.kind for one in await store.parked(faults=True)] == list(REASONS)[5:]
    assert await store.expire(NOW + timedelta(days=14)) == {}
    assert await store.expire(NOW + timedelta(days=15)) == dict.fromkeys(sorted(NO_FAULT, key=KINDS.index), 1)
    assert await store.expire(NOW + timedelta(days=90)) == {}
    assert len(await store.expire(NOW + timedelta(days=91))) == 5
    assert (await store.depth()).parked == 0


async def test_what_was_put_aside_can_be_discarded_alone_or_with_its_kind(store: Database) -> None:
    for number in range(4):
        await store.park_update(1, number, REASONS["bug"] if number else REASONS["refused"], {}, NOW)
    first = (await store.parked())[0]
    assert await store.discard(first.id)
    assert not await store.discard(first.id)
    assert await store.discard_all("bug", NOW + timedelta(seconds=1)) == 3
    assert (await store.depth()).parked == 0


async def test_what_was_put_aside_before_there_were_kinds_is_given_its_own(store: Database) -> None:
    for number, reason in enumerate(REASONS.values()):
        await store.park_update(1, number, reason, {}, NOW)
    await store._runner.submit(lambda cursor: cursor.execute("UPDATE parked SET kind = ''", ()))
    assert [one.kind for one in await store.parked()] == list(REASONS)
    await store.expire(NOW)
    assert (await store.depth()).kinds == dict.fromkeys(KINDS, 1)
