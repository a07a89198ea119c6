"""What new content means for everybody in the middle of a conversation: who is moved where, and what lapses.

It tells by counts and by the numbers of rows; no id of Telegram's, no name and no answer is told.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.advice.catalog import Catalog
from bot.core.advice.text import clean
from bot.core.chat.commands import CommandGiven, Entry, serve
from bot.core.chat.person import Person
from bot.core.dialogue.flow import END
from bot.core.dialogue.session import Change, FellDue, Session, Started, TimePassed, Why
from bot.core.dialogue.view import SessionView
from bot.core.issues import counted
from bot.core.library import FALLBACK_LANGUAGE, Library
from bot.verification.labels import short_name, verdict_name
from bot.verification.path_traits import MOST_KEPT, Traits

LISTED = 12
"""So many conversations are listed by number where more are moved alike; `--json` lists them all."""
VISITS: tuple[Entry, ...] = (
    TimePassed(),
    Started(),
    Why(),
    Change(),
    CommandGiven("cases"),
    CommandGiven("settings"),
    CommandGiven("reminders"),
    CommandGiven("export"),
)
"""What anybody may do next that reads what is kept of them."""


@dataclass(frozen=True, order=True)
class Move:
    """One way in which conversations are moved: `what` of them is another, from `was` to `now`.

    what       was                       now
    stuck      what went wrong           what they did
    flow       the conversation gone     the one they go on with
    answer     the fact whose answer     the step at which they go on
               does not fit any more
    step       the step they stood at    the step they stand at
    advice     the verdict               the verdict
    reminder   the kind that is gone     ""
    """

    what: str
    was: str
    now: str


@dataclass(frozen=True)
class Survey:
    """What was looked at, in numbers, and who is moved: each conversation as row and case ("17.2")."""

    chats: int
    conversations: int
    reminders: int
    moves: Mapping[Move, tuple[str, ...]]

    @property
    def stuck(self) -> bool:
        """Tell whether somebody could not go on."""
        return any(move.what == "stuck" for move in self.moves)


def survey(
    new: Library,
    flow: str,
    people: Iterable[tuple[int, Person]],
    now: datetime,
    was: Library | None = None,
    *,
    sound: bool = True,
) -> Survey:
    """Replay everybody, given as (row, person), against `new` at the instant `now`; `was` is what they talk with now.

    Without `was`, steps and verdicts are compared with nothing. Under content that is `sound` (no fault was found in
    it) whoever has nothing about them but what others had, who could go on, can go on as well and is not replayed.
    """
    chats = conversations = reminders = 0
    moves: dict[Move, list[str]] = {}
    replays = _Replays(new, flow, now, was) if sound else None
    for row, person in people:
        chats, conversations = chats + 1, conversations + len(person.cases)
        reminders += len(person.schedule.planned)
        for case, move in replays.moves(person) if replays else _Replay(new, flow, person, now).moves(was):
            moves.setdefault(move, []).append(f"{row}.{case}" if case else f"{row}")
    return Survey(chats, conversations, reminders, {move: tuple(moves[move]) for move in sorted(moves)})


@dataclass
class _Known:
    """Of conversations for which the same stands: how they are moved, and what about them was not gone on with yet."""

    moves: tuple[Move, ...]
    traits: set[Hashable]


class _Replays:
    """One person after another under the new content, each replayed only where nobody like them was yet."""

    def __init__(self, new: Library, flow: str, now: datetime, was: Library | None) -> None:
        self._new, self._flow, self._now, self._was = new, flow, now, was
        self._traits = Traits((new, was) if was is not None else (new,), now)
        self._known: dict[Hashable, _Known] = {}
        self._fine: set[Hashable] = set()
        """What people had about them who could go on."""

    def moves(self, person: Person) -> list[tuple[int, Move]]:
        """Return what is another for this person, each with the case it is about (0: the person as such)."""
        replay, fine = _Replay(self._new, self._flow, person, self._now), self._fine
        try:
            known = [(number, self._conversation(replay, session)) for number, session in person.cases.items()]
            about = {trait for trait in self._traits.of_person(person) if trait not in fine}
        except Exception:  # whatever it is, the whole replay meets it as well, and names it
            return list(replay.moves(self._was))
        found = [(number, move) for number, one in known for move in one.moves] + list(replay.reminders())
        for _, one in known:
            if one.traits:
                one.traits = {trait for trait in one.traits if trait not in fine}
                about |= one.traits
        if about and not (stuck := list(replay.visits())):
            fine |= about
        return found + stuck if about else found

    def _conversation(self, replay: _Replay, session: Session) -> _Known:
        key = self._traits.conversation(session, replay.person)
        known = self._known.get(key)
        if known is None:
            moves = tuple(replay.conversation(session, self._was))
            placed, flow = replay.placed(session)
            view = SessionView(self._new, placed.but(flow=flow), self._now)
            known = _Known(moves, set(self._traits.of_view(view, replay.person)))
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[key] = known
        return known


@dataclass(frozen=True)
class _Replay:
    """One person under the new content."""

    library: Library
    flow: str
    person: Person
    now: datetime

    def moves(self, was: Library | None) -> Iterator[tuple[int, Move]]:
        """Return what is another for this person, each with the case it is about (0: the person as such)."""
        for number, session in self.person.cases.items():
            try:
                yield from ((number, move) for move in self.conversation(session, was))
            except Exception as error:  # whatever it is, it would be met by a candidate
                yield number, Move("stuck", type(error).__name__, "")
        yield from self.reminders()
        yield from self.visits()

    def reminders(self) -> Iterator[tuple[int, Move]]:
        """Return the reminders whose kind is gone."""
        for reminder in self.person.schedule.planned:
            if reminder.kind not in self.library.reminders:
                yield reminder.case, Move("reminder", reminder.kind, "")

    def visits(self) -> Iterator[tuple[int, Move]]:
        """Let the person do whatever can be done next, in each of their cases, and hear what is planned."""
        schedule = self.person.schedule
        due = [(replace(self.person, asking=""), FellDue(), max(r.due, self.now)) for r in schedule.planned]
        opened = [replace(self.person, current=number, asking="") for number in self.person.cases]
        different = [person for person in opened if (person.current, "") != (self.person.current, self.person.asking)]
        asked = [(person, entry, self.now) for person in (self.person, *different) for entry in VISITS]
        for person, entry, at in (*asked, *due):
            try:
                serve(self.library, self.flow, person, entry, at)
            except Exception as error:
                yield person.current, Move("stuck", type(error).__name__, type(entry).__name__)

    def conversation(self, session: Session, was: Library | None) -> Iterator[Move]:
        """Return what is another in one conversation."""
        session, here = self.placed(session)
        if here != session.flow:
            yield Move("flow", session.flow, here)
            session = session.but(flow=here)
        view, facts = SessionView(self.library, session, self.now), self.library.facts.by_name
        unfit = [n for n, a in session.facts.items() if n not in facts or not facts[n].accepts(a)]
        yield from (Move("answer", name, view.position.step) for name in unfit)
        before = self._before(session, was)
        if before is None:
            return
        if before.position.step != view.position.step and not unfit:
            yield Move("step", before.position.step, view.position.step)
        if _advised(before) and _advised(view) and before.outcome.verdict != view.outcome.verdict:
            yield Move("advice", before.outcome.verdict, view.outcome.verdict)

    def placed(self, session: Session) -> tuple[Session, str]:
        """Return the conversation in the place where the person lives, and the flow it goes on with."""
        person = self.person
        lived = session.but(zone=person.zone, working_days=person.working_days, holidays=person.holidays)
        return lived, session.flow if session.flow in self.library.flows else self.flow

    def _before(self, session: Session, was: Library | None) -> SessionView | None:
        return SessionView(was, session, self.now) if was is not None and session.flow in was.flows else None


def _advised(view: SessionView) -> bool:
    return any(view.flow.step[step].kind == "judge" for step in view.position.crossed)


# -- in words ----------------------------------------------------------------------------------------------------------


def in_words(found: Survey, library: Library, was: Library | None) -> list[str]:
    """Return the survey as lines for whoever edits; nothing that a person typed is among them."""
    moved = {one for conversations in found.moves.values() for one in conversations}
    lines = [
        f"Replayed: {counted(found.conversations, 'conversation')} in {counted(found.chats, 'chat')}, "
        f"{counted(found.reminders, 'reminder')} to come."
    ]
    for move, conversations in found.moves.items():
        listed = ", ".join(conversations[:LISTED]) + (" …" if len(conversations) > LISTED else "")
        said = _sentence(move, library.catalog(FALLBACK_LANGUAGE))
        lines.append(f"{len(conversations):,}: {clean(said)} ({listed})")
    lines.append("Everybody goes on where they stand." if not moved else "")
    if was is None:
        lines.append("Not compared: steps and advice, as it was not said what the bot talks with now (--was).")
    return [line for line in lines if line]


def _sentence(move: Move, catalog: Catalog) -> str:
    """Say what a move is, in the words of the messages."""
    match move.what:
        case "stuck":
            after = f" after {move.now}" if move.now else ""
            return f"STUCK: nothing could be answered any more ({move.was}{after})."
        case "flow":
            return f"the conversation '{move.was}' is gone; they go on in '{move.now}'."
        case "answer":
            fact = short_name(catalog, move.was)
            return f"the answer to '{fact}' ({move.was}) does not fit any more; they go on {_at(move.now)}."
        case "step":
            return f"they stood {_at(move.was)}, and go on {_at(move.now)}."
        case "advice":
            names = [verdict_name(catalog, verdict) for verdict in (move.was, move.now)]
            return f"the advice was *{names[0]}*, and is *{names[1]}*."
        case _:
            return f"the kind of reminder '{move.was}' is gone; it will not be said."


def _at(step: str) -> str:
    return "at the end" if step == END else f"at '{step}'"
