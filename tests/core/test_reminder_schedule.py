"""The life of a reminder: said once, at its time, in one message a day, and never after a stop."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.core.advice.calendar import DEFAULT_HOURS, Hours, instant, local_date, zone_named
from bot.core.advice.moments import PersonCalendar
from bot.core.library import Library
from bot.core.reminders import schedule as schedules
from bot.core.reminders.due import DueNow, Spoken, collect_due
from bot.core.reminders.schedule import CaseReminders, ReminderSchedule

BERLIN, AUCKLAND, HONOLULU = (
    PersonCalendar("Europe/Berlin"),
    PersonCalendar("Pacific/Auckland"),
    PersonCalendar("Pacific/Honolulu"),
)
MONDAY, WEDNESDAY = date(2026, 11, 23), date(2026, 11, 25)
TEN = time(10)
DAY = timedelta(days=1)


def at(day: date, wall: time = TEN, place: PersonCalendar = BERLIN) -> datetime:
    return instant(day, wall, place.zone)


def planned(
    *wanted: tuple[str, date, time], case: int = 1, schedule: ReminderSchedule | None = None
) -> ReminderSchedule:
    schedule = schedules.consented(schedule or ReminderSchedule(), case, "yes", MONDAY)
    return schedules.replan(schedule, case, wanted, BERLIN, MONDAY)


def rung(library: Library, schedule: ReminderSchedule, now: datetime, place: PersonCalendar = BERLIN) -> DueNow:
    return collect_due(schedule, library.reminders, library.manners, now, place)


def test_a_reminder_is_said_at_its_time_and_once(library: Library) -> None:
    schedule = planned(("M2", WEDNESDAY, TEN))
    assert schedule.wake == at(WEDNESDAY)
    assert rung(library, schedule, at(WEDNESDAY) - timedelta(seconds=1)).spoken == ()
    said = rung(library, schedule, at(WEDNESDAY))
    assert said.spoken == (Spoken(1, ("M2",)),)
    assert said.schedule.wake is None
    assert rung(library, said.schedule, at(WEDNESDAY) + DAY).spoken == ()


def test_without_consent_nothing_is_planned() -> None:
    assert schedules.replan(ReminderSchedule(), 1, [("M2", WEDNESDAY, TEN)], BERLIN, MONDAY).planned == ()


def test_what_is_due_on_one_day_is_one_message(library: Library) -> None:
    schedule = planned(("M2", WEDNESDAY, TEN), ("M4", WEDNESDAY, time(17)))
    schedule = planned(("M7", WEDNESDAY, TEN), case=2, schedule=schedule)
    said = rung(library, schedule, at(WEDNESDAY))
    assert said.spoken == (Spoken(1, ("M2", "M4")), Spoken(2, ("M7",)))
    assert [how for _, how in said.ended] == ["said", "merged", "merged"]
    assert said.schedule.wake is None


def test_after_the_days_message_the_next_waits_for_the_next_business_day(library: Library) -> None:
    friday = date(2026, 11, 27)
    schedule = rung(library, planned(("M2", friday, TEN)), at(friday)).schedule
    schedule = planned(("M1", friday, time(17)), case=2, schedule=schedule)
    later = rung(library, schedule, at(friday, time(17)))
    assert later.spoken == ()
    assert later.schedule.wake == at(date(2026, 11, 30), time(17))


def test_late_in_the_evening_it_waits_for_the_morning(library: Library) -> None:
    schedule = planned(("M2", WEDNESDAY, TEN))
    evening = rung(library, schedule, at(WEDNESDAY, time(20)))
    assert evening.spoken == ()
    assert evening.schedule.wake == at(WEDNESDAY + DAY, time(9))
    assert rung(library, evening.schedule, at(WEDNESDAY + DAY, time(9))).spoken == (Spoken(1, ("M2",)),)


def test_much_too_late_it_only_asks_whether_it_still_matters(library: Library) -> None:
    schedule = planned(("M2", WEDNESDAY, TEN))
    assert rung(library, schedule, at(WEDNESDAY + 14 * DAY)).spoken == (Spoken(1, ("M2",)),)
    assert rung(library, schedule, at(WEDNESDAY + 15 * DAY)).spoken == (Spoken(1, ("M2",), overdue=True),)


def test_some_move_to_their_next_time_when_they_are_much_too_late(library: Library) -> None:
    """The bot was down: a nudge that comes every month keeps its day in the series, notes come back with the month."""
    said = rung(library, planned(("M8", WEDNESDAY, TEN), ("M9", WEDNESDAY, TEN)), at(WEDNESDAY + 47 * DAY))
    assert said.spoken == ()
    assert [how for _, how in said.ended] == ["moved", "moved"]
    assert [(r.kind, r.day) for r in said.schedule.planned] == [
        ("M8", WEDNESDAY + 61 * DAY),  # a Monday
        ("M9", date(2027, 2, 1)),
    ]
    assert rung(library, said.schedule, at(WEDNESDAY + 61 * DAY)).spoken == (Spoken(1, ("M8",)),)


def test_what_is_late_behind_the_end_of_its_case_only_asks_whether_it_still_matters(library: Library) -> None:
    schedule = planned(("M7", MONDAY + 44 * DAY, TEN))
    assert rung(library, schedule, at(MONDAY + 45 * DAY)).spoken == (Spoken(1, ("M7",)),)
    assert rung(library, schedule, at(MONDAY + 46 * DAY)).spoken == (Spoken(1, ("M7",), overdue=True),)


def test_a_day_that_somebody_was_promised_is_kept_however_far_ahead_it_is(library: Library) -> None:
    """They named a day for the decision that is months away, and were told when they would be asked."""
    schedule = planned(("M4", MONDAY + 70 * DAY, TEN))
    assert rung(library, schedule, at(MONDAY + 69 * DAY)).spoken == ()
    assert rung(library, schedule, at(MONDAY + 70 * DAY)).spoken == (Spoken(1, ("M4",)),)


def test_the_thank_you_is_asked_about_once_more_and_then_never(library: Library) -> None:
    schedule, days = planned(("M1", MONDAY, time(17))), []
    while (wake := schedule.wake) is not None:
        schedule = rung(library, schedule, wake).schedule
        days.append(local_date(wake, BERLIN.zone))
    assert days == [MONDAY, MONDAY + DAY]


def test_keeping_warm_comes_three_times(library: Library) -> None:
    schedule, days = planned(("M8", MONDAY, TEN)), []
    while (wake := schedule.wake) is not None:
        schedule = rung(library, schedule, wake).schedule
        days.append(local_date(wake, BERLIN.zone))
    assert days == [MONDAY, MONDAY + 30 * DAY, MONDAY + 60 * DAY]


def test_a_snooze_puts_off_what_was_said_and_nothing_else(library: Library) -> None:
    schedule = rung(library, planned(("M2", WEDNESDAY, TEN), ("M4", MONDAY + 9 * DAY, TEN)), at(WEDNESDAY)).schedule
    once = schedules.snoozed(schedule, 1, library.manners, BERLIN, WEDNESDAY)
    assert once is not None
    assert [(r.kind, r.day) for r in once.planned] == [("M2", WEDNESDAY + 2 * DAY), ("M4", MONDAY + 9 * DAY)]


def test_two_snoozes_are_enough(library: Library) -> None:
    schedule, day = planned(("M2", WEDNESDAY, TEN)), WEDNESDAY
    for _ in range(2):
        schedule = rung(library, schedule, at(day)).schedule
        put_off = schedules.snoozed(schedule, 1, library.manners, BERLIN, day)
        assert put_off is not None
        schedule, day = put_off, put_off.planned[0].day
    schedule = rung(library, schedule, at(day)).schedule
    assert schedules.snoozed(schedule, 1, library.manners, BERLIN, day) is None


def test_nothing_that_was_said_is_planned_again_until_something_new_is_told(library: Library) -> None:
    wanted = [("M4", WEDNESDAY + 5 * DAY, TEN)]
    schedule = rung(library, planned(("M4", WEDNESDAY, TEN)), at(WEDNESDAY)).schedule
    assert schedules.replan(schedule, 1, wanted, BERLIN, WEDNESDAY).planned == ()
    news = schedules.told(schedule, 1, library.manners, WEDNESDAY)
    assert len(schedules.replan(news, 1, wanted, BERLIN, WEDNESDAY).planned) == 1


def test_local_time_stays_as_asked_when_somebody_moves(library: Library) -> None:
    schedule = planned(("M2", WEDNESDAY, TEN))
    there = schedules.relocated(schedule, AUCKLAND)
    assert there.wake == at(WEDNESDAY, TEN, AUCKLAND)
    assert rung(library, there, at(WEDNESDAY, TEN, AUCKLAND), AUCKLAND).spoken
    assert schedules.relocated(there, BERLIN) == schedule


def test_quiet_hours_of_ones_own_are_kept() -> None:
    sleeper = replace(ReminderSchedule(), hours=Hours(time(21), time(11)))
    assert planned(("M2", WEDNESDAY, TEN), schedule=sleeper).wake == at(WEDNESDAY, time(11))


def test_paused_it_keeps_silent_and_goes_on_afterwards(library: Library) -> None:
    schedule = replace(planned(("M2", WEDNESDAY, TEN)), paused=True)
    assert schedule.wake is None
    assert rung(library, schedule, at(WEDNESDAY)).spoken == ()
    assert rung(library, replace(schedule, paused=False), at(WEDNESDAY + DAY)).spoken


def test_one_can_be_moved_and_one_can_be_dropped() -> None:
    schedule = planned(("M2", WEDNESDAY, TEN), ("M4", WEDNESDAY + DAY, TEN))
    moved = schedules.moved(schedule, 1, "M2", WEDNESDAY + 5 * DAY, time(14, 30), BERLIN)
    assert moved.planned[1].due == at(WEDNESDAY + 5 * DAY, time(14, 30))
    assert [r.kind for r in schedules.settled(moved, 1, "M4").planned] == ["M2"]
    assert schedules.dropped(moved, 1) == replace(ReminderSchedule(), planned=())


# -- whatever happens, in whatever order -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Story:
    """An agenda, its place and its time, and what was said so far, noted apart from it."""

    schedule: ReminderSchedule
    now: datetime
    place: PersonCalendar = BERLIN
    said: tuple[tuple[datetime, PersonCalendar, DueNow], ...] = ()
    unanswered: int = 0
    snoozes: int = 0
    stopped: bool = False


WANTED = (("M1", 0, time(17)), ("M2", 2, TEN), ("M4", 7, TEN), ("M5", 11, TEN), ("M8", 30, TEN))


def replanned(story: Story) -> ReminderSchedule:
    today = local_date(story.now, story.place.zone)
    wanted = [(kind, today + n * DAY, wall) for kind, n, wall in WANTED]
    return schedules.replan(story.schedule, 1, wanted, story.place, today)


def tells(library: Library, story: Story) -> Story:
    """Something new is told: an outcome, a thank-you that is out, an invitation."""
    news = replace(
        story, schedule=schedules.told(story.schedule, 1, library.manners, local_date(story.now, story.place.zone))
    )
    return replace(news, schedule=replanned(news), unanswered=0, snoozes=0)


def says_no_news(story: Story) -> Story:
    return replace(story, schedule=replanned(story))


def stops(story: Story) -> Story:
    today = local_date(story.now, story.place.zone)
    return replace(story, schedule=schedules.consented(story.schedule, 1, "no", today), stopped=True)


def wants_again(story: Story) -> Story:
    today = local_date(story.now, story.place.zone)
    back = replace(story, schedule=schedules.consented(story.schedule, 1, "yes", today), stopped=False)
    return replace(back, schedule=replanned(back))


def snoozes(library: Library, story: Story) -> Story:
    today = local_date(story.now, story.place.zone)
    after = schedules.snoozed(story.schedule, 1, library.manners, story.place, today)
    return story if after is None else replace(story, schedule=after, snoozes=story.snoozes + 1)


def moves(place: PersonCalendar) -> Callable[[Story], Story]:
    return lambda story: replace(story, place=place, schedule=schedules.relocated(story.schedule, place))


def restarts(story: Story) -> Story:
    stored = json.loads(json.dumps(story.schedule.to_json()))
    assert ReminderSchedule.from_json(stored) == story.schedule
    return replace(story, schedule=ReminderSchedule.from_json(stored))


def lives(library: Library, story: Story, span: timedelta) -> Story:
    """Let time pass, ringing whenever the agenda wants to be rung."""
    until = story.now + span
    for _ in range(200):
        wake = story.schedule.wake
        if wake is None or wake > until:
            return replace(story, now=until)
        now = max(wake, story.now)
        rang = rung(library, story.schedule, now, story.place)
        assert rang.spoken or rang.schedule.wake != wake, "it would be rung for ever"
        story = replace(story, schedule=rang.schedule, now=now)
        if rang.spoken:
            story = replace(story, said=(*story.said, (now, story.place, rang)), unanswered=story.unanswered + 1)
            check(library, story)
    raise AssertionError("it was rung 200 times")


def check(library: Library, story: Story) -> None:
    now, place, rang = story.said[-1]
    assert DEFAULT_HOURS.allow(now.astimezone(zone_named(place.zone)).time())
    assert story.unanswered <= library.manners.unanswered
    assert story.snoozes <= library.manners.snoozes
    assert not story.stopped
    first = next(reminder for reminder, how in rang.ended if how == "said")
    assert now >= instant(first.day, first.wall, place.zone)
    if len(story.said) > 1:
        before, there, _ = story.said[-2]
        assert local_date(now, place.zone) > local_date(before, there.zone)


def explore(library: Library, story: Story, depth: int) -> int:
    """Try every event and every order of them; return how many orders that were."""
    if not depth:
        return 0
    events: list[Callable[[Story], Story]] = [
        lambda s: tells(library, s), says_no_news, stops, wants_again,
        lambda s: snoozes(library, s), moves(AUCKLAND), moves(HONOLULU),
        restarts,
    ]  # fmt: skip
    count = 0
    for event in events:
        for span in (timedelta(hours=7), 9 * DAY):
            count += 1 + explore(library, lives(library, event(story), span), depth - 1)
    return count


def test_whatever_happens_in_whatever_order_the_limits_hold(library: Library) -> None:
    start = wants_again(Story(ReminderSchedule(), datetime(2026, 11, 23, 9, 0, tzinfo=UTC)))
    print(f"{explore(library, start, 3)} orders of events explored")  # noqa: T201 - what the reader wants to know


@pytest.mark.slow
def test_the_limits_hold_for_every_order_of_five_events(library: Library) -> None:
    start = wants_again(Story(ReminderSchedule(), datetime(2026, 11, 23, 9, 0, tzinfo=UTC)))
    print(f"{explore(library, start, 5)} orders of events explored")  # noqa: T201 - what the reader wants to know


def test_what_is_kept_comes_back_as_it_was(library: Library) -> None:
    schedule = rung(library, planned(("M2", WEDNESDAY, TEN), ("M4", MONDAY + 9 * DAY, TEN)), at(WEDNESDAY)).schedule
    full = replace(
        schedule, paused=True, zone_known=True, ledgers={1: (("thank_you", MONDAY),)}, hours=Hours(time(22), time(7))
    )
    assert ReminderSchedule.from_json(json.loads(json.dumps(full.to_json()))) == full
    assert full.life(7, MONDAY) == CaseReminders(MONDAY)
