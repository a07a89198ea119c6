"""The kept corpus of what people type, scored by the code behind `make understanding`, and what must never be taken."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.core.dialogue.engine import advance
from bot.core.dialogue.session import Picked, Said, Session, Started
from bot.core.dialogue.understand import understand_answer, understand_story
from bot.core.issues import SourceLocations
from bot.core.library import Library
from bot.core.understanding.phrases import common_text, compiled
from bot.verification.check_understanding import questions_readable
from tools import understanding

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
TODAY = date(2026, 11, 24)


def value(library: Library, question: str, text: str) -> object:
    return understand_answer(question, text, library.facts, library.catalog("en"), TODAY)["value"]


@pytest.mark.parametrize("part", ["answers", "held_out"])
def test_nineteen_of_twenty_answers_are_read_right_at_first_try(library: Library, part: str) -> None:
    scores, _ = understanding.answers(library, "en", part)
    everything = sum(score.all for score in scores.values())
    assert sum(score.right for score in scores.values()) >= 0.95 * everything
    assert sum(score.wrong for score in scores.values()) <= 0.005 * everything


def test_what_stories_tell_is_read(library: Library) -> None:
    score, _ = understanding.stories(library, "en")
    assert score.right >= 0.85 * score.all


def test_texts_that_answer_nothing_decide_nothing(library: Library) -> None:
    assert list(understanding.nothing(library, "en")) == []


@pytest.mark.parametrize(
    ("question", "text", "meant"),
    [
        ("experience", "no", None),
        ("tone", "no", None),
        ("relation", "I'm not connected to her", "none"),
        ("relation", "no, but i sent a request", "pending"),
        ("experience", "soooo gooood 👍🏽", "positive"),
        ("experience", "it went terribley", "negative"),
        ("thanks", "should I send one?", None),
        ("outcome", "if they reject me I'll cry", None),
        ("first", "Hi Dana", "Dana"),
        ("me", "Best, Sam", "Sam"),
        ("job", "the Data Analyst position", "Data Analyst"),
        ("topic", "About event-driven billing", "event-driven billing"),
        ("topic", "billing..", "billing"),
        ("company", "The Trade Desk", "The Trade Desk"),
        ("first", "https://linkedin.com/in/dana", None),
        ("topic", "idk", None),
    ],
)
def test_a_text_means_what_a_person_would_take_it_for(
    library: Library, question: str, text: str, meant: str | None
) -> None:
    assert value(library, question, text) == meant


def test_phrases_with_a_text_in_common_are_told_by_that_text() -> None:
    loose = frozenset({"really"})
    well, good = compiled("[it] went [so] (well|fine)", {}), compiled("went really (fine|badly)", {})
    assert common_text(well, good, loose) == ("went", "really", "fine")
    assert common_text(compiled("not good", {}), compiled("good", {}), loose) is None


STORY = "had a zoom interview with Dana at Northwind for data analyst on Friday, went great, nothing back yet"


def test_a_story_is_shown_and_confirmed_and_only_the_rest_is_asked(library: Library) -> None:
    session = advance(library, Session("after_interview"), Started(), NOW).session
    told = advance(library, session, Said(STORY), NOW)
    (shown,) = told.messages
    assert shown.name == "story"
    assert "✓ Their first name: Dana" in [block.text for block in shown.blocks]
    asked = advance(library, told.session, Said("yes"), NOW)
    assert asked.messages[-1].name == "question relation"
    assert {"experience", "outcome", "interviewed_on", "company"} <= asked.session.answers.keys()


def test_a_story_is_corrected_by_a_tap_by_words_and_taken_back_whole(library: Library) -> None:
    session = advance(library, Session("after_interview"), Started(), NOW).session
    told = advance(library, session, Said(STORY), NOW).session
    changed = advance(library, told, Picked("change", told.turn), NOW)
    assert changed.messages[-1].name == "change"
    corrected = advance(library, told, Said("no, it was on the phone, by phone call"), NOW)
    assert corrected.session.answers["format"] == "phone"
    assert corrected.messages[-1].name == "story"


def test_what_is_likely_is_asked_and_a_second_miss_is_answered_in_other_words(library: Library) -> None:
    session = advance(library, Session("after_interview"), Started(), NOW).session
    session = advance(library, session, Said("no"), NOW).session
    likely = advance(library, session, Said("great but i messed up the last question"), NOW)
    assert [option.id for option in likely.messages[-1].options][-1] == "ask_again"
    assert "experience" not in likely.session.answers
    once = advance(library, session, Said("purple"), NOW)
    twice = advance(library, once.session, Said("purple"), NOW)
    assert [once.messages[0].name, twice.messages[0].name] == ["notice which", "notice again"]


def test_a_story_of_somebody_else_or_of_hopes_tells_nothing(library: Library) -> None:
    for text in ("my brother got an offer and was rejected elsewhere", "I hope they offer me the job and it went well"):
        assert understand_story(text, library.facts, library.catalog("en"), TODAY) == {"facts": {}, "blanks": {}}


def test_a_phrase_of_the_faq_that_cannot_be_read_is_found_before_anybody_types_it(library: Library) -> None:
    catalog = library.catalogs["en"]
    name = next(name for name in library.faq if catalog.has(f"faq.{name}.asks"))
    torn = replace(catalog, messages={**catalog.messages, f"faq.{name}.asks": ("should i [connect",)})
    (issue,) = questions_readable(replace(library, catalogs={"en": torn}), SourceLocations({}))
    assert issue.code == "bad-phrase"
    assert list(questions_readable(library, SourceLocations({}))) == []
