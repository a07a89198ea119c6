"""How fast: Telegram's flood limits for what is sent, and the flood guard for what comes in.

Arithmetic on seconds that are passed in; no clock, no waiting, no loop. The limits are those of the
Bots FAQ (core.telegram.org/bots/faq), each kept a little below so that two clocks and a jittery line do not break it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

OVERALL: Final = (28, 1.05)
"""Calls, seconds; the FAQ says about 30 per second."""
CHAT: Final = (1.0, 4)
"""Messages per second in one chat, and how many may go at once; the FAQ lets short bursts pass without a number."""
GROUP: Final = (20, 61.0)
"""Messages, seconds in one group or channel; the FAQ says 20 per minute."""
FRESH: Final = 1
"""Messages or edits that may go to a chat at once when a process begins: the one before may have sent all the others,
a moment ago."""
EDITS: Final = (2.0, 8)
"""Edits per second in one chat, and how many at once; their limit is unpublished, so 429 has the last word."""
FLOOD: Final = (5.0, 30)
"""Updates per second of one person, and how many at once, that are answered."""
QUIET_SECONDS: Final = 3.0
"""How long a flooder must be silent to be answered again."""
ANSWERS: Final = (12, 61.0)
"""Messages, seconds: what its members can have posted in a group, so that most of GROUP is never waited for."""
TAPS: Final = (30, 61.0)
"""Edits, seconds: how often members' taps change what stands in a group."""
REPEAT: Final = 10.0
"""Seconds in which an answer in a group also answers whoever asks the same."""
MANY: Final = 10_000
"""So many counters are kept before those that are at rest are dropped."""


@dataclass(slots=True)
class Window:
    """At most `most` events in any `seconds`."""

    most: int
    seconds: float
    times: deque[float] = field(default_factory=deque)

    def wait(self, now: float) -> float:
        """Return the seconds until one more event is allowed."""
        while self.times and self.times[0] <= now - self.seconds:
            self.times.popleft()
        return 0.0 if len(self.times) < self.most else self.times[-self.most] + self.seconds - now

    def room(self, now: float) -> int:
        """Return how many events are allowed at once."""
        self.wait(now)
        return max(0, self.most - len(self.times))

    def take(self, now: float) -> None:
        """Count one event."""
        self.times.append(now)

    def put_off(self, taken: float, now: float) -> None:
        """Count an event that was taken earlier as one of now: it waited in between."""
        with suppress(ValueError):  # taken so long ago that it is forgotten
            self.times.remove(taken)
        self.times.append(now)

    def resting(self, now: float) -> bool:
        """Tell whether nothing is remembered that still matters."""
        self.wait(now)
        return not self.times


@dataclass(slots=True)
class TokenBucket:
    """A steady `rate` per second with a burst: `size` tokens, refilled as time goes by."""

    rate: float
    size: int
    left: float = -1.0
    at: float = 0.0

    def wait(self, now: float) -> float:
        """Return the seconds until one more event is allowed."""
        self.left = self.size if self.left < 0 else min(self.size, self.left + max(0.0, now - self.at) * self.rate)
        self.at = now
        return max(0.0, (1 - self.left) / self.rate)

    def take(self, now: float) -> None:
        """Count one event."""
        self.wait(now)
        self.left = max(0.0, self.left - 1)

    def resting(self, now: float) -> bool:
        """Tell whether the bucket is full."""
        self.wait(now)
        return self.left >= self.size


class RateLimits:
    """How fast calls may go out; `processes` that send for one bot share its limits, and a chat's, evenly.

    `began` is when this process did, if another may have sent until then: what it has sent just now is not known.
    """

    def __init__(self, processes: int = 1, began: float = float("-inf")) -> None:
        self._processes, self._began = processes, began
        self.overall = Window(_part(OVERALL[0], processes), OVERALL[1])
        self._counters: dict[tuple[int, str], TokenBucket | Window] = {}

    def room(self, now: float) -> int:
        """Return how many calls may be made at once, whatever their chats."""
        return self.overall.room(now)

    def wait(self, chat: int, edit: bool, now: float) -> float:
        """Return the seconds until one more call to the chat may be made, whatever the others."""
        return max(counter.wait(now) for counter in self._of(chat, edit, now))

    def take(self, chat: int, edit: bool, now: float) -> None:
        """Count a call to the chat."""
        self.overall.take(now)
        for counter in self._of(chat, edit, now):
            counter.take(now)
        if len(self._counters) > MANY:
            self._counters = {key: one for key, one in self._counters.items() if not one.resting(now)}

    def put_off(self, taken: float, now: float) -> None:
        """Note that a call whose place was taken earlier is made only now."""
        self.overall.put_off(taken, now)

    def _of(self, chat: int, edit: bool, now: float) -> list[TokenBucket | Window]:
        kind = "edits" if edit else "messages"
        found = self._counters.get((chat, kind)) or self._added(chat, kind, now)
        return [found, self._counters[chat, "minute"]] if chat < 0 and not edit else [found]

    def _added(self, chat: int, kind: str, now: float) -> TokenBucket:
        """Begin to count what is sent to a chat."""
        if chat < 0:  # groups and channels have negative ids
            self._counters.setdefault((chat, "minute"), Window(_part(GROUP[0], self._processes), GROUP[1]))
        rate, size = EDITS if kind == "edits" else CHAT
        rate, size = rate / self._processes, _part(size, self._processes)
        bucket = TokenBucket(rate, size, left=min(size, FRESH + (now - self._began) * rate), at=now)
        self._counters[chat, kind] = bucket
        return bucket


def _part(whole: int, processes: int) -> int:
    """Return the part of a number of events that is one process's; one at least, or it could never send."""
    return max(1, whole // processes)


class GroupGuard:
    """Bounds what members can have a bot say in a group, so that one of them or a hundred hold up nobody for long."""

    def __init__(self) -> None:
        self._said: dict[Hashable, tuple[int, float]] = {}
        self._counts: dict[tuple[Hashable, bool], Window] = {}

    def withholds(self, chat: Hashable, answer: Hashable, edit: bool, update: int, now: float) -> bool:
        """Count an answer in a group; return whether it is not to be given: it was just now, or too many were.

        `update` is what asks for it: one that is handled again is judged as it was the first time.
        """
        by, at = self._said.get((chat, answer), (0, float("-inf")))
        recent = now - at < REPEAT
        if recent and (by == update or not edit):  # an edit may bring back what stood there before
            return by != update
        window = self._counts.setdefault((chat, edit), Window(*(TAPS if edit else ANSWERS)))
        if window.wait(now) > 0:
            return True
        window.take(now)
        self._said[chat, answer] = update, now
        self._tidy(now)
        return False

    def _tidy(self, now: float) -> None:
        if len(self._said) + len(self._counts) > MANY:
            self._said = {one: said for one, said in self._said.items() if now - said[1] < REPEAT}
            self._counts = {one: window for one, window in self._counts.items() if not window.resting(now)}


class FloodGuard:
    """Notices who sends faster than a person can mean it.

    Whoever empties their bucket is muted until they have been silent for QUIET_SECONDS.
    """

    def __init__(self, rate: float = FLOOD[0], size: int = FLOOD[1], quiet: float = QUIET_SECONDS) -> None:
        self._rate, self._size, self._quiet = rate, size, quiet
        self._buckets: dict[Hashable, TokenBucket] = {}
        self._until: dict[Hashable, float] = {}

    def arrived(self, who: Hashable, now: float) -> bool:
        """Count one update; return whether its sender is muted."""
        if self.muted(who, now):
            self._until[who] = now + self._quiet
            return True
        if self._until.pop(who, None) is not None:
            self._buckets.pop(who, None)
        bucket = self._buckets.setdefault(who, TokenBucket(self._rate, self._size))
        if bucket.wait(now) > 0:
            self._until[who] = now + self._quiet
            return True
        bucket.take(now)
        self._tidy(now)
        return False

    def muted(self, who: Hashable, now: float) -> bool:
        """Tell whether somebody is muted."""
        return self._until.get(who, now) > now

    def _tidy(self, now: float) -> None:
        if len(self._buckets) > MANY:
            self._buckets = {who: one for who, one in self._buckets.items() if not one.resting(now)}
            self._until = {who: until for who, until in self._until.items() if until > now}
