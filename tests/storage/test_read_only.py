"""Everybody who is kept is read, and not a byte is written: neither tables, nor a key, nor a file."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from bot.core.chat.person import Key, Person, TurnResult
from bot.core.reminders.schedule import Reminder, ReminderSchedule
from bot.storage import dialects, read_only
from bot.storage.database import Database
from bot.storage.encryption import Cipher
from bot.storage.errors import BadKey, NotMigrated, StoreError, StoreUnready
from bot.storage.read_only import everybody
from tests.storage.conftest import Opening, Place
from tests.support.dates import NOW
from tests.support.store_stories import ANNA, BEN, case, turn

DUE = NOW + timedelta(days=2)
ANNAS = Person(
    facts={"account": "free"},
    cases={1: case(tone="rapport"), 2: case(outcome="none")},
    current=2,
    turn=7,
    schedule=ReminderSchedule(planned=(Reminder(1, "M2", DUE.date(), DUE.time(), DUE),), zone_known=True),
)


async def test_everybody_is_read_as_a_turn_reads_them(
    store: Database, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_only, "BITE", 2)
    await turn(store, ANNA, lambda _: TurnResult(ANNAS))
    for number in range(6):
        await turn(
            store, Key(1, 900 + number, 0, 900 + number), lambda _: TurnResult(Person(cases={1: case()}, current=1))
        )
    await turn(store, BEN, lambda _: TurnResult(Person()))
    found = list(everybody(place.url, place.cipher))
    assert [row for row, _ in found] == sorted(row for row, _ in found)
    assert len(found) == 8
    assert found[0][1] == ANNAS, "while the bot runs, and what it has not moved into the file yet"
    assert found[-1][1] == Person()


async def test_what_reads_cannot_write(store: Database, place: Place) -> None:
    await turn(store, ANNA, lambda _: TurnResult(ANNAS))
    engine = dialects.connect_to_read(dialects.read_url(place.url))
    with pytest.raises(Exception, match=r"(?i)read-?only"), engine.begin() as connection:
        connection.execute(text("DELETE FROM case_"))
    engine.dispose()


async def test_a_file_is_left_as_it_is(sqlite: Place, opening: Opening) -> None:
    store = await opening(sqlite)
    await turn(store, ANNA, lambda _: TurnResult(ANNAS))
    await store.close()
    before = {file.name: file.read_bytes() for file in sqlite.file.parent.iterdir()}
    assert list(everybody(sqlite.url, sqlite.cipher)) == [(1, ANNAS)]
    assert {file.name: file.read_bytes() for file in sqlite.file.parent.iterdir()} == before


async def test_what_cannot_be_read_is_said_and_nothing_is_made(store: Database, place: Place, tmp_path: Path) -> None:
    await turn(store, ANNA, lambda _: TurnResult(ANNAS))
    with pytest.raises(BadKey, match="another key"):
        list(everybody(place.url, Cipher.of(Fernet.generate_key().decode())))
    with pytest.raises(StoreUnready, match="no such database"):
        list(everybody(f"sqlite:///{tmp_path}/elsewhere.sqlite3", place.cipher))
    with pytest.raises(StoreUnready, match=r"cannot be looked at: File name too long\. See to the rights"):
        list(everybody(f"sqlite:///{tmp_path}/{'x' * 300}/elsewhere.sqlite3", place.cipher))
    (tmp_path / "text.sqlite3").write_text("no database at all, but long enough to be looked at", encoding="utf-8")
    with pytest.raises(StoreError):
        list(everybody(f"sqlite:///{tmp_path}/text.sqlite3", place.cipher))
    with pytest.raises(BadKey, match="there is no key here"):
        Cipher.at_hand(None, tmp_path / "data.key")
    assert not {"elsewhere.sqlite3", "data.key"} & {file.name for file in tmp_path.iterdir()}


async def test_tables_of_another_version_are_not_guessed_at(sqlite: Place, opening: Opening) -> None:
    await (await opening(sqlite)).close()
    engine = dialects.connect(dialects.read_url(sqlite.url), 1)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    engine.dispose()
    with pytest.raises(NotMigrated, match="revision 0001"):
        list(everybody(sqlite.url, sqlite.cipher))
