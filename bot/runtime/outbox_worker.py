"""The outbox: what turns left to be sent is sent, oldest first per chat, and each call's end is written down.

A call leaves the outbox only because Telegram took it, because it cannot be made (then it is parked
with a reason), or because its sender floods (parked, too). Telegram has no idempotency key, so a call whose answer got
lost is made again: at most one duplicate for each such fault and for each kill, never a loss.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog

from bot.core.chat.person import Call, Key
from bot.runtime.ports import (
    ChatMoved,
    ClaimedCall,
    Clock,
    Delivered,
    Fate,
    Messenger,
    Metrics,
    NullMetrics,
    OutboxClaim,
    RetryLater,
    Store,
    Undeliverable,
)
from bot.runtime.rate_limits import FloodGuard, RateLimits
from bot.runtime.refusals import HUSHED, UNDELIVERED, UNSURE, kind_of

LEASE: Final = timedelta(seconds=20)
"""How long a claimed call is ours: FRESH of it for waiting, the rest for the longest call to Telegram (`request.py`).
After a kill what was claimed waits so long."""
FRESH: Final = 0.25
"""The part of a lease after which a call that did not begin is given back rather than begun."""
PARALLEL: Final = 128
"""Calls claimed at once, each of another chat."""
GATE_SECONDS: Final = 0.5
"""How long one message in flight keeps the next from beginning. So a kill meets one message that is sent and not yet
marked, and doubles no more than that one; a call that takes longer counts as a fault of its line."""
IDLE_SECONDS: Final = 5.0
"""How long to sleep at most: leases of others run out, and other processes fill the outbox, without a wake-up."""
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 30.0
"""Seconds between two tries of one call; the longest bounds how late it is after Telegram is back."""
DOUBTS: Final = 5
"""So many lost answers of one call mean that its line is at fault, and each may have been a message: it is parked."""
ATTEMPTS: Final = 3000
"""About a day of tries at the longest pause: no outage of Telegram lasts as long."""
STORE_PAUSES: Final = (0.05, 0.2, 0.5, 1.0)
"""Seconds between two tries to reach a store in trouble; the last one repeats."""
EMPTY_PAUSE: Final = 0.1
"""Seconds to wait when the store says that something is due and gives nothing: somebody else is about to send it."""

PERHAPS: Final = f"{UNSURE}: {DOUBTS} times the line broke before Telegram answered"
EXHAUSTED: Final = f"{UNDELIVERED} in {ATTEMPTS} attempts"

Chat = tuple[int, int]
"""A bot and a chat."""

log = structlog.get_logger("afterword.outbox")
_TALKATIVE: Final = logging.getLogger("afterword.outbox")  # asked first: a line that is then dropped costs 10 µs


def chat_of(key: Key) -> Chat:
    """Return the chat of somebody who speaks."""
    return key.bot, key.chat


class _Tries:
    """How often calls have failed so far; in memory only, so that another process counts anew."""

    def __init__(self) -> None:
        self._failures: Counter[int] = Counter()
        self._doubts: Counter[int] = Counter()

    def failed(self, posted: ClaimedCall, outcome: RetryLater) -> str:
        """Count a failure; return the reason why the call is to be tried no more, empty while it is."""
        self._failures[posted.id] += 1
        if outcome.ambiguous:
            self._doubts[posted.id] += 1
            if self._doubts[posted.id] >= DOUBTS:
                return PERHAPS
        return EXHAUSTED if posted.attempts >= ATTEMPTS else ""

    def pause(self, posted: ClaimedCall) -> float:
        """Return how many seconds to wait until the next try."""
        return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self._failures[posted.id] - 1, 10))

    def forget(self, posted: ClaimedCall) -> None:
        """Forget a call that has ended."""
        self._failures.pop(posted.id, None)
        self._doubts.pop(posted.id, None)


class OutboxWorker:
    """Sends what waits; `guard` is the update handler's, and tells whose answers need not be sent any more.

    `undelivered` hears what cannot be posted in a group or channel, and why, before it is put aside.
    """

    def __init__(
        self,
        store: Store,
        messenger: Messenger,
        clock: Clock,
        *,
        name: str = "outbox",
        lease: timedelta = LEASE,
        parallel: int = PARALLEL,
        pace: RateLimits | None = None,
        guard: FloodGuard | None = None,
        watch: Metrics | None = None,
        undelivered: Callable[[Key, Call, str], Awaitable[None]] | None = None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._messenger, self._clock, self._name = store, messenger, clock, name
        self._undelivered, self._lease, self._parallel = undelivered, lease, parallel
        self._pace, self._guard, self._watch = pace or RateLimits(), guard or FloodGuard(), watch or NullMetrics()
        self._seconds, self._woken, self._gate = seconds, asyncio.Event(), asyncio.Lock()
        self._flights: set[asyncio.Task[None]] = set()
        self._running = self._crowded = False
        self._offered = 0
        self._flying: Counter[Chat] = Counter()
        self._behind: set[Chat] = set()
        self._tries = _Tries()
        self._claims_end = self._ends = float("inf")

    def wake(self) -> None:
        """Look into the outbox at once."""
        self._woken.set()

    def offer(self) -> OutboxClaim | None:
        """Claim the first call of a turn that is about to be made, so that nothing has to be looked for afterwards.

        None when it could not be sent at once; then it waits in the store like any other.
        """
        now = self._seconds()
        room = min(self._parallel - len(self._flights), self._pace.room(now)) - self._offered
        self._offered += 1
        return self._claim() if room > 0 and self._running and now < self._claims_end else None

    def _claim(self) -> OutboxClaim:
        return OutboxClaim(self._name, self._clock.now() + self._lease)

    def take(self, claim: OutboxClaim | None, key: Key, waits: bool) -> None:
        """Send what a turn led to, now that it is durable."""
        self._offered -= 1
        if claim is not None and claim.posted is not None:
            if self._running:  # else its lease runs out, and the next process sends it
                self._launch(claim.posted)
        elif not waits:
            return
        elif chat_of(key) in self._flying:
            self._behind.add(chat_of(key))  # its turn comes when what flies has landed
        else:
            self.wake()

    def close(self, within: float) -> None:
        """Let `run` end within so many seconds: half of them to send what is due, the rest for what is in flight.

        What is cut off by then is sent by the next process once its lease is over; it may arrive twice.
        """
        now = self._seconds()
        self._claims_end, self._ends = now + within / 2, now + within
        self.wake()

    async def run(self) -> None:
        """Send until `close`."""
        troubles = 0
        self._running = True
        try:
            while self._seconds() < self._claims_end:
                self._woken.clear()
                try:
                    claimed, pause = await self._look()
                    troubles = 0
                except Exception as error:
                    claimed, pause = 0, _store_pause(troubles)
                    if not troubles:
                        log.warning("the outbox cannot be read; it is tried again", exc_info=error)
                    troubles += 1
                if claimed:
                    continue
                if self._ends < float("inf") and not self._flights and not troubles:
                    break
                with suppress(TimeoutError):
                    rest = max(0.0, min(pause, self._claims_end - self._seconds()))
                    await asyncio.wait_for(self._woken.wait(), rest)
        finally:
            self._running = False
            await self._land()

    async def _look(self) -> tuple[int, float]:
        """Claim what may go now and let it go; return how much that was, else how long to rest in seconds."""
        now = self._seconds()
        room = min(self._parallel - len(self._flights), self._pace.room(now))
        self._crowded = room <= 0
        if room <= 0:
            return 0, self._pace.overall.wait(now) or IDLE_SECONDS  # a call that ends wakes this
        claimed = await self._store.claim(self._name, self._clock.now(), self._lease, room)
        for posted in claimed:
            self._launch(posted)
        if claimed:
            return len(claimed), 0.0
        instant = self._clock.now()
        return 0, _pause(await self._store.next_at(instant), instant)

    async def _land(self) -> None:
        """Wait for what is in flight; cut off what does not end in time."""
        if not self._flights:
            return
        left = self._ends - self._seconds()
        _, late = await asyncio.wait(self._flights, timeout=None if left == float("inf") else max(0.0, left))
        for flight in late:
            flight.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _launch(self, posted: ClaimedCall) -> None:
        """Let a call go, and after it whatever follows in its chat."""
        chat = chat_of(posted.key)
        task = asyncio.create_task(self._fly(self._begun(posted)))
        self._flights.add(task)
        self._flying[chat] += 1
        task.add_done_callback(partial(self._landed, chat))

    def _landed(self, chat: Chat, task: asyncio.Task[None]) -> None:
        self._flights.discard(task)
        self._flying[chat] -= 1
        if not self._flying[chat]:
            del self._flying[chat]
        failed = not task.cancelled() and task.exception()
        if failed:
            log.error("a call was dropped by a fault of the outbox; its lease will run out", exc_info=failed)
        if failed or self._crowded or chat in self._behind or self._ends < float("inf"):
            self._behind.discard(chat)
            self.wake()

    async def _fly(self, begun: Awaitable[ClaimedCall | None]) -> None:
        while (following := await begun) is not None:
            begun = self._begun(following)

    def _begun(self, posted: ClaimedCall) -> Awaitable[ClaimedCall | None]:
        """Begin with a call; its place in the flood limits is taken before the next claim looks at them."""
        now, edit = self._seconds(), posted.call.edits
        own = posted.key.chat == posted.key.person  # in a group it may be what others wait for, too
        if own and not posted.call.reminder and self._guard.muted((posted.key.bot, posted.key.person), now):
            return self._park(posted, HUSHED, "hushed")
        if (wait := self._pace.wait(posted.key.chat, edit, now)) > 0:
            return self._put_back(posted, wait, "limited")
        self._pace.take(posted.key.chat, edit, now)
        # An edit made twice is one edit, so edits need not pass the gate.
        return self._send(posted) if edit else self._pass_gate(posted, now)

    async def _pass_gate(self, posted: ClaimedCall, since: float) -> ClaimedCall | None:
        """Send once no other message is between Telegram and its mark, or its line is slow."""
        async with _slow_ones_aside(self._gate):
            now = self._seconds()
            if now - since > FRESH * self._lease.total_seconds():
                await self._put_back(posted, 0.0, "limited")
                return None
            self._pace.put_off(since, now)
            return await self._send(posted)

    async def _send(self, posted: ClaimedCall) -> ClaimedCall | None:
        """Make a call and write down what became of it; return what follows in its chat, if that is ours now."""
        began = self._seconds()
        try:
            outcome = await self._messenger.make(posted.key, posted.call)
        except Exception as error:
            log.error("the messenger failed", call=posted.id, exc_info=error)
            outcome = RetryLater(after=1.0, ambiguous=True)
        took = self._seconds() - began
        following = None
        if isinstance(outcome, Delivered):
            fate: Fate = "delivered"
            following = await self._mark(posted, outcome.message)
        else:
            fate = await self._settle(posted, outcome)
        self._watch.sent(posted.call.kind, fate, took)
        if fate == "delivered" and posted.call.reminder:
            self._watch.reminded(posted.key, self._clock.now())
        if _TALKATIVE.isEnabledFor(logging.DEBUG):
            log.debug("call", call=posted.id, kind=posted.call.kind, fate=fate, seconds=round(took, 4))
        return following

    async def _mark(self, posted: ClaimedCall, message: int | None) -> ClaimedCall | None:
        """Take a delivered call off, and in the same transaction claim what follows in its chat."""
        chat = chat_of(posted.key)
        wanted = not posted.alone or chat in self._behind
        claim = self._claim() if wanted and self._pace.room(self._seconds()) > 0 else None
        self._behind.discard(chat)
        self._tries.forget(posted)
        # The same edit twice is one, so where nothing follows it may be noted together with what is kept next anyway.
        call = posted.call
        late = not wanted and call.edits and message == call.values.get("message_id")
        await _surely(posted, lambda: self._store.sent(posted, message, self._clock.now(), claim, late=late))
        following = claim.posted if claim is not None else None
        if wanted and following is None and not (claim is not None and claim.done):
            self.wake()
        return following

    async def _settle(self, posted: ClaimedCall, outcome: RetryLater | ChatMoved | Undeliverable) -> Fate:
        """Write down what became of a call that was not delivered."""
        match outcome:
            case RetryLater():
                if hopeless := self._tries.failed(posted, outcome):
                    await self._park(posted, hopeless)
                    return "ambiguous" if hopeless == PERHAPS else "never"
                wait = outcome.after if outcome.whole_chat else max(outcome.after, self._tries.pause(posted))
                await self._put_back(posted, wait, whole_chat=outcome.whole_chat)
                return "ambiguous" if outcome.ambiguous else "again"
            case ChatMoved(chat):
                bot, old = posted.key.bot, posted.key.chat
                await _surely(posted, lambda: self._store.migrate(bot, old, chat))
                await self._put_back(posted, 0.0)
                return "moved"
            case Undeliverable(reason, whole_chat):
                if whole_chat:  # first of all, or the chat's next call is claimed once this one is off
                    bot, chat = posted.key.bot, posted.key.chat
                    await _surely(posted, lambda: self._store.blocked(bot, chat, reason, self._clock.now()))
                await self._park(posted, reason)
                return "never"

    async def _put_back(
        self, posted: ClaimedCall, wait: float, fate: Fate | None = None, *, whole_chat: bool = False
    ) -> None:
        """Give a call back to the store."""
        at = self._clock.now() + timedelta(seconds=wait)
        await _surely(posted, lambda: self._store.later(posted, at, whole_chat=whole_chat))
        self.wake()
        if fate:
            self._watch.sent(posted.call.kind, fate, 0.0)

    async def _park(self, posted: ClaimedCall, reason: str, fate: Fate | None = None) -> None:
        self._tries.forget(posted)
        self._watch.put_aside(kind_of(reason))
        log.warning("call parked", call=posted.id, kind=posted.call.kind)
        if (tell := self._undelivered) is not None and posted.key.chat != posted.key.person:
            # First: a kill in between has it tried, and told, again.
            await _surely(posted, lambda: tell(posted.key, posted.call, reason))
        await _surely(posted, lambda: self._store.park(posted, reason, self._clock.now()))
        self.wake()
        if fate:
            self._watch.sent(posted.call.kind, fate, 0.0)


async def _surely(posted: ClaimedCall, action: Callable[[], Awaitable[object]]) -> None:
    """Do something in the store, however long it is in trouble: the call is made, and must not be made again."""
    for tries in itertools.count():
        try:
            if await action() is False:
                # Fencing: the lease ran out and another worker has the call; what we know of it counts no more.
                log.warning("the lease of a call was lost", call=posted.id)
        except Exception as error:
            if tries == 0:
                log.warning("the end of a call cannot be written down; it is tried again", exc_info=error)
            await asyncio.sleep(_store_pause(tries))
        else:
            return


@asynccontextmanager
async def _slow_ones_aside(gate: asyncio.Lock) -> AsyncIterator[None]:
    """Hold the gate to the end of the block, and GATE_SECONDS at most."""
    await gate.acquire()
    held = [gate]

    def open_() -> None:
        while held:
            held.pop().release()

    opening = asyncio.get_running_loop().call_later(GATE_SECONDS, open_)
    try:
        yield
    finally:
        opening.cancel()
        open_()


def _pause(due: datetime | None, now: datetime) -> float:
    """Return how many seconds to rest where the next call may be claimed at `due`."""
    if due is None:
        return IDLE_SECONDS
    wait = (due - now).total_seconds()
    return min(wait, IDLE_SECONDS) if wait > 0 else EMPTY_PAUSE


def _store_pause(troubles: int) -> float:
    return STORE_PAUSES[min(troubles, len(STORE_PAUSES) - 1)]
