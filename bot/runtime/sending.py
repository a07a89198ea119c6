"""What the door asks of whoever sends what its turns lead to."""

from __future__ import annotations

from typing import Protocol

from bot.core.chat.person import Key
from bot.runtime.ports import OutboxClaim


class Sender(Protocol):
    """Whoever sends what turns lead to; see service.workers.Outbox."""

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
