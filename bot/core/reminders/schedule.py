"""The life of reminders: planned, due, and then said, merged, snoozed, stopped or expired.

Law of this file: a reminder is kept as it was meant, a day and a wall time in the candidate's own place; the instant is
derived and may move. Whatever the order of events: at most one message a day to a person, at most `Manners.unanswered`
about a case until something new is told, nothing before its time or outside the hours to speak, nothing after a stop.

    planned ── ring ──┬─ said      in the day's one message
                      ├─ merged    into that message, as another of its case or day was due first
                      ├─ put off   to the next hour to speak, or to the next business day after one was said
                      └─ expired   too old, its case closed, or said too often without an answer
            ── snooze, stop, replan, settle: by the candidate's own word
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from typing import Any, Literal

from bot.core.advice.calendar import (
    DEFAULT_HOURS,
    ONE_DAY,
    Hours,
    add_business_days,
    instant,
    speakable_from,
)
from bot.core.advice.contact_history import Entry
from bot.core.advice.moments import DEFAULT_TIME, PersonCalendar
from bot.core.advice.rules import Manners

CLOSING = time(12, tzinfo=UTC)
"""When a case closes on its day: nobody hears of it, and it is that day or later wherever somebody lives."""
Consent = Literal["unasked", "yes", "no"]


@dataclass(frozen=True)
class Reminder:
    """A reminder to come about a case: the local intent, and beside it the UTC instant that it means."""

    case: int
    kind: str
    day: date
    wall: time
    due: datetime

    def on(self, day: date, place: PersonCalendar, hours: Hours) -> Reminder:
        """Return the reminder moved to another day, at the same wall time."""
        return replace(self, day=day, due=due_at(day, self.wall, place, hours))


def due_at(day: date, wall: time, place: PersonCalendar, hours: Hours) -> datetime:
    """Return when a reminder meant for a wall time may be said."""
    return speakable_from(instant(day, wall, place.zone), place.zone, hours)


@dataclass(frozen=True)
class CaseReminders:
    """How the reminders of one case have lived since the candidate last told something new, on the day `since`."""

    since: date
    consent: Consent = "unasked"
    said: int = 0
    snoozed: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    """How often each kind was said."""
    asked: tuple[str, ...] = ()
    """The kinds of the last message about this case, which wait for an answer."""
    closes: date | None = None
    """The day on which the case closes by itself; None: it has."""


@dataclass(frozen=True)
class ReminderSchedule:
    """All reminders of one candidate, and how they want to be reminded; `said_on` is the day of the last message."""

    planned: tuple[Reminder, ...] = ()
    lives: Mapping[int, CaseReminders] = field(default_factory=dict)
    said_on: date | None = None
    paused: bool = False
    hours: Hours = DEFAULT_HOURS
    zone_known: bool = False
    ledgers: Mapping[int, tuple[Entry, ...]] = field(default_factory=dict)
    """What went out about each case, by the candidate's own word."""
    spoken: tuple[int, ...] = ()
    """The cases of the last message."""

    @property
    def wake(self) -> datetime | None:
        """The instant at which the schedule wants to be rung; None: there is nothing to come."""
        planned = [] if self.paused else [r.due for r in self.planned]
        closing = [datetime.combine(life.closes, CLOSING) for life in self.lives.values() if life.closes]
        return min(planned + closing, default=None)

    def of(self, case: int) -> tuple[Reminder, ...]:
        """Return what is planned about a case, the next first."""
        return tuple(r for r in self.planned if r.case == case)

    def life(self, case: int, today: date) -> CaseReminders:
        """Return how a case has lived; one never heard of begins today."""
        return self.lives.get(case) or CaseReminders(today)

    def with_life(self, case: int, life: CaseReminders) -> ReminderSchedule:
        """Return the schedule with this life of a case; itself where it is so already, as mostly."""
        return self if self.lives.get(case) == life else replace(self, lives={**self.lives, case: life})

    def with_planned(self, planned: Iterable[Reminder]) -> ReminderSchedule:
        """Return the schedule with other reminders to come; of two of one kind and case the earlier is kept."""
        first: dict[tuple[int, str], Reminder] = {}
        for reminder in sorted(planned, key=lambda r: (r.due, r.case, r.kind)):
            first.setdefault((reminder.case, reminder.kind), reminder)
        return replace(self, planned=tuple(first.values()))

    def joined(self, other: ReminderSchedule, after: int) -> ReminderSchedule:
        """Return the schedule with what `other` holds, its case numbers counted on from `after`."""
        both = replace(
            self,
            lives={**self.lives, **{number + after: life for number, life in other.lives.items()}},
            ledgers={**self.ledgers, **{number + after: ledger for number, ledger in other.ledgers.items()}},
            said_on=max(filter(None, (self.said_on, other.said_on)), default=None),
            spoken=(*self.spoken, *(number + after for number in other.spoken)),
        )
        return both.with_planned([*self.planned, *(replace(r, case=r.case + after) for r in other.planned)])

    # -- storing -----------------------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """Return the schedule as plain JSON values."""
        hours = self.hours
        return {
            "planned": [
                [r.case, r.kind, r.day.isoformat(), f"{r.wall:%H:%M}", r.due.isoformat()] for r in self.planned
            ],
            "lives": {
                str(number): [
                    life.since.isoformat(), life.consent, life.said, life.snoozed, dict(life.counts), list(life.asked),
                    life.closes.isoformat() if life.closes else None,
                ]
                for number, life in self.lives.items()
            },
            "said_on": self.said_on.isoformat() if self.said_on else None,
            "paused": self.paused,
            "quiet": [f"{hours.quiet_from:%H:%M}", f"{hours.quiet_until:%H:%M}"],
            "zone_known": self.zone_known,
            "ledgers": {
                str(number): [[what, day.isoformat()] for what, day in ledger]
                for number, ledger in self.ledgers.items()
            },
            "spoken": list(self.spoken),
        }  # fmt: skip

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ReminderSchedule:
        """Read a schedule back; raises ValueError, TypeError or LookupError for what is none."""
        quiet_from, quiet_until = map(time.fromisoformat, stored["quiet"])
        planned = (
            Reminder(int(case), kind, date.fromisoformat(day), time.fromisoformat(wall), datetime.fromisoformat(due))
            for case, kind, day, wall, due in stored["planned"]
        )
        lives = {int(number): _life_of(*life) for number, life in stored["lives"].items()}
        said_on = stored["said_on"]
        return cls(
            tuple(planned),
            lives,
            date.fromisoformat(said_on) if said_on else None,
            bool(stored["paused"]),
            Hours(quiet_from, quiet_until),
            bool(stored["zone_known"]),
            {
                int(number): tuple((what, date.fromisoformat(day)) for what, day in ledger)
                for number, ledger in stored["ledgers"].items()
            },
            tuple(stored.get("spoken", ())),  # those stored before it was noted have none
        )


def _life_of(
    since: str,
    consent: Consent,
    said: int,
    snoozed: int,
    counts: Mapping[str, int],
    asked: Iterable[str],
    closes: str | None = None,
) -> CaseReminders:
    """Read a life back; those stored before cases closed by themselves have no day for it."""
    end = date.fromisoformat(closes) if closes else None
    return CaseReminders(date.fromisoformat(since), consent, said, snoozed, counts, tuple(asked), end)


# -- by the candidate's own word ---------------------------------------------------------------------------------------


def relocated(schedule: ReminderSchedule, place: PersonCalendar) -> ReminderSchedule:
    """Return the schedule with every instant worked out anew: the zone, its rules or the quiet hours have changed."""
    hours = schedule.hours
    planned = [replace(r, due=due_at(r.day, r.wall, place, hours)) for r in schedule.planned]
    return schedule if tuple(planned) == schedule.planned else schedule.with_planned(planned)


def told(schedule: ReminderSchedule, case: int, manners: Manners, today: date) -> ReminderSchedule:
    """Note that the candidate told something new about a case: limits count from here on."""
    return schedule.with_life(
        case, CaseReminders(today, schedule.life(case, today).consent, closes=_end(manners, today))
    )


def reopened(schedule: ReminderSchedule, case: int, manners: Manners, today: date) -> ReminderSchedule:
    """Give a case that has closed, and is taken up again, a day on which it closes anew."""
    life = schedule.life(case, today)
    if life.closes is not None:
        return schedule
    return schedule.with_life(case, replace(life, closes=_end(manners, today)))


def _end(manners: Manners, today: date) -> date:
    """Return the day on which a case closes if nothing more is told of it."""
    return today + ONE_DAY * (manners.close_after_days + 1)


def consented(schedule: ReminderSchedule, case: int, consent: Consent, today: date) -> ReminderSchedule:
    """Note whether the candidate wants to be reminded of a case; a no drops whatever is planned about it."""
    schedule = schedule.with_life(case, replace(schedule.life(case, today), consent=consent))
    return schedule if consent == "yes" else schedule.with_planned(r for r in schedule.planned if r.case != case)


def replan(
    schedule: ReminderSchedule,
    case: int,
    wanted: Iterable[tuple[str, date, time]],
    place: PersonCalendar,
    today: date,
    *,
    keep: bool = False,
) -> ReminderSchedule:
    """Plan what an advice asks for (kind, day, wall time) instead of what was planned about the case before.

    Nothing is planned without consent, and no kind a second time that was said since something new was told. With
    `keep` what is planned of a kind that is wanted stays as it is: the candidate may have moved it or put it off.
    """
    life, others = schedule.life(case, today), [r for r in schedule.planned if r.case != case]
    if life.consent != "yes":
        return schedule.with_planned(others)
    kept = {r.kind: r for r in schedule.of(case)} if keep else {}
    new = [
        kept.get(kind) or Reminder(case, kind, day, wall, due_at(day, wall, place, schedule.hours))
        for kind, day, wall in wanted
        if kind in kept or kind not in life.counts
    ]
    return schedule.with_planned([*others, *new])


def recalled(schedule: ReminderSchedule, case: int, counts: Mapping[str, int], today: date) -> ReminderSchedule:
    """Note that some kinds were said so often already, whatever was told since."""
    return schedule.with_life(case, replace(schedule.life(case, today), counts=counts))


def snoozed(
    schedule: ReminderSchedule, case: int, manners: Manners, place: PersonCalendar, today: date
) -> ReminderSchedule | None:
    """Put off what was said last about a case, and nothing else; None when that was done too often already."""
    life = schedule.life(case, today)
    if life.snoozed >= manners.snoozes or not life.asked or life.consent != "yes":
        return None
    day = add_business_days(today, manners.snooze_business_days, place.week)
    due = due_at(day, DEFAULT_TIME, place, schedule.hours)
    put_off = [Reminder(case, kind, day, DEFAULT_TIME, due) for kind in life.asked]
    others = [r for r in schedule.planned if r.case != case or r.kind not in life.asked]
    after = schedule.with_life(case, replace(life, snoozed=life.snoozed + 1, asked=()))
    return after.with_planned([*others, *put_off])


def delayed(
    schedule: ReminderSchedule, case: int, kind: str, manners: Manners, place: PersonCalendar, today: date
) -> ReminderSchedule | None:
    """Put off one reminder to come, and nothing else; None when this case was put off too often already."""
    life, mine = schedule.life(case, today), [r for r in schedule.of(case) if r.kind == kind]
    if life.snoozed >= manners.snoozes or not mine:
        return None
    later = [
        r.on(add_business_days(max(r.day, today), manners.snooze_business_days, place.week), place, schedule.hours)
        for r in mine
    ]
    after = schedule.with_life(case, replace(life, snoozed=life.snoozed + 1))
    return after.with_planned([*(r for r in schedule.planned if r not in mine), *later])


def settled(schedule: ReminderSchedule, case: int, kind: str) -> ReminderSchedule:
    """Drop one reminder: it is done, or not wanted."""
    return schedule.with_planned(r for r in schedule.planned if (r.case, r.kind) != (case, kind))


def done(schedule: ReminderSchedule, case: int, today: date) -> ReminderSchedule:
    """Take what was said last about a case as done: it waits for no answer, and does not come again."""
    life = schedule.life(case, today)
    after = schedule.with_life(case, replace(life, asked=()))
    return after.with_planned(r for r in schedule.planned if r.case != case or r.kind not in life.asked)


def moved(
    schedule: ReminderSchedule, case: int, kind: str, day: date, wall: time, place: PersonCalendar
) -> ReminderSchedule:
    """Move one reminder to the day and wall time that the candidate chose."""
    due = due_at(day, wall, place, schedule.hours)
    hit = [replace(r, day=day, wall=wall, due=due) for r in schedule.planned if (r.case, r.kind) == (case, kind)]
    return settled(schedule, case, kind).with_planned([*settled(schedule, case, kind).planned, *hit])


def dropped(schedule: ReminderSchedule, case: int) -> ReminderSchedule:
    """Forget a case."""
    lives = {number: life for number, life in schedule.lives.items() if number != case}
    ledgers = {number: ledger for number, ledger in schedule.ledgers.items() if number != case}
    return replace(schedule, lives=lives, ledgers=ledgers).with_planned(r for r in schedule.planned if r.case != case)
