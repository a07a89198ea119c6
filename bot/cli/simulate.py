"""What would be sent after a talk, and when: a transcript, and the days that follow it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.cli.transcript import Talk, Transcript
from bot.core.advice.calendar import zone_named
from bot.core.dialogue.session import Turn
from bot.core.issues import Issue
from bot.core.library import Library

ADVICE, REMINDER = "advice ", "reminder "


@dataclass(frozen=True)
class Sent:
    """A reminder that would be sent: when, where that is, its words, its kinds, and the rule that asked for it."""

    at: datetime
    zone: str
    text: str
    kinds: tuple[str, ...]
    rule: str


class Simulation:
    """A transcript lived through, and time passing after it."""

    def __init__(self, library: Library, transcript: Transcript) -> None:
        self.library, self.transcript = library, transcript
        self.talk = Talk(library, transcript.start, transcript.now, transcript.beside)
        self.issues: list[Issue] = []
        self._rule = ""

    def timeline(self, until: datetime) -> Iterator[Sent]:
        """Yield what would be sent until the instant `until`, in order; a line nobody can take ends in `issues`."""
        yield from self._heard(self.talk.opened())
        for line in self.transcript.lines:
            if line.kind == "bot":
                continue
            typed = self.talk.type(line.text) if line.kind == "person" else None
            turns = self.talk.wait(line.text) if line.kind == "wait" else [(self.talk.now, typed)] if typed else None
            if turns is None:
                self.issues.append(Issue(line.place, "transcript", f"nobody can take '{line.text}'."))
                return
            yield from self._heard(turns)
        yield from self._heard(self.talk.live(until))

    def _heard(self, turns: list[tuple[datetime, Turn]]) -> Iterator[Sent]:
        for at, turn in turns:
            for message in turn.messages:
                if message.name.startswith(ADVICE):
                    self._rule = message.name.split()[1]
                elif message.name.startswith(REMINDER) and self._kinds(message.name):
                    text = " ".join(block.text for block in message.blocks)
                    yield Sent(at, self.talk.session.zone, text, self._kinds(message.name), self._rule)

    def _kinds(self, name: str) -> tuple[str, ...]:
        """Return the kinds a reminder is of; none for what is only about reminders."""
        kinds = name.removeprefix(REMINDER).split()
        return tuple(kind for kind in kinds if kind in self.library.reminders or kind == "overdue")


def shown(library: Library, language: str, sent: Sent) -> Iterator[str]:
    """Word one line of the timeline, and below it why then."""
    catalog = library.catalog(language)
    local = sent.at.astimezone(zone_named(sent.zone))
    yield catalog.say(
        "terminal.when",
        day=local.date(),
        time=local.time(),
        zone=sent.zone,
        utc=sent.at.astimezone(UTC).time(),
        text=sent.text,
    )
    for kind in sent.kinds:
        if kind in library.reminders:
            claims = ", ".join(library.reminders[kind].cites) or catalog.say("terminal.beyond")
            yield catalog.say("terminal.because", kind=kind, rule=sent.rule, claims=claims)
