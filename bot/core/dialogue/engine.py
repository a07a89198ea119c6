"""The heart: one event and one session in, the next session and what to say out.

Law of this file: `advance` is pure and total. The same library, session, event and `now` give the same turn;
an event that makes no sense here changes nothing and is answered kindly; no event is ever an exception.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime

from bot.core.advice.facts import NO_DATE
from bot.core.advice.judge import Advice
from bot.core.advice.notes import Note, Unfit
from bot.core.advice.policy import OVERRIDDEN
from bot.core.dialogue import render
from bot.core.dialogue.answers import OTHER_DAY, Unclear, choose, days_of, read
from bot.core.dialogue.changes import because, is_brought_by_time
from bot.core.dialogue.dates import Misread
from bot.core.dialogue.explain_text import short_why_message, why_message
from bot.core.dialogue.flow import END, Step
from bot.core.dialogue.second_look import ASK_AGAIN, confirmed, missed, replied, settled_look, was_missed, with_offer
from bot.core.dialogue.session import (
    Back,
    Block,
    Cancelled,
    Change,
    Effect,
    Event,
    Option,
    Outgoing,
    Parted,
    Picked,
    Remind,
    Restarted,
    Said,
    Session,
    Settled,
    Started,
    StepDone,
    TakenBack,
    Turn,
    Why,
)
from bot.core.dialogue.told import CONFIRM, FEWEST, FEWEST_IN_BLANK, told_in, with_story, without_story
from bot.core.dialogue.view import CHOSEN, SessionView
from bot.core.library import Library

CHANGE = "change"
DETAIL = "detail"
APART = "menu:texts"
"""Beside the steps that were said: the marks of the texts that were asked for from the menu at the end."""
LATER = "+"
"""In the mark of an advice: what follows it is asked for only after the advice."""
MAX_TEXTS = 8  # a turn that would compose more texts than this has a slot that can never fit; it fails readably


def advance(library: Library, session: Session, event: Event, now: datetime) -> Turn:
    """Return what `event` leads to at the instant `now` (aware)."""
    return _TurnBuilder(library, session, now).turn(event)


class _TurnBuilder:
    """One turn: `view` is where the session stands, `effects` what has been said so far."""

    def __init__(self, library: Library, session: Session, now: datetime) -> None:
        self.library = library
        self.now = now
        self.effects: list[Effect] = []
        self.session = session
        self.view = SessionView(library, session, now)
        self.asked_back = False
        """Whether a question of its own stands in the place of the open one."""
        if session.asking and not self.asks_soundly():
            self.move(session.but(asking=""))

    def move(self, session: Session) -> None:
        """Take `session` as the new state."""
        self.session = session
        self.view = self.view.after(session)

    def asks_soundly(self) -> bool:
        """Tell whether what is asked beside the way still stands to choice; an edited flow may have dropped it."""
        name, flow, facts = self.session.asking, self.view.flow, self.library.facts.by_name
        if name == CONFIRM:
            return bool(self.session.told)
        if name == CHANGE:
            return bool(self.view.changeable())
        if name == DETAIL:
            return bool(self.view.offered())
        asked = name in flow.asks or name in flow.offers or name in self.view.changeable()
        return name in facts and asked

    def say(self, message: Outgoing) -> None:
        """Add a message."""
        self.effects.append(message)

    def notice(self, key: str) -> None:
        """Add a short notice."""
        self.say(render.notice(self.view.catalog, f"notice.{key}"))

    def turn(self, event: Event) -> Turn:
        """Handle the event, then say what follows from where the session now stands."""
        if self.session.stage == "cancelled" and not isinstance(event, Cancelled):
            self.move(self.session.but(stage="open"))
            # Whoever comes back says hello in whatever words: only a tap says which question it answers.
            event = Started() if isinstance(event, Said) else event
        if self.handle(event) and not self.asked_back:
            self.tell()
        return Turn(self.session.but(turn=self.session.turn + 1), tuple(self.effects))

    # -- events ------------------------------------------------------------------------------------------------------

    def handle(self, event: Event) -> bool:
        """Change the session as the event asks; False when there is nothing more to say."""
        match event:
            case Started():
                self.start()
            case Said(text):
                self.hear(text)
            case Picked():
                self.pick(event)
            case Back():
                self.back()
            case Why(advice, full):
                self.why(advice=advice, full=full)
            case Change():
                self.choose_change()
            case Restarted():
                self.restart()
            case Cancelled():
                return self.cancel()
            case StepDone(sort, before):
                self.step_done(sort, before)
        return True  # time that passed changes no answer

    def step_done(self, sort: str, before: Session) -> None:
        """Say that a step is done and what comes next; the advice is said anew only if that is another plan."""
        sent = next((day for what, day in reversed(self.session.ledger) if what == sort), self.view.today)
        then = self.now - (self.view.today - sent)  # what it followed is what was planned on the day it went out
        was, plan = SessionView(self.library, before, then).advice.plan, self.view.advice.plan
        self.effects.extend(self.reminds(self.view.advice))
        if not plan.follows(was, sort):
            self.say(render.step_done_message(self.view, sort, news=True))
            return
        self.say(render.step_done_message(self.view, sort, news=False))
        judged = {step.id: _fingerprint(self.view, step) for step in self.judged if step.id in before.said}
        self.move(self.session.but(said={**self.session.said, **judged}))

    @property
    def judged(self) -> list[Step]:
        """The steps of the flow that say an advice."""
        return [step for step in self.view.flow.steps if step.kind == "judge"]

    def start(self) -> None:
        if self.session.answers:
            self.notice("resumed")
        else:
            self.say(self.hello())

    def hello(self) -> Outgoing:
        catalog = self.view.catalog
        blocks = (
            Block("title", catalog.say("notice.hello")),
            Block("aside", catalog.say("notice.promise")),
        )
        return Outgoing("notice", "notice hello", blocks)

    def pick(self, tap: Picked) -> None:
        # An edited flow may ask something else by now, to which the same option is an answer as well.
        if tap.turn != self.session.turn or (tap.about and tap.about != self.asked()):
            self.notice("stale")
            return
        if tap.option != ASK_AGAIN:
            self.answer(tap.option)

    def back(self) -> None:
        if self.session.asking:
            told = self.session.asking == CONFIRM
            self.move(without_story(self.session) if told else self.session.but(asking=""))
            return
        flow = self.view.flow
        passed = [flow.step[step].fact for step in self.view.position.passed]
        given = [n for n in self.session.answers if n in passed or n in flow.offers or n == OVERRIDDEN]
        if self.days_in_question():
            given = [self.view.position.fact or ""]  # what is taken back is the stretch of days
        if not (given or passed):
            self.notice("first_question")
            return
        self.effects.append(TakenBack())
        self.move(self.session.without((given or passed)[-1]))

    def why(self, *, advice: bool, full: bool) -> None:
        advice = advice or (full and any(step.id in self.session.said for step in self.judged))
        asked = "" if advice else self.asked()
        if asked:
            self.say(render.notice(self.view.catalog, f"question.{asked}.why"))
        else:
            self.say(why_message(self.view) if full else short_why_message(self.view))

    def asked(self) -> str:
        """Return the fact that is being asked, if any."""
        if self.session.asking in (CHANGE, DETAIL, CONFIRM):
            return ""
        return self.session.asking or self.view.position.fact or ""

    def days_in_question(self) -> tuple[Option, ...]:
        """Return the days of which one is asked for, where a stretch of days was told and is not enough."""
        name, view = self.view.position.fact, self.view
        if not name or self.session.asking or name not in self.session.facts:
            return ()
        fact, answer = self.library.facts[name], self.session.facts[name]
        return days_of(fact, answer, view.catalog, view.today, self.session.place.week) if fact.kind == "date" else ()

    def choose_change(self) -> None:
        if self.view.changeable():
            self.move(self.session.but(asking=CHANGE))
        else:
            self.say(render.notice(self.view.catalog, "change.none"))

    def restart(self) -> None:
        self.effects.append(Parted(self.session))
        self.move(self._anew({"user"}, others=()))
        self.notice("restarted")

    def another(self) -> None:
        """Begin with another person met at the same interview: what they share is not asked again."""
        self.effects.append(Parted(self.session))
        texts = [self.view.compose(kind) for kind in self.view.kinds]
        others = (*self.session.others, *(text.trace for text in texts if isinstance(text, Note)))
        self.move(self._anew({"user", "interview"}, others=others))
        self.notice("another")

    def _anew(self, scopes: set[str], others: tuple[str, ...]) -> Session:
        facts = self.library.facts.by_name
        kept = {n: a for n, a in self.session.facts.items() if n in facts and facts[n].scope in scopes}
        return self.session.but(answers={}, carried=kept, asking="", said={}, others=others)

    def cancel(self) -> bool:
        self.move(self.session.but(stage="cancelled", asking=""))
        self.notice("cancelled")
        return False

    # -- answers -----------------------------------------------------------------------------------------------------

    def hear(self, text: str) -> None:
        """Take a typed text as a story, where it tells several things at once, else as an answer."""
        asked = self.asked()
        blank = bool(asked) and self.library.facts[asked].kind == "text"
        correction = self.session.asking == CONFIRM
        told = told_in(self.view, text, 1 if correction else FEWEST_IN_BLANK if blank else FEWEST)
        if told:
            self.move(with_story(settled_look(self.session), told))
        else:
            self.answer(text)

    def confirm(self, text: str) -> None:
        """Take the answer to whether a story was read right."""
        catalog = self.view.catalog
        chosen = choose(text, render.story_options(catalog))
        reply = chosen.id if chosen else replied(text, catalog)
        if reply in ("right", "yes"):
            self.move(self.session.but(asking=""))
        elif reply in ("change", "no"):
            self.move(self.session.but(asking=CHANGE))
        else:
            self.say(render.misread(catalog, Misread("choice")))

    def answer(self, text: str) -> None:
        if self.session.asking == CONFIRM:
            self.confirm(text)
        elif self.session.asking in (CHANGE, DETAIL):
            self.choose_fact(text)
        elif asked := self.asked():
            self.answer_fact(asked, text)
        else:
            self.act(text)

    def choose_fact(self, text: str) -> None:
        facts = self.view.changeable() if self.session.asking == CHANGE else self.view.offered()
        listed = render.list_message(self.view.catalog, f"{self.session.asking}.title", facts)
        chosen = choose(text, listed.options)
        if chosen is None:
            self.say(render.misread(self.view.catalog, Misread("choice")))
            return
        self.effects.append(Settled(chosen.label))
        self.move(self.session.but(asking=chosen.id))

    def answer_fact(self, name: str, text: str) -> None:
        fact = self.library.facts[name]
        days = self.days_in_question()
        chosen = choose(text, days) if days else None
        text = chosen.id if chosen and chosen.id != OTHER_DAY else text
        catalog = self.view.catalog
        found = confirmed(self.session, name, text, catalog) or read(
            fact, text, catalog, self.view.today, self.session.place.week
        )
        if isinstance(found, Unclear):
            self.say(render.meant_message(fact, found.options, catalog))
            self.move(with_offer(self.session, name, found.options))
            self.asked_back = True
            return
        if isinstance(found, Misread):
            self.say(render.misread_answer(fact, found, catalog, again=was_missed(self.session, name)))
            self.move(missed(self.session, name))
            return
        self.move(settled_look(self.session))
        if found == ASK_AGAIN:
            return
        self.effects.append(Settled(render.settled(fact, found, self.view.catalog)))
        before = self.view.outcome.verdict
        self.move(self.session.with_answer(name, found))
        if OVERRIDDEN in self.session.facts and self.view.outcome.verdict != before:
            self.move(self.session.without(OVERRIDDEN))  # it was said against another advice

    def act(self, text: str) -> None:
        """Do what was chosen from the menu at the end."""
        offered = render.menu_message(self.view.catalog, self.menu())
        chosen = choose(text, offered.options)
        actions = {
            "override": lambda: self.move(self.session.with_answer(OVERRIDDEN, "yes")),
            "another_wording": lambda: self.choose_wording("another_wording"),
            "warmer": lambda: self.choose_wording("warmer"),
            "formal": lambda: self.choose_wording("formal"),
            "longer": lambda: self.show((self.view.other_length() or ("", None))[1]),
            "shorter": lambda: self.show((self.view.other_length() or ("", None))[1]),
            "as_mail": lambda: self.show(self.view.as_mail()),
            "change": self.choose_change,
            "detail": lambda: self.move(self.session.but(asking=DETAIL)),
            "another": self.another,
            "restart": self.restart,
        }
        if chosen is None:
            self.say(render.misread(self.view.catalog, Misread("choice")))
            return
        self.effects.append(Settled(chosen.label))
        actions[chosen.id]()

    def menu(self) -> list[str]:
        """Return what can be done at the end."""
        view = self.view
        length, other = view.other_length() or ("", None)
        possible = {
            "override": view.can_override(),
            **dict.fromkeys(("another_wording", "warmer", "formal"), False),
            **{name: any(map(self.is_new, notes)) for name, notes in view.other_wordings().items()},
            "longer": length == "longer" and self.is_new(other),
            "shorter": length == "shorter" and self.is_new(other),
            "as_mail": self.is_new(view.as_mail()),
            "change": bool(view.changeable()),
            "detail": bool(view.offered()),
            "another": True,
            "restart": True,
        }
        return [id_ for id_ in render.MENU if possible[id_]]

    def is_new(self, text: Note | None) -> bool:
        """Tell whether there is a text that was not shown from the menu yet."""
        return text is not None and self.mark(text) not in self.session.said.get(APART, "").split()

    def choose_wording(self, name: str) -> None:
        """Give the note in other words, and keep to them from here on."""
        note = next(filter(self.is_new, self.view.other_wordings()[name]))
        before = self.session.said
        self.move(self.session.but(said={**before, CHOSEN: f"{note.kind} {note.voice}"}))
        self.show(note)
        texts = [self.view.compose(kind) for kind in self.view.kinds]
        marks = " ".join(self.mark(text) for text in texts if isinstance(text, Note))
        given = [step.id for step in self.view.flow.steps if step.kind == "compose" and step.id in before]
        self.move(self.session.but(said={**self.session.said, **dict.fromkeys(given, marks)}))

    def show(self, text: Note | None) -> None:
        """Show a text from the menu, which need not be offered there again."""
        if text is not None:
            self.say(self.note_message(text))
            shown = f"{self.session.said.get(APART, '')} {self.mark(text)}".strip()
            self.move(self.session.but(said={**self.session.said, APART: shown}))

    # -- telling where things stand ----------------------------------------------------------------------------------

    def tell(self) -> None:
        """Say what was crossed on the way and is new, then ask what is open; a story is confirmed before."""
        if self.session.asking == CONFIRM:
            self.ask()
            return
        for _ in range(MAX_TEXTS):
            for step in self.view.position.crossed:
                if not self.announce(self.view.flow.step[step]):
                    break  # a text did not fit: its slot is open again, so the position has moved back
            else:
                self.ask()
                return
        raise RuntimeError(f"no text of flow '{self.session.flow}' can be made to fit; `afterword check` says which")

    def announce(self, step: Step) -> bool:
        """Say what a crossed step has to say, once; False when it turned out that an answer must be given anew."""
        if step.kind == "judge":
            before, mark = self.session.said.get(step.id, ""), _fingerprint(self.view, step)
            if self.first_time(step, mark, self.view.outcome.verdict):
                same = before.partition(LATER)[0] == mark.partition(LATER)[0]
                self.effects.extend(self.tell_plan(mark) if same else self.advise(self.view.advice))
            return True
        texts = [self.view.compose(kind) for kind in self.view.kinds]
        for text in texts:
            if isinstance(text, Unfit):
                self.say(render.unfit_message(self.view.catalog, text))
                self.move(self.session.without(text.slot))
                return False
        notes = {self.mark(text): text for text in texts if isinstance(text, Note)}
        handed = self.session.said.get(step.id, "").split()
        if self.first_time(step, " ".join(notes)):
            self.hand_over([note for mark, note in notes.items() if mark not in handed])
        return True

    def mark(self, note: Note) -> str:
        """Return what makes a text the same as before: its words, and for a note what is said before it."""
        gates = self.view.outcome.gates if note.goes_with_request else ()
        words = "\0".join((note.subject, note.text, *gates))
        return f"{note.kind}:{hashlib.sha256(words.encode()).hexdigest()[:16]}"

    def first_time(self, step: Step, mark: str, verdict: str = "") -> bool:
        """Tell whether this has not been said yet; where the verdict is another than before, say what changed."""
        before = self.session.said.get(step.id)
        if before == mark:
            return False
        was = (before or "").partition("|")[0]
        if verdict and was and was != verdict and not is_brought_by_time(self.view, was):
            self.say(self.changed(was, verdict))
        self.move(self.session.but(said={**self.session.said, step.id: mark}))
        return True

    def changed(self, was: str, verdict: str) -> Outgoing:
        """Say what the verdict was, what it is now, and because of what."""
        names = {"was": self._verdict(was), "now": self._verdict(verdict)}
        why = because(self.view, was)
        key, given = ("notice.changed_because", {**names, "why": why}) if why else ("notice.changed", names)
        return Outgoing("notice", "notice changed", (Block("text", self.view.catalog.say(key, **given)),))

    def _verdict(self, id_: str) -> str:
        return self.view.catalog.say(f"verdict.{id_}.name") if self.view.catalog.has(f"verdict.{id_}.name") else id_

    def advise(self, advice: Advice) -> Iterator[Effect]:
        ruleset, room = self.view.outcomes.ruleset, render.advice_room(self.library)
        yield render.advice_message(ruleset, self.library.facts, self.view.catalog, advice, room=room)
        yield from self.reminds(advice)

    def tell_plan(self, mark: str) -> Iterator[Effect]:
        """Tell the plan alone: only a day that was asked for after the advice can have moved it."""
        moved = any(day != NO_DATE for day in mark.split(LATER)[1:])
        yield render.plan_message(self.view.catalog, self.view.advice, moved=moved)
        yield from self.reminds(self.view.advice)

    def reminds(self, advice: Advice) -> Iterator[Remind]:
        """Give the reminders that an advice asks for; what only follows from a step not done yet comes with that."""
        for reminder in advice.reminders:
            if reminder.certain:
                yield Remind(reminder.kind, reminder.day, reminder.wall, reminder.due)

    def hand_over(self, notes: list[Note]) -> None:
        """Give the finished texts; before the note, what should be looked at first (G1, G3)."""
        advice = self.view.advice
        ruleset = self.view.outcomes.ruleset
        for note in notes:
            if note.goes_with_request:
                warnings = list(render.gate_blocks(ruleset, self.view.catalog, advice, before_note=True))
                if warnings:
                    self.say(Outgoing("checklist", "checklist", tuple(warnings)))
            self.say(self.note_message(note))

    def note_message(self, note: Note) -> Outgoing:
        kind = self.library.notebook.kinds[note.kind]
        return render.note_message(self.view.catalog, kind, note, self.view.advice, today=self.view.today)

    def ask(self) -> None:
        """Ask the open question, or offer the menu at the end."""
        catalog, position, asking = self.view.catalog, self.view.position, self.session.asking
        if asking == CONFIRM:
            facts_ = self.library.facts.by_name
            told = {name: self.session.facts[name] for name in self.session.told if name in self.session.facts}
            self.say(render.story_message({facts_[n]: answer for n, answer in told.items() if n in facts_}, catalog))
        elif asking in (CHANGE, DETAIL):
            facts = self.view.changeable() if asking == CHANGE else self.view.offered()
            self.say(render.list_message(catalog, f"{asking}.title", facts))
        elif asking:
            self.say(render.loose_question(self.library.facts[asking], catalog))
        elif position.step == END or position.fact is None:
            self.say(render.menu_message(catalog, self.menu()))
        else:
            hints = self.hints(self.view.flow.step[position.step])
            fact, part = self.library.facts[position.fact], "advice"
            if any(self.view.flow.step[s].kind == "judge" for s in position.crossed):
                part = "note" if fact.kind != "date" else ""  # a day is asked for the plan, which stands already
            if days := self.days_in_question():
                self.say(render.which_day(catalog, fact, days, position, part))
            else:
                self.say(render.question(catalog, fact, position, hints, part))

    def hints(self, step: Step) -> list[str]:
        """Return the further lines under a question that are for this person."""
        if not step.hints:
            return []
        return [hint.say for hint in step.hints if hint.when.fits(self.view.believed)]


def _fingerprint(view: SessionView, step: Step) -> str:
    """Return what makes an advice the same as before: verdict first, then everything that is said with it.

    Days count by the answers they are counted from: that another day has come is no reason to say the same again.
    """
    answers, facts, steps = view.session.answers, view.library.facts, view.flow.steps
    days = [name for name in sorted(view.outcome.needs) if name in answers and facts[name].kind == "date"]
    later = {other.fact for other in steps[steps.index(step) :]}
    first = "|".join((view.outcome.said, *(answers[name] for name in days if name not in later)))
    return LATER.join((first, *(answers[name] for name in days if name in later)))
