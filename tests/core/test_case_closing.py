"""A case closes by itself, and with it go the names; a thumb below a reminder says that it is done."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from bot.core.chat.commands import ThumbUp
from bot.core.dialogue.session import FellDue
from bot.core.library import Library
from tests.support.reminded import Reminded
from tests.support.visitor import SLOTS, WARM

DAY = timedelta(days=1)


@pytest.fixture
def dana(library: Library) -> Reminded:
    reminded = Reminded(library)
    reminded.say(*WARM)
    reminded.beside("yes")
    return reminded


def names(dana: Reminded) -> set[str]:
    return {name for name in ("first", "topic", "company") if dana.person.cases[1].facts.get(name)}


def test_after_forty_five_days_without_news_the_names_go_and_nobody_hears_of_it(dana: Reminded) -> None:
    dana.say(*SLOTS)
    assert names(dana) == {"first", "topic", "company"}
    dana.beside("stop")
    assert dana.until(dana.now + 45 * DAY) == []
    assert names(dana) == {"first", "topic", "company"}
    assert dana.until(dana.now + 2 * DAY) == []
    assert names(dana) == set()
    assert dana.person.cases[1].facts["outcome"] == "none", "the answers stay"
    assert dana.person.schedule.wake is None


def test_a_closed_case_that_is_taken_up_again_closes_again(dana: Reminded) -> None:
    dana.say(*SLOTS)
    dana.beside("stop")
    dana.until(dana.now + 50 * DAY)
    dana.ask("cases")
    dana.say("1")
    dana.say("Dana")
    assert names(dana) == {"first"}
    dana.until(dana.now + 50 * DAY)
    assert names(dana) == set()


def test_whatever_is_told_moves_the_day(dana: Reminded) -> None:
    dana.say(*SLOTS)
    dana.beside("stop")
    dana.until(dana.now + 30 * DAY)
    dana.ask("change")
    dana.say("1")
    dana.say("No")
    dana.say("I've sent the thank-you")
    dana.until(dana.now + 40 * DAY)
    assert names(dana) == {"first", "topic", "company"}
    dana.until(dana.now + 10 * DAY)
    assert names(dana) == set()


def test_what_is_still_to_come_keeps_the_case_open(dana: Reminded) -> None:
    """Moved by the candidate to a day behind the forty-five: that was promised, so it is said, and then it closes."""
    dana.say(*SLOTS)
    dana.ask("reminders")
    dana.say("2", "Another day or time", "1 Feb")
    heard = dana.until(dana.now + 90 * DAY)
    assert heard[-1][1] == "reminder M2"
    assert names(dana) == set()


def down_until(dana: Reminded, then: datetime) -> None:
    """Let time pass with nobody there to ring anything, and let the bot come back."""
    dana.now = then
    if (wake := dana.person.schedule.wake) is not None and wake <= then:
        dana.visit(FellDue())


def test_a_reminder_that_fell_due_while_the_bot_was_down_asks_once_however_long_that_was(dana: Reminded) -> None:
    """Due within days, and the bot is away for more than the forty-five after which a case closes."""
    dana.say(*SLOTS)
    down_until(dana, dana.now + 48 * DAY)
    assert dana.names == ["reminder overdue"]
    assert names(dana) == {"first", "topic", "company"}, "they are needed for what is asked"
    assert dana.until(dana.now + 6 * DAY) == []
    assert names(dana) == {"first", "topic", "company"}
    assert dana.until(dana.now + 2 * DAY) == []
    assert names(dana) == set(), "it was asked, and time has passed"
    assert dana.person.schedule.wake is None


def test_back_in_the_night_the_bot_waits_with_the_question_and_closes_nothing_before(dana: Reminded) -> None:
    dana.say(*SLOTS)
    night = (dana.now + 48 * DAY).replace(hour=23)
    down_until(dana, night)
    assert dana.names == []
    assert names(dana) == {"first", "topic", "company"}
    assert [name for _, name in dana.until(night + DAY / 2)] == ["reminder overdue"]
    assert names(dana) == {"first", "topic", "company"}


def test_whoever_answers_the_late_question_is_reminded_as_ever(dana: Reminded) -> None:
    dana.say(*SLOTS)
    down_until(dana, dana.now + 48 * DAY)
    dana.beside("snooze")
    assert dana.names == ["notice snoozed"]
    assert [name for _, name in dana.until(dana.now + 5 * DAY)] == ["reminder M1 M2"]
    assert names(dana) == {"first", "topic", "company"}


def thumb(dana: Reminded, message: int) -> None:
    dana.visit(ThumbUp(message))


def test_a_thumb_below_the_question_for_the_thank_you_says_that_it_went_out(dana: Reminded) -> None:
    (heard,) = dana.until(dana.now + 8 * DAY / 24)
    assert heard[1] == "reminder M1"
    dana.person = replace(dana.person, reminded=41)
    turn = dana.person.turn
    thumb(dana, 41)
    assert dana.names[0] == "reminder done"
    assert dana.names[-1] == "question account", "the open question is asked anew, and has new buttons"
    assert dana.person.turn == turn + 1
    assert dana.person.schedule.ledgers == {1: (("thank_you", date(2026, 11, 23)),)}
    assert dana.person.cases[1].facts["thanks"] == "sent"
    assert "M1" not in [r.kind for r in dana.person.schedule.planned]
    thumb(dana, 41)
    assert dana.names == [], "it is done already"
    assert [r.kind for r in dana.person.schedule.planned] == ["M2"], "the few days go on"


def test_a_thumb_below_anything_else_means_nothing(dana: Reminded) -> None:
    dana.person = replace(dana.person, reminded=41)
    before = dana.person
    thumb(dana, 41)
    assert (dana.names, dana.person) == ([], before), "nothing was said yet"
    dana.until(dana.now + 8 * DAY / 24)
    before = dana.person
    thumb(dana, 41)
    assert (dana.names, dana.person) == ([], before), "an older message: the one just said is not sent yet"


def test_a_thumb_below_a_question_for_news_only_ends_it(dana: Reminded) -> None:
    dana.until(dana.now + 2 * DAY)
    assert dana.person.schedule.lives[1].asked == ("M2",)
    dana.person = replace(dana.person, reminded=50)
    thumb(dana, 50)
    assert dana.names == ["reminder done"]
    assert dana.person.schedule.ledgers == {}
    assert dana.person.schedule.lives[1].asked == ()
