"""Editions of the content that a turn needs and that are not at hand yet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

Fetch = Callable[[int, int], Awaitable[None]]
"""Gets an edition (of a bot, by its number) to hand; afterwards no turn asks for it in vain."""

log = structlog.get_logger("afterword.door")


class UpdateNotKept(Exception):
    """The update is not kept, for the store is in trouble: bring it again later."""


class MissingContentVersion(Exception):
    """A turn needs an edition that is not at hand: it is fetched, and then the turn is made."""

    def __init__(self, bot: int, edition: int) -> None:
        super().__init__(str(edition))
        self.bot, self.edition = bot, edition


async def fetched(fetch: Fetch, missing: MissingContentVersion) -> None:
    """Get an edition to hand; raises `UpdateNotKept` where that fails, so that whatever needs it comes again."""
    try:
        await fetch(missing.bot, missing.edition)
    except Exception as error:
        log.warning("an edition of the content cannot be fetched", exc_info=error)
        raise UpdateNotKept(type(error).__name__) from error
