"""Limits of the platforms in what is taught and answered: quoted from flows/limits.yaml, never written out."""

from dataclasses import replace
from datetime import date, time

import pytest

from bot.atlas.page import page
from bot.core.cohorts.lecturing import lesson_blocks
from bot.core.cohorts.lessons import Plan, Slot
from bot.core.cohorts.public import answer_panel
from bot.core.cohorts.searching import search
from bot.core.library import Library


@pytest.fixture(scope="module")
def roomier(library: Library) -> Library:
    """LinkedIn gives 271 characters."""
    limit = library.limits["linkedin_note"]
    return replace(library, limits={**library.limits, "linkedin_note": replace(limit, values={"free": 271})})


def test_a_limit_that_changed_is_another_in_lessons_answers_and_the_atlas(roomier: Library) -> None:
    catalogue = roomier.catalogue("en")
    slot = Slot("the_note", date(2026, 11, 24), time(8))
    plan = Plan(-1001, "The channel", "eight_weeks", "Europe/Berlin", (slot,))
    taught = "\n".join(block.text for block in lesson_blocks(roomier, catalogue, plan, slot))
    assert "A free account has room for 271 characters" in taught
    answered = answer_panel(roomier, catalogue, "how_long")
    assert answered is not None
    assert "A free account takes 271 characters" in "\n".join(block.text for block in answered.blocks)
    assert any("takes 271 characters" in found.answer for found in search(roomier, catalogue, "long"))
    assert "A free account takes 271 characters" in page(roomier, "after_interview", "en")
