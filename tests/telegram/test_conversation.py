"""Whole conversations with the real bot: its own process, over HTTP, with a database file, killed in the middle."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from cryptography.fernet import Fernet

from tests.botapi import BotApiServer
from tests.botapi.server import TOKEN
from tests.support.api_calls import buttons, connected, refused
from tests.support.bot_process import SECRET, RunningBot
from tests.support.command_line import afterword, err
from tests.support.story import SLOW_MACHINE, advised, answer, begin, bot_for, handed_over, nothing_was_refused, type_in

pytestmark = pytest.mark.waits


async def test_a_tap_may_be_answered_once_more_for_each_kill_and_no_other_call_may_fail(telegram: BotApiServer) -> None:
    """What is held to be no refusal above is bounded: without a kill, or of a tap that nobody answered, it is one."""
    dana = telegram.person(first_name="Dana")
    dana.says("/start")
    async with connected(telegram) as bot:
        await bot.send_message(dana.id, "Ready?", reply_markup=buttons("Yes"))
        dana.taps("Yes", timeout=0)
        (tap,) = telegram.taps
        await bot.answer_callback_query(tap.id)
        await refused(bot.answer_callback_query(tap.id))
        nothing_was_refused(telegram, kills=1)
        with pytest.raises(AssertionError):
            nothing_was_refused(telegram)
        await refused(bot.answer_callback_query("unknown"))
        with pytest.raises(AssertionError):
            nothing_was_refused(telegram, kills=9)


@pytest.mark.parametrize("webhook", [False, True], ids=["polling", "webhook"])
def test_a_conversation_from_start_to_note_survives_a_kill(
    telegram: BotApiServer, tmp_path: Path, webhook: bool
) -> None:
    with bot_for(telegram, tmp_path, webhook=webhook) as bot:
        dana = telegram.person(first_name="Dana")
        begin(dana)
        answer(dana, "No", "Well", "Nothing yet")
        dana.expects("Who did you talk to?", timeout=SLOW_MACHINE)
        bot.kill()
        bot.start()
        answer(dana, "The hiring manager", "No", "Warm and lively", "Yesterday", "Not yet")
        dana.expects("Send a thank-you email now", timeout=SLOW_MACHINE)
        run = next(message for message in dana.screen if "✓ Connected already: No" in message.text)
        assert run.text.count("✓") == 8, "one message holds the whole run of taps"
        assert run.labels == []
        handed_over(dana)
        assert dana.copies("Copy").startswith("Hi Zoë <b>&amp;c, ")
        nothing_was_refused(telegram, bot.kills)
        status, seconds = bot.stop()
        assert status == 0
        assert seconds <= 10


@pytest.mark.parametrize("webhook", [False, True], ids=["polling", "webhook"])
def test_a_process_of_its_own_talks_and_goes_on_after_a_kill(tmp_path: Path, webhook: bool) -> None:
    with BotApiServer(seed=1) as server, RunningBot(server, tmp_path, webhook=webhook) as bot:
        dana = server.person(first_name="Dana")
        begin(dana)
        answer(dana, "No")
        dana.expects("How did the interview", timeout=SLOW_MACHINE)
        bot.kill()
        bot.start()
        answer(dana, "Well")
        dana.expects("Have you heard back", timeout=SLOW_MACHINE)
        nothing_was_refused(server, bot.kills)
        assert bot.stop()[0] == 0


def test_what_is_written_down_can_be_read_by_nobody_else(telegram: BotApiServer, tmp_path: Path) -> None:
    """Names and texts are in no file in clear; after /forget nothing of them is left, and the log never held any."""
    with bot_for(telegram, tmp_path) as bot:
        dana = telegram.person(first_name="Dana")
        begin(dana)
        advised(dana)
        answer(dana, "Free", "Yes, it's ready")
        type_in(dana, first_name="Sentinelle", Which_job="Sentinel-job", Which_company="Sentinel-firm")
        dana.expects("stuck with you", timeout=SLOW_MACHINE)
        dana.says("/export")
        dana.expects("everything I keep", timeout=SLOW_MACHINE)
        document = next(message.document for message in reversed(dana.screen) if message.document)
        kept = json.loads(document.content)
        assert kept["cases"]["1"]["answers"]["first"] == "Sentinelle"
        assert all(b"entinel" not in file.read_bytes() for file in (tmp_path / "data").iterdir())
        dana.says("/forget")
        answer(dana, "Yes, delete everything")
        dana.expects("Everything is deleted", timeout=SLOW_MACHINE)
        dana.reacts(dana.screen[-1], "👍")
        telegram.wait(lambda: not telegram.pending, SLOW_MACHINE)
        with closing(sqlite3.connect(tmp_path / "data" / "afterword.sqlite3")) as database:
            rows = "SELECT person FROM person UNION ALL SELECT person FROM session UNION ALL SELECT session FROM case_"
            assert database.execute(rows).fetchall() == [], "a thumb below the goodbye makes nobody of them again"
        dana.says("/export")
        dana.expects("everything I keep", timeout=SLOW_MACHINE)
        document = next(message.document for message in reversed(dana.screen) if message.document)
        assert b"entinel" not in document.content
        bot.stop()
    log = bot.log.read_text(encoding="utf-8")
    for secret in (telegram.token, "Sentinel", "Dana"):
        assert secret not in log


def test_a_log_at_debug_full_of_trouble_shows_no_secret_and_no_answer(telegram: BotApiServer, tmp_path: Path) -> None:
    """Broken lines, refusals, an update that nobody can read: traces and all, and a person gets a short id at most."""
    key = Fernet.generate_key().decode()
    with bot_for(telegram, tmp_path, webhook=True, DATA_KEY=key, LOG_LEVEL="DEBUG") as bot:
        dana = telegram.person(first_name="Dana")
        begin(dana)
        for kind in ("500", "502_html", "cut_before", "cut_after", "429"):
            telegram.fault(kind, method="sendMessage")
            telegram.fault(kind, method="editMessageText")
        odd = {"chat": {"id": dana.id, "type": "private"}, "from": "Sentinel", "text": "Sentinel"}
        telegram.push({"message": {"message_id": 1, "date": 0, **odd}})
        dana.says("Sentinel-answer")
        dana.expects("connected on LinkedIn", timeout=SLOW_MACHINE)
        telegram.wait(lambda: not telegram.pending, SLOW_MACHINE)
        assert bot.stop()[0] == 0
    log = bot.log.read_text(encoding="utf-8")
    assert "update parked" in log
    assert log.count("builtins.") >= 1, "there are traces"
    assert "Sentinel" not in "".join(message.text for message in telegram.sent())
    for secret in (telegram.token, telegram.token.partition(":")[2], SECRET, key, "Sentinel", "Dana", str(dana.id)):
        assert secret not in log, secret


def test_two_people_and_strangers_do_not_disturb_each_other(telegram: BotApiServer, tmp_path: Path) -> None:
    with bot_for(telegram, tmp_path):
        dana, noor = telegram.person(first_name="Dana"), telegram.person(first_name="Noor")
        begin(dana)
        begin(noor)
        question = dana.screen[-1]
        answer(dana, "No")
        dana.expects("How did the interview", timeout=SLOW_MACHINE)
        noor.forges("0:connected", noor.screen[-1], timeout=SLOW_MACHINE)
        assert noor.toast == "You've already answered that one."
        dana.forges("0:none", question, timeout=SLOW_MACHINE)
        assert dana.toast == "You've already answered that one."
        for nonsense in ("", "x" * 64, "-1:none", "99999999999999:none", "1:" + "é" * 30):
            if nonsense:
                dana.forges(nonsense, question, timeout=SLOW_MACHINE)
        dana.sends_sticker()
        dana.expects("How did the interview", timeout=SLOW_MACHINE)
        dana.sends_photo("a caption")
        dana.expects("can't see pictures", timeout=SLOW_MACHINE)
        telegram.wait(lambda: "‹ Back" in dana.screen[-1].labels, SLOW_MACHINE)
        answer(dana, "‹ Back")
        dana.expects("connected on LinkedIn", timeout=SLOW_MACHINE)
        nothing_was_refused(telegram)


def test_an_operator_can_see_that_it_lives(telegram: BotApiServer, tmp_path: Path) -> None:
    with bot_for(telegram, tmp_path) as bot:
        begin(telegram.person(first_name="Dana"))
        base = f"http://127.0.0.1:{bot.port}"
        assert httpx.get(f"{base}/healthz").text == "alive\n"
        assert httpx.get(f"{base}/readyz").status_code == 200
        page = httpx.get(f"{base}/metrics").text
        assert "afterword" in page
        assert telegram.token not in page


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"TELEGRAM_BOT_TOKEN": "nonsense", "PORT": "many", "LOG_LEVEL": "LOUD"}, ["_TOKEN", "PORT", "LOG_LEVEL"]),
        ({"WEBHOOK_URL": "ftp://x"}, ["WEBHOOK_URL"]),
        ({"DATABASE_URL": "oracle://x"}, ["DATABASE_URL"]),
    ],
)  # fmt: skip
def test_wrong_settings_are_all_named_at_once(tmp_path: Path, settings: dict[str, str], words: list[str]) -> None:
    done = afterword("run", cwd=tmp_path, **{"TELEGRAM_BOT_TOKEN": TOKEN, "DATA_DIR": str(tmp_path), **settings})
    assert done.returncode == 2
    said = err(done)
    assert all(word in said for word in words)
    assert "Traceback" not in said
    assert "nonsense" not in said
