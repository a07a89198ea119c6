"""Killed at random moments, again and again: no answer is lost, none counts twice, every conversation ends as it would.

KILLS (default 200) says how often; the people type more than 4,000 answers then. Run by `make slow`.
"""

from __future__ import annotations

import os
import random
import time
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.app.operator import opened
from bot.app.settings import Settings
from bot.core.chat.commands import Entry, newcomer, serve
from bot.core.chat.person import Key, Person, TurnResult
from bot.core.dialogue.session import Session
from bot.core.library import Library
from bot.telegram.updates import read
from tests.botapi import BotApiServer
from tests.support.bot_process import RunningBot

KILLS = int(os.environ.get("KILLS", "200"))
PEOPLE = 50
SLOW_MACHINE = 180  # seconds until a start must have reached Telegram
AT_ONCE = 21  # answers for each kill: 200 kills meet more than 4,000
TALK = [
    "/start", "No", "Well", "Nothing yet", "The hiring manager", "No", "Warm and lively", "2026-11-20", "Yes, sent",
    "Free", "Yes, it's ready", "Dana", "Data Analyst", "event billing", "Sam", "/why", "/new", "no", "badly", "/back",
    "so-so", "31.2.", "a no", "warm", "/cases", "1", "/new",
]  # fmt: skip


def message(number: int, text: str) -> dict[str, Any]:
    person = {"id": 1000 + number, "is_bot": False, "first_name": "P", "language_code": "en"}
    chat = {"id": 1000 + number, "type": "private", "first_name": "P"}
    found: dict[str, Any] = {"message_id": 1, "date": int(time.time()), "chat": chat, "from": person, "text": text}
    if text.startswith("/"):
        found["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]
    return {"message": found}


def expected(library: Library, entries: list[Entry]) -> Person:
    """Return the person as an uninterrupted run would leave them."""
    person = newcomer(library, "en")
    for entry in entries:
        served = serve(library, "after_interview", person, entry, datetime.now(UTC))
        assert served.person is not None
        person = served.person
    return person


def comparable(session: Session) -> dict[str, Any]:
    """Return a session without what the hour of the day decides, and without its turn, which counts from an update."""
    return {name: value for name, value in session.to_json().items() if name not in ("said", "turn")}


@pytest.mark.slow
@pytest.mark.parametrize("webhook", [False, True], ids=["polling", "webhook"])
async def test_nothing_is_lost_and_nothing_counts_twice(library: Library, tmp_path: Path, webhook: bool) -> None:
    dice = random.Random(20261125)  # noqa: S311 - a reproducible choice, not a secret
    said: dict[int, list[Entry]] = {number: [] for number in range(PEOPLE)}
    with BotApiServer(seed=7) as telegram:
        me = {"id": int(telegram.token.partition(":")[0])}
        for number in range(PEOPLE):
            telegram.person(user_id=1000 + number, started=True)
        bot = RunningBot(telegram, tmp_path, webhook=webhook, LOG_LEVEL="WARNING")
        turn, begins = 0, {}  # the number of each person's first update, from which their turns count
        for _ in range(KILLS):
            for _ in range(AT_ONCE):
                number, turn = turn % PEOPLE, turn + 1
                update = message(number, TALK[len(said[number]) % len(TALK)])
                id_ = telegram.push(update)
                begins.setdefault(number, id_)
                incoming = read(me, {"update_id": 0, **update}).incoming
                assert incoming is not None
                said[number].append(incoming.event)  # type: ignore[arg-type]  # an entry of the desk
            calls = len(telegram.calls)
            bot.start()
            heard = telegram.world.wait(lambda calls=calls: len(telegram.calls) > calls, SLOW_MACHINE)  # type: ignore[misc]
            assert heard, f"it does not start any more (status {bot.status}):\n{bot.log.read_text()[-3000:]}"
            time.sleep(dice.uniform(0.0, 1.5))
            bot.kill()
        bot.start()
        quiet_since, calls = time.monotonic(), -1
        while time.monotonic() - quiet_since < 25:  # longer than a lease
            now = sum(call.method.startswith(("send", "edit")) for call in telegram.calls)
            if now != calls or telegram.pending:
                quiet_since, calls = time.monotonic(), now
            time.sleep(0.5)
        status, seconds = bot.stop()
        assert (status, seconds <= 10) == (0, True)
        settings = Settings.model_validate({**bot.env})
        async with opened(settings) as store:
            depth = await store.depth()
            assert (depth.waiting, depth.parked) == (0, 0)
            for number, entries in said.items():
                seen: list[Person] = []

                def look(person: Person | None, seen: list[Person] = seen) -> TurnResult:
                    assert person is not None
                    seen.append(replace(person, cases={n: person.cases[n] for n in person.cases}))
                    return TurnResult(person)

                await store.turn(
                    10**9 + number, Key(me["id"], 1000 + number, 0, 1000 + number), look, datetime.now(UTC)
                )
                model = expected(library, entries)
                assert seen[0].turn - begins[number] == model.turn == len(entries)
                assert seen[0].facts == model.facts
                assert {n: comparable(c) for n, c in seen[0].cases.items()} == {
                    n: comparable(c) for n, c in model.cases.items()
                }
        doubled = sum(sent_twice(telegram, 1000 + number) for number in range(PEOPLE))
        answers = sum(map(len, said.values()))
        print(f"{answers} answers, {KILLS} kills, {doubled} messages twice")  # noqa: T201 - what was measured
        assert doubled <= KILLS


def sent_twice(telegram: BotApiServer, chat: int) -> int:
    """Count messages of the bot that repeat the one right before them with nothing in between."""
    texts = [message.texts[0] for message in telegram.chat(chat).messages if message.from_bot and message.texts]
    return sum(one == other for one, other in pairwise(texts))
