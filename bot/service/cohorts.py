"""What the service asks for turns that concern cohorts; nothing here does anything."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from bot.core.cohorts.records import Convened, Rolls
from bot.core.person import Person

if TYPE_CHECKING:
    from bot.service.conversation import Knock

Convening = Callable[[Person | None, Rolls], Convened]
"""One turn as a function of the person as stored, and of what is kept of cohorts."""


class Convene(Protocol):
    """The dialogue for what concerns cohorts: a pure function, with a fresh secret of 64 hexadecimal digits."""

    def __call__(self, knock: Knock, person: Person | None, rolls: Rolls, now: datetime, dice: str, /) -> Convened:
        """Return what the knock leads to."""
