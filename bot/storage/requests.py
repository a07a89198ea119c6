"""What an operator does for people who ask by mail: find them, hand over what is kept, delete it, and note that.

What was done is added to a log and never changed or taken out of it; the log holds pseudonyms, so it
names nobody once they are deleted.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import bindparam, func, insert, select, tuple_

from bot.core.chat.person import Key, Person
from bot.core.coaching.cohort import CohortRepository
from bot.storage.cohorts import CohortTables
from bot.storage.compiled import CompiledStatement, Cursor
from bot.storage.people import PersonRepository
from bot.storage.schema import Id, aware, case_, person, request, session
from bot.storage.writer import Runner

PSEUDONYM: Final = re.compile(r"p[0-9a-f]{12}")
PAGE: Final = 5000
"""People whose pseudonyms are worked out in one transaction: some milliseconds."""

Export = Callable[[Person, CohortRepository, int], tuple[str, str]]
"""Makes of somebody, of cohorts and of their id what is handed over: what is theirs, and what cohorts keep ("": no)."""


@dataclass(frozen=True)
class PersonFound:
    """Somebody who is kept, without anything they said; `cohorts` by name, each with whether they coach it."""

    bot: int
    person: int
    pseudonym: str
    since: datetime
    heard: datetime | None
    interviews: int
    cohorts: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Request:
    """What an operator did: when, what (find | export | forget), who they are to the system, and for whom."""

    at: datetime
    what: str
    by: str
    pseudonym: str


class Requests:
    """The requests about people of one database."""

    def __init__(
        self, runner: Runner, turning: PersonRepository, cohorts: CohortTables, emptied: Callable[[], Awaitable[None]]
    ) -> None:
        """Take what the database is made of; `emptied` leaves no trace of deleted rows."""
        self._runner, self._turning, self._cohorts, self._emptied = runner, turning, cohorts, emptied
        self._cipher, dialect = turning.cipher, cohorts.dialect
        keys = (person.c.bot, person.c.person)
        after = tuple_(bindparam("bot", type_=Id), bindparam("person", type_=Id))
        page = select(*keys).where(tuple_(*keys) > after).order_by(*keys).limit(PAGE)
        self._page = CompiledStatement(page, dialect)
        heard = func.max(session.c.updated_at)
        mine = (session.c.bot == person.c.bot, session.c.person == person.c.person)
        cases = case_.join(session, case_.c.session == session.c.id)
        self._found = CompiledStatement(
            select(
                *keys,
                person.c.since,
                select(heard).where(*mine).scalar_subquery().label("heard"),
                select(func.count()).select_from(cases).where(*mine).scalar_subquery().label("interviews"),
            )
            .where(person.c.person == bindparam("person"))
            .order_by(person.c.bot),
            dialect,
        )
        self._add = CompiledStatement(insert(request).inline(), dialect, ("at", "what", "content"))
        self._all = CompiledStatement(
            select(request.c.at, request.c.what, request.c.content).order_by(request.c.id), dialect
        )

    async def resolve(self, who: str) -> int | None:
        """Return the user id that is meant by an id or a pseudonym of a log; None for a pseudonym of nobody's."""
        if not PSEUDONYM.fullmatch(who):
            return int(who)
        after = {"bot": -(2**62), "person": -(2**62)}
        while rows := await self._runner.submit(partial(self._page.all, values=after), rank="long"):
            for row in rows:
                if who in self._cipher.pseudonyms(row.person):
                    return int(row.person)
            after = {"bot": rows[-1].bot, "person": rows[-1].person}
        return None

    async def find(self, who: int) -> list[PersonFound]:
        """Return what is known of somebody, for each bot that knows them."""
        return await self._runner.submit(lambda c: list(self._of(c, who)), rank="long")

    def _of(self, cursor: Cursor, who: int) -> Iterator[PersonFound]:
        for row in self._found.all(cursor, {"person": who}):
            repository = self._cohorts.repository(cursor, row.bot)
            coached = [(one.name, True) for _, one in sorted(repository.coached(who).items())]
            joined = [(one.name, False) for _, one in sorted(repository.joined(who).items())]
            name = self._cipher.pseudonym(who)
            yield PersonFound(row.bot, who, name, row.since, row.heard, row.interviews, (*coached, *joined))

    async def export(self, bot: int, who: int, export: Export) -> tuple[str, str] | None:
        """Return what `export` makes of all that is kept of somebody; None where that is nothing."""

        def made(cursor: Cursor) -> tuple[str, str] | None:
            kept = self._turning.load(cursor, Key(bot, who, 0, who)).person
            return None if kept is None else export(kept, self._cohorts.repository(cursor, bot), who)

        return await self._runner.submit(made, rank="long")

    async def forget(self, bot: int, who: int) -> None:
        """Delete everything about somebody, as /forget does."""

        def gone(cursor: Cursor) -> None:
            self._turning.lock(cursor, bot, who)
            self._turning.forget(cursor, bot, who)
            self._cohorts.forget(cursor, bot, who)

        await self._runner.submit(gone, Key(bot, who, 0, who))
        await self._emptied()

    async def note(self, what: str, by: str, pseudonym: str, now: datetime) -> None:
        """Add to the log what was done."""
        row = {"at": aware(now), "what": what, "content": self._cipher.seal({"by": by, "who": pseudonym})}
        await self._runner.submit(lambda c: self._add.run(c, row))

    async def noted(self) -> list[Request]:
        """Return the log, the oldest first."""
        rows = await self._runner.submit(self._all.all, rank="long")
        opened = ((row, self._cipher.open(row.content)) for row in rows)
        return [Request(row.at, row.what, content["by"], content["who"]) for row, content in opened]
