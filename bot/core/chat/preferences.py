"""Managing reminders: what is planned, by date in words; another day, a pause; and where and when the candidate lives.

Whatever is changed here, what is pending is worked out anew, and its local time stays as it was asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, time, timedelta

from bot.core.advice.calendar import Hours, add_business_days, business_day_from, instant, local_date, zone_named
from bot.core.advice.facts import DaySpan
from bot.core.advice.moments import DEFAULT_TIME
from bot.core.chat import reminders
from bot.core.chat.person import Person
from bot.core.chat.places import NamedZone, city_of
from bot.core.chat.time_zones import CITIES, places_of
from bot.core.chat.turn import RESUME, Ask, ChatTurn, Next
from bot.core.dialogue.clock_times import parse_clock_span
from bot.core.dialogue.dates import Misread, parse_weekdays
from bot.core.dialogue.day_lists import MOST_DAYS_OFF, parse_days
from bot.core.dialogue.day_times import parse_day_time
from bot.core.dialogue.render import misread
from bot.core.dialogue.session import Option
from bot.core.reminders import schedule as schedules
from bot.core.reminders.schedule import ReminderSchedule

QUIET = {"quiet_21_08": (21, 8), "quiet_20_09": (20, 9), "quiet_22_07": (22, 7), "quiet_18_12": (18, 12)}
WEEKS = {"days_12345": (1, 2, 3, 4, 5), "days_71234": (1, 2, 3, 4, 7), "days_123456": (1, 2, 3, 4, 5, 6)}
AHEAD = (1, 2, 5)  # business days from today that are offered to tap


# -- what can be chosen ------------------------------------------------------------------------------------------------


def options(turn: ChatTurn, question: str) -> list[Option] | None:
    """Return what can be chosen where something about reminders is asked; None for another question."""
    name, about, offered = _parts(question)
    match name:
        case "reminders" | "idle":
            coming, paused = reminders.coming(turn), turn.schedule.paused
            rows = [Option(f"{r.case}-{r.kind}", _dated(turn, r.day, r.wall, reminders.line(turn, r))) for r in coming]
            toggle = [turn.option("resume" if paused else "pause")] if rows or paused else []
            return [*rows, *toggle, turn.option("go_on")]
        case "reminder":
            later = turn.option("later", count=turn.library.manners.snooze_business_days)
            own = [turn.option(what) for what in ("move", "done", "unwanted", "go_on")]
            return [own[0], *([later] if reminders.may_put_off(turn, _about(about)[0]) else []), *own[1:]]
        case "day":
            usual = [add_business_days(turn.today, n, turn.place.week) for n in AHEAD]
            return _day_options(turn, [date.fromisoformat(day) for day in offered] or usual)
        case "zone":
            named = [NamedZone(zone, name) for zone, name in _offered_zones(offered).items()]
            return _zone_options(turn, named or [NamedZone(zone, city_of(zone)) for zone in CITIES])
        case "quiet":
            return [turn.option(what) for what in QUIET]
        case "days":
            return [turn.option(what) for what in WEEKS]
        case "holidays":
            return [turn.option(what) for what in ("no_holidays", "go_on")]
    return None


OFFERED, NEXT = "@", ";"
"""Behind the name of a question, what is offered there instead of the usual: zone-3@Asia/Kolkata=Mumbai;…"""


def _parts(question: str) -> tuple[str, str, list[str]]:
    """Return the name of a question, what it is about, and what is offered instead of the usual."""
    base, _, offered = question.partition(OFFERED)
    name, _, about = base.partition("-")
    return name, about, offered.split(NEXT) if offered else []


def _offered_zones(offered: Iterable[str]) -> dict[str, str]:
    """Return zones that are offered, each with the name of its place."""
    return {zone: name for zone, _, name in (place.partition("=") for place in offered)}


def _about(about: str) -> tuple[int, str]:
    """Return the case and the kind of reminder that a question is about."""
    number, _, kind = about.partition("-")
    return (int(number) if number.isdecimal() else 0), kind


def _dated(turn: ChatTurn, day: date, wall: time, what: str = "") -> str:
    """Write a day and a time, and what for."""
    if what:
        return turn.catalog.say("remind.dated", day=day, time=wall, what=what)
    return turn.catalog.say("remind.day", day=day, time=wall)


def _zone_options(turn: ChatTurn, places: Iterable[NamedZone]) -> list[Option]:
    """Return places and the time that it is there, the earliest first."""
    there = {place: turn.now.astimezone(zone_named(place.zone)).replace(tzinfo=None) for place in places}
    return [
        Option(place.zone, turn.catalog.say("remind.here", time=there[place].time(), city=place.name))
        for place in sorted(there, key=lambda place: there[place])
    ]


def setting_options(turn: ChatTurn) -> list[Option]:
    """Return the settings of reminders, each with what it is now."""
    say, hours, own = turn.catalog.say, turn.schedule.hours, turn.person.working_days
    zone = city_of(turn.person.zone) if turn.schedule.zone_known else say("remind.unknown")
    shown = say("remind.quiet", begin=hours.quiet_from, end=hours.quiet_until)
    days = next((name for name, days in WEEKS.items() if days == tuple(sorted(own))), "")
    week = say(f"desk.options.{days}") if days else turn.catalog.weekdays(own)
    named = {"zone": zone, "quiet": shown, "days": week, "holidays": _days_off(turn)}
    return [
        Option(f"set_{name}", say("change.line", what=say(f"remind.set.{name}"), answer=answer))
        for name, answer in named.items()
    ]


def _days_off(turn: ChatTurn) -> str:
    """Write the days off to come, those in a row as one span."""
    spans: list[list[date]] = []
    for day in map(date.fromisoformat, turn.person.holidays):
        if spans and day - spans[-1][-1] == timedelta(days=1):
            spans[-1][1:] = [day]
        elif day >= turn.today:
            spans.append([day])
    if not spans:
        return turn.catalog.say("remind.no_holidays")
    return "; ".join(" – ".join(turn.catalog.dated(day, turn.today) for day in span) for span in spans)


# -- what was chosen ---------------------------------------------------------------------------------------------------


def handle_choice(turn: ChatTurn, question: str, id_: str) -> Next | None:
    """Take what was chosen where something about reminders was asked; None where it was something else."""
    name, about, offered = _parts(question)
    case, kind = _about(about)
    if id_.startswith("set_"):
        return Ask(id_.removeprefix("set_"))
    match name:
        case "reminders" | "idle" if id_ in ("pause", "resume"):
            turn.plan(replace(turn.schedule, paused=id_ == "pause"))
            turn.say(f"remind.{id_}d")
            return RESUME
        case "reminders":
            return Ask(f"reminder-{id_}")
        case "reminder":
            return _change_reminder(turn, id_, case, kind)
        case "day":
            return _move(turn, case, kind, date.fromisoformat(id_), DEFAULT_TIME)
        case "zone":
            return _set_zone(turn, NamedZone(id_, _offered_zones(offered).get(id_, city_of(id_))), case)
        case "quiet":
            begin, end = QUIET[id_]
            return _set_hours(turn, Hours(time(begin), time(end)))
        case "days":
            return _set_working_days(turn, WEEKS[id_])
        case "holidays":
            return _set_days_off(turn, ())
    return None


def handle_text(turn: ChatTurn, question: str, text: str) -> Next | None:
    """Take what was typed where it is no option: a day, a city, a time; None where that cannot be typed."""
    name, about, _ = _parts(question)
    match name:
        case "day":
            return _read_day(turn, question, text)
        case "zone":
            return _read_zone(turn, about, text)
        case "quiet":
            return _read_hours(turn, text)
        case "days" if days := parse_weekdays(text, turn.catalog):
            turn.close_question()
            return _set_working_days(turn, days)
        case "holidays":
            return _read_days_off(turn, text)
    return None


# -- reminders to come -------------------------------------------------------------------------------------------------


def list_reminders(turn: ChatTurn) -> Next:
    """List what is planned, by date."""
    return Ask("reminders" if reminders.coming(turn) else "idle")


def _change_reminder(turn: ChatTurn, how: str, case: int, kind: str) -> Next:
    """Move one reminder, put it off, or take it off the list."""
    if how == "move":
        return Ask(f"day-{case}-{kind}")
    if how == "later":
        _put_off(turn, case, kind)
    else:
        turn.plan(schedules.settled(turn.schedule, case, kind))
        turn.say("remind.settled")
    return list_reminders(turn)


def _put_off(turn: ChatTurn, case: int, kind: str) -> None:
    """Put one reminder to come off by some business days; the others stay as they are."""
    schedule = schedules.delayed(turn.schedule, case, kind, turn.library.manners, turn.place, turn.today)
    if schedule is None:
        turn.say("remind.over")
        return
    turn.plan(schedule)
    turn.say("remind.snoozed", day=next(r.day for r in schedule.of(case) if r.kind == kind))


def _move(turn: ChatTurn, case: int, kind: str, day: date, wall: time) -> Next:
    """Remind of a case when the candidate chose: of this `kind`, or of whatever else would come before."""
    if case not in turn.person.cases:
        return RESUME
    schedule, kinds = turn.schedule, [kind]
    if not kind:
        schedule = reminders.agreed(turn, case)
        chosen = schedules.due_at(day, wall, turn.place, schedule.hours)
        planned = schedule.of(case)
        kinds = [r.kind for r in planned if r.due <= chosen] or [r.kind for r in planned[:1]]
    for moving in kinds:
        schedule = schedules.moved(schedule, case, moving, day, wall, turn.place)
    turn.plan(schedule)
    if not turn.schedule.zone_known:
        return Ask(f"zone-{case}")
    reminders.confirm(turn, case)
    return RESUME


def _read_day(turn: ChatTurn, question: str, text: str) -> Next:
    """Read a day with or without a time; where two days may be meant, ask which."""
    name, about, _ = _parts(question)
    again = f"{name}-{about}"
    here = turn.now.astimezone(zone_named(turn.person.zone)).replace(tzinfo=None)
    found = parse_day_time(text, here, turn.catalog)
    if isinstance(found, Misread):
        turn.effects.append(misread(turn.catalog, found))
        days = NEXT.join(day.isoformat() for day in found.days if day > turn.today)
        return Ask(again + OFFERED + days if days else again)
    day = found.day.working(turn.place.week).first if isinstance(found.day, DaySpan) else found.day
    meant = found.wall or DEFAULT_TIME
    if instant(day, meant, turn.person.zone) > turn.now:
        turn.close_question()
        return _move(turn, *_about(about), *_kept_time(turn, day, meant))
    over = Misread("passed", {"day": turn.catalog.dated(day, turn.today)})
    turn.effects.append(misread(turn.catalog, over))
    return Ask(again)


def _day_options(turn: ChatTurn, days: Iterable[date]) -> list[Option]:
    """Return days to tap, each at the usual time."""
    return [Option(day.isoformat(), _dated(turn, day, DEFAULT_TIME)) for day in days]


def _kept_time(turn: ChatTurn, day: date, wall: time) -> tuple[date, time]:
    """Return the day and time at which a reminder meant for this one really comes: none is promised that cannot be."""
    week = turn.place.week
    due = schedules.due_at(day, wall, turn.place, turn.schedule.hours).astimezone(zone_named(turn.person.zone))
    if not week.works(due.date()):
        due_day = business_day_from(due.date(), week)
        morning = schedules.due_at(due_day, time(0), turn.place, turn.schedule.hours)
        due = morning.astimezone(zone_named(turn.person.zone))
    return due.date(), due.time().replace(tzinfo=None)


# -- where and when the candidate lives --------------------------------------------------------------------------------


def _reschedule(turn: ChatTurn, schedule: ReminderSchedule) -> Next:
    """Work all instants out anew, and go on."""
    turn.plan(schedules.relocated(schedule, turn.place))
    turn.say("remind.kept")
    return RESUME


def _set_hours(turn: ChatTurn, hours: Hours) -> Next:
    return _reschedule(turn, replace(turn.schedule, hours=hours))


def _read_hours(turn: ChatTurn, text: str) -> Next:
    """Read quiet hours of the candidate's own, which have to leave a time to speak."""
    span = parse_clock_span(text, turn.catalog)
    try:
        hours = Hours(*span) if span else None
    except ValueError:
        hours = None
    if hours is None:
        turn.effects.append(misread(turn.catalog, Misread("no_quiet")))
        return Ask("quiet")
    turn.close_question()
    return _set_hours(turn, hours)


def locate(turn: ChatTurn, zone: str) -> Next:
    """Ask whether the zone of a place that was shown is the right one: near a border it may not be."""
    name, about, _ = _parts(turn.person.asking)
    turn.say("remind.near")
    return _ask_zone(about if name == "zone" else "", [NamedZone(zone, city_of(zone))])


def _ask_zone(about: str, places: Iterable[NamedZone]) -> Next:
    """Ask which of these places it is; of the usual ones where there are none."""
    offered = NEXT.join(f"{place.zone}={place.name}" for place in places)
    return Ask((f"zone-{about}" if about else "zone") + (OFFERED + offered if offered else ""))


def _read_zone(turn: ChatTurn, about: str, text: str) -> Next:
    """Read a place or the time it is there; where it may be several, ask which."""
    places, meant = places_of(text, turn.now, turn.catalog)
    if meant:
        turn.close_question()
        return _set_zone(turn, places[0], _about(about)[0])
    if not places:
        turn.effects.append(misread(turn.catalog, Misread("no_zone")))
    return _ask_zone(about, places)


def _set_zone(turn: ChatTurn, place: NamedZone, case: int) -> Next:
    """Take a zone as where the person lives; with `case` it was asked to remind of that.

    Days that were told by another clock ("today") move with it.
    """
    if not turn.schedule.zone_known:
        _shift_days(turn, local_date(turn.now, place.zone) - turn.today)
    turn.person = replace(turn.person, zone=place.zone)
    turn.plan(schedules.relocated(replace(turn.schedule, zone_known=True), turn.place))
    if case in turn.person.cases:
        reminders.confirm(turn, case, place)
    else:
        here = turn.now.astimezone(zone_named(place.zone)).time()
        kept = ("remind.kept",) if turn.schedule.planned else ()
        turn.say("remind.there", *kept, city=place.name, time=here)
    return RESUME


def _shift_days(turn: ChatTurn, by: timedelta) -> None:
    """Move what the open case says of today or yesterday, as the day is another where the person lives."""
    case, facts = turn.person.cases.get(turn.person.current), turn.library.facts.by_name
    if not by or case is None:
        return
    near = {(turn.today - timedelta(days=n)).isoformat() for n in (0, 1)}
    moved = {
        name: (date.fromisoformat(answer) + by).isoformat()
        for name, answer in case.answers.items()
        if answer in near and name in facts and facts[name].kind == "date" and facts[name].past
    }
    if moved:
        changed = case.but(answers={**case.answers, **moved})
        turn.person = turn.person.but(cases={**turn.person.cases, turn.person.current: changed})


def _read_days_off(turn: ChatTurn, text: str) -> Next:
    """Read the days off to come; they take the place of those told before."""
    days = parse_days(text, turn.today, turn.catalog)
    if isinstance(days, Misread):
        turn.effects.append(misread(turn.catalog, days))
        return Ask("holidays")
    turn.close_question()
    return _set_days_off(turn, days)


def _set_days_off(turn: ChatTurn, days: Iterable[date]) -> Next:
    """Take the days on which nothing counts as a working day; days that are counted are counted anew."""
    bygone = {day for day in map(date.fromisoformat, turn.person.holidays) if day < turn.today}
    kept = sorted(bygone | set(days))[-2 * MOST_DAYS_OFF :]  # days off that are over still were none to count
    _recount(turn, replace(turn.person, holidays=tuple(day.isoformat() for day in kept)))
    turn.say("remind.days_off", days=_days_off(turn))
    return RESUME


def _set_working_days(turn: ChatTurn, days: Iterable[int]) -> Next:
    """Take the days on which the candidate works; days that are counted are counted anew."""
    _recount(turn, replace(turn.person, working_days=tuple(sorted(days))))
    turn.say("remind.kept")
    return RESUME


def _recount(turn: ChatTurn, person: Person) -> None:
    """Let `person` be whom this turn is about, and count anew what their advice counts in working days.

    What was moved by hand or put off stays where it was put, unless that is no working day any more.
    """
    before = turn.place.week
    cases = {reminder.case for reminder in reminders.coming(turn)}
    was = {case: _advised(turn, case) for case in cases}
    turn.person = person
    now = {case: _advised(turn, case) for case in cases}
    planned = [
        replace(r, day=now[r.case][r.kind]) if r.kind in now.get(r.case, {}) and was[r.case].get(r.kind) == r.day else r
        for r in turn.schedule.planned
    ]
    week = turn.place.week
    planned = [replace(r, day=business_day_from(r.day, week)) if before.works(r.day) else r for r in planned]
    turn.plan(schedules.relocated(replace(turn.schedule, planned=tuple(planned)), turn.place))


def _advised(turn: ChatTurn, case: int) -> dict[str, date]:
    """Return the days on which the advice about a case asks to come back, by kind."""
    return {kind: day for kind, day, _ in reminders.wanted(turn, case)}
