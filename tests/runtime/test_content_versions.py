"""A turn that needs a content version which is not loaded: it changes nothing, and is made once that is loaded."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.core.chat.person import Key, Person, TurnResult
from bot.core.coaching.cohort import CohortTurn
from bot.runtime.ports import IncomingUpdate, MissingContentVersion, UpdateNotKept
from bot.runtime.update_handler import UpdateHandler
from bot.storage.database import Database
from tests.runtime.conftest import BOT, SetClock, echo, incoming
from tests.support.application import Talks

GROUP_CHAT = -100
MISSING = MissingContentVersion(BOT, 9)


class Lacking(Talks):
    """Needs version 9, which is loaded on request unless the store is in trouble."""

    def __init__(self) -> None:
        super().__init__(self.answer)
        self.loaded: list[MissingContentVersion] = []
        self.trouble: Exception | None = None

    def answer(
        self, incoming: IncomingUpdate, person: Person | None, now: datetime
    ) -> TurnResult | MissingContentVersion:
        return echo(incoming, person, now) if self.loaded else MISSING

    def cohort_respond(self, *_given: object) -> CohortTurn | MissingContentVersion:
        return CohortTurn(None, toast="made") if self.loaded else MISSING

    async def load(self, _store: object, missing: MissingContentVersion, /) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.loaded.append(missing)


async def test_it_is_loaded_between_two_transactions_and_the_turn_is_made_once(
    store: Database, clock: SetClock
) -> None:
    app = Lacking()
    handler = UpdateHandler(store, clock, app)
    turned = await handler.incoming(incoming(1))
    assert turned is not None
    assert app.loaded == [MISSING]
    assert (await store.depth()).waiting == 1
    assert await handler.incoming(incoming(1)) is None, "it counts as seen from then on"


async def test_in_a_group_as_well(store: Database, clock: SetClock) -> None:
    app = Lacking()
    handler = UpdateHandler(store, clock, app)
    update = IncomingUpdate(1, Key(BOT, GROUP_CHAT, 0, 5), "asked", shared=True)
    turned = await handler.incoming(update)
    assert turned is not None
    assert turned.toast == "made"
    assert await handler.incoming(update) is None


async def test_where_it_cannot_be_loaded_nothing_changed_and_the_update_comes_again(
    store: Database, clock: SetClock
) -> None:
    app = Lacking()
    handler = UpdateHandler(store, clock, app)
    app.trouble = OSError("the disk is away")
    with pytest.raises(UpdateNotKept):
        await handler.incoming(incoming(1))
    assert (await store.depth()).waiting == 0
    app.trouble = None
    assert await handler.incoming(incoming(1)) is not None
