"""What talks in tests of the runtime: a turn given as a function, and as little as possible besides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.app.server import Reloaded
from bot.core.chat.person import Person, TurnResult
from bot.core.coaching.cohort import CohortTurn
from bot.runtime.ports import IncomingUpdate, MissingContentVersion
from bot.telegram.updates import read


class Talks:
    """An application whose turns are `respond`; others, such as `cohort_due`, are named where they matter."""

    def __init__(
        self, respond: Callable[[IncomingUpdate, Person | None, datetime], TurnResult], **others: Callable[..., Any]
    ) -> None:
        self.respond = respond
        vars(self).update(others)

    def read(self, me: dict[str, Any], update: dict[str, Any], /) -> Any:
        return read(me, update)

    def apologise(self, *_given: object) -> TurnResult:
        raise AssertionError("there are no words for it")

    def cohort_respond(self, _incoming: object, person: Person | None, *_given: object) -> CohortTurn:
        return CohortTurn(person or Person(), keeps=False)

    def cohort_due(self, *_given: object) -> CohortTurn:
        raise AssertionError("nothing of a cohort is due")

    def silent(self, *_given: object) -> TurnResult | None:
        return None

    async def load(self, _store: object, missing: MissingContentVersion, /) -> None:
        raise AssertionError(f"there is one content only, and not {missing}")

    async def prepare(self, _bot: object) -> None:
        """Set nothing."""

    async def reload(self) -> Reloaded:
        return Reloaded(False)

    def search(self, *_given: object) -> dict[str, Any]:
        return {}

    async def check_uploads(self, *_given: object) -> None:
        await asyncio.Event().wait()
