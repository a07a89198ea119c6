"""One moment of a conversation: a session, the content and `now`, and everything that follows from them.

Law of this file: nothing here changes anything; it is worked out on demand and forgotten with the turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from bot.core.advice.calendar import local_date
from bot.core.advice.catalog import Catalog
from bot.core.advice.facts import NOT_SURE, Fact
from bot.core.advice.judge import Advice, judge
from bot.core.advice.notes import PLAIN, Note, NoteKind, Unfit, as_mail, compose, texts_of
from bot.core.advice.policy import OVERRIDDEN, CompiledPolicy, Outcome
from bot.core.dialogue.flow import Flow
from bot.core.dialogue.progress import Position, Route
from bot.core.dialogue.session import Session
from bot.core.library import Library

CHOSEN = "menu:voice"
"""Beside the steps that were said: the kind of note and the number of the voice that was asked for."""
_ASKED = {"warm": "warmer", "formal": "formal"}


@dataclass(frozen=True)
class SessionView:
    """Where a session stands at `now`."""

    library: Library
    session: Session
    now: datetime

    def after(self, session: Session) -> SessionView:
        """Return the view of a later session of the same turn; what follows from the same answers is kept."""
        view = SessionView(self.library, session, self.now)
        now = self.session
        same = session.answers is now.answers and session.carried is now.carried and session.place is now.place
        same = same and session.ledger is now.ledger
        same = same and session.said.get(CHOSEN) == now.said.get(CHOSEN)
        if same and (session.flow, session.language, session.others) == (now.flow, now.language, now.others):
            view.__dict__.update({name: value for name, value in self.__dict__.items() if name != "session"})
        return view

    @cached_property
    def flow(self) -> Flow:
        """The conversation."""
        return self.library.flows[self.session.flow]

    @cached_property
    def route(self) -> Route:
        """The compiled conversation."""
        return self.library.routes[self.session.flow]

    @cached_property
    def outcomes(self) -> CompiledPolicy:
        """The compiled policy."""
        return self.library.outcomes[self.flow.rules]

    @cached_property
    def catalog(self) -> Catalog:
        """The messages in the person's language."""
        return self.library.catalog(self.session.language)

    @cached_property
    def today(self) -> date:
        """The day it is where the person lives."""
        return local_date(self.now, self.session.zone)

    @cached_property
    def known(self) -> dict[str, str]:
        """The finite facts that the answers settle today."""
        return dict(self.library.facts.meaning(self.told, self.today, self.session.place.week))

    @cached_property
    def believed(self) -> dict[str, str]:
        """All finite facts: as they were answered, else at their cautious values."""
        return {**self.library.facts.cautious, **self.route.assumed, **self.known}

    @cached_property
    def told(self) -> frozenset[tuple[str, str]]:
        """The answers that conditions may read, as they were given."""
        return self.library.facts.told(self.session.facts)

    @cached_property
    def given(self) -> frozenset[str]:
        """The facts that have an answer which the content still accepts."""
        facts = self.library.facts.by_name
        return frozenset(
            name for name, answer in self.session.facts.items() if name in facts and facts[name].accepts(answer)
        )

    @cached_property
    def position(self) -> Position:
        """Where the answers lead."""
        session, texts = self.session, self.library.facts.texts
        typed = frozenset([name for name, answer in session.facts.items() if answer and name in texts])
        carried = frozenset(session.carried.keys() - session.answers.keys())
        return self.route.place(self.told, typed, carried, self.today, session.place.week)

    @cached_property
    def outcome(self) -> Outcome:
        """What follows from the answers so far, undated."""
        return self.route.conclude(self.told, self.today, self.session.place.week)

    @cached_property
    def advice(self) -> Advice:
        """The advice that the answers so far lead to."""
        facts = {name: answer for name, answer in self.session.facts.items() if name in self.given}
        policy = self.library.policies[self.flow.rules]
        return judge(policy, facts, self.route.assumed, self.now, self.session.place, self.session.ledger)

    # -- texts -------------------------------------------------------------------------------------------------------

    def compose(self, kind: NoteKind, limit: int | None = None, voice: int | None = None) -> Note | Unfit:
        """Compose a note or mail of this kind, for the person's own limit and voice unless others are given."""
        fitting = [wording.text for wording in kind.ladder if wording.when.fits(self.believed)]
        wordings = self.outcome.wordings if kind.id == self.outcome.note else fitting
        return compose(
            kind,
            self.slots(kind),
            self.library.limit_of(kind, self.session.facts) if limit is None else limit,
            self.catalog,
            wordings=wordings,
            taken=frozenset(self.session.others),
            voice=self.chosen_voice(kind) if voice is None else voice,
        )

    def chosen_voice(self, kind: NoteKind) -> int | None:
        """Return the number of the voice that was asked for, for a text of this kind."""
        chosen, _, number = self.session.said.get(CHOSEN, "").partition(" ")
        return int(number) if chosen == kind.id else None

    def other_wordings(self) -> dict[str, list[Note]]:
        """Return the LinkedIn note in other words: in its own voice, or in another, by what the menu calls that."""
        now = self.note
        if not isinstance(now, Note):
            return {}
        kind = self.library.notebook.kinds[now.kind]
        own = next((wording.voice for wording in kind.ladder if wording.text == now.wording), PLAIN)
        found: dict[str, dict[int, Note]] = {}
        for wording, number, _ in texts_of(kind, self.catalog, [wording.text for wording in kind.ladder]):
            name = "another_wording" if wording.voice == own else _ASKED.get(wording.voice, "")
            if number != now.voice and name:
                note = self.compose(kind, voice=number)
                if isinstance(note, Note) and note.voice == number:
                    found.setdefault(name, {})[number] = note
        return {name: list(notes.values()) for name, notes in found.items()}

    def slots(self, kind: NoteKind) -> dict[str, str]:
        """Return what fills the blanks of a kind: what was typed, and what the bot words itself."""
        facts = self.session.facts
        filled = {slot: "" if facts.get(slot) == NOT_SURE else facts.get(slot, "") for slot in kind.slots}
        for name, source in kind.given.items():
            day = self.library.facts.date_of(facts, source)
            word = self.known.get(source, self.library.facts[source].cautious or NOT_SURE) if day is None else ""
            filled[name] = self.catalog.shown(day) if day else self.catalog.say(f"word.{source}.{word}")
        return filled

    @cached_property
    def kinds(self) -> tuple[NoteKind, ...]:
        """The kinds the outcome calls for: mails first, since they go out first, then the note."""
        outcome = self.outcome
        ids = (*outcome.mails, *([outcome.note] if outcome.note else ()))
        return tuple(self.library.notebook.kinds[id_] for id_ in ids)

    @cached_property
    def note(self) -> Note | Unfit | None:
        """The LinkedIn note, if the outcome has one."""
        id_ = self.outcome.note
        return self.compose(self.library.notebook.kinds[id_]) if id_ else None

    def other_length(self) -> tuple[str, Note] | None:
        """Return ("longer" | "shorter", note) at the other account's limit, where that makes another text."""
        if not isinstance(self.note, Note):
            return None
        kind = self.library.notebook.kinds[self.note.kind]
        for limit in sorted(set(self.library.limits[kind.limit].values.values()) - {self.note.limit}):
            other = self.compose(kind, limit)
            if isinstance(other, Note) and other.text != self.note.text:
                return ("longer" if limit > self.note.limit else "shorter"), other
        return None

    def as_mail(self) -> Note | None:
        """Return the note as an e-mail (G3: for when no notes are left), unless an e-mail is advised anyway."""
        if not isinstance(self.note, Note) or self.outcome.mails:
            return None
        kind = self.library.notebook.kinds[self.note.kind]
        if kind.as_mail is None or not kind.as_mail.when.fits(self.believed):
            return None
        subject = self.catalog.say("as_mail.subject", first=self.session.facts.get("first", ""))
        return as_mail(self.note, kind, self.slots(kind), self.catalog, subject)

    # -- what can be done --------------------------------------------------------------------------------------------

    def changeable(self) -> dict[str, tuple[Fact, str | None]]:
        """Return the facts that were asked on the way here, with their answers."""
        asked = [self.flow.step[step].fact for step in self.position.passed]
        extra = [name for name in self.session.answers if name in self.flow.offers]
        extra += [name for name in self.session.told if name in self.library.facts.by_name]
        extra += [OVERRIDDEN] if self.outcome.overridden else []
        facts = self.session.facts
        return {name: (self.library.facts[name], facts[name]) for name in (*asked, *extra) if name in facts}

    def offered(self) -> dict[str, tuple[Fact, str | None]]:
        """Return the further facts that would change something if they were known."""
        return {
            name: (self.library.facts[name], None)
            for name in self.flow.offers
            if name not in self.given and self.route.would_matter(name, self.known)
        }

    def can_override(self) -> bool:
        """Tell whether going ahead against the advice is something that can be helped with."""
        if self.session.facts.get(OVERRIDDEN) == "yes" or self.outcomes.ruleset.verdicts[self.outcome.verdict].open:
            return False
        return self.outcomes.outcome({**self.believed, OVERRIDDEN: "yes"}).overridden
