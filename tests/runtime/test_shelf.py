"""The shelf: an edition is talked with only as it was proved; whatever else there is, the shipped content talks."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app import content_registry as shelves
from bot.app.content_registry import MOST, Live, Refused, Shelf, laid_over, seal_over
from bot.core.chat.person import Key, Person
from bot.core.coaching.cohort import Convened
from bot.core.coaching.content_version import Edition
from bot.core.library import Library
from bot.runtime.content_versions import Unopened
from bot.storage.database import Database
from bot.telegram.coaching_chat import Cohorting
from bot.telegram.private_chat import Talking
from tests.conftest import NOW
from tests.runtime.conftest import BOT

COACH, FAQ = 1, "messages/en/faq.yaml"


def live(library: Library) -> Live:
    talking = Talking(library, "after_interview")
    return Live(talking, Cohorting(talking, frozenset({COACH})))


class Opening:
    """Opens whatever it is given, and remembers the text of one file."""

    def __init__(self, library: Library) -> None:
        self.base, self.seen = live(library), list[str]()

    def __call__(self, folder: Path, shipped: Library | None) -> Live:
        assert shipped is self.base.talking.library
        self.seen.append((folder / FAQ).read_text(encoding="utf-8"))
        return live(shipped)


async def keep(store: Database, library: Library, number: int, text: str, seal: str = "") -> None:
    """Keep an edition of one file, with the seal of what it is or another one."""
    files = {FAQ: text}
    one = Edition(COACH, NOW, "published", 4, 0, files, seal=seal or seal_over(laid_over(library, files)))

    def step(known: Person | None, _rolls: object) -> Convened:
        return Convened(known or Person(), editions={number: one})

    await store.convene(number, Key(BOT, COACH, 0, COACH), step, NOW)


async def test_an_edition_is_fetched_once_and_talked_with(store: Database, library: Library) -> None:
    opening = Opening(library)
    shelf = Shelf(opening.base, opening)
    await keep(store, library, 9, "faq: own")
    with pytest.raises(Unopened):
        shelf.of(BOT, 9)
    for _ in range(2):
        await shelf.fetch(store, BOT, 9)
    assert opening.seen == ["faq: own"]
    assert shelf.of(BOT, 9) is not shelf.base
    assert shelf.of(BOT, 0) is shelf.base


async def test_what_is_not_as_it_was_proved_is_not_even_opened(store: Database, library: Library) -> None:
    opening = Opening(library)
    shelf = Shelf(opening.base, opening)
    await keep(store, library, 9, "faq: other", seal=seal_over({FAQ: "faq: proved"}))
    await shelf.fetch(store, BOT, 9)
    assert opening.seen == []
    assert shelf.of(BOT, 9) is shelf.base


async def test_while_an_edition_is_fetched_the_shipped_content_is_renewed(store: Database, library: Library) -> None:
    """What was laid over the old content would be talked with for good."""
    opening = Opening(library)

    def renewing(folder: Path, shipped: Library | None) -> Live:
        if not opening.seen:
            shelf.renew(live(library))
        return opening(folder, shipped)

    shelf = Shelf(opening.base, renewing)
    await keep(store, library, 9, "faq: own")
    await shelf.fetch(store, BOT, 9)
    assert len(opening.seen) == 2
    assert shelf.of(BOT, 9) is not shelf.base


async def test_one_that_cannot_be_opened_is_looked_for_again_later(
    store: Database, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def refusing(*_given: object) -> Live:
        tries.append(1)
        raise Refused(("It does not fit.",))

    shelf = Shelf(live(library), refusing)
    await keep(store, library, 9, "faq: own")
    await shelf.fetch(store, BOT, 9)
    assert shelf.of(BOT, 9) is shelf.base
    seconds = shelves.time.monotonic
    monkeypatch.setattr(shelves.time, "monotonic", lambda: seconds() + 2 * shelves.STAND_IN)
    with pytest.raises(Unopened):
        shelf.of(BOT, 9)
    await shelf.fetch(store, BOT, 9)
    assert len(tries) == 2


async def test_no_more_than_a_few_are_at_hand_at_once(store: Database, library: Library) -> None:
    opening = Opening(library)
    shelf = Shelf(opening.base, opening)
    for number in range(1, MOST + 2):
        await keep(store, library, number, f"faq: {number}")
        await shelf.fetch(store, BOT, number)
    for number in range(2, MOST + 2):
        shelf.of(BOT, number)
    with pytest.raises(Unopened):
        shelf.of(BOT, 1)
