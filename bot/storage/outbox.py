"""The outbox and what is put aside, as statements in a transaction.

A call is finished, delayed or parked only by whoever holds its newest claim (the fence); a chat gives
its oldest call or none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.core.chat.person import Key
from bot.runtime.ports import ClaimedCall, OutboxClaim, Parked, QueueDepth
from bot.runtime.refusals import Kind, kind_of
from bot.storage.compiled import Cursor
from bot.storage.encryption import Cipher
from bot.storage.people import STORED, PersonRepository, call_of
from bot.storage.reminders import ReminderRepository
from bot.storage.statements import KEPT, Statements

KEPT_SEEN = timedelta(days=2)
"""Telegram repeats no update that is older than a day."""


@dataclass(frozen=True)
class OutboxRepository:
    """The calls of one database."""

    statements: Statements
    cipher: Cipher
    turning: PersonRepository
    schedules: ReminderRepository

    def claim(self, cursor: Cursor, worker: str, now: datetime, lease: timedelta, limit: int) -> Sequence[ClaimedCall]:
        """Lease the oldest call of up to `limit` chats."""
        asked = {"worker": worker, "now": now, "lease_until": now + lease, "limit": limit}
        rows = self.statements.claim.all(cursor, asked)
        # RETURNING has no order.
        return [self._claimed(row) for row in sorted(rows, key=lambda row: (row.reminder, row.id))]

    def _claimed(self, row: Any) -> ClaimedCall:
        return ClaimedCall(row.id, _key(row), call_of(row, self.cipher), row.attempts, row.fence)

    def sent(
        self, cursor: Cursor, posted: ClaimedCall, message: int | None, now: datetime, claim: OutboxClaim | None
    ) -> bool:
        """Take a call off, keep the id of the message with the newest buttons or reminder, claim what comes next."""
        # An edit of a tapped message changes no id: its turn has noted it already.
        shown = posted.call.panel and message not in (None, posted.call.values.get("message_id"))
        if shown:  # so that no turn in flight writes the old id back
            self.turning.lock(cursor, posted.key.bot, posted.key.person)
        elif claim is None:
            return bool(self.statements.drop.run(cursor, {"id_": posted.id, "fence_": posted.fence}))
        row = self._taken(cursor, posted)
        if row is None:
            return False
        if shown:
            self._shown_as(cursor, row, message, now)
        if claim is not None:
            asked = {"worker": claim.worker, "now": now, "lease_until": claim.lease_until}
            here = {"bot_": row.bot, "chat_": row.chat}
            found = self.statements.claim_next.one(cursor, asked | here)
            claim.posted = None if found is None else self._claimed(found)
            claim.done = found is None and self.statements.waits.one(cursor, here) is None
        return True

    def _shown_as(self, cursor: Cursor, row: Any, message: int | None, now: datetime) -> None:
        """Keep the id of the message that holds the newest buttons, or is the last reminder."""
        whose = {"bot_": row.bot, "chat_": row.chat, "topic_": row.topic, "person_": row.person, "message": message}
        if row.reminder:
            self.statements.put_reminded.run(cursor, whose)
        elif not self.statements.put_panel.run(cursor, whose | {"turn_": row.turn}):
            self._close(cursor, row, message, now)

    def _close(self, cursor: Cursor, row: Any, message: int | None, now: datetime) -> None:
        """Take the buttons off a question that was overtaken before it was sent; not if a newer one is edited in."""
        newer = self.statements.panels.all(cursor, {"bot_": row.bot, "chat_": row.chat})
        shown = [self.cipher.open(one.content).get("message_id") for one in newer]
        if shown and message not in shown:
            content = self.cipher.seal({"message_id": message})
            edit = {"method": STORED["edit_buttons"], "content": content, "panel": False, "created_at": now}
            self.statements.post.run(cursor, _kept(row) | edit)

    def take_back(self, cursor: Cursor) -> None:
        """End every lease: whoever held one is gone."""
        self.statements.take_back.run(cursor)

    def later(self, cursor: Cursor, posted: ClaimedCall, at: datetime, whole_chat: bool) -> bool:
        """Give a call back for later; with `whole_chat` all that waits for its chat."""
        mine = {"id_": posted.id, "fence_": posted.fence, "at": at}
        if not self.statements.delay.run(cursor, mine):
            return False
        if whole_chat:
            whose = {"bot_": posted.key.bot, "chat_": posted.key.chat}
            self.statements.delay_chat.run(cursor, whose | {"at": at})
        return True

    def park(self, cursor: Cursor, posted: ClaimedCall, reason: str, now: datetime) -> bool:
        """Put a call aside."""
        row = self._taken(cursor, posted)
        if row is not None:
            self.statements.park_call.run(cursor, self._parked_call(row, reason, now))
        return row is not None

    def park_update(
        self, cursor: Cursor, bot: int, update: int, reason: str, payload: Mapping[str, Any], now: datetime
    ) -> None:
        """Put an update aside and count it as seen."""
        self.statements.see.run(cursor, {"bot": bot, "update_id": update, "at": now})
        self.statements.park_update.run(
            cursor,
            {
                "what": "update",
                "kind": kind_of(reason),
                "bot": bot,
                "update_id": update,
                "reason": self.cipher.seal(reason),
                "content": self.cipher.seal(dict(payload)),
                "since": now,
            },
        )

    def blocked(self, cursor: Cursor, bot: int, chat: int, reason: str, now: datetime) -> int:
        """Park what waits for a chat; a call in flight is left to whoever makes it."""
        whose = {"bot_": bot, "chat_": chat}
        rows = sorted(self.statements.take_chat.all(cursor, whose | {"now": now}), key=lambda row: row.id)
        if rows:
            self.statements.park_call.run_each(cursor, [self._parked_call(row, reason, now) for row in rows])
        self.statements.mark_blocked.run(cursor, whose | {"at": now})
        return len(rows)

    def unblocked(self, cursor: Cursor, bot: int, chat: int) -> None:
        """Note that a chat can be written to again."""
        self.statements.mark_open.run(cursor, {"bot_": bot, "chat_": chat})

    def migrate(self, cursor: Cursor, bot: int, chat: int, new: int) -> None:
        """Rewrite a chat's id; where somebody has a session in both, their cases are joined."""
        whose = {"bot_": bot, "chat_": chat, "new": new}
        for id_, there in self.statements.to_move.all(cursor, whose):
            if there is None:
                self.statements.move_session.run(cursor, {"id_": id_, "new": new})
            else:
                self._join(cursor, id_, there)
        self.statements.move_outbox.run(cursor, whose)
        self.statements.move_parked.run(cursor, whose)

    def _join(self, cursor: Cursor, old: int, new: int) -> None:
        """Give the cases of one session to another, under the next free numbers."""
        after = self.statements.newest_case.one(cursor, {"session": new}).newest
        # Copied and then dropped with their session: a key that others refer to cannot be rewritten in place.
        self.statements.join.run(cursor, {"old_": old, "new_": new, "after_": after})
        self.schedules.join(cursor, old, new, after)
        self.statements.drop_session.run(cursor, {"id_": old})

    def next_at(self, cursor: Cursor, now: datetime) -> datetime | None:
        """Return from when on some call may be claimed."""
        at: datetime | None = self.statements.next_at.one(cursor).at
        return at if at is None else max(at, now)

    def parked(self, cursor: Cursor, limit: int, faults: bool) -> Sequence[Parked]:
        """Return what is parked, the oldest first."""
        asked = self.statements.faults if faults else self.statements.parked
        return [parked_of(row, self.cipher) for row in asked.all(cursor, {"limit": limit})]

    def release(self, cursor: Cursor, id_: int, now: datetime) -> bool:
        """Put a parked call back, behind what waits already; forget that a parked update was seen; ring a reminder."""
        row = self.statements.unpark.one(cursor, {"id_": id_})
        if row is None:
            return False
        if row.what == "update":
            self.statements.unsee.run(cursor, {"bot_": row.bot, "update_": row.update_id})
        elif row.what == "reminder":
            self.statements.revive.run(cursor, {"bot_": row.bot, "chat_": row.chat, "person_": row.person})
        else:
            self.statements.post.run(cursor, _kept(row) | {"created_at": now})
        return True

    def take_update(self, cursor: Cursor, id_: int) -> tuple[int, int, Mapping[str, Any]] | None:
        """Take a parked update off, as if never seen, and return its bot, number and self; None when there is none."""
        row = self.statements.unpark.one(cursor, {"id_": id_})
        if row is None or row.what != "update":
            return None
        self.statements.unsee.run(cursor, {"bot_": row.bot, "update_": row.update_id})
        return row.bot, row.update_id, self.cipher.open(row.content)

    def depth(self, cursor: Cursor) -> QueueDepth:
        """Count what waits."""
        waiting, oldest = self.statements.waiting.one(cursor)
        kinds = {row.kind: row.parked for row in self.statements.count_parked.all(cursor, {})}
        return QueueDepth(waiting, oldest, sum(kinds.values()), kinds)

    def discard(self, cursor: Cursor, id_: int) -> bool:
        """Drop something parked for good."""
        return bool(self.statements.discard.run(cursor, {"id_": id_}))

    def expire(self, cursor: Cursor, kind: Kind, before: datetime) -> int:
        """Drop a bite of what was parked before an instant, of one kind; return how much that was."""
        return self.statements.expire.run(cursor, {"kind_": kind, "before": before})

    def name_kinds(self, cursor: Cursor) -> int:
        """Give a bite of what was parked before there were kinds its kind; return how much that was."""
        rows = self.statements.unnamed.all(cursor, {})
        if rows:
            named = [{"id_": row.id, "kind_": kind_of(self.cipher.open(row.reason))} for row in rows]
            self.statements.put_kind.run_each(cursor, named)
        return len(rows)

    def last_instant(self, cursor: Cursor) -> datetime | None:
        """Return the instant that was noted last; None: none was."""
        row = self.statements.noted.one(cursor, {})
        return None if row is None else datetime.fromisoformat(self.cipher.open(row.value))

    def note_instant(self, cursor: Cursor, now: datetime) -> None:
        """Note that it is `now`, for the next start."""
        self.statements.put_noted.run(cursor, {"name": "instant", "value": self.cipher.seal(now.isoformat())})

    def tidy(self, cursor: Cursor, now: datetime) -> int:
        """Drop a bite of what was seen long ago; return how much that was, 0 when nothing is left."""
        return self.statements.tidy.run(cursor, {"before": now - KEPT_SEEN})

    def _taken(self, cursor: Cursor, posted: ClaimedCall) -> Any:
        return self.statements.finish.one(cursor, {"id_": posted.id, "fence_": posted.fence})

    def _parked_call(self, row: Any, reason: str, now: datetime) -> dict[str, Any]:
        return _kept(row) | {"what": "call", "kind": kind_of(reason), "reason": self.cipher.seal(reason), "since": now}


def parked_of(row: Any, cipher: Cipher) -> Parked:
    """Return what a row of what was put aside holds."""
    content, reason = cipher.open(row.content), cipher.open(row.reason)
    kind = row.kind or kind_of(reason)
    if row.what == "update":
        return Parked(row.id, "update", None, reason, row.since, content, kind)
    if row.what == "reminder":
        return Parked(row.id, "reminder", _key(row), reason, row.since, content, kind)
    return Parked(row.id, "call", _key(row), reason, row.since, {"method": row.method, "values": content}, kind)


def _key(row: Any) -> Key:
    return Key(row.bot, row.chat, row.topic, row.person)


def _kept(row: Any) -> dict[str, Any]:
    """Return what an outbox row and a parked call have in common; what is sealed stays sealed."""
    return {name: getattr(row, name) for name in KEPT}
