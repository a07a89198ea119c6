"""Reminders at the desk: offered with an advice, said when they are due, and managed in the candidate's own words.

Law of this file: nothing comes unasked, every reminder can be stopped with one tap, and none disturbs a conversation.
The buttons below a reminder count by no turn, as other messages may have come between; what they ask for is judged by
what is planned when they are tapped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, time

from bot.core.advice.calendar import add_business_days
from bot.core.advice.catalog import COUNT
from bot.core.chat.sent_messages import Sending
from bot.core.chat.time_zones import city
from bot.core.chat.turn import FileToSend
from bot.core.dialogue.session import Block, Effect, Option, Outgoing, Remind, Session, TimePassed, Turn
from bot.core.dialogue.view import SessionView
from bot.core.reminders import schedule as schedules
from bot.core.reminders.calendar_file import calendar_file
from bot.core.reminders.due import Spoken, collect_due
from bot.core.reminders.schedule import Reminder, ReminderSchedule

BESIDE = "m_"
"""The options below a reminder: m_<what>_<case>."""
BESIDE_OPTIONS = ("yes", "other", "no", "look", "snooze", "stop", "delete", "ics")
FOLLOW_UP = "follow_up"
"""The flow that is held after a reminder."""


class Reminding(Sending):
    """What a visit has to do with reminders that are offered and said."""

    # -- when something is due -----------------------------------------------------------------------------------------

    def collect_due(self) -> None:
        """Say what is due."""
        due_now = collect_due(self.agenda, self.library.reminders, self.library.manners, self.now, self.place)
        self.plan(due_now.agenda)
        for case in due_now.closed:
            self.forget_names(case)
        spoken = [said for said in due_now.spoken if said.case in self.person.cases]
        if spoken:
            self.person = self.person.but(reminded=0)  # until it is sent, a thumb can only be for an older one
            self.effects.append(self.nudge(spoken))

    def approved(self, message: int) -> None:
        """Take the last reminder as done, if that is the message; whatever it may have led to is a tap away."""
        cases = [n for n in self.agenda.spoken if n in self.person.cases and self.agenda.life(n, self.today).asked]
        if message != self.person.reminded or not cases:
            return
        for case in cases:
            self.done(case)
        text = Block("text", self.catalog.say("remind.done"))
        options = [self.side(what, cases[0]) for what in ("look", "stop")] if len(cases) == 1 else []
        self.effects.append(Outgoing("reminder", "reminder done", (text,), tuple(options)))
        if self.told and self.person.current in cases:
            # The open question may be another now: it is asked anew, and no button of the old one counts any more.
            self.person = self.person.but(turn=self.person.turn + 1)
            self.again()

    def done(self, case: int) -> None:
        """Take what was said last about a case as done; where that is a message that went out, the ledger has it."""
        asked = [kind for kind in self.agenda.life(case, self.today).asked if kind in self.library.reminders]
        self.plan(schedules.done(self.agenda, case, self.today))
        for sort in self.library.courtesy.sorts.values():
            if any(sort.then and sort.then.keys() == set(self.library.reminders[kind].asks) for kind in asked):
                session = self.gone_out(case, sort)
                self.person = self.person.but(cases={**self.person.cases, case: session})
                self.plan(schedules.replan(self.agenda, case, self.wanted(case), self.place, self.today))

    def wanted(self, case: int) -> list[tuple[str, date, time]]:
        """Return what the advice about a case asks to come back for, as it stands."""
        return [(r.kind, r.day, r.wall) for r in SessionView(self.library, self.case(case), self.now).advice.reminders]

    def forget_names(self, case: int) -> None:
        """Drop the texts of a case that has closed: names, job, topic; they are another's, and nobody needs them."""
        session = self.person.cases.get(case)
        if session is None:
            return
        facts = self.library.facts.by_name
        named = [n for n in session.facts if n not in facts or (facts[n].kind == "text" and facts[n].scope != "user")]
        for name in named:
            session = session.without(name)
        # Whoever comes back to it is greeted first: the question for a name is not in sight, so nothing is read as one.
        closed = session.but(others=(), stage="cancelled", asking="")
        turn = self.person.turn + (case == self.person.current)
        self.person = self.person.but(cases={**self.person.cases, case: closed}, turn=turn)

    def nudge(self, spoken: list[Spoken]) -> Outgoing:
        """Word what is due, with what can be done about each case."""
        blocks: list[Block] = []
        options: list[Option] = []
        names: list[str] = []
        for said in spoken:
            who = self.who(said.case)
            keys = ["remind.overdue"] if said.overdue else [f"nudge.{kind}" for kind in said.kinds]
            names += ["overdue"] if said.overdue else said.kinds
            blocks += [Block("title", self.catalog.say(key, who=who)) for key in keys]
            for option in self.beside_options(said.case):
                label = option.label if len(spoken) == 1 else self.catalog.say("remind.of", who=who, what=option.label)
                options.append(Option(option.id, label))
        return Outgoing("reminder", f"reminder {' '.join(names)}", tuple(blocks), tuple(options))

    def beside_options(self, case: int) -> list[Option]:
        """Return what can be done about a case that was said."""
        again = ["snooze"] if self.may_put_off(case) else []
        return [self.side(what, case) for what in ("look", *again, "stop")]

    def may_put_off(self, case: int) -> bool:
        """Tell whether reminders of a case were not put off too often yet."""
        return self.agenda.life(case, self.today).snoozed < self.library.manners.snoozes

    def side(self, what: str, case: int) -> Option:
        """Return an option that counts by no turn."""
        values = {COUNT: self.library.manners.snooze_business_days} if what == "snooze" else {}
        return Option(f"{BESIDE}{what}_{case}", self.catalog.say(f"remind.options.{what}", **values))

    # -- what follows from a turn of the conversation ------------------------------------------------------------------

    def heard(self, before: Session, turn: Turn, said: list[Effect]) -> list[Effect]:
        """Note what is new, plan what the advice asks for, and say what belongs to it."""
        case, session, agenda = self.person.current, turn.session, self.agenda
        news = self.is_news(before, session)
        if not news and session.answers:
            agenda = schedules.reopened(agenda, case, self.library.manners, self.today)
        if news:
            agenda = schedules.told(agenda, case, self.library.manners, self.today)
            agenda = self.noted(agenda, case, before, session)
            agenda = schedules.recalled(agenda, case, self.said_for_good(case, before, session), self.today)
        advised = any(isinstance(e, Outgoing) and e.kind == "advice" for e in said)
        wanted = [(e.kind, e.day, e.wall) for e in said if isinstance(e, Remind)]
        if advised:
            agenda = schedules.replan(agenda, case, wanted, self.place, self.today, keep=not (news or self.told))
            said = self.with_day(said, agenda.of(case)) if not agenda.paused else said
        self.plan(agenda)
        offers = bool(wanted) and agenda.life(case, self.today).consent == "unasked"
        return [shown for effect in said for shown in self.with_more(case, session, effect, wanted if offers else [])]

    def with_day(self, said: list[Effect], planned: tuple[Reminder, ...]) -> list[Effect]:
        """Return what is said, and with the advice the day of the next reminder where that was not planned before."""
        if not planned or planned[0] in self.agenda.of(self.person.current):
            return said
        text = self.catalog.say("remind.anew", day=planned[0].day, time=planned[0].wall)
        return [
            replace(e, blocks=(*e.blocks, Block("aside", text)))
            if isinstance(e, Outgoing) and e.kind == "advice"
            else e
            for e in said
        ]

    def with_more(
        self, case: int, session: Session, effect: Effect, offered: list[tuple[str, date, time]]
    ) -> list[Effect]:
        """Return an effect with what stands beside it: the offer to remind, the ledger's word, what went out."""
        if not isinstance(effect, Outgoing):
            return [effect]
        if effect.kind == "advice" and offered:
            _, day, wall = min(offered, key=lambda wanted: wanted[1:])
            text = Block("title", self.catalog.say("remind.offer", day=day, time=wall))
            options = tuple(self.side(what, case) for what in ("yes", "other", "no"))
            return [effect, Outgoing("reminder", "reminder offer", (text,), options)]
        if effect.kind == "advice" and self.closes(session):
            days = self.library.manners.close_after_days
            text = Block("text", self.catalog.say("remind.closed", who=self.who(case), days=days))
            return [effect, Outgoing("reminder", "reminder closed", (text,), (self.side("delete", case),))]
        if effect.kind == "note":
            return self.politely(case, session, effect)
        if effect.name == "menu":
            return [replace(effect, options=(*effect.options, *self.went_out(case, session)))]
        return [effect]

    def closes(self, session: Session) -> bool:
        """Tell whether a case ends with its advice."""
        view = SessionView(self.library, session, self.now)
        return view.outcomes.ruleset.verdicts[view.outcome.verdict].closes

    def is_news(self, before: Session, session: Session) -> bool:
        """Tell whether something about the case, and no mere text of a note, is another than before."""
        facts, old, new = self.library.facts, before.facts, session.facts
        return any(
            old.get(name) != new.get(name)
            for name in old.keys() | new.keys()
            if name in facts.by_name and facts[name].kind != "text" and facts[name].scope != "user"
        )

    # -- below a reminder ----------------------------------------------------------------------------------------------

    def beside(self, option: str) -> bool:
        """Do what was tapped below a reminder; False when it makes no sense any more."""
        what, _, number = option.removeprefix(BESIDE).partition("_")
        case = int(number) if number.isdecimal() and len(number) < 10 else 0
        tapped: Mapping[str, Callable[[int], bool]] = {
            "yes": self.agree, "other": self.ask_day, "no": self.decline, "look": self.look, "snooze": self.snooze,
            "stop": self.stop, "delete": self.delete, "ics": self.hand_over,
        }  # fmt: skip
        if what not in tapped or case not in self.person.cases:
            return False
        return tapped[what](case)

    def agree(self, case: int) -> bool:
        """Remind of a case, as its advice says."""
        self.plan(self.agreed(case))
        if self.agenda.zone_known:
            self.confirm(case)
        else:
            self.offer(f"zone-{case}")
        return True

    def agreed(self, case: int) -> ReminderSchedule:
        """Return the agenda with everything that the advice about a case asks for, to which the candidate agreed."""
        agenda = schedules.consented(self.agenda, case, "yes", self.today)
        return schedules.replan(agenda, case, self.wanted(case), self.place, self.today)

    def ask_day(self, case: int) -> bool:
        """Ask for another day or time."""
        self.offer(f"day-{case}")
        return True

    def confirm(self, case: int) -> None:
        """Say what was agreed upon, with the day in the candidate's own time."""
        planned = self.agenda.of(case)
        if not planned:
            self.say("remind.nothing")
            return
        where = city(self.person.zone)
        text = self.catalog.say("remind.planned", day=planned[0].day, time=planned[0].wall, zone=where)
        options = (self.side("ics", case), self.side("stop", case))
        self.effects.append(Outgoing("reminder", "reminder planned", (Block("text", text),), options))

    def decline(self, case: int) -> bool:
        """Do not remind of a case."""
        self.plan(schedules.consented(self.agenda, case, "no", self.today))
        self.say("remind.declined")
        return True

    def stop(self, case: int) -> bool:
        """Stop all reminders of a case at once."""
        self.plan(schedules.consented(self.agenda, case, "no", self.today))
        text = Block("text", self.catalog.say("remind.stopped", who=self.who(case)))
        options = (self.side("yes", case), self.side("delete", case))
        self.effects.append(Outgoing("reminder", "reminder stopped", (text,), options))
        return True

    def delete(self, case: int) -> bool:
        """Forget a case altogether."""
        left = {number: session for number, session in self.person.cases.items() if number != case}
        current = 0 if self.person.current == case else self.person.current
        self.person = replace(self.person, cases=left, current=current, agenda=schedules.dropped(self.agenda, case))
        self.say("remind.deleted")
        return True

    def snooze(self, case: int) -> bool:
        """Put off what was said about a case."""
        put_off = schedules.snoozed(self.agenda, case, self.library.manners, self.place, self.today)
        if put_off is None:
            return False
        self.plan(put_off)
        day = add_business_days(self.today, self.library.manners.snooze_business_days, self.place.week)
        self.say("remind.snoozed", day=day)
        return True

    def hand_over(self, case: int) -> bool:
        """Give the next reminder of a case as a calendar file."""
        planned = [reminder for reminder in self.coming() if reminder.case == case]
        if not planned:
            return False
        summary = self.line(planned[0])
        text = calendar_file(f"{case}-{planned[0].kind}-{planned[0].day:%Y%m%d}", summary, planned[0].due, self.now)
        self.effects.append(FileToSend("reminder.ics", text, self.catalog.say("remind.calendar")))
        return True

    def look(self, case: int) -> bool:
        """Begin the follow-up: ask anew what may have changed, judge again, and hand the note over."""
        asked = [kind for kind in self.agenda.life(case, self.today).asked if kind in self.library.reminders]
        names = {name for kind in asked for name in self.library.reminders[kind].asks}
        self.person = replace(self.person, asking="", current=case)
        session, facts = self.case(case), self.library.facts
        # Before the question is asked anew, what has come true already need not be: a no stays a no.
        anew = {name for name in names if session.facts.get(name) not in facts[name].can_change}
        flow = FOLLOW_UP if FOLLOW_UP in self.library.flows else session.flow
        judged = {step.id for step in self.library.flows[session.flow].steps if step.kind == "judge"}
        before = {step: f"{mark.partition('|')[0]}|" for step, mark in session.said.items() if step in judged}
        known = {name: answer for name, answer in {**session.facts, **self.person.facts}.items() if name not in anew}
        again = session.but(
            flow=flow, answers={}, carried=known, asking="", said=before, stage="open", language=self.person.language
        )
        self.converse(TimePassed(), session=again)
        return True

    def coming(self) -> list[Reminder]:
        """Return what is planned and can be named: the content may have been edited meanwhile."""
        return [r for r in self.agenda.planned if r.case in self.person.cases and r.kind in self.library.reminders]

    def line(self, reminder: Reminder) -> str:
        """Name a reminder: whom it is about, and what for."""
        what = self.catalog.say(f"reminder.{reminder.kind}")
        return self.catalog.say("change.line", what=self.who(reminder.case), answer=what)
