"""Advice without a dialogue: facts in, everything that follows from them out, as plain values.

Law of this file: what is missing counts as "not sure" and is named; what cannot matter is ignored; what is unknown is
an error that names what is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

from bot.core.advice.contact_history import Entry, classes
from bot.core.advice.facts import ALSO_NOT_SURE, NO_DATE, NOT_SURE, Derivation, Fact
from bot.core.advice.judge import Advice
from bot.core.advice.notes import Note, NoteKind, Unfit
from bot.core.advice.plan import with_implied
from bot.core.advice.policy import OVERRIDDEN, settled
from bot.core.advice.text import clean, units
from bot.core.dialogue import render
from bot.core.dialogue.answers import OLDEST_DAYS, blank_reader
from bot.core.dialogue.dates import FARTHEST_DAYS
from bot.core.dialogue.history import BadHistory, read_history
from bot.core.dialogue.session import Outgoing, Session
from bot.core.dialogue.view import SessionView
from bot.core.issues import nearest
from bot.core.library import Library

Pairs = tuple[tuple[str, str], ...]


class Read(NamedTuple):
    """Facts as `canonical` reads them; hashable, so that the same situation is worked out once."""

    answers: Pairs
    assumed: Pairs
    days: Pairs
    ledger: tuple[Entry, ...]


_JSON_NAMES = {dict: "an object", list: "a list", float: "a fraction", int: "a number", bool: "true or false"}
# How a fact of each kind is written in JSON; any other is a text.
_WRITTEN = {"number": "a whole number", "flag": '"yes", "no", true or false', "date": 'a day such as "2026-11-20"'}


class BadFacts(ValueError):
    """The facts given cannot be read."""


@dataclass(frozen=True)
class Situation:
    """Facts as they were read: `answers` to judge, `assumed` for those that matter and were not given.

    `days` are date facts that follow from other answers; a plan counts from them, and no text may name them.
    """

    answers: Mapping[str, str]
    assumed: Mapping[str, str]
    days: Mapping[str, str]
    ledger: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Answered:
    """The advice on a situation, its texts where the slots were given, and which slots are missing for them."""

    situation: Situation
    view: SessionView
    texts: tuple[Note, ...]
    unfit: tuple[Unfit, ...]
    missing: tuple[str, ...]

    @property
    def advice(self) -> Advice:
        """The judgement."""
        return self.view.advice

    @property
    def note(self) -> Note | None:
        """The LinkedIn note, if its slots were given and it fits."""
        return next((text for text in self.texts if text.goes_with_request), None)

    def message(self) -> Outgoing:
        """Word the advice."""
        view = self.view
        ruleset, room = view.outcomes.ruleset, render.advice_room(view.library)
        return render.advice_message(ruleset, view.library.facts, view.catalog, self.advice, room=room)

    def messages(self) -> list[Outgoing]:
        """Word the advice, and the texts that could be composed."""
        view = self.view
        kinds = view.library.notebook.kinds
        notes = (
            render.note_message(view.catalog, kinds[text.kind], text, self.advice, today=view.today)
            for text in self.texts
        )
        return [self.message(), *notes]

    def as_json(self) -> dict[str, object]:
        """Return everything as JSON values; days are ISO dates, instants UTC."""
        advice, outcome = self.advice, self.advice.outcome
        note = self.note
        return {
            "verdict": outcome.verdict,
            "rule": outcome.rule,
            "open": advice.opens == self.view.today,
            "opens": advice.opens.isoformat() if advice.opens else None,
            "note": outcome.note,
            "text": note.text if note else None,
            "size": note.size if note else None,
            "limit": note.limit if note else None,
            "mails": list(outcome.mails),
            "mail_texts": [{"kind": m.kind, "subject": m.subject, "body": m.text} for m in self.texts if m is not note],
            "missing": list(self.missing),
            "unfit": [{"kind": u.kind, "slot": u.slot, "room": u.room, "word": u.word} for u in self.unfit],
            "gates": list(outcome.gates),
            "reasons": list(advice.reasons),
            "cautions": list(advice.cautions),
            "cites": list(advice.cites),
            "reminders": [
                {"kind": r.kind, "day": r.day.isoformat(), "time": f"{r.wall:%H:%M}", "due": r.due.isoformat()}
                for r in advice.reminders
            ],
            "would_change": [
                {
                    "fact": f.fact,
                    "value": f.value,
                    "verdict": f.verdict,
                    "rule": f.rule,
                    "opens": f.opens.isoformat() if f.opens else None,
                }
                for f in advice.flips
            ],
            "plan": [
                {
                    "on": step.on.isoformat() if step.on else None,
                    "at": f"{step.at:%H:%M}" if step.at else None,
                    "do": step.do,
                    "remind": step.remind,
                    "note": step.note,
                    **({"after": step.after} if step.after else {}),
                }
                for step in advice.plan.steps
            ],
            "may_send": list(advice.plan.may_send),
            "assumed": dict(self.situation.assumed),
            "advice": "\n".join(block.text for block in self.message().blocks),
        }


class Adviser:
    """Answers situations for one flow, one person's place and one moment."""

    def __init__(self, library: Library, flow: str, now: datetime, *, language: str, zone: str) -> None:
        self.library = library
        self.now = now
        self._start = Session(flow=flow, language=language, zone=zone)
        self._place = self._start.place
        self._latest_of: dict[Pairs, str | None] = {}
        self._view = SessionView(library, self._start, now)

    def advise(self, given: Mapping[str, object]) -> Answered:
        """Return the advice for raw facts; raises `BadFacts`."""
        return self.work_out(self.canonical(given))

    def canonical(self, given: Mapping[str, object]) -> Read:
        """Read raw facts, a `history` among them, and keep those that matter; the same means the same advice."""
        ledger: tuple[Entry, ...] = ()
        if "history" in given:
            before = {name: value for name, value in given.items() if name != "history"}
            try:
                told = read_history(given["history"], before, self.library.courtesy, self._view.today)
            except BadHistory as bad:
                raise BadFacts(str(bad)) from None
            given, ledger = told.answers, told.ledger
        return Read(*self._read(given, ledger), ledger)

    def _read(self, given: Mapping[str, object], ledger: tuple[Entry, ...]) -> tuple[Pairs, Pairs, Pairs]:
        answers: dict[str, str] = {}
        for name, value in given.items():
            fact = self.library.facts.by_name.get(name)
            if fact is None:
                raise BadFacts(f"There is no fact '{name}'. {nearest(name, self.library.facts.by_name)}")
            if fact.from_history:
                raise BadFacts(f"{name} follows from what went out: give it as history.")
            if value is not None:  # JSON's null: not given
                answers[name] = self._value(fact, value)
        known = self._known(answers)
        known |= {n: v for n, v in self._went_out(answers, ledger).items() if n in self.library.facts.from_history}
        assumed: dict[str, str] = {}
        kept: dict[str, str] = {}
        node = self._view.outcomes.root
        while node.fact is not None:
            fact_name = node.fact
            raw = known.get(fact_name)
            if raw is None or answers.get(fact_name) == NOT_SURE:
                raw = self.library.facts.cautious[fact_name]
                if fact_name in self._askable:
                    assumed[fact_name] = raw
            kept[fact_name] = raw
            node = node.below[raw]
        self._keep_needed(settled(node.outcome).needs, answers, kept, assumed)
        # What decides nothing today may decide a later step of the plan.
        facts = self.library.facts
        later = {n: facts[n].means(answer) for n, answer in answers.items() if n in known and n not in kept}
        days = {n: answers[n] for n in self._dates if answers.get(n, NOT_SURE) != NOT_SURE}
        days |= {n: day for n in self._derived if n not in days and (day := self._latest(n, kept))}
        history = self.library.facts.from_history
        kept = {n: v for n, v in kept.items() if n not in history}
        return tuple((kept | later).items()), tuple(assumed.items()), tuple(days.items())

    def _went_out(self, answers: Mapping[str, str], ledger: tuple[Entry, ...]) -> Mapping[str, str]:
        return classes(with_implied(self.library.courtesy, self.library.facts, answers, ledger))

    @cached_property
    def _dates(self) -> tuple[str, ...]:
        return tuple(fact.name for fact in self.library.facts.by_name.values() if fact.kind == "date")

    def _keep_needed(
        self, needs: Iterable[str], answers: Mapping[str, str], kept: dict[str, str], assumed: dict[str, str]
    ) -> None:
        """Add what the outcome needs beyond what decides: slots, the account, days; a day may follow from its band."""
        for name in sorted(needs):
            fact = self.library.facts[name]
            if name in answers and answers[name] != NOT_SURE:
                kept[name] = answers[name]
            elif fact.finite and fact.cautious:
                kept[name] = assumed[name] = fact.cautious
            elif fact.kind == "date" and (day := self._latest(name, kept)):
                kept[name] = assumed[name] = day

    def _latest(self, source: str, kept: Mapping[str, str]) -> str | None:
        """Return the latest day that is in the bands given: the cautious reading of "ready" without a date."""
        bands = tuple((d.name, kept[d.name]) for d in self._derived_from(source) if d.name in kept)
        if bands not in self._latest_of:
            week, today = self._place.week, self._view.today
            known = [(self.library.facts[name].derivation, band) for name, band in bands]
            days = [derivation.latest(band, today, week) for derivation, band in known if derivation]
            self._latest_of[bands] = min(days).isoformat() if days else None
        return self._latest_of[bands]

    def _derived_from(self, source: str) -> list[Fact]:
        return self._derived.get(source, [])

    @cached_property
    def _derived(self) -> dict[str, list[Fact]]:
        found: dict[str, list[Fact]] = {}
        for fact in self.library.facts.derived:
            if fact.derivation:
                found.setdefault(fact.derivation.source, []).append(fact)
        return found

    @cached_property
    def _askable(self) -> frozenset[str]:
        return frozenset(self.library.facts.by_name) - {OVERRIDDEN}

    def _known(self, answers: Mapping[str, str]) -> dict[str, str]:
        facts, week = self.library.facts, self._place.week
        known = facts.known(answers, self._view.today, week)
        for fact in facts.derived:
            if fact.derivation is None:
                continue
            day = facts.date_of(answers, fact.derivation.source)
            if day and fact.name in answers and answers[fact.name] != self._band_of(fact.derivation, day, answers):
                raise BadFacts(
                    f"{fact.name}={known[fact.name]} and {fact.derivation.source}={day} contradict each other"
                )
            if day is None and fact.name not in answers and (latest := self._latest(fact.derivation.source, known)):
                known[fact.name] = fact.derivation.band(date.fromisoformat(latest), self._view.today, week)
        return known

    def _band_of(self, derivation: Derivation, day: date, answers: Mapping[str, str]) -> str:
        facts = self.library.facts
        floors = {s: at for _, s, _ in derivation.not_before if (at := facts.date_of(answers, s))}
        return derivation.band(day, self._view.today, self._place.week, floors)

    def _value(self, fact: Fact, value: object) -> str:
        if type(value) is str and value in fact.values:
            return value
        text = self._plain(fact, value)
        if text in fact.values:
            return text
        if text in ALSO_NOT_SURE:
            return NOT_SURE
        if fact.finite:
            raise BadFacts(f"'{text}' is no value of {fact.name}. {nearest(text, (*fact.values, NOT_SURE))}")
        return self._day(fact, text) if fact.kind == "date" else self._slot(fact, text)

    @staticmethod
    def _plain(fact: Fact, value: object) -> str:
        """Return a JSON value as the text that it stands for."""
        if isinstance(value, bool) and fact.kind == "flag":
            return "yes" if value else "no"
        if isinstance(value, str):
            return value
        if isinstance(value, int) and not isinstance(value, bool) and fact.kind == "number":
            return str(value)
        wanted = _WRITTEN.get(fact.kind, "a text in quotes")
        raise BadFacts(f"{fact.name} cannot be {_JSON_NAMES.get(type(value), 'that')}. Write {wanted}.")

    def _day(self, fact: Fact, text: str) -> str:
        if text == NO_DATE and fact.optional:
            return text
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise BadFacts(f"'{text}' is no day for {fact.name}. Write it as 2026-11-20.") from None
        if fact.past and day > self._view.today:
            raise BadFacts(f"{fact.name}={text} is in the future (today is {self._view.today})")
        if not -OLDEST_DAYS <= (day - self._view.today).days <= FARTHEST_DAYS:
            raise BadFacts(f"{fact.name}={text} is more than a year away from {self._view.today}. Look at the year.")
        return day.isoformat()

    def _slot(self, fact: Fact, text: str) -> str:
        cleaned = clean(text)
        if units(cleaned) > fact.max_length:
            raise BadFacts(f"{fact.name} is {units(cleaned)} characters long; at most {fact.max_length} fit")
        return blank_reader(fact, self._view.catalog).read(cleaned).text or NOT_SURE

    def work_out(self, read: Read) -> Answered:
        """Return the advice for facts that `canonical` has read."""
        situation = Situation(dict(read.answers), dict(read.assumed), dict(read.days), read.ledger)
        session = self._start.but(answers={**situation.days, **situation.answers}, ledger=read.ledger)
        view = SessionView(self.library, session, self.now)
        blanks = {kind.id: (*kind.slots, *self._dates_in(kind)) for kind in view.kinds}
        lacking = {n for names in blanks.values() for n in names if self._lacks(situation, n)}
        missing = tuple(dict.fromkeys(name for names in blanks.values() for name in names if name in lacking))
        done = [view.compose(kind) for kind in view.kinds if not lacking.intersection(blanks[kind.id])]
        texts = tuple(text for text in done if isinstance(text, Note))
        unfit = tuple(text for text in done if isinstance(text, Unfit))
        return Answered(situation, view, texts, unfit, missing)

    def _dates_in(self, kind: NoteKind) -> tuple[str, ...]:
        """Return the date facts that a kind writes out."""
        return tuple(source for source in kind.given.values() if self.library.facts[source].kind == "date")

    def _lacks(self, situation: Situation, name: str) -> bool:
        """Tell whether a blank cannot be filled: what is only assumed may date a reminder, never stand in a text."""
        return situation.answers.get(name, NOT_SURE) == NOT_SURE or (
            name in situation.assumed and self.library.facts[name].kind == "date"
        )
