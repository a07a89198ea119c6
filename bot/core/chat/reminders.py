"""Reminders in the chat: offered with an advice, said when they are due, and answered with one tap.

Nothing comes unasked, every reminder can be stopped with one tap, and none disturbs a conversation. The buttons below a
reminder count by no turn, as other messages may have come between; what they ask for is decided by what is planned
when they are tapped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, time
from typing import Final

from bot.core.advice.calendar import add_business_days, instant, zone_named
from bot.core.advice.catalog import COUNT
from bot.core.advice.notes import Note
from bot.core.chat import sent_messages
from bot.core.chat.places import NamedZone, city_of
from bot.core.chat.turn import DONE, RESUME, Ask, ChatTurn, Converse, Conversed, FileToSend, Next
from bot.core.dialogue.render import answer_options, note_message, step_name
from bot.core.dialogue.session import Block, Effect, Option, Outgoing, Picked, Remind, Session
from bot.core.dialogue.view import SessionView
from bot.core.reminders import schedule as schedules
from bot.core.reminders.calendar_file import CalendarEvent, calendar_file
from bot.core.reminders.due import Spoken, collect_due
from bot.core.reminders.schedule import Reminder, ReminderSchedule

BESIDE = "m_"
"""The options below a reminder: m_<what>_<case>."""
BESIDE_OPTIONS = ("yes", "other", "no", "look", "snooze", "stop", "delete", "ics", "earlier", "unsent", "clock")
FOLLOW_UP = "follow_up"
"""The flow that is held after a reminder."""


# -- when something is due ---------------------------------------------------------------------------------------------


def handle_due(turn: ChatTurn) -> None:
    """Say what is due, and close the cases whose day has come."""
    due_now = collect_due(turn.schedule, turn.library.reminders, turn.library.manners, turn.now, turn.place)
    turn.plan(due_now.schedule)
    for case in due_now.closed:
        _close_case(turn, case)
    spoken = [said for said in due_now.spoken if said.case in turn.person.cases]
    if spoken:
        turn.person = turn.person.but(reminded=0)  # until it is sent, a thumb can only be for an older one
        for said in spoken:
            turn.effects += [] if said.overdue else _due_texts(turn, said)
        turn.effects.append(_due_message(turn, spoken))


def _due_texts(turn: ChatTurn, said: Spoken) -> list[Outgoing]:
    """Return the text that is to be sent today, where a reminder says so and everything for it was told."""
    view = SessionView(turn.library, turn.case(said.case), turn.now)
    planned = [kind for kind in said.kinds if turn.library.reminders[kind].due.start != "today"]
    steps = {turn.library.reminders[kind].step for kind in planned}
    due = [step for step in view.advice.plan.steps if step.do in steps and step.note and step.on == view.today]
    kinds = [turn.library.notebook.kinds[step.note] for step in due if step.note]
    texts = [view.compose(kind) for kind in kinds if all(view.session.facts.get(slot) for slot in kind.slots)]
    catalog, advice = view.catalog, view.advice
    return [
        note_message(catalog, turn.library.notebook.kinds[text.kind], text, advice, today=view.today)
        for text in texts
        if isinstance(text, Note)
    ]


def _close_case(turn: ChatTurn, case: int) -> None:
    """Drop the texts of a case that has closed: names, job, topic; they are another's, and nobody needs them."""
    session = turn.person.cases.get(case)
    if session is None:
        return
    facts = turn.library.facts.by_name
    named = [n for n in session.facts if n not in facts or (facts[n].kind == "text" and facts[n].scope != "user")]
    for name in named:
        session = session.without(name)
    # Whoever comes back to it is greeted first: the question for a name is not in sight, so nothing is read as one.
    closed = session.but(others=(), stage="cancelled", asking="")
    number = turn.person.turn + (case == turn.person.current)
    turn.person = turn.person.but(cases={**turn.person.cases, case: closed}, turn=number)


def _due_message(turn: ChatTurn, spoken: list[Spoken]) -> Outgoing:
    """Word what is due, with what can be done about each case."""
    blocks: list[Block] = []
    options: list[Option] = []
    names: list[str] = []
    for said in spoken:
        who = turn.who(said.case)
        kinds = _asked_first(turn, said)
        keys = ["remind.overdue"] if said.overdue else [f"nudge.{kind}" for kind in kinds]
        names += ["overdue"] if said.overdue else said.kinds
        blocks += [Block("title", turn.catalog.say(key, who=who)) for key in keys]
        for option in _due_options(turn, said, kinds):
            label = option.label if len(spoken) == 1 else turn.catalog.say("remind.of", who=who, what=option.label)
            options.append(Option(option.id, label))
    return Outgoing("reminder", f"reminder {' '.join(names)}", tuple(blocks), tuple(options))


def _asked_first(turn: ChatTurn, said: Spoken) -> tuple[str, ...]:
    """Return the kinds to ask about: what is due, or the step before it that was not said to be done yet."""
    kinds, sorts = turn.library.reminders, turn.library.courtesy.sorts
    first = SessionView(turn.library, turn.case(said.case), turn.now).advice.plan.steps[0]
    sends = [kind for kind in said.kinds if kinds[kind].step in sorts]
    if said.overdue or first.do not in sorts or not sends:
        return tuple(said.kinds)
    asking = [kind for kind in sends if kinds[kind].step == first.do]
    asking = asking or [kind.id for kind in kinds.values() if kind.step == first.do] or sends
    return (asking[0], *(kind for kind in said.kinds if kind not in sends))


def _due_options(turn: ChatTurn, said: Spoken, asked: tuple[str, ...]) -> list[Option]:
    """Return the answers to what a reminder asks, then what else can be done about the case."""
    again = ["snooze"] if may_put_off(turn, said.case) else []
    rest = [_option(turn, what, said.case) for what in ("look", *again, "stop")]
    kind = turn.library.reminders.get(asked[0]) if asked and not said.overdue else None
    if kind is None:
        return rest
    if kind.step in turn.library.courtesy.sorts:
        sent = Option(f"{BESIDE}sent-{kind.step}_{said.case}", turn.catalog.say("remind.options.sent"))
        return [sent, *rest]
    fact = turn.library.facts.by_name.get(next(iter(kind.asks), ""))
    if fact is None:
        return rest
    answers = []
    for option in answer_options(fact, turn.catalog):
        key = f"remind.answer.{kind.id}.{option.id}"
        label = turn.catalog.say(key) if turn.catalog.has(key) else option.label
        answers.append(Option(f"{BESIDE}answer-{fact.name}-{option.id}_{said.case}", label))
    return [*answers, *rest[1:]]


def asked_options(turn: ChatTurn, case: int) -> list[Option]:
    """Return what can be answered to the last reminder about a case, as it stands below it."""
    said = Spoken(case, turn.schedule.life(case, turn.today).asked)
    return _due_options(turn, said, _asked_first(turn, said))


def offer_options(turn: ChatTurn) -> list[Option]:
    """Return what can be answered to the offer to remind of the open case; nothing where none is open."""
    case = turn.person.current
    if case not in turn.person.cases or turn.schedule.life(case, turn.today).consent != "unasked":
        return []
    session = turn.case(case)
    judged = any(step.kind == "judge" and step.id in session.said for step in turn.library.flows[session.flow].steps)
    return [_option(turn, what, case) for what in ("yes", "other", "no")] if judged and wanted(turn, case) else []


def may_put_off(turn: ChatTurn, case: int) -> bool:
    """Tell whether reminders of a case were not put off too often yet."""
    return turn.schedule.life(case, turn.today).snoozed < turn.library.manners.snoozes


def _option(turn: ChatTurn, what: str, case: int, about: str = "") -> Option:
    """Return an option that counts by no turn."""
    values = {COUNT: turn.library.manners.snooze_business_days} if what == "snooze" else {}
    return Option(f"{BESIDE}{what}{about}_{case}", turn.catalog.say(f"remind.options.{what}", **values))


# -- a thumb up --------------------------------------------------------------------------------------------------------


def handle_thumb_up(turn: ChatTurn, message: int) -> Next:
    """Take the last reminder as done, if that is the message; what it may have led to is a tap away."""
    cases = [n for n in turn.schedule.spoken if n in turn.person.cases and turn.schedule.life(n, turn.today).asked]
    if message != turn.person.reminded or not cases:
        return DONE
    for case in cases:
        _set_done(turn, case)
    text = Block("text", turn.catalog.say("remind.done"))
    options = [_option(turn, what, cases[0]) for what in ("look", "stop")] if len(cases) == 1 else []
    turn.effects.append(Outgoing("reminder", "reminder done", (text,), tuple(options)))
    if not turn.sent or turn.person.current not in cases:
        return DONE
    # The open question may be another now: it is asked anew, and no button of the old one counts any more.
    turn.person = turn.person.but(turn=turn.person.turn + 1)
    return RESUME


def _set_done(turn: ChatTurn, case: int) -> None:
    """Take what was said last about a case as done; where that is a message that went out, the history has it."""
    asked = [kind for kind in turn.schedule.life(case, turn.today).asked if kind in turn.library.reminders]
    turn.plan(schedules.done(turn.schedule, case, turn.today))
    for sort in turn.library.courtesy.sorts.values():
        if any(sort.then and sort.then.keys() == set(turn.library.reminders[kind].asks) for kind in asked):
            session = sent_messages.record(turn, case, sort)
            turn.person = turn.person.but(cases={**turn.person.cases, case: session})
            turn.plan(schedules.replan(turn.schedule, case, wanted(turn, case), turn.place, turn.today))


# -- what follows from a turn of the conversation ----------------------------------------------------------------------


def after_conversation(turn: ChatTurn, conversed: Conversed) -> list[Effect]:
    """Note what is new, plan what the advice asks for, and return what was said with what belongs to it."""
    case, before, session, said = turn.person.current, conversed.before, conversed.session, conversed.said
    schedule, news = turn.schedule, _is_news(turn, before, session)
    if not news and session.answers:
        schedule = schedules.reopened(schedule, case, turn.library.manners, turn.today)
    if news:
        schedule = schedules.told(schedule, case, turn.library.manners, turn.today)
        schedule = sent_messages.record_answers(turn, schedule, case, before, session)
        counts = sent_messages.said_for_good(turn, case, before, session)
        schedule = schedules.recalled(schedule, case, counts, turn.today)
    asks = [(e.kind, e.day, e.wall) for e in said if isinstance(e, Remind)]
    if turn.sent or any(isinstance(e, Outgoing) and e.kind == "advice" for e in said):
        schedule = schedules.replan(schedule, case, asks, turn.place, turn.today, keep=not (news or turn.sent))
        said = _with_day(turn, said, schedule.of(case)) if not schedule.paused else said
    turn.plan(schedule)
    offers = asks if schedule.life(case, turn.today).consent == "unasked" and not _asks_for_day(turn, said) else []
    return [shown for effect in said for shown in _with_more(turn, case, session, effect, offers)]


def _asks_for_day(turn: ChatTurn, said: list[Effect]) -> bool:
    """Tell whether a day that the plan counts from is asked for at last: what is planned is told, and offered, then."""
    last = next((effect for effect in reversed(said) if isinstance(effect, Outgoing)), None)
    fact = turn.library.facts.by_name.get(last.name.removeprefix("question ")) if last else None
    return fact is not None and fact.kind == "date"


def _is_news(turn: ChatTurn, before: Session, session: Session) -> bool:
    """Tell whether something about the case, and no mere text of a note, is another than before."""
    facts, old, new = turn.library.facts, before.facts, session.facts
    return any(
        old.get(name) != new.get(name)
        for name in old.keys() | new.keys()
        if name in facts.by_name and facts[name].kind != "text" and facts[name].scope != "user"
    )


def _with_day(turn: ChatTurn, said: list[Effect], planned: tuple[Reminder, ...]) -> list[Effect]:
    """Return what is said, and with the advice the day of the next reminder where that was not planned before."""
    if not planned or planned[0] in turn.schedule.of(turn.person.current):
        return said
    text = turn.catalog.say("remind.anew", day=planned[0].day, time=planned[0].wall)
    return [
        replace(e, blocks=(*e.blocks, Block("aside", text))) if isinstance(e, Outgoing) and e.kind == "advice" else e
        for e in said
    ]


def _with_more(
    turn: ChatTurn, case: int, session: Session, effect: Effect, offered: list[tuple[str, date, time]]
) -> list[Effect]:
    """Return an effect with what stands beside it: the offer to remind, a refusal, what may have gone out."""
    if not isinstance(effect, Outgoing):
        return [effect]
    if effect.kind == "advice" and offered:
        _, day, wall = min(offered, key=lambda wanted: wanted[1:])
        text = Block("title", turn.catalog.say("remind.offer", day=day, time=wall))
        options = tuple(_option(turn, what, case) for what in ("yes", "other", "no"))
        return [effect, Outgoing("reminder", "reminder offer", (text,), options)]
    if effect.kind == "advice" and _closes(turn, session):
        days = turn.library.manners.close_after_days
        text = Block("text", turn.catalog.say("remind.closed", who=turn.who(case), days=days))
        return [effect, Outgoing("reminder", "reminder closed", (text,), (_option(turn, "delete", case),))]
    if effect.kind == "question" and not turn.schedule.zone_known and _asks_for_past_day(turn, effect):
        return [_with_own_clock(turn, case, effect)]
    if effect.name.startswith("done "):
        sort = effect.name.removeprefix("done ")
        found = tuple(_option(turn, what, case, f"-{sort}") for what in ("earlier", "unsent"))
        return [replace(effect, kind="reminder", options=found)]
    if effect.kind == "note":
        return sent_messages.check_note(turn, case, session, effect)
    if effect.name == "menu":
        return [replace(effect, options=(*effect.options, *sent_messages.options(turn, case, session)))]
    return [effect]


def _asks_for_past_day(turn: ChatTurn, question: Outgoing) -> bool:
    """Tell whether "today" and "yesterday" are answers to a question."""
    fact = turn.library.facts.by_name.get(question.name.removeprefix("question "))
    return fact is not None and fact.kind == "date" and fact.past


def _with_own_clock(turn: ChatTurn, case: int, question: Outgoing) -> Outgoing:
    """Show what day and time it is by what is known of the person, with a tap to correct it before it decides."""
    here = turn.now.astimezone(zone_named(turn.person.zone))
    clock = Block("aside", turn.catalog.say("remind.clock", day=here.date(), time=here.time().replace(tzinfo=None)))
    options = (*question.options, _option(turn, "clock", case))
    return replace(question, blocks=(*question.blocks, clock), options=options)


def _closes(turn: ChatTurn, session: Session) -> bool:
    """Tell whether a case ends with its advice."""
    view = SessionView(turn.library, session, turn.now)
    return view.outcomes.ruleset.verdicts[view.outcome.verdict].closes


# -- what is planned ---------------------------------------------------------------------------------------------------


def wanted(turn: ChatTurn, case: int) -> list[tuple[str, date, time]]:
    """Return what the advice about a case asks to come back for, as it stands."""
    view = SessionView(turn.library, turn.case(case), turn.now)
    return [(r.kind, r.day, r.wall) for r in view.advice.reminders if r.certain]


def agreed(turn: ChatTurn, case: int) -> ReminderSchedule:
    """Return the schedule with everything that the advice about a case asks for, to which the candidate agreed."""
    schedule = schedules.consented(turn.schedule, case, "yes", turn.today)
    return schedules.replan(schedule, case, wanted(turn, case), turn.place, turn.today)


def coming(turn: ChatTurn) -> list[Reminder]:
    """Return what is planned and can be named: the content may have been edited meanwhile."""
    return [r for r in turn.schedule.planned if r.case in turn.person.cases and r.kind in turn.library.reminders]


def line(turn: ChatTurn, reminder: Reminder) -> str:
    """Name a reminder: whom it is about, and what for."""
    what = turn.catalog.say(f"reminder.{reminder.kind}")
    return turn.catalog.say("change.line", what=turn.who(reminder.case), answer=what)


def confirm(turn: ChatTurn, case: int, place: NamedZone | None = None) -> None:
    """Say what was agreed upon, with the day in the candidate's own time; a `place` told now comes with its clock."""
    planned = turn.schedule.of(case)
    if not planned:
        turn.say("remind.nothing")
        return
    where = place.name if place else city_of(turn.person.zone)
    text = turn.catalog.say("remind.planned", day=planned[0].day, time=planned[0].wall, zone=where)
    blocks = [Block("text", text)]
    if place:
        here = turn.now.astimezone(zone_named(place.zone)).time()
        blocks.append(Block("aside", turn.catalog.say("remind.there", city=place.name, time=here)))
    options = (_option(turn, "ics", case), _option(turn, "stop", case))
    turn.effects.append(Outgoing("reminder", "reminder planned", tuple(blocks), options))


# -- below a reminder --------------------------------------------------------------------------------------------------


def handle(turn: ChatTurn, tap: str) -> Next | None:
    """Do what was tapped below a reminder; None when it makes no sense any more."""
    what, _, number = tap.removeprefix(BESIDE).rpartition("_")
    case = int(number) if number.isdecimal() and len(number) < 10 else 0
    if case not in turn.person.cases:
        return None
    what, _, about = what.partition("-")
    if what == "sent":
        return _set_sent(turn, case, about)
    if what == "answer":
        return _answer(turn, case, *about.partition("-")[::2])
    if what == "unsent":
        return sent_messages.take_back(turn, case, about)
    if what == "earlier":
        return sent_messages.move_back(turn, case, about)
    return _TAPS[what](turn, case) if what in _TAPS else None


def _set_sent(turn: ChatTurn, case: int, sort: str) -> Next | None:
    """Take the tap that what a reminder named has gone out, and say what comes next."""
    plan = SessionView(turn.library, turn.case(case), turn.now).advice.plan
    if sort not in turn.library.courtesy.sorts or all(step.do != sort for step in plan.steps):
        return None  # it was told already, or is not to be sent any more
    # What was to be done at once, and is asked about a day later, went out on the day it was told.
    life, kinds = turn.schedule.life(case, turn.today), turn.library.reminders
    asked = [kinds[kind].due.start for kind in life.asked if kind in kinds and kinds[kind].step == sort]
    day = life.since if all(start == "today" for start in asked) else turn.today
    turn.plan(schedules.done(turn.schedule, case, turn.today))
    turn.person = turn.person.but(asking="", current=case)
    return sent_messages.confirm_sent(turn, sort, day)


def _answer(turn: ChatTurn, case: int, name: str, value: str) -> Next | None:
    """Take the tapped answer to what a reminder asked, and go on with what else may have changed."""
    fact = turn.library.facts.by_name.get(name)
    if fact is None or not fact.accepts(value):
        return None
    session = _follow_up(turn, case).session
    assert session is not None
    if name not in turn.library.flows[session.flow].asks:
        return None
    return Converse(Picked(value, turn.person.turn, name), session.but(asking=name))


def _agree(turn: ChatTurn, case: int) -> Next:
    """Remind of a case, as its advice says."""
    turn.plan(agreed(turn, case))
    if not turn.schedule.zone_known:
        return Ask(f"zone-{case}")
    confirm(turn, case)
    return DONE


def _ask_clock(_: ChatTurn, _case: int) -> Next:
    return Ask("zone")


def _ask_day(_: ChatTurn, case: int) -> Next:
    return Ask(f"day-{case}")


def _decline(turn: ChatTurn, case: int) -> Next:
    turn.plan(schedules.consented(turn.schedule, case, "no", turn.today))
    turn.say("remind.declined")
    return DONE


def _stop(turn: ChatTurn, case: int) -> Next:
    """Stop all reminders of a case at once."""
    turn.plan(schedules.consented(turn.schedule, case, "no", turn.today))
    text = Block("text", turn.catalog.say("remind.stopped", who=turn.who(case)))
    options = (_option(turn, "yes", case), _option(turn, "delete", case))
    turn.effects.append(Outgoing("reminder", "reminder stopped", (text,), options))
    return DONE


def _delete(turn: ChatTurn, case: int) -> Next:
    """Forget a case altogether."""
    left = {number: session for number, session in turn.person.cases.items() if number != case}
    current = 0 if turn.person.current == case else turn.person.current
    turn.person = replace(turn.person, cases=left, current=current, schedule=schedules.dropped(turn.schedule, case))
    turn.say("remind.deleted")
    return DONE


def _snooze(turn: ChatTurn, case: int) -> Next | None:
    """Put off what was said about a case."""
    put_off = schedules.snoozed(turn.schedule, case, turn.library.manners, turn.place, turn.today)
    if put_off is None:
        return None
    turn.plan(put_off)
    day = add_business_days(turn.today, turn.library.manners.snooze_business_days, turn.place.week)
    turn.say("remind.snoozed", day=day)
    return DONE


def _send_calendar_file(turn: ChatTurn, case: int) -> Next | None:
    """Give the plan of a case as a calendar file: an event a step, at the time of its reminder where it has one."""
    planned = {reminder.kind: reminder for reminder in coming(turn) if reminder.case == case}
    if not planned:
        return None
    events = [CalendarEvent(f"{case}-{r.kind}-{r.day:%Y%m%d}", line(turn, r), r.due) for r in planned.values()]
    for step in SessionView(turn.library, turn.case(case), turn.now).advice.plan.ahead:
        if step.on is not None and step.at is not None and step.remind not in planned:
            what = turn.catalog.say("change.line", what=turn.who(case), answer=step_name(turn.catalog, step))
            uid = f"{case}-{step.remind or step.do}-{step.on:%Y%m%d}"
            events.append(CalendarEvent(uid, what, instant(step.on, step.at, turn.person.zone)))
    text = calendar_file(sorted(events, key=lambda event: event.start), turn.now)
    turn.effects.append(FileToSend("reminder.ics", text, turn.catalog.say("remind.calendar")))
    return DONE


def _follow_up(turn: ChatTurn, case: int) -> Converse:
    """Begin the follow-up: ask anew what may have changed, judge again, and hand the note over."""
    asked = [kind for kind in turn.schedule.life(case, turn.today).asked if kind in turn.library.reminders]
    names = {name for kind in asked for name in turn.library.reminders[kind].asks}
    turn.person = replace(turn.person, asking="", current=case)
    session, facts = turn.case(case), turn.library.facts
    # Before the question is asked anew, what has come true already need not be: a no stays a no.
    anew = {name for name in names if session.facts.get(name) not in facts[name].can_change}
    flow = FOLLOW_UP if FOLLOW_UP in turn.library.flows else session.flow
    judged = {step.id for step in turn.library.flows[session.flow].steps if step.kind == "judge"}
    before = {step: f"{mark.partition('|')[0]}|" for step, mark in session.said.items() if step in judged}
    known = {name: answer for name, answer in {**session.facts, **turn.person.facts}.items() if name not in anew}
    again = session.but(
        flow=flow, answers={}, carried=known, asking="", said=before, stage="open", language=turn.person.language
    )
    return Converse(session=again)


_TAPS: Final[Mapping[str, Callable[[ChatTurn, int], Next | None]]] = {
    "yes": _agree, "other": _ask_day, "no": _decline, "look": _follow_up, "snooze": _snooze,
    "stop": _stop, "delete": _delete, "ics": _send_calendar_file, "clock": _ask_clock,
}  # fmt: skip
