"""The ports: what the service asks of a store and of a messenger; nothing here does anything.

Protocols and the values that cross them. One implementation of each is real; tests use the real one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal, Protocol

from bot.core.chat.person import Call, CallKind, Key, Person, TurnResult
from bot.core.chat.retention import Silence
from bot.core.coaching.cohort import Cohort, CohortRepository, CohortTurn
from bot.core.coaching.content_version import ContentVersion
from bot.runtime.refusals import NO_FAULT, Kind


class UpdateNotKept(Exception):
    """The update is not kept, for the store is in trouble: bring it again later."""


@dataclass(frozen=True)
class IncomingUpdate:
    """Something that happened to a person's conversation, on its way in.

    `event` and `extra` (what the turn wants to know besides: the person's language in Telegram, the kind of chat) are
    the application's business and opaque here; `raw` is the update as Telegram sent it, kept if it must be put aside.
    """

    update: int
    key: Key
    event: object
    extra: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)
    shared: bool = False
    """Whether it concerns cohorts, so that its turn may read and change them."""


class UnmadeTurn:
    """What stands for a turn that was not made, and changed nothing."""


@dataclass(frozen=True)
class MissingContentVersion(UnmadeTurn):
    """It needs a content version that has to be loaded first."""

    bot: int
    number: int


class CohortsNeeded(UnmadeTurn):
    """It concerns cohorts, as nobody could tell before the person was read: it is made anew with them at hand."""


Step = Callable[[Person | None], TurnResult | UnmadeTurn]
"""One turn as a pure function of the person as stored (None: never seen)."""


CohortStep = Callable[[Person | None, CohortRepository], CohortTurn | UnmadeTurn]
"""One turn as a function of the person as stored, and of what is kept of cohorts."""


CohortDueStep = Callable[[int, int, Cohort, CohortRepository], CohortTurn | UnmadeTurn]
"""What is due of a cohort, as a function of the bot, the cohort's number, itself and what else is kept."""


Silent = Callable[[Person, Silence, datetime], TurnResult | None]
"""What is due to somebody silent for long: a notice, nothing (None), or (a person of None) to be forgotten.

A pure function of the person as stored, how long they have been silent, and the instant.
"""


Retry = Callable[[int, Mapping[str, Any]], tuple[Key, Callable[[Person | None], TurnResult]] | None]
"""Whose turn a parked update (of the bot, as Telegram sent it) is, with its step; None where it is nobody's."""


@dataclass(frozen=True)
class ClaimedCall:
    """A call that was claimed from the outbox; `fence` is the claim's own number, higher for each later claim.

    `alone`: nothing waited behind it in its chat when it was claimed.
    """

    id: int
    key: Key
    call: Call
    attempts: int
    fence: int
    alone: bool = False


@dataclass
class OutboxClaim:
    """Who claims the next call of a chat together with another change to the store, and until when it is theirs.

    `posted` is filled in once that is kept: the call, None where the chat has none that may be made now. `done` tells
    that nothing of the chat waits at all, so nobody need look again.
    """

    worker: str
    lease_until: datetime
    posted: ClaimedCall | None = None
    done: bool = False


@dataclass(frozen=True)
class DueSchedule:
    """A person's schedule that was claimed, due at `at`; `fence` numbers the claim, higher for each later one."""

    session: int
    key: Key
    at: datetime
    fence: int


@dataclass(frozen=True)
class ContentCheck:
    """An edition of the content that was claimed to be checked."""

    bot: int
    number: int
    version: ContentVersion


@dataclass(frozen=True)
class Parked:
    """Something that was put aside with a reason: an update that always fails, or a call that cannot be made."""

    id: int
    what: str
    """update | call | reminder"""
    key: Key | None
    reason: str
    since: datetime
    payload: Mapping[str, Any]
    kind: Kind


@dataclass(frozen=True)
class QueueDepth:
    """How much waits: calls in the outbox, the instant the oldest was put there, and how much is parked."""

    waiting: int
    oldest: datetime | None
    parked: int
    kinds: Mapping[str, int] = field(default_factory=dict)
    """How much is parked of each kind; under "" what was parked before there were kinds, until the next hour."""

    @property
    def faults(self) -> int:
        """How much is parked that an operator should look at."""
        return sum(count for kind, count in self.kinds.items() if kind not in NO_FAULT)


@dataclass(frozen=True)
class Census:
    """How much is kept: people, what waits, and the database's size in bytes.

    `waiting` are calls, the oldest put into the outbox at `oldest`; `due` are reminders whose time has come; `parked`
    is what is put aside, by kind.
    """

    people: int
    waiting: int
    oldest: datetime | None
    due: int
    parked: Mapping[str, int]
    size: int


class ContentVersionStore(Protocol):
    """Keeps content versions."""

    async def one(self, bot: int, number: int) -> ContentVersion | None:
        """Return a version by its number."""

    async def claim(self, now: datetime, lease: timedelta) -> ContentCheck | None:
        """Lease the version that waits longest to be checked; None when none waits."""

    async def put_off(self, bot: int, number: int, until: datetime) -> None:
        """Let a version be checked, from an instant on."""


class RetentionStore(Protocol):
    """Finds people who have been silent for long."""

    async def begin_walk(self, now: datetime) -> Collection[date] | None:
        """Note that the bot runs on this day, in UTC, and return such days; None: this hour has its walk already."""

    async def silent_people(self, after: int, silence: timedelta, now: datetime) -> tuple[Sequence[Key], int]:
        """Return who may have been silent for so long among the rows after `after`, and where to go on (0: end)."""

    async def end_silence(self, key: Key, ran: Collection[date], silent: Silent, now: datetime) -> TurnResult | None:
        """Do what `silent` says about somebody, as they are now; None where that is nothing."""


class UpkeepStore(Protocol):
    """Looks after the database beside the turns."""

    async def census(self, now: datetime) -> Census:
        """Count what is kept; with a million people it takes a while and delays nobody."""

    async def last_instant(self) -> datetime | None:
        """Return the instant of the last `tidy`: when the bot is known to have run; None: there was none."""

    async def tidy(self, now: datetime) -> int:
        """Drop what need not be kept: updates seen more than two days ago (Telegram repeats none older than one)."""

    async def check_write(self) -> None:
        """Write something and commit it, as an answer would be; raises `StoreTrouble` when nothing can be kept."""


class Store(Protocol):
    """Keeps people, their cases and what is still to be sent. Every method is one transaction.

    A step that lacks a content version changes nothing: what it gives back is given back, and its update is not seen.
    """

    @property
    def versions(self) -> ContentVersionStore:
        """The content versions."""

    @property
    def retention(self) -> RetentionStore:
        """The people who have been silent for long."""

    @property
    def upkeep(self) -> UpkeepStore:
        """What the database needs besides turns."""

    async def turn(
        self, update: int, key: Key, step: Step, now: datetime, claim: OutboxClaim | None = None
    ) -> TurnResult | UnmadeTurn | None:
        """Run `step` on the person stored under `key` and keep what it leads to; None when `update` was seen before.

        With `claim` the first call of the turn is claimed at once, if it is the oldest of its chat.

        Seen update, person, cases, calls and reminders are committed together; a step that raises changes nothing and
        its exception is raised here. Turns of one key run one after another in the order of the calls to this method.
        """

    async def cohort_respond(
        self, update: int | None, key: Key, step: CohortStep, now: datetime
    ) -> CohortTurn | UnmadeTurn | None:
        """Run a turn that concerns cohorts, as `turn` does; in a group nothing of the person is read or kept.

        `update` None: it is nothing of Telegram's.
        """

    async def cohort_due(self, step: CohortDueStep, now: datetime) -> CohortTurn | UnmadeTurn | None:
        """Run the turn of the cohort that is due longest, and keep what it leads to; None when none is due."""

    async def claim(self, worker: str, now: datetime, lease: timedelta, limit: int) -> Sequence[ClaimedCall]:
        """Lease the oldest waiting call of up to `limit` chats, answers before reminders, none before its time."""

    async def claim_due(self, now: datetime, lease: timedelta, limit: int) -> Sequence[DueSchedule]:
        """Lease up to `limit` schedules that want to be rung, those due longest first; none whose chat is shut."""

    async def collect_due(self, due: DueSchedule, step: Step, now: datetime) -> TurnResult | UnmadeTurn | None:
        """Run `step` on the person of a claimed schedule, as `turn` does; None when somebody else has the claim."""

    async def park_due(self, due: DueSchedule, reason: str, now: datetime) -> bool:
        """Put a schedule aside that cannot be rung, with a reason for the operator."""

    async def next_due(self) -> datetime | None:
        """Return the instant from which some schedule or cohort is due; None when nothing is planned."""

    async def sent(
        self,
        posted: ClaimedCall,
        message: int | None,
        now: datetime,
        claim: OutboxClaim | None = None,
        *,
        late: bool = False,
    ) -> bool:
        """Take a call off the outbox; False when its lease has gone to somebody else meanwhile.

        With `claim` the next call of its chat is claimed at once, if it is due. With `late` it may be kept a moment
        later, together with something else: for calls that do no harm when a kill has them made again.
        """

    async def later(self, posted: ClaimedCall, at: datetime, *, whole_chat: bool = False) -> bool:
        """Give a call back to be tried at `at`; with `whole_chat` no call to that chat is made before."""

    async def park(self, posted: ClaimedCall, reason: str, now: datetime) -> bool:
        """Put a call aside for good, with a reason for the operator."""

    async def park_update(self, bot: int, update: int, reason: str, payload: Mapping[str, Any], now: datetime) -> None:
        """Put an update aside that could not be handled, and count it as seen."""

    async def blocked(self, bot: int, chat: int, reason: str, now: datetime) -> int:
        """Park every waiting call of a chat that cannot be written to; return how many."""

    async def unblocked(self, bot: int, chat: int) -> None:
        """Note that a chat can be written to again."""

    async def migrate(self, bot: int, chat: int, new: int) -> None:
        """Rewrite a chat's id wherever it is kept: a group became a supergroup."""

    async def next_at(self, now: datetime) -> datetime | None:
        """Return the instant from which some waiting call may be claimed; None when nothing waits."""

    async def parked(self, limit: int = 100, *, faults: bool = False) -> Sequence[Parked]:
        """Return what is parked, the oldest first; with `faults` only what an operator should look at."""

    async def release(self, id_: int, now: datetime) -> bool:
        """Put a parked call back into the outbox, or forget that a parked update was seen; False when there is none."""

    async def discard(self, id_: int) -> bool:
        """Drop something parked for good; False when there is none."""

    async def expire(self, now: datetime) -> Mapping[Kind, int]:
        """Drop what was parked too long ago for its kind (`runtime.refusals`); return how much of each kind."""

    async def depth(self) -> QueueDepth:
        """Count what waits."""

    def pseudonym(self, person: int) -> str:
        """Return the name of somebody in logs: the same as long as the key is, and nothing leads back without it."""

    async def ready(self) -> None:
        """Raise StoreUnready, with a sentence for the operator, unless the database answers and is migrated."""

    async def close(self) -> None:
        """Finish what was begun and let go of the database."""


class Application(Protocol):
    """What talks: turns as pure functions of what is stored and the instant.

    A turn that needs a content version which is not loaded gives that back instead of being made.
    """

    def respond(self, incoming: IncomingUpdate, person: Person | None, now: datetime, /) -> TurnResult | UnmadeTurn:
        """Return what an update leads to; the person is None where they were never seen."""

    def apologise(self, incoming: IncomingUpdate, person: Person | None, error_id: str, now: datetime, /) -> TurnResult:
        """Say sorry for an update that cannot be handled, with the short id that the log names, too."""

    def cohort_respond(
        self, incoming: IncomingUpdate, person: Person | None, repository: CohortRepository, now: datetime, dice: str, /
    ) -> CohortTurn | UnmadeTurn:
        """Return what an update that concerns cohorts leads to; `dice`: a fresh secret of 64 hexadecimal digits."""

    def cohort_due(
        self, name: str, bot: int, number: int, cohort: Cohort, repository: CohortRepository, now: datetime, /
    ) -> CohortTurn | UnmadeTurn:
        """Return what is due of a cohort; `name` is the bot's username. What was due must not be due any more then."""

    def silent(self, person: Person, silence: Silence, now: datetime, /) -> TurnResult | None:
        """Return what is due to somebody silent for long; see `Silent`."""

    async def load(self, store: Store, missing: MissingContentVersion, /) -> None:
        """Load a content version, or note that it cannot be used; no turn asks for it for a while."""


class Clock(Protocol):
    """Says what time it is: the service's only source of `now`."""

    def now(self) -> datetime:
        """Return the instant, aware, UTC."""


@dataclass(frozen=True)
class Delivered:
    """A call that was made; `message` is the id of the message that came of it, if any."""

    message: int | None


@dataclass(frozen=True)
class RetryLater:
    """A call that failed for now: not written (`ambiguous` False) or perhaps written (True); `after` seconds at least.

    `whole_chat`: the chat itself is over its flood limit (429).
    """

    after: float
    ambiguous: bool = False
    whole_chat: bool = False


@dataclass(frozen=True)
class Undeliverable:
    """A call that cannot succeed, with a reason; `whole_chat`: no call to this chat can (blocked, kicked, gone)."""

    reason: str
    whole_chat: bool = False


@dataclass(frozen=True)
class ChatMoved:
    """The chat has another id now."""

    chat: int


Outcome = Delivered | RetryLater | Undeliverable | ChatMoved


class Messenger(Protocol):
    """Makes calls to Telegram."""

    async def make(self, key: Key, call: Call) -> Outcome:
        """Make one call; whatever goes wrong is an `Outcome`, never an exception."""


# -- who sends, and who counts -----------------------------------------------------------------------------------------


class Sender(Protocol):
    """Whoever sends what turns lead to; see `OutboxWorker`."""

    def offer(self) -> OutboxClaim | None:
        """Return a claim on the first call of a turn that is about to be made; None: not now."""

    def take(self, claim: OutboxClaim | None, key: Key, waits: bool) -> None:
        """Send what was claimed; every offer is brought back here. `waits`: the turn left calls to be made."""

    def wake(self) -> None:
        """Look for what may be sent now."""


class NullSender:
    """Sends nothing: the calls wait in the store for another process."""

    def offer(self) -> OutboxClaim | None:
        """Claim nothing."""
        return None

    def take(self, claim: OutboxClaim | None, key: Key, waits: bool) -> None:
        """Leave it waiting."""

    def wake(self) -> None:
        """Look for nothing."""


Taken = Literal["done", "seen", "muted", "parked", "not_kept"]
Fate = Literal["delivered", "again", "ambiguous", "limited", "never", "moved", "hushed"]


class Metrics(Protocol):
    """Somebody who counts."""

    def turned(self, kind: str, how: Taken, seconds: float) -> None:
        """Hear that an update was taken; `kind` is the name of its event's class."""

    def sent(self, kind: CallKind, fate: Fate, seconds: float) -> None:
        """Hear what became of a call; `seconds` is how long Telegram took to answer."""

    def due_now(self, key: Key, due: datetime) -> None:
        """Hear that a reminder due at `due` is in the outbox."""

    def reminded(self, key: Key, now: datetime) -> None:
        """Hear that Telegram took a reminder."""

    def put_aside(self, kind: Kind) -> None:
        """Hear that something was put aside."""


class NullMetrics:
    """Nobody counts."""

    def turned(self, kind: str, how: Taken, seconds: float) -> None:
        """Hear, and forget."""

    def sent(self, kind: CallKind, fate: Fate, seconds: float) -> None:
        """Hear, and forget."""

    def due_now(self, key: Key, due: datetime) -> None:
        """Hear, and forget."""

    def reminded(self, key: Key, now: datetime) -> None:
        """Hear, and forget."""

    def put_aside(self, kind: Kind) -> None:
        """Hear, and forget."""
