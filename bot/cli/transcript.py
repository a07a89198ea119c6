"""Transcripts: a talk as a file that can be read, played again and kept as a test.

What the bot said is kept as names ("question tone", "advice R19 thank_you_then_wait"), so a
transcript survives every change of wording and fails on every change of meaning.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, cast

from bot.cli.conversation_storage import NOTHING_BESIDE, Beside, InMemory, Keeping
from bot.cli.standing import sight_of, told_in_full
from bot.content.yaml_reader import YamlDocument, read
from bot.core.advice.calendar import BEYOND, FIRST_YEAR, in_calendar, instant, local_date, zone_named
from bot.core.advice.catalog import Catalog
from bot.core.advice.conditions import Unknown
from bot.core.advice.policy import NoRuleFits
from bot.core.chat.commands import CommandGiven, CommandResult, Entry, serve
from bot.core.chat.person import Person
from bot.core.chat.turn import FileToSend
from bot.core.dialogue.answers import choose
from bot.core.dialogue.dates import parse_day
from bot.core.dialogue.render import notice
from bot.core.dialogue.session import (
    Back,
    Block,
    Cancelled,
    Change,
    FellDue,
    Option,
    Outgoing,
    Picked,
    Restarted,
    Said,
    Session,
    Started,
    TimePassed,
    Turn,
    Why,
)
from bot.core.issues import Issue, Shown, SourceLocation, nearest
from bot.core.library import Library

KINDS = ("person", "bot", "wait")
SAYS = ("says", "says_only")
HEAD = ("flow", "language", "zone")  # what stands at the top of every transcript; the rest of a session is its `start`
STUCK = "terminal.stuck"
ELSEWHERE = "terminal.elsewhere"
COMMANDS: dict[str, Callable[[], Entry]] = {
    ":back": Back,
    ":why": Why,
    ":why full": partial(Why, full=True),
    ":change": Change,
    ":restart": Restarted,
    ":cancel": Cancelled,
    ":reminders": partial(CommandGiven, "reminders"),
    ":faq": partial(CommandGiven, "faq"),
}


REMIND = ":remind"


def event_of(line: str) -> Entry | None:
    """Return the event a typed line means; None for a command nobody knows."""
    typed = line.strip()
    command = f":{typed[1:]}" if typed.startswith("/") else typed  # as one writes it in Telegram
    if command in COMMANDS:
        return COMMANDS[command]()
    return None if typed.startswith(":") else Said(line)


def waited(text: str, now: datetime, zone: str, catalog: Catalog) -> datetime | None:
    """Return the instant after `:wait` TEXT: 3d, 2w, 5h, or "until DAY [HH:MM]"; None when it cannot be read."""
    words = text.split()
    steps = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
    if len(words) == 1 and words[0][:-1].isdecimal() and words[0][-1] in steps and len(words[0]) < 6:
        then = now + int(words[0][:-1]) * steps[words[0][-1]] if now.year < BEYOND else now
        return then if now < then and in_calendar(then) else None
    if len(words) in (2, 3) and words[0] == "until":
        day = parse_day(words[1], local_date(now, zone), catalog, past=False)
        try:
            wall = datetime.strptime(words[2] if len(words) == 3 else "09:00", "%H:%M").time()  # noqa: DTZ007 - wall time
        except ValueError:
            return None
        if isinstance(day, date) and in_calendar(day):
            then = instant(day, wall, zone)
            return then if then > now else None
    return None


@dataclass
class TranscriptLine:
    """One line of a talk: what the person typed, how long was waited, or what the bot said.

    `says` are lines of the bot's message: compared where a transcript names some, and not kept by itself; with `only`
    they are all that it says, in their order.
    """

    kind: str
    text: str
    place: SourceLocation = field(default_factory=lambda: SourceLocation("transcript"))
    says: tuple[str, ...] = ()
    only: bool = False

    @classmethod
    def heard(cls, message: Outgoing) -> TranscriptLine:
        """Return the line of a message."""
        return cls("bot", message.name, says=tuple(block.text for block in message.blocks))


@dataclass(frozen=True)
class Transcript:
    """A talk and the setting it took place in."""

    start: Session
    now: datetime
    lines: tuple[TranscriptLine, ...]
    beside: Beside = NOTHING_BESIDE

    @classmethod
    def of(cls, shown: Shown) -> Transcript:
        """Return the conversation that shows a finding as a transcript."""
        start = Session(shown.flow, language=shown.language, zone=shown.zone, carried=dict(shown.before))
        return cls(start, shown.now, tuple(TranscriptLine(kind, text) for kind, text in shown.lines))

    def dump(self) -> str:
        """Return the transcript as YAML."""
        stored = self.start.to_json()
        rows = [f"{name}: {_quoted(stored[name])}" for name in HEAD]
        rows.append(f"now: {_quoted(self.now.isoformat())}")
        fresh = Session(self.start.flow).to_json()
        before = {name: value for name, value in stored.items() if name not in HEAD and value != fresh[name]}
        rows += ["start:"] * bool(before) + [f"  {name}: {_quoted(value)}" for name, value in before.items()]
        if self.beside != NOTHING_BESIDE:
            rows += ["beside:", *(f"  {name}: {_quoted(value)}" for name, value in self.beside.to_json().items())]
        rows.append("talk:" if self.lines else "talk: []")
        rows += [f"  - {line.kind}: {_quoted(line.text)}" for line in self.lines]
        return "\n".join(rows) + "\n"


def _quoted(value: object) -> str:
    """Write a text, or texts in lists and tables, as YAML and JSON quote it, what cannot be seen as an escape."""
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in quoted)


def load(
    text: str, file: str, flows: Collection[str], languages: Collection[str] = ("en",)
) -> tuple[Transcript | None, list[Issue]]:
    """Read a transcript; faults are named with their line."""
    document, issues = read(text, file)
    if document is None or issues:
        return None, issues
    value = document.value
    if not isinstance(value, dict) or not isinstance(value.get("talk"), list):
        return None, [
            Issue(SourceLocation(file), "transcript", "this is no transcript.", "", "It needs flow, now and talk.")
        ]
    for key, known in (("flow", flows), ("language", languages)):
        if (name := value.get(key, "en" if key == "language" else None)) not in known:
            what = f"there is no {key} '{name}'."
            issues.append(Issue(document.place((key,)), "transcript", what, "", nearest(str(name), known)))
    start, now = _start(value, document, issues), _now(value, document, issues)
    beside = _beside(value, document, issues)
    lines = [line for number, row in enumerate(value["talk"]) if (line := _line(row, number, document, issues))]
    if start is None or now is None or beside is None or issues:
        return None, issues
    return Transcript(start, now, tuple(lines), beside), issues


def _line(row: object, number: int, document: YamlDocument, issues: list[Issue]) -> TranscriptLine | None:
    place = document.place(("talk", number))
    kinds = {str(key) for key in row} - (set(SAYS) if "bot" in row else set()) if isinstance(row, dict) else set()
    if not isinstance(row, dict) or len(kinds) != 1 or not kinds <= set(KINDS):
        what = (
            "a line is one of person:, bot: or wait:; beside bot: there may be says:, lines of what it says, "
            "or says_only:, all of them."
        )
        issues.append(Issue(place, "transcript", what))
        return None
    (kind,) = kinds
    only = "says_only" in row
    says = row.get("says_only" if only else "says", [])
    return TranscriptLine(
        kind, str(row[kind]), place, tuple(map(str, says if isinstance(says, list) else [says])), only
    )


def _now(value: Mapping[str, object], document: YamlDocument, issues: list[Issue]) -> datetime | None:
    """Read the instant the talk began; without an offset it is wall time in the zone."""
    try:
        zone = zone_named(str(value.get("zone", "UTC")))
        now = datetime.fromisoformat(str(value.get("now")))
        if in_calendar(now):
            return (now if now.tzinfo else now.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, LookupError, OSError):
        pass
    what = f"now needs an instant from {FIRST_YEAR} to {BEYOND - 1}, and zone a zone's name."
    issues.append(Issue(document.place(("now",)), "transcript", what))
    return None


def _start(value: Mapping[str, object], document: YamlDocument, issues: list[Issue]) -> Session | None:
    """Read the session the talk began with: a fresh one, but for what `start` says."""
    before = value.get("start", {})
    if not isinstance(before, dict) or before.keys() & {*HEAD, "format"}:
        what = "start holds what was known before the talk began, such as answers."
        issues.append(Issue(document.place(("start",)), "transcript", what))
        return None
    head = {name: str(value[name]) for name in HEAD if name in value}
    try:
        return Session.from_json({**Session("").to_json(), **head, **before})
    except ValueError as error:
        what = f"this is no start of a talk: {error}."
        issues.append(Issue(document.place(("start",)), "transcript", what))
        return None


def _beside(value: Mapping[str, object], document: YamlDocument, issues: list[Issue]) -> Beside | None:
    """Read what the talk began with beside its open case."""
    if "beside" not in value:
        return NOTHING_BESIDE
    try:
        return Beside.from_json(cast("Mapping[str, Any]", value["beside"]))
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        what = f"this is nothing a talk began with: {error}."
        issues.append(Issue(document.place(("beside",)), "transcript", what, "", "Leave it as it was saved."))
        return None


@dataclass
class Talk:
    """A conversation under way: every turn is made of what was kept of the last one."""

    library: Library
    session: Session
    now: datetime
    beside: Beside = NOTHING_BESIDE
    keeping: Keeping = field(default_factory=InMemory)
    lines: list[TranscriptLine] = field(default_factory=list)

    def __post_init__(self) -> None:
        session = self.session
        self.flow = session.flow
        facts = self.library.facts.by_name
        own = {n: a for n, a in session.facts.items() if n in facts and facts[n].scope == "user"}
        self.person = Person(
            session.language,
            session.zone,
            session.working_days,
            session.holidays,
            own,
            {**self.beside.cases, self.beside.number: session},
            current=self.beside.number,
            turn=session.turn,
            schedule=self.beside.schedule,
        )
        self.in_sight = sight_of(self.person)
        self.below: tuple[Option, ...] = ()
        self.documents: list[FileToSend] = []

    def hear(self, event: Entry) -> Turn:
        """Take one turn and note what the bot said."""
        made: list[CommandResult] = []
        ours = False

        def change(kept: Person | None) -> Person:
            nonlocal ours
            before = kept or self.person
            ours = sight_of(before) == self.in_sight
            made[:] = [self._served(before, event)]
            assert made[0].person is not None, "nothing here asks to be forgotten"
            return made[0].person

        try:
            self.person = self.keeping.turn(change, self.now)
        except (NoRuleFits, Unknown):  # only in content that `check` refuses
            stuck = notice(self.library.catalog(self.person.language), STUCK)
            self.lines.append(TranscriptLine("bot", stuck.name))
            return Turn(self.session, (stuck,))
        served = made[0]
        if ours or not isinstance(event, FellDue):  # which shows no question
            self.in_sight = sight_of(self.person)
        self.session = self.person.cases.get(self.person.current, self.session)
        self.lines += [TranscriptLine.heard(message) for message in served.messages]
        self.below = next((m.options for m in reversed(served.messages) if m.kind == "reminder"), self.below)
        self.documents += [effect for effect in served.effects if isinstance(effect, FileToSend)]
        shown = tuple(effect for effect in served.effects if not isinstance(effect, FileToSend))
        return Turn(self.session, shown)

    def _served(self, person: Person, event: Entry) -> CommandResult:
        if isinstance(event, Started):
            return told_in_full(self.library, self.flow, person.but(asking=""), event, self.now)
        if not isinstance(event, FellDue) and sight_of(person) != self.in_sight:
            # Another terminal went on with it: an answer is never taken for that to a question not in sight.
            moved = told_in_full(self.library, self.flow, person, TimePassed(), self.now)
            told = notice(self.library.catalog(person.language), ELSEWHERE)
            return replace(moved, effects=(told, *moved.effects))
        served = serve(self.library, self.flow, person, event, self.now)
        if not served.toast or served.person is None:
            return served
        # What Telegram shows above the screen stands before the open question here.
        said = Outgoing("notice", "notice toast", (Block("text", served.toast),))
        again = serve(self.library, self.flow, served.person, TimePassed(), self.now)
        return replace(again, effects=(said, *again.effects))

    def begin(self) -> Turn:
        """Open the conversation."""
        return self.hear(Started())

    def opened(self) -> list[tuple[datetime, Turn]]:
        """Say what fell due while nobody was here, then open the conversation, which may plan anew.

        It is shown below the greeting, with which the conversation opens.
        """
        due, opening = self.live(self.now), self.begin()
        greeting = opening.effects[:1] if due else ()
        rest = replace(opening, effects=opening.effects[len(greeting) :])
        return [*([(self.now, replace(opening, effects=greeting))] if greeting else []), *due, (self.now, rest)]

    def type(self, line: str) -> Turn | None:
        """Hear a typed line; None for a command nobody knows, which changes nothing."""
        event = self.event_of(line)
        if event is None:
            return None
        self.lines.append(TranscriptLine("person", line))
        return self.hear(event)

    def event_of(self, line: str) -> Entry | None:
        """Return the event a typed line means; `:remind` answers the reminder that was shown last."""
        command, _, rest = line.strip().partition(" ")
        if command != REMIND:
            return event_of(line)
        chosen = choose(rest, self.below)
        return Picked(chosen.id, self.person.turn) if chosen else None

    def wait(self, text: str) -> list[tuple[datetime, Turn]] | None:
        """Let time pass, with everything that falls due on the way at its time; None when `text` cannot be read."""
        then = waited(text, self.now, self.session.zone, self.library.catalog(self.session.language))
        if then is None:
            return None
        self.lines.append(TranscriptLine("wait", text))
        return [*self.live(then), (self.now, self.hear(TimePassed()))]

    def live(self, then: datetime) -> list[tuple[datetime, Turn]]:
        """Move the clock on, with everything that falls due on the way at its time; return what was said, and when."""
        turns = []
        while (wake := self.person.schedule.wake) is not None and wake <= then:
            self.now = max(self.now, wake)
            if (turn := self.hear(FellDue())).messages:
                turns.append((self.now, turn))
        self.now = max(self.now, then)
        return turns

    def transcript(self, start: Session, began: datetime) -> Transcript:
        """Return what was said since the talk began, with what was known before."""
        return Transcript(start, began, tuple(self.lines), self.beside)


def play(library: Library, transcript: Transcript, shown: Callable[[str, Turn | None], None]) -> list[Issue]:
    """Play a transcript through `shown(what the person typed, turn)`; return where the bot now says something else."""
    talk = Talk(library, transcript.start, transcript.now, transcript.beside)
    for _, opening in talk.opened():
        shown("", opening)
    expected = [line for line in transcript.lines if line.kind == "bot"]
    for line in transcript.lines:
        if line.kind == "bot":
            continue
        waits = line.kind == "wait"
        typed = None if waits else talk.type(line.text)
        turns = talk.wait(line.text) if waits else [(talk.now, typed)] if typed else None
        if turns is None:
            what = f"nobody can {'wait' if waits else 'take'} '{line.text}'."
            instead = "Write 3d, 2w, 5h or until DAY." if waits else f"Commands are {', '.join(COMMANDS)}."
            return [Issue(line.place, "transcript", what, "", instead)]
        for number, (_, made) in enumerate(turns):
            shown("" if number else f":wait {line.text}" if waits else line.text, made)
    heard = [line for line in talk.lines if line.kind == "bot"]
    return [issue] if (issue := _other(expected, heard)) else []


def _other(expected: list[TranscriptLine], heard: list[TranscriptLine]) -> Issue | None:
    """Return where the bot first says something else than is expected; nothing may be expected at all."""
    for want, got in zip(expected, heard, strict=False):
        if want.text != got.text:
            what = f"the bot now says '{got.text}' where the transcript has '{want.text}'."
            return Issue(want.place, "transcript", what)
        for text in want.says:
            if text not in got.says:
                return Issue(want.place, "transcript", f"'{got.text}' no longer says '{text}'.")
        if want.only and want.says != got.says:
            more = next((text for text in got.says if text not in want.says), "")
            what = f"'{got.text}' now says '{more}', too." if more else f"'{got.text}' says its lines in another order."
            return Issue(want.place, "transcript", what)
    if expected and len(expected) != len(heard):
        what = f"the bot said {len(heard)} messages where the transcript has {len(expected)}."
        return Issue(expected[-1].place, "transcript", what)
    return None
