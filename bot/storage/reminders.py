"""Agendas that are due: claimed, rung, put aside, as statements in a transaction.

Law of this file: an agenda is rung only by whoever holds its newest claim (the fence), and is due again once a claim
runs out. What is to be said is not known here: ringing is a turn like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.agenda import Agenda
from bot.core.calendar import rules_of
from bot.core.person import Key, Turned
from bot.service.ports import Due, Step
from bot.service.refusals import kind_of
from bot.storage.compiled import Cursor
from bot.storage.encryption import Cipher
from bot.storage.people import Turning
from bot.storage.statements import Statements


@dataclass(frozen=True)
class Agendas:
    """The agendas of one database."""

    statements: Statements
    cipher: Cipher
    turning: Turning

    def claim(self, cursor: Cursor, now: datetime, lease: timedelta, limit: int) -> Sequence[Due]:
        """Claim those that are due longest."""
        asked = {"now": now, "lease_until": now + lease, "limit": limit}
        found = [
            Due(row.id, Key(row.bot, row.chat, row.topic, row.person), row.wake, row.fence)
            for row in self.statements.claim_due.all(cursor, asked)
        ]
        return sorted(found, key=lambda due: (due.at, due.session))  # RETURNING has no order

    def take_back(self, cursor: Cursor) -> None:
        """End every claim: whoever held one is gone."""
        self.statements.take_back_due.run(cursor)

    def rezone(self, cursor: Cursor, now: datetime) -> list[str]:
        """Have the agendas of a zone rung whose rules are others than they were, or never noted; return those zones.

        Ringing works every instant out anew, so one that has become earlier is not late.
        """
        row = self.statements.rules.one(cursor, {})
        known = self.cipher.open(row.value) if row is not None else {}
        rules = {found.zone: rules_of(found.zone) for found in self.statements.zones.all(cursor, {})}
        moved = sorted(zone for zone, rule in rules.items() if known.get(zone) != rule)
        for zone in moved:
            self.statements.ring_zone.run(cursor, {"zone_": zone, "now_": now})
        if moved:
            self.statements.put_rules.run(cursor, {"name": "zones", "value": self.cipher.seal({**known, **rules})})
        return moved

    def ring(self, cursor: Cursor, due: Due, step: Step, now: datetime) -> Turned | None:
        """Run the turn of a claimed agenda."""
        return self.turning.ring(cursor, due, step, now)

    def next_at(self, cursor: Cursor) -> datetime | None:
        """Return from when on some agenda may be claimed."""
        at: datetime | None = self.statements.next_due.one(cursor).at
        return at

    def park(self, cursor: Cursor, due: Due, reason: str, now: datetime) -> bool:
        """Put an agenda aside: nobody rings it before it is released, or its person does something."""
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
        """Give the agenda of one session to another, whose case numbers are counted on from `after`."""
        theirs, own = (self._agenda(cursor, session) for session in (old, new))
        if theirs != Agenda():
            both = own.joined(theirs, after)
            self.statements.put_agenda.run(
                cursor, {"id_": new, "agenda_": self.cipher.seal(both.to_json()), "wake_": both.wake}
            )

    def _agenda(self, cursor: Cursor, session: int) -> Agenda:
        sealed = self.statements.agenda_of.one(cursor, {"id_": session}).agenda
        return Agenda.from_json(self.cipher.open(sealed)) if sealed else Agenda()
