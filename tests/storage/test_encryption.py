"""The key, and what it protects."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.core.chat.person import Person, TurnResult
from bot.storage.database import Database
from bot.storage.encryption import Cipher
from bot.storage.errors import BadKey
from bot.storage.schema import Encrypted, metadata
from tests.storage.conftest import KEY, Opening, Place
from tests.support.dates import NOW
from tests.support.store_stories import ANNA, BEN, becomes, case, claim, look, says, texts, turn

OTHER = Fernet.generate_key().decode()


@pytest.mark.parametrize(
    "keys",
    ["", " , ", "secret", KEY[:-4], KEY + "," + "x" * 44],
    ids=["empty", "a comma", "a word", "cut short", "one of two"],
)
def test_a_malformed_key_is_refused_without_being_shown(keys: str) -> None:
    with pytest.raises(BadKey, match="DATA_KEY: ") as refused:
        Cipher.of(keys)
    assert KEY[:10] not in str(refused.value)
    assert "xxxx" not in str(refused.value)


def test_the_first_key_seals_and_every_key_opens() -> None:
    old, new, both = Cipher.of(KEY), Cipher.of(OTHER), Cipher.of(f"{OTHER}, {KEY}")
    assert both.open(old.seal("x")) == "x"
    assert new.open(both.seal("x")) == "x"
    with pytest.raises(BadKey):
        old.open(both.seal("x"))


def test_what_an_earlier_version_sealed_is_opened_and_renewed() -> None:
    both = Cipher.of(f"{OTHER},{KEY}")
    old = Fernet(KEY).encrypt(b'{"name": "Anna"}')
    assert both.open(old) == {"name": "Anna"}
    renewed = both.renewed(old)
    assert renewed is not None
    assert Cipher.of(OTHER).open(renewed) == {"name": "Anna"}
    assert both.renewed(renewed) is None


def test_a_value_that_was_tampered_with_is_not_opened() -> None:
    cipher = Cipher.of(KEY)
    sealed = cipher.seal({"name": "Anna"})
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(BadKey):
            cipher.open(bytes(changed))


def test_no_two_values_are_sealed_alike() -> None:
    cipher = Cipher.of(KEY)
    assert len({cipher.seal("x") for _ in range(1000)}) == 1000


def test_the_key_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "afterword.key"
    sealed = Cipher.from_file(file).seal("x")
    assert file.stat().st_mode & 0o777 == 0o600
    assert Cipher.at_hand("", file).open(sealed) == "x"
    assert [f.name for f in file.parent.iterdir()] == ["afterword.key"]


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "afterword.key"
    Cipher.from_file(file)
    file.chmod(0o640)
    with pytest.raises(BadKey, match="chmod 600"):
        Cipher.from_file(file)


def test_a_damaged_key_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "afterword.key"
    file.touch(mode=0o600)
    with pytest.raises(BadKey, match="no key in it"):
        Cipher.from_file(file)
    assert file.read_bytes() == b""


async def test_the_wrong_key_refuses_to_start_and_changes_nothing(place: Place, opening: Opening) -> None:
    await turn(await opening(place), ANNA, becomes(facts={"name": "Anna"}))
    with pytest.raises(BadKey, match="another key"):
        await Database.open(place.url, Cipher.of(OTHER))
    assert (await look(await opening(place), ANNA)).facts == {"name": "Anna"}


async def test_rotation_loses_nothing_and_frees_the_old_key(place: Place, opening: Opening) -> None:
    store = await opening(place)
    cases = {1: case(a="1"), 2: case(a="2")}
    for key in (ANNA, BEN):
        await turn(store, key, becomes(says("wait"), facts={"name": "x"}, cases=cases, current=1, run=("a",)))
    await store.park((await claim(store, 1))[0], "reason", NOW)
    await store.park_update(1, 99, "reason", {"a": 1}, NOW)
    both = await opening(Place(place.url, Cipher.of(f"{OTHER},{KEY}")))
    # Proof and note of the key, two people's facts, runs and two cases each, one call waiting, reasons and contents of
    # two parked.
    assert await both.keys.rotate() == 2 + 2 * (1 + 1 + 2) + 1 + 4
    assert await both.keys.rotate() == 0
    new = await opening(Place(place.url, Cipher.of(OTHER)))
    for key in (ANNA, BEN):
        kept = await look(new, key, lambda p: (p.facts, dict(p.cases), p.run))
        assert kept == ({"name": "x"}, cases, ("a",))
    assert [p.reason for p in await new.parked()] == ["reason", "reason"]
    with pytest.raises(BadKey):
        await Database.open(place.url, Cipher.of(KEY))


async def test_the_bot_goes_on_while_keys_are_rotated(place: Place, opening: Opening) -> None:
    await turn(await opening(place), ANNA, becomes(facts={"n": "0"}))
    both = await opening(Place(place.url, Cipher.of(f"{OTHER},{KEY}")))
    turns = [turn(both, ANNA, becomes(facts={"n": str(n)}, turn=n)) for n in range(30)]
    await asyncio.gather(both.keys.rotate(), *turns)
    await both.keys.rotate()
    new = await opening(Place(place.url, Cipher.of(OTHER)))
    assert (await look(new, ANNA)).facts == {"n": "29"}


def test_what_is_not_sealed_is_refused_by_its_column() -> None:
    column = Encrypted()
    with pytest.raises(ValueError, match="sealed values only"):
        column.process_bind_param(b"Anna", None)  # type: ignore[arg-type]


def test_plain_columns_hold_ids_times_and_enums_only() -> None:
    """A new text column is either one of these or encrypted."""
    plain = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if column.type.python_type is str
    }
    assert plain == {
        "person.language", "person.zone", "person.working_days", "person.holidays",
        "upgrade.revision", "upgrade.afterword", "session.asking", "outbox.method", "outbox.worker",
        "parked.what", "parked.kind", "parked.method", "request.what", "meta.name", "room.standing", "cohort.poll",
    }  # fmt: skip


SENTINELS = [f"Sentinel-{n:03}-Zyx" for n in range(100)]


def raw(place: Place) -> bytes:
    """Return every byte that lies on disk for a SQLite database."""
    return b"".join(f.read_bytes() for f in place.file.parent.iterdir() if f.name.startswith(place.file.name))


async def fill(store: Database) -> None:
    for n, word in enumerate(SENTINELS):
        call = says(word)
        kept = {"facts": {"name": word}, "cases": {1: case(manager=word), n + 2: case(x=word)}, "run": (word,)}
        await turn(store, ANNA, becomes(call, current=1, turn=n, **kept))
    for n in range(3):
        await store.park_update(1, n + 10**6, SENTINELS[n], {"from": {"id": ANNA.person}, "text": SENTINELS[n]}, NOW)


async def test_no_file_ever_holds_what_people_said(sqlite: Place, opening: Opening) -> None:
    await fill(await opening(sqlite))
    there = raw(sqlite)
    assert [word for word in SENTINELS if word.encode() in there] == []


async def test_forgetting_amid_turns_in_flight_is_done_in_five_seconds_and_whole(
    place: Place, opening: Opening
) -> None:
    """What was said before is gone, what is said after is a new beginning, whatever was on its way."""
    store = await opening(place)
    await fill(store)
    before = [turn(store, ANNA, becomes(says("Sentinel-late"), facts={"name": "Sentinel"}, turn=n)) for n in range(20)]
    forgets = turn(store, ANNA, lambda _: TurnResult(None, (says("Forgotten."),)))
    met: list[Person | None] = []

    def again(person: Person | None) -> TurnResult:
        met.append(person)
        return TurnResult(replace(person or Person(), turn=len(met)))

    after = [turn(store, ANNA, again) for _ in range(20)]
    began = time.monotonic()
    await asyncio.gather(*before, forgets, *after)
    assert time.monotonic() - began < 5
    assert met[0] is None, "somebody never seen"
    kept = await look(store, ANNA, lambda p: (p.turn, dict(p.facts), dict(p.cases)))
    assert kept == (20, {}, {})
    assert texts(await claim(store)) == ["Forgotten."]
    assert await store.parked() == []


async def test_forgetting_leaves_not_even_the_sealed_text_on_disk(
    sqlite: Place, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was ever sealed for them is gone, what was overwritten long before too."""
    store = await opening(sqlite)
    sealed: list[bytes] = []
    real = Cipher.seal

    def spy(self: Cipher, value: object) -> bytes:
        sealed.append(real(self, value))
        return sealed[-1]

    monkeypatch.setattr(Cipher, "seal", spy)
    await fill(store)
    assert len(sealed) > 500
    monkeypatch.undo()
    await turn(store, BEN, becomes(facts={"name": "Ben"}))
    await turn(store, ANNA, lambda _: TurnResult(None, (says("Forgotten."),)))
    there = raw(sqlite)
    assert [s for s in sealed if s[10:60] in there] == []
    assert Path(f"{sqlite.file}-wal").stat().st_size == 0
    assert (await look(store, BEN)).facts == {"name": "Ben"}
