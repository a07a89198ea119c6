"""Days off: told in a candidate's own words, and never counted as working days from then on."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.app.content import open_library
from bot.core.advice.catalog import Catalog
from bot.core.dialogue.dates import Misread
from bot.core.dialogue.day_lists import parse_days
from bot.core.library import Library
from tests.support.reminded import Reminded
from tests.support.visitor import WARM

TODAY = date(2026, 11, 23)
DAY = timedelta(days=1)


def read(library: Library, text: str) -> tuple[str, ...] | str:
    found = parse_days(text, TODAY, library.catalogs["en"])
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
        ("24-26 Dec", ("12-24", "12-25", "12-26")),
        ("24–26 December", ("12-24", "12-25", "12-26")),
        ("24th-26th of Dec", ("12-24", "12-25", "12-26")),
        ("Dec 24-26", ("12-24", "12-25", "12-26")),
        ("Dec 24 - 26, 2026", ("12-24", "12-25", "12-26")),
        ("Dec 24, 2026", ("12-24",)),
        ("Dec 24, 2026, Jan 6, 2027", ("12-24", "01-06")),
        ("24 Dec, 2026-12-26", ("12-24", "12-26")),
        ("24.12.-26.12.", ("12-24", "12-25", "12-26")),
        ("24.-26.12.", ("12-24", "12-25", "12-26")),
        ("24/12-26/12", ("12-24", "12-25", "12-26")),
        ("2026-12-24-2026-12-26", ("12-24", "12-25", "12-26")),
        ("30 Dec-2 Jan", ("12-30", "12-31", "01-01", "01-02")),
        ("Dec 30 – Jan 2, 2027", ("12-30", "12-31", "01-01", "01-02")),
        ("from 24 Dec till 25 Dec and 6 Jan", ("12-24", "12-25", "01-06")),
        ("24 Dec & 26 Dec", ("12-24", "12-26")),
        ("24 Dec\n26 Dec", ("12-24", "12-26")),
        ("tomorrow to Friday", ("11-24", "11-25", "11-26", "11-27")),
        ("Friday to Sunday", ("11-27", "11-28", "11-29")),
        ("Sunday to Tuesday", ("11-29", "11-30", "12-01")),
        ("Thursday, 24 December", ("12-24",)),
        ("Thu 24 - Sat 26 Dec", ("12-24", "12-25", "12-26")),
        ("22-24 Nov", ("11-22", "11-23", "11-24")),
        ("Friday, 24 Dec", "no_such_day"),
        ("30-2 Jan", "no_such_day"),
        ("24 Dec - 26 Dec 2027", "too_far"),
        ("24 Dec - 26", "no_day"),
        ("Dec 24, 25", "no_day"),
        ("24 and 26 Dec", "no_day"),
        ("24-26", "no_day"),
        ("24.12-26", "no_day"),
        ("from 24 Dec", "no_day"),
        ("until 26 Dec", "no_day"),
        ("-" * 4000, "no_day"),
        ("5/6-8/6", "ambiguous_day"),
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


MONTHS = [date(2026, month, 1).strftime("%B") for month in range(1, 13)]
WEEKDAYS = [date(2026, 6, day).strftime("%A") for day in range(1, 8)]


@cache
def english() -> Catalog:
    """Return what `library` says in English: hypothesis would write a whole library into each report."""
    return open_library(None).catalogs["en"]


Style = Callable[[date], str]
ALONE: tuple[Style, ...] = (
    lambda d: f"{d.day} {MONTHS[d.month - 1]}",
    lambda d: f"{d.day} {MONTHS[d.month - 1][:3]} {d.year}",
    lambda d: f"{MONTHS[d.month - 1][:3]} {d.day}",
    lambda d: f"{MONTHS[d.month - 1]} {d.day}, {d.year}",
    lambda d: f"{d.day:02}.{d.month:02}.",
    lambda d: f"{d.day}.{d.month}.{d.year}",
    lambda d: f"{WEEKDAYS[d.weekday()]}, {d.day} {MONTHS[d.month - 1]}",
    lambda d: f"{WEEKDAYS[d.weekday()][:3]} {MONTHS[d.month - 1]} {d.day}",
    date.isoformat,
)
ONE_MONTH: tuple[Callable[[date, date, str], str], ...] = (
    lambda a, b, dash: f"{a.day}{dash}{b.day} {MONTHS[b.month - 1][:3]}",
    lambda a, b, dash: f"{a.day}{dash}{b.day} {MONTHS[b.month - 1]} {b.year}",
    lambda a, b, dash: f"{MONTHS[b.month - 1]} {a.day}{dash}{b.day}",
    lambda a, b, dash: f"{MONTHS[b.month - 1][:3]} {a.day}{dash}{b.day}, {b.year}",
    lambda a, b, dash: f"{a.day}.{dash}{b.day}.{b.month}.",
)
DASHES = ("-", "–", " - ", " – ", " to ", " until ")


def written(draw: st.DrawFn, first: date, last: date) -> str:
    """Write a span in one of the ways of people, each end in its own where it is written out."""
    if first == last:
        return draw(st.sampled_from(ALONE))(first)
    dash = draw(st.sampled_from(DASHES))
    if (first.year, first.month) == (last.year, last.month) and draw(st.booleans()):
        return draw(st.sampled_from(ONE_MONTH))(first, last, dash)
    return dash.join(draw(st.sampled_from(ALONE))(day) for day in (first, last))


@st.composite
def told(draw: st.DrawFn) -> tuple[date, str, set[date]]:
    """Return a day, what is typed on it, and the days off that are meant."""
    today = draw(st.dates(date(2026, 1, 1), date(2031, 12, 31)))
    parts, meant = [], set()
    for _ in range(draw(st.integers(1, 4))):
        first = today + timedelta(days=draw(st.integers(0, 340)))
        last = first + timedelta(days=draw(st.sampled_from((0, 0, 1, 2, 9, 14))))
        parts.append(written(draw, first, last))
        meant |= {first + timedelta(days=n) for n in range((last - first).days + 1)}
    return today, draw(st.sampled_from((", ", "; ", "\n", " and ", ","))).join(parts), meant


@given(told=told())
def test_however_people_mix_the_ways_to_write_days_those_that_they_mean_are_understood(
    told: tuple[date, str, set[date]],
) -> None:
    today, text, meant = told
    assert parse_days(text, today, english()) == tuple(sorted(meant)), (today, text)


SCRAPS = ["-", "– ", ".", ",", ";", "/", " and ", " to ", "from", "24", "26", "2", "30", "5", "6", "2026", "2027"]
SCRAPS += ["Dec", "Jan", "12.", "24.12.", "December", "Friday", "th", " "]


@example(scraps=["December", "24", "2026"], glue="")
@example(scraps=["24.12", "2026"], glue="")
@example(scraps=["Dec", "-", "24", "2026"], glue="")
@given(scraps=st.lists(st.sampled_from(SCRAPS), min_size=1, max_size=7), glue=st.sampled_from(("", " ")))
def test_whatever_scraps_are_typed_each_stretch_begins_and_ends_on_a_day_that_stands_there(
    scraps: list[str], glue: str
) -> None:
    """Weekdays are told by their names, all other days by their numbers: none is made up."""
    text = glue.join(scraps)
    found = parse_days(text, TODAY, english())
    if isinstance(found, Misread):
        return
    numbers = {int(number) for number in re.findall(r"\d+", text)}
    ends = [d for d in found if d - DAY not in found or d + DAY not in found]
    assert ends
    for day in ends:
        assert day.day in numbers or (WEEKDAYS[day.weekday()] in text), (text, found)


@given(days=st.sets(st.integers(0, 360), min_size=1, max_size=40))
def test_what_the_bot_says_of_days_off_is_understood_when_it_is_sent_back(library: Library, days: set[int]) -> None:
    dana = Reminded(library)
    dana.say(*WARM)
    dana.ask("settings")
    meant = tuple(TODAY + timedelta(days=n) for n in sorted(days))
    dana.say("Days off: none", ", ".join(map(str, meant)))
    said = dana.words.partition("Days off: ")[2].partition(". I've recounted")[0]
    assert parse_days(said, TODAY, library.catalogs["en"]) == meant, said


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
        "Days off: Friday 27 November; Thursday 24 December – Friday 1 January 2027. I've recounted your working days."
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
    return [(r.kind, r.day.day) for r in dana.person.schedule.planned]


def test_a_reminder_in_the_list_is_put_off_by_working_days(dana: Reminded) -> None:
    dana.ask("settings")
    dana.say("Days off: none", "26 Nov")
    dana.beside("yes")
    dana.ask("reminders")
    dana.say("2", "In 2 business days")
    assert [(r.kind, r.day.day) for r in dana.person.schedule.planned] == [("M1", 23), ("M2", 30)]
    assert "Monday 30 November" in dana.words
    dana.say("2", "In 2 business days")
    dana.say("2")
    assert "In 2 business days" not in dana.labels, "twice at most"
    assert [(r.kind, f"{r.day:%m-%d}") for r in dana.person.schedule.planned] == [("M1", "11-23"), ("M2", "12-02")]
