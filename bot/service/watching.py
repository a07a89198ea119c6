"""What the service tells whoever counts; nothing here does anything.

Law of this file: names of kinds and outcomes come from the code, so they are few; nothing a person wrote passes here.
"""

from __future__ import annotations

from typing import Literal, Protocol

Taken = Literal["done", "seen", "muted", "parked", "not_kept"]
Fate = Literal["delivered", "again", "ambiguous", "limited", "never", "moved", "hushed"]


class Watch(Protocol):
    """Somebody who counts."""

    def turned(self, kind: str, how: Taken, seconds: float) -> None:
        """Hear that an update was taken; `kind` is the name of its event's class."""

    def sent(self, method: str, fate: Fate, seconds: float) -> None:
        """Hear what became of a call; `seconds` is how long Telegram took to answer."""


class Unwatched:
    """Nobody counts."""

    def turned(self, kind: str, how: Taken, seconds: float) -> None:
        """Hear, and forget."""

    def sent(self, method: str, fate: Fate, seconds: float) -> None:
        """Hear, and forget."""
