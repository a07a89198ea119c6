"""An upgrade keeps everybody: from each revision there was, on both databases, and through a kill at any statement."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from bot.core.chat.person import Key, Person, TurnResult
from bot.core.dialogue.session import Said
from bot.core.library import Library
from bot.runtime.update_handler import IncomingUpdate
from bot.storage import copies, dialects, migrate
from bot.storage.database import Database
from bot.storage.encryption import Cipher
from bot.storage.errors import NewerDatabase, NotMigrated, StoreUnready, UpgradeFailed
from bot.storage.migrate import upgrade
from bot.storage.revision import HEAD, inspect
from bot.telegram.private_chat import PrivateChat
from tests.storage.conftest import KEY, Opening, Place
from tests.support.dates import NOW
from tests.support.old_databases import BOT, DUE, FIRST, REVISIONS, counts, has_reminder, make
from tests.support.postgres import new_database
from tests.support.store_stories import ANNA, look, turn

MakeOld = Callable[[str, int], Place]
GONE = {"reminder", "ledger"}
"""Tables of the first version alone: what it planned by itself, which nobody had agreed to and nothing could send."""


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> MakeOld:
    """Return what makes a database of a revision with so many people."""

    def made(revision: str, people: int) -> Place:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path_factory.mktemp('old') / 'afterword.sqlite3'}"
        else:
            url = new_database(request.getfixturevalue("server"))
        make(url, revision, people, Cipher.of(KEY))
        return Place(url)

    return made


@pytest.fixture
def old_file(tmp_path: Path) -> Place:
    """Make a SQLite file as revision 0006 left it, with 20 people."""
    place = Place(f"sqlite:///{tmp_path / 'afterword.sqlite3'}")
    make(place.url, "0006", 20, place.cipher)
    return place


def kept(of: dict[str, int]) -> dict[str, int]:
    return {name: rows for name, rows in of.items() if name not in GONE | {"upgrade"}}


async def goes_on(store: Database, library: Library, number: int, *, reminders: bool) -> None:
    """See that somebody is whole, and that their next answer is taken as one to the question they were asked."""
    key = Key(BOT, FIRST + number, 0, FIRST + number)
    whole = await look(store, key, lambda p: (len(p.cases), p.facts, [r.due for r in p.schedule.planned]))
    due = [DUE] if reminders and has_reminder(number) else []
    assert whole == (2 if number % 3 == 1 else 1, {"account": "free"}, due)
    incoming = IncomingUpdate(10_000 + number, key, Said("Well"), {"language": "en", "message": 0})
    talking = PrivateChat(library, "after_interview")

    def answer(person: Person | None) -> TurnResult:
        return talking.respond(incoming, person, NOW)

    turned = await store.turn(incoming.update, key, answer, NOW)
    assert turned is not None
    assert turned.person is not None
    assert dict(turned.person.cases[1].answers) == {"relation": "none", "experience": "positive"}


async def keeps_everybody(place: Place, revision: str, library: Library, opening: Opening, answering: range) -> None:
    before = counts(place.url)
    done = upgrade(place.url)
    assert done is not None
    assert (done.old, done.new) == (revision, HEAD)
    after = counts(place.url)
    assert {name: after[name] for name in kept(before)} == kept(before)
    store = await opening(place)
    for number in answering:
        await goes_on(store, library, number, reminders=revision > "0001")
    newest = max(FIRST + number for number in range(before["person"])) + 1
    await turn(store, Key(BOT, newest, 0, newest), lambda _: TurnResult(Person()))  # a number that was never dealt


@pytest.mark.parametrize("revision", REVISIONS)
async def test_an_upgrade_keeps_everybody(old: MakeOld, revision: str, library: Library, opening: Opening) -> None:
    await keeps_everybody(old(revision, 20), revision, library, opening, range(3))


@pytest.mark.slow
@pytest.mark.parametrize("revision", REVISIONS)
async def test_an_upgrade_keeps_two_hundred_people(
    old: MakeOld, revision: str, library: Library, opening: Opening
) -> None:
    await keeps_everybody(old(revision, 200), revision, library, opening, range(200))


async def test_a_number_of_a_session_is_dealt_once_however_old_its_table(tmp_path: Path, opening: Opening) -> None:
    place = Place(f"sqlite:///{tmp_path / 'afterword.sqlite3'}")
    make(place.url, "0007", 3, place.cipher)
    upgrade(place.url)
    store = await opening(place)
    last = Key(BOT, FIRST + 2, 0, FIRST + 2)
    await turn(store, last, lambda _: TurnResult(None))
    await turn(store, ANNA, lambda _: TurnResult(Person()))
    with store._engine.connect() as connection:
        assert connection.execute(text("SELECT max(id) FROM session")).scalar_one() == 4


# -- what would lose somebody is taken back ----------------------------------------------------------------------------

LOSSES = {
    "a row": ("DELETE FROM case_ WHERE session = 1", "would lose 1 rows of 'case_'"),
    "a table": ("DROP TABLE roll", "would lose 2 rows of 'roll'"),
    "what a row belongs to": ("UPDATE case_ SET session = 999 WHERE session = 1", "without what they belong to"),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_an_upgrade_that_would_lose_something_is_taken_back(
    old_file: Place, loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script of the future, written without care; foreign keys are not heeded, so the tables come to no harm."""
    before, real = counts(old_file.url), migrate.command.upgrade
    statement, said = LOSSES[loss]

    def careless(config: Any, revision: str) -> None:
        real(config, revision)
        config.attributes["connection"].exec_driver_sql(statement)

    monkeypatch.setattr(migrate.command, "upgrade", careless)
    with pytest.raises(UpgradeFailed, match=said) as refused:
        upgrade(old_file.url)
    assert "Nothing was changed" in str(refused.value)
    assert (counts(old_file.url), inspect(old_file.url).revision) == (before, "0006")


def test_a_table_made_anew_takes_nobody_with_it(old_file: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `batch_alter_table` does on SQLite: with foreign keys heeded, the old table takes every case with it."""
    before, real = counts(old_file.url), migrate.command.upgrade

    def anew(config: Any, revision: str) -> None:
        real(config, revision)
        operations = Operations(MigrationContext.configure(config.attributes["connection"]))
        for name in ("person", "session"):
            with operations.batch_alter_table(name, recreate="always"):
                pass

    monkeypatch.setattr(migrate.command, "upgrade", anew)
    upgrade(old_file.url)
    after = counts(old_file.url)
    assert kept({name: after[name] for name in before}) == kept(before)


def test_only_a_table_that_a_script_names_may_go() -> None:
    scripts = ScriptDirectory.from_config(migrate.config()).walk_revisions()
    named = {script.revision: script.module.DROPS for script in scripts if hasattr(script.module, "DROPS")}
    assert named == {"0002": ("reminder", "ledger")}


# -- a kill ------------------------------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from sqlalchemy import Engine, event
from bot.storage.migrate import upgrade
seen, stop = [0], 0
@event.listens_for(Engine, "before_cursor_execute")
def count(*_):
    seen[0] += 1
    if seen[0] == stop:
        os.kill(os.getpid(), signal.SIGKILL)
@event.listens_for(Engine, "commit")
def committing(_):
    if stop == -1:
        os.kill(os.getpid(), signal.SIGKILL)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        stop = int(line)
        upgrade(sys.argv[1])
        os._exit(0)
    killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
    print("killed" if killed else "done", flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="it needs fork")
def test_a_kill_amid_an_upgrade_leaves_the_old_or_the_new(old: MakeOld) -> None:
    place = old("0001", 20)
    before = counts(place.url)
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    ends = []
    with subprocess.Popen([sys.executable, "-c", KILLED, place.url], **pipes) as nursery:
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        for stop in (-1, *range(9, 10_000, 25)):  # before the commit, then at one statement after another
            nursery.stdin.write(f"{stop}\n")
            nursery.stdin.flush()
            ends.append(nursery.stdout.readline().strip())
            if inspect(place.url).revision == "0001":
                assert counts(place.url) == before, f"killed at {stop}"
            else:
                assert inspect(place.url).revision == HEAD
                break
        nursery.stdin.close()
    assert ends.count("killed") >= 4
    after = counts(place.url)
    assert {name: after[name] for name in kept(before)} == kept(before)


# -- the copy ----------------------------------------------------------------------------------------------------------


def test_a_copy_is_made_before_a_file_is_upgraded(old_file: Place) -> None:
    before = counts(old_file.url)
    done = upgrade(old_file.url)
    assert done is not None
    assert done.copy is not None
    assert done.copy.name.startswith("afterword.sqlite3.before-upgrade-from-0006-")
    assert done.copy.stat().st_mode & 0o077 == 0
    copied = f"sqlite:///{done.copy}"
    assert (counts(copied), inspect(copied).revision) == (before, "0006")
    assert list(copies.copies_of(old_file.file)) == [done.copy]
    assert upgrade(old_file.url) is None
    assert list(copies.copies_of(old_file.file)) == [done.copy], "a start that upgrades nothing makes none"


def test_copies_of_the_last_three_upgrades_are_kept_for_thirty_days(tmp_path: Path) -> None:
    file, today = tmp_path / "a.sqlite3", datetime(2026, 11, 30, 10, 15, tzinfo=UTC)
    made = {}
    for revision, days in (("0003", 40), ("0004", 20), ("0005", 10), ("0006", 3), ("0006", 2), ("0007", 1)):
        name = f"a.sqlite3.before-upgrade-from-{revision}-{copies.stamp(today - timedelta(days=days))}"
        made[revision, days] = tmp_path / name
        made[revision, days].touch()
    (tmp_path / "a.sqlite3.before-upgrade-from-mine").touch()
    copies.drop_old_copies(file, today)
    left = {key for key, one in made.items() if one.exists()}
    assert left == {("0005", 10), ("0006", 2), ("0007", 1)}, "a start that was tried again counts once"
    copies.drop_old_copies(file, today + timedelta(days=28, seconds=1))
    assert {key for key, one in made.items() if one.exists()} == {("0007", 1)}
    assert (tmp_path / "a.sqlite3.before-upgrade-from-mine").exists(), "what is no copy of ours is left alone"


async def test_old_copies_go_while_the_bot_runs(sqlite: Place, opening: Opening) -> None:
    store = await opening(sqlite)
    old = sqlite.file.with_name(f"{sqlite.file.name}.before-upgrade-from-0006-20200101T000000Z")
    old.touch()
    await store.upkeep.tidy(NOW)
    assert not old.exists()


def test_without_room_for_a_copy_nothing_is_upgraded(old_file: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(migrate, "copy_before_upgrade", full)
    with pytest.raises(UpgradeFailed, match=r"a copy of it is made in .*: No space left .* Nothing was changed"):
        upgrade(old_file.url)
    assert inspect(old_file.url).revision == "0006"


# -- who may change what -----------------------------------------------------------------------------------------------


async def test_to_open_a_database_upgrades_nothing(old: MakeOld) -> None:
    place = old("0006", 2)
    with pytest.raises(NotMigrated, match="will be upgraded at the next start of `afterword run`; nothing was changed"):
        await Database.open(place.url, place.cipher)
    assert inspect(place.url).revision == "0006"


async def test_to_open_a_database_makes_none(tmp_path: Path) -> None:
    with pytest.raises(NotMigrated, match="`afterword run` makes it"):
        await Database.open(f"sqlite:///{tmp_path / 'data' / 'a.sqlite3'}", Cipher.of(KEY))
    assert list(tmp_path.iterdir()) == []


def test_a_look_changes_no_byte(old_file: Place) -> None:
    before = {file.name: file.read_bytes() for file in old_file.file.parent.iterdir()}
    state = inspect(old_file.url)
    assert (state.standing, state.revision, state.people, state.written_by) == ("older", "0006", 20, None)
    assert {file.name: file.read_bytes() for file in old_file.file.parent.iterdir()} == before


def test_what_cannot_be_looked_at_is_not_taken_for_none(tmp_path: Path) -> None:
    with pytest.raises(StoreUnready, match="Is a directory"):
        inspect(f"sqlite:///{tmp_path}")
    with pytest.raises(StoreUnready, match="File name too long"):
        inspect(f"sqlite:///{tmp_path}/{'x' * 300}/a.sqlite3")


def write(place: Place, *statements: str) -> None:
    engine = dialects.connect(dialects.read_url(place.url), 1)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


async def test_a_database_of_a_later_version_is_refused_with_that_version(old: MakeOld) -> None:
    place = old("0006", 2)
    upgrade(place.url)
    assert inspect(place.url).written_by == migrate.package_version()
    write(
        place,
        "UPDATE alembic_version SET version_num = '0099'",
        "UPDATE upgrade SET revision = '0099', afterword = '7.1.0'",
    )
    before = counts(place.url)
    for refused in (lambda: upgrade(place.url), lambda: inspect(place.url).refuse_unless_current()):
        with pytest.raises(NewerDatabase, match=r"written by Afterword 7\.1\.0 \(tables 0099\).*Install that version"):
            refused()
    with pytest.raises(NewerDatabase):
        await Database.open(place.url, place.cipher)
    assert counts(place.url) == before


def test_tables_of_another_program_are_told_apart(tmp_path: Path) -> None:
    theirs = Place(f"sqlite:///{tmp_path / 'theirs.sqlite3'}")
    write(theirs, "CREATE TABLE alembic_version (version_num TEXT)", "INSERT INTO alembic_version VALUES ('ae10')")
    assert inspect(theirs.url).standing == "foreign"
    with pytest.raises(StoreUnready, match="another program"):
        upgrade(theirs.url)


def test_what_serves_imports_no_alembic() -> None:
    program = "import sys, bot.app.server, bot.app.operator, bot.cli.chat_storage; print('alembic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
