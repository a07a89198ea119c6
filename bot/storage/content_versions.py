"""Editions of the content as rows: kept, found, claimed to be checked, as statements in a transaction.

An edition is one sealed value, written whole; beside it stand only ids, and from when on it is to be
checked. What it says is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Dialect, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.core.coaching.content_version import ContentVersion
from bot.runtime.ports import ContentCheck
from bot.storage.compiled import CompiledStatement, Cursor
from bot.storage.encryption import Cipher
from bot.storage.schema import EPOCH, Utc, aware, version
from bot.storage.writer import Runner


class ContentVersionStatements:
    """The statements for one kind of database."""

    def __init__(self, dialect: Dialect) -> None:
        upsert = sqlite.insert if dialect.name == "sqlite" else postgresql.insert

        one = (version.c.bot == bindparam("bot_"), version.c.number == bindparam("number_"))
        shown = select(version.c.number, version.c.content).order_by(version.c.number)
        self.one = CompiledStatement(select(version.c.content).where(*one), dialect)
        of_coach = (version.c.bot == bindparam("bot_"), version.c.coach == bindparam("coach_"))
        of_cohort = (version.c.bot == bindparam("bot_"), version.c.cohort == bindparam("cohort_"))
        self.of_coach = CompiledStatement(shown.where(*of_coach), dialect)
        self.of_cohort = CompiledStatement(shown.where(*of_cohort), dialect)
        new = upsert(version)
        kept = new.on_conflict_do_update(
            index_elements=["bot", "number"],
            set_={name: new.excluded[name] for name in ("cohort", "coach", "content", "opens")},
        )
        self.put = CompiledStatement(kept, dialect)
        self.drop = CompiledStatement(delete(version).where(*one), dialect)
        self.clear = CompiledStatement(delete(version).where(*of_cohort), dialect)
        self.forget = CompiledStatement(delete(version).where(*of_coach), dialect)
        self.open = CompiledStatement(
            update(version).where(*one).values(opens=bindparam("opens_", type_=Utc())), dialect
        )
        chosen = (
            select(version.c.bot, version.c.number)
            .where(version.c.opens <= bindparam("now", type_=Utc()))
            .order_by(version.c.opens)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        self.due = CompiledStatement(chosen, dialect)
        leased = update(version).where(version.c.opens.is_not(None)).values(opens=EPOCH)
        self.take_back = CompiledStatement(leased, dialect)


class ContentVersionRepository:
    """The editions of one database."""

    def __init__(self, dialect: Dialect, cipher: Cipher) -> None:
        self._statements, self._cipher = ContentVersionStatements(dialect), cipher

    def one(self, cursor: Cursor, bot: int, number: int) -> ContentVersion | None:
        """Return an edition by its number."""
        row = self._statements.one.one(cursor, {"bot_": bot, "number_": number})
        return None if row is None else ContentVersion.from_json(self._cipher.open(row.content))

    def of_coach(self, cursor: Cursor, bot: int, coach: int) -> Mapping[int, ContentVersion]:
        """Return what a coach made."""
        rows = self._statements.of_coach.all(cursor, {"bot_": bot, "coach_": coach})
        return {row.number: ContentVersion.from_json(self._cipher.open(row.content)) for row in rows}

    def keep(self, cursor: Cursor, bot: int, number: int, one: ContentVersion | None, now: datetime) -> None:
        """Write an edition, or drop it; one that was sent is to be checked at once."""
        if one is None:
            self._statements.drop.run(cursor, {"bot_": bot, "number_": number})
            return
        opens = now if one.state == "sent" else None
        ids = {"bot": bot, "number": number, "cohort": one.cohort, "coach": one.coach}
        self._statements.put.run(cursor, {**ids, "content": self._cipher.seal(one.to_json()), "opens": opens})

    def clear(self, cursor: Cursor, bot: int, cohort: int) -> None:
        """Drop what was made for a cohort, which is over."""
        self._statements.clear.run(cursor, {"bot_": bot, "cohort_": cohort})

    def disown(self, cursor: Cursor, bot: int, cohort: int, person: int, heir: int) -> None:
        """Give what somebody published for a cohort to another coach of it: its members talk with it."""
        rows = self._statements.of_cohort.all(cursor, {"bot_": bot, "cohort_": cohort})
        for row in rows:
            one = ContentVersion.from_json(self._cipher.open(row.content))
            if one.coach == person and not one.draft:
                ids = {"bot": bot, "number": row.number, "cohort": cohort, "coach": heir}
                content = self._cipher.seal(replace(one, coach=heir).to_json())
                self._statements.put.run(cursor, {**ids, "content": content, "opens": None})

    def forget(self, cursor: Cursor, bot: int, person: int) -> None:
        """Drop whatever is still somebody's."""
        self._statements.forget.run(cursor, {"bot_": bot, "coach_": person})

    def claim(self, cursor: Cursor, now: datetime, lease: timedelta) -> ContentCheck | None:
        """Claim the edition that waits longest to be checked."""
        row = self._statements.due.one(cursor, {"now": now})
        if row is None:
            return None
        self.put_off(cursor, row.bot, row.number, now + lease)
        one = self.one(cursor, row.bot, row.number)
        return ContentCheck(row.bot, row.number, one) if one is not None else None

    def put_off(self, cursor: Cursor, bot: int, number: int, until: datetime) -> None:
        """Let an edition be checked from an instant on."""
        self._statements.open.run(cursor, {"bot_": bot, "number_": number, "opens_": until})

    def take_back(self, cursor: Cursor) -> None:
        """End every claim: whoever held one is gone."""
        self._statements.take_back.run(cursor)


class ContentVersions:
    """The content versions of one database, each call a transaction of its own."""

    def __init__(self, runner: Runner, rows: ContentVersionRepository) -> None:
        self._runner, self._rows = runner, rows

    async def one(self, bot: int, number: int) -> ContentVersion | None:
        """Return a version by its number."""
        return await self._runner.submit(lambda c: self._rows.one(c, bot, number))

    async def claim(self, now: datetime, lease: timedelta) -> ContentCheck | None:
        """Lease the version that waits longest to be checked; None when none waits."""
        aware(now)
        return await self._runner.submit(lambda c: self._rows.claim(c, now, lease))

    async def put_off(self, bot: int, number: int, until: datetime) -> None:
        """Let a version be checked from an instant on."""
        aware(until)
        await self._runner.submit(lambda c: self._rows.put_off(c, bot, number, until))
