"""How typed words become answers, or are refused kindly."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.advice.calendar import DEFAULT_WEEK
from bot.core.dialogue.answers import Unclear, read
from bot.core.dialogue.dates import Misread, parse_day
from bot.core.library import Library

MONDAY = date(2026, 11, 23)


def said(library: Library, fact: str, text: str, today: date = MONDAY) -> str | Misread | Unclear:
    return read(library.facts[fact], text, library.catalog("en"), today, DEFAULT_WEEK)


@pytest.mark.parametrize(
    "text",
    ["1", "Warm and lively", "warm AND lively", " Warm and lively. ", "rapport", "Warm and"],
    ids=["number", "label", "case", "dot", "id", "beginning"],
)
def test_an_option_is_chosen_by_number_label_id_or_beginning(library: Library, text: str) -> None:
    assert said(library, "tone", text) == "rapport"


@pytest.mark.parametrize("text", ["0", "9", "99999999999999999999", "x", "", "٣", "how did it go"])
def test_what_is_no_option_is_refused(library: Library, text: str) -> None:
    assert said(library, "experience", text) == Misread("choice")


def test_what_may_mean_two_options_is_taken_for_neither(library: Library) -> None:
    found = said(library, "experience", "So-so and badly")
    assert isinstance(found, Unclear)
    assert [option.id for option in found.options] == ["neutral", "negative"]


def test_not_sure_is_an_answer_where_it_is_offered(library: Library) -> None:
    assert said(library, "tone", "not sure") == "not_sure"
    assert said(library, "relation", "not sure") == Misread("choice")


@pytest.mark.parametrize(
    ("text", "answer"), [("no", "not_sent"), ("not yet", "not_sent"), ("yes", "sent"), ("Not sure", "not_sure")]
)
def test_yes_and_no_mean_the_option_that_begins_with_them(library: Library, text: str, answer: str) -> None:
    assert said(library, "thanks", text) == answer


def test_what_would_be_stored_as_not_sure_is_no_text(library: Library) -> None:
    assert said(library, "job", "not_sure") == Misread("reserved", {"text": "not_sure"})
    assert said(library, "job", "Not sure") == Misread("left_out", {"what": "the job title"})
    assert said(library, "topic", "idk") == said(library, "topic", "nothing special") == "not_sure"


def test_a_number_question_takes_the_number_itself(library: Library) -> None:
    assert [said(library, "notes_left", str(n)) for n in range(6)] == ["0", "1", "2", "3", "4", "5"]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("today", date(2026, 11, 23)),
        ("2", date(2026, 11, 22)),
        ("2–3 days ago", date(2026, 11, 20)),  # of Saturday and Friday, Friday is the working day
        ("20.11.", date(2026, 11, 20)),
        ("20.11.2026", date(2026, 11, 20)),
        ("20/11", date(2026, 11, 20)),
        ("11/20", date(2026, 11, 20)),
        ("2026-11-20", date(2026, 11, 20)),
        ("20 Nov", date(2026, 11, 20)),
        ("20th of November 2026", date(2026, 11, 20)),
        ("Nov 20", date(2026, 11, 20)),
        ("november 20, 2026", date(2026, 11, 20)),
        ("friday", date(2026, 11, 20)),
        ("last Friday", date(2026, 11, 20)),
        ("monday", date(2026, 11, 16)),  # today is Monday: the last one is meant
        ("24.1.", date(2026, 1, 24)),  # the coming one is farther off than "a little"
    ],
)
def test_a_day_is_read(library: Library, text: str, day: date) -> None:
    assert said(library, "interviewed_on", text) == day.isoformat()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-11-24", "future"),
        ("1 Dec 2026", "future"),
        ("2019-01-01", "too_old"),
        ("0001-01-01", "too_old"),
        ("31.02.", "no_such_day"),
        ("31.02.2026", "no_such_day"),
        ("2026-13-01", "no_such_day"),
        ("99.99.", "no_such_day"),
        ("5/6", "ambiguous_day"),
        ("another day", "type_day"),
        ("soon", "no_day"),
        ("", "no_day"),
        ("tomorrow at 9", "future"),
    ],
)
def test_a_day_that_cannot_be_is_refused_with_its_reason(library: Library, text: str, reason: str) -> None:
    found = said(library, "interviewed_on", text)
    assert isinstance(found, Misread)
    assert found.reason == reason


def test_a_day_to_come_is_read_the_other_way_round(library: Library) -> None:
    assert said(library, "decision_date", "4 Dec") == "2026-12-04"
    assert said(library, "decision_date", "2 Jan") == "2027-01-02"
    assert said(library, "decision_date", "friday") == "2026-11-27"
    assert said(library, "decision_date", "they didn't say") == "none"
    found = said(library, "decision_date", "2026-11-01")
    assert isinstance(found, Misread)
    assert found.reason == "bygone"


@given(
    st.dates(MONDAY - timedelta(days=300), MONDAY), st.sampled_from(["%d.%m.%Y", "%Y-%m-%d", "%d %B %Y", "%b %d %Y"])
)
def test_every_written_out_day_is_read_back(library: Library, day: date, form: str) -> None:
    assert parse_day(day.strftime(form), MONDAY, library.catalog("en"), past=True) == day


@given(st.text(max_size=40))
def test_whatever_is_typed_is_an_answer_or_a_reason(library: Library, text: str) -> None:
    for name in ("relation", "interviewed_on", "notes_left", "topic", "decision_date"):
        found = said(library, name, text)
        if isinstance(found, Unclear):
            assert found.options
        elif isinstance(found, str):
            assert library.facts[name].accepts(found)
        else:
            assert library.catalog("en").say(f"misread.{found.reason}", **found.values)


def test_a_text_is_cleaned_and_held_to_its_length(library: Library) -> None:
    assert said(library, "first", "  Zoe\u0308 ") == "Zoë"
    assert said(library, "first", "Xa" * 20) == "Xa" * 20
    assert said(library, "first", "x" * 43) == Misread("too_long", {"limit": 40, "count": 3})
    assert said(library, "first", "👩‍💻" * 8 + "Ada Lo") == Misread("too_long", {"limit": 40, "count": 6})
    assert said(library, "first", "\u202e\u200d") == Misread("empty")


@pytest.mark.parametrize(
    ("typed", "day"),
    [("3 days ago", "2026-11-20"), ("the day before yesterday", "2026-11-21"), ("Today.", "2026-11-23")],
)
def test_a_day_is_read_by_its_distance(library: Library, typed: str, day: str) -> None:
    catalog = library.catalog("en")
    assert read(library.facts["interviewed_on"], typed, catalog, date(2026, 11, 23), DEFAULT_WEEK) == day


def test_a_day_to_come_is_said_with_its_year_where_that_is_another(library: Library) -> None:
    catalog, fact = library.catalog("en"), library.facts["interviewed_on"]
    for typed, shown in (("tomorrow", "Tuesday 24 November"), ("24.11.2027", "Wednesday, 24 November 2027")):
        found = read(fact, typed, catalog, date(2026, 11, 23), DEFAULT_WEEK)
        assert isinstance(found, Misread)
        assert found.values["day"] == shown


@pytest.mark.parametrize("typed", ["😀", "...", "?!", "—"])
def test_a_text_needs_a_letter_or_a_digit(library: Library, typed: str) -> None:
    found = read(library.facts["first"], typed, library.catalog("en"), date(2026, 11, 23), DEFAULT_WEEK)
    assert found == Misread("empty")


@pytest.mark.parametrize(
    ("fact", "text", "why", "shown"),
    [
        ("interviewed_on", "24.11.", "future", "Tuesday 24 November"),
        ("interviewed_on", "1 Dec", "future", "Tuesday 1 December"),
        ("decision_date", "22 Nov", "bygone", "Sunday 22 November"),
        ("decision_date", "1 Nov", "bygone", "Sunday 1 November"),
    ],
)
def test_a_day_a_little_on_the_wrong_side_is_said_and_not_put_into_another_year(
    library: Library, fact: str, text: str, why: str, shown: str
) -> None:
    assert said(library, fact, text) == Misread(why, {"day": shown})
