"""When reminders fall due: what is said, in one message a day, and how each of them ends.

Pure: the same schedule at the same instant says the same. Nothing is said before its time, outside
the hours to speak, or about a case that has closed. What was agreed to is never dropped for being late: it is asked
once whether it still matters, and a case closes GRACE after that at the earliest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from bot.core.advice.calendar import (
    ONE_DAY,
    Hours,
    add_business_days,
    business_day_from,
    local_date,
    next_month,
    speakable_from,
)
from bot.core.advice.moments import PersonCalendar
from bot.core.advice.rules import Manners, ReminderKind
from bot.core.reminders.schedule import CaseReminders, Reminder, ReminderSchedule, relocated

GRACE = 7 * ONE_DAY
"""From what was said last about a case to its end, at least: time to look into it."""
Ending = Literal["said", "merged", "moved", "expired"]
Kinds = Mapping[str, ReminderKind]


@dataclass(frozen=True)
class Spoken:
    """What is to be said about a case: the kinds that were due, or (`overdue`) only whether it still matters."""

    case: int
    kinds: tuple[str, ...]
    overdue: bool = False


@dataclass(frozen=True)
class DueNow:
    """What came of ringing a schedule: what is said, in one message, how each reminder ended, which cases closed."""

    schedule: ReminderSchedule
    spoken: tuple[Spoken, ...] = ()
    ended: tuple[tuple[Reminder, Ending], ...] = ()
    closed: tuple[int, ...] = ()


def collect_due(
    schedule: ReminderSchedule, kinds: Kinds, manners: Manners, now: datetime, place: PersonCalendar
) -> DueNow:
    """Return what is to be said at the instant `now`, and the schedule afterwards."""
    schedule = relocated(schedule, place)  # the zone's rules may be others than when the instant was worked out
    today = local_date(now, place.zone)
    due_now = _due_now(schedule, kinds, manners, now, place, today)
    after, closed = _closing(due_now.schedule, kinds, manners, today)
    return replace(due_now, schedule=after, closed=closed)


def _due_now(
    schedule: ReminderSchedule, kinds: Kinds, manners: Manners, now: datetime, place: PersonCalendar, today: date
) -> DueNow:
    due = [r for r in schedule.planned if r.due <= now]
    if schedule.paused or not due:
        return DueNow(schedule)
    begin = speakable_from(now, place.zone, schedule.hours)
    if begin > now:
        return DueNow(_put_off(schedule, due, begin))
    if schedule.said_on is not None and schedule.said_on >= today:
        next_day = add_business_days(schedule.said_on, 1, place.week)
        moved = [r.on(next_day, place, schedule.hours) for r in due]
        return DueNow(schedule.with_planned([*(r for r in schedule.planned if r not in due), *moved]))
    return _said(schedule, kinds, manners, today, place, due)


def _closing(
    schedule: ReminderSchedule, kinds: Kinds, manners: Manners, today: date
) -> tuple[ReminderSchedule, tuple[int, ...]]:
    """Close the cases whose day has come; one with reminders to come, or late, closes after the last of them.

    While they rest by the candidate's own word they keep no case open.
    """
    ended = []
    for case, life in schedule.lives.items():
        if life.closes is None or life.closes > today:
            continue
        left = [
            r
            for r in schedule.of(case)
            if not (
                _expired(r, schedule, kinds, manners, today) or (schedule.paused and _rests(r, life, manners, today))
            )
        ]
        schedule = schedule.with_planned([*(r for r in schedule.planned if r.case != case), *left])
        closes = max(max(r.day for r in left), today) + GRACE if left else None
        schedule = schedule.with_life(case, replace(life, closes=closes))
        ended += [] if left else [case]
    return schedule, tuple(ended)


def _put_off(schedule: ReminderSchedule, due: list[Reminder], until: datetime) -> ReminderSchedule:
    return replace(schedule, planned=tuple(replace(r, due=until) if r in due else r for r in schedule.planned))


def _said(
    schedule: ReminderSchedule, kinds: Kinds, manners: Manners, today: date, place: PersonCalendar, due: list[Reminder]
) -> DueNow:
    """Say what is due in one message, and with it what would be due later in the day."""
    with_it = [r for r in schedule.planned if r.day <= today and not _expired(r, schedule, kinds, manners, today)]
    later = {r: _later(r, kinds, today, place, schedule.hours) for r in with_it if _skipped(r, kinds, today)}
    heard = [r for r in with_it if r not in later]
    gone = [r for r in due if r not in with_it]
    rest = [r for r in schedule.planned if r not in with_it and r not in gone] + list(later.values())
    ended: list[tuple[Reminder, Ending]] = [(r, "merged" if n else "said") for n, r in enumerate(heard)]
    ended += [*((r, "moved") for r in later), *((r, "expired") for r in gone)]
    if not heard:
        return DueNow(schedule.with_planned(rest), ended=tuple(ended))
    spoken, lives = [], dict(schedule.lives)
    for case in dict.fromkeys(r.case for r in heard):
        said = [r for r in heard if r.case == case]
        life = schedule.life(case, today)
        live = [r for r in said if not _overdue(r, life, kinds, manners, today)]
        of_these = tuple(r.kind for r in live or said)
        spoken.append(Spoken(case, of_these, overdue=not live))
        counts = {**life.counts, **{r.kind: life.counts.get(r.kind, 0) + 1 for r in said}}
        closes = life.closes and max(life.closes, today + GRACE)
        lives[case] = replace(life, said=life.said + 1, counts=counts, asked=of_these, closes=closes)
        rest += [again for r in live if (again := _again(r, kinds, counts[r.kind], today, place, schedule.hours))]
    after = replace(schedule, lives=lives, said_on=today, spoken=tuple(said.case for said in spoken))
    return DueNow(after.with_planned(rest), tuple(spoken), tuple(ended))


def _expired(reminder: Reminder, schedule: ReminderSchedule, kinds: Kinds, manners: Manners, today: date) -> bool:
    kind, life = kinds.get(reminder.kind), schedule.life(reminder.case, today)
    return (
        kind is None  # the content was edited meanwhile
        or life.consent != "yes"
        or life.said >= manners.unanswered
    )


def closed(life: CaseReminders, manners: Manners, today: date) -> bool:
    """Tell whether a case has closed by itself, nothing new having been told for so long."""
    return (today - life.since).days > manners.close_after_days


def _rests(reminder: Reminder, life: CaseReminders, manners: Manners, today: date) -> bool:
    """Tell whether a reminder has outlived its case; one whose own day is later was meant to, and was promised."""
    return closed(life, manners, today) and not closed(life, manners, reminder.day)


def _overdue(reminder: Reminder, life: CaseReminders, kinds: Kinds, manners: Manners, today: date) -> bool:
    """Tell whether it can only be asked if a reminder still matters: it is far too late, or its case is over by now."""
    kind = kinds[reminder.kind]
    late = _late(reminder, kind, today)
    if kind.overdue == "ask":
        return late or _rests(reminder, life, manners, today)
    return kind.overdue == "drop" and late  # and it has no next time


def _late(reminder: Reminder, kind: ReminderKind, today: date) -> bool:
    return (today - reminder.day).days > kind.overdue_days


def _skipped(reminder: Reminder, kinds: Kinds, today: date) -> bool:
    """Tell whether a reminder that is far too late is let go, as its kind has a next time."""
    kind = kinds[reminder.kind]
    returns = kind.again is not None or kind.due.start == "next_month"
    return kind.overdue == "drop" and returns and _late(reminder, kind, today)


def _later(reminder: Reminder, kinds: Kinds, today: date, place: PersonCalendar, hours: Hours) -> Reminder:
    """Return a reminder that is let go at its kind's next time."""
    again, day = kinds[reminder.kind].again, reminder.day
    if again is None:
        return reminder.on(business_day_from(next_month(today), place.week), place, hours)
    while day <= today:
        day = add_business_days(day + ONE_DAY * again.days, again.business_days, place.week)
    return reminder.on(business_day_from(day, place.week), place, hours)


def _again(
    reminder: Reminder, kinds: Kinds, count: int, today: date, place: PersonCalendar, hours: Hours
) -> Reminder | None:
    """Return the reminder's next time, for a kind that comes more than once."""
    again = kinds[reminder.kind].again
    if again is None or count >= again.times:
        return None
    return reminder.on(add_business_days(today + ONE_DAY * again.days, again.business_days, place.week), place, hours)
