"""Coaching under load: counts of 4, 5 and 200 members, and lessons and nudges to many while other people talk.

Run by `make slow`; a minute in all.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall
from pathlib import Path

import pytest

from bot.app.settings import Settings
from bot.core.chat.person import Key, Person, TurnResult
from bot.core.coaching.cohort import BotMembership, Cohort, CohortTurn, Member
from bot.core.coaching.lessons import Plan, Slot
from bot.core.dialogue.session import Session
from tests.botapi import BotApiServer
from tests.botapi import Person as Someone
from tests.support.bot_process import RunningBot, opened
from tests.support.story import COACH, SLOW_MACHINE, asks, nothing_was_refused, taps

MONDAY = datetime(2026, 11, 30, 9, tzinfo=UTC)
TOLD = {"relation": "none", "experience": "positive", "outcome": "none", "role": "hiring_manager", "invited": "no",
        "tone": "rapport", "interviewed_on": "2026-11-27", "thanks": "not_sent"}  # fmt: skip
LIVES = (TOLD, {**TOLD, "thanks": "sent"}, {**TOLD, "outcome": "offer"})
FIRST, CHANNELS, NUDGED = 6_000_000_000, 50, 200
LONGEST = 1.0
"""Seconds within which whoever asks is answered."""
A_SECOND = 26
"""Messages a second that Telegram lets through at least, of its 30."""


def cohort_of(number: int) -> Cohort:
    """Return a cohort of so many members who agreed to everything."""
    member = Member(MONDAY, {"counts": MONDAY, "nudges": MONDAY})
    members = dict.fromkeys(range(FIRST, FIRST + number), member)
    return Cohort("Spring course", "en", {COACH: "Cleo"}, members)


def lectured(number: int, channel: int) -> Cohort:
    """Return a cohort whose first lesson is due on Monday, in a channel."""
    slot = Slot("thank_first", date(2026, 11, 30), wall(9))
    plan = Plan(channel, "Letters", "eight_weeks", "UTC", (slot,), confirmed=True)
    return Cohort("Another course", "en", {FIRST - 1 - number: ""}, plan=plan)


async def fill(bot: RunningBot, cohorts: Iterable[Cohort]) -> None:
    """Keep cohorts, the interviews of their members, and the channels of their plans, before the bot is started."""
    me = int(bot.env["TELEGRAM_BOT_TOKEN"].partition(":")[0])
    bot.prepare()
    async with opened(Settings.model_validate({**bot.env})) as store:
        for number, cohort in enumerate(cohorts, 1):
            coach = min(cohort.coaches)

            def kept(
                _person: Person | None, _repository: object, number: int = number, one: Cohort = cohort
            ) -> CohortTurn:
                room = BotMembership("administrator", title="Letters") if one.plan else None
                return CohortTurn(None, cohorts={number: one}, room=room)

            where = Key(me, cohort.plan.channel if cohort.plan else FIRST - 1, 0, coach)
            await store.cohort_respond(number, where, kept, MONDAY)
            for member in cohort.members:
                case = Session("after_interview", answers=LIVES[member % len(LIVES)])
                whole = TurnResult(Person(cases={1: case}, current=1))
                await store.turn(member, Key(me, member, 0, member), lambda _, whole=whole: whole, MONDAY)  # type: ignore[misc]


@pytest.fixture
def telegram() -> Iterator[BotApiServer]:
    with BotApiServer(seed=3) as server:
        server.enforce_limits = True
        yield server


@pytest.mark.slow
@pytest.mark.parametrize(
    ("members", "words", "cells", "pictures"),
    [
        (4, "ewer than five members share their counts", 0, 0),
        (5, "At least 5 members share their counts", 0, 0),
        (200, "At least 200 members share their counts", 5, 1),
    ],
)
def test_counts_are_answered_within_a_second_and_hide_less_than_five(
    telegram: BotApiServer, tmp_path: Path, members: int, words: str, cells: int, pictures: int
) -> None:
    bot = RunningBot(telegram, tmp_path, LOG_LEVEL="WARNING", AFTERWORD_NOW=MONDAY.isoformat())
    asyncio.run(fill(bot, [cohort_of(members)]))
    coach = telegram.person(COACH, first_name="Cleo")
    with bot:
        asks(coach, "/cohort", "You coach “Spring course”")
        began = time.monotonic()
        coach.taps("Counts", timeout=SLOW_MACHINE)
        text = coach.expects(words, timeout=SLOW_MACHINE).text
        telegram.wait(lambda: len(pictured(coach)) == pictures, SLOW_MACHINE, "the picture")
        took = time.monotonic() - began
        assert text.count("at least") >= cells
        assert bot.stop()[0] == 0
    print(f"{members} members: counts and {pictures} picture(s) after {took:.2f} s")  # noqa: T201 - what was measured
    assert telegram.violations == []
    nothing_was_refused(telegram)
    assert took < LONGEST


def pictured(coach: Someone) -> list[Mapping[str, object]]:
    return [message.content for message in coach.screen if "photo" in message.content]


@pytest.mark.slow
def test_fifty_lessons_and_two_hundred_nudges_keep_the_flood_limits_and_live_answers_stay_ahead(
    telegram: BotApiServer, tmp_path: Path
) -> None:
    now = (MONDAY - timedelta(seconds=20)).isoformat()  # time for the coach to get ready
    bot = RunningBot(telegram, tmp_path, LOG_LEVEL="WARNING", AFTERWORD_NOW=now)
    channels = [telegram.channel(title="Letters") for _ in range(CHANNELS)]
    members = [telegram.person(FIRST + number, started=True) for number in range(NUDGED)]
    lessons = [lectured(number, channel.id) for number, channel in enumerate(channels)]
    asyncio.run(fill(bot, [cohort_of(NUDGED), *lessons]))
    coach = telegram.person(COACH, first_name="Cleo")

    def posted() -> int:
        return sum(bool(channel.screen) for channel in channels)

    def nudged() -> int:
        return sum("anything new" in member.sees() for member in members)

    with bot:
        asks(coach, "/cohort", "You coach “Spring course”")
        taps(coach, "Nudge the members", "is there anything new about your interviews?")
        telegram.wait(lambda: posted() > 0, 60, "the first lesson")
        began = time.monotonic()
        taps(coach, "Send it", "It's on its way")
        took = [time.monotonic() - began]
        end = began + (CHANNELS + NUDGED) / A_SECOND + 20
        while time.monotonic() < end and (posted() < CHANNELS or nudged() < NUDGED):
            took.append(comes_in(telegram))
        whole = time.monotonic() - began
        assert bot.stop()[0] == 0
    counts = [len([m for m in one.screen if m.from_bot]) for one in (*channels, *members)]
    late = statistics.quantiles(took, n=20)[-1]
    print(  # noqa: T201 - what was measured
        f"{CHANNELS} lessons and {NUDGED} nudges in {whole:.1f} s, {len(took)} live answers beside them: "
        f"p95 {late:.2f} s, the slowest {max(took):.2f} s"
    )
    assert counts == [1] * (CHANNELS + NUDGED)
    assert telegram.violations == []
    nothing_was_refused(telegram)
    assert late < LONGEST, sorted(took)[-10:]


def comes_in(telegram: BotApiServer) -> float:
    """Let a stranger begin, and return after how many seconds they were answered."""
    person = telegram.person(first_name="Live", started=True)
    began = time.monotonic()
    person.says("/start")
    telegram.wait(lambda: [m for m in telegram.chat(person.id).messages if m.from_bot], 60, "an answer")
    time.sleep(0.1)
    return time.monotonic() - began - 0.1
