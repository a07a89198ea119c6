"""Killed again and again while 500 reminders fall due within ten minutes: none lost, none early, few said twice.

KILLS (default 200) says how often. And down across the due time, for seconds or for weeks. Run by `make slow`.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import time
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from bot.app.settings import Settings
from bot.core.advice.calendar import instant
from bot.core.advice.judge import PersonCalendar
from bot.core.chat.person import Key, Person, TurnResult
from bot.core.dialogue.session import Session
from bot.core.reminders import schedule as schedules
from bot.core.reminders.schedule import ReminderSchedule
from tests.botapi import BotApiServer
from tests.support.bot_process import RunningBot, opened

KILLS = int(os.environ.get("KILLS", "200"))
PEOPLE, MINUTES = 500, 10
WEDNESDAY = date(2026, 11, 25)
TEN = instant(WEDNESDAY, datetime(2026, 11, 25, 10).time(), "UTC")  # noqa: DTZ001 - wall time
FIRST = 5000  # the id of the first person


def one_planned(due: datetime) -> Person:
    """Return somebody who is to be reminded of one case."""
    agenda = schedules.consented(ReminderSchedule(zone_known=True), 1, "yes", WEDNESDAY)
    agenda = schedules.replan(agenda, 1, [("M2", due.date(), due.time())], PersonCalendar("UTC"), WEDNESDAY)
    case = Session("after_interview", answers={"relation": "none", "experience": "positive"})
    return Person(cases={1: case}, current=1, turn=1, agenda=agenda)


async def fill(telegram: BotApiServer, bot: RunningBot, people: int, minutes: int = MINUTES) -> None:
    """Plan a reminder for each of so many people, spread over some minutes, before the bot is started."""
    me = int(telegram.token.partition(":")[0])
    bot.prepare()
    async with opened(Settings.model_validate({**bot.env})) as store:
        for number in range(people):
            telegram.person(user_id=FIRST + number, started=True)
            key = Key(me, FIRST + number, 0, FIRST + number)
            person = one_planned(TEN + timedelta(minutes=number % minutes))
            await store.turn(number + 1, key, lambda _, person=person: TurnResult(person), TEN)  # type: ignore[misc]


def heard(telegram: BotApiServer, number: int) -> list[str]:
    """Return the reminders that somebody got."""
    return [m.text for m in telegram.chat(FIRST + number).messages if m.from_bot and "Person 1" in m.text]


def wait_for_all(telegram: BotApiServer, people: int, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not all(heard(telegram, number) for number in range(people)):
        time.sleep(0.5)


def lateness(bot: RunningBot, spoke: str = "True|False") -> list[float]:
    """Return by how many seconds each agenda was rung after its time, as the bot's own clock had it.

    With `spoke` "True" only where that led to a message, "False" where it did not: whoever is fenced off says nothing.
    """
    log = bot.log.read_text(encoding="utf-8")
    return [float(late) for late in re.findall(rf"agenda rung.*?late=(-?[\d.]+).*?spoke=(?:{spoke})", log)]


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
        (timedelta(seconds=5), "the few days are over"),
        (timedelta(minutes=10), "the few days are over"),
        (timedelta(days=3), "the few days are over"),
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
