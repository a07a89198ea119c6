"""Everything copied, compared and put back, on both databases; who would be left behind is refused in words."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from bot.core.chat.person import Key, Person, TurnResult
from bot.storage import backup, dialects
from bot.storage.backup import back_up, move, restore
from bot.storage.database import Database
from bot.storage.encryption import Cipher
from bot.storage.errors import BadKey, CannotCopy, NewerDatabase
from bot.storage.migrate import upgrade
from bot.storage.read_only import everybody
from bot.storage.revision import HEAD, inspect
from tests.storage.conftest import Opening, Place
from tests.support.old_databases import BOT, FIRST, counts, make
from tests.support.postgres import new_database
from tests.support.store_stories import ANNA, BEN, becomes, case, count, look, says, turn

Empty = Callable[[str], Place]


@pytest.fixture
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Empty:
    """Return what makes a place of a kind in which nothing is yet."""

    def made(kind: str) -> Place:
        if kind == "sqlite":
            return Place(f"sqlite:///{tmp_path / 'other' / 'afterword.sqlite3'}")
        return Place(new_database(request.getfixturevalue("server")))

    return made


def peopled(place: Place) -> Place:
    """Put 20 people into a place, whose last two numbers of a message were dealt and are gone."""
    make(place.url, "0007", 20, place.cipher)
    upgrade(place.url)
    engine = dialects.connect(dialects.read_url(place.url), 1)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM outbox WHERE id > 18"))
    engine.dispose()
    return place


@pytest.fixture(params=["sqlite", "postgresql"])
def full(request: pytest.FixtureRequest, tmp_path: Path, empty: Empty) -> Place:
    """Make a database with 20 people."""
    if request.param == "postgresql":
        return peopled(empty("postgresql"))
    return peopled(Place(f"sqlite:///{tmp_path / 'afterword.sqlite3'}"))


def people(place: Place) -> list[tuple[int, Person]]:
    return list(everybody(place.url, place.cipher))


async def next_number(place: Place, opening: Opening) -> int:
    store = await opening(place)
    await turn(store, ANNA, becomes(says("the next message")))
    with store._engine.connect() as connection:
        return int(connection.execute(text("SELECT max(id) FROM outbox")).scalar_one())


# -- backup and restore ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_backup_is_restored_to_either_kind(
    full: Place, kind: str, empty: Empty, tmp_path: Path, opening: Opening
) -> None:
    file, target = tmp_path / "backup.sqlite3", empty(kind)
    done = back_up(full.url, file, full.cipher)
    assert (done.people, done.revision, dict(done.rows)) == (20, HEAD, counts(full.url))
    assert file.stat().st_mode & 0o077 == 0
    assert not [one for one in tmp_path.iterdir() if one.name.startswith(".")], "no draft is left"
    back = restore(file, target.url, full.cipher)
    assert (back.rows, back.aside) == (done.rows, None)
    assert people(target) == people(full)
    assert await next_number(target, opening) == 21, "numbers that were dealt are not dealt again"


async def test_a_backup_under_load_is_of_one_moment(place: Place, opening: Opening, tmp_path: Path) -> None:
    """Two people's counts move together, in one turn each; the copy never has one without what came before."""
    store = await opening(place)
    await turn(store, ANNA, becomes(cases={1: case(n="0")}, current=1))
    stop, file = asyncio.Event(), tmp_path / "backup.sqlite3"

    async def load(key: Key) -> None:
        while not stop.is_set():
            await turn(store, key, count)
            await turn(store, key, becomes(says("x" * 500), cases={1: case(n="0")}, current=1))

    loads = [asyncio.create_task(load(key)) for key in (ANNA, BEN)]
    done = await asyncio.to_thread(back_up, place.url, file, place.cipher)
    stop.set()
    await asyncio.gather(*loads)
    assert counts(f"sqlite:///{file}") == done.rows
    target = Place(f"sqlite:///{tmp_path / 'restored' / 'afterword.sqlite3'}", place.cipher)
    assert restore(file, target.url, place.cipher).rows == done.rows
    assert await look(await opening(target), ANNA, lambda p: p.current) == 1


def test_a_backup_writes_over_nothing_and_wants_the_key(full: Place, tmp_path: Path) -> None:
    file = tmp_path / "backup.sqlite3"
    file.write_text("precious")
    with pytest.raises(FileExistsError, match="writes over nothing"):
        back_up(full.url, file, full.cipher)
    assert file.read_text() == "precious"
    with pytest.raises(BadKey, match="another key"):
        back_up(full.url, tmp_path / "new.sqlite3", Cipher.of(Fernet.generate_key().decode()))
    assert not (tmp_path / "new.sqlite3").exists()


def test_a_backup_of_a_later_version_is_refused_with_that_version(full: Place, tmp_path: Path, empty: Empty) -> None:
    file, target = tmp_path / "backup.sqlite3", empty("sqlite")
    back_up(full.url, file, full.cipher)
    engine = dialects.connect(dialects.of_file(file), 1)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0099'"))
        connection.execute(text("UPDATE upgrade SET revision = '0099', afterword = '7.1.0'"))
    engine.dispose()
    with pytest.raises(NewerDatabase, match=r"written by Afterword 7\.1\.0"):
        restore(file, target.url, full.cipher)
    assert inspect(target.url).standing == "empty"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_an_earlier_backup_is_upgraded(kind: str, empty: Empty, tmp_path: Path) -> None:
    old, target = Place(f"sqlite:///{tmp_path / 'old.sqlite3'}"), empty(kind)
    make(old.url, "0006", 20, old.cipher)
    done = restore(old.file, target.url, old.cipher)
    assert done.people == 20
    assert inspect(old.url).revision == "0006", "the backup stays as it is"
    upgrade(target.url)  # as the next start does
    assert [person.current for _, person in people(target)] == [1] * 20


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_where_people_are_kept_a_backup_is_put_only_by_force_which_keeps_them_aside(
    kind: str, full: Place, empty: Empty, tmp_path: Path
) -> None:
    file, target = tmp_path / "backup.sqlite3", empty(kind)
    back_up(full.url, file, full.cipher)
    upgrade(target.url)
    store = await Database.open(target.url, target.cipher)
    await turn(store, ANNA, becomes(facts={"name": "Anna"}))
    with pytest.raises(CannotCopy, match=r"people are kept there already\. Restore to an empty place, or"):
        restore(file, target.url, full.cipher)
    with pytest.raises(CannotCopy, match="Stop every bot"):
        restore(file, target.url, full.cipher, force=True)
    await store.close()
    done = restore(file, target.url, full.cipher, force=True)
    assert people(target) == people(full)
    assert done.aside is not None
    assert [person.facts for _, person in everybody(f"sqlite:///{done.aside}", target.cipher)] == [{"name": "Anna"}]


async def test_a_damaged_file_is_replaced_by_force_and_kept_aside(tmp_path: Path) -> None:
    full = peopled(Place(f"sqlite:///{tmp_path / 'afterword.sqlite3'}"))
    file = tmp_path / "backup.sqlite3"
    back_up(full.url, file, full.cipher)
    damaged = b"X" * 4096 + full.file.read_bytes()[4096:]
    full.file.write_bytes(damaged)
    full.file.with_name(f"{full.file.name}-wal").write_bytes(b"left of it")
    done = restore(file, full.url, full.cipher, force=True)
    assert done.aside is not None
    assert done.aside.read_bytes() == damaged
    assert len(people(full)) == 20


def test_what_is_no_backup_is_refused(tmp_path: Path, empty: Empty) -> None:
    target = empty("sqlite")
    with pytest.raises(CannotCopy, match="no such backup"):
        restore(tmp_path / "none.sqlite3", target.url, target.cipher)
    (tmp_path / "empty").touch()
    with pytest.raises(CannotCopy, match="nothing in it"):
        restore(tmp_path / "empty", target.url, target.cipher)
    with pytest.raises(CannotCopy, match="nothing to back up"):
        back_up(target.url, tmp_path / "new", target.cipher)


# -- move --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_move_takes_everybody_along(full: Place, kind: str, empty: Empty, opening: Opening) -> None:
    target = empty(kind)
    done = move(full.url, target.url, full.cipher)
    assert (done.people, done.rows) == (20, counts(full.url))
    assert people(target) == people(full)
    assert await next_number(target, opening) == 21
    newest = Key(BOT, FIRST + 20, 0, FIRST + 20)
    await turn(await opening(target), newest, lambda _: TurnResult(Person()))
    assert await look(await opening(target), newest, lambda p: p.current) == 0


async def test_a_move_wants_the_bot_stopped_and_an_empty_place(place: Place, empty: Empty, opening: Opening) -> None:
    store = await opening(place)
    await turn(store, ANNA, count)
    target = empty("sqlite")
    with pytest.raises(CannotCopy, match=r"bot.*Stop every bot that uses it first"):
        await asyncio.to_thread(move, place.url, target.url, place.cipher)
    await store.close()
    assert move(place.url, target.url, place.cipher).people == 1
    with pytest.raises(CannotCopy, match=r"people are kept there already\. Move to an empty database"):
        move(place.url, target.url, place.cipher)


async def test_a_copy_that_is_not_the_same_is_taken_back(
    full: Place, empty: Empty, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, real = empty("sqlite"), backup._deal_on

    def losing(connection, table, last):  # type: ignore[no-untyped-def]  # as `_deal_on`
        real(connection, table, last)
        if table.name == "session":
            connection.execute(text("UPDATE person SET zone = 'UTC' WHERE person = 5000000003"))

    monkeypatch.setattr(backup, "_deal_on", losing)
    with pytest.raises(CannotCopy, match=r"'person' is not the same \(20 rows of 20\)"):
        move(full.url, target.url, full.cipher)
    assert inspect(target.url).people == 0


# -- the way back after an upgrade -------------------------------------------------------------------------------------


PAGE = Path(__file__).parents[2] / "docs/operators/upgrade.md"


def test_the_page_leads_back_to_the_version_before(tmp_path: Path) -> None:
    """The commands of docs/operators/upgrade.md, typed as they stand there; only the copy's name is one's own."""
    data = tmp_path / "data"
    data.mkdir()
    place = Place(f"sqlite:///{data / 'afterword.sqlite3'}")
    make(place.url, "0006", 20, place.cipher)
    before = counts(place.url)
    done = upgrade(place.url)
    assert done is not None
    assert done.copy is not None
    place.file.with_name("afterword.sqlite3-wal").touch()  # as a bot that was killed leaves it
    (typed,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8").partition("## Go back")[2], re.DOTALL)
    typed = re.sub(r"COPY=\S+", f"COPY={done.copy.name}", typed)
    subprocess.run(["sh", "-e", "-c", typed], cwd=tmp_path, check=True)
    assert (counts(place.url), inspect(place.url).revision) == (before, "0006")
    assert inspect(f"sqlite:///{data / 'upgraded' / 'afterword.sqlite3'}").revision == HEAD, "nothing is thrown away"
    assert [one.name for one in data.glob("afterword*")] == ["afterword.sqlite3"], "and nothing spoils the copy"
    upgrade(place.url)  # the next try
    assert len(people(place)) == 20
