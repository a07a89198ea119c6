"""Who comes to the desk of the cohorts, where they are served, and what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from bot.core.advice.catalog import Catalog
from bot.core.chat.preview import Preview
from bot.core.coaching.cohort import Cohort, CohortRepository
from bot.core.coaching.content_version import ContentVersion
from bot.core.coaching.views import Shown
from bot.core.library import Library


@dataclass(frozen=True)
class Requester:
    """Who asks, in the turn's words: their user id, first name and language, and whether the operator named them."""

    person: int
    name: str
    language: str
    named: bool
    """Whether the operator named them a coach."""
    bot: str
    """The bot's username."""
    dice: str
    """A fresh secret: hexadecimal digits."""
    message: int = 0
    """The message whose button was tapped."""
    zone: str = "UTC"
    """Where they live: an IANA zone."""


@dataclass(frozen=True)
class CoachingReply:
    """What the desk of the cohorts says and changes; `told` goes to other people in private."""

    panels: tuple[Shown, ...] = ()
    cohorts: Mapping[int, Cohort | None] = field(default_factory=dict)
    toast: str = ""
    told: Mapping[int, tuple[Shown, ...]] = field(default_factory=dict)
    editions: Mapping[int, ContentVersion | None] = field(default_factory=dict)
    trial: Preview | None = None
    """What begins to be tried."""


@dataclass(frozen=True)
class CoachingScreen:
    """Where a member or a coach of cohort `number` is served; its messages begin with `words`."""

    library: Library
    requester: Requester
    repository: CohortRepository
    now: datetime
    number: int
    cohort: Cohort

    words: ClassVar[str]

    @property
    def catalog(self) -> Catalog:
        """The messages in the visitor's language."""
        return self.library.catalog(self.requester.language)

    def say(self, key: str, **values: str | int) -> str:
        """Word something that is said here."""
        return self.catalog.say(f"{self.words}.{key}", **values)
