"""Days off: told in a candidate's own words, and never counted as working days from then on."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bot.core.library import Library
from bot.core.reading import Misread, parse_days
from tests.core.test_desk import WARM
from tests.core.test_reminding import Reminded

TODAY = date(2026, 11, 23)


def read(library: Library, text: str) -> tuple[str, ...] | str:
    found = parse_days(text, TODAY, library.catalogues["en"])
    return found.reason if isinstance(found, Misread) else tuple(f"{day:%m-%d}" for day in found)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("24 Dec", ("12-24",)),
        ("6 Jan, 24 Dec; 26 Nov", ("11-26", "12-24", "01-06")),
        ("24 Dec to 27 Dec", ("12-24", "12-25", "12-26", "12-27")),
        ("24 to 26 December", ("12-24", "12-25", "12-26")),
        ("30.12. – 2.1.", ("12-30", "12-31", "01-01", "01-02")),
        ("2026-12-24 until 2026-12-25", ("12-24", "12-25")),
        ("Friday", ("11-27",)),
        ("tomorrow", ("11-24",)),
        ("20 Nov to 24 Nov", ("11-20", "11-21", "11-22", "11-23", "11-24")),
        ("24 Dec to 24 Dec", ("12-24",)),
        ("", "no_day"),
        ("whenever", "no_day"),
        ("24 Dec to whenever", "no_day"),
        ("31 to 30 Dec", "no_such_day"),
        ("31 Feb", "no_such_day"),
        ("31 to 28 Feb", "no_such_day"),
        ("2026-12-25 to 2026-12-24", "no_such_day"),
        ("5/6", "ambiguous_day"),
        ("2029-12-24", "too_far"),
        ("1 Dec to 28 Feb", "many_days"),
    ],
)
def test_days_are_read_as_people_write_them(library: Library, text: str, days: tuple[str, ...] | str) -> None:
    assert read(library, text) == days


@pytest.fixture
def dana(library: Library) -> Reminded:
    reminded = Reminded(library)
    reminded.say(*WARM)
    return reminded


def test_they_are_set_shown_replaced_and_taken_back(dana: Reminded) -> None:
    dana.ask("settings")
    assert "Days off: none" in dana.labels
    dana.say("Days off: none")
    assert dana.names == ["desk holidays"]
    dana.say("sometime")
    assert dana.names == ["notice no_day", "desk holidays"]
    dana.say("24 Dec to 1 Jan, 27 Nov")
    assert (
        "Days off: Friday 27 November; Thursday 24 December – Friday 1 January 2027. I count working days anew."
        in dana.words.replace(", ", " ")
    ), dana.words
    dana.ask("settings")
    (line,) = [label for label in dana.labels if label.startswith("Days off")]
    dana.say(line, "No days off")
    assert dana.person.holidays == ()


def test_no_day_off_counts_as_a_working_day(dana: Reminded) -> None:
    """The request is right on the third working day; with one of them off, a day later."""
    assert "Wednesday 25 November" in dana.words
    dana.ask("settings")
    dana.say("Days off: none", "25 Nov")
    dana.beside("yes")
    assert planned(dana) == [("M1", 23), ("M2", 26)]
    assert dana.person.cases[1].holidays == ("2026-11-25",)


def test_what_is_planned_already_is_counted_anew_and_what_was_moved_stays(dana: Reminded) -> None:
    dana.beside("yes")
    assert planned(dana) == [("M1", 23), ("M2", 25)]
    dana.ask("settings")
    dana.say("Days off: none", "24 to 26 Nov")
    assert planned(dana) == [("M1", 23), ("M2", 30)]
    dana.ask("reminders")
    dana.say("2", "Another day or time", "27 Nov")
    dana.ask("settings")
    (line,) = [label for label in dana.labels if label.startswith("Days off")]
    dana.say(line, "No days off")
    assert planned(dana) == [("M1", 23), ("M2", 27)]
    dana.ask("settings")
    dana.say("Working days: Monday to Friday", "mon-thu")
    assert planned(dana) == [("M1", 23), ("M2", 30)], "moved to a day that is none now: the next that is one"


def test_days_that_are_over_still_were_none_and_a_span_may_have_begun(dana: Reminded) -> None:
    dana.ask("settings")
    dana.say("Days off: none", "24 Nov, 25 Nov")
    dana.until(dana.now + 2 * timedelta(days=1))
    dana.ask("settings")
    (line,) = [label for label in dana.labels if label.startswith("Days off")]
    dana.say(line, "22 Nov to 27 Nov")
    assert dana.person.holidays == tuple(f"2026-11-{day}" for day in (22, 23, 24, 25, 26, 27))
    dana.ask("settings")
    (line,) = [label for label in dana.labels if label.startswith("Days off")]
    dana.say(line, "No days off")
    assert dana.person.holidays == ("2026-11-22", "2026-11-23", "2026-11-24")


def planned(dana: Reminded) -> list[tuple[str, int]]:
    return [(r.kind, r.day.day) for r in dana.person.agenda.planned]


def test_a_reminder_in_the_list_is_put_off_by_working_days(dana: Reminded) -> None:
    dana.ask("settings")
    dana.say("Days off: none", "26 Nov")
    dana.beside("yes")
    dana.ask("reminders")
    dana.say("2", "In 2 business days")
    assert [(r.kind, r.day.day) for r in dana.person.agenda.planned] == [("M1", 23), ("M2", 30)]
    assert "Monday 30 November" in dana.words
    dana.say("2", "In 2 business days")
    dana.say("2")
    assert "In 2 business days" not in dana.labels, "twice at most"
    assert [(r.kind, f"{r.day:%m-%d}") for r in dana.person.agenda.planned] == [("M1", "11-23"), ("M2", "12-02")]
