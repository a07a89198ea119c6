"""The content is edited while the bot runs: SIGHUP takes it over or refuses it, and nobody notices more than needed."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.app.content import open_library, the_flow
from bot.app.reload import ContentReloader, LoadedContent
from bot.app.server import Reloaded
from bot.telegram.coaching_chat import CoachingChat
from bot.telegram.private_chat import PrivateChat
from tests.botapi import BotApiServer, Person
from tests.support.bot_process import RunningBot
from tests.support.planting import copied
from tests.support.small import small

QUESTIONS = "messages/en/questions.yaml"
FLOW = "flows/after_interview.yaml"


def edit(content: Path, file: str, old: str, new: str) -> None:
    text = (content / file).read_text(encoding="utf-8")
    assert old in text
    (content / file).write_text(text.replace(old, new), encoding="utf-8")


def live(content: Path) -> LoadedContent:
    library = open_library(content)
    talking = PrivateChat(library, the_flow(library))
    return LoadedContent(talking, CoachingChat(talking, frozenset()))


async def test_content_that_cannot_be_read_is_refused_and_the_old_one_talks_on(tmp_path: Path) -> None:
    content = small(tmp_path / "content")
    talks = ContentReloader(live(content), (content / "flows", content / "messages"), live)
    before = talks.live
    edit(content, "flows/small.yaml", "{id: tone, ask: tone", "{id: tone, ask: tonne")
    with capture_logs() as lines:
        reloaded = await talks.reload()
    assert not reloaded.anew
    assert reloaded.notice.startswith("The new content has 1 issue, so I'm still using the old one. flows/small.yaml")
    said = [str(line["event"]) for line in lines]
    assert said[0] == "the new content is refused; the old one stays"
    assert re.match(r"finding: flows/small.yaml:\d+:\d+: 'tonne' is no fact", said[1])
    assert talks.live is before


async def test_content_that_is_as_it_was_is_not_looked_at_again(tmp_path: Path) -> None:
    content = small(tmp_path / "content")
    talks = ContentReloader(live(content), (content / "flows", content / "messages"), live)
    with capture_logs() as lines:
        assert await talks.reload() == Reloaded(False)
    assert [line["event"] for line in lines] == ["the content is as it was"]


def asked(telegram: BotApiServer, person: Person) -> str:
    """Return what the bot said last, or showed last by an edit."""
    return "\n".join(message.text for message in telegram.chat(person.id).messages if message.from_bot)


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.1)


def checked(bot: RunningBot, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", "check", *arguments]
    return subprocess.run(command, env=bot.env, cwd=bot.folder, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.slow
def test_half_a_conversation_goes_on_with_the_new_content_and_a_broken_edit_changes_nothing(tmp_path: Path) -> None:
    content = copied(tmp_path / "content")
    with BotApiServer(seed=5) as telegram:
        operator = telegram.person(first_name="Olga", started=True)
        named = {"CONTENT": str(content), "OPERATOR": str(operator.id)}
        bot = RunningBot(telegram, tmp_path, LOG_LEVEL="INFO", **named)
        dana = telegram.person(first_name="Dana", started=True)

        def says(text: str, answer: str) -> None:
            dana.says(text)
            telegram.wait(lambda: answer in asked(telegram, dana), 30)

        def logged(text: str) -> bool:
            return text in bot.log.read_text(encoding="utf-8")

        def hang_up() -> None:
            assert bot.process is not None
            bot.process.send_signal(signal.SIGHUP)

        with bot:
            dana.says("/start")
            telegram.wait(lambda: asked(telegram, dana), 40)
            says("No", "How did the interview")
            says("Well", "heard back")

            edit(content, FLOW, "{id: outcome, ask: outcome", "{id: outcome, ask: outcme")
            hang_up()
            wait_for(lambda: logged("'outcme' is no fact of flows/facts.yaml. Did you mean 'outcome'?"))
            says(
                "Nothing yet", "Who did you talk to"
            )  # the conversation is undisturbed, the question is there as before

            edit(content, FLOW, "{id: outcome, ask: outcme", "{id: outcome, ask: outcome")
            edit(content, FLOW, "  - {id: invited, ask: invited}\n", "")
            edit(content, QUESTIONS, "How did the conversation feel?", "And how did the talk feel?")
            hang_up()
            wait_for(lambda: logged("the new content is talked with"))
            telegram.wait(lambda: "I'm using the new content now" in asked(telegram, operator), 10)
            says("The hiring manager", "And how did the talk feel?")  # the step that is gone is not asked
            assert bot.status is None
            data = tmp_path / "data" / "afterword.sqlite3"
            for database in ("own", str(data), f"sqlite:///{data}"):  # while the bot runs
                found = json.loads(checked(bot, "--json", "--content", str(content), "--against", database).stdout)
                assert (found["issues"], found["against"]["conversations"]) == ([], 1)
            edit(content, QUESTIONS, 'hiring_manager: "The hiring manager"', 'boss: "The hiring manager"')
            assert checked(bot, "--content", str(content), "--against", "own").returncode == 1
            moved = checked(bot, "--against", "own", "--was", str(content))
            assert (moved.returncode, moved.stdout) == (1, ""), "what it talks with now cannot be read"
            assert "Traceback" not in moved.stderr
            assert telegram.violations == []
            assert bot.stop()[0] == 0


@pytest.mark.slow
def test_a_bot_whose_terminal_goes_away_ends_and_does_not_linger(tmp_path: Path) -> None:
    with BotApiServer(seed=6) as telegram:
        bot = RunningBot(telegram, tmp_path)
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(tmp_path)
            os.execve(sys.executable, [sys.executable, "-m", "bot", "run"], bot.env)  # noqa: S606 - the bot itself
        telegram.wait(lambda: telegram.calls_of("getUpdates"), 40)
        os.close(terminal)
        end = time.monotonic() + 15
        while (done := os.waitpid(child, os.WNOHANG)) == (0, 0) and time.monotonic() < end:
            time.sleep(0.1)
        assert done[0] == child, subprocess.run(["kill", "-9", str(child)], check=False)
