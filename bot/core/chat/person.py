"""Everything the bot keeps about one candidate in one chat, and what one turn of theirs leads to.

Values only. Who they are to Telegram is a `Key`; what they said is in their cases, one `Session` for
each person met at an interview.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from bot.core.dialogue.session import Session
from bot.core.reminders.schedule import ReminderSchedule


@dataclass(frozen=True, order=True)
class Key:
    """Who speaks where, as Telegram numbers them: bot, chat, forum topic (0: none) and person."""

    bot: int
    chat: int
    topic: int
    person: int


COHORT_ASKS: Final = "cohort-"
"""How `Person.asking` begins where what somebody types next is meant for a cohort."""
IDLE: Final = timedelta(hours=2)
"""After so long a preview is over: whoever comes back then means their own conversation."""
NOTHING_PLANNED = ReminderSchedule()
OWED = -1
"""The panel of somebody whose last turns were made but not shown: whatever is on their screen is out of date."""


@dataclass(frozen=True)
class Person:
    """A candidate: what belongs to them, and their cases by number; `current` is the open one (0: none)."""

    language: str = "en"
    zone: str = "UTC"
    working_days: tuple[int, ...] = (1, 2, 3, 4, 5)
    holidays: tuple[str, ...] = ()
    """Days off, as ISO dates."""
    facts: Mapping[str, str] = field(default_factory=dict)
    cases: Mapping[int, Session] = field(default_factory=dict)
    current: int = 0
    turn: int = 0
    asking: str = ""
    run: tuple[str, ...] = ()
    """The answers already shown in the message that a run of taps edits."""
    panel: int = 0
    """The id of the message that holds the newest buttons, once it is sent; 0: not known."""
    reminded: int = 0
    """The id of the last reminder, once it is sent; 0: not known."""
    schedule: ReminderSchedule = NOTHING_PLANNED
    """What they will be reminded of, and what went out to whom."""
    version: int = 0
    """The edition they talk with, by their cohort; 0: the shipped content. Found at every turn, kept nowhere."""
    trial: Preview | None = None
    """What a coach is trying out; nothing else of theirs is touched by it."""

    def but(self, **changes: Any) -> Person:
        """Return the person with these fields changed, as `Session.but` does; every turn asks for it several times."""
        assert changes.keys() <= self.__dict__.keys(), changes
        person = object.__new__(Person)
        person.__dict__.update(self.__dict__, **changes)
        return person


@dataclass(frozen=True)
class PreviewTapped:
    """Somebody taps a button of a trial; `data` is what it holds."""

    data: str


@dataclass(frozen=True)
class Preview:
    """What a coach tries: the edition, for which cohort, an invented person, when last played, the clock `ahead`.

    The invented person is kept here and nowhere else, so nobody's own case, reminder or history is touched.
    """

    version: int
    cohort: int
    person: Person
    at: datetime
    ahead: timedelta = timedelta(0)

    def open(self, now: datetime) -> bool:
        """Tell whether it still goes on."""
        return now < self.at + IDLE

    def to_json(self) -> dict[str, Any]:
        """Return the trial as plain JSON values."""
        person = self.person
        return {
            "edition": self.version,
            "cohort": self.cohort,
            "at": self.at.isoformat(),
            "ahead": self.ahead.total_seconds(),
            "language": person.language,
            "zone": person.zone,
            "working_days": list(person.working_days),
            "holidays": list(person.holidays),
            "facts": dict(person.facts),
            "cases": {str(number): case.to_json() for number, case in person.cases.items()},
            "current": person.current,
            "turn": person.turn,
            "asking": person.asking,
            "run": list(person.run),
            "agenda": person.schedule.to_json(),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Preview:
        """Read a trial back."""
        person = Person(
            stored["language"],
            stored["zone"],
            tuple(stored["working_days"]),
            tuple(stored.get("holidays", ())),  # trials begun before there were days off have none
            stored["facts"],
            {int(number): Session.from_json(case) for number, case in stored["cases"].items()},
            stored["current"],
            stored["turn"],
            stored["asking"],
            tuple(stored["run"]),
            schedule=ReminderSchedule.from_json(stored["agenda"]),
        )
        at = datetime.fromisoformat(stored["at"])
        return cls(stored["edition"], stored["cohort"], person, at, timedelta(seconds=stored["ahead"]))


CallKind = Literal["message", "edit", "edit_buttons", "document", "photo", "poll", "close_poll"]


@dataclass(frozen=True)
class Call:
    """Something to be sent, or changed where it was sent, once the turn is durable; the chat is that of the turn.

    `values` are what the messenger makes of it, as JSON values without the chat; a document is {"name": file name,
    "text": content}, a photo {"groups": what is drawn}. With `panel` the message that comes of it holds the newest
    buttons, and its id is written back to `Person.panel`. `reminder` calls wait behind answers of other chats; with
    `panel` their id is written back to `Person.reminded`.
    """

    kind: CallKind
    values: Mapping[str, Any]
    panel: bool = False
    reminder: bool = False

    @property
    def edits(self) -> bool:
        """Whether it changes a message that is there: made twice, it is made once."""
        return self.kind in ("edit", "edit_buttons")


@dataclass(frozen=True)
class TurnResult:
    """What a turn leads to: the person as they are now (None: forget them), and calls.

    `toast` answers a tap.
    `aside` puts the update itself aside in the same transaction: the reason, and the update as Telegram sent it.
    Without `keeps` the person is left as they were kept; where nobody was, nobody is.
    """

    person: Person | None
    calls: tuple[Call, ...] = ()
    toast: str = ""
    aside: tuple[str, Mapping[str, Any]] | None = None
    keeps: bool = True
