"""What is planned when somebody comes back to a case: not the same once more, and never without a word."""

from datetime import date, timedelta

import pytest

from bot.core.library import Library
from tests.support.reminded import Reminded
from tests.support.visitor import SLOTS, WARM

DAY = timedelta(days=1)
FORMAL = (*WARM[:5], "Strictly formal", "today", "Yes, sent")


def asked_about(library: Library, *answers: str) -> Reminded:
    """Return somebody who has the advice on these answers, and wants to be reminded."""
    reminded = Reminded(library)
    reminded.say(*answers)
    reminded.beside("yes")
    return reminded


def days(reminded: Reminded) -> list[tuple[str, date]]:
    return [(reminder.kind, reminder.day) for reminder in reminded.person.schedule.planned]


@pytest.fixture
def formal(library: Library) -> Reminded:
    return asked_about(library, *FORMAL)


def test_whoever_has_no_news_yet_is_not_asked_for_them_again_the_next_morning(formal: Reminded) -> None:
    """Asked for news after seven business days: "nothing yet" leads to the day of the one status mail."""
    assert days(formal) == [("M4", date(2026, 12, 2)), ("M5", date(2026, 12, 8))]
    ((_, name),) = formal.until(formal.now + 10 * DAY)
    assert name == "reminder M4"
    formal.beside("look")
    formal.say("Nothing yet", "No", "Yes")
    assert days(formal) == [("M5", date(2026, 12, 8))]


def test_a_day_they_named_is_asked_about_even_so(formal: Reminded) -> None:
    formal.until(formal.now + 10 * DAY)
    formal.beside("look")
    formal.say("Nothing yet", "No", "Yes", "18 Dec")
    assert days(formal) == [("M4", date(2026, 12, 22)), ("M5", date(2026, 12, 25))]
    assert formal.words.count("I'll write to you on Tuesday 22 December at 10:00.") == 1


def test_what_went_out_brings_no_passed_day_back(library: Library) -> None:
    """Formal, and the thank-you goes out only after the question for news: that is not asked a second time."""
    late = asked_about(library, *FORMAL[:7], "Not yet", "They didn't say", "Dana", "Analyst", "X", "billing", "Sam")
    late.until(late.now + 10 * DAY)
    late.say("I've sent the thank-you")
    assert "done thank_you" in late.names
    assert days(late) == [("M5", date(2026, 12, 8))]


def test_once_somebody_agreed_each_new_day_is_said(library: Library) -> None:
    reminded = asked_about(library, *WARM)
    reminded.until(reminded.now + 8 * timedelta(hours=1))
    reminded.ask("change")
    reminded.say("Thank-you email", "Yes, sent")
    assert "I'll write to you on Wednesday 25 November at 10:00." not in reminded.words  # that day stood before
    reminded.ask("change")
    reminded.say("Their answer", "Good news", "No")
    assert "I'll write to you on Tuesday 24 November at 10:00." in reminded.words


def test_a_reminder_that_was_moved_stays_where_it_was_put_until_there_is_news(library: Library) -> None:
    reminded = asked_about(library, *WARM)
    reminded.ask("reminders")
    reminded.say("2", "Another day or time", "27 Nov")
    reminded.ask("cases")
    reminded.say("1")
    assert "advice R19 thank_you_then_wait" in reminded.names
    assert days(reminded) == [("M1", date(2026, 11, 23)), ("M2", date(2026, 11, 27))]
    assert "I'll write to you" not in reminded.words


def test_nobody_is_told_that_a_thank_you_is_out_who_never_said_so(library: Library) -> None:
    late = asked_about(library, *WARM[:6], "2026-11-16", "Not yet")
    assert ("M3", date(2026, 11, 24)) in days(late)
    heard = [late.words for _ in late.until(late.now + 2 * DAY)]
    assert heard
    assert heard[-1] == "Person 1: has your thank-you gone out?"


def test_a_decision_months_ahead_is_asked_about_on_the_day_that_was_said(formal: Reminded) -> None:
    formal.say("Add a detail", "The day they'll decide", "15 Jan")
    assert "I'll write to you on Tuesday 19 January at 10:00." in formal.words
    assert [name for _, name in formal.until(formal.now + 60 * DAY)] == ["reminder M4", "reminder M5"]


def test_a_thank_you_that_went_out_yesterday_counts_from_yesterday(library: Library) -> None:
    """Told on Tuesday, sent on Monday: the request keeps its day, and no day before the interview is taken."""
    dana = asked_about(library, *WARM, *SLOTS)
    dana.until(dana.now + DAY)
    dana.say("I've sent the thank-you")
    dana.beside("earlier-thank_you")
    assert dict(dana.person.schedule.ledgers) == {1: (("thank_you", date(2026, 11, 23)),)}
    assert "Noted: it went out on Monday 23 November." in dana.words
    assert days(dana) == [("M2", date(2026, 11, 25))]
    for _ in range(4):  # Sunday, Saturday, Friday, and then there was no interview yet
        dana.beside("earlier-thank_you")
    assert "can't have gone out before that" in dana.words


def test_what_did_not_go_out_after_all_is_taken_back_a_week_later(library: Library) -> None:
    dana = asked_about(library, *WARM, *SLOTS)
    before = dana.person.cases[1].facts["thanks"], dana.person.schedule.ledgers
    dana.say("I've sent the thank-you")
    dana.until(dana.now + 7 * DAY)
    dana.beside("unsent-thank_you")
    assert (
        dana.person.cases[1].facts["thanks"],
        {k: v for k, v in dana.person.schedule.ledgers.items() if v},
    ) == before
    assert "OK, it's off the list again." in dana.words
    assert "advice R21 thank_you_first" in dana.names, "a week on, the thanks go first and the request a day later"
    assert [kind for kind, _ in days(dana)] == ["M1", "M3"]
    assert dana.beside("unsent-thank_you").toast == "That one's already settled."
