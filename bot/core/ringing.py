"""When reminders fall due: what is said, in one message a day, and how each of them ends.

Law of this file: pure; the same agenda rung at the same instant says the same. Nothing is said before its time, outside
the hours to speak, or about a case that has closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from bot.core.agenda import Agenda, Life, Reminder, relocated
from bot.core.calendar import ONE_DAY, Hours, add_business_days, local_date, speakable_from
from bot.core.judging import Place
from bot.core.rules import Manners, ReminderKind

GRACE = 7 * ONE_DAY
"""From the last reminder of a case that was kept open for it to its end: time to look into it."""
Ending = Literal["said", "merged", "expired"]
Kinds = Mapping[str, ReminderKind]


@dataclass(frozen=True)
class Spoken:
    """What is to be said about a case: the kinds that were due, or (`overdue`) only whether it still matters."""

    case: int
    kinds: tuple[str, ...]
    overdue: bool = False


@dataclass(frozen=True)
class Rung:
    """What came of ringing an agenda: what is said, in one message, how each reminder ended, which cases closed."""

    agenda: Agenda
    spoken: tuple[Spoken, ...] = ()
    ended: tuple[tuple[Reminder, Ending], ...] = ()
    closed: tuple[int, ...] = ()


def ring(agenda: Agenda, kinds: Kinds, manners: Manners, now: datetime, place: Place) -> Rung:
    """Return what is to be said at the instant `now`, and the agenda afterwards."""
    agenda = relocated(agenda, place)  # the zone's rules may be others than when the instant was worked out
    today = local_date(now, place.zone)
    rung = _rung(agenda, kinds, manners, now, place, today)
    after, closed = _closing(rung.agenda, kinds, manners, today)
    return replace(rung, agenda=after, closed=closed)


def _rung(agenda: Agenda, kinds: Kinds, manners: Manners, now: datetime, place: Place, today: date) -> Rung:
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


def _closing(agenda: Agenda, kinds: Kinds, manners: Manners, today: date) -> tuple[Agenda, tuple[int, ...]]:
    """Close the cases whose day has come; one that is kept warm closes after the last of its reminders."""
    ended = []
    for case, life in agenda.lives.items():
        if life.closes is None or life.closes > today:
            continue
        left = [r for r in agenda.of(case) if not _expired(r, agenda, kinds, manners, max(r.day, today))]
        agenda = agenda.with_planned([*(r for r in agenda.planned if r.case != case), *left])
        closes = max(max(r.day for r in left), today) + GRACE if left else None
        agenda = agenda.with_life(case, replace(life, closes=closes))
        ended += [] if left else [case]
    return agenda, tuple(ended)


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
    after = replace(agenda, lives=lives, said_on=today, spoken=tuple(said.case for said in spoken))
    after = after.with_planned(rest)
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
