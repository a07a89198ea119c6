"""Cohorts as rows, and the turns that concern them.

A cohort is one sealed value, written whole; beside it stand only the ids that it is looked up by. A
turn in a private chat is an ordinary turn that may read and write cohorts as well, in the same transaction; one in a
group keeps nothing of anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Dialect, bindparam, delete, func, select, type_coerce, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.core.chat.person import Call, Key, Person, TurnResult
from bot.core.coaching.cohort import BotMembership, Cohort, CohortRepository, CohortTurn
from bot.core.coaching.content_version import ContentVersion
from bot.core.dialogue.session import Session
from bot.runtime.ports import CohortDueStep, CohortStep, UnmadeTurn
from bot.storage.compiled import CompiledStatement, Cursor
from bot.storage.content_versions import ContentVersionRepository
from bot.storage.encryption import Cipher
from bot.storage.people import PersonRepository
from bot.storage.schema import Utc, case_, cohort, person, roll, room, session

EVERYBODY: Final = 0
"""Stands for a person where PostgreSQL locks: turns that change cohorts of a bot follow one another."""


class CohortStatements:
    """The statements for one kind of database."""

    def __init__(self, dialect: Dialect) -> None:
        self._upsert = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
        self._cohorts(dialect)
        self._rooms(dialect)
        self._people(dialect)

    def _cohorts(self, dialect: Dialect) -> None:
        columns = (cohort.c.number, cohort.c.content)
        one = (cohort.c.bot == bindparam("bot_"), cohort.c.number == bindparam("number_"))
        of_roll = (roll.c.bot == cohort.c.bot, roll.c.number == cohort.c.number)
        made = CompiledStatement
        self.one = made(select(cohort.c.content).where(*one), dialect)
        self.tied = made(select(*columns).where(cohort.c.bot == bindparam("bot"), cohort.c.chat == bindparam("chat")),
                         dialect)  # fmt: skip
        closing = (cohort.c.bot == bindparam("bot"), cohort.c.poll == bindparam("poll"))
        self.polling = made(select(*columns).where(*closing), dialect)
        self.of_person = made(
            select(*columns).where(*of_roll, roll.c.bot == bindparam("bot"), roll.c.person == bindparam("person")),
            dialect,
        )
        new = self._upsert(cohort)
        kept = new.on_conflict_do_update(
            index_elements=["bot", "number"],
            set_={name: new.excluded[name] for name in ("chat", "content", "poll", "wake", "edition")},
        )
        self.put = made(kept, dialect)
        self.drop = made(delete(cohort).where(*one), dialect)
        mine = (roll.c.bot == bindparam("bot_"), roll.c.number == bindparam("number_"))
        self.clear_rolls = made(delete(roll).where(*mine), dialect)
        self.enrol = made(self._upsert(roll).on_conflict_do_nothing(), dialect)
        self.due = made(
            select(cohort.c.bot, cohort.c.number)
            .where(cohort.c.wake <= bindparam("now", type_=Utc()))
            .order_by(cohort.c.wake)
            .limit(1),
            dialect,
        )
        self.next_wake = made(select(type_coerce(func.min(cohort.c.wake), Utc()).label("at")), dialect)

    def _rooms(self, dialect: Dialect) -> None:
        made = CompiledStatement
        kept_of_room = ("standing", "may_write", "brought_by", "title")
        shown = (room.c.chat, *(room.c[name] for name in kept_of_room))
        self.room = made(
            select(*shown).where(room.c.bot == bindparam("bot"), room.c.chat == bindparam("chat")), dialect
        )
        brought = (room.c.bot == bindparam("bot"), room.c.brought_by == bindparam("person"))
        self.channels = made(select(*shown).where(*brought), dialect)
        mine = (room.c.bot == bindparam("bot_"), room.c.brought_by == bindparam("person_"))
        self.disown = made(update(room).where(*mine).values(brought_by=0), dialect)
        new = self._upsert(room)
        self.put_room = made(
            new.on_conflict_do_update(
                index_elements=["bot", "chat"],
                set_={name: new.excluded[name] for name in kept_of_room},
            ),
            dialect,
        )
        self.drop_room = made(
            delete(room).where(room.c.bot == bindparam("bot_"), room.c.chat == bindparam("chat_")), dialect
        )
        self.move_room = made(
            update(room)
            .where(room.c.bot == bindparam("bot_"), room.c.chat == bindparam("chat_"))
            .values(chat=bindparam("new")),
            dialect,
        )

    def _people(self, dialect: Dialect) -> None:
        made = CompiledStatement
        self.language = made(
            select(person.c.language).where(person.c.bot == bindparam("bot"), person.c.person == bindparam("person")),
            dialect,
        )
        self.cases = made(
            select(case_.c.number, case_.c.content).where(
                case_.c.session == session.c.id,
                session.c.bot == bindparam("bot"),
                session.c.chat == bindparam("person"),  # the private chat with somebody has their id
                session.c.topic == 0,
                session.c.person == bindparam("person"),
            ),
            dialect,
        )


@dataclass(frozen=True)
class _StoredCohorts:
    """What the transaction of `cursor` sees of a bot's cohorts; see `core.coaching.cohort.CohortRepository`."""

    cohorts: CohortTables
    cursor: Cursor
    bot: int

    def cohort(self, number: int) -> Cohort | None:
        asked = {"bot_": self.bot, "number_": number}
        row = self.cohorts.statements.one.one(self.cursor, asked)
        return None if row is None else Cohort.from_json(self.cohorts.cipher.open(row.content))

    def coached(self, person: int) -> Mapping[int, Cohort]:
        return {number: one for number, one in self._of(person).items() if person in one.coaches}

    def joined(self, person: int) -> Mapping[int, Cohort]:
        return {number: one for number, one in self._of(person).items() if person in one.members}

    def tied(self, chat: int) -> Mapping[int, Cohort]:
        return self._opened(self.cohorts.statements.tied, {"bot": self.bot, "chat": chat})

    def polling(self, poll: str) -> Mapping[int, Cohort]:
        return self._opened(self.cohorts.statements.polling, {"bot": self.bot, "poll": poll}) if poll else {}

    def room(self, chat: int) -> BotMembership | None:
        row = self.cohorts.statements.room.one(self.cursor, {"bot": self.bot, "chat": chat})
        return None if row is None else self._room(row)

    def channels(self, person: int) -> Mapping[int, BotMembership]:
        rows = self.cohorts.statements.channels.all(self.cursor, {"bot": self.bot, "person": person})
        return {row.chat: self._room(row) for row in rows if row.brought_by}

    def _room(self, row: Any) -> BotMembership:
        title = self.cohorts.cipher.open(row.title) if row.title else ""
        return BotMembership(row.standing, bool(row.may_write), title, row.brought_by)

    def version(self, number: int) -> ContentVersion | None:
        return self.cohorts.versions.one(self.cursor, self.bot, number)

    def versions(self, coach: int) -> Mapping[int, ContentVersion]:
        return self.cohorts.versions.of_coach(self.cursor, self.bot, coach)

    def language(self, person: int) -> str:
        row = self.cohorts.statements.language.one(self.cursor, {"bot": self.bot, "person": person})
        return "" if row is None else str(row.language)

    def cases(self, people: frozenset[int]) -> Mapping[int, Mapping[int, Session]]:
        found = {}
        for one in people:
            rows = self.cohorts.statements.cases.all(self.cursor, {"bot": self.bot, "person": one})
            if rows:
                found[one] = {number: Session.from_json(self.cohorts.cipher.open(sealed)) for number, sealed in rows}
        return found

    def _of(self, person: int) -> Mapping[int, Cohort]:
        return self._opened(self.cohorts.statements.of_person, {"bot": self.bot, "person": person})

    def _opened(self, statement: CompiledStatement, asked: Mapping[str, int | str]) -> Mapping[int, Cohort]:
        rows = statement.all(self.cursor, asked)
        return {row.number: Cohort.from_json(self.cohorts.cipher.open(row.content)) for row in rows}


class CohortTables:
    """The cohorts of one database."""

    def __init__(self, dialect: Dialect, cipher: Cipher, turning: PersonRepository) -> None:
        self.statements, self.cipher, self._turning = CohortStatements(dialect), cipher, turning
        self.dialect = dialect
        self.versions = ContentVersionRepository(dialect, cipher)

    def cohort_respond(
        self, cursor: Cursor, update: int | None, key: Key, step: CohortStep, now: datetime
    ) -> CohortTurn | UnmadeTurn | None:
        """Run a turn that concerns cohorts; None when the update was seen before."""
        self._turning.lock(cursor, key.bot, EVERYBODY)
        repository = _StoredCohorts(self, cursor, key.bot)
        if key.chat != key.person:
            if update is not None and not self._turning.first_seen(cursor, key.bot, update, now):
                return None
            cohort_turn = step(None, repository)
            if update is not None and isinstance(cohort_turn, UnmadeTurn):
                self._turning.not_seen(cursor, key.bot, update)
        else:
            made: list[CohortTurn | UnmadeTurn] = []

            def own(person: Person | None) -> TurnResult | UnmadeTurn:
                made.append(step(person, repository))
                return made[0]

            if self._turning.turn(cursor, update, key, own, now) is None:
                return None
            cohort_turn = made[0]
        if isinstance(cohort_turn, UnmadeTurn):
            return cohort_turn
        self._keep_turn(cursor, key, cohort_turn, now)
        return cohort_turn

    def _keep_turn(self, cursor: Cursor, key: Key, cohort_turn: CohortTurn, now: datetime) -> None:
        for number, one in cohort_turn.cohorts.items():
            self._keep(cursor, key.bot, number, one)
        for number, version in cohort_turn.versions.items():
            self.versions.keep(cursor, key.bot, number, version, now)
        if cohort_turn.room is not None:
            self._keep_room(cursor, key, cohort_turn.room)
        for post in cohort_turn.posts:
            if not (post.once and self._turning.waits(cursor, post.key, post.call)):
                self._turning.post(cursor, post.key, TurnResult(None, (post.call,)), now)

    def _keep_room(self, cursor: Cursor, key: Key, here: BotMembership) -> None:
        standing = {"standing": here.standing, "may_write": here.may_write, "brought_by": here.by}
        title = self.cipher.seal(here.title) if here.title else None
        self.statements.put_room.run(cursor, {"bot": key.bot, "chat": key.chat, "title": title, **standing})

    def cohort_due(self, cursor: Cursor, step: CohortDueStep, now: datetime) -> CohortTurn | UnmadeTurn | None:
        """Run the turn of the cohort that is due longest; None when none is."""
        row = self.statements.due.one(cursor, {"now": now})
        if row is None:
            return None
        self._turning.lock(cursor, row.bot, EVERYBODY)
        repository = _StoredCohorts(self, cursor, row.bot)
        one = repository.cohort(row.number)
        if one is None or one.wake is None or one.wake > now:
            return CohortTurn(None)  # another process was quicker
        cohort_turn = step(row.bot, row.number, one, repository)
        if isinstance(cohort_turn, UnmadeTurn):
            return cohort_turn
        for number, changed in cohort_turn.cohorts.items():
            self._keep(cursor, row.bot, number, changed)
        for post in cohort_turn.posts:
            self._turning.post(cursor, post.key, TurnResult(None, (post.call,)), now)
        return cohort_turn

    def polled(self, cursor: Cursor, key: Key, call: Call, message: int) -> None:
        """Keep which message holds the poll that was just posted in a group, so that it can be closed by its button."""
        if "reply_markup" not in call.values:
            return
        self._turning.lock(cursor, key.bot, EVERYBODY)
        ((button,),) = call.values["reply_markup"]["inline_keyboard"]
        number = int(button["callback_data"].split(":")[2])  # k:close:cohort:turn
        one = _StoredCohorts(self, cursor, key.bot).tied(key.chat).get(number)
        if one is not None:
            self._keep(cursor, key.bot, number, one.polled(message))

    def next_wake(self, cursor: Cursor) -> datetime | None:
        """Return the instant at which a cohort is due next."""
        at: datetime | None = self.statements.next_wake.one(cursor).at
        return at

    def repository(self, cursor: Cursor, bot: int) -> CohortRepository:
        """Return what a transaction sees of a bot's cohorts."""
        return _StoredCohorts(self, cursor, bot)

    def forget(self, cursor: Cursor, bot: int, person: int) -> None:
        """Take somebody out of every cohort; one that nobody coaches any more is over."""
        self._turning.lock(cursor, bot, EVERYBODY)
        self.statements.disown.run(cursor, {"bot_": bot, "person_": person})
        mine = _StoredCohorts(self, cursor, bot)
        for number, one in {**mine.joined(person), **mine.coached(person)}.items():
            left = one.without(person)
            self._keep(cursor, bot, number, left)
            if left is not None:
                self.versions.disown(cursor, bot, number, person, min(left.coaches))
        self.versions.forget(cursor, bot, person)

    def migrate(self, cursor: Cursor, bot: int, chat: int, new: int) -> None:
        """Rewrite the id of a group that became a supergroup."""
        self._turning.lock(cursor, bot, EVERYBODY)
        for number, one in _StoredCohorts(self, cursor, bot).tied(chat).items():
            self._keep(cursor, bot, number, one.moved(new))
        if _StoredCohorts(self, cursor, bot).room(new) is not None:
            self.statements.drop_room.run(cursor, {"bot_": bot, "chat_": chat})
        else:
            self.statements.move_room.run(cursor, {"bot_": bot, "chat_": chat, "new": new})

    def _keep(self, cursor: Cursor, bot: int, number: int, one: Cohort | None) -> None:
        whose = {"bot_": bot, "number_": number}
        self.statements.clear_rolls.run(cursor, whose)
        if one is None:
            self.statements.drop.run(cursor, whose)
            self.versions.clear(cursor, bot, number)
            return
        content = self.cipher.seal(one.to_json())
        found = {"chat": one.chat, "poll": one.poll, "wake": one.wake, "edition": one.version}
        row = {"bot": bot, "number": number, "content": content, **found}
        self.statements.put.run(cursor, row)
        people = sorted({*one.coaches, *one.members})
        self.statements.enrol.run_each(cursor, [{"bot": bot, "number": number, "person": p} for p in people])
