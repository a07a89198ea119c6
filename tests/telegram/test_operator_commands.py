"""What operators do: look whether all is well, see what was put aside, and let it have another try."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.app.settings import Settings
from tests.botapi import BotApiServer
from tests.support import command_line
from tests.support.bot_process import BotUnderTest, opened
from tests.support.command_line import err, out

pytestmark = pytest.mark.waits


@dataclass(frozen=True)
class Ended:
    """A command that has ended, with what it wrote as text."""

    returncode: int
    stdout: str
    stderr: str


def afterword(bot: BotUnderTest, *arguments: str) -> Ended:
    done = command_line.afterword(*arguments, cwd=bot.folder, **bot.env)
    return Ended(done.returncode, out(done), err(done))


def test_the_doctor_says_what_is_well_and_what_is_not(tmp_path: Path) -> None:
    with BotApiServer(seed=1) as telegram:
        well = BotUnderTest(telegram, tmp_path)
        done = afterword(well, "doctor")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "there is no database yet" in done.stdout
        assert list(tmp_path.iterdir()) == [], "no key, no database, no folder"
        well.knows(77, {})
        done = afterword(well, "doctor")
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.count("ok ") == 7
        assert "Inline mode is on" in done.stdout
        telegram.world.inline = False
        done = afterword(well, "doctor")
        assert done.returncode == 0, "whoever does without has nothing wrong"
        assert "Inline mode is off" in done.stdout
        assert "/setinline at @BotFather" in done.stdout
        wrong = BotUnderTest(telegram, tmp_path, TELEGRAM_BOT_TOKEN="123456789:" + "A" * 35)
        done = afterword(wrong, "doctor")
        assert done.returncode == 1
        assert "Telegram refuses the token" in done.stdout
        assert "A" * 35 not in done.stdout + done.stderr
        other_key = BotUnderTest(telegram, tmp_path, DATA_KEY="MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
        done = afterword(other_key, "doctor")
        assert done.returncode == 1
        assert "another key" in done.stdout
        assert "Traceback" not in done.stdout + done.stderr


def test_an_update_that_was_put_aside_is_listed_and_released(tmp_path: Path) -> None:
    with BotApiServer(seed=1) as telegram:
        bot = BotUnderTest(telegram, tmp_path)
        assert afterword(bot, "parked").stdout == "0 put aside.\n", "before there is a database"
        bot.prepare()
        bot_id = int(telegram.token.partition(":")[0])
        person = {"id": 77, "is_bot": False, "first_name": "Dana"}
        message = {"message_id": 1, "date": 0, "chat": {"id": 77, "type": "private"}, "from": person, "text": "hello"}
        settings = Settings.model_validate({**bot.env, "DATA_DIR": str(tmp_path / "data")})
        assert afterword(bot, "parked").stdout == "0 put aside.\n"

        async def put_aside() -> None:
            async with opened(settings) as store:
                for number, error, payload in (
                    (5, "ValueError (ABC123)", {"update_id": 5, "message": message}),
                    (6, "KeyError (DEF456)", {"callback_query": {"data": "x"}}),
                    (7, "Forbidden: bot was blocked by the user", {}),
                ):
                    await store.park_update(bot_id, number, error, payload, datetime.now(UTC))

        async def waiting() -> int:
            async with opened(settings) as store:
                return (await store.depth()).waiting

        asyncio.run(put_aside())
        listed = afterword(bot, "parked").stdout
        assert "update, bug: ValueError (ABC123)" in listed
        assert "hello" not in listed
        assert "2 put aside" in listed, "somebody who blocked the bot is no fault"
        assert "Nothing to mend, and gone after 14 days: 1 blocked." in listed
        hello, broken = (line.split()[0] for line in listed.splitlines()[:2])
        assert afterword(bot, "parked", "--release", hello).stdout == "Released.\n"
        assert asyncio.run(waiting()) > 0, "what it led to waits to be sent"
        done = afterword(bot, "parked", "--release", broken)
        assert done.returncode == 1
        assert "still fails with KeyError" in done.stderr
        assert "Traceback" not in done.stderr
        (left,) = [line for line in afterword(bot, "parked").stdout.splitlines() if "update, bug:" in line]
        assert left.split()[0] == broken, "what cannot be handled stays where it is, and nothing else"
        assert afterword(bot, "parked", "--release", "999").returncode == 1
        assert afterword(bot, "parked", "--discard", broken).stdout == "Discarded.\n"
        assert afterword(bot, "parked", "--discard-all", "blocked").stdout == "1 discarded.\n"
        assert "It is one of: blocked, gone" in afterword(bot, "parked", "--discard-all", "no").stderr
        assert afterword(bot, "parked").stdout == "0 put aside.\n"


def test_a_replay_that_cannot_be_made_is_said_and_makes_nothing(tmp_path: Path) -> None:
    with BotApiServer(seed=1) as telegram:
        bot = BotUnderTest(telegram, tmp_path)
        lonely = afterword(bot, "check", "--was", "HEAD")
        assert (lonely.returncode, lonely.stdout) == (1, "")
        assert "--against" in lonely.stderr
        keyless = afterword(bot, "check", "--against", "own")
        assert (keyless.returncode, keyless.stdout) == (2, "")
        assert "there is no key here" in keyless.stderr
        assert list(tmp_path.iterdir()) == [], "no key, no database, no folder"
