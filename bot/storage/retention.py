"""People who have been silent for long: found page by page, told or deleted one by one, in a transaction each.

What is done about somebody is decided anew when it is done, with their row locked, so that an answer
that came meanwhile counts, and of several processes one does it. The table is walked by its primary key.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Dialect, bindparam, func, or_, select, update

from bot.core.chat.person import Key, TurnResult
from bot.core.chat.privacy import GRACE
from bot.core.chat.retention import Silence
from bot.runtime.ports import Silent
from bot.storage.cohorts import CohortTables
from bot.storage.compiled import CompiledStatement, Cursor
from bot.storage.people import PersonRepository
from bot.storage.schema import Utc, aware, roll, session
from bot.storage.writer import Runner

RAN: Final = "ran"
"""The name in `meta` of the days on which the bot ran, and of the hour in which somebody walked last."""
REMEMBERED: Final = 100  # days
PAGE: Final = 1000
"""Rows looked at in one transaction: some milliseconds."""


@dataclass(frozen=True)
class Page:
    """Who may have been silent for long, among the rows up to `last`; 0: there are no more rows."""

    people: tuple[Key, ...]
    last: int


class SilentPeople:
    """The silent people of one database, each call a transaction of its own."""

    def __init__(
        self,
        dialect: Dialect,
        runner: Runner,
        turning: PersonRepository,
        cohorts: CohortTables,
        emptied: Callable[[], Awaitable[None]],
    ) -> None:
        self._runner, self._turning, self._cohorts, self._emptied = runner, turning, cohorts, emptied
        self._cipher = turning.cipher
        statements = turning.statements
        self._ran, self._put_ran = statements.value, statements.put_rules
        overdue: Any = bindparam("overdue", type_=Utc())
        whose = (roll.c.bot == session.c.bot, roll.c.person == session.c.person)
        self._page = CompiledStatement(
            select(session.c.bot, session.c.chat, session.c.topic, session.c.person)
            .where(session.c.id > bindparam("after"), session.c.id <= bindparam("last"))
            .where(session.c.updated_at <= bindparam("heard", type_=Utc()))
            .where(or_(session.c.wake.is_(None), session.c.wake < overdue))
            # Told by a clock that was ahead counts as not told.
            .where(or_(session.c.told_at.is_(None), session.c.told_at <= overdue, session.c.told_at > bindparam("now")))
            .where(~select(roll.c.number).where(*whose).exists())
            .order_by(session.c.id),
            dialect,
        )
        self._newest = CompiledStatement(select(func.coalesce(func.max(session.c.id), 0).label("id")), dialect)
        mine = (session.c.bot == bindparam("bot"), session.c.person == bindparam("person"))
        shown = ("updated_at", "told_at", "wake", "blocked_at")
        self._sessions = CompiledStatement(select(*(session.c[name] for name in shown)).where(*mine), dialect)
        enrolled = (roll.c.bot == bindparam("bot"), roll.c.person == bindparam("person"))
        self._enrolled = CompiledStatement(select(roll.c.number).where(*enrolled).limit(1), dialect)
        theirs = (session.c.bot == bindparam("bot_"), session.c.person == bindparam("person_"))
        self._tell = CompiledStatement(update(session).where(*theirs).values(told_at=bindparam("now")), dialect)

    async def begin_walk(self, now: datetime) -> frozenset[date] | None:
        """Note that the bot runs on this day, and return all such days; None where somebody walks in this hour."""
        aware(now)
        return await self._runner.submit(lambda c: self._begin(c, now), rank="long")

    async def silent_people(self, after: int, silence: timedelta, now: datetime) -> tuple[Sequence[Key], int]:
        """Return who may have been silent for so long among the rows after `after`, and where to go on (0: end)."""
        aware(now)
        page = await self._runner.submit(lambda c: self._page_after(c, after, silence, now), rank="long")
        return page.people, page.last

    async def end_silence(self, key: Key, ran: Collection[date], silent: Silent, now: datetime) -> TurnResult | None:
        """Do what is due about somebody who has been silent for long; None where that is nothing."""
        aware(now)
        turned = await self._runner.submit(lambda c: self._end(c, key, ran, silent, now), key)
        if turned is not None and turned.person is None:
            await self._emptied()
        return turned

    def _begin(self, cursor: Cursor, now: datetime) -> frozenset[date] | None:
        self._turning.lock(cursor, 0, 0)
        row = self._ran.one(cursor, {"name_": RAN})
        known = self._cipher.open(row.value) if row is not None else {"days": [], "hour": ""}
        hour, today = now.isoformat(timespec="hours"), now.date().isoformat()
        if known["hour"] == hour:
            return None
        days = sorted({*known["days"], today})[-REMEMBERED:]
        value = self._cipher.seal({"days": days, "hour": hour})
        self._put_ran.run(cursor, {"name": RAN, "value": value})
        return frozenset(map(date.fromisoformat, days))

    def _page_after(self, cursor: Cursor, after: int, retention: timedelta, now: datetime) -> Page:
        newest = self._newest.one(cursor).id
        if after >= newest:
            return Page((), 0)
        asked = {"after": after, "last": after + PAGE, "heard": now - retention, "overdue": now - GRACE, "now": now}
        found = tuple(Key(row.bot, row.chat, row.topic, row.person) for row in self._page.all(cursor, asked))
        return Page(found, after + PAGE)

    def _end(self, cursor: Cursor, key: Key, ran: Collection[date], silent: Silent, now: datetime) -> TurnResult | None:
        self._turning.lock(cursor, key.bot, key.person)
        found = self._turning.load(cursor, key)
        whose = {"bot": key.bot, "person": key.person}
        rows = self._sessions.all(cursor, whose)
        if found.person is None or not rows:
            return None
        wakes = [row.wake for row in rows if row.wake is not None]
        silence = Silence(
            heard=max(row.updated_at for row in rows),
            told=max((row.told_at for row in rows if row.told_at is not None), default=None),
            wake=max(wakes, default=None),
            enrolled=self._enrolled.one(cursor, whose) is not None,
            ran=ran,
        )
        turned = silent(found.person, silence, now)
        if turned is None:
            return None
        if turned.person is None:
            self._turning.forget(cursor, key.bot, key.person)
            self._cohorts.forget(cursor, key.bot, key.person)
            return turned
        self._tell.run(cursor, {"bot_": key.bot, "person_": key.person, "now": now})
        if all(
            row.blocked_at is None for row in rows
        ):  # whoever blocked us is not written to, and deleted all the same
            self._turning.post(cursor, key, turned, now)
        return turned
