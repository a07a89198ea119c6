"""Killed again and again while 500 reminders fall due within ten minutes: none lost, none early, few said twice.

KILLS (default 200) says how often. And down across the due time, for seconds or for weeks. Run by `make slow`.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from datetime import timedelta
from pathlib import Path

import pytest

from tests.botapi import BotApiServer
from tests.support.bot_process import RunningBot
from tests.support.planned_reminders import (
    MINUTES,
    PEOPLE,
    TEN,
    fill,
    heard,
    lateness,
    wait_for_all,
)

KILLS = int(os.environ.get("KILLS", "200"))


@pytest.mark.slow
def test_five_hundred_reminders_survive_being_killed(tmp_path: Path) -> None:
    dice = random.Random(20261125)  # noqa: S311 - a reproducible choice, not a secret
    with BotApiServer(seed=7) as telegram:
        bot = RunningBot(telegram, tmp_path)
        asyncio.run(fill(telegram, bot, PEOPLE))
        for kill in range(KILLS):
            bot.env["AFTERWORD_NOW"] = (TEN + timedelta(minutes=MINUTES) * kill / KILLS).isoformat()
            bot.start()
            calls = len(telegram.calls)
            telegram.wait(lambda calls=calls: len(telegram.calls) > calls, 60)  # type: ignore[misc]
            time.sleep(dice.uniform(0.0, 1.5))
            bot.kill()
        bot.env["AFTERWORD_NOW"] = (TEN + timedelta(minutes=MINUTES)).isoformat()
        bot.start()
        wait_for_all(telegram, PEOPLE, 120)
        time.sleep(25)  # longer than the outbox's lease: whatever may still come twice does so by then
        bot.stop()
        counts = [len(heard(telegram, number)) for number in range(PEOPLE)]
        lost, twice = counts.count(0), sum(counts) - len([c for c in counts if c])
        early = [late for late in lateness(bot) if late < 0]
        print(f"{PEOPLE} reminders, {KILLS} kills: {lost} lost, {len(early)} early, {twice} twice")  # noqa: T201
        assert (lost, early) == (0, [])
        assert twice <= KILLS


@pytest.mark.slow
@pytest.mark.parametrize(
    ("down", "words"),
    [
        (timedelta(seconds=5), "you've given them a few days"),
        (timedelta(minutes=10), "you've given them a few days"),
        (timedelta(days=3), "you've given them a few days"),
        (timedelta(days=30), "Does it still matter?"),
    ],
    ids=["5 seconds", "10 minutes", "3 days", "30 days"],
)
def test_down_across_the_due_time_it_comes_within_a_minute_of_recovery(
    tmp_path: Path, down: timedelta, words: str
) -> None:
    with BotApiServer(seed=7) as telegram:
        bot = RunningBot(telegram, tmp_path)
        asyncio.run(fill(telegram, bot, 1))
        bot.env["AFTERWORD_NOW"] = (TEN + down).isoformat()
        bot.start()
        began = time.monotonic()
        wait_for_all(telegram, 1, 90)
        took = time.monotonic() - began
        bot.stop()
        (text,) = heard(telegram, 0)
        assert words in text
        assert took <= 60, took
        print(f"down for {down}: said {took:.1f} s after the start, the start included")  # noqa: T201
