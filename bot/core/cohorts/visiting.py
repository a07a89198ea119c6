"""Who comes to the desk of the cohorts, and what is answered. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.cohorts.panels import Panel, Shown
from bot.core.cohorts.records import Cohort


@dataclass(frozen=True)
class Visitor:
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
class Answer:
    """What the desk of the cohorts says and changes; `told` goes to other people in private."""

    panels: tuple[Panel, ...] = ()
    cohorts: Mapping[int, Cohort | None] = field(default_factory=dict)
    toast: str = ""
    told: Mapping[int, tuple[Shown, ...]] = field(default_factory=dict)
