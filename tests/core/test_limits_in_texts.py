"""Limits of the platforms in what is taught and answered: quoted from flows/limits.yaml, never written out."""

from dataclasses import replace
from datetime import date, time

import pytest

from bot.core.advice.facts import Facts
from bot.core.coaching.faq import search
from bot.core.coaching.group_chat import answer_panel
from bot.core.coaching.lesson_planner import lesson_blocks
from bot.core.coaching.lessons import Slot
from bot.core.library import Library
from bot.verification.atlas.page import page
from tests.support.reminded import WEDNESDAY, Reminded
from tests.support.visitor import WARM


@pytest.fixture(scope="module")
def roomier(library: Library) -> Library:
    """LinkedIn gives 271 characters."""
    limit = library.limits["linkedin_note"]
    return replace(library, limits={**library.limits, "linkedin_note": replace(limit, values={"free": 271})})


@pytest.mark.slow
def test_a_limit_that_changed_is_another_in_lessons_answers_and_the_atlas(roomier: Library) -> None:
    catalog = roomier.catalog("en")
    slot = Slot("the_note", date(2026, 11, 24), time(8))
    taught = "\n".join(block.text for block in lesson_blocks(roomier, catalog, slot))
    assert "A free account has room for 271 characters" in taught
    answered = answer_panel(roomier, catalog, "how_long")
    assert answered is not None
    assert "A free account takes 271 characters" in "\n".join(block.text for block in answered.blocks)
    assert any("takes 271 characters" in found.answer for found in search(roomier, catalog, "long"))
    assert "A free account takes 271 characters" in page(roomier, "after_interview", "en")


def test_a_few_days_that_are_four_are_four_in_the_lesson(library: Library) -> None:
    elapsed = library.facts["elapsed"]
    assert elapsed.derivation
    later = replace(elapsed.derivation, starts=(("waiting", 0), ("ready", 4), ("silent", 11)))
    facts = Facts({**library.facts.by_name, "elapsed": replace(elapsed, derivation=later)})
    slot = Slot("a_few_days", date(2026, 11, 24), time(8))
    taught = lesson_blocks(replace(library, facts=facts), library.catalog("en"), slot)
    assert "Count to 4, in working days." in "\n".join(block.text for block in taught)


@pytest.mark.parametrize(("days", "label", "on"), [(1, "In 1 business day", 26), (5, "In 5 business days", 2)])
def test_a_reminder_is_put_off_by_as_many_days_as_its_button_says(
    library: Library, days: int, label: str, on: int
) -> None:
    """A coach lets reminders be put off by another number of days; nothing of the wording needs an edit."""
    dana = Reminded(replace(library, manners=replace(library.manners, snooze_business_days=days)))
    dana.say(*WARM)
    dana.beside("yes")
    dana.until(WEDNESDAY)
    assert dana.labels[2] == label, "below the reminder"
    dana.beside("snooze")
    assert [r.day.day for r in dana.person.schedule.planned if r.kind == "M2"] == [on]
    dana.ask("reminders")
    dana.say("1")
    assert dana.labels[1] == label, "and in the list"
