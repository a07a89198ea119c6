"""Full disks, locked files, lost connections: nothing is confirmed that is not kept, and it goes on by itself."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot.core.chat.person import TurnResult
from bot.storage import dialects, file_guard
from bot.storage.database import Database
from bot.storage.dialects import of_file
from bot.storage.encryption import Cipher
from bot.storage.errors import (
    Corrupt,
    DiskFull,
    Locked,
    Lost,
    ReadOnly,
    Removed,
    StoreTrouble,
    StoreUnready,
    Unstorable,
    translated,
)
from bot.storage.migrate import upgrade
from tests.storage.conftest import KEY, Opening, Place
from tests.support.dates import NOW
from tests.support.postgres import new_database
from tests.support.store_stories import ANNA, BEN, becomes, case, count, look, says, turn
from tests.support.unprivileged import unprivileged

posix = pytest.mark.skipif(os.name != "posix", reason="limits and users are POSIX's")


def big(person: Any) -> TurnResult:
    """Need some room."""
    return becomes(says("x" * 3000), cases={1: case(x="y" * 3000)}, current=1)(person)


@contextmanager
def no_larger_than(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def fails_until_there_is_room(store: Database) -> list[bool]:
    done = await asyncio.gather(*(turn(store, ANNA, big) for _ in range(60)), return_exceptions=True)
    failed = [d for d in done if isinstance(d, BaseException)]
    assert failed
    assert all(isinstance(error, DiskFull) for error in failed), failed
    return [isinstance(d, TurnResult) for d in done]


@posix
async def test_a_file_that_may_not_grow_fails_in_words_and_recovers(sqlite: Place, opening: Opening) -> None:
    store = await opening(sqlite)
    await turn(store, ANNA, count)
    with no_larger_than(Path(f"{sqlite.file}-wal").stat().st_size + 20_000):
        kept = await fails_until_there_is_room(store)
        with pytest.raises(StoreUnready, match=r"may not grow|disk"):
            await ready_or_grow(store)
    assert (await store.depth()).waiting == sum(kept)
    await turn(store, ANNA, big)
    await store.ready()


async def ready_or_grow(store: Database) -> None:
    """Ask whether the store is ready; what needs no room may well be."""
    try:
        await turn(store, ANNA, big)
    except StoreTrouble as error:
        raise StoreUnready(str(error)) from error


async def test_a_full_disk_fails_in_words_and_recovers(sqlite: Place, opening: Opening) -> None:
    store = await opening(sqlite)
    await turn(store, ANNA, count)
    await store._runner.submit(lambda c: c.execute("PRAGMA max_page_count=50", ()))
    kept = await fails_until_there_is_room(store)
    assert (await store.depth()).waiting == sum(kept)
    await turn(store, ANNA, big)


@pytest.fixture
def anywhere(tables: bytes) -> Iterator[Place]:
    """Make a database in a folder in which every user may write."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        place = Place(f"sqlite:///{folder}/afterword.sqlite3")
        place.file.write_bytes(tables)
        yield place


@contextmanager
def read_only(file: Path) -> Iterator[None]:
    """Let nobody write to a file; root may everything, so it becomes another user."""
    file.chmod(0o444)
    try:
        with unprivileged():
            yield
    finally:
        for each in file.parent.iterdir():  # a log that was made meanwhile is as its file was
            each.chmod(0o600)


@posix
async def test_a_database_that_turns_read_only_fails_in_words_and_recovers(anywhere: Place, opening: Opening) -> None:
    store = await opening(anywhere)
    with read_only(anywhere.file), pytest.raises(ReadOnly, match="cannot be written to"):
        await turn(store, ANNA, count)
    await turn(store, ANNA, count)
    assert (await look(store, ANNA)).turn == 1


async def test_a_connection_that_cannot_even_begin_is_made_anew(sqlite: Place, opening: Opening) -> None:
    store = await opening(sqlite)
    await store._runner.submit(lambda c: c.execute("PRAGMA query_only=ON", ()))
    with pytest.raises(ReadOnly, match="cannot be written to"):
        await turn(store, ANNA, count)
    await turn(store, ANNA, count)
    assert (await look(store, ANNA)).turn == 1


@posix
async def test_a_read_only_file_refuses_to_start(anywhere: Place) -> None:
    with read_only(anywhere.file), pytest.raises(StoreUnready, match="Let the bot's user write"):
        await Database.open(anywhere.url, anywhere.cipher)


def family(file: Path) -> list[Path]:
    """Return the database file and what lies beside it: its log and the log's index."""
    return sorted(file.parent.glob(f"{file.name}*"))


@posix
async def test_a_file_that_is_moved_away_is_noticed_before_anything_is_confirmed(
    sqlite: Place, opening: Opening, tmp_path: Path
) -> None:
    store = await opening(sqlite)
    await turn(store, ANNA, count)
    away = tmp_path / "away"
    away.mkdir()
    for file in family(sqlite.file):
        file.rename(away / file.name)
    for _ in range(2):
        with pytest.raises(Removed, match="Put it back"):
            await turn(store, ANNA, count)
    with pytest.raises(Removed):
        await store.upkeep.check_write()
    with pytest.raises(Removed):
        await store.upkeep.census(NOW)
    assert family(sqlite.file) == [], "no empty database is made in its place"
    for file in family(away / sqlite.file.name):
        file.rename(sqlite.file.parent / file.name)
    await turn(store, BEN, count)
    await store.upkeep.check_write()


@posix
@pytest.mark.parametrize("part", ["", "-wal"])
async def test_a_part_that_is_removed_is_noticed_before_anything_is_confirmed(
    sqlite: Place, opening: Opening, part: str
) -> None:
    store = await opening(sqlite)
    await turn(store, ANNA, count)
    Path(f"{sqlite.file}{part}").unlink()
    with pytest.raises(Removed):
        await turn(store, ANNA, count)


@posix
async def test_a_file_that_is_replaced_is_noticed_and_the_new_one_is_left_alone(
    sqlite: Place, opening: Opening, tables: bytes
) -> None:
    store = await opening(sqlite)
    await turn(store, ANNA, count)
    for file in family(sqlite.file):
        file.unlink()
    sqlite.file.write_bytes(tables)
    for _ in range(2):
        with pytest.raises(Removed, match="start the bot anew"):
            await turn(store, ANNA, count)
    assert sqlite.file.read_bytes() == tables
    assert family(sqlite.file) == [sqlite.file]


@posix
async def test_a_write_is_tried_to_tell_whether_one_is_possible(
    sqlite: Place, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await opening(sqlite)
    await store.upkeep.check_write()
    with no_larger_than(Path(f"{sqlite.file}-wal").stat().st_size):
        # The log may be written over from its beginning; then it is the end of that which is met.
        tried = [await asyncio.gather(store.upkeep.check_write(), return_exceptions=True) for _ in range(10)]
    assert any(isinstance(error, DiskFull) for (error,) in tried)
    await store.upkeep.check_write()
    monkeypatch.setattr(file_guard, "LEAST_ROOM", shutil.disk_usage(sqlite.file.parent).total + 1)
    with pytest.raises(DiskFull, match="Make room"):
        await store.upkeep.check_write()


LOCKING = """
import sqlite3, sys, time
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
"""


@contextmanager
def held_by_another_process(file: Path) -> Iterator[subprocess.Popen[str]]:
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", LOCKING, str(file)], **pipes) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        try:
            yield holder
        finally:
            holder.kill()


async def test_a_lock_of_some_seconds_is_waited_for(sqlite: Place, opening: Opening) -> None:
    store = await opening(sqlite)
    with held_by_another_process(sqlite.file) as holder:
        waiting = asyncio.create_task(turn(store, ANNA, count))
        await asyncio.sleep(0.7)
        assert not waiting.done()
        holder.kill()
        assert await waiting is not None


async def test_a_lock_of_some_seconds_is_waited_for_at_the_start(sqlite: Place, opening: Opening) -> None:
    with held_by_another_process(sqlite.file) as holder:
        starting = asyncio.create_task(opening(sqlite))
        await asyncio.sleep(0.7)
        assert not starting.done()
        holder.kill()
        assert await turn(await starting, ANNA, count) is not None


async def test_a_longer_lock_fails_in_words_and_recovers(
    sqlite: Place, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialects, "BUSY_SECONDS", 0.2)
    store = await opening(sqlite)
    with held_by_another_process(sqlite.file):
        with pytest.raises(Locked, match="another process holds it"):
            await turn(store, ANNA, count)
        with pytest.raises(StoreUnready):
            await store.ready()
    await turn(store, ANNA, count)
    assert (await look(store, ANNA)).turn == 1


async def test_a_lost_connection_fails_in_words_and_is_made_anew(server: str, template: str, opening: Opening) -> None:
    place = Place(new_database(server, template))
    store = await opening(place)
    await turn(store, ANNA, count)
    with psycopg.connect(server, autocommit=True) as connection:
        name = place.url.rpartition("/")[2]
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
    with pytest.raises(Lost, match="connects again by itself"):
        await turn(store, ANNA, count)
    for _ in range(3):
        await turn(store, ANNA, count)
    assert (await look(store, ANNA)).turn == 4


async def test_a_server_that_is_not_there_refuses_to_start_without_showing_the_password() -> None:
    with pytest.raises(Lost) as refused:
        await Database.open("postgresql://me:s3cret@127.0.0.1:1/x", Place("").cipher)
    assert "s3cret" not in str(refused.value)
    assert "postgresql+psycopg://me:***@127.0.0.1:1/x" in str(refused.value)


@pytest.mark.parametrize("url", ["mysql://me:s3cret@h/x", "s3cret", "sqlite://", "sqlite:///:memory:", ""])
async def test_a_url_that_names_no_database_is_refused(url: str) -> None:
    with pytest.raises(StoreUnready, match="DATABASE_URL: ") as refused:
        await Database.open(url, Place("").cipher)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("kind", [sqlite3.IntegrityError, sqlite3.DataError, psycopg.DataError])
def test_what_cannot_be_kept_is_not_quoted(kind: type[Exception]) -> None:
    error = translated(kind("invalid value: 'Dana from Northwind'"), "the database")
    assert isinstance(error, Unstorable)
    assert "Dana" not in str(error)


@pytest.mark.parametrize("damage", ["text", "header", "middle", "last", "cut"])
async def test_a_damaged_file_refuses_to_start_and_is_left_alone(sqlite: Place, damage: str) -> None:
    store = await Database.open(sqlite.url, sqlite.cipher)
    for _ in range(5):
        await turn(store, ANNA, big)
    await store.close()
    whole = sqlite.file.read_bytes()
    damaged = {
        "text": b"These are my notes, and no database.\n" * 40,
        "header": b"X" * 32 + whole[32:],
        "middle": whole[:8192] + os.urandom(4096 * 6) + whole[8192 + 4096 * 6 :],
        "last": whole[:-4096] + os.urandom(4096),
        "cut": whole[: len(whole) // 2 // 4096 * 4096],
    }[damage]
    sqlite.file.write_bytes(damaged)
    with pytest.raises(Corrupt, match="left as it is"):
        await Database.open(sqlite.url, sqlite.cipher)
    assert sqlite.file.read_bytes() == damaged


async def test_damage_in_a_large_file_is_found_while_people_talk(
    sqlite: Place, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await Database.open(sqlite.url, sqlite.cipher)
    await store.upkeep.verify()
    for _ in range(5):
        await turn(store, ANNA, big)
    await store.close()
    monkeypatch.setattr(dialects, "LOOKED_THROUGH_AT_ONCE", 0)
    await (await opening(sqlite)).upkeep.verify()
    whole = sqlite.file.read_bytes()
    damaged = whole[:-4096] + bytes(4096)
    sqlite.file.write_bytes(damaged)
    with pytest.raises(Corrupt, match="left as it is"):
        await (await opening(sqlite)).upkeep.verify()
    sqlite.file.write_bytes(whole[:100] + bytes(4000) + whole[4100:])
    with pytest.raises(Corrupt, match="left as it is"):
        await Database.open(sqlite.url, sqlite.cipher)


async def test_a_new_file_is_its_owners_alone(sqlite: Place, opening: Opening) -> None:
    sqlite.file.unlink()
    upgrade(sqlite.url)
    await turn(await opening(sqlite), ANNA, count)
    modes = {f.name: f.stat().st_mode & 0o077 for f in sqlite.file.parent.iterdir()}
    assert len(modes) == 3
    assert set(modes.values()) == {0}


async def test_a_backup_taken_under_load_is_whole(sqlite: Place, opening: Opening, tmp_path: Path) -> None:
    store = await opening(sqlite)
    await asyncio.gather(*(turn(store, ANNA, count) for _ in range(50)))
    copy = tmp_path / "copy.sqlite3"
    stop = asyncio.Event()

    async def load() -> None:
        while not stop.is_set():
            await turn(store, BEN, big)

    loads = [asyncio.create_task(load()) for _ in range(8)]
    await asyncio.to_thread(back_up, sqlite.file, copy)
    stop.set()
    await asyncio.gather(*loads)
    with sqlite3.connect(copy) as backup:
        assert backup.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    backup.close()
    restored = await opening(Place(f"sqlite:///{copy}"))
    assert (await look(restored, ANNA)).turn == 50


def back_up(file: Path, copy: Path) -> None:
    if program := shutil.which("sqlite3"):
        subprocess.run([program, "-cmd", ".timeout 5000", file, f".backup '{copy}'"], check=True)
        return
    source, target = sqlite3.connect(file), sqlite3.connect(copy)
    source.backup(target)
    source.close()
    target.close()


COUNTING = """
import asyncio, sys
from bot.storage.encryption import Cipher
from bot.storage.database import Database
from bot.storage.dialects import of_file
from tests.support.dates import NOW
from tests.support.store_stories import ANNA, count

async def main():
    store = await Database.open(sys.argv[1], Cipher.of(sys.argv[2]))
    print("open", flush=True)
    sys.stdin.readline()
    for n in range(50):
        await store.turn(int(sys.argv[3]) + n, ANNA, count, NOW)
    await store.close()

asyncio.run(main())
"""


async def test_two_processes_keep_the_order_of_one_person(place: Place, opening: Opening) -> None:
    store = await opening(place)
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", COUNTING, place.url, KEY, "1000000"], **pipes) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert await asyncio.to_thread(other.stdout.readline) == "open\n"
        other.stdin.write("\n")
        other.stdin.flush()
        for _ in range(50):  # reads go before, so that a transaction that begins with one would be outrun
            await asyncio.gather(store.depth(), turn(store, ANNA, count))
        assert await asyncio.to_thread(other.wait) == 0
    assert await look(store, ANNA, lambda p: (p.turn, p.cases[1].answers["n"])) == (100, "100")


AMID = """
import asyncio, sys
from bot.storage.encryption import Cipher
from bot.storage.database import Database
from tests.support.dates import NOW
from tests.support.store_stories import ANNA, count

def slowly(person):
    print("amid a turn", flush=True)
    sys.stdin.readline()
    return count(person)

async def main():
    store = await Database.open(sys.argv[1], Cipher.of(sys.argv[2]))
    await store.turn(1, ANNA, slowly, NOW)
    await store.close()

asyncio.run(main())
"""


async def test_a_turn_waits_for_the_one_that_another_process_is_amid(place: Place, opening: Opening) -> None:
    store = await opening(place)
    await turn(store, ANNA, count)
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", AMID, place.url, KEY], **pipes) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert await asyncio.to_thread(other.stdout.readline) == "amid a turn\n"
        waiting = asyncio.create_task(turn(store, ANNA, count))
        await asyncio.sleep(0.5)  # the other one has read the count, and ours is asked for
        other.stdin.write("\n")
        other.stdin.flush()
        await waiting
        assert await asyncio.to_thread(other.wait) == 0
    assert await look(store, ANNA, lambda p: (p.turn, p.cases[1].answers["n"])) == (3, "3")


async def test_the_database_of_another_program_is_left_as_it_is_to_the_byte(tmp_path: Path) -> None:
    file = tmp_path / "theirs.sqlite3"
    with closing(sqlite3.connect(file)) as theirs:
        theirs.execute("CREATE TABLE dishes (name TEXT)")
        theirs.commit()
    before = file.read_bytes()
    with pytest.raises(StoreUnready, match="another program"):
        await Database.open(of_file(file), Cipher.of(KEY))
    assert file.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == [file.name]


async def test_a_file_is_the_one_named_whatever_its_characters(tmp_path: Path) -> None:
    file = tmp_path / "a?b#c %41.sqlite3"
    upgrade(of_file(file))
    store = await Database.open(of_file(file), Cipher.of(KEY))
    await store.close()
    assert file.is_file()
    assert not (tmp_path / "a").exists()
