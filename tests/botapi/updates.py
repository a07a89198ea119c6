"""The queue of updates: ids, confirmation, repetition and expiry.

What must live here: which updates wait for the bot and which of them one request gets. Values in, values out: no clock,
no lock and no network; the world passes the time and holds its lock.
What must not: what updates contain, and how they travel.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

FIRST_IDS: Final = range(100_000_000, 900_000_000)
MESSAGE_SECONDS: Final = 24 * 3600.0  # how long messages wait for a bot that is away
PRESS_SECONDS: Final = 150.0  # how long button presses do
FUTURE: Final = 10  # an offset further than this ahead of the next id confirms nothing: ids were dealt anew
ON_REQUEST: Final = frozenset(("chat_member", "message_reaction", "message_reaction_count"))
KINDS: Final = ON_REQUEST | frozenset((
    "message", "edited_message", "channel_post", "edited_channel_post", "callback_query", "my_chat_member",
    "inline_query", "chosen_inline_result", "shipping_query", "pre_checkout_query", "poll", "poll_answer",
    "chat_join_request", "chat_boost", "removed_chat_boost", "business_connection", "business_message",
    "edited_business_message", "deleted_business_messages", "purchased_paid_media", "managed_bot", "guest_message",
))  # fmt: skip


@dataclass
class Queued:
    """One update on its way: `lane` names the chat or person whose updates a webhook gets one after another."""

    id: int
    kind: str
    body: dict[str, Any]
    expires: float
    lane: str
    repeated: bool = False  # sent once more on purpose: it comes whatever the offset, and goes after one delivery
    deliveries: int = 0
    serial: int = 0  # the place in the queue


class UpdateQueue:
    """Updates from the moment they happen until the bot confirms them."""

    def __init__(self, first_id: int, press_seconds: float = PRESS_SECONDS) -> None:
        self.next_id = first_id
        self.press_seconds = press_seconds
        self.allowed: frozenset[str] = KINDS - ON_REQUEST
        self.waiting: dict[int, Queued] = {}  # by serial, so the oldest come first
        self.known: dict[int, Queued] = {}
        self._serial = 0

    def allow(self, kinds: Iterable[str] | None) -> None:
        """Set which kinds are kept from now on: None leaves it as it was, an empty list means the usual ones."""
        if kinds is not None:
            self.allowed = (frozenset(kinds) & KINDS) or KINDS - ON_REQUEST

    def add(self, kind: str, payload: dict[str, Any], lane: str, now: float) -> int | None:
        """Queue an update and return its id, or None when the bot did not ask for its kind."""
        if kind not in self.allowed:
            return None
        update_id = self.next_id
        self.next_id += 1
        seconds = self.press_seconds if kind == "callback_query" else MESSAGE_SECONDS
        self._queue(Queued(update_id, kind, {"update_id": update_id, kind: payload}, now + seconds, lane))
        return update_id

    def add_raw(self, body: dict[str, Any], lane: str, now: float) -> int:
        """Queue an update as it is, whatever the bot asked for; an `update_id` of its own is kept."""
        update_id = body.get("update_id", self.next_id)
        self.next_id = max(self.next_id, update_id + 1)
        kind = next((name for name in body if name != "update_id"), "")
        self._queue(Queued(update_id, kind, {**body, "update_id": update_id}, now + MESSAGE_SECONDS, lane))
        return int(update_id)

    def repeat(self, update_id: int, now: float) -> None:
        """Send an update once more, as after an answer that got lost; raises KeyError when it never was."""
        known = self.known[update_id]
        again = Queued(known.id, known.kind, known.body, now + MESSAGE_SECONDS, known.lane, repeated=True)
        self._queue(again)

    def jump(self, update_id: int) -> None:
        """Go on with another id, as Telegram does after an idle week; possible only while nothing waits."""
        if self.waiting:
            raise ValueError(f"{len(self.waiting)} updates wait; ids jump only when all are confirmed")
        self.next_id = update_id

    def fetch(self, offset: int, limit: int, now: float) -> list[Queued]:
        """Return what a request with this offset gets, after confirming what the offset confirms."""
        self._expire(now)
        if offset < 0:
            self._keep(list(self.waiting.values())[offset:])
        elif offset <= self.next_id + FUTURE:
            self._keep([one for one in self.waiting.values() if not self._confirmed(one, offset)])
        batch = sorted(self.waiting.values(), key=lambda one: one.id)[:limit]
        for one in batch:
            one.deliveries += 1
        return batch

    def pending(self, now: float) -> list[Queued]:
        """Return all that waits, oldest first."""
        self._expire(now)
        return list(self.waiting.values())

    def newer(self, serial: int) -> list[Queued]:
        """Return what came after that place in the queue; for a webhook, which takes each update once."""
        found = itertools.takewhile(lambda one: one.serial > serial, reversed(self.waiting.values()))
        return list(found)[::-1]

    def waits(self, queued: Queued, now: float) -> bool:
        """Tell whether an update is neither confirmed nor expired."""
        return queued.serial in self.waiting and queued.expires > now

    def confirm(self, queued: Queued) -> None:
        """Forget one update that a webhook took."""
        self.waiting.pop(queued.serial, None)

    def clear(self) -> None:
        """Forget all that waits."""
        self.waiting = {}

    def _queue(self, queued: Queued) -> None:
        self._serial += 1
        queued.serial = self._serial
        self.waiting[queued.serial] = queued
        self.known[queued.id] = queued

    def _keep(self, kept: Iterable[Queued]) -> None:
        self.waiting = {one.serial: one for one in kept}

    def _confirmed(self, queued: Queued, offset: int) -> bool:
        return queued.deliveries > 0 if queued.repeated else queued.id < offset

    def _expire(self, now: float) -> None:
        self._keep([one for one in self.waiting.values() if one.expires > now])
