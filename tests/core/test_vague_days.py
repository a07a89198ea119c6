"""A day that was told vaguely decides what it can, and is asked for where it is not enough (time.md, t11)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.core.dialogue.session import Back, TimePassed
from bot.core.library import Library
from tests.support.candidate import Candidate
from tests.support.visitor import Visitor

TUESDAY = datetime(2026, 11, 24, 9, tzinfo=UTC)
WAITING = ("none", "positive", "none", "hiring_manager", "no", "ordinary")


def asked_when(library: Library, *answers: str) -> Candidate:
    candidate = Candidate(library, now=TUESDAY)
    candidate.type(*answers)
    assert candidate.asked == "interviewed_on"
    return candidate


def labels(candidate: Candidate) -> list[str]:
    return [option.label for option in candidate.turn.messages[-1].options]


@pytest.mark.parametrize("typed", ["Last week", "sometime last week", "4"])
def test_last_week_is_asked_about_where_the_day_decides(library: Library, typed: str) -> None:
    candidate = asked_when(library, *WAITING)
    candidate.type(typed)
    assert candidate.asked == "interviewed_on"
    assert candidate.turn.messages[-1].blocks[-1].text.startswith("Which day was it?")
    assert labels(candidate) == [
        "Monday 16 November", "Tuesday 17 November", "Wednesday 18 November", "Thursday 19 November",
        "Friday 20 November", "Another day",
    ]  # fmt: skip
    candidate.type("thursday")
    assert candidate.session.answers["interviewed_on"] == "2026-11-19"
    assert candidate.asked == "thanks"


def test_what_is_said_of_the_answer_is_the_stretch_itself(library: Library) -> None:
    candidate = asked_when(library, *WAITING)
    turn = candidate.type("a few days ago")
    assert candidate.session.answers["interviewed_on"] == "2026-11-19/2026-11-20"
    assert "Thursday 19 November to Friday 20 November" in str(turn.effects[0])


def test_the_day_is_tapped_typed_or_counted(library: Library) -> None:
    for answer, day in (("5", "2026-11-20"), ("2026-11-17", "2026-11-17"), ("the 18th", "2026-11-18")):
        candidate = asked_when(library, *WAITING)
        candidate.type("last week", answer)
        assert candidate.session.answers["interviewed_on"] == day


def test_back_takes_the_stretch_back_first(library: Library) -> None:
    candidate = asked_when(library, *WAITING)
    candidate.type("last week")
    candidate.hear(Back())
    assert candidate.asked == "interviewed_on"
    assert "interviewed_on" not in candidate.session.answers
    assert "Today" in labels(candidate)


def test_where_every_day_of_it_leads_to_the_same_the_day_is_not_asked(library: Library) -> None:
    """She has thanked them, and it is long enough ago, whichever day of that week it was."""
    candidate = Candidate(library, now=TUESDAY + timedelta(days=2))
    candidate.type(*WAITING[:-1], "rapport")
    candidate.type("Friday", "sent", ":change", "interviewed_on", "last week")
    assert candidate.asked != "interviewed_on"
    assert candidate.session.answers["interviewed_on"] == "2026-11-16/2026-11-20"


def test_once_days_have_passed_and_it_decides_the_day_is_asked(library: Library) -> None:
    facts, week = library.facts, Candidate(library).session.place.week
    answer = {"interviewed_on": "2026-11-16/2026-11-20"}
    assert facts.known(answer, date(2026, 11, 25), week)["elapsed"] == "ready"
    assert "elapsed" not in facts.known(answer, date(2026, 12, 2), week)
    assert facts.known(answer, date(2026, 12, 8), week)["elapsed"] == "silent"


def test_of_a_stretch_in_which_they_will_decide_the_last_day_counts(library: Library) -> None:
    assert library.facts.date_of({"decision_date": "2026-11-30/2026-12-04"}, "decision_date") == date(2026, 12, 4)


def test_the_same_in_the_whole_chat(library: Library) -> None:
    anna = Visitor(library)
    anna.now = TUESDAY
    anna.say(*WAITING, "2-3 days ago")
    assert anna.names[-1] == "question interviewed_on"
    assert anna.labels[:2] == ["Saturday 21 November", "Sunday 22 November"]
    anna.visit(TimePassed())
    assert anna.names[-1] == "question interviewed_on"
    anna.tap("2026-11-22")
    assert anna.names[-1] == "question thanks"
