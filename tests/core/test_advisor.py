"""What an advice says and what it leaves out, each as somebody asks for it by facts."""

import itertools
from datetime import date

import pytest

from bot.core.dialogue.advisor import Adviser, Answered
from bot.core.library import Library
from tests.conftest import NOW
from tests.support.candidate import plain

MONDAY = "2026-11-23"


@pytest.fixture(scope="module")
def adviser(library: Library) -> Adviser:
    return Adviser(library, "after_interview", NOW, language="en", zone="Europe/Berlin")


def lines(answered: Answered) -> list[str]:
    return [block.text for block in answered.message().blocks]


def test_no_later_day_is_named_for_a_request_that_is_out_by_then(adviser: Adviser) -> None:
    """They offered to stay in touch, so it is Tuesday: Thursday, when you've given them a few days, changes nothing."""
    offered = {"invited": "yes", "thanks": "not_sent", "interviewed_on": MONDAY}
    told = lines(adviser.advise({**offered, "tone": "ordinary", "experience": "positive"}))
    assert told[0].endswith("Then connect on LinkedIn from Tuesday 24 November.")
    assert not [line for line in told if "26 November" in line]
    seen = 0
    for tone, thanks, role, days in itertools.product(
        ("rapport", "ordinary", "reserved"), ("sent", "not_sent", "no_address"), ("hiring_manager", "panel_member"),
        (MONDAY, "2026-11-19", "2026-11-02"),
    ):  # fmt: skip
        advice = adviser.advise(
            {"invited": "yes", "tone": tone, "thanks": thanks, "role": role, "interviewed_on": days}
        ).advice
        assert not [flip for flip in advice.flips if flip.fact == "elapsed"], "time is the plan's to tell"
        seen += len(advice.flips)
    assert seen


def test_whoever_lets_a_case_go_is_not_told_what_would_change_that(adviser: Adviser) -> None:
    told = adviser.advise({"experience": "positive", "outcome": "none", "interested": "no"})
    assert told.advice.outcome.rule == "R24"
    assert told.as_json()["would_change"] == []
    assert not [line for line in lines(told) if "What would change this" in line]


def test_a_so_so_panel_member_is_thanked_all_the_same(adviser: Adviser) -> None:
    so_so = {"role": "panel_member", "experience": "neutral", "tone": "rapport", "interviewed_on": MONDAY}
    told = adviser.advise({**so_so, "thanks": "not_sent"})
    assert (told.advice.outcome.rule, told.advice.outcome.mails) == ("R18", ("E1",))
    assert [line for line in lines(told) if line.startswith("You can send a thank-you email first")]
    assert [line for line in lines(told) if line == "Today: send the thank-you email"]
    thanked = adviser.advise({**so_so, "thanks": "sent"})
    assert thanked.advice.outcome.mails == ()
    assert not [line for line in lines(thanked) if "thank-you" in line]


def test_a_thank_you_ten_months_late_is_not_called_a_little_late(adviser: Adviser) -> None:
    late = {"experience": "positive", "tone": "ordinary", "thanks": "not_sent", "interviewed_on": "2026-01-20"}
    told = adviser.advise(late)
    assert told.advice.outcome.rule == "R27", "eight weeks on, no thanks are fresh any more"
    assert told.texts == ()
    assert "Your thank-you is a little late." in "\n".join(
        lines(adviser.advise({**late, "interviewed_on": "2026-11-02"}))
    )


def test_nobody_is_given_two_mails_for_one_day(adviser: Adviser, library: Library) -> None:
    """After long silence the thank-you goes first, and then the request; beside that no status mail goes out (C30)."""
    silent = {"experience": "positive", "tone": "ordinary", "interviewed_on": "2026-10-23"}
    slots = {"first": "Dana", "job": "Analyst", "company": "Northwind", "topic": "billing", "me": "Sam"}
    told = adviser.advise({**silent, **slots, "thanks": "not_sent"})
    assert [text.kind for text in told.texts if text.subject] == ["E1"]
    told = adviser.advise({**silent, **slots, "thanks": "sent"})
    assert [text.kind for text in told.texts] == ["K2"]
    for outcome in library.outcomes["etiquette"].root.outcomes:
        assert len(outcome.mails) < 2, outcome


def test_a_text_from_the_menu_is_not_offered_again_until_it_is_another(library: Library) -> None:
    candidate = plain(library)
    candidate.answer(
        relation="No", experience="Well", outcome="Nothing yet", role="1", invited="No", tone="Warm",
        interviewed_on=date(2026, 11, 16).isoformat(), thanks="Yes", account="Free", profile="Yes",
    )  # fmt: skip

    def offered() -> list[str]:
        return [option.label for option in candidate.turn.messages[-1].options]

    assert "A longer note (Premium)" in offered()
    candidate.type("A longer note (Premium)")
    assert "/300 characters" in candidate.said()
    assert "A longer note (Premium)" not in offered()
    candidate.type(":change", "topic", "moving the billing to daily events")
    assert "A longer note (Premium)" in offered()
