"""The way in: an event becomes a turn, and the turn is durable before anybody hears of it.

A reminder that is due is an event like any other.

Every update is kept exactly once, or put aside with a reason, or the caller hears NotKept
and must bring it again. Nothing a person wrote is logged: kinds of events, numbers and classes of errors only.

    update ─ done      the turn is committed
          ├─ seen      it was committed before (None)
          ├─ muted     committed, but its answers are not sent: its sender floods
          ├─ parked    it always fails; put aside, counted as seen (None)
          └─ NotKept   the store is in trouble; nothing changed
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from secrets import token_hex
from typing import Any, Final

import structlog

from bot.core.chat.person import OWED, Call, Key, Person, TurnResult
from bot.core.coaching.cohort import Cohort, CohortRepository, CohortTurn, Undelivered
from bot.core.dialogue.session import FellDue
from bot.runtime.ports import (
    Application,
    Clock,
    CohortDueStep,
    CohortsNeeded,
    CohortStep,
    DueSchedule,
    IncomingUpdate,
    Metrics,
    MissingContentVersion,
    NullMetrics,
    NullSender,
    OutboxClaim,
    Sender,
    Step,
    Store,
    Taken,
    UnmadeTurn,
    UpdateNotKept,
)
from bot.runtime.rate_limits import FloodGuard, GroupGuard
from bot.runtime.refusals import kind_of

TRIES: Final = 3
"""So often a turn that fails by itself is tried before its update is put aside."""

log = structlog.get_logger("afterword.door")
_TALKATIVE: Final = logging.getLogger("afterword.door")  # asked first: to make a line that is then dropped costs 10 µs


class _GaveUp(Exception):
    """A turn fails by itself however often it is tried."""

    def __init__(self, error: Exception) -> None:
        super().__init__(type(error).__name__)
        self.error = error


Keep = Callable[[datetime], Awaitable[TurnResult | UnmadeTurn | None]]
"""Hands a step to the store, at an instant."""


class _StepFailed(Exception):
    """The application itself raised, not the store; the cause is what it raised."""


@dataclass(frozen=True)
class _Steps:
    """The application's turns as steps that a store can run; what the application raises is a `_StepFailed`."""

    app: Application
    name: str
    """The bot's username."""
    groups: GroupGuard
    seconds: Callable[[], float]

    def own(self, incoming: IncomingUpdate, muted: bool, now: datetime) -> Step:
        """Make the turn of one person."""

        def step(person: Person | None) -> TurnResult | UnmadeTurn:
            with _step_failing():
                turned = self.app.respond(incoming, person, now)
            return _unshown(turned) if muted and isinstance(turned, TurnResult) else turned

        return step

    def shared(self, incoming: IncomingUpdate, muted: bool, now: datetime) -> CohortStep:
        """Make a turn that concerns cohorts."""

        def step(person: Person | None, repository: CohortRepository) -> CohortTurn | UnmadeTurn:
            with _step_failing():
                turned = self.app.cohort_respond(incoming, person, repository, now, token_hex(32))
            if isinstance(turned, UnmadeTurn):
                return turned
            return _unposted(turned) if muted else _bounded(turned, self.groups, incoming.update, self.seconds())

        return step

    def due(self, now: datetime) -> CohortDueStep:
        """Make the turn of a cohort that has something due."""

        def step(bot: int, number: int, cohort: Cohort, repository: CohortRepository) -> CohortTurn | UnmadeTurn:
            with _step_failing():
                return self.app.cohort_due(self.name, bot, number, cohort, repository, now)

        return step


@contextmanager
def _step_failing() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise _StepFailed from error


class UpdateHandler:
    """Takes updates in, one turn each; `edited` is set when a turn leaves an edition to be checked.

    `sending` is given what a turn leads to as soon as it is durable. Turns of one person run in the order in which they
    come; whoever awaits one before the next keeps it through troubles of the store as well.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        app: Application,
        *,
        name: str = "",
        guard: FloodGuard | None = None,
        sending: Sender | None = None,
        watch: Metrics | None = None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._clock, self._app, self._name = store, clock, app, name
        self._steps = _Steps(app, name, GroupGuard(), seconds)
        self._guard, self._sending, self._watch = guard or FloodGuard(), sending or NullSender(), watch or NullMetrics()
        self._seconds = seconds
        self.edited = asyncio.Event()

    async def incoming(self, incoming: IncomingUpdate) -> TurnResult | None:
        """Keep what the update leads to and return it; None when it was seen before or had to be put aside.

        Raises `UpdateNotKept` when the store is in trouble; then nothing changed.
        """
        began = self._seconds()
        muted = self._muting(incoming.key, began)
        kind = type(incoming.event).__name__
        bound = structlog.contextvars.bind_contextvars(update=incoming.update, who=self.pseudonym(incoming.key))
        try:
            turned, how = await self._offered(incoming, muted)
            took = self._seconds() - began
            self._watch.turned(kind, how, took)
            if _TALKATIVE.isEnabledFor(logging.DEBUG):
                log.debug("turn", kind=kind, how=how, seconds=round(took, 4))
        except UpdateNotKept:
            self._watch.turned(kind, "not_kept", self._seconds() - began)
            raise
        finally:
            structlog.contextvars.reset_contextvars(**bound)
        if isinstance(turned, CohortTurn):
            if turned.posts:
                self._sending.wake()  # some of it is for other chats
            if turned.versions:
                self.edited.set()
        return turned

    async def _offered(self, incoming: IncomingUpdate, muted: bool) -> tuple[TurnResult | None, Taken]:
        """Make the turn of an update, and have what it leads to sent."""
        claim, waits = self._sending.offer(), False
        try:
            turned, how = await self._tried(incoming, muted, claim)
            waits = how == "parked" or (turned is not None and bool(turned.calls))
        finally:
            self._sending.take(claim, incoming.key, waits)
        return turned, how

    async def collect_due(self, due: DueSchedule) -> TurnResult | None:
        """Let a claimed schedule take its turn; None when its claim has gone to somebody else, or it was put aside.

        Raises `UpdateNotKept` when the store is in trouble; nothing changed, and it is due again when its claim ends.
        """
        began, incoming = self._seconds(), IncomingUpdate(0, due.key, FellDue())
        with structlog.contextvars.bound_contextvars(who=self.pseudonym(due.key)):
            try:
                turned = await self._made(
                    lambda now: self._store.collect_due(due, self._steps.own(incoming, False, now), now)
                )
                how: Taken = "seen" if turned is None else "done"
            except UpdateNotKept:
                self._watch.turned("FellDue", "not_kept", self._seconds() - began)
                raise
            except _GaveUp as failure:
                turned, how = None, "parked"
                await self._put_due_aside(due, failure.error)
            self._watch.turned("FellDue", how, self._seconds() - began)
        if turned is not None and turned.calls:
            self._watch.due_now(due.key, due.at)
            self._sending.wake()
        return turned

    async def examined(self, key: Key, event: object) -> None:
        """Let what checking an edition came to take its turn; raises `UpdateNotKept`."""
        try:
            await self._beside(key, event)
        except _GaveUp as failure:
            log.error("what checking an edition came to could not be taken in", exc_info=failure.error)
            raise UpdateNotKept(type(failure.error).__name__) from failure.error

    async def undelivered(self, key: Key, call: Call, reason: str) -> None:
        """Let the coaches of a group hear that something cannot be posted there; raises `UpdateNotKept`."""
        try:
            await self._beside(key, Undelivered(call, kind_of(reason)))
        except _GaveUp as failure:
            log.error("nobody could be told what was not posted", exc_info=failure.error)

    async def _beside(self, key: Key, event: object) -> None:
        """Make a turn of what is no update of Telegram's; raises `UpdateNotKept` and `_GaveUp`."""
        extra = {"language": "", "name": "", "bot": self._name, "message": 0}
        incoming = IncomingUpdate(0, key, event, extra, shared=True)
        await self._made(
            lambda now: self._store.cohort_respond(None, key, self._steps.shared(incoming, False, now), now)
        )
        self._sending.wake()

    async def cohort_due(self) -> bool:
        """Let the cohort that is due longest have what is due; False when none is due.

        What always fails is taken off its cohort's plan, with a line for the operator. Raises `UpdateNotKept`.
        """
        try:
            turned = await self._made(lambda now: self._store.cohort_due(self._steps.due(now), now))
        except _GaveUp as failure:
            error = failure.error
            await self._kept(self._store.cohort_due(_halted, self._clock.now()))
            log.error("what was due of a cohort was put off", error=type(error).__name__, exc_info=error)
            return True
        if turned is not None:
            self._sending.wake()
        return turned is not None

    async def _put_due_aside(self, due: DueSchedule, error: Exception) -> None:
        error_id = _error_id(due.key.bot, due.session)
        await self._kept(self._store.park_due(due, _reason(error, error_id), self._clock.now()))
        self._watch.put_aside("bug")
        log.error("reminder parked", error=type(error).__name__, id=error_id, exc_info=error)

    async def spoiled(self, bot: int, update: int, error: Exception, raw: Mapping[str, Any]) -> None:
        """Put an update aside that cannot even be read; raises `UpdateNotKept` when the store is in trouble."""
        await self._put_aside(bot, update, error, raw)

    async def left(self, bot: int, chat: int, reason: str) -> None:
        """Note that a chat cannot be written to (blocked, kicked); raises `UpdateNotKept`."""
        await self._kept(self._store.blocked(bot, chat, reason, self._clock.now()))

    async def back(self, bot: int, chat: int) -> None:
        """Note that a chat can be written to again; raises `UpdateNotKept`."""
        await self._kept(self._store.unblocked(bot, chat))
        self._sending.wake()

    async def moved(self, bot: int, chat: int, new: int) -> None:
        """Note that a group became a supergroup with another id; raises `UpdateNotKept`."""
        await self._kept(self._store.migrate(bot, chat, new))
        self._sending.wake()

    def pseudonym(self, key: Key) -> str:
        """Return a name for the log that says nothing about who it is; `afterword people find` knows."""
        return self._store.pseudonym(key.person)

    def _muting(self, key: Key, now: float) -> bool:
        who = (key.bot, key.person)
        before = self._guard.muted(who, now)
        muted = self._guard.arrived(who, now)
        if muted and not before:
            # Their turns are still made: whatever was confirmed to Telegram took effect. Only answers are spared.
            log.warning("somebody floods: their updates are kept, but not answered", who=self.pseudonym(key))
        return muted

    async def _tried(
        self, incoming: IncomingUpdate, muted: bool, claim: OutboxClaim | None
    ) -> tuple[TurnResult | None, Taken]:
        async def keep(now: datetime) -> TurnResult | UnmadeTurn | None:
            if not incoming.shared:
                own = self._steps.own(incoming, muted, now)
                turned = await self._store.turn(incoming.update, incoming.key, own, now, claim)
                if not isinstance(turned, CohortsNeeded):
                    return turned
            shared = self._steps.shared(incoming, muted, now)
            return await self._store.cohort_respond(incoming.update, incoming.key, shared, now)

        try:
            turned = await self._made(keep)
        except _GaveUp as failure:
            await self._gave_up(incoming, failure.error, self._clock.now())
            return None, "parked"
        return turned, "seen" if turned is None else "muted" if muted else "done"

    async def _made(self, keep: Keep) -> TurnResult | None:
        """Make a turn and `keep` it; raises `UpdateNotKept`, or `_GaveUp` where the turn always fails.

        Which content version it needs stands in what its transaction reads. One that is not loaded is loaded between
        two transactions: the first changes nothing and says what it lacks.
        """
        now = self._clock.now()
        failure: Exception
        for _ in range(TRIES):
            try:
                turned = await keep(now)
                if not isinstance(turned, MissingContentVersion):
                    assert not isinstance(turned, UnmadeTurn), "nothing else is lacking"
                    return turned
                failure = LookupError("other content versions pushed out the one that was loaded")
                await self._kept(self._app.load(self._store, turned))
            except UpdateNotKept:
                raise
            except Exception as error:
                cause = error.__cause__ if isinstance(error, _StepFailed) else error
                if cause is error and not _own_fault(error):
                    log.warning("the store is in trouble", exc_info=error)
                    raise UpdateNotKept(type(error).__name__) from error
                failure = cause if isinstance(cause, Exception) else error
        raise _GaveUp(failure)

    async def _gave_up(self, incoming: IncomingUpdate, error: Exception, now: datetime) -> None:
        """Say sorry if there are words for it, then put the update aside."""
        key, kind = incoming.key, type(incoming.event).__name__
        error_id = _error_id(key.bot, incoming.update)
        if key.chat > 0:  # a group hears nothing of one person's trouble
            aside = (_reason(error, error_id), incoming.raw)

            def sorry(person: Person | None) -> TurnResult:
                return replace(self._app.apologise(incoming, person, error_id, now), aside=aside)

            try:
                await self._store.turn(incoming.update, key, sorry, now)  # the apology and the parking, both or neither
            except Exception as second:
                # Whoever's stored state is the trouble cannot be told so; the operator is.
                log.warning("the apology failed as well", error=type(second).__name__)
            else:
                self._tell(incoming.update, kind, error, error_id)
                return
        await self._put_aside(key.bot, incoming.update, error, incoming.raw, kind=kind)

    async def _put_aside(
        self, bot: int, update: int, error: Exception, raw: Mapping[str, Any], kind: str = "unreadable"
    ) -> None:
        error_id = _error_id(bot, update)
        await self._kept(self._store.park_update(bot, update, _reason(error, error_id), raw, self._clock.now()))
        self._tell(update, kind, error, error_id)

    def _tell(self, update: int, kind: str, error: Exception, error_id: str) -> None:
        """Tell the operator, once, in the log that an update was put aside."""
        self._watch.put_aside("bug")
        log.error("update parked", update=update, kind=kind, error=type(error).__name__, id=error_id, exc_info=error)

    async def _kept(self, action: Awaitable[object]) -> None:
        try:
            await action
        except Exception as error:
            log.warning("the store is in trouble", exc_info=error)
            raise UpdateNotKept(type(error).__name__) from error


def _halted(_bot: int, number: int, cohort: Cohort, _repository: CohortRepository) -> CohortTurn:
    """Take off a cohort what is due; its coach sees that it was not posted."""
    return CohortTurn(None, cohorts={number: cohort.halted()})


def _unshown(turned: TurnResult) -> TurnResult:
    """Return the turn without its calls; whoever's it is has an old question on the screen from now on."""
    if turned.person is None or not turned.calls:
        return replace(turned, calls=())
    return replace(turned, calls=(), person=replace(turned.person, panel=OWED, run=()))


def _unposted(cohort_turn: CohortTurn) -> CohortTurn:
    """Return the turn without what it says in the sender's own chat; what it tells others is sent."""
    kept = tuple(post for post in cohort_turn.posts if post.key.person != cohort_turn.speaker)
    return replace(cohort_turn, calls=(), posts=kept)


def _bounded(cohort_turn: CohortTurn, groups: GroupGuard, update: int, now: float) -> CohortTurn:
    """Return the turn without what it posts in a group where that was said just now, or too much is asked there."""
    for post in cohort_turn.posts if cohort_turn.instead else ():
        chat, edit = (post.key.bot, post.key.chat), post.call.edits
        answer = post.key.topic, post.call.kind, repr(post.call.values)
        if groups.withholds(chat, answer, edit, update, now):
            return replace(cohort_turn, posts=(), toast=cohort_turn.instead)
    return cohort_turn


def _reason(error: Exception, error_id: str) -> str:
    return f"{type(error).__name__} ({error_id})"


def _error_id(bot: int, update: int) -> str:
    """Return the short id of a failure; the same at every repetition of the update."""
    return hashlib.blake2b(f"{bot}:{update}".encode(), digest_size=3).hexdigest().upper()


OWN: Final = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError, AssertionError, RecursionError)
"""What no state of a database raises: the values of this one update cannot be stored."""


def _own_fault(error: BaseException) -> bool:
    """Tell whether the update itself is at fault for what the store raised, rather than the state of the store."""
    seen: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in seen:
        if isinstance(link, OWN):
            return True
        seen.append(link)
        link = link.__cause__
    return False
