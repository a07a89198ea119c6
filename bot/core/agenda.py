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
from datetime import date, datetime, time
from typing import Any, Literal

from bot.core.calendar import (
    DEFAULT_HOURS,
    ONE_DAY,
    Hours,
    add_business_days,
    instant,
    local_date,
    speakable_from,
)
from bot.core.judging import DEFAULT_TIME, Place
from bot.core.ledger import Entry
from bot.core.rules import Manners, ReminderKind

Consent = Literal["unasked", "yes", "no"]
Ending = Literal["said", "merged", "expired"]
Kinds = Mapping[str, ReminderKind]


@dataclass(frozen=True)
class Reminder:
    """A reminder to come about a case: the local intent, and beside it the UTC instant that it means."""

    case: int
    kind: str
    day: date
    wall: time
    due: datetime

    def on(self, day: date, place: Place, hours: Hours) -> Reminder:
        """Return the reminder moved to another day, at the same wall time."""
        return replace(self, day=day, due=due_at(day, self.wall, place, hours))


def due_at(day: date, wall: time, place: Place, hours: Hours) -> datetime:
    """Return when a reminder meant for a wall time may be said."""
    return speakable_from(instant(day, wall, place.zone), place.zone, hours)


@dataclass(frozen=True)
class Life:
    """How the reminders of one case have lived since the candidate last told something new, on the day `since`."""

    since: date
    consent: Consent = "unasked"
    said: int = 0
    snoozed: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    """How often each kind was said."""
    asked: tuple[str, ...] = ()
    """The kinds of the last message about this case, which wait for an answer."""


@dataclass(frozen=True)
class Agenda:
    """All reminders of one candidate, and how they want to be reminded; `said_on` is the day of the last message."""

    planned: tuple[Reminder, ...] = ()
    lives: Mapping[int, Life] = field(default_factory=dict)
    said_on: date | None = None
    paused: bool = False
    hours: Hours = DEFAULT_HOURS
    zone_known: bool = False
    ledgers: Mapping[int, tuple[Entry, ...]] = field(default_factory=dict)
    """What went out about each case, by the candidate's own word."""

    @property
    def wake(self) -> datetime | None:
        """The instant at which the agenda wants to be rung; None: there is nothing to come."""
        return None if self.paused else min((r.due for r in self.planned), default=None)

    def of(self, case: int) -> tuple[Reminder, ...]:
        """Return what is planned about a case, the next first."""
        return tuple(r for r in self.planned if r.case == case)

    def life(self, case: int, today: date) -> Life:
        """Return how a case has lived; one never heard of begins today."""
        return self.lives.get(case) or Life(today)

    def with_life(self, case: int, life: Life) -> Agenda:
        """Return the agenda with this life of a case."""
        return replace(self, lives={**self.lives, case: life})

    def with_planned(self, planned: Iterable[Reminder]) -> Agenda:
        """Return the agenda with other reminders to come; of two of one kind and case the earlier is kept."""
        first: dict[tuple[int, str], Reminder] = {}
        for reminder in sorted(planned, key=lambda r: (r.due, r.case, r.kind)):
            first.setdefault((reminder.case, reminder.kind), reminder)
        return replace(self, planned=tuple(first.values()))

    def joined(self, other: Agenda, after: int) -> Agenda:
        """Return the agenda with what `other` holds, its case numbers counted on from `after`."""
        both = replace(
            self,
            lives={**self.lives, **{number + after: life for number, life in other.lives.items()}},
            ledgers={**self.ledgers, **{number + after: ledger for number, ledger in other.ledgers.items()}},
            said_on=max(filter(None, (self.said_on, other.said_on)), default=None),
        )
        return both.with_planned([*self.planned, *(replace(r, case=r.case + after) for r in other.planned)])

    # -- storing -----------------------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """Return the agenda as plain JSON values."""
        hours = self.hours
        return {
            "planned": [
                [r.case, r.kind, r.day.isoformat(), f"{r.wall:%H:%M}", r.due.isoformat()] for r in self.planned
            ],
            "lives": {
                str(number): [
                    life.since.isoformat(), life.consent, life.said, life.snoozed, dict(life.counts), list(life.asked),
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
        }  # fmt: skip

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Agenda:
        """Read an agenda back; raises ValueError, TypeError or LookupError for what is none."""
        quiet_from, quiet_until = map(time.fromisoformat, stored["quiet"])
        planned = (
            Reminder(int(case), kind, date.fromisoformat(day), time.fromisoformat(wall), datetime.fromisoformat(due))
            for case, kind, day, wall, due in stored["planned"]
        )
        lives = {
            int(number): Life(date.fromisoformat(since), consent, said, snoozed, counts, tuple(asked))
            for number, (since, consent, said, snoozed, counts, asked) in stored["lives"].items()
        }
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
        )


# -- when one falls due ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Spoken:
    """What is to be said about a case: the kinds that were due, or (`overdue`) only whether it still matters."""

    case: int
    kinds: tuple[str, ...]
    overdue: bool = False


@dataclass(frozen=True)
class Rung:
    """What came of ringing an agenda: what is to be said, in one message, and how each reminder ended."""

    agenda: Agenda
    spoken: tuple[Spoken, ...] = ()
    ended: tuple[tuple[Reminder, Ending], ...] = ()


def ring(agenda: Agenda, kinds: Kinds, manners: Manners, now: datetime, place: Place) -> Rung:
    """Return what is to be said at the instant `now`, and the agenda afterwards."""
    agenda = relocated(agenda, place)  # the zone's rules may be others than when the instant was worked out
    today = local_date(now, place.zone)
    due = [r for r in agenda.planned if r.due <= now]
    if agenda.paused or not due:
        return Rung(agenda)
    begin = speakable_from(now, place.zone, agenda.hours)
    if begin > now:
        return Rung(_put_off(agenda, due, begin))
    if agenda.said_on is not None and agenda.said_on >= today:
        next_day = add_business_days(agenda.said_on, 1, place.week)
        moved = [r.on(next_day, place, agenda.hours) for r in due]
        return Rung(agenda.with_planned([*(r for r in agenda.planned if r not in due), *moved]))
    return _said(agenda, kinds, manners, today, place, due)


def _put_off(agenda: Agenda, due: list[Reminder], until: datetime) -> Agenda:
    return replace(agenda, planned=tuple(replace(r, due=until) if r in due else r for r in agenda.planned))


def _said(agenda: Agenda, kinds: Kinds, manners: Manners, today: date, place: Place, due: list[Reminder]) -> Rung:
    """Say what is due in one message, and with it what would be due later in the day."""
    with_it = [r for r in agenda.planned if r.day <= today]
    heard = [r for r in with_it if not _expired(r, agenda, kinds, manners, today)]
    gone = [r for r in due if r not in heard]
    rest = [r for r in agenda.planned if r not in heard and r not in gone]
    if not heard:
        return Rung(agenda.with_planned(rest), ended=tuple((r, "expired") for r in gone))
    spoken, lives = [], dict(agenda.lives)
    for case in dict.fromkeys(r.case for r in heard):
        said = [r for r in heard if r.case == case]
        live = [r for r in said if not _overdue(r, kinds, today)]
        of_these = tuple(r.kind for r in live or said)
        spoken.append(Spoken(case, of_these, overdue=not live))
        life = agenda.life(case, today)
        counts = {**life.counts, **{r.kind: life.counts.get(r.kind, 0) + 1 for r in said}}
        lives[case] = replace(life, said=life.said + 1, counts=counts, asked=of_these)
        rest += [again for r in live if (again := _again(r, kinds, counts[r.kind], today, place, agenda.hours))]
    how: tuple[tuple[Reminder, Ending], ...] = tuple((r, "merged" if n else "said") for n, r in enumerate(heard))
    after = replace(agenda, lives=lives, said_on=today).with_planned(rest)
    return Rung(after, tuple(spoken), (*how, *((r, "expired") for r in gone)))


def _expired(reminder: Reminder, agenda: Agenda, kinds: Kinds, manners: Manners, today: date) -> bool:
    kind, life = kinds.get(reminder.kind), agenda.life(reminder.case, today)
    return (
        kind is None  # the content was edited meanwhile
        or life.consent != "yes"
        or life.said >= manners.unanswered
        or (_rests(reminder, life, manners, today) and not (kind.again and kind.again.days))  # keeping warm ends itself
        or (kind.overdue == "drop" and (today - reminder.day).days > kind.overdue_days)
    )


def closed(life: Life, manners: Manners, today: date) -> bool:
    """Tell whether a case has closed by itself, nothing new having been told for so long."""
    return (today - life.since).days > manners.close_after_days


def _rests(reminder: Reminder, life: Life, manners: Manners, today: date) -> bool:
    """Tell whether a reminder has outlived its case; one whose own day is later was meant to, and was promised."""
    return closed(life, manners, today) and not closed(life, manners, reminder.day)


def _overdue(reminder: Reminder, kinds: Kinds, today: date) -> bool:
    kind = kinds[reminder.kind]
    return kind.overdue == "ask" and (today - reminder.day).days > kind.overdue_days


def _again(reminder: Reminder, kinds: Kinds, count: int, today: date, place: Place, hours: Hours) -> Reminder | None:
    """Return the reminder's next time, for a kind that comes more than once."""
    again = kinds[reminder.kind].again
    if again is None or count >= again.times:
        return None
    return reminder.on(add_business_days(today + ONE_DAY * again.days, again.business_days, place.week), place, hours)


# -- by the candidate's own word ---------------------------------------------------------------------------------------


def relocated(agenda: Agenda, place: Place) -> Agenda:
    """Return the agenda with every instant worked out anew: the zone, its rules or the quiet hours have changed."""
    hours = agenda.hours
    planned = [replace(r, due=due_at(r.day, r.wall, place, hours)) for r in agenda.planned]
    return agenda if tuple(planned) == agenda.planned else agenda.with_planned(planned)


def told(agenda: Agenda, case: int, today: date) -> Agenda:
    """Note that the candidate told something new about a case: limits count from here on."""
    life = agenda.life(case, today)
    return agenda.with_life(case, Life(today, life.consent))


def consented(agenda: Agenda, case: int, consent: Consent, today: date) -> Agenda:
    """Note whether the candidate wants to be reminded of a case; a no drops whatever is planned about it."""
    agenda = agenda.with_life(case, replace(agenda.life(case, today), consent=consent))
    return agenda if consent == "yes" else agenda.with_planned(r for r in agenda.planned if r.case != case)


def replan(
    agenda: Agenda,
    case: int,
    wanted: Iterable[tuple[str, date, time]],
    place: Place,
    today: date,
    *,
    keep: bool = False,
) -> Agenda:
    """Plan what an advice asks for (kind, day, wall time) instead of what was planned about the case before.

    Nothing is planned without consent, and no kind a second time that was said since something new was told. With
    `keep` what is planned of a kind that is wanted stays as it is: the candidate may have moved it or put it off.
    """
    life, others = agenda.life(case, today), [r for r in agenda.planned if r.case != case]
    if life.consent != "yes":
        return agenda.with_planned(others)
    kept = {r.kind: r for r in agenda.of(case)} if keep else {}
    new = [
        kept.get(kind) or Reminder(case, kind, day, wall, due_at(day, wall, place, agenda.hours))
        for kind, day, wall in wanted
        if kind in kept or kind not in life.counts
    ]
    return agenda.with_planned([*others, *new])


def recalled(agenda: Agenda, case: int, counts: Mapping[str, int], today: date) -> Agenda:
    """Note that some kinds were said so often already, whatever was told since."""
    return agenda.with_life(case, replace(agenda.life(case, today), counts=counts))


def snoozed(agenda: Agenda, case: int, manners: Manners, place: Place, today: date) -> Agenda | None:
    """Put off what was said last about a case, and nothing else; None when that was done too often already."""
    life = agenda.life(case, today)
    if life.snoozed >= manners.snoozes or not life.asked or life.consent != "yes":
        return None
    day = add_business_days(today, manners.snooze_business_days, place.week)
    due = due_at(day, DEFAULT_TIME, place, agenda.hours)
    put_off = [Reminder(case, kind, day, DEFAULT_TIME, due) for kind in life.asked]
    others = [r for r in agenda.planned if r.case != case or r.kind not in life.asked]
    after = agenda.with_life(case, replace(life, snoozed=life.snoozed + 1, asked=()))
    return after.with_planned([*others, *put_off])


def settled(agenda: Agenda, case: int, kind: str) -> Agenda:
    """Drop one reminder: it is done, or not wanted."""
    return agenda.with_planned(r for r in agenda.planned if (r.case, r.kind) != (case, kind))


def moved(agenda: Agenda, case: int, kind: str, day: date, wall: time, place: Place) -> Agenda:
    """Move one reminder to the day and wall time that the candidate chose."""
    due = due_at(day, wall, place, agenda.hours)
    hit = [replace(r, day=day, wall=wall, due=due) for r in agenda.planned if (r.case, r.kind) == (case, kind)]
    return settled(agenda, case, kind).with_planned([*settled(agenda, case, kind).planned, *hit])


def dropped(agenda: Agenda, case: int) -> Agenda:
    """Forget a case."""
    lives = {number: life for number, life in agenda.lives.items() if number != case}
    ledgers = {number: ledger for number, ledger in agenda.ledgers.items() if number != case}
    return replace(agenda, lives=lives, ledgers=ledgers).with_planned(r for r in agenda.planned if r.case != case)
