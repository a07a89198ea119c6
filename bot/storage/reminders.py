"""Schedules that are due: claimed, handled, put aside, as statements in a transaction.

One is handled only by whoever holds its newest claim (the fence), and is due again once a claim
runs out. What is to be said is not known here: that is a turn like any other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.core.chat.person import Key, TurnResult
from bot.core.reminders.schedule import ReminderSchedule
from bot.runtime.ports import DueSchedule, Step, UnmadeTurn
from bot.runtime.refusals import kind_of
from bot.storage.compiled import Cursor
from bot.storage.encryption import Cipher
from bot.storage.people import PersonRepository
from bot.storage.statements import Statements

SOME: Final = 2000
"""Sessions that are looked through at once: some milliseconds, for which an answer may wait."""
Page = tuple[int, int]
"""The number of the session before the page, and of the last one on it."""


@dataclass(frozen=True)
class ReminderRepository:
    """The schedules of one database."""

    statements: Statements
    cipher: Cipher
    turning: PersonRepository

    def claim(self, cursor: Cursor, now: datetime, lease: timedelta, limit: int) -> Sequence[DueSchedule]:
        """Claim those that are due longest."""
        asked = {"now": now, "lease_until": now + lease, "limit": limit}
        found = [
            DueSchedule(row.id, Key(row.bot, row.chat, row.topic, row.person), row.wake, row.fence)
            for row in self.statements.claim_due.all(cursor, asked)
        ]
        return sorted(found, key=lambda due: (due.at, due.session))  # RETURNING has no order

    def take_back(self, cursor: Cursor, until: datetime) -> None:
        """End every claim that lasts until then at most: whoever held one is gone."""
        self.statements.take_back_due.run(cursor, {"until": until})

    def take_back_far(self, cursor: Cursor, page: Page, beyond: datetime) -> None:
        """End the claims on a page that last longer than any that is made by now."""
        self.statements.take_back_far.run(cursor, {"after": page[0], "last": page[1], "beyond": beyond})

    def page(self, cursor: Cursor, after: int) -> Page | None:
        """Return the page of sessions that begins after one of them, None when there are no more."""
        last = self.statements.page_end.one(cursor, {"after": after, "limit": SOME}).id
        return None if last is None else (after, last)

    def rules(self, cursor: Cursor) -> tuple[dict[str, str], list[str]]:
        """Return the rules of zones as they were noted, and the zones in which somebody lives."""
        row = self.statements.rules.one(cursor, {})
        return self.cipher.open(row.value) if row is not None else {}, [
            found.zone for found in self.statements.zones.all(cursor, {})
        ]

    def zoned(self, cursor: Cursor, page: Page, zones: Collection[str]) -> list[int]:
        """Return the sessions on a page whose people live in these zones."""
        found = self.statements.zoned.all(cursor, {"after": page[0], "last": page[1]})
        return [row.id for row in found if row.zone in zones]

    def make_due(self, cursor: Cursor, sessions: Sequence[int], now: datetime) -> None:
        """Make these due at once, so far as they wait: their turn works every instant out anew."""
        self.statements.make_due.run_each(cursor, [{"id_": session, "now_": now} for session in sessions])

    def note(self, cursor: Cursor, rules: Mapping[str, str]) -> None:
        """Note the rules of zones."""
        self.statements.put_rules.run(cursor, {"name": "zones", "value": self.cipher.seal(dict(rules))})

    def collect_due(
        self, cursor: Cursor, due: DueSchedule, step: Step, now: datetime
    ) -> TurnResult | UnmadeTurn | None:
        """Run the turn of a claimed schedule."""
        return self.turning.collect_due(cursor, due, step, now)

    def next_at(self, cursor: Cursor) -> datetime | None:
        """Return from when on some schedule may be claimed."""
        at: datetime | None = self.statements.next_due.one(cursor).at
        return at

    def park(self, cursor: Cursor, due: DueSchedule, reason: str, now: datetime) -> bool:
        """Put a schedule aside: nobody rings it before it is released, or its person does something."""
        if self.statements.held.one(cursor, {"id_": due.session, "fence_": due.fence}) is None:
            return False
        self.statements.reopen.run(cursor, {"id_": due.session, "opens_": None})
        row = {
            "what": "reminder",
            "kind": kind_of(reason),
            "bot": due.key.bot,
            "chat": due.key.chat,
            "topic": due.key.topic,
            "person": due.key.person,
            "reason": self.cipher.seal(reason),
            "content": self.cipher.seal({"due": due.at.isoformat()}),
            "since": now,
        }
        self.statements.park_due.run(cursor, row)
        return True

    def join(self, cursor: Cursor, old: int, new: int, after: int) -> None:
        """Give the schedule of one session to another, whose case numbers are counted on from `after`."""
        theirs, own = (self._schedule(cursor, session) for session in (old, new))
        if theirs != ReminderSchedule():
            both = own.joined(theirs, after)
            self.statements.put_schedule.run(
                cursor, {"id_": new, "agenda_": self.cipher.seal(both.to_json()), "wake_": both.wake}
            )

    def _schedule(self, cursor: Cursor, session: int) -> ReminderSchedule:
        sealed = self.statements.schedule_of.one(cursor, {"id_": session}).agenda
        return ReminderSchedule.from_json(self.cipher.open(sealed)) if sealed else ReminderSchedule()
