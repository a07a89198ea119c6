"""Flood limits: how often a bot may send.

What must live here: the counters of the Bots FAQ and who exceeded them. They only count; whether an excess is refused
is the server's setting. What must not: any other reason to refuse a call.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

OVERALL: Final = (30, 1.0)  # messages, seconds
GROUP: Final = (20, 60.0)
PRIVATE_PER_SECOND: Final = 1.0
TOLERANCE: Final = 0.02  # seconds; clocks of two processes are not one
PRIVATE_BURST: Final = 5  # short bursts pass; the FAQ gives no number


@dataclass(frozen=True)
class Violation:
    """A message that came too soon: `seconds` is how long it should have waited."""

    limit: str  # "overall", "private", "group" or "retry_after"
    chat_id: int
    at: float
    seconds: float


class Window:
    """At most `most` events in any `seconds`."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most = most
        self.seconds = seconds
        self.times: deque[float] = deque()

    def wait(self, now: float) -> float:
        """Return the seconds until one more event is allowed."""
        while self.times and self.times[0] <= now - self.seconds:
            self.times.popleft()
        if len(self.times) < self.most:
            return 0.0
        return self.times[-self.most] + self.seconds - now

    def count(self, now: float) -> None:
        """Count an event."""
        self.times.append(now)


class Bucket:
    """A steady rate with a burst: the bucket holds `burst` messages and fills with one per 1/rate seconds."""

    def __init__(self, rate: float, burst: int) -> None:
        self.rate = rate
        self.burst = burst
        self.left = float(burst)
        self.at = 0.0

    def wait(self, now: float) -> float:
        """Return the seconds until one more event is allowed."""
        self.left = min(self.burst, self.left + max(0.0, now - self.at) * self.rate)
        self.at = now
        return max(0.0, (1 - self.left) / self.rate)

    def count(self, now: float) -> None:
        """Count an event; too many of them make the debt larger."""
        self.wait(now)
        self.left -= 1


class FloodLimits:
    """All counters of one bot."""

    def __init__(self) -> None:
        self.overall = Window(*OVERALL)
        self.chats: dict[int, Window | Bucket] = {}
        self.quiet_until: dict[int, float] = {}

    def judge(self, chat_id: int, private: bool, now: float) -> Violation | None:
        """Return the limit that one more message to the chat exceeds, or None."""
        named = [("overall", self.overall), ("private" if private else "group", self._chat(chat_id, private))]
        name, seconds = max(((name, counter.wait(now)) for name, counter in named), key=lambda one: one[1])
        return Violation(name, chat_id, now, seconds) if seconds > TOLERANCE else None

    def count(self, chat_id: int, private: bool, now: float) -> None:
        """Count a message that was sent."""
        self.overall.count(now)
        self._chat(chat_id, private).count(now)

    def hushed(self, chat_id: int | None, now: float) -> Violation | None:
        """Return by how much a call comes before its `retry_after` is over, or None."""
        seconds = self.quiet_until.get(chat_id, now) - now if chat_id is not None else 0.0
        return Violation("retry_after", chat_id or 0, now, seconds) if seconds > TOLERANCE else None

    def hush(self, chat_id: int, seconds: float, now: float) -> None:
        """Remember that the bot was told to leave the chat alone for so long."""
        self.quiet_until[chat_id] = max(self.quiet_until.get(chat_id, 0.0), now + seconds)

    def _chat(self, chat_id: int, private: bool) -> Window | Bucket:
        if chat_id not in self.chats:
            self.chats[chat_id] = Bucket(PRIVATE_PER_SECOND, PRIVATE_BURST) if private else Window(*GROUP)
        return self.chats[chat_id]


def whole_seconds(seconds: float) -> int:
    """Return the seconds as `retry_after` gives them: whole, and at least one."""
    return max(1, math.ceil(seconds))
