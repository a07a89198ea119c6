"""What happens in a chat: several cases side by side, commands, and what belongs to the candidate.

Pure and total, like `engine.advance`, which gets everything that is part of a conversation. A case is one person met
at one interview; its number never changes. Buttons count by the person's own turn, so a tap on an old message is
answered and never obeyed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bot.core.chat import preferences, reminders, sent_messages, typed_text
from bot.core.chat.person import COHORT_ASKS, Person
from bot.core.chat.privacy import Operator, privacy_lines
from bot.core.chat.reminders import BESIDE
from bot.core.chat.retention import KEEP
from bot.core.chat.sent_messages import SENT
from bot.core.chat.turn import DONE, RESUME, Ask, ChatTurn, Converse, Done, FileToSend, Next, converse
from bot.core.dialogue import render
from bot.core.dialogue.answers import choose
from bot.core.dialogue.dates import Misread
from bot.core.dialogue.engine import advance
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
FULL = "full"
"""Behind /why: all that the advice rests on."""
EXPORT = "afterword.json"
STAND_ALONE: Final = frozenset({"privacy", "export"})
"""Commands that are answered and nothing more: whatever is open in the conversation is not asked again."""
CASES_LISTED = 20  # the newest; a keyboard holds no more than some 8 kB


CONVERSED: Mapping[str, Event] = {
    "back": Back(), "why": Why(), "cancel": Cancelled(), "change": Change(), "new": Restarted(),
}  # fmt: skip
"""Commands that are simply events of the conversation."""


@dataclass(frozen=True)
class CommandGiven:
    """A command without its slash, and what stood behind it."""

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
    """What a turn in the chat leads to; `person` None: they asked to be forgotten. `toast` answers a stale tap."""

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
    return handle(ChatTurn(library, flow, person, now, operator), entry)


def handle(turn: ChatTurn, entry: Entry) -> CommandResult:
    """Let `entry` happen in a turn that has just begun."""
    match entry:
        case FellDue():
            reminders.handle_due(turn)
        case ThumbUp(message=message):
            _follow(turn, reminders.handle_thumb_up(turn, message))
        case Picked(option=option) if option.startswith(WHY):
            return _explain_advice(turn, option.removeprefix(WHY))
        case Picked(option=option) if option.startswith(BESIDE):
            return _handle_beside(turn, option)
        case CommandGiven(command=name) if name in STAND_ALONE and _is_undisturbed(turn.person):
            _COMMANDS[name](turn, entry)
            return CommandResult(turn.person, tuple(turn.effects))
        case Picked(turn=number) if number != turn.person.turn:
            return CommandResult(turn.person, toast=turn.catalog.say("notice.stale"))
        case _:
            _follow(turn, _handle_entry(turn, entry))
            turn.person = turn.person.but(turn=turn.person.turn + 1)
    return CommandResult(None if turn.forgotten else turn.person, tuple(turn.effects))


def _is_undisturbed(person: Person) -> bool:
    """Tell whether the chat itself asks nothing that a command ends; what is open in the conversation stays open."""
    return not person.asking or person.asking.startswith(COHORT_ASKS)


def _handle_entry(turn: ChatTurn, entry: Event | CommandGiven | UnsupportedMessage | LocationShared) -> Next:
    """Take what makes buttons out of date that were open before."""
    if turn.person.asking.startswith(COHORT_ASKS):  # they did something else instead of writing
        turn.close_question()
    match entry:
        case CommandGiven():
            return _handle_command(turn, entry)
        case UnsupportedMessage(what):
            turn.say(f"strange.{what}")
            return _repeat(turn)
        case LocationShared(zone):
            return preferences.locate(turn, zone)
        case Said() if found := _route(turn, entry):
            return found
        case Said(text) | Picked(option=text) if turn.person.asking:
            return _handle_choice(turn, text, typed=isinstance(entry, Said))
        case Picked(option=tap) if tap.startswith(SENT) and (found := sent_messages.handle(turn, tap)):
            return found
        case Picked(option=option) if option == BACK:
            return Converse(Back())
        case TimePassed():
            return _repeat(turn)
        case _:
            return Converse(entry)


def _route(turn: ChatTurn, said: Said) -> Next | None:
    """Return what a text leads to that is no answer to what is open; amid a question of the chat's own, a reply is."""
    if turn.person.asking:
        return typed_text.route(turn, said) if said.to else None
    return typed_text.route(turn, said) or sent_messages.handle(turn, said.text)


def _follow(turn: ChatTurn, step: Next) -> None:
    """Carry out what a handler left to follow."""
    match step:
        case Ask():
            _ask(turn, step)
        case Converse():
            turn.effects += reminders.after_conversation(turn, converse(turn, step))
        case Done():
            pass


def _ask(turn: ChatTurn, step: Ask) -> None:
    turn.person = replace(turn.person, asking=step.question)
    name = re.split("[-@]", step.question)[0]
    blocks = (Block("title", turn.catalog.say(f"desk.{name}")),)
    turn.effects.append(Outgoing("menu", f"desk {name}", blocks, tuple(_options(turn))))


def _repeat(turn: ChatTurn) -> Next:
    """Ask once more what is open, be it a question of the chat's own."""
    return Ask(turn.person.asking) if turn.person.asking else RESUME


# -- buttons that count by no turn -------------------------------------------------------------------------------------


def _explain_advice(turn: ChatTurn, rule: str) -> CommandResult:
    """Say what an advice rests on, and nothing else; the button serves as long as its advice is the present one."""
    session = turn.session
    if not session.answers or SessionView(turn.library, session, turn.now).outcome.rule != rule:
        return CommandResult(turn.person, toast=turn.catalog.say("notice.other_advice"))
    said = advance(turn.library, session.but(turn=turn.person.turn), Why(advice=True), turn.now).effects
    return CommandResult(turn.person, said[:1])


def _handle_beside(turn: ChatTurn, tap: str) -> CommandResult:
    """Do what was tapped below a reminder; only what asks something is a turn, so open buttons keep their count."""
    step = _keep(turn) if tap == KEEP else reminders.handle(turn, tap)
    if step is None:
        return CommandResult(turn.person, toast=turn.catalog.say("remind.over"))
    _follow(turn, step)
    asks = any(isinstance(e, Outgoing) and e.kind in ("question", "menu") for e in turn.effects)
    person = turn.person.but(turn=turn.person.turn + 1) if asks else turn.person
    return CommandResult(person, tuple(turn.effects))


def _keep(turn: ChatTurn) -> Next | None:
    """Answer a person who wants to be kept; being heard from is what keeps them, and who is gone cannot be kept."""
    if not turn.person.cases and not turn.person.facts:
        return None
    turn.say("retention.kept")
    turn.person = turn.person.but()  # a copy: the same value would say that nothing happened
    return DONE


# -- commands ----------------------------------------------------------------------------------------------------------


def _handle_command(turn: ChatTurn, asked: CommandGiven) -> Next:
    # What the chat asked is over, whatever the command: an answer is never read against a question not in sight.
    turn.close_question()
    if asked.command in CONVERSED:
        in_full = asked.command == "why" and asked.argument.casefold() == FULL
        return Converse(Why(full=True) if in_full else CONVERSED[asked.command])
    if asked.command in _COMMANDS:
        return _COMMANDS[asked.command](turn, asked)
    turn.say("strange.command")
    return RESUME


def _start(turn: ChatTurn, asked: CommandGiven) -> Next:
    """Greet; amid a conversation, ask whether to go on or to begin anew. An unknown payload is a plain start."""
    del asked  # payloads of cohorts belong to a later capability; until then each leads to the first screen
    session = turn.session
    return Ask("start") if session.answers and session.stage == "open" else Converse(Started())


def _ask_language(turn: ChatTurn) -> Next:
    """Offer the languages there are, or say that there is one only."""
    if len(turn.library.catalogs) > 1:
        return Ask("language")
    turn.say("desk.only_language")
    return RESUME


def _help(turn: ChatTurn, _: CommandGiven) -> Next:
    lines = tuple(Block("item", f"/{name} {turn.catalog.say(f'command.{name}')}") for name in render.COMMANDS)
    title = Block("title", turn.catalog.say("help.title"))
    aside = Block("aside", turn.catalog.say("help.aside"))
    turn.effects.append(Outgoing("notice", "notice help", (title, *lines, aside)))
    return RESUME


def _privacy(turn: ChatTurn, asked: CommandGiven) -> Next:
    """Say what is kept and who sees it."""
    lines = privacy_lines(turn.catalog, turn.operator, asked.shared, turn.library.manners.close_after_days)
    title = Block("title", turn.catalog.say("privacy.title"))
    blocks = tuple(Block("item", line) for line in lines)
    turn.effects.append(Outgoing("notice", "notice privacy", (title, *blocks)))
    return RESUME


def _export(turn: ChatTurn, _: CommandGiven) -> Next:
    """Hand over everything that is kept, as JSON."""
    turn.effects.append(FileToSend(EXPORT, exported(turn.person), turn.catalog.say("export.caption")))
    return RESUME


_COMMANDS: Final[Mapping[str, Callable[[ChatTurn, CommandGiven], Next]]] = {
    "start": _start,
    "cases": lambda _turn, _asked: Ask("cases"),
    "language": lambda turn, _: _ask_language(turn),
    "reminders": lambda turn, _: preferences.list_reminders(turn),
    "settings": lambda _turn, _asked: Ask("settings"),
    "forget": lambda _turn, _asked: Ask("forget"),
    "help": _help,
    "privacy": _privacy,
    "export": _export,
    "faq": lambda _turn, _asked: Ask("faq"),
}


# -- questions of the chat's own ---------------------------------------------------------------------------------------


def _options(turn: ChatTurn) -> list[Option]:
    """Return what can be chosen where the chat itself asks."""
    match turn.person.asking:
        case "cases":
            numbers = sorted(turn.person.cases)[-CASES_LISTED:]
            own = [Option(f"case_{number}", turn.label(number)) for number in numbers]
            return [*own, turn.option("new"), turn.option("go_on")]
        case "language":
            known = sorted(turn.library.catalogs.items())
            return [*(Option(name, c.say("language.name")) for name, c in known), turn.option("go_on")]
        case "settings":
            settings = preferences.setting_options(turn)
            return [turn.option("language"), *settings, *_own_facts(turn), turn.option("go_on")]
        case "forget":
            return [turn.option("forget_all"), turn.option("go_on")]
        case "faq":
            asked = [Option(name, turn.catalog.say(f"faq.{name}.question")) for name in turn.library.faq]
            return [*asked, turn.option("go_on")]
    found = preferences.options(turn, turn.person.asking)
    return [turn.option("go_on"), turn.option("new")] if found is None else found


def _own_facts(turn: ChatTurn) -> list[Option]:
    """Return what is known about the candidate, to be changed."""
    facts = turn.library.facts.by_name
    fit = {n: a for n, a in turn.person.facts.items() if n in facts and facts[n].accepts(a)}
    return [Option(n, render.settled(facts[n], a, turn.catalog)) for n, a in fit.items()]


def _handle_choice(turn: ChatTurn, text: str, *, typed: bool) -> Next:
    """Take the answer to what the chat asked; amid a conversation, a text that is none of it is its answer."""
    asking, option = turn.person.asking, choose(text, _options(turn))
    if option is not None and option.id == "forget_all" and typed and text.strip() != option.label:
        option = None  # a number or a first letter is too little for what cannot be undone
    if option is not None:
        turn.effects.append(Settled(option.label))
        turn.close_question()
        return _act(turn, asking, option.id)
    if typed and asking == "start":
        turn.close_question()
        return Converse(Said(text))
    if found := preferences.handle_text(turn, asking, text):
        return found
    turn.effects.append(render.misread(turn.catalog, Misread("choice")))
    return Ask(asking)


def _act(turn: ChatTurn, asking: str, id_: str) -> Next:
    if id_ == "new":
        return Converse(Restarted())
    if id_ == "go_on":
        return RESUME
    if id_ == "forget_all":
        turn.say("notice.forgotten")
        turn.forgotten = True
        return DONE
    if found := preferences.handle_choice(turn, asking, id_):
        return found
    if asking == "faq":
        turn.effects.append(typed_text.answer(turn, id_))
        return RESUME
    if asking == "language":
        turn.person = replace(turn.person, language=id_)
        return Converse(session=turn.session.but(language=id_))
    if asking == "cases":
        return _open_case(turn, int(id_.removeprefix("case_")))
    if id_ == "language":
        return _ask_language(turn)
    return Converse(session=turn.session.but(asking=id_))


def _open_case(turn: ChatTurn, number: int) -> Next:
    """Take another case up again, from its advice on; what belongs to the candidate is the same in all of them."""
    turn.person = replace(turn.person, current=number)
    facts, session = turn.library.facts.by_name, turn.case(number)
    own = {n for n in session.answers if n in facts and facts[n].scope == "user" and n in turn.person.facts}
    answers = {n: a for n, a in session.answers.items() if n not in own}
    carried = {**session.carried, **turn.person.facts}
    again = session.but(answers=answers, carried=carried, said={}, language=turn.person.language)
    return Converse(session=again)


def exported(person: Person) -> str:
    """Return everything that is kept of somebody, as JSON."""
    kept = {
        "language": person.language,
        "zone": person.zone,
        "working_days": list(person.working_days),
        "days_off": list(person.holidays),
        "about_you": dict(person.facts),
        "reminders": person.schedule.to_json(),
        "cases": {str(number): person.cases[number].to_json() for number in sorted(person.cases)},
    }
    return json.dumps(kept, ensure_ascii=False, indent=2)


def newcomer(library: Library, language: str, turn: int = 0) -> Person:
    """Return somebody never seen, who speaks `language` (an IETF tag such as "pt-br", or "") if we do.

    Their turns count from `turn`, which has to be one that none of their buttons from before a `/forget` can have.
    """
    short = language.partition("-")[0].lower()
    return Person(language=short if short in library.catalogs else FALLBACK_LANGUAGE, turn=turn)
