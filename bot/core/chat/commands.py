"""The desk in front of the conversations: several cases side by side, commands, and what belongs to the candidate.

Law of this file: pure and total, like `dialogue.advance`, which it hands everything to that is part of a conversation.
A case is one person met at one interview; its number never changes. Buttons count by the person's own turn, so a tap
on an old message is answered and never obeyed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from bot.core.chat.person import Person
from bot.core.chat.preferences import Managing
from bot.core.chat.privacy import Operator, privacy_lines
from bot.core.chat.reminders import BESIDE
from bot.core.chat.retention import KEEP
from bot.core.chat.sent_messages import SENT, WISHED
from bot.core.chat.turn import FileToSend
from bot.core.dialogue import render
from bot.core.dialogue.answers import choose
from bot.core.dialogue.dates import Misread
from bot.core.dialogue.session import (
    Back,
    Block,
    Cancelled,
    Change,
    Effect,
    Event,
    FellDue,
    Option,
    Outgoing,
    Picked,
    Restarted,
    Said,
    Settled,
    Started,
    TimePassed,
    Why,
)
from bot.core.dialogue.view import SessionView
from bot.core.library import FALLBACK_LANGUAGE, Library

BACK = "back"
"""The option that takes the last answer back; no fact has a value of this name in front of it."""
WHY = "why_"
"""With a rule's id, the option beside an advice that asks what it rests on; it counts by no turn."""
EXPORT = "afterword.json"
CASES_LISTED = 20  # the newest; a keyboard holds no more than some 8 kB


CONVERSED: Mapping[str, Event] = {
    "back": Back(), "why": Why(), "cancel": Cancelled(), "change": Change(), "new": Restarted(),
}  # fmt: skip
"""Commands that are simply events of the conversation."""


@dataclass(frozen=True)
class CommandGiven:
    """Somebody asks the desk for something: a command without its slash, and what stood behind it."""

    command: str
    argument: str = ""
    shared: tuple[str, ...] = ()
    """What coaches see of them, a line for each cohort; found for /privacy."""


@dataclass(frozen=True)
class UnsupportedMessage:
    """Somebody sends what is no text: a photo, a sticker, a voice message; `what` is the key of its notice."""

    what: str


@dataclass(frozen=True)
class LocationShared:
    """Somebody shows where they are; all that is kept of it is the `zone` whose city is nearest."""

    zone: str


@dataclass(frozen=True)
class ThumbUp:
    """Somebody puts a thumb up to the message with this id: to a reminder that means "done", to others nothing."""

    message: int


Entry = Event | FellDue | CommandGiven | UnsupportedMessage | LocationShared | ThumbUp


@dataclass(frozen=True)
class CommandResult:
    """What a visit to the desk leads to; `person` None: they asked to be forgotten. `toast` answers a stale tap."""

    person: Person | None
    effects: tuple[Effect | FileToSend, ...] = ()
    toast: str = ""

    @property
    def messages(self) -> tuple[Outgoing, ...]:
        """The worded messages among the effects."""
        return tuple(effect for effect in self.effects if isinstance(effect, Outgoing))


def serve(
    library: Library, flow: str, person: Person, entry: Entry, now: datetime, operator: Operator | None = None
) -> CommandResult:
    """Return what `entry` leads to for `person` at the instant `now` (aware); `operator` None: in a terminal."""
    visit = _Visit(library, flow, person, now)
    visit.operator = operator
    return visit.serve(entry)


def exported(person: Person) -> str:
    """Return everything that is kept of somebody, as JSON."""
    kept = {
        "language": person.language,
        "zone": person.zone,
        "working_days": list(person.working_days),
        "days_off": list(person.holidays),
        "about_you": dict(person.facts),
        "reminders": person.agenda.to_json(),
        "cases": {str(number): person.cases[number].to_json() for number in sorted(person.cases)},
    }
    return json.dumps(kept, ensure_ascii=False, indent=2)


class _Visit(Managing):
    """One visit: what can be asked for at the desk."""

    forgotten = False
    operator: Operator | None = None

    def serve(self, entry: Entry) -> CommandResult:
        return self.beside_the_way(entry) or self.turn(entry)

    def beside_the_way(self, entry: Entry) -> CommandResult | None:
        """Serve what is no turn of the conversation, whose open buttons keep their count; None for what is one."""
        match entry:
            case FellDue():
                self.collect_due()
                return CommandResult(self.person, tuple(self.effects))
            case ThumbUp(message=message):
                self.approved(message)
                return CommandResult(self.person, tuple(self.effects))
            case Picked(option=option) if option.startswith(WHY):
                return self.why(option.removeprefix(WHY))
            case Picked(option=option) if option.startswith(BESIDE):
                return self.tapped_beside(option)
            case Picked(turn=turn) if turn != self.person.turn:
                return CommandResult(self.person, toast=self.catalog.say("notice.stale"))
        return None

    def turn(self, entry: Entry) -> CommandResult:
        assert not isinstance(entry, FellDue | ThumbUp), "nobody said anything"
        match entry:
            case CommandGiven():
                self.command(entry)
            case UnsupportedMessage(what):
                self.say(f"strange.{what}")
                self.repeat()
            case LocationShared(zone):
                self.locate(zone)
            case Said(text) | Picked(option=text) if self.person.asking:
                self.chosen(text, typed=isinstance(entry, Said))
            case Said(text) if self.of_the_ledger(text):
                pass
            case Picked(option=option) if option.startswith((SENT, WISHED)) and self.of_the_ledger(option):
                pass
            case Picked(option=option) if option == BACK:
                self.converse(Back())
            case TimePassed():
                self.repeat()
            case _:
                self.converse(entry)
        if self.forgotten:
            return CommandResult(None, tuple(self.effects))
        return CommandResult(self.person.but(turn=self.person.turn + 1), tuple(self.effects))

    def of_the_ledger(self, text: str) -> bool:
        """Take a tapped or typed answer that says what went out, or asks whether it may; False for any other answer."""
        found = choose(text, self.listed())
        if found is None or not found.id.startswith((SENT, WISHED)):
            return False
        self.effects.append(Settled(found.label))
        if found.id.startswith(SENT):
            self.sent(found.id.removeprefix(SENT))
        else:
            self.wished(found.id.removeprefix(WISHED))
        return True

    def why(self, rule: str) -> CommandResult:
        """Say what an advice rests on, and nothing else; the button serves as long as its advice is the present one."""
        view = SessionView(self.library, self.session, self.now)
        if not self.session.answers or view.outcome.rule != rule:
            return CommandResult(self.person, toast=self.catalog.say("notice.other_advice"))
        self.converse(Why(advice=True), ask=False)
        return CommandResult(self.person, tuple(self.effects))

    def kept(self) -> CommandResult:
        """Answer whoever wants to be kept; being heard from is what keeps them, and nobody is kept who is gone."""
        if not self.person.cases and not self.person.facts:
            return CommandResult(self.person, toast=self.catalog.say("remind.over"))
        self.say("retention.kept")
        return CommandResult(self.person.but(), tuple(self.effects))

    def tapped_beside(self, option: str) -> CommandResult:
        """Do what was tapped below a reminder; only what asks something is a turn, so open buttons keep their count."""
        if option == KEEP:
            return self.kept()
        if not self.beside(option):
            return CommandResult(self.person, toast=self.catalog.say("remind.over"))
        asks = any(isinstance(e, Outgoing) and e.kind in ("question", "menu") for e in self.effects)
        person = replace(self.person, turn=self.person.turn + 1) if asks else self.person
        return CommandResult(person, tuple(self.effects))

    # -- commands ----------------------------------------------------------------------------------------------------

    def command(self, asked: CommandGiven) -> None:
        name = asked.command
        # What the desk asked is over, whatever the command: an answer is never read against a question not in sight.
        self.person = replace(self.person, asking="")
        if name in CONVERSED:
            self.converse(CONVERSED[name])
            return
        told: Mapping[str, Callable[[], None]] = {
            "start": partial(self.start, asked.argument),
            "cases": partial(self.offer, "cases"),
            "language": self.language,
            "reminders": self.list_reminders,
            "settings": partial(self.offer, "settings"),
            "forget": partial(self.offer, "forget"),
            "help": self.help,
            "privacy": partial(self.privacy, asked.shared),
            "export": self.export,
        }
        if name in told:
            told[name]()
        else:
            self.say("strange.command")
            self.again()

    def start(self, argument: str) -> None:
        """Greet; amid a conversation, ask whether to go on or to begin anew. An unknown payload is a plain start."""
        del argument  # payloads of cohorts belong to a later capability; until then each leads to the first screen
        session = self.session
        if session.answers and session.stage == "open":
            self.offer("start")
        else:
            self.converse(Started())

    def language(self) -> None:
        """Offer the languages there are, or say that there is one only."""
        if len(self.library.catalogs) > 1:
            self.offer("language")
        else:
            self.say("desk.only_language")
            self.again()

    def help(self) -> None:
        lines = tuple(Block("item", f"/{name} {self.catalog.say(f'command.{name}')}") for name in render.COMMANDS)
        title = Block("title", self.catalog.say("help.title"))
        self.effects.append(
            Outgoing("notice", "notice help", (title, *lines, Block("aside", self.catalog.say("help.aside"))))
        )
        self.again()

    def privacy(self, shared: tuple[str, ...]) -> None:
        """Say what is kept and who sees it; `shared` is what coaches see."""
        lines = privacy_lines(self.catalog, self.operator, shared, self.library.manners.close_after_days)
        title = Block("title", self.catalog.say("privacy.title"))
        blocks = tuple(Block("item", line) for line in lines)
        self.effects.append(Outgoing("notice", "notice privacy", (title, *blocks)))
        self.again()

    def export(self) -> None:
        """Hand over everything that is kept, as JSON."""
        self.effects.append(FileToSend(EXPORT, exported(self.person), self.catalog.say("export.caption")))
        self.again()

    # -- what the desk itself asks -------------------------------------------------------------------------------------

    def offered(self) -> list[Option]:
        """Return what can be chosen where the desk asks."""
        match self.person.asking:
            case "cases":
                numbers = sorted(self.person.cases)[-CASES_LISTED:]
                own = [Option(f"case_{number}", self.label(number)) for number in numbers]
                return [*own, self.option("new"), self.option("go_on")]
            case "language":
                known = sorted(self.library.catalogs.items())
                return [*(Option(name, c.say("language.name")) for name, c in known), self.option("go_on")]
            case "settings":
                return [self.option("language"), *self.settings(), *self.own_facts(), self.option("go_on")]
            case "forget":
                return [self.option("forget_all"), self.option("go_on")]
            case _:
                return super().offered()

    def own_facts(self) -> list[Option]:
        """Return what is known about the candidate, to be changed."""
        facts = self.library.facts.by_name
        fit = {n: a for n, a in self.person.facts.items() if n in facts and facts[n].accepts(a)}
        shown = {n: render.settled(facts[n], a, self.catalog) for n, a in fit.items()}
        return [Option(name, label) for name, label in shown.items()]

    def chosen(self, text: str, *, typed: bool) -> None:
        """Take the answer to what the desk asked; amid a conversation, a text that is none of it is its answer."""
        asking, option = self.person.asking, choose(text, self.offered())
        if option is not None and option.id == "forget_all" and typed and text.strip() != option.label:
            option = None  # a number or a first letter is too little for what cannot be undone
        if option is None and typed and asking == "start":
            self.person = replace(self.person, asking="")
            self.converse(Said(text))
        elif option is None and self.typed(asking, text):
            return
        elif option is None:
            self.effects.append(render.misread(self.catalog, Misread("choice")))
            self.offer(asking)
        else:
            self.effects.append(Settled(option.label))
            self.person = replace(self.person, asking="")
            self.act(asking, option.id)

    def act(self, asking: str, id_: str) -> None:
        if id_ == "new":
            self.converse(Restarted())
        elif id_ == "go_on":
            self.again()
        elif id_ == "forget_all":
            self.say("notice.forgotten")
            self.forgotten = True
        elif self.settle(asking, id_):
            return
        elif asking == "language":
            self.person = replace(self.person, language=id_)
            self.converse(TimePassed(), session=self.session.but(language=id_))
        elif asking == "cases":
            self.open(int(id_.removeprefix("case_")))
        elif id_ == "language":
            self.language()
        else:
            self.converse(TimePassed(), session=self.session.but(asking=id_))

    def open(self, number: int) -> None:
        """Take another case up again, from its advice on; what belongs to the candidate is the same in all of them."""
        self.person = replace(self.person, current=number)
        facts, session = self.library.facts.by_name, self.case(number)
        own = {n for n in session.answers if n in facts and facts[n].scope == "user" and n in self.person.facts}
        answers = {n: a for n, a in session.answers.items() if n not in own}
        carried = {**session.carried, **self.person.facts}
        again = session.but(answers=answers, carried=carried, said={}, language=self.person.language)
        self.converse(TimePassed(), session=again)


def newcomer(library: Library, language: str, turn: int = 0) -> Person:
    """Return somebody never seen, who speaks `language` (an IETF tag such as "pt-br", or "") if we do.

    Their turns count from `turn`, which has to be one that none of their buttons from before a `/forget` can have.
    """
    short = language.partition("-")[0].lower()
    return Person(language=short if short in library.catalogs else FALLBACK_LANGUAGE, turn=turn)
