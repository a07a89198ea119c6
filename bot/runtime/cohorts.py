"""What the service asks for turns that concern cohorts; nothing here does anything."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from bot.core.chat.person import Person
from bot.core.coaching.cohort import Cohort, Convened, Rolls

if TYPE_CHECKING:
    from bot.runtime.update_handler import Knock

Convening = Callable[[Person | None, Rolls], Convened]
"""One turn as a function of the person as stored, and of what is kept of cohorts."""


Holding = Callable[[int, int, Cohort, Rolls], Convened]
"""What is due of a cohort, as a function of the bot, the cohort's number, itself and what else is kept."""


class Hold(Protocol):
    """The dialogue for what is due of a cohort: a pure function; `name` is the bot's username."""

    def __call__(self, name: str, bot: int, number: int, cohort: Cohort, rolls: Rolls, now: datetime, /) -> Convened:
        """Return what it leads to; whatever was due must not be due any more then."""


class Convene(Protocol):
    """The dialogue for what concerns cohorts: a pure function, with a fresh secret of 64 hexadecimal digits."""

    def __call__(self, knock: Knock, person: Person | None, rolls: Rolls, now: datetime, dice: str, /) -> Convened:
        """Return what the knock leads to."""
