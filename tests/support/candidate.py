"""A candidate for tests: types answers and sees messages; the session is written out and read back at every turn."""

from __future__ import annotations

from datetime import datetime

from bot.cli.transcript import Talk
from bot.core.dialogue.session import (
    Event,
    Outgoing,
    Session,
    Turn,
)
from bot.core.library import Library
from tests.support.dates import NOW

# One plausible answer to every question that is typed.
TYPED = {
    "first": "Dana",
    "job": "Data Analyst",
    "company": "Northwind",
    "topic": "the move to event-driven billing",
    "field": "logistics software",
    "me": "Sam Okafor",
}


class Candidate:
    """Somebody in the middle of a conversation."""

    def __init__(self, library: Library, session: Session | None = None, now: datetime = NOW) -> None:
        start = session or Session(flow="after_interview", zone="Europe/Berlin")
        self.talk = Talk(library, start, now)
        self.turn: Turn = self.talk.begin()

    @property
    def session(self) -> Session:
        return self.talk.session

    @property
    def asked(self) -> str:
        """The fact that the last message asks, or "" when it asks none."""
        last = self.turn.messages[-1]
        return last.name.removeprefix("question ") if last.kind == "question" else ""

    def hear(self, event: Event) -> Turn:
        self.turn = self.talk.hear(event)
        return self.turn

    def type(self, *lines: str) -> Turn:
        for line in lines:
            turn = self.talk.type(line)
            assert turn is not None, f"{line} is no command"
            self.turn = turn
        return self.turn

    def answer(self, **answers: str) -> Turn:
        """Answer what is asked from `answers`, typed slots from TYPED, until nothing is asked or nothing is known."""
        while self.asked:
            text = answers.get(self.asked, TYPED.get(self.asked))
            if text is None:
                break
            asked = self.asked
            self.type(text)
            assert self.asked != asked, f"{text!r} was not taken as an answer to {asked}: {self.said()}"
        return self.turn

    def said(self) -> str:
        """Everything the bot said in the last turn, as plain text."""
        return "\n".join(block.text for message in self.turn.messages for block in message.blocks)

    def named(self, kind: str) -> list[Outgoing]:
        """Return the messages of a kind in the last turn."""
        return [message for message in self.turn.messages if message.kind == kind]

    def copies(self) -> list[str]:
        """Return the texts handed over to be copied in the last turn."""
        return [b.text for m in self.turn.messages for b in m.blocks if b.role == "copy"]


def plain(library: Library, now: datetime = NOW) -> Candidate:
    """Return a candidate who has just been greeted."""
    return Candidate(library, now=now)


YESTERDAY_WARM = {
    "relation": "No",
    "experience": "Well",
    "outcome": "Nothing yet",
    "role": "The hiring manager",
    "invited": "No",
    "tone": "Warm and lively",
    "interviewed_on": "Friday",
    "thanks": "Not yet",
    "format": "In person",
    "account": "Free",
    "profile": "Yes, it's ready",
}
