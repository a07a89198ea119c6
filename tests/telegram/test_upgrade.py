"""The real bot starts on a database of long ago, and on none at all; what only looks changes nothing before."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.storage.encryption import Cipher
from tests.botapi import BotApiServer
from tests.storage.conftest import KEY
from tests.support.bot_process import RunningBot
from tests.support.command_line import afterword, err, out
from tests.support.old_databases import FIRST, make
from tests.support.story import bot_for

pytestmark = pytest.mark.waits

SLOW_MACHINE = 60  # seconds until something must have been said, however busy the machine is


def test_people_of_long_ago_go_on_after_an_upgrade(telegram: BotApiServer, tmp_path: Path) -> None:
    bot = bot_for(telegram, tmp_path, prepared=False, DATA_KEY=KEY, AFTERWORD_NOW="2026-11-24T09:30+00:00")
    data = tmp_path / "data"
    data.mkdir()
    me = int(telegram.token.partition(":")[0])
    make(f"sqlite:///{data / 'afterword.sqlite3'}", "0006", 3, Cipher.of(KEY), me)
    dana = telegram.person(user_id=FIRST, started=True)
    before = {one.name: one.read_bytes() for one in data.iterdir()}
    looked = afterword("doctor", cwd=tmp_path, **bot.env)
    assert looked.returncode == 0, out(looked) + err(looked)
    assert "revision 0006, with 3 people, and the key fits. It will be upgraded at the next start" in out(looked)
    assert {one.name: one.read_bytes() for one in data.iterdir()} == before, "the doctor changed no byte"
    with bot:
        dana.says("Well")
        dana.expects("Have you heard back", timeout=SLOW_MACHINE)
        bot.stop()
    (copy,) = data.glob("*.before-upgrade-from-0006-*")
    log = bot.log.read_text(encoding="utf-8")
    assert str(copy) in log
    assert "nobody was lost" in log
    assert KEY not in log


@pytest.mark.slow
def test_a_first_start_makes_everything_and_a_key_that_does_not_fit_changes_nothing(
    tmp_path: Path,
) -> None:
    with BotApiServer(seed=1) as telegram:
        starts_first_and_then_with_another_key(telegram, tmp_path)


def starts_first_and_then_with_another_key(telegram: BotApiServer, tmp_path: Path) -> None:
    bot = RunningBot(telegram, tmp_path, prepared=False)
    dana = telegram.person(first_name="Dana")
    with bot:
        dana.says("/start")
        dana.expects("connected on LinkedIn", timeout=SLOW_MACHINE)
        bot.stop()
    file = tmp_path / "data" / "afterword.sqlite3"
    assert file.stat().st_mode & 0o077 == 0
    file.unlink()
    make(f"sqlite:///{file}", "0006", 3, Cipher.of(KEY))
    before = file.read_bytes()
    with bot:
        assert bot.process is not None
        assert bot.process.wait(SLOW_MACHINE) != 0
    assert "another key" in bot.log.read_text(encoding="utf-8")
    assert file.read_bytes() == before
    assert list(file.parent.glob("*.before-upgrade-*")) == []
