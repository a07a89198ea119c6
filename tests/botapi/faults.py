"""Faults by program: which call goes wrong, how often and how.

What must live here: the kinds of faults and the choice of the one that hits a call. What must not: how a line is cut
or held; the server does that, for it owns the lines.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Final

from tests.botapi.errors import Refused, too_many

REFUSALS: Final = {
    "401": (401, "Unauthorized"),
    "403": (403, "bot was blocked by the user"),
    "409": (409, "terminated by other getUpdates request; make sure that only one bot instance is running"),
    "500": (500, "internal error"),
    "topic_deleted": (400, "message thread not found"),
}
LINES: Final = frozenset(
    (
        "502_html",  # a proxy's page instead of JSON, nothing applied
        "cut_before",  # the line is cut, nothing applied
        "cut_after",  # the call is applied, then the line is cut without an answer
        "timeout",  # nothing applied, no answer for `seconds`, then the line is cut
        "slow",  # applied and answered, after `seconds`
    )
)
KINDS: Final = frozenset(REFUSALS) | LINES | {"429"}


@dataclass
class Fault:
    """One planned fault; `times` None means for ever, `method` or `chat` None means any."""

    kind: str
    method: str | None = None
    chat: int | None = None
    times: int | None = 1
    retry_after: int = 1
    probability: float = 1.0
    seed: int = 0
    seconds: float = 3600.0
    words: str = ""  # instead of the usual description of a 403, 500 …
    hits: int = field(default=0, init=False)
    _dice: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is no kind of fault; there are {', '.join(sorted(KINDS))}")
        self._dice = random.Random(self.seed)  # noqa: S311 - repeatable on purpose

    def stop(self) -> None:
        """Let this fault happen no more."""
        self.times = self.hits

    @property
    def spent(self) -> bool:
        """Whether it has happened as often as planned."""
        return self.times is not None and self.hits >= self.times

    def hit(self, method: str, chat: int | None) -> bool:
        """Decide whether this call is hit, and count it."""
        wanted = self.method in (None, method) and self.chat in (None, chat)
        if not wanted or self.spent or self._dice.random() >= self.probability:
            return False
        self.hits += 1
        return True

    def refusal(self) -> Refused | None:
        """Return the answer of a fault that is an ordinary refusal, or None when the line itself is at fault."""
        if self.kind == "429":
            return too_many(self.retry_after)
        if self.kind not in REFUSALS:
            return None
        code, words = REFUSALS[self.kind]
        return Refused(code, self.words or words)
