"""Who speaks in a group, and what is said there. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.coaching.cohort import BotMembership, Cohort
from bot.core.coaching.views import Shown


@dataclass(frozen=True)
class Speaker:
    """Who speaks in which group: user id, chat, forum topic (0: none), and what Telegram says of the bot itself."""

    person: int
    chat: int
    topic: int
    bot: str
    """The bot's username."""
    reads_all: bool
    """Whether its privacy mode is off, so that it gets whatever is said."""
    may_poll: bool | None = None
    """Whether it may post polls there; None where nobody has asked, or Telegram did not say."""
    message: int = 0
    """The message whose button was tapped."""


@dataclass(frozen=True)
class Reply:
    """What is said in the group, and what is kept."""

    panels: tuple[Shown, ...] = ()
    cohorts: Mapping[int, Cohort | None] = field(default_factory=dict)
    room: BotMembership | None = None
    toast: str = ""
    instead: str = ""
    """The toast if the panels are withheld, as too much is asked; empty: they never are."""
    told: Mapping[int, tuple[Shown, ...]] = field(default_factory=dict)
    """What coaches hear in private."""
    place: tuple[int, int] | None = None
    """Chat and topic, where that is not where somebody spoke; then nothing that was tapped is edited."""
