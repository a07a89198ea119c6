"""When somebody who has been silent for long is told that they will be deleted, and when they are.

Nobody is deleted who was not told at least `GRACE` before, or who has a step ahead. No clock alone
decides: it counts for as much as the days on which the bot was seen running, so that one which jumped ahead for a
while leads to nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from bot.core.advice.calendar import ONE_DAY, local_date, speakable_from
from bot.core.chat.person import Person
from bot.core.chat.privacy import GRACE
from bot.core.library import Library

RAN_SINCE: Final = GRACE.days - 1
"""On so many days between these two the bot has to have run."""
STEADY: Final = 7
"""On so many of the GRACE days before today it has to have run, or the clock is not believed."""
KEEP: Final = "m_keep"
"""The option below the notice; like those below reminders it counts by no turn."""

Step = Literal["none", "tell", "delete"]


@dataclass(frozen=True)
class Silence:
    """How long somebody has been silent: when they were last heard, when they were told (None: they were not).

    `wake` is when their schedule wants to be rung next; `enrolled`: they coach a cohort, or are in one. `ran` are the
    days, in UTC, on which the bot was seen running, as far as they are remembered.
    """

    heard: datetime
    told: datetime | None
    wake: datetime | None
    enrolled: bool
    ran: Collection[date]


def is_steady(ran: Collection[date], now: datetime) -> bool:
    """Tell whether the clock goes on from the days on which the bot was seen running."""
    return sum(1 for day in ran if now.date() - GRACE <= day < now.date()) >= STEADY


def step_for(library: Library, person: Person, silence: Silence, retention: int, now: datetime) -> Step:
    """Return what is to be done about somebody at the instant `now`; `retention` in days."""
    if now - silence.heard < retention * ONE_DAY or not is_steady(silence.ran, now):
        return "none"
    if silence.enrolled or has_step_ahead(library, person, silence.wake, now):
        return "none"
    if silence.told is None or not silence.heard < silence.told <= now:
        return "tell" if speakable_from(now, person.zone, person.schedule.hours) <= now else "none"
    between = sum(1 for day in silence.ran if silence.told.date() < day < now.date())
    return "delete" if now - silence.told >= GRACE and between >= RAN_SINCE else "none"


def has_step_ahead(library: Library, person: Person, wake: datetime | None, now: datetime) -> bool:
    """Tell whether a reminder is to come, or a day that they told has not come yet.

    What has been due for longer than GRACE does not come any more: the chat is closed to us.
    """
    if wake is not None and wake > now - GRACE:
        return True
    today, facts = local_date(now, person.zone), library.facts.by_name
    told = ((facts.get(name), answer) for case in person.cases.values() for name, answer in case.facts.items())
    return any(fact is not None and fact.kind == "date" and _day(answer) >= today for fact, answer in told)


def _day(answer: str) -> date:
    try:
        return date.fromisoformat(answer)
    except ValueError:  # it may hold a word instead, such as: none
        return date.min
