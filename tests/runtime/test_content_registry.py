"""The shelf: an edition is talked with only as it was proved; whatever else there is, the shipped content talks."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app import content_registry as shelves
from bot.app.content_registry import MOST, ContentRefused, ContentRegistry, LoadedContent, laid_over, seal_over
from bot.core.chat.person import Key, Person
from bot.core.coaching.cohort import CohortTurn
from bot.core.coaching.content_version import ContentVersion
from bot.core.library import Library
from bot.runtime.ports import MissingContentVersion
from bot.storage.database import Database
from bot.telegram.coaching_chat import CoachingChat
from bot.telegram.private_chat import PrivateChat
from tests.conftest import NOW
from tests.runtime.conftest import BOT

COACH, FAQ = 1, "messages/en/faq.yaml"


def live(library: Library) -> LoadedContent:
    talking = PrivateChat(library, "after_interview")
    return LoadedContent(talking, CoachingChat(talking, frozenset({COACH})))


class Opening:
    """Opens whatever it is given, and remembers the text of one file."""

    def __init__(self, library: Library) -> None:
        self.base, self.seen = live(library), list[str]()

    def __call__(self, folder: Path, shipped: Library | None) -> LoadedContent:
        assert shipped is self.base.talking.library
        self.seen.append((folder / FAQ).read_text(encoding="utf-8"))
        return live(shipped)


async def keep(store: Database, library: Library, number: int, text: str, seal: str = "") -> None:
    """Keep an edition of one file, with the seal of what it is or another one."""
    files = {FAQ: text}
    one = ContentVersion(COACH, NOW, "published", 4, 0, files, seal=seal or seal_over(laid_over(library, files)))

    def step(known: Person | None, _repository: object) -> CohortTurn:
        return CohortTurn(known or Person(), versions={number: one})

    await store.cohort_respond(number, Key(BOT, COACH, 0, COACH), step, NOW)


async def test_an_edition_is_fetched_once_and_talked_with(store: Database, library: Library) -> None:
    opening = Opening(library)
    registry = ContentRegistry(opening.base, opening)
    await keep(store, library, 9, "faq: own")
    assert registry.of(BOT, 9) == MissingContentVersion(BOT, 9)
    for _ in range(2):
        await registry.fetch(store, BOT, 9)
    assert opening.seen == ["faq: own"]
    assert registry.of(BOT, 9) is not registry.base
    assert registry.of(BOT, 0) is registry.base


async def test_what_is_not_as_it_was_proved_is_not_even_opened(store: Database, library: Library) -> None:
    opening = Opening(library)
    registry = ContentRegistry(opening.base, opening)
    await keep(store, library, 9, "faq: other", seal=seal_over({FAQ: "faq: proved"}))
    await registry.fetch(store, BOT, 9)
    assert opening.seen == []
    assert registry.of(BOT, 9) is registry.base


async def test_while_an_edition_is_fetched_the_shipped_content_is_renewed(store: Database, library: Library) -> None:
    """What was laid over the old content would be talked with for good."""
    opening = Opening(library)

    def renewing(folder: Path, shipped: Library | None) -> LoadedContent:
        if not opening.seen:
            registry.renew(live(library))
        return opening(folder, shipped)

    registry = ContentRegistry(opening.base, renewing)
    await keep(store, library, 9, "faq: own")
    await registry.fetch(store, BOT, 9)
    assert len(opening.seen) == 2
    assert registry.of(BOT, 9) is not registry.base


async def test_one_that_cannot_be_opened_is_looked_for_again_later(
    store: Database, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def refusing(*_given: object) -> LoadedContent:
        tries.append(1)
        raise ContentRefused(("It does not fit.",))

    registry = ContentRegistry(live(library), refusing)
    await keep(store, library, 9, "faq: own")
    await registry.fetch(store, BOT, 9)
    assert registry.of(BOT, 9) is registry.base
    seconds = shelves.time.monotonic
    monkeypatch.setattr(shelves.time, "monotonic", lambda: seconds() + 2 * shelves.STAND_IN)
    assert registry.of(BOT, 9) == MissingContentVersion(BOT, 9)
    await registry.fetch(store, BOT, 9)
    assert len(tries) == 2


async def test_no_more_than_a_few_are_at_hand_at_once(store: Database, library: Library) -> None:
    opening = Opening(library)
    registry = ContentRegistry(opening.base, opening)
    for number in range(1, MOST + 2):
        await keep(store, library, number, f"faq: {number}")
        await registry.fetch(store, BOT, number)
    for number in range(2, MOST + 2):
        assert registry.of(BOT, number) is not registry.base
    assert registry.of(BOT, 1) == MissingContentVersion(BOT, 1)
