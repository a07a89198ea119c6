"""Keys and the data under them: none is made for data that has one, none is dropped that is needed, any can change."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text
from structlog.testing import capture_logs

from bot.app import key_rotation
from bot.storage import keys
from bot.storage.database import Database
from bot.storage.encryption import FERNET, HEAD_SIZE, Cipher, fingerprint, new_key
from bot.storage.errors import BadKey, NoKey, StoreError
from bot.storage.key_rotation import KeyRotation
from bot.storage.keys import check_key, cipher_for, read_key_use, sealed_columns
from bot.storage.schema import metadata
from bot.telegram.metrics import PrometheusMetrics
from tests.storage.conftest import KEY, Opening, Place, emptied
from tests.support.dates import NOW
from tests.support.postgres import new_database
from tests.support.store_stories import ANNA, BEN, becomes, case, claim, count, look, says, turn
from tests.support.unprivileged import unprivileged

NEW = new_key()
OLD_NAME, NEW_NAME = (fingerprint(Cipher.of(key).heads[0]) for key in (KEY, NEW))


def under(place: Place, *given: str) -> Place:
    """Return the same database with other keys."""
    return Place(place.url, Cipher.of(",".join(given)))


def bytes_in(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def metric(meters: PrometheusMetrics) -> float | None:
    return meters.registry.get_sample_value("afterword_values_under_old_key")


# -- a key that is not there -------------------------------------------------------------------------------------------


async def test_data_without_its_key_is_refused_and_not_a_byte_is_made_or_changed(
    place: Place, opening: Opening, tmp_path: Path
) -> None:
    store = await opening(place)
    await turn(store, ANNA, becomes(facts={"name": "Anna"}))
    lost = tmp_path / "keys" / "data.key"
    for state in ("running", "ended"):
        before = bytes_in(tmp_path)
        for attempt in (cipher_for, check_key):
            with pytest.raises(NoKey, match="it holds data, and the key that opens it is not there") as refused:
                attempt(place.url, None, lost)
            for words in (f"there is no file {lost}", "No new key was made", "Put the key back"):
                assert words in str(refused.value)
        assert bytes_in(tmp_path) == before, state
        assert not lost.parent.exists()
        await store.close()


def test_a_killed_bots_log_counts_as_data_and_is_left_as_it_is(sqlite: Place, tmp_path: Path) -> None:
    """What a killed bot confirmed may be in the log alone, and to open it would move it."""
    sqlite.file.write_bytes(b"")
    log = Path(f"{sqlite.file}-wal")
    log.write_bytes(b"what was written last")
    with pytest.raises(NoKey, match="it holds data"):
        cipher_for(sqlite.url, None, tmp_path / "data.key")
    assert bytes_in(tmp_path) == {sqlite.file.name: b"", log.name: b"what was written last"}


def test_where_nothing_is_kept_yet_a_first_start_makes_a_key(place: Place, tmp_path: Path) -> None:
    folder = tmp_path
    file = folder / "keys" / "data.key"
    url = f"sqlite:///{folder / 'none' / 'afterword.sqlite3'}" if place.sqlite else place.url
    made = cipher_for(url, None, file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert not (folder / "none").exists(), "a look makes no folder"
    assert Cipher.at_hand(None, file).heads == made.heads == cipher_for(url, None, file).heads


def test_a_server_without_any_tables_holds_no_data(server: str, template: str, tmp_path: Path) -> None:
    url = new_database(server, "template0")
    cipher_for(url, None, tmp_path / "data.key")
    assert (tmp_path / "data.key").exists()
    assert template


def test_for_the_database_of_another_program_no_key_is_made(tmp_path: Path) -> None:
    theirs, prose = tmp_path / "theirs.sqlite3", tmp_path / "prose.txt"
    with closing(sqlite3.connect(theirs)) as connection:
        connection.execute("CREATE TABLE dishes (name TEXT)")
        connection.commit()
    prose.write_text("precious" * 200)
    before = bytes_in(tmp_path)
    for file, words in ((theirs, "another program"), (prose, "no SQLite database")):
        with pytest.raises(StoreError, match=words):
            cipher_for(f"sqlite:///{file}", None, tmp_path / "data.key")
    assert bytes_in(tmp_path) == before


def test_a_server_that_does_not_answer_is_said_so_and_no_key_is_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does not answer"):
        cipher_for("postgresql://nobody@127.0.0.1:1/none", None, tmp_path / "data.key")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
@pytest.mark.parametrize(
    ("made", "words"),
    [
        (b"", "there is no key in it. Put the key back"),
        (b" \n,\n", "there is no key in it. Put the key back"),
        (b"\xff\xfe\x00", "this is not a key. Put the key back"),
        (b"x" * 44, "it holds something that is not a key"),
        (None, "this is a folder, not a file with a key"),
    ],
    ids=["empty", "blank", "bytes", "no base64", "folder"],
)
def test_a_file_that_is_no_key_is_said_in_words_and_left_as_it_is(
    tmp_path: Path, made: bytes | None, words: str
) -> None:
    file = tmp_path / "data.key"
    if made is None:
        file.mkdir()
    else:
        file.touch(mode=0o600)
        file.write_bytes(made)
    with pytest.raises(BadKey, match=words) as refused:
        cipher_for(f"sqlite:///{tmp_path / 'afterword.sqlite3'}", None, file)
    assert str(file) in str(refused.value)
    assert [one.name for one in tmp_path.iterdir()] == ["data.key"]
    assert made is None or file.read_bytes() == made


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_a_key_that_the_bots_user_may_not_read_is_said_so(tmp_path: Path) -> None:
    file = tmp_path / "data.key"
    file.touch(mode=0o600)
    file.write_text(KEY)
    for folder in (*tmp_path.parents, tmp_path):
        if folder.stat().st_uid == os.geteuid() and str(folder).startswith(str(tmp_path.parents[1])):
            folder.chmod(0o755)
    if os.geteuid():
        file.chmod(0)
    with unprivileged(), pytest.raises(BadKey, match="cannot be read: Permission denied"):
        Cipher.at_hand(None, file)


@pytest.mark.parametrize("between", [",", "\n", ", \n", " "])
def test_a_file_holds_several_keys_on_lines_or_between_commas(tmp_path: Path, between: str) -> None:
    file = tmp_path / "data.key"
    file.touch(mode=0o600)
    file.write_text(f"{NEW}{between}{KEY}\n")
    cipher = Cipher.at_hand(None, file)
    assert cipher.heads == Cipher.of(f"{NEW},{KEY}").heads
    assert Cipher.of(NEW).open(cipher.seal("x")) == "x"


# -- a key that is dropped too early -----------------------------------------------------------------------------------


async def test_an_old_key_that_is_still_needed_cannot_be_dropped(place: Place, opening: Opening) -> None:
    await turn(await opening(place), ANNA, becomes(says("wait"), facts={"name": "Anna"}, cases={1: case(a="1")}))
    both = await opening(under(place, NEW, KEY))
    await turn(both, BEN, becomes(says("wait"), facts={"name": "Ben"}, cases={1: case(a="1")}))
    with pytest.raises(BadKey, match="5 of its values") as refused:
        await opening(under(place, NEW))
    for words in (
        "1 in case_, 2 in meta, 1 in outbox, 1 in person",
        f"need the key {OLD_NAME}",
        f"given are {NEW_NAME}",
    ):
        assert words in str(refused.value)
    assert KEY[:8] not in str(refused.value)
    await both.keys.rotate()
    new = await opening(under(place, NEW))
    assert (await look(new, ANNA)).facts == {"name": "Anna"}
    assert (await look(new, BEN)).facts == {"name": "Ben"}
    with pytest.raises(BadKey, match="another key") as refused:
        await opening(place)
    assert NEW_NAME in str(refused.value)


async def test_a_start_counts_values_only_when_a_key_was_dropped(
    place: Place, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    real = keys.count_values
    monkeypatch.setattr(keys, "count_values", lambda *given: counted.append("") or real(*given))
    starts: list[tuple[tuple[str, ...], int]] = [
        ((KEY,), 0), ((KEY,), 0), ((KEY, NEW), 0), ((NEW, KEY), 0), ((NEW, KEY), 0), ((NEW,), 1), ((NEW,), 0),
    ]  # fmt: skip
    for given, times in starts:
        counted.clear()
        store = await opening(under(place, *given))
        assert len(counted) == times, given
        if given[0] == NEW:
            await store.keys.rotate()


async def test_what_another_process_writes_under_the_old_key_after_a_rotation_is_found_before_it_is_dropped(
    place: Place, opening: Opening
) -> None:
    """While processes are restarted one after another, some still write under the old key."""
    behind = await opening(under(place, KEY, NEW))
    ahead = await opening(under(place, NEW, KEY))
    await ahead.keys.rotate()
    assert (await ahead.keys.use()).left == 0
    await turn(behind, ANNA, becomes(facts={"name": "Anna"}))
    assert (await ahead.keys.use()).old == {OLD_NAME: 1}
    with pytest.raises(BadKey, match=f"1 of its values .1 in person. need the key {OLD_NAME}"):
        await opening(under(place, NEW))
    assert await ahead.keys.rotate() == 1
    assert (await look(await opening(under(place, NEW)), ANNA)).facts == {"name": "Anna"}


async def test_a_database_that_notes_no_keys_yet_is_looked_at_once(place: Place, opening: Opening) -> None:
    """As every earlier version left it."""
    store = await opening(place)
    await turn(store, ANNA, becomes(facts={"name": "Anna"}))
    both = await opening(under(place, NEW, KEY))
    await both.keys.rotate()
    await turn(store, BEN, becomes(facts={"name": "Ben"}))
    execute(store, "DELETE FROM meta WHERE name LIKE 'key:%'")
    with pytest.raises(BadKey, match=f"1 of its values .1 in person. need the key {OLD_NAME}"):
        await opening(under(place, NEW))
    assert await both.keys.rotate() == 1
    assert not (await opening(under(place, NEW))).has_old_keys


# -- the change of a key -----------------------------------------------------------------------------------------------


def execute(store: Database, sql: str, values: Mapping[str, Any] | None = None) -> None:
    with store._engine.begin() as connection:
        connection.execute(text(sql), values or {})


def heads(store: Database) -> set[bytes]:
    """Return how the values of all tables begin, asked in another way than the bot asks."""
    found: set[bytes] = set()
    with store._engine.connect() as connection:
        for table in metadata.sorted_tables:
            for name in sealed_columns(table):
                values = connection.execute(text(f"SELECT {name} FROM {table.name}")).scalars()  # noqa: S608 # ours
                found |= {bytes(value)[:HEAD_SIZE] for value in values if value is not None}
    return found


async def test_every_table_is_renewed_whatever_it_keeps(place: Place, opening: Opening) -> None:
    """Also a table that a later version adds: each gets a row, by the schema alone."""
    store = await opening(place)
    await turn(store, ANNA, becomes(says("wait"), facts={"name": "x"}, cases={1: case(a="1")}, run=("a",)))
    await store.park((await claim(store, 1))[0], "reason", NOW)
    sealed, cipher = {}, Cipher.of(KEY)
    for table in metadata.sorted_tables:
        if not sealed_columns(table):
            continue
        row: dict[str, Any] = {}
        for column in table.columns:
            kind = column.type.python_type if column.name not in sealed_columns(table) else bytes
            row[column.name] = {
                int: 4_000_000,
                str: f"row of {table.name}",
                bool: True,
                bytes: cipher.seal(table.name),
            }.get(kind, NOW)
        if table.name in ("session", "trial"):
            row |= {"person": ANNA.person, "bot": ANNA.bot}
        with store._engine.begin() as connection:
            connection.execute(table.insert().values(row))
        sealed[table.name] = len(sealed_columns(table))
    assert len(sealed) >= 10
    both = await opening(under(place, NEW, KEY))
    assert (await both.keys.use()).old[OLD_NAME] >= sum(sealed.values())
    assert await both.keys.rotate() >= sum(sealed.values())
    assert heads(both) == {Cipher.of(NEW).heads[0]}
    assert (await both.keys.use()).left == 0
    await opening(under(place, NEW))


async def left_by_an_earlier_version(place: Place, opening: Opening) -> None:
    """Keep Anna as Fernet sealed her, in a database that notes no keys."""
    store = await opening(place)
    await turn(store, ANNA, becomes(facts={"name": "Anna"}))
    fernet = Fernet(KEY)
    execute(store, "UPDATE person SET facts = :facts", {"facts": fernet.encrypt(b'{"name": "Anna"}')})
    execute(store, "UPDATE meta SET value = :proof WHERE name = 'proof'", {"proof": fernet.encrypt(b'"afterword"')})
    execute(store, "DELETE FROM meta WHERE name LIKE 'key:%'")


async def test_what_an_earlier_version_sealed_is_renewed_without_a_new_key(place: Place, opening: Opening) -> None:
    await left_by_an_earlier_version(place, opening)
    with pytest.raises(BadKey, match="another key"):
        await opening(under(place, NEW))
    store = await opening(place)
    assert store.has_old_keys
    assert (await key_rotation.renew(store, PrometheusMetrics()))[1].left == 0
    assert FERNET not in heads(store)
    again = await opening(place)
    assert not again.has_old_keys, "later starts look for nothing"
    assert (await look(again, ANNA)).facts == {"name": "Anna"}


async def test_what_an_earlier_version_sealed_keeps_its_key_from_being_dropped(place: Place, opening: Opening) -> None:
    """No such value says which of the keys it is under."""
    await left_by_an_earlier_version(place, opening)
    both = await opening(under(place, NEW, KEY))
    await turn(both, BEN, becomes(facts={"name": "Ben"}))
    with pytest.raises(BadKey, match=f"2 of its values .1 in meta, 1 in person. need the key {OLD_NAME}"):
        await opening(under(place, NEW))
    await both.keys.rotate()
    assert (await look(await opening(under(place, NEW)), ANNA)).facts == {"name": "Anna"}


async def test_a_rotation_that_is_broken_off_again_and_again_under_load_loses_nothing(
    place: Place, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In small: two rows at a time, five ends amid them, three people who answer all the time."""
    monkeypatch.setattr("bot.storage.key_rotation.BITE", 2)
    monkeypatch.setattr("bot.storage.key_rotation.PAGE", 5)
    people = [BEN.__class__(1, n, 0, n) for n in range(1, 21)]
    store = await opening(place)
    for person in people:
        await turn(store, person, becomes(facts={"n": str(person.person)}, cases={1: case(n="0")}, current=1))
    both = await opening(under(place, NEW, KEY))
    answered = dict.fromkeys(people[:3], 0)
    total = 0
    for _ in range(5):
        bites, seen = asyncio.Event(), 0

        def renewed(count: int, bites: asyncio.Event = bites) -> None:
            nonlocal seen
            seen += count
            if seen >= 4:
                bites.set()

        rotating = asyncio.create_task(both.keys.rotate(renewed))
        while not bites.is_set():
            for person in answered:
                await turn(both, person, count)
                answered[person] += 1
        rotating.cancel()
        await asyncio.gather(rotating, return_exceptions=True)
        total += seen
    assert (await both.keys.use()).left > 0, "it was broken off before its end"
    await both.keys.rotate()
    assert (await both.keys.use()).left == 0
    new = await opening(under(place, NEW))
    for person in people:
        kept = await look(new, person, lambda p: (p.facts, p.cases[1].answers["n"]))
        assert kept == ({"n": str(person.person)}, str(answered.get(person, 0)))
    assert total >= 20


async def test_two_processes_rotate_one_database_at_once(
    place: Place, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.storage.key_rotation.BITE", 2)
    monkeypatch.setattr("bot.storage.key_rotation.PAGE", 5)
    store = await opening(place)
    for n in range(1, 31):
        await turn(store, BEN.__class__(1, n, 0, n), becomes(facts={"n": str(n)}))
    one, two = [await opening(under(place, NEW, KEY)) for _ in range(2)]
    while (await one.keys.use()).left:
        await asyncio.gather(one.keys.rotate(), two.keys.rotate())
    new = await opening(under(place, NEW))
    assert [(await look(new, BEN.__class__(1, n, 0, n))).facts["n"] for n in (1, 15, 30)] == ["1", "15", "30"]


async def test_a_rotation_waits_for_nobody_amid_a_turn(shared: str, opening: Opening) -> None:
    """On PostgreSQL a row that a turn has locked is passed over, and found again; a file has one writer anyway."""
    place = Place(emptied(shared))
    store = await opening(place)
    for person in (ANNA, BEN):
        await turn(store, person, becomes(facts={"n": "1"}))
    both = await opening(under(place, NEW, KEY))
    with psycopg.connect(place.url) as connection:
        connection.execute("UPDATE person SET zone = 'UTC' WHERE person = %s", [ANNA.person])
        await both.keys.rotate()
        connection.commit()
    assert (await both.keys.use()).old == {OLD_NAME: 1}
    assert await both.keys.rotate() == 1


# -- what the operator is told -----------------------------------------------------------------------------------------


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(key_rotation, "AGAIN_SECONDS", 0.0)
    return


@pytest.mark.usefixtures("quick")
async def test_the_log_and_a_metric_say_how_far_it_is_and_when_the_old_key_can_go(
    place: Place, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    await turn(await opening(place), ANNA, becomes(facts={"n": "1"}))
    both, meters = await opening(under(place, NEW, KEY)), PrometheusMetrics()
    trouble = [True]
    real = both.keys.rotate

    async def rotate(_keys: object, renewed: Any) -> int:
        if trouble.pop() if trouble else False:
            raise StoreError("the database is busy")
        assert metric(meters) == 3
        return await real(renewed)

    monkeypatch.setattr(KeyRotation, "rotate", rotate)
    with capture_logs() as log:
        task = asyncio.create_task(key_rotation.rotate_keys(both, meters))
        while not any("can be left out" in one["event"] for one in log):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    said = [
        (one["event"], {name: one[name] for name in ("values", "left", "old", "key") if name in one}) for one in log
    ]
    begins = ("values under an old key are renewed while the bot goes on", {"values": 3, "old": OLD_NAME})
    assert said == [
        begins,
        ("the change of the key was interrupted; it goes on in a moment", {}),
        begins,
        ("values were renewed under the first key", {"values": 3, "left": 0, "key": NEW_NAME}),
        ("nothing is under an old key any more: it can be left out of DATA_KEY", {"old": OLD_NAME}),
    ]
    assert metric(meters) == 0


async def test_a_value_that_no_key_opens_is_left_as_it_is_and_told(place: Place, opening: Opening) -> None:
    await turn(await opening(place), ANNA, becomes(facts={"n": "1"}))
    both, meters = await opening(under(place, NEW, KEY)), PrometheusMetrics()
    execute(both, "UPDATE person SET facts = :odd", {"odd": Cipher.of(KEY).heads[0] + b"x" * 40})
    await key_rotation.renew(both, meters)
    with capture_logs() as log:
        is_over, _ = await key_rotation.renew(both, meters)
    assert is_over
    assert [one["values"] for one in log if one["log_level"] == "error"] == [1]
    assert metric(meters) == 1


async def test_the_doctor_can_ask_what_is_left_and_changes_nothing(place: Place, opening: Opening) -> None:
    store = await opening(place)
    await turn(store, ANNA, becomes(facts={"n": "1"}))
    await store.close()
    before = bytes_in(place.file.parent) if place.sqlite else {}
    both = Cipher.of(f"{NEW},{KEY}")
    assert read_key_use(place.url, both).old == {OLD_NAME: 3}
    assert read_key_use(place.url, Cipher.of(NEW)).missing == {OLD_NAME: 3}
    assert read_key_use(place.url, Cipher.of(KEY)).left == 0
    assert (bytes_in(place.file.parent) if place.sqlite else {}) == before
