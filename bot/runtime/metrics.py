"""What the service tells whoever counts; nothing here does anything.

Law of this file: names of kinds and outcomes come from the code, so they are few; nothing a person wrote passes here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

from bot.core.chat.person import CallKind, Key
from bot.runtime.refusals import Kind

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
