"""Many people with a reminder each, planned before the bot is started."""

from __future__ import annotations

import re
import time
from datetime import date, datetime, timedelta

from bot.app.settings import Settings
from bot.core.advice.calendar import instant
from bot.core.advice.moments import PersonCalendar
from bot.core.chat.person import Key, Person, TurnResult
from bot.core.dialogue.session import Session
from bot.core.reminders import schedule as schedules
from bot.core.reminders.schedule import ReminderSchedule
from tests.botapi import BotApiServer
from tests.support.bot_process import RunningBot, opened

PEOPLE, MINUTES = 500, 10


WEDNESDAY = date(2026, 11, 25)


TEN = instant(WEDNESDAY, datetime(2026, 11, 25, 10).time(), "UTC")  # noqa: DTZ001 - wall time


FIRST = 5000  # the id of the first person


def one_planned(due: datetime) -> Person:
    """Return somebody who is to be reminded of one case."""
    schedule = schedules.consented(ReminderSchedule(zone_known=True), 1, "yes", WEDNESDAY)
    schedule = schedules.replan(schedule, 1, [("M2", due.date(), due.time())], PersonCalendar("UTC"), WEDNESDAY)
    case = Session("after_interview", answers={"relation": "none", "experience": "positive"})
    return Person(cases={1: case}, current=1, turn=1, schedule=schedule)


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
