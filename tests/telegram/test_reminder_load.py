"""Reminders under load: 2,000 overdue at once while people talk, and four processes of which one is killed every 2 s.

Run by `make slow`; minutes each.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import statistics
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.botapi import BotApiServer
from tests.support.bot_process import RunningBot
from tests.support.planned_reminders import TEN, fill, heard, lateness, wait_for_all
from tests.support.postgres import new_database

OVERDUE = int(os.environ.get("OVERDUE", "2000"))
A_SECOND = 26
"""Reminders a second that Telegram lets through at least, of its 30."""
WORKERS, PLANNED, EVERY = 4, 500, 2.0
MINUTES = 3
"""The reminders are due at the beginnings of so many minutes."""
STARTING = 40.0
"""Seconds before the first is due."""
TWO_LEASES = 125.0
"""Seconds for which a process is frozen; the others are killed meanwhile, one after another."""
RESCUED = 90.0
"""Seconds after which what a dead process had claimed is said by another."""


@pytest.mark.slow
def test_two_thousand_overdue_keep_the_flood_limits_and_live_answers_stay_ahead(tmp_path: Path) -> None:
    with BotApiServer(seed=7) as telegram:
        telegram.enforce_limits = True
        bot = RunningBot(telegram, tmp_path, LOG_LEVEL="WARNING")
        asyncio.run(fill(telegram, bot, OVERDUE))
        bot.env["AFTERWORD_NOW"] = (TEN + timedelta(minutes=30)).isoformat()
        with bot:
            telegram.wait(lambda: heard(telegram, 0), 90)
            took, talking = [], 0
            end = time.monotonic() + OVERDUE / A_SECOND + 60
            while time.monotonic() < end and not all(heard(telegram, number) for number in range(OVERDUE)):
                person = telegram.person(first_name="Live", started=True)  # the one who comes in next
                began = time.monotonic()
                person.says("/start")
                telegram.wait(lambda person=person: [m for m in telegram.chat(person.id).messages if m.from_bot], 60)  # type: ignore[misc]
                took.append(time.monotonic() - began)
                talking += 1
                time.sleep(0.2)
            counts = [len(heard(telegram, number)) for number in range(OVERDUE)]
            assert bot.stop()[0] == 0
        late = statistics.quantiles(took, n=20)[-1]
        print(f"{OVERDUE} overdue, {talking} live answers beside them: p95 {late:.2f} s")  # noqa: T201 - what was measured
        assert counts == [1] * OVERDUE
        assert telegram.violations == []
        assert late <= 1, sorted(took)[-10:]


@pytest.fixture
def database(postgres_server: str) -> str:
    return new_database(postgres_server)


@pytest.mark.slow
def test_four_workers_lose_nothing_while_one_is_killed_every_two_seconds_and_one_is_frozen(
    tmp_path: Path, database: str
) -> None:
    dice = random.Random(20261125)  # noqa: S311 - a reproducible choice, not a secret
    shared = {"DATABASE_URL": database, "DATA_KEY": Fernet.generate_key().decode(), "PROCESSES": str(WORKERS)}
    with BotApiServer(seed=7) as telegram, ExitStack() as running:
        bots = []
        for number in range(WORKERS):
            (tmp_path / str(number)).mkdir()
            bots.append(RunningBot(telegram, tmp_path / str(number), webhook=True, **shared))
        asyncio.run(fill(telegram, bots[0], PLANNED, MINUTES))
        began = time.monotonic()

        def start(bot: RunningBot) -> None:
            bot.env["AFTERWORD_NOW"] = (TEN + timedelta(seconds=time.monotonic() - began - STARTING)).isoformat()
            bot.start()

        for bot in bots:
            start(bot)
            running.callback(lambda bot=bot: bot.process.poll() is None and bot.kill())  # type: ignore[misc]
        telegram.wait(lambda: any(heard(telegram, number) for number in range(PLANNED)), 2 * STARTING)
        frozen, *others = bots
        assert frozen.process is not None
        frozen.process.send_signal(signal.SIGSTOP)
        froze, kills = time.monotonic(), 0
        while time.monotonic() < froze + TWO_LEASES:
            time.sleep(dice.uniform(0.5, 1.5) * EVERY)
            killed = others[kills % len(others)]  # in turn, so each lives long enough to do something
            killed.kill()
            kills += 1
            start(killed)
        before = sum(len(heard(telegram, number)) for number in range(PLANNED))
        frozen.process.send_signal(signal.SIGCONT)
        wait_for_all(telegram, PLANNED, 60)
        time.sleep(25)  # longer than the outbox's lease: whatever may still come twice does so by then
        assert [bot.stop()[0] for bot in bots] == [0] * WORKERS
        counts = [len(heard(telegram, number)) for number in range(PLANNED)]
        twice, late = sum(counts) - PLANNED + counts.count(0), [one for bot in bots for one in lateness(bot, "True")]
        fenced = len(lateness(frozen, "False"))
        print(  # noqa: T201 - what was measured
            f"{PLANNED} reminders, {WORKERS} processes, {kills} kills: {counts.count(0)} lost, {twice} twice, "
            f"the latest rung after {max(late):.0f} s; {sum(counts) - before} said after the thaw, "
            f"{fenced} rings of the frozen one fenced off"
        )
        assert counts.count(0) == 0
        assert twice <= kills + 1  # the frozen one may have had one message in flight, too
        assert min(late) >= 0
        assert max(late) <= RESCUED
