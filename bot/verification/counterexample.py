"""Counterexamples as conversations: a way through a flow, really talked, turn by turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from bot.core.advice.calendar import DEFAULT_WEEK, instant
from bot.core.advice.conditions import Unknown
from bot.core.advice.facts import Fact
from bot.core.advice.policy import NoRuleFits
from bot.core.chat.commands import serve
from bot.core.chat.person import Person
from bot.core.dialogue.answers import options, read
from bot.core.dialogue.progress import REMOTEST_DAY
from bot.core.dialogue.session import Change, Event, Option, Outgoing, Said, Session, Started, TimePassed
from bot.core.dialogue.view import SessionView
from bot.core.issues import Shown
from bot.core.library import FALLBACK_LANGUAGE, Library
from bot.core.reminders.schedule import ReminderSchedule
from bot.verification.histories import Happened
from bot.verification.state_space import Settled, Way

MONDAY = date(2026, 11, 23)  # any week will do; which day of it depends on the days that are told
STUCK = "notice stuck"
"""The name of what is said where no rule fits, or a guard cannot be judged."""
MORNING = time(9)


@dataclass(frozen=True)
class Calendar:
    """On which day somebody talks, and for each date fact the day they name."""

    today: date
    days: Mapping[str, date]


def converse(
    library: Library, way: Way, changed: tuple[str, str] | None = None, on: Calendar | None = None
) -> Shown | None:
    """Talk along `way`, then let one fact move on to another value; None where the talk goes another way.

    Without `on`, days are chosen that fit what follows from them.
    """
    today = _fitting_day(library, way)
    before = {**way.before, **_dates_before(library, way, today)}
    talk = PlayedTalk(library, way.flow, before, datetime.combine(on.today if on else today, MORNING, UTC), on)
    if not along(talk, way) or (changed and not talk.stuck and not talk.change(*changed)):
        return None
    return talk.shown


def converse_on(library: Library, way: Way, on: Calendar, events: list[Happened]) -> Shown | None:
    """Talk along `way` on its day, then let a history happen; None where the bot hears of it in no talk."""
    talk = PlayedTalk(library, way.flow, way.before, datetime.combine(on.today, MORNING, UTC), on)
    heard = along(talk, way) and all(talk.stuck or _happens(talk, *happened) for happened in events)
    return talk.shown if heard else None


def _happens(talk: PlayedTalk, event: tuple[str, str, str], day: date) -> bool:
    """Let something happen that can be told; False where it cannot."""
    what, name, value = event
    if what == "wait":
        talk.wait(day)
        return True
    if what == "tell":
        return name in SessionView(talk.library, talk.session, talk.now).changeable() and talk.change(name, value)
    if what == "send":
        label = talk.catalog.say(f"sent.{name}")
        if not any(option.label == label for option in talk.offered):
            return False
        talk.say(label)
        return True
    fates = talk.library.courtesy.sorts["request"].fates.get(name, {})
    return all(talk.change(fact, answer) for fact, answer in fates.items())


def sample(library: Library, way: Way, language: str, words: Mapping[str, str]) -> list[str | Outgoing] | None:
    """Talk along `way` in a language, with these words in the blanks; return all that was said, None as above."""
    today = _fitting_day(library, way)
    before = {**way.before, **_dates_before(library, way, today)}
    now = datetime.combine(today, MORNING, UTC)
    talk = PlayedTalk(library, way.flow, before, now, None, language=language, words=words)
    return talk.heard if along(talk, way) else None


def along(talk: PlayedTalk, way: Way) -> bool:
    """Talk along `way`; False where the talk goes another way."""
    talk.hear(Started())
    return all(talk.stuck or talk.answer(fact, talk.typed(fact, dict(answer))) for fact, answer in way.answers)


def _fitting_day(library: Library, way: Way) -> date:
    """Return a day of the week on which some days can be named that fit what follows from them."""
    days = [MONDAY + timedelta(days=n) for n in range(7)]
    return next((day for day in days if all(_day_of(library, f, s, day) for f, s in _dates(library, way))), MONDAY)


def _dates(library: Library, way: Way) -> list[tuple[str, Settled]]:
    return [(fact, settled) for fact, settled in way.answers if library.facts[fact].kind == "date" and settled]


def _dates_before(library: Library, way: Way, today: date) -> dict[str, str]:
    """Return days for what follows from days and is known before the talk."""
    found = {}
    for source in {f.derivation.source for f in library.facts.derived if f.derivation and f.name in way.before}:
        names = [n for n in library.facts.read_from[source] if n in way.before]
        day = _day_of(library, source, tuple((n, way.before[n]) for n in names), today)
        found.update({source: day.isoformat()} if day else {})
    return found


def _day_of(library: Library, fact: str, settled: Settled, today: date) -> date | None:
    """Return the latest day that settles the facts which follow from `fact` so."""
    wanted = {name: library.facts[name].derivation for name, _ in settled}
    ahead = 1 if library.facts[fact].past else -1
    for gone in range(REMOTEST_DAY):
        day = today - timedelta(days=gone * ahead)
        if all((d := wanted[name]) and d.band(day, today, DEFAULT_WEEK) == value for name, value in settled):
            return day
    return None


@dataclass
class PlayedTalk:
    """A talk under way; texts are answered with `words`, or with the name of their fact."""

    library: Library
    flow: str
    before: Mapping[str, str]
    now: datetime
    on: Calendar | None
    lines: list[tuple[str, str]] = field(default_factory=list)
    stuck: bool = False
    language: str = FALLBACK_LANGUAGE
    words: Mapping[str, str] = field(default_factory=dict)
    heard: list[str | Outgoing] = field(default_factory=list)
    """What was said: texts by the person, messages by the bot."""

    def __post_init__(self) -> None:
        self.began = self.now
        self.session = Session(flow=self.flow, language=self.language, carried=dict(self.before))
        self.person = Person(
            self.language,
            self.session.zone,
            cases={1: self.session},
            current=1,
            schedule=ReminderSchedule(zone_known=True),
        )
        self.catalog = self.library.catalog(self.language)

    @property
    def shown(self) -> Shown:
        """The talk so far, by the names of what was said."""
        return Shown(self.flow, self.language, "UTC", self.began, self.before, tuple(self.lines))

    @property
    def asked(self) -> str:
        """The fact that the bot asked last."""
        name = next((text for kind, text in reversed(self.lines) if kind == "bot"), "")
        return name.removeprefix("question ") if name.startswith("question ") else ""

    def hear(self, event: Event) -> None:
        """Let something happen, and hear what the bot says."""
        try:
            served = serve(self.library, self.flow, self.person, event, self.now)
        except (NoRuleFits, Unknown):
            self.lines.append(("bot", STUCK))
            self.stuck = True
            return
        assert served.person is not None, "nothing here asks to be forgotten"
        self.person = served.person
        self.session = self.person.cases[self.person.current]
        self.lines += [("bot", message.name) for message in served.messages]
        self.heard += served.messages

    def say(self, text: str) -> None:
        """Say something."""
        self.lines.append(("person", text))
        self.heard.append(text)
        self.hear(Change() if text == ":change" else Said(text))

    def answer(self, fact: str, text: str) -> bool:
        """Answer a question; False where something else was asked."""
        if self.asked != fact:
            return False
        self.say(text)
        return True

    def change(self, fact: str, value: str) -> bool:
        """Let `fact` move on: an answer is changed, time goes by."""
        found = self.library.facts[fact]
        if found.derivation:
            day = self.library.facts.date_of(self.session.facts, found.derivation.source)
            if day is None:
                return False
            then = found.derivation.first_day(day, value, DEFAULT_WEEK)
            self.wait(then)
            return True
        self.say(":change")
        self.say(fact)
        return self.stuck or self.answer(fact, self.typed(fact, {fact: value}))

    def wait(self, day: date) -> None:
        """Let time go by until the morning of a day."""
        self.lines.append(("wait", f"until {day} {MORNING:%H:%M}"))
        self.now = instant(day, MORNING, "UTC")
        self.hear(TimePassed())

    @property
    def offered(self) -> tuple[Option, ...]:
        """What the last message offers."""
        last = next((message for message in reversed(self.heard) if isinstance(message, Outgoing)), None)
        return last.options if last else ()

    def typed(self, name: str, answer: Mapping[str, str]) -> str:
        """Return what somebody types to answer so."""
        fact = self.library.facts[name]
        if fact.kind == "text":
            return self.words.get(name, name)[: fact.max_length]
        today = self.now.date()
        if fact.kind == "date":
            chosen = self.on.days.get(name) if self.on else None
            day = chosen or _day_of(self.library, name, tuple(answer.items()), today)
            return (day or today).isoformat()
        return self._label(fact, answer[name], today)

    def _label(self, fact: Fact, value: str, today: date) -> str:
        labels = [option.label for option in options(fact, self.catalog) if option.id == value]
        for label in labels:
            if read(fact, label, self.catalog, today, DEFAULT_WEEK) == value:
                return label
        return value
