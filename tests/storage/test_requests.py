"""Requests that come by mail: found by id or pseudonym, handed over, deleted while the bot runs, and noted."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli.main import app
from bot.core.chat.commands import exported
from bot.core.chat.person import Person, TurnResult
from bot.core.coaching.cohort import Cohort, CohortRepository, CohortTurn, Member
from bot.core.dialogue.session import Session
from bot.storage.database import Database
from tests.runtime.conftest import KEY, key, opened
from tests.support.dates import NOW

DANA, STAN, COACH = 5000000010, 5000000011, 5000000001
NAME = "Zaphira-who-is-remembered"


@dataclass
class Office:
    """The operator's folder, beside a bot that runs."""

    folder: Path
    store: Database

    async def runs(self, *command: str, typed: str = "") -> Result:
        """Run a command of a process of its own, as far as the database can tell."""
        return await asyncio.to_thread(CliRunner().invoke, app, ["people", *command], input=typed)

    def rows(self, table: str) -> list[tuple[object, ...]]:
        with sqlite3.connect(self.folder / "db.sqlite3") as raw:
            return list(raw.execute(f"SELECT * FROM {table}"))  # noqa: S608 - names of tables


@pytest.fixture
async def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    store = await opened(tmp_path)
    monkeypatch.setattr("bot.app.logging.configure", lambda *_given: None)  # the log of the tests stays as it is
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'db.sqlite3'}")
    monkeypatch.setenv("DATA_KEY", KEY.decode())
    case = Session("after_interview", answers={"first": NAME})
    for number, person in enumerate((DANA, STAN), 1):
        dana = Person(facts={"me": NAME}, cases={1: case}, current=1)
        await store.turn(number, key(person), lambda _known, dana=dana: TurnResult(dana), NOW)
    cohort = Cohort("Spring", "en", {COACH: "Cleo"}, {DANA: Member(NOW, {"counts": NOW})})

    def step(_known: Person | None, _repository: CohortRepository) -> CohortTurn:
        return CohortTurn(Person(), cohorts={4: cohort})

    await store.cohort_respond(9, key(COACH), step, NOW)
    yield Office(tmp_path, store)
    await store.close()


async def test_somebody_is_found_by_id_and_by_the_pseudonym_of_the_logs(office: Office) -> None:
    name = office.store.pseudonym(DANA)
    by_id, by_name = await office.runs("find", str(DANA)), await office.runs("find", name)
    assert by_id.output == by_name.output
    for said in (f"user id {DANA}", f"in logs {name}", "known since 2026-11-23", "interviews: 1", "“Spring” (member)"):
        assert said in by_id.output
    assert NAME not in by_id.output
    assert (await office.runs("find", "p0123456789ab")).exit_code == 1
    wrong = await office.runs("find", "Dana")
    assert wrong.exit_code == 1
    assert "neither a user id" in wrong.output
    assert "“Spring” (coach)" in (await office.runs("find", str(COACH))).output


async def test_a_pseudonym_is_the_same_in_every_process_and_tells_nothing_without_the_key(office: Office) -> None:
    from cryptography.fernet import Fernet

    from bot.storage.encryption import Cipher

    other = Fernet.generate_key().decode()
    assert Cipher.of(KEY.decode()).pseudonym(DANA) == office.store.pseudonym(DANA)
    assert Cipher.of(other).pseudonym(DANA) != office.store.pseudonym(DANA)
    both = Cipher.of(f"{other},{KEY.decode()}")
    assert office.store.pseudonym(DANA) in both.pseudonyms(DANA), "while a key is changed, old logs still resolve"


async def test_what_is_kept_is_handed_over_in_a_file_for_its_owner_only(office: Office) -> None:
    file = office.folder / "dana.json"
    assert (await office.runs("export", str(DANA), str(file))).exit_code == 0
    dana = Person(facts={"me": NAME}, cases={1: Session("after_interview", answers={"first": NAME})}, current=1)
    assert json.loads(file.read_text()) == json.loads(exported(dana))
    beside = office.folder / "dana-cohorts.json"
    assert json.loads(beside.read_text())["cohorts"][0]["cohort"] == "Spring"
    assert [one.stat().st_mode & 0o777 for one in (file, beside)] == [0o600, 0o600]
    again = await office.runs("export", str(STAN), str(file))
    assert again.exit_code == 1
    assert "is there already" in again.output
    assert "Spring" not in file.read_text()


async def test_somebody_is_deleted_while_the_bot_runs_and_leaves_no_trace(office: Office) -> None:
    name = office.store.pseudonym(DANA)
    wrong = await office.runs("forget", str(DANA), typed="yes\n")
    assert wrong.exit_code == 1
    assert "Nothing was deleted" in wrong.output
    assert len(office.rows("person")) == 3
    done = await office.runs("forget", str(DANA), typed=f"{name}\n")
    assert done.exit_code == 0, done.output
    assert f"Deleted: {name}." in done.output
    assert (office.folder / "db.sqlite3-wal").stat().st_size == 0, "no page of before is left in the log"
    assert {row[1] for row in office.rows("person")} == {STAN, COACH}
    assert {row[2] for row in office.rows("roll")} == {COACH}
    asked: list[Person | None] = []

    def step(known: Person | None) -> TurnResult:
        asked.append(known)
        return TurnResult(None)

    await office.store.turn(50, key(DANA), step, NOW)
    assert asked == [None], "the running bot has never seen them"
    assert (await office.runs("forget", str(DANA), "--yes")).exit_code == 1


async def test_each_use_is_noted_under_the_pseudonym_alone(office: Office) -> None:
    name = office.store.pseudonym(DANA)
    await office.runs("find", str(DANA))
    await office.runs("export", name, str(office.folder / "dana.json"))
    await office.runs("forget", str(DANA), "--yes")
    log = await office.runs("log")
    lines = log.output.splitlines()
    assert [line.split()[3:5] for line in lines[:-1]] == [["find", name], ["export", name], ["forget", name]]
    assert all(" by " in line for line in lines[:-1])
    assert "3 in all." in lines[-1]
    noted = [str(row) for row in office.rows("request")]
    noted += [str(one) for one in await office.store.requests.noted()]
    assert str(DANA) not in "".join(noted)
