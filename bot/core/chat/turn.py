"""A visit to the desk: the person as they are now, what was said so far, and the conversations it is about.

Law of this file: values only; a visit is made for one entry and forgotten. What can be asked for is in `desk.py`, what
concerns reminders in `reminding.py`; both stand on this.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.core.advice.calendar import local_date
from bot.core.advice.catalog import Catalog
from bot.core.chat.person import Person
from bot.core.dialogue.engine import advance
from bot.core.dialogue.session import Block, Effect, Event, Option, Outgoing, Parted, Session, TimePassed, Turn
from bot.core.dialogue.view import SessionView
from bot.core.library import Library


@dataclass(frozen=True)
class FileToSend:
    """A file to hand over."""

    name: str
    text: str
    caption: str


class ChatTurn:
    """One visit: `person` as they are now, `effects` what has been said so far."""

    def __init__(self, library: Library, flow: str, person: Person, now: datetime) -> None:
        self.library = library
        self.flow = flow
        self.now = now
        self.person = person
        self.effects: list[Effect | FileToSend] = []

    @property
    def catalog(self) -> Catalog:
        """The messages in the person's language."""
        return self.library.catalog(self.person.language)

    @property
    def today(self) -> date:
        """The day it is where the person lives."""
        return local_date(self.now, self.person.zone)

    def say(self, key: str, *more: str, **values: str | int | date) -> None:
        """Add a notice of one or several messages."""
        blocks = tuple(Block("text", self.catalog.say(k, **values)) for k in (key, *more))
        self.effects.append(Outgoing("notice", f"notice {key.rpartition('.')[2]}", blocks))

    # -- what the desk itself asks -------------------------------------------------------------------------------------

    def offer(self, what: str) -> None:
        """Ask something of the desk's own; `what` may name after a `-` what it is about."""
        self.person = replace(self.person, asking=what)
        name = what.partition("-")[0]
        blocks = (Block("title", self.catalog.say(f"desk.{name}")),)
        self.effects.append(Outgoing("menu", f"desk {name}", blocks, tuple(self.offered())))

    def offered(self) -> list[Option]:
        """Return what can be chosen where the desk asks."""
        return [self.option("go_on"), self.option("new")]

    def option(self, id_: str, label: str = "", **values: int) -> Option:
        """Return an option of the desk's, worded under its id or under `label`."""
        return Option(id_, self.catalog.say(f"desk.options.{label or id_}", **values))

    # -- conversations -------------------------------------------------------------------------------------------------

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
        """Return the conversation of a case, in the place where the person now lives."""
        person, session = self.person, self.person.cases[number]
        if session.flow not in self.library.flows:  # the content was edited meanwhile
            session = session.but(flow=self.flow, asking="", said={})
        own = (person.zone, person.working_days, person.holidays)
        if (session.zone, session.working_days, session.holidays) == own:
            return session
        return session.but(zone=person.zone, working_days=person.working_days, holidays=person.holidays)

    def who(self, number: int) -> str:
        """Name whom a case is about."""
        facts = self.person.cases[number].facts
        return ", ".join(part for part in (facts.get("first"), facts.get("company")) if part) or self.catalog.say(
            "desk.unnamed", number=number
        )

    def label(self, number: int) -> str:
        """Name a case: whom it is about, and how it stands."""
        view = SessionView(self.library, self.case(number), self.now)
        judged = any(view.flow.step[step].kind == "judge" for step in view.position.crossed)
        what = f"verdict.{view.outcome.verdict}.name" if judged else "desk.unfinished"
        return self.catalog.say("change.line", what=self.who(number), answer=self.catalog.say(what, date=view.today))

    def keep(self, session: Session, before: Session) -> None:
        """Take `session`, which followed on `before`, as the current case's conversation; a new one if need be."""
        number = self.person.current or self.next_number()
        cases: Mapping[int, Session] = ChainMap({number: session}, self.person.cases)  # type: ignore[arg-type]  # only read
        self.person = self.person.but(current=number, cases=cases, facts=self.belongings(session, before))

    def next_number(self) -> int:
        """Return the number of the next case."""
        return max(self.person.cases, default=0) + 1

    def repeat(self) -> None:
        """Ask once more what is open, be it a question of the desk's own."""
        if self.person.asking:
            self.offer(self.person.asking)
        else:
            self.again()

    def again(self) -> None:
        """Ask what is open once more."""
        self.converse(TimePassed())

    def converse(self, event: Event, *, ask: bool = True, session: Session | None = None) -> None:
        """Let the conversation take its turn; with `ask` False nothing but the answer itself is said."""
        before = (session or self.session).but(turn=self.person.turn)
        turn = advance(self.library, before, event, self.now)
        left = [effect.session for effect in turn.effects if isinstance(effect, Parted)]
        parted = any(self.worth_keeping(session) for session in left)
        if parted:
            self.person = replace(self.person, current=self.next_number())
        said: list[Effect] = [effect for effect in turn.effects if not isinstance(effect, Parted)]
        if left and turn.session.flow != self.flow:  # a follow-up was left: whoever comes next is met from the start
            said = [e for e in said if not (isinstance(e, Outgoing) and e.kind in ("question", "menu"))]
            fresh = turn.session.but(flow=self.flow, turn=self.person.turn)
            turn = advance(self.library, fresh, TimePassed(), self.now)
            said += [effect for effect in turn.effects if not isinstance(effect, Parted)]
        if not ask:
            self.effects += said[:1]
            return
        self.keep(turn.session, before)
        self.effects += self.heard(turn.session if left else before, turn, said)

    def heard(self, before: Session, turn: Turn, said: list[Effect]) -> list[Effect]:
        """Return what is said of a turn that was kept; `before` is what it followed on."""
        del before, turn
        return said

    def worth_keeping(self, session: Session) -> bool:
        """Tell whether a conversation that is left holds anything about the person met."""
        facts = self.library.facts.by_name
        return any(name in facts and facts[name].scope != "user" for name in session.answers)

    def belongings(self, session: Session, before: Session) -> Mapping[str, str]:
        """Return what is known about the candidate after this turn, less what was taken back in it."""
        facts, own = self.library.facts.by_name, self.person.facts
        told = {n: a for n, a in session.answers.items() if n in facts and facts[n].scope == "user"}
        gone = own.keys() & before.facts.keys() - session.facts.keys()
        return {n: a for n, a in {**own, **told}.items() if n not in gone} if told or gone else own
