"""One turn in a chat: the person as they are now, what has been said so far, and what is to follow.

A turn is made for one entry and forgotten. What can happen in it is in plain functions that take it (`commands`,
`reminders`, `preferences`, `sent_messages`). They change the turn and return what follows (`Next`); `commands` alone
carries that out, so none of the others has to know how the conversation goes on.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time

from bot.core.advice.calendar import local_date
from bot.core.advice.catalog import Catalog
from bot.core.advice.contact_history import Monthly, Sort, classes, in_month
from bot.core.advice.moments import PersonCalendar
from bot.core.chat.person import Person
from bot.core.chat.privacy import Operator
from bot.core.dialogue.engine import advance
from bot.core.dialogue.render import plan_lines
from bot.core.dialogue.session import (
    Block,
    Effect,
    Event,
    Option,
    Outgoing,
    Parted,
    Session,
    TimePassed,
    place_of,
)
from bot.core.dialogue.view import SessionView
from bot.core.library import Library
from bot.core.reminders.schedule import ReminderSchedule


@dataclass(frozen=True)
class FileToSend:
    """A file to hand over."""

    name: str
    text: str
    caption: str


@dataclass(frozen=True)
class Ask:
    """Ask a question of the chat's own, such as `zone-3`: what follows the `-` says what it is about."""

    question: str


@dataclass(frozen=True)
class Converse:
    """Give the event to the conversation: to `session`, or else to that of the current case."""

    event: Event = field(default_factory=TimePassed)
    session: Session | None = None


@dataclass(frozen=True)
class Done:
    """Nothing is asked: what was open stays open."""


Next = Ask | Converse | Done
RESUME, DONE = Converse(), Done()
"""Ask once more what is open in the conversation; ask nothing."""


@dataclass
class ChatTurn:
    """The working state of one turn; functions change `person` and add to `effects`. `operator` None: in a terminal."""

    library: Library
    flow: str
    person: Person
    now: datetime
    operator: Operator | None = None
    effects: list[Effect | FileToSend] = field(default_factory=list)
    sent: bool = False
    """Whether something went out by the person's word in this turn, so that what is planned is out of date."""
    forgotten: bool = False

    # -- who, where and when -------------------------------------------------------------------------------------------

    @property
    def catalog(self) -> Catalog:
        """The messages in the person's language."""
        return self.library.catalog(self.person.language)

    @property
    def today(self) -> date:
        """The day it is where the person lives."""
        return local_date(self.now, self.person.zone)

    @property
    def place(self) -> PersonCalendar:
        """Where and how the person's days run."""
        return place_of(self.person.zone, self.person.working_days, self.person.holidays)

    @property
    def schedule(self) -> ReminderSchedule:
        """What the person will be reminded of, and what went out."""
        return self.person.schedule

    def plan(self, schedule: ReminderSchedule) -> None:
        """Take `schedule` as the person's."""
        if schedule != self.person.schedule:
            self.person = self.person.but(schedule=schedule)

    # -- saying --------------------------------------------------------------------------------------------------------

    def say(self, key: str, *more: str, **values: str | int | date | time) -> None:
        """Add a notice of one or several messages."""
        blocks = tuple(Block("text", self.catalog.say(k, **values)) for k in (key, *more))
        self.effects.append(Outgoing("notice", f"notice {key.rpartition('.')[2]}", blocks))

    def option(self, id_: str, label: str = "", **values: int) -> Option:
        """Return an option of the chat's own questions, worded under its id or under `label`."""
        return Option(id_, self.catalog.say(f"desk.options.{label or id_}", **values))

    def close_question(self) -> None:
        """Note that the chat's own question is answered, or over."""
        self.person = replace(self.person, asking="")

    # -- cases ---------------------------------------------------------------------------------------------------------

    @property
    def session(self) -> Session:
        """The current case's conversation; a fresh one where there is none."""
        person = self.person
        if person.current and person.current in person.cases:
            return self.case(person.current)
        return Session(
            self.flow,
            person.language,
            person.zone,
            person.working_days,
            carried=dict(person.facts),
            turn=person.turn,
            holidays=person.holidays,
        )

    def case(self, number: int) -> Session:
        """Return the conversation of a case, in the place where the person now lives, with what the month leaves."""
        person, session = self.person, self.person.cases[number]
        if session.flow not in self.library.flows:  # the content was edited meanwhile
            session = session.but(flow=self.flow, asking="", said={})
        own = (person.zone, person.working_days, person.holidays)
        if (session.zone, session.working_days, session.holidays) != own:
            session = session.but(zone=person.zone, working_days=person.working_days, holidays=person.holidays)
        if not self.schedule.ledgers:
            return session
        session = self.with_history(session, number)
        for sort in self.library.courtesy.sorts.values():
            if sort.monthly and sort.monthly.leaves not in session.answers:
                session = self._with_month(session, sort, sort.monthly)
        return session

    def with_history(self, session: Session, number: int) -> Session:
        """Return a conversation that knows what went out to this person."""
        ledger, facts = self.schedule.ledgers.get(number, ()), self.library.facts.from_history
        went_out = {name: value for name, value in classes(ledger).items() if name in facts}
        carried = {**{n: a for n, a in session.carried.items() if n not in facts}, **went_out}
        if session.ledger != ledger:
            session = session.but(ledger=ledger)
        return session if carried == session.carried else session.but(carried=carried)

    def _with_month(self, session: Session, sort: Sort, monthly: Monthly) -> Session:
        """Return a conversation that knows what the month leaves; what an earlier month left is told no more."""
        sent = in_month(self.schedule.ledgers.values(), sort.id, self.today)
        known = {name: answer for name, answer in session.carried.items() if name != monthly.leaves}
        if sent:
            known[monthly.leaves] = str(max(0, monthly.at_most - sent))
        return session if known == session.carried else session.but(carried=known)

    def who(self, number: int) -> str:
        """Name whom a case is about."""
        facts = self.person.cases[number].facts
        return ", ".join(part for part in (facts.get("first"), facts.get("company")) if part) or self.catalog.say(
            "desk.unnamed", number=number
        )

    def label(self, number: int) -> str:
        """Name a case: whom it is about, and how it stands."""
        view = SessionView(self.library, self.case(number), self.now)
        return self.catalog.say("change.line", what=self.who(number), answer=self._stands(view))

    def _stands(self, view: SessionView) -> str:
        """Say how a case stands: its next step and its day, or its verdict where there is none."""
        if not any(view.flow.step[step].kind == "judge" for step in view.position.crossed):
            return self.catalog.say("desk.unfinished")
        plan = replace(view.advice.plan, steps=view.advice.plan.ahead[:1])
        return next(plan_lines(self.catalog, plan), self.catalog.say(f"verdict.{view.outcome.verdict}.name"))

    def keep(self, session: Session, before: Session) -> None:
        """Take `session`, which followed on `before`, as the current case's conversation; a new one if need be."""
        number = self.person.current or self.next_number()
        cases: Mapping[int, Session] = ChainMap({number: session}, self.person.cases)  # type: ignore[arg-type]  # only read
        self.person = self.person.but(current=number, cases=cases, facts=_own_facts(self, session, before))

    def next_number(self) -> int:
        """Return the number of the next case."""
        return max(self.person.cases, default=0) + 1


@dataclass(frozen=True)
class Conversed:
    """What the conversation said, and the session of the current case before and after; the latter is kept."""

    before: Session
    session: Session
    said: list[Effect]


def converse(turn: ChatTurn, step: Converse) -> Conversed:
    """Let the conversation take its turn; a case that is left for another one is kept where it holds anything."""
    before = (step.session or turn.session).but(turn=turn.person.turn)
    result = advance(turn.library, before, step.event, turn.now)
    left = [effect.session for effect in result.effects if isinstance(effect, Parted)]
    if any(_is_worth_keeping(turn, session) for session in left):
        turn.person = replace(turn.person, current=turn.next_number())
    said: list[Effect] = [effect for effect in result.effects if not isinstance(effect, Parted)]
    if (
        left and result.session.flow != turn.flow
    ):  # a follow-up was left: the next person met is asked about from the start
        said = [e for e in said if not (isinstance(e, Outgoing) and e.kind in ("question", "menu"))]
        fresh = result.session.but(flow=turn.flow, turn=turn.person.turn)
        result = advance(turn.library, fresh, TimePassed(), turn.now)
        said += [effect for effect in result.effects if not isinstance(effect, Parted)]
    turn.keep(result.session, before)
    return Conversed(result.session if left else before, result.session, said)


def _is_worth_keeping(turn: ChatTurn, session: Session) -> bool:
    """Tell whether a conversation that is left holds anything about the person met."""
    facts = turn.library.facts.by_name
    return any(name in facts and facts[name].scope != "user" for name in session.answers)


def _own_facts(turn: ChatTurn, session: Session, before: Session) -> Mapping[str, str]:
    """Return what is known about the candidate after this turn, less what was taken back in it."""
    facts, own = turn.library.facts.by_name, turn.person.facts
    told = {n: a for n, a in session.answers.items() if n in facts and facts[n].scope == "user"}
    gone = own.keys() & before.facts.keys() - session.facts.keys()
    return {n: a for n, a in {**own, **told}.items() if n not in gone} if told or gone else own
