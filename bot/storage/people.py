"""A person as rows, and back; one turn between the two.

Law of this file: a turn reads one joined row and writes only what the step changed; what is unchanged is neither
encrypted nor written again. Statements run on the cursor of the turn's transaction and nowhere else.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Final, cast

from bot.core.chat.person import Call, CallKind, Key, Person, Preview, TurnResult
from bot.core.dialogue.session import Session
from bot.core.reminders.schedule import ReminderSchedule
from bot.runtime.ports import ClaimedCall, DueSchedule, OutboxClaim, Step, UnmadeTurn
from bot.storage.compiled import Cursor
from bot.storage.encryption import Cipher, Sealed, SealedCache
from bot.storage.statements import Statements

Reading = Callable[[], AbstractContextManager[Cursor]]
"""Gives a cursor to read with."""


class Cases(Mapping[int, Session]):
    """A person's cases, read when they are looked at: within the turn by its transaction, later on as they are then."""

    def __init__(self, session: int | None, reading: Reading, statements: Statements, memory: SealedCache) -> None:
        self._session, self._reading, self._statements, self._memory = session, reading, statements, memory
        self._sealed: dict[int, bytes] = {}
        self._opened: dict[int, Session] = {}
        self._complete = session is None

    def take(self, number: int, sealed: bytes) -> None:
        """Keep what was read of a case."""
        self._sealed[number] = sealed

    def leave(self, reading: Reading) -> None:
        """Read elsewhere from now on: the transaction is over."""
        self._reading = reading

    def known(self, number: int) -> Session | None:
        """Return a case if it was looked at."""
        return self._opened.get(number)

    def __getitem__(self, number: int) -> Session:
        opened = self._opened.get(number)
        if opened is None:
            if number not in self:
                raise KeyError(number)
            opened = self._opened[number] = self._memory.open(self._sealed[number], Session.from_json)
        return opened

    def __contains__(self, number: object) -> bool:
        if number not in self._sealed and not self._complete and isinstance(number, int):
            asked = {"session": self._session, "number": number}
            with self._reading() as cursor:
                found = self._statements.one_case.one(cursor, asked)
            if found is not None:
                self._sealed[number] = found.content
        return number in self._sealed

    def __iter__(self) -> Iterator[int]:
        if not self._complete:
            with self._reading() as cursor:
                for number, sealed in self._statements.all_cases.all(cursor, {"session": self._session}):
                    self._sealed.setdefault(number, sealed)
            self._complete = True
        return iter(sorted(self._sealed))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"Cases(session={self._session})"  # never what people said


@dataclass(frozen=True)
class LoadedPerson:
    """What a turn found: the person, their cases, and the row it came from."""

    person: Person | None
    cases: Cases
    row: Any


_OF_SESSION: Final = ("current", "turn", "asking", "run", "panel", "reminded", "schedule")  # as `Person` calls them
HEARD_APART: Final = timedelta(days=1)
_OPEN: Final = attrgetter("language", "zone", "working_days", "holidays")


@dataclass(frozen=True)
class PersonRepository:
    """The turns of one database."""

    statements: Statements
    cipher: Cipher
    memory: SealedCache
    lock: Callable[[Cursor, int, int], None]
    """Makes other turns of a person (bot, person) wait until the transaction ends."""
    reading: Reading

    def turn(
        self, cursor: Cursor, update: int | None, key: Key, step: Step, now: datetime, claim: OutboxClaim | None = None
    ) -> TurnResult | UnmadeTurn | None:
        """Run one turn in the transaction of `cursor`; None when the update was seen before.

        `update` None: nothing of Telegram's, such as what checking came to.
        """
        self.lock(cursor, key.bot, key.person)
        if update is not None and not self.first_seen(cursor, key.bot, update, now):
            return None
        turned = self._turned(cursor, key, step, now, claim, heard=update is not None)
        if update is not None and isinstance(turned, UnmadeTurn):
            self.not_seen(cursor, key.bot, update)
        return turned

    def collect_due(
        self, cursor: Cursor, due: DueSchedule, step: Step, now: datetime
    ) -> TurnResult | UnmadeTurn | None:
        """Run the turn of a schedule that is due; None when its claim has gone to somebody else, or its person has."""
        self.lock(cursor, due.key.bot, due.key.person)
        if self.statements.held.one(cursor, {"id_": due.session, "fence_": due.fence}) is None:
            return None
        return self._turned(cursor, due.key, step, now)

    def _turned(
        self,
        cursor: Cursor,
        key: Key,
        step: Step,
        now: datetime,
        claim: OutboxClaim | None = None,
        *,
        heard: bool = False,
    ) -> TurnResult | UnmadeTurn:
        """Make a turn; `heard`: it is the person's own, and not of something that fell due."""
        found = self.load(cursor, key)
        turned = step(found.person)
        if isinstance(turned, UnmadeTurn):
            return turned
        if turned.person is None:
            self.forget(cursor, key.bot, key.person)
        elif turned.keeps:
            self._keep(cursor, key, found, turned, now, heard)
        self.post(cursor, key, turned, now, claim)
        found.cases.leave(self.reading)
        return turned

    def first_seen(self, cursor: Cursor, bot: int, update: int, now: datetime) -> bool:
        """Note that an update is seen; False when it was seen before."""
        return bool(self.statements.see.run(cursor, {"bot": bot, "update_id": update, "at": now}))

    def not_seen(self, cursor: Cursor, bot: int, update: int) -> None:
        """Forget that an update is seen: its turn was not made."""
        self.statements.unsee.run(cursor, {"bot_": bot, "update_": update})

    def load(self, cursor: Cursor, key: Key) -> LoadedPerson:
        """Return what is kept of somebody in a chat."""
        asked = {"bot": key.bot, "chat": key.chat, "topic": key.topic, "person": key.person}
        row = self.statements.load.one(cursor, asked)
        here = _Here(cursor)
        if row is None:
            return LoadedPerson(None, Cases(None, here, self.statements, self.memory), None)
        cases = Cases(row.id, here, self.statements, self.memory)
        if row.id is not None and row.content is not None:
            cases.take(row.current, row.content)
        known = person_of(row, cases, self.memory)
        if row.edition or row.trial:
            tried = self.memory.open(row.trial, Preview.from_json) if row.trial else None
            known = known.but(version=row.edition or 0, trial=tried)
        return LoadedPerson(known, cases, row)

    def _keep(
        self, cursor: Cursor, key: Key, found: LoadedPerson, turned: TurnResult, now: datetime, heard: bool
    ) -> None:
        person = turned.person
        assert person is not None
        self._keep_person(cursor, key, found, person, now)
        self._keep_trial(cursor, key, found.person, person)
        session = self._keep_session(cursor, key, found, person, now, heard)
        self._keep_cases(cursor, session, found.cases, person.cases, now)

    def _keep_person(self, cursor: Cursor, key: Key, found: LoadedPerson, new: Person, now: datetime) -> None:
        old, row = found.person, found.row
        same_facts = old is not None and (new.facts is old.facts or new.facts == old.facts)
        if old is not None and same_facts and _OPEN(old) == _OPEN(new):
            return
        facts = row.facts if same_facts and row is not None else self._sealed_or_none(dict(new.facts))
        self.statements.put_person.run(
            cursor,
            {
                "bot": key.bot,
                "person": key.person,
                "language": new.language,
                "zone": new.zone,
                "working_days": ",".join(map(str, new.working_days)),
                "holidays": ",".join(new.holidays),
                "facts": facts,
                "since": now,
            },
        )

    def _keep_trial(self, cursor: Cursor, key: Key, old: Person | None, new: Person) -> None:
        if new.trial is (old.trial if old else None):
            return
        if new.trial is None:
            self.statements.drop_trial.run(cursor, {"bot_": key.bot, "person_": key.person})
            return
        content = self.memory.seal(new.trial, new.trial.to_json())
        self.statements.put_trial.run(cursor, {"bot": key.bot, "person": key.person, "content": content})

    def _keep_session(
        self, cursor: Cursor, key: Key, found: LoadedPerson, new: Person, now: datetime, heard: bool
    ) -> int:
        old, row = found.person, found.row
        session: int | None = None if row is None else row.id
        values = {
            "current": new.current,
            "turn": new.turn,
            "asking": new.asking,
            "run": row.run if session is not None and old and old.run == new.run else self._sealed_or_none(new.run),
            "panel": new.panel,
            "reminded": new.reminded,
            # When they were heard last: whoever is silent for long is told so, and a reminder is no word of theirs.
            "updated_at": now if heard or row is None or row.id is None else row.updated_at,
            "told_at": None if heard or row is None else row.told_at,
            "agenda": self._schedule(row, old, new),
            "wake": new.schedule.wake,
        }
        if session is None:
            whose = {"bot": key.bot, "chat": key.chat, "topic": key.topic, "person": key.person}
            return int(self.statements.add_session.one(cursor, whose | values | {"opens": new.schedule.wake}).id)
        assert old is not None
        if row.wake != new.schedule.wake or row.blocked_at is not None:
            self.statements.put_wake.run(cursor, values | {"id_": session})
        elif any(getattr(old, name) != getattr(new, name) for name in _OF_SESSION) or (heard and _unnoted(row, now)):
            self.statements.put_session.run(cursor, values | {"id_": session})
        return session

    def _schedule(self, row: Any, old: Person | None, new: Person) -> bytes | None:
        """Return the schedule sealed, as it was where it is the same; none for whoever has nothing on it."""
        if old is not None and row is not None and old.schedule == new.schedule:
            return cast("bytes | None", row.agenda)
        return None if new.schedule == ReminderSchedule() else self.memory.seal(new.schedule, new.schedule.to_json())

    def _keep_cases(self, cursor: Cursor, session: int, old: Cases, new: Mapping[int, Session], now: datetime) -> None:
        changed, dropped = changes(old, new)
        for number in dropped:
            self.statements.drop_case.run(cursor, {"session": session, "number": number})
        if changed:
            rows = [
                {
                    "session": session,
                    "number": number,
                    "content": self.memory.seal(case, case.to_json()),
                    "opened_at": now,
                    "updated_at": now,
                }
                for number, case in changed.items()
            ]
            self.statements.put_case.run_each(cursor, rows)

    def forget(self, cursor: Cursor, bot: int, person: int) -> None:
        """Delete everything about somebody but what cohorts keep."""
        self.memory.forget()
        for statement in self.statements.forget:
            statement.run(cursor, {"bot_": bot, "person_": person})
        # A parked update is kept as Telegram sent it, so whom it is about is known only once it is opened.
        for id_, content in self.statements.parked_updates.all(cursor, {"bot_": bot}):
            if mentions(self.cipher.open(content), person):
                self.statements.unpark.one(cursor, {"id_": id_})

    def post(
        self, cursor: Cursor, key: Key, turned: TurnResult, now: datetime, claim: OutboxClaim | None = None
    ) -> None:
        """Put the calls of a turn into the outbox; the first is the claimant's if nothing of the chat waits before it.

        In a private chat only: there whoever locked the person has the chat to themselves as well.
        """
        calls = turned.calls
        if not calls:
            return
        turn = turned.person.turn if turned.person else 0
        rows = [self._row(key, call, turn, now) for call in calls]
        if claim is not None and key.chat == key.person and not calls[0].reminder and self._is_first(cursor, key):
            first = rows.pop(0) | {"worker": claim.worker, "lease_until": claim.lease_until}
            id_ = self.statements.post_claimed.one(cursor, first).id
            claim.posted = ClaimedCall(id_, key, calls[0], attempts=1, fence=1, alone=not rows)
        self.statements.post.run_each(cursor, rows)

    def waits(self, cursor: Cursor, key: Key, call: Call) -> bool:
        """Tell whether an equal call waits to be made in the same chat and topic."""
        asked = {"bot_": key.bot, "chat_": key.chat, "topic_": key.topic, "method_": STORED[call.kind]}
        return any(self.cipher.open(row.content) == call.values for row in self.statements.alike.all(cursor, asked))

    def _is_first(self, cursor: Cursor, key: Key) -> bool:
        return self.statements.waits.one(cursor, {"bot_": key.bot, "chat_": key.chat}) is None

    def _row(self, key: Key, call: Call, turn: int, now: datetime) -> dict[str, Any]:
        return {
            "bot": key.bot,
            "chat": key.chat,
            "topic": key.topic,
            "person": key.person,
            "method": STORED[call.kind],
            "content": self.cipher.seal(dict(call.values)),
            "panel": call.panel,
            "reminder": call.reminder,
            "turn": turn,
            "created_at": now,
        }

    def _sealed_or_none(self, value: Any) -> Sealed | None:
        return self.memory.seal(value, value) if value else None


@dataclass(frozen=True)
class _Here:
    """Reads on the cursor of the running turn."""

    cursor: Cursor

    def __call__(self) -> _Here:
        return self

    def __enter__(self) -> Cursor:
        return self.cursor

    def __exit__(self, *_: object) -> None:
        """Leave the cursor as it is: it is the turn's."""


def _unnoted(row: Any, now: datetime) -> bool:
    """Tell whether that somebody was heard is to be noted where nothing else is: once a day, or once they were told."""
    return row.told_at is not None or now - row.updated_at > HEARD_APART


def changes(old: Cases, new: Mapping[int, Session]) -> tuple[dict[int, Session], set[int]]:
    """Return the cases to be written and the numbers of those that are gone.

    A `ChainMap` over the old cases, such as `ChainMap({3: case}, person.cases)`, is judged without reading the others.
    """
    if new is old:
        return {}, set()
    if isinstance(new, ChainMap) and new.maps[-1] is old:
        over: Mapping[int, Session] = ChainMap(*new.maps[:-1])
        gone: set[int] = set()
    else:
        over, gone = new, set(old) - set(new)
    return {n: case for n, case in over.items() if (was := old.known(n)) is not case and was != case}, gone


def person_of(row: Any, cases: Mapping[int, Session], memory: SealedCache) -> Person:
    """Return the person that a joined row holds."""
    language, zone, days, off, facts, session, current, turn, asking, run, panel, reminded, schedule, *_ = row
    own: dict[str, Any] = {
        "language": language,
        "zone": zone,
        "working_days": tuple(map(int, days.split(","))) if days else (),
        "holidays": tuple(off.split(",")) if off else (),
        "facts": memory.open(facts, dict) if facts else {},
    }
    if session is None:  # known from another chat
        return Person(**own)
    return Person(
        **own,
        cases=cases,
        current=current,
        turn=turn,
        asking=asking,
        run=memory.open(run, tuple) if run else (),
        panel=panel,
        reminded=reminded,
        schedule=memory.open(schedule, ReminderSchedule.from_json) if schedule else ReminderSchedule(),
    )


MAX_DEPTH: Final = 50  # no update of Telegram is nested as deeply; a crafted one must not exhaust the stack


def mentions(value: Any, number: int, depth: int = 0) -> bool:
    """Tell whether a JSON value holds the number anywhere."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return depth < MAX_DEPTH and any(mentions(inner, number, depth + 1) for inner in value)
    return type(value) is int and value == number


STORED: Final[Mapping[CallKind, str]] = {
    "message": "sendMessage",
    "edit": "editMessageText",
    "edit_buttons": "editMessageReplyMarkup",
    "document": "sendDocument",
    "photo": "sendPhoto",
    "poll": "sendPoll",
    "close_poll": "stopPoll",
}
"""The name in the outbox for each kind of call; a row may be read by a version of before or of later."""
_KINDS: Final[Mapping[str, CallKind]] = {name: kind for kind, name in STORED.items()}


def call_of(row: Any, cipher: Cipher) -> Call:
    """Return the call that an outbox row holds."""
    return Call(_KINDS[row.method], cipher.open(row.content), panel=bool(row.panel), reminder=bool(row.reminder))
