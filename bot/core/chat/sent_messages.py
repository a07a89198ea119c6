"""What went out, by the candidate's own word, and what would be one too many.

Law of this file: the ledger is written by answers and taps alone; a text that politeness forbids is not handed over,
and the reason is.
"""

from __future__ import annotations

from dataclasses import replace

from bot.core.advice.catalog import COUNT
from bot.core.advice.contact_history import WITHDRAWN, Entry, Monthly, Refusal, Sort, entered, in_month, refusal
from bot.core.advice.judge import PersonCalendar
from bot.core.chat.turn import ChatTurn
from bot.core.dialogue.engine import advance
from bot.core.dialogue.flow import END
from bot.core.dialogue.session import Block, Effect, Option, Outgoing, Session, TimePassed, place_of
from bot.core.dialogue.view import SessionView
from bot.core.reminders import schedule as schedules
from bot.core.reminders.schedule import ReminderSchedule

SENT = "sent_"
"""With a sort of message, the option that says that it went out."""
WISHED = "wish_"
"""With a sort of message, the option that asks whether one may go out."""


class Sending(ChatTurn):
    """What a visit has to do with the ledger."""

    told = False
    """Whether something went out by the candidate's word in this visit, so that what is planned is out of date."""

    @property
    def place(self) -> PersonCalendar:
        """Where and how the person's days run."""
        return place_of(self.person.zone, self.person.working_days, self.person.holidays)

    @property
    def agenda(self) -> ReminderSchedule:
        """What the person will be reminded of, and what went out."""
        return self.person.agenda

    def plan(self, agenda: ReminderSchedule) -> None:
        """Take `agenda` as the person's."""
        if agenda != self.person.agenda:
            self.person = self.person.but(agenda=agenda)

    def case(self, number: int) -> Session:
        """Return the conversation of a case, which knows how many notes the month leaves."""
        session = super().case(number)
        if not self.agenda.ledgers:
            return session
        for sort in self.library.courtesy.sorts.values():
            if sort.monthly and sort.monthly.leaves not in session.answers:
                session = self.counted(session, sort, sort.monthly)
        return session

    def counted(self, session: Session, sort: Sort, monthly: Monthly) -> Session:
        """Return a conversation that knows what the month leaves; what an earlier month left is told no more."""
        sent = in_month(self.agenda.ledgers.values(), sort.id, self.today)
        known = {name: answer for name, answer in session.carried.items() if name != monthly.leaves}
        if sent:
            known[monthly.leaves] = str(max(0, monthly.at_most - sent))
        return session if known == session.carried else session.but(carried=known)

    def said_for_good(self, case: int, before: Session, session: Session) -> dict[str, int]:
        """Return how often those reminders of a case were said that are counted from a day which is as it was.

        Such a day has passed: only when it is another can its reminder come again.
        """
        counts, kinds = self.agenda.life(case, self.today).counts, self.library.reminders
        days = {kind: kinds[kind].due.reads for kind in counts if kind in kinds}
        old, new = before.facts, session.facts
        same = [kind for kind, names in days.items() if names and all(old.get(n) == new.get(n) for n in names)]
        return {kind: counts[kind] for kind in same}

    def noted(self, agenda: ReminderSchedule, case: int, before: Session, session: Session) -> ReminderSchedule:
        """Enter what an answer says went out, or was taken back, since the last answer to the same question."""
        ledger = agenda.ledgers.get(case, ())
        for sort in self.library.courtesy.sorts.values():
            for name, value in sort.then.items():
                was, now = before.facts.get(name), session.facts.get(name)
                if was not in (None, value) and now == value:
                    ledger = entered(ledger, sort.id, self.today)
                elif sort.again_after_days and was == value and now == self.library.facts[name].cautious:
                    ledger = entered(ledger, WITHDRAWN, self.today)
        return replace(agenda, ledgers={**agenda.ledgers, case: ledger}) if ledger else agenda

    def politely(self, case: int, session: Session, note: Outgoing) -> list[Effect]:
        """Hand over a text unless it would be one too many; then say why, and from when on it would be right."""
        sort, ledger = self.library.courtesy.of_note(note.name.split()[1]), self.agenda.ledgers.get(case, ())
        if sort is None:
            return [note]
        allowed = self.allowed(session, sort, note)
        if not ledger:
            return allowed
        day = SessionView(self.library, session, self.now).advice.opens or self.today
        why = refusal(self.library.courtesy, ledger, sort.id, max(day, self.today), self.place.week)
        if why is None:
            return allowed
        notice = self.refusing(why)
        return [notice, *allowed] if why.reason == "apart" else [notice]

    def allowed(self, session: Session, sort: Sort, note: Outgoing) -> list[Effect]:
        """Return a text, and before the last one of the month that it is the last."""
        monthly, facts = sort.monthly, session.facts
        if monthly is None or any(facts.get(name) != value for name, value in monthly.when.items()):
            return [note]
        if in_month(self.agenda.ledgers.values(), sort.id, self.today) != monthly.at_most - 1:
            return [note]
        return [Outgoing("notice", "notice last", (Block("caution", self.catalog.say("ledger.last")),)), note]

    def refusing(self, why: Refusal) -> Outgoing:
        """Say why a message would be one too many."""
        return Outgoing("notice", f"notice {why.reason}", (Block("caution", self.declined(why)),))

    def declined(self, why: Refusal) -> str:
        """Word why a message would be one too many."""
        days = {"day": why.sent, **({"date": why.on} if why.on else {})}
        return self.catalog.say(f"ledger.{why.reason}", **days, **{COUNT: why.at_most})

    def went_out(self, case: int, session: Session) -> list[Option]:
        """Return what may have gone out by now: what was handed over, for the candidate to say so."""
        view, ledger = SessionView(self.library, session, self.now), self.agenda.ledgers.get(case, ())
        outcome, verdicts = view.outcome, view.outcomes.ruleset.verdicts
        ready = verdicts[outcome.verdict].open or outcome.overridden
        kinds = (*outcome.mails, *([outcome.note] if outcome.note and ready else []))
        sorts = dict.fromkeys(sort.id for kind in kinds if (sort := self.library.courtesy.of_note(kind)))
        own = [
            Option(f"{SENT}{sort}", self.catalog.say(f"sent.{sort}"))
            for sort in sorts
            if (sort, self.today) not in ledger
        ]
        return [*own, *self.wishes(session, ledger)]

    def wishes(self, session: Session, ledger: tuple[Entry, ...]) -> list[Option]:
        """Return what the candidate may wish to send in words of their own, and may say went out, once allowed."""
        found = []
        for sort in self.library.courtesy.sorts.values():
            if sort.after and all(session.facts.get(name) == value for name, value in sort.after.items()):
                found.append(Option(f"{WISHED}{sort.id}", self.catalog.say(f"wish.{sort.id}.ask")))
                if self.refused(sort.id, ledger) is None:
                    found.append(Option(f"{SENT}{sort.id}", self.catalog.say(f"sent.{sort.id}")))
        return found

    def refused(self, what: str, ledger: tuple[Entry, ...]) -> Refusal | None:
        """Return why a message of the sort `what` would be one too many today."""
        return refusal(self.library.courtesy, ledger, what, self.today, self.place.week)

    def wished(self, what: str) -> None:
        """Answer whether a message of this sort may go out, and if not, why it would be one too many."""
        why = self.refused(what, self.agenda.ledgers.get(self.person.current, ()))
        if why is None:
            self.say(f"wish.{what}.allowed", **{COUNT: self.library.courtesy.sorts[what].at_most})
        else:
            self.effects.append(self.refusing(why))
        self.again()

    def listed(self) -> list[Option]:
        """Return the whole menu at the end of a conversation, as it was shown; nothing amid one."""
        session = self.session
        if SessionView(self.library, session, self.now).position.step != END or session.asking:
            return []
        return list(self.menu(session).options)

    def menu(self, session: Session) -> Outgoing:
        """Return the menu at the end of a conversation."""
        own = advance(self.library, session, TimePassed(), self.now).messages[-1]
        return replace(own, options=(*own.options, *self.went_out(self.person.current, session)))

    def sent(self, what: str) -> None:
        """Take the candidate's word that a message of this sort went out, and look again at what is right now."""
        sort, case = self.library.courtesy.sorts.get(what), self.person.current
        if sort is None or not case:
            self.again()
            return
        session = self.gone_out(case, sort)
        self.say("remind.noted")
        self.converse(TimePassed(), session=session)

    def gone_out(self, case: int, sort: Sort) -> Session:
        """Enter into the ledger that a message of this sort went out today; return the case with what that answers."""
        session = self.case(case)
        agenda = schedules.told(self.agenda, case, self.library.manners, self.today)
        ledger = entered(agenda.ledgers.get(case, ()), sort.id, self.today)
        agenda = schedules.recalled(agenda, case, self.said_for_good(case, session, session), self.today)
        self.plan(replace(agenda, ledgers={**agenda.ledgers, case: ledger}))
        self.told = True
        for name, value in sort.then.items():
            session = session.with_answer(name, value)
        return session
