"""A session: the answers of one conversation about one person met, and what belongs to the candidate.

Law of this file: a session is its answers. The step, the verdict and every text follow from them and from `now`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any, Literal

from bot.core.advice.calendar import WorkingWeek
from bot.core.advice.contact_history import Entry
from bot.core.advice.facts import is_date
from bot.core.advice.moments import PersonCalendar

FORMAT = 2
"""The layout of a stored session; the first, without `holidays`, is read as well."""

STORY = "typed:story"
"""Beside the steps that were said: which facts the last story told."""

RoleOfBlock = Literal["title", "text", "item", "caution", "aside", "progress", "copy", "count"]


@dataclass(frozen=True)
class Session:
    """One conversation; immutable, serialisable, and enough to go on after a kill at any moment."""

    flow: str
    language: str = "en"
    zone: str = "UTC"
    working_days: tuple[int, ...] = (1, 2, 3, 4, 5)
    answers: Mapping[str, str] = field(default_factory=dict)
    carried: Mapping[str, str] = field(default_factory=dict)
    asking: str = ""
    said: Mapping[str, str] = field(default_factory=dict)
    others: tuple[str, ...] = ()
    turn: int = 0
    stage: Literal["open", "cancelled"] = "open"
    holidays: tuple[str, ...] = ()
    """Days off, as ISO dates."""
    ledger: tuple[Entry, ...] = field(default=(), compare=False)
    """What went out to this person, oldest first; the reminders' schedule keeps it, so it is not stored here."""

    @property
    def place(self) -> PersonCalendar:
        """Where the candidate's days run."""
        return place_of(self.zone, self.working_days, self.holidays)

    @property
    def facts(self) -> dict[str, str]:
        """All answers that count: what was carried over, then what was answered here."""
        return {**self.carried, **self.answers}

    @property
    def told(self) -> tuple[str, ...]:
        """The facts that the last story told."""
        return tuple(self.said.get(STORY, "").split())

    def but(self, **changes: Any) -> Session:
        """Return the session with these fields changed; what dataclasses.replace does, at an eighth of its cost."""
        assert changes.keys() <= self.__dict__.keys(), changes
        session = object.__new__(Session)
        session.__dict__.update(self.__dict__, **changes)
        return session

    def with_answer(self, fact: str, answer: str) -> Session:
        """Return the session with `fact` answered last, and nothing asked out of turn any more."""
        kept = {name: value for name, value in self.answers.items() if name != fact}
        return self.but(answers={**kept, fact: answer}, asking="")

    def without(self, fact: str) -> Session:
        """Return the session with `fact` unanswered, wherever its answer came from."""
        return self.but(
            answers={name: value for name, value in self.answers.items() if name != fact},
            carried={name: value for name, value in self.carried.items() if name != fact},
        )

    def to_json(self) -> dict[str, Any]:
        """Return the session as plain JSON values."""
        return {"format": FORMAT, **{name: value for name, value in self.__dict__.items() if name != "ledger"}}

    @classmethod
    def from_json(cls, stored: object) -> Session:
        """Read a session back; raises ValueError for what is none, and for a layout from the future."""
        if not isinstance(stored, dict):
            raise ValueError("it holds no conversation")
        if stored.get("format") not in (1, FORMAT):
            raise ValueError(f"format {stored.get('format')!r} is not of this version ({FORMAT})")
        given = {name: value for name, value in stored.items() if name != "format"}
        if stored["format"] == 1:
            given["holidays"] = ()
        if given.keys() != _TYPES.keys():
            odd = ", ".join(sorted(map(str, given.keys() ^ _TYPES.keys())))
            raise ValueError(f"the parts of a conversation are others (look at: {odd})")
        if not _is_sound(given):
            fresh = cls("").__dict__
            odd = ", ".join(name for name, value in given.items() if not _is_sound({**fresh, name: value}))
            raise ValueError(f"its {odd} cannot be that of a conversation")
        for name in ("working_days", "others", "holidays"):
            given[name] = tuple(given[name])
        session = object.__new__(cls)
        session.__dict__.update(given, ledger=())
        return session


_TYPES: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("flow", "language", "zone", "asking", "stage"), (str,)),
    **dict.fromkeys(("answers", "carried", "said"), (dict,)),
    **dict.fromkeys(("working_days", "others", "holidays"), (list, tuple)),
    "turn": (int,),
}


def _is_sound(given: Mapping[str, Any]) -> bool:
    """Tell whether stored values can be the fields of a session; every turn asks, so all texts are looked at in one."""
    for name, types in _TYPES.items():
        if type(given[name]) not in types:
            return False
    answers, carried, said, days = given["answers"], given["carried"], given["said"], given["working_days"]
    texts = (*answers, *answers.values(), *carried, *carried.values(), *said, *said.values(), *given["others"])
    return (
        {*map(type, (*texts, *given["holidays"]))} <= {str}
        and all(map(is_date, given["holidays"]))
        and {*map(type, days)} == {int}
        and 1 <= min(days) <= max(days) <= 7
        and given["turn"] >= 0
        and given["stage"] in ("open", "cancelled")
    )


@lru_cache(maxsize=1024)
def place_of(zone: str, working_days: tuple[int, ...], holidays: tuple[str, ...]) -> PersonCalendar:
    """Return where and how somebody's days run; holidays as ISO dates."""
    return PersonCalendar(zone, WorkingWeek(frozenset(working_days), frozenset(map(date.fromisoformat, holidays))))


# -- events in -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Started:
    """Somebody opens the conversation, or comes back to it."""


@dataclass(frozen=True)
class Said:
    """Somebody types something: an answer, an option's number or its label; `to` is the message it replies to."""

    text: str
    to: RepliedMessage | None = None


@dataclass(frozen=True)
class RepliedMessage:
    """A message of ours that is replied to: what it said, and its buttons with what a tap on each would be."""

    text: str
    options: tuple[tuple[str, Picked], ...] = ()


@dataclass(frozen=True)
class Picked:
    """Somebody taps an option of the message of turn `turn`, which asked the fact `about` ("": none, or not known)."""

    option: str
    turn: int
    about: str = ""


@dataclass(frozen=True)
class Back:
    """Take the last answer back."""


@dataclass(frozen=True)
class Why:
    """Ask why this is asked, or what the advice rests on; with `advice` the latter, whatever is being asked.

    `full` asks for all that the advice given last rests on: claims, rules and what would change it.
    """

    advice: bool = False
    full: bool = False


@dataclass(frozen=True)
class Change:
    """Change an earlier answer."""


@dataclass(frozen=True)
class Restarted:
    """Begin anew; what belongs to the candidate is kept."""


@dataclass(frozen=True)
class Cancelled:
    """Stop here; the answers are kept and can be taken up again."""


@dataclass(frozen=True)
class TimePassed:
    """Look again: days have gone by."""


@dataclass(frozen=True)
class StepDone:
    """A message of this sort went out; `before` is the session as it stood until then."""

    sort: str
    before: Session


@dataclass(frozen=True)
class FellDue:
    """Something on the candidate's schedule has fallen due; nobody said anything."""


Event = Started | Said | Picked | Back | Why | Change | Restarted | Cancelled | TimePassed | StepDone


# -- effects out ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Block:
    """A piece of a message with its role; how a role looks is the destination's business."""

    role: RoleOfBlock
    text: str


@dataclass(frozen=True)
class Option:
    """Something to tap or to choose by number."""

    id: str
    label: str


@dataclass(frozen=True)
class Outgoing:
    """A worded message; `name` says in ids what it is ("question tone", "advice R19 thank_you_then_wait")."""

    kind: Literal["question", "advice", "why", "note", "checklist", "menu", "notice", "reminder"]
    name: str
    blocks: tuple[Block, ...]
    options: tuple[Option, ...] = ()


@dataclass(frozen=True)
class Remind:
    """Come back at the UTC instant `due`, which is the wall time `wall` there; it is judged anew then."""

    kind: str
    day: date
    wall: time
    due: datetime


@dataclass(frozen=True)
class Settled:
    """An answer that was just taken, in a line: what its question may be replaced by where that can be done."""

    text: str


@dataclass(frozen=True)
class TakenBack:
    """The answer given last was taken back."""


@dataclass(frozen=True)
class Parted:
    """Another person is talked about from here on; `session` is the conversation that was left, as it stood."""

    session: Session


Effect = Outgoing | Remind | Settled | TakenBack | Parted


@dataclass(frozen=True)
class Turn:
    """The result of one event."""

    session: Session
    effects: tuple[Effect, ...]

    @property
    def messages(self) -> tuple[Outgoing, ...]:
        """The worded messages among the effects."""
        return tuple(effect for effect in self.effects if isinstance(effect, Outgoing))
