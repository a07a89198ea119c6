"""Notes that members released to their coaches. Values only.

A note is here because its member said so, for this one; it goes when they say so, when they leave or
are forgotten, and after seven days in any case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

KEPT: Final = timedelta(days=7)
LONGEST_COMMENT: Final = 1000  # UTF-16 units
SHORT: Final = 2  # characters of a word that is not hidden where it stands alone, such as "of"
AT_ONCE: Final = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True)
class Release:
    """A note that one member released; `seen` are the messages, by coach, in which it stands.

    `readers` are who coached when it was shown, and nobody who came later (empty: not known, so all).

    One that is over has neither text nor member, and goes once it is off the coaches' screens.
    """

    number: int
    person: int
    text: str
    until: datetime
    seen: tuple[tuple[int, int], ...] = ()
    readers: tuple[int, ...] = ()

    def is_for(self, coach: int) -> bool:
        """Tell whether a coach may read it."""
        return bool(self.person) and (not self.readers or coach in self.readers)

    def over(self) -> Release:
        """Return what is left of it."""
        return replace(self, person=0, text="", until=AT_ONCE)

    def shown(self, coach: int, message: int) -> Release:
        """Return it with one more message in which it stands."""
        return replace(self, seen=tuple(dict.fromkeys((*self.seen, (coach, message)))))

    def put_away(self, coach: int, message: int) -> Release:
        """Return it without a message in which it stands no more."""
        return replace(self, seen=tuple(one for one in self.seen if one != (coach, message)))

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        seen = [list(one) for one in self.seen]
        return {**vars(self), "until": self.until.isoformat(), "seen": seen, "readers": list(self.readers)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Release:
        """Read it back."""
        seen = tuple((coach, message) for coach, message in stored["seen"])
        return cls(**{**stored, "until": datetime.fromisoformat(stored["until"]), "seen": seen,
                      "readers": tuple(stored.get("readers", ()))})  # fmt: skip


def masked(text: str, names: Sequence[tuple[str, str]]) -> str:
    """Return a text with each name, and each longer word of one, replaced by what stands for it."""
    hidden = {word: mask for name, mask in names for word in name.split() if len(word) > SHORT}
    hidden |= {name: mask for name, mask in names if name.strip()}
    if not hidden:
        return text
    longest_first = sorted(hidden, key=len, reverse=True)
    known = "|".join(map(re.escape, longest_first))
    return re.sub(rf"(?<!\w)(?:{known})(?!\w)", lambda found: hidden[found[0]], text)
