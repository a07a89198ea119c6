"""The key as an operator meets it: made at a first start, never made anew, changed while the bot serves."""

from __future__ import annotations

import asyncio
import random
import re
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from bot.app.doctor import Probe, database_findings, key_findings
from bot.app.operator import cipher_of, parked, surveyed
from bot.app.server import serve
from bot.app.settings import Settings
from bot.app.startup import opened as started
from bot.cli.chat_storage import key_beside
from bot.cli.chat_storage import opened as talked
from bot.cli.conversation_storage import NotKept
from bot.cli.main import app
from bot.core.chat.person import Key, Person, TurnResult
from bot.core.dialogue.session import Session
from bot.core.library import Library
from bot.storage.database import Database
from bot.storage.encryption import Cipher, fingerprint, new_key
from bot.storage.errors import BadKey, NoKey
from bot.storage.keys import read_key_use
from bot.telegram.private_chat import PrivateChat
from tests.botapi import BotApiServer
from tests.support.application import Talks
from tests.support.bot_process import RunningBot, opened
from tests.support.postgres import new_database

OLD, NEW = new_key(), new_key()
OLD_NAME = fingerprint(Cipher.of(OLD).heads[0])


def bytes_in(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def settings_of(folder: Path, **more: str) -> Settings:
    return Settings.model_validate({"DATA_DIR": str(folder / "data"), **more})


async def keep_somebody(settings: Settings) -> None:
    async with opened(settings) as store:
        await store.turn(1, Key(1, 7, 0, 7), lambda _: TurnResult(Person(facts={"name": "Anna"})), datetime.now(UTC))


def test_a_new_key_is_printed_and_nothing_else_and_is_kept_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_KEY", "nonsense")  # no settings are read
    made = [CliRunner().invoke(app, ["key", "new"]) for _ in range(2)]
    assert [one.exit_code for one in made] == [0, 0]
    assert made[0].stdout != made[1].stdout
    for one in made:
        assert re.fullmatch(r"[A-Za-z0-9_=-]{44}\n", one.stdout)
        Cipher.of(one.stdout)
    assert list(tmp_path.iterdir()) == []


async def test_a_first_start_says_where_the_key_is_and_that_a_copy_belongs_elsewhere(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    for times in (1, 0):
        with capture_logs() as log:
            await (await started(settings, lambda _: None)).close()
        made = [one for one in log if "a key for personal data was made" in one["event"]]
        assert [one["file"] for one in made] == [str(tmp_path / "data.key")] * times
        assert all("keep a copy of it apart from the data" in one["event"] for one in made)


def test_data_whose_key_is_gone_does_not_start_and_nothing_is_made(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    asyncio.run(keep_somebody(settings))
    settings.keys_file.rename(tmp_path / "elsewhere")
    before = bytes_in(tmp_path)
    with BotApiServer(seed=1) as telegram:
        bot = RunningBot(telegram, tmp_path)
        command = [sys.executable, "-m", "bot", "run"]
        done = subprocess.run(command, capture_output=True, text=True, env=bot.env, cwd=tmp_path, check=False)
        assert (done.returncode, done.stdout) == (2, "")
        assert "Traceback" not in done.stderr
        wanted = (str(settings.data_dir), f"no file {settings.keys_file}", "No new key was made", "Put the key back")
        for words in wanted:
            assert words in done.stderr
        assert telegram.calls == []
    assert bytes_in(tmp_path) == before


async def test_what_only_reads_makes_no_key_either(tmp_path: Path) -> None:
    nothing = settings_of(tmp_path / "nothing")
    assert await parked(nothing, faults=False) == ([], {})
    assert not nothing.data_dir.parent.exists()
    lost = settings_of(tmp_path)
    await keep_somebody(lost)
    lost.keys_file.unlink()
    before = bytes_in(tmp_path)
    with pytest.raises(NoKey, match="No new key was made"):
        await parked(lost, faults=False)
    with pytest.raises(NoKey, match="No new key was made"):
        surveyed(lost, "own", None, "", None, sound=True)  # type: ignore[arg-type]  # nothing of it is looked at
    (finding,) = [one for one in await database_findings(lost) if not one.well and "TELEGRAM" not in one.sentence]
    assert "No new key was made" in finding.sentence
    assert bytes_in(tmp_path) == before


def test_a_talk_whose_key_is_gone_is_refused_wherever_its_key_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "talk.db"
    named = {"DATA_KEY_FILE": str(tmp_path / "named.key")}
    for settings, key in ((settings_of(tmp_path), key_beside(file)), (settings_of(tmp_path, **named), named)):
        with talked(str(file), settings, datetime.now(UTC)) as talk:
            talk.turn(lambda _: Person(), datetime.now(UTC))
        Path(*(key.values() if isinstance(key, dict) else [key])).unlink()
        before = bytes_in(tmp_path)
        with (
            pytest.raises(NotKept, match="No new key was made") as refused,
            talked(str(file), settings, datetime.now(UTC)),
        ):
            pass
        assert refused.value.for_want_of_key
        assert bytes_in(tmp_path) == before
        file.unlink()


def test_the_key_of_a_talk_can_be_changed_as_well(tmp_path: Path) -> None:
    for keys in (OLD, f"{NEW},{OLD}", NEW):
        with talked(str(tmp_path / "talk.db"), settings_of(tmp_path, DATA_KEY=keys), datetime.now(UTC)) as talk:
            person = talk.turn(lambda kept: kept or Person(facts={"name": "Anna"}), datetime.now(UTC))
    assert person.facts == {"name": "Anna"}


async def test_the_bot_changes_the_key_while_it_serves_and_the_old_one_can_be_dropped(
    tmp_path: Path, library: Library
) -> None:
    """As the README promises."""
    await keep_somebody(settings_of(tmp_path, DATA_KEY=OLD))
    async with BotApiServer(seed=1) as telegram:
        reach = {"TELEGRAM_BOT_TOKEN": telegram.token, "TELEGRAM_API_BASE_URL": telegram.url, "PORT": "0"}
        dana, stop = telegram.person(first_name="Dana", started=True), asyncio.Event()
        with capture_logs() as log:
            both = settings_of(tmp_path, DATA_KEY=f"{NEW},{OLD}", **reach)
            running = asyncio.create_task(
                serve(both, Talks(PrivateChat(library, "after_interview").respond), timeout=2, stop=stop)
            )
            dana.says("/start")
            async with asyncio.timeout(60):
                while not (telegram.sent() and any("can be left out" in one["event"] for one in log)):
                    await asyncio.sleep(0.01)
            stop.set()
            await running
    async with opened(settings_of(tmp_path, DATA_KEY=NEW)) as store:
        assert (await kept(store, 1, 7)).facts == {"name": "Anna"}
        assert (await store.keys.use()).left == 0


def found(settings: Settings) -> list[Probe]:
    return list(key_findings(settings, cipher_of(settings)))


async def test_the_doctor_says_what_is_left_under_which_key(tmp_path: Path) -> None:
    await keep_somebody(settings_of(tmp_path, DATA_KEY=OLD))
    assert found(settings_of(tmp_path, DATA_KEY=OLD)) == []
    both = settings_of(tmp_path, DATA_KEY=f"{NEW},{OLD}")
    (finding,) = found(both)
    assert finding.well
    assert finding.sentence.startswith(f"The key {OLD_NAME} still holds 3 values: keep it")
    async with opened(both) as store:
        await store.keys.rotate()
    (finding,) = found(both)
    assert finding.sentence == f"Nothing is under the old key {OLD_NAME} any more: it can be left out of DATA_KEY."
    assert found(settings_of(tmp_path, DATA_KEY=NEW)) == []
    (finding,) = found(settings_of(tmp_path, DATA_KEY=OLD))
    assert not finding.well
    assert "which isn't given" in finding.sentence
    for key in (OLD, NEW):
        assert key[:8] not in finding.sentence
    with pytest.raises(NoKey):
        found(settings_of(tmp_path))


# -- ten thousand values, answers meanwhile, five kills ----------------------------------------------------------------

PEOPLE, KILLS, TALKING = 3_400, 5, 12
"""Of each of the people three values are kept: facts, what was asked last, a case."""
FIRST = 700_000
TALK = ["/start", "No", "Well", "Nothing yet", "The hiring manager", "No", "Warm and lively"]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> object:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'data' / 'afterword.sqlite3'}"
    return new_database(request.getfixturevalue("postgres_server"))


async def fill(store: Database, bot: int) -> None:
    async def one(number: int) -> None:
        case = Session("after_interview", answers={"relation": "none", "n": str(number)})
        person = Person(facts={"name": str(number)}, cases={1: case}, current=1, run=(str(number),))
        await store.turn(
            number, Key(bot, FIRST + number, 0, FIRST + number), lambda _: TurnResult(person), datetime.now(UTC)
        )

    for first in range(1, PEOPLE + 1, 100):
        await asyncio.gather(*(one(number) for number in range(first, min(first + 100, PEOPLE + 1))))


async def kept(store: Database, bot: int, number: int) -> Person:
    seen: list[Person] = []

    def look(person: Person | None) -> TurnResult:
        assert person is not None
        seen.append(replace(person, cases=dict(person.cases)))
        return TurnResult(person)

    await store.turn(10**9 + number, Key(bot, number, 0, number), look, datetime.now(UTC))
    return seen[0]


@pytest.mark.slow
async def test_ten_thousand_values_get_another_key_while_people_answer_and_the_bot_is_killed(
    database: str, tmp_path: Path
) -> None:
    dice = random.Random(16)  # noqa: S311 - a reproducible choice, not a secret
    with BotApiServer(seed=16) as telegram:
        me = int(telegram.token.partition(":")[0])
        bot = RunningBot(telegram, tmp_path, DATABASE_URL=database, DATA_KEY=OLD, LOG_LEVEL="INFO")
        async with opened(Settings.model_validate({**bot.env})) as store:
            await fill(store, me)
            assert sum((await store.keys.use()).old.values()) == 0
        bot.env["DATA_KEY"], both = f"{NEW},{OLD}", Cipher.of(f"{NEW},{OLD}")
        people = [telegram.person(user_id=FIRST + PEOPLE + n, started=True) for n in range(1, TALKING + 1)]
        said = 0
        for kill in range(KILLS):
            bot.start()
            await asyncio.to_thread(wait_for, bot, "values under an old key are renewed", kill + 1)
            for person in people:
                person.says(TALK[said % len(TALK)])
            said += 1
            enough = read_key_use(database, both).left - dice.randint(200, 1000)
            while read_key_use(database, both).left > enough:
                assert bot.status is None
            bot.kill()
        bot.start()
        for text in TALK[said:]:
            for person in people:
                person.says(text)
        await asyncio.to_thread(wait_for, bot, "it can be left out of DATA_KEY", 1)
        left = [int(one) for one in re.findall(r"are renewed while the bot goes on values=(\d+)", bot.log.read_text())]
        print(f"values left at each start: {left}")  # noqa: T201 - what was measured
        assert left[0] > 10_000
        assert left == sorted(left, reverse=True), "what was renewed stays so"
        assert left[KILLS] > 0, "it was killed amid them"
        telegram.wait(lambda: not telegram.pending, 60)
        assert bot.stop()[0] == 0
        bot.env["DATA_KEY"] = OLD
        with pytest.raises(BadKey, match="need the key"):
            await started(Settings.model_validate({**bot.env}), lambda _: None)
        bot.env["DATA_KEY"] = NEW
        async with opened(Settings.model_validate({**bot.env})) as store:
            for number in range(1, PEOPLE + 1):
                person = await kept(store, me, FIRST + number)
                name = str(number)
                assert (person.facts, person.run, person.cases[1].answers["n"]) == ({"name": name}, (name,), name)
            for human in people:
                answers = (await kept(store, me, human.id)).cases[1].answers
                assert len(answers) == len(TALK) - 1, "no answer was lost"
            assert (await store.depth()).parked == 0


def wait_for(bot: RunningBot, words: str, times: int) -> None:
    ends = time.monotonic() + 120
    while bot.log.read_text(encoding="utf-8", errors="replace").count(words) < times:
        assert bot.status is None, bot.log.read_text(encoding="utf-8", errors="replace")[-3000:]
        assert time.monotonic() < ends, bot.log.read_text(encoding="utf-8", errors="replace")[-3000:]
        time.sleep(0.01)
