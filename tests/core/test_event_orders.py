"""Every order of what may happen to a case with reminders: the limits hold, whatever comes after whatever."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.advice.calendar import DEFAULT_HOURS, local_date, zone_named
from bot.core.chat.commands import CommandGiven, serve
from bot.core.chat.person import Person
from bot.core.dialogue.session import FellDue, Picked, Said, Session
from bot.core.library import Library
from bot.core.reminders.schedule import ReminderSchedule
from tests.support.reminded import Reminded
from tests.support.visitor import WARM

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Story:
    """A person at an instant, and what they were sent."""

    person: Person
    now: datetime
    said: tuple[datetime, ...] = ()
    unanswered: int = 0
    stopped: bool = False


def step(library: Library, story: Story, *entries: object) -> Story:
    person = story.person
    for entry in entries:
        served = serve(library, "after_interview", person, entry, story.now)  # type: ignore[arg-type]
        assert served.person is not None
        person = served.person
    return replace(story, person=person)


def answers(**given: str) -> Callable[[Library, Story], Story]:
    """Tell something in the conversation about the case: `/change`, the fact, the answer."""

    def told(library: Library, story: Story) -> Story:
        (name, value), session = *given.items(), story.person.cases[1]  # type: ignore[misc]
        person = replace(story.person, asking="", cases={1: session.but(asking=name)})
        if session.facts.get(name) == value:
            return story
        after = step(library, replace(story, person=person), Said(value))
        assert after.person.cases[1].facts[name] == value, (name, value)
        return replace(after, unanswered=0)

    return told


def taps(what: str) -> Callable[[Library, Story], Story]:
    def tapped(library: Library, story: Story) -> Story:
        stopped = {"stop": True, "yes": False}.get(what, story.stopped)
        return replace(step(library, story, Picked(f"m_{what}_1", 0)), stopped=stopped)

    return tapped


def moves(zone: str) -> Callable[[Library, Story], Story]:
    def moved(library: Library, story: Story) -> Story:
        return step(library, story, CommandGiven("settings"), Picked("set_zone", story.person.turn + 1), Said(zone))

    return moved


def restarts(library: Library, story: Story) -> Story:
    del library
    schedule = ReminderSchedule.from_json(json.loads(json.dumps(story.person.schedule.to_json())))
    cases = {n: Session.from_json(json.loads(json.dumps(c.to_json()))) for n, c in story.person.cases.items()}
    return replace(story, person=replace(story.person, schedule=schedule, cases=cases))


EVENTS: dict[str, Callable[[Library, Story], Story]] = {
    "thank-you sent": answers(thanks="sent"),
    "they invited": answers(relation="they_invited"),
    "outcome": answers(outcome="positive"),
    "stop": taps("stop"),
    "yes again": taps("yes"),
    "snooze": taps("snooze"),
    "zone": moves("Auckland"),
    "restart": restarts,
}


def lives(library: Library, story: Story, until: datetime) -> Story:
    """Let time pass, and hold every message against the limits."""
    while (wake := story.person.schedule.wake) is not None and wake <= until:
        now = max(wake, story.now)
        served = serve(library, "after_interview", story.person, FellDue(), now)
        assert served.person is not None
        assert served.messages or served.person.schedule.wake != wake
        zone = served.person.zone
        story = replace(story, person=served.person, now=now)
        if served.messages:
            assert not story.stopped
            assert DEFAULT_HOURS.allow(now.astimezone(zone_named(zone)).time())
            assert all(local_date(now, zone) > local_date(before, zone) for before in story.said)
            story = replace(story, said=(*story.said, now), unanswered=story.unanswered + 1)
            assert story.unanswered <= library.manners.unanswered
    return replace(story, now=until)


def explore(library: Library, story: Story, depth: int) -> int:
    if not depth:
        return 0
    count = 0
    for event in EVENTS.values():
        after = lives(library, event(library, story), story.now + 4 * DAY)
        for what in ("thank_you", "request", "status"):
            assert sum(of == what for of, _ in after.person.schedule.ledgers.get(1, ())) <= 1
        count += 1 + explore(library, after, depth - 1)
    return count


def begun(library: Library) -> Story:
    requester = Reminded(library)
    requester.say(*WARM)
    requester.beside("yes")
    return Story(requester.person, datetime(2026, 11, 23, 9, 0, tzinfo=UTC))


def test_every_order_of_what_may_happen_keeps_the_limits(library: Library) -> None:
    assert explore(library, begun(library), 3) == 8 + 8**2 + 8**3


@pytest.mark.slow
def test_every_order_of_five_things_that_may_happen_keeps_the_limits(library: Library) -> None:
    explored = explore(library, begun(library), 5)
    print(f"{explored} orders of events explored")  # noqa: T201 - what the reader wants to know
    assert explored == sum(8**n for n in range(1, 6))
