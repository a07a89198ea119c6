"""Two bots behind one webhook, on one PostgreSQL: each person's order is kept, whichever of the two is asked."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.core.library import Library
from tests.botapi import BotApiServer
from tests.support.balancer import Balancer
from tests.support.bot_process import RunningBot, free_port
from tests.support.phone import Phone
from tests.support.postgres import new_database

PEOPLE = 8
TALK = ["No", "Well", "Nothing yet", "The hiring manager", "No", "Warm and lively", "nonsense"]  # nothing with a date


@pytest.fixture
def database(postgres_server: str) -> str:
    return new_database(postgres_server)


def read(text: str) -> str:
    """Return what is seen of a text with HTML in it."""
    return html.unescape(re.sub(r"<[^>]+>", "", text)).strip()


@pytest.mark.slow
def test_two_bots_on_one_database_keep_each_persons_order(library: Library, tmp_path: Path, database: str) -> None:
    alone = Phone(library)
    alone.ask("start")
    alone.say(*TALK)
    expected = [read(str(call.values["text"])) for call, _ in alone.calls if call.kind == "message"]
    with BotApiServer(seed=3) as telegram:
        front, key = free_port(), Fernet.generate_key().decode()
        shared = {"DATABASE_URL": database, "DATA_KEY": key, "PROCESSES": "2"}
        shared |= {"WEBHOOK_URL": f"http://127.0.0.1:{front}/hook", "LOG_LEVEL": "WARNING"}
        folders = [tmp_path / name for name in ("one", "two")]
        for folder in folders:
            folder.mkdir()
        one, two = (RunningBot(telegram, folder, webhook=True, **shared) for folder in folders)
        with Balancer(front, [one.port, two.port]) as balancer, one, two:
            people = [telegram.person(first_name=f"P{n}", started=True) for n in range(PEOPLE)]
            telegram.wait(lambda: telegram.calls_of("setWebhook"), 40)  # the other bot may still be on its way
            for text in ("/start", *TALK):
                for person in people:
                    person.says(text)
            telegram.wait(lambda: all(len(heard(telegram, p.id)) >= len(expected) for p in people), 60)
            assert min(balancer.taken.values()) >= PEOPLE, "both took their part"
            for person in people:
                assert heard(telegram, person.id) == expected
            assert telegram.violations == []
            assert [bot.stop()[0] for bot in (one, two)] == [0, 0]


def heard(telegram: BotApiServer, chat: int) -> list[str]:
    """Return what the bot sent to a chat, in the order in which it came, as it was before any edit."""
    return [message.texts[0].strip() for message in telegram.chat(chat).messages if message.from_bot]
