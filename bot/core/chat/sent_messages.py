"""What went out, by the candidate's own word, and what would be one too many.

The history is written by answers and taps alone; a text that politeness forbids is not handed over, and the reason is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from bot.core.advice.calendar import ONE_DAY
from bot.core.advice.catalog import COUNT
from bot.core.advice.contact_history import ACCEPTED, WITHDRAWN, Refusal, Sort, entered, in_month, refusal
from bot.core.chat.turn import DONE, RESUME, ChatTurn, Converse, Next
from bot.core.dialogue.answers import choose
from bot.core.dialogue.engine import advance
from bot.core.dialogue.flow import END
from bot.core.dialogue.session import Block, Effect, Option, Outgoing, Session, Settled, StepDone, TimePassed
from bot.core.dialogue.view import SessionView
from bot.core.reminders import schedule as schedules
from bot.core.reminders.schedule import ReminderSchedule

SENT = "sent_"
"""With a sort of message, the option that says that it went out."""


def handle(turn: ChatTurn, text: str) -> Next | None:
    """Take a tapped or typed answer that says what went out; None for any other answer."""
    found = choose(text, _menu_options(turn))
    if found is None or not found.id.startswith(SENT):
        return None
    turn.effects.append(Settled(found.label))
    return confirm_sent(turn, found.id.removeprefix(SENT))


def _menu_options(turn: ChatTurn) -> list[Option]:
    """Return the whole menu at the end of a conversation, as it was shown; nothing amid one."""
    session = turn.session
    if SessionView(turn.library, session, turn.now).position.step != END or session.asking:
        return []
    menu = advance(turn.library, session, TimePassed(), turn.now).messages[-1]
    return [*menu.options, *options(turn, turn.person.current, session)]


def confirm_sent(turn: ChatTurn, what: str, day: date | None = None) -> Next:
    """Take the candidate's word that a message of this sort went out, today or on `day`, and say what comes next."""
    sort, case = turn.library.courtesy.sorts.get(what), turn.person.current
    if sort is None or not case:
        return RESUME
    before = turn.case(case)
    session = record(turn, case, sort, day)
    return Converse(StepDone(sort.id, before.but(turn=turn.person.turn)), session)


def take_back(turn: ChatTurn, case: int, what: str) -> Next | None:
    """Strike out the last message of this sort: it did not go out after all. None where none did."""
    session = _strike_last(turn, case, what)
    if session is None:
        return None
    turn.person, turn.sent = turn.person.but(asking="", current=case), True
    turn.say("remind.unsent")
    return Converse(TimePassed(), session)


def move_back(turn: ChatTurn, case: int, what: str) -> Next | None:
    """Take the last message of this sort as sent a day earlier, but not before the interview."""
    sent = [day - ONE_DAY for of, day in turn.schedule.ledgers.get(case, ()) if of == what]
    interview = turn.library.facts.date_of(turn.case(case).facts, turn.library.courtesy.assumed_on)
    if sent and interview is not None and sent[-1] < interview:
        turn.say("remind.not_before", day=interview)
        return DONE
    before = _strike_last(turn, case, what)
    if before is None:
        return None
    turn.person = turn.person.but(asking="", current=case, cases={**turn.person.cases, case: before})
    turn.say("remind.went_out", day=sent[-1])
    return confirm_sent(turn, what, sent[-1])


def _strike_last(turn: ChatTurn, case: int, what: str) -> Session | None:
    """Take the last message of this sort out of the history; return the case without it, None where there is none."""
    ledger, sort = turn.schedule.ledgers.get(case, ()), turn.library.courtesy.sorts.get(what)
    places = [number for number, (of, _) in enumerate(ledger) if of == what]
    if sort is None or not places:
        return None
    left = (*ledger[: places[-1]], *ledger[places[-1] + 1 :])
    turn.plan(replace(turn.schedule, ledgers={**turn.schedule.ledgers, case: left}))
    session = turn.case(case)
    for name, value in sort.then.items():
        if session.facts.get(name) == value:
            session = session.with_answer(name, turn.library.facts.cautious[name])
    return turn.with_history(session, case)


# -- the history of a case ---------------------------------------------------------------------------------------------


def record(turn: ChatTurn, case: int, sort: Sort, day: date | None = None) -> Session:
    """Note that a message of this sort went out, today or on `day`; return the case with what that answers."""
    session = turn.case(case)
    schedule = schedules.told(turn.schedule, case, turn.library.manners, turn.today)
    ledger = entered(schedule.ledgers.get(case, ()), sort.id, day or turn.today)
    schedule = schedules.recalled(schedule, case, said_for_good(turn, case, session, session), turn.today)
    turn.plan(replace(schedule, ledgers={**schedule.ledgers, case: ledger}))
    turn.sent = True
    for name, value in sort.then.items():
        session = session.with_answer(name, value)
    return turn.with_history(session, case)


def record_answers(
    turn: ChatTurn, schedule: ReminderSchedule, case: int, before: Session, session: Session
) -> ReminderSchedule:
    """Note what an answer says went out, or was taken back, since the last answer to the same question."""
    ledger = schedule.ledgers.get(case, ())
    for sort in turn.library.courtesy.sorts.values():
        for name, value in sort.then.items():
            was, now = before.facts.get(name), session.facts.get(name)
            if was not in (None, value) and now == value:
                ledger = entered(ledger, sort.id, turn.today)
            elif sort.again_after_days and was == value and now == turn.library.facts[name].cautious:
                ledger = entered(ledger, WITHDRAWN, turn.today)
        accepted = sort.fates.get(ACCEPTED, {})
        if accepted and before.facts != session.facts and _comes_true(accepted, before, session):
            ledger = entered(ledger, ACCEPTED, turn.today)
    return replace(schedule, ledgers={**schedule.ledgers, case: ledger}) if ledger else schedule


def _comes_true(facts: Mapping[str, str], before: Session, session: Session) -> bool:
    """Tell whether all these facts are so now and were not before."""
    old, new = before.facts, session.facts
    return all(new.get(n) == v for n, v in facts.items()) and any(old.get(n) != v for n, v in facts.items())


def said_for_good(turn: ChatTurn, case: int, before: Session, session: Session) -> dict[str, int]:
    """Return how often those reminders of a case were said that are counted from a day which is as it was.

    Such a day has passed: only when it is another can its reminder come again.
    """
    counts, kinds = turn.schedule.life(case, turn.today).counts, turn.library.reminders
    days = {kind: kinds[kind].due.reads for kind in counts if kind in kinds}
    old, new = before.facts, session.facts
    same = [kind for kind, names in days.items() if names and all(old.get(n) == new.get(n) for n in names)]
    return {kind: counts[kind] for kind in same}


# -- what may go out ---------------------------------------------------------------------------------------------------


def check_note(turn: ChatTurn, case: int, session: Session, note: Outgoing) -> list[Effect]:
    """Hand over a text unless it would be one too many; then say why, and from when on it would be right."""
    sort, ledger = turn.library.courtesy.of_note(note.name.split()[1]), turn.schedule.ledgers.get(case, ())
    if sort is None:
        return [note]
    allowed = _with_last_of_month(turn, session, sort, note)
    if not ledger:
        return allowed
    day = SessionView(turn.library, session, turn.now).advice.opens or turn.today
    why = refusal(turn.library.courtesy, ledger, sort.id, max(day, turn.today), turn.place.week)
    if why is None:
        return allowed
    notice = _refusal_message(turn, why)
    return [notice, *allowed] if why.reason == "apart" else [notice]


def _with_last_of_month(turn: ChatTurn, session: Session, sort: Sort, note: Outgoing) -> list[Effect]:
    """Return a text, and before the last one of the month that it is the last."""
    monthly, facts = sort.monthly, session.facts
    if monthly is None or any(facts.get(name) != value for name, value in monthly.when.items()):
        return [note]
    if in_month(turn.schedule.ledgers.values(), sort.id, turn.today) != monthly.at_most - 1:
        return [note]
    return [Outgoing("notice", "notice last", (Block("caution", turn.catalog.say("ledger.last")),)), note]


def _refusal_message(turn: ChatTurn, why: Refusal) -> Outgoing:
    """Say why a message would be one too many."""
    days = {"day": why.sent, **({"date": why.on} if why.on else {})}
    text = turn.catalog.say(f"ledger.{why.reason}", **days, **{COUNT: why.at_most})
    return Outgoing("notice", f"notice {why.reason}", (Block("caution", text),))


def options(turn: ChatTurn, case: int, session: Session) -> list[Option]:
    """Return what may have gone out by now: what was handed over, for the candidate to say so."""
    view, ledger = SessionView(turn.library, session, turn.now), turn.schedule.ledgers.get(case, ())
    outcome, sorts = view.outcome, dict.fromkeys(view.advice.plan.may_send)
    if outcome.overridden and outcome.note and (own_choice := turn.library.courtesy.of_note(outcome.note)):
        sorts[own_choice.id] = None
    return [
        Option(f"{SENT}{sort}", turn.catalog.say(f"sent.{sort}")) for sort in sorts if (sort, turn.today) not in ledger
    ]
