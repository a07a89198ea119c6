"""What is remembered of sealed values, and which commits wait for the disk."""

from __future__ import annotations

from typing import Any

from bot.core.chat.person import Call, TurnResult
from bot.storage.encryption import Cipher, SealedCache
from tests.storage.conftest import KEY, Opening, Place
from tests.support.dates import NOW
from tests.support.store_stories import ANNA, becomes, claim, turn


def counting() -> tuple[SealedCache, list[object]]:
    """Return a memory of two values, and what had to be read."""
    return SealedCache(Cipher.of(KEY), size=2), []


def test_what_was_just_sealed_is_not_read_again_and_the_oldest_is_forgotten_first() -> None:
    memory, read = counting()
    sealed = [memory.seal(n, n) for n in (1, 2, 3)]

    def reading(value: Any) -> Any:
        read.append(value)
        return value

    assert [memory.open(one, reading) for one in sealed[1:]] == [2, 3]
    assert read == []
    assert memory.open(sealed[0], reading) == 1
    assert read == [1]


def test_equal_values_are_sealed_differently_so_none_is_taken_for_another() -> None:
    memory, _ = counting()
    one, other = memory.seal("mine", "same"), memory.seal("theirs", "same")
    assert one != other
    assert (memory.open(one, str), memory.open(other, str)) == ("mine", "theirs")


async def test_nothing_is_remembered_of_whoever_is_forgotten(sqlite: Place, opening: Opening) -> None:
    store = await opening(sqlite)
    await turn(store, ANNA, becomes(facts={"me": "Anna"}))
    known = store._turning.memory._known
    assert known
    await turn(store, ANNA, lambda _person: TurnResult(None))
    assert known == {}


async def test_answers_wait_for_the_disk_and_marks_do_not(sqlite: Place, opening: Opening) -> None:
    """A mark that a power cut takes is a message twice; an answer must not be lost so."""
    store = await opening(sqlite)
    writer: Any = store._runner

    def synchronous() -> int:
        return int(writer._connection.execute("PRAGMA synchronous").fetchone()[0])

    full, normal = 2, 1
    for _ in range(2):
        await turn(store, ANNA, becomes(Call("message", {"text": "hello"})))
        assert synchronous() == full
        (posted,) = await claim(store)
        await store.sent(posted, 7, NOW)
        assert synchronous() == normal
