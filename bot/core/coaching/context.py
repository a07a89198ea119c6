"""What the screens of members and coaches have in common: who asks, what they stand on, and what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from bot.core.advice.catalog import Catalog
from bot.core.chat.person import COHORT_ASKS, Preview
from bot.core.coaching.cohort import Cohort, CohortRepository
from bot.core.coaching.content_version import ContentVersion
from bot.core.coaching.views import Button, Panel, Shown
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
    zone_known: bool = True
    """Whether they said so."""


@dataclass(frozen=True)
class CoachingReply:
    """What is said to a member or coach, and what changes; `told` goes to other people in private."""

    panels: tuple[Shown, ...] = ()
    cohorts: Mapping[int, Cohort | None] = field(default_factory=dict)
    toast: str = ""
    told: Mapping[int, tuple[Shown, ...]] = field(default_factory=dict)
    posted: Mapping[tuple[int, int], tuple[Shown, ...]] = field(default_factory=dict)
    """What is posted in groups, by chat and topic."""
    versions: Mapping[int, ContentVersion | None] = field(default_factory=dict)
    trial: Preview | None = None
    """What begins to be tried."""
    zone: str = ""
    """Where the requester has just said that they live."""
    asking: str = ""
    """What the next thing that the requester types is meant for; see `asks_for`."""


@dataclass(frozen=True)
class CoachingContext:
    """What every screen stands on: who asks, when, what is kept, and the content; `sources` are the shipped files."""

    library: Library
    requester: Requester
    repository: CohortRepository
    now: datetime
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def catalog(self) -> Catalog:
        """The messages in the requester's language."""
        return self.library.catalog(self.requester.language)

    @property
    def person(self) -> int:
        """The user id of the requester."""
        return self.requester.person

    def catalog_of(self, person: int) -> Catalog:
        """Return the messages in the language of another person."""
        return self.library.catalog(self.repository.language(person))

    def said(self, key: str, **values: str | int) -> CoachingReply:
        """Answer with a message."""
        return CoachingReply((Panel.of(self.catalog.say(key, **values)),))

    def stale(self) -> CoachingReply:
        """Refuse a button that is old, forged or somebody else's, in the words for an old one."""
        return CoachingReply(toast=self.catalog.say("cohort.stale"))


def asks_for(kind: str, number: int, about: str = "") -> str:
    """Return how `Person.asking` says that what is typed next is something (`kind`) for cohort `number`."""
    return f"{COHORT_ASKS}{kind}-{number}-{about}"


@dataclass(frozen=True)
class CoachingScreen:
    """What a member or a coach of cohort `number` sees of one subject; its messages begin with `words`."""

    context: CoachingContext
    number: int
    cohort: Cohort

    words: ClassVar[str]

    def say(self, key: str, **values: str | int) -> str:
        """Word something that is said here."""
        return self.context.catalog.say(f"{self.words}.{key}", **values)

    def back(self, verb: str = "show") -> Button:
        """Return the button that leads back."""
        return Button(self.context.catalog.say("cohort.options.back"), (verb, str(self.number)))
