"""What the service asks for turns that concern cohorts; nothing here does anything."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from bot.core.chat.person import Person
from bot.core.coaching.cohort import Cohort, CohortRepository, CohortTurn

if TYPE_CHECKING:
    from bot.runtime.update_handler import IncomingUpdate

CohortStep = Callable[[Person | None, CohortRepository], CohortTurn]
"""One turn as a function of the person as stored, and of what is kept of cohorts."""


CohortDueStep = Callable[[int, int, Cohort, CohortRepository], CohortTurn]
"""What is due of a cohort, as a function of the bot, the cohort's number, itself and what else is kept."""


class CohortDue(Protocol):
    """The dialogue for what is due of a cohort: a pure function; `name` is the bot's username."""

    def __call__(
        self, name: str, bot: int, number: int, cohort: Cohort, repository: CohortRepository, now: datetime, /
    ) -> CohortTurn:
        """Return what it leads to; whatever was due must not be due any more then."""


class CohortRespond(Protocol):
    """The dialogue for what concerns cohorts: a pure function, with a fresh secret of 64 hexadecimal digits."""

    def __call__(
        self, incoming: IncomingUpdate, person: Person | None, repository: CohortRepository, now: datetime, dice: str, /
    ) -> CohortTurn:
        """Return what the knock leads to."""
