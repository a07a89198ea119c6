"""A week of a coach and their members, each story one that went wrong once, on the real bot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.botapi import BotApiServer, Person
from tests.support.course_story import FINISHED, Course
from tests.support.story import SLOW_MACHINE, asks, nothing_was_refused, taps

pytestmark = pytest.mark.waits


@pytest.fixture
def course(telegram: BotApiServer, tmp_path: Path) -> Iterator[Course]:
    course = Course(telegram, tmp_path)
    topic = "Robin's billing pipeline at Globex"
    course.bot.knows(course.dana.id, {**FINISHED, "outcome": "constructive", "topic": topic})
    with course.bot:
        course.gathers()
        yield course


def data_of(person: Person, label: str) -> str:
    """Return what the button on somebody's newest message holds."""
    rows = person.screen[-1].keyboard
    return str(next(button["callback_data"] for row in rows for button in row if button["text"] == label))


def test_two_consents_of_one_screen_are_both_kept(course: Course) -> None:
    """The second tap comes before the screen has changed: purposes do not undo each other."""
    emil = course.emil
    asks(emil, "/cohort", "You are in “Spring course”")
    screen = emil.screen[-1]
    counts, nudges = data_of(emil, "Share counts"), data_of(emil, "Nudge me")
    emil.forges(counts, screen, timeout=SLOW_MACHINE)
    emil.forges(nudges, screen, timeout=SLOW_MACHINE)
    emil.expects("Counts: shared", "Nudges: on", timeout=SLOW_MACHINE)
    emil.forges(counts, screen, timeout=SLOW_MACHINE)
    assert emil.toast == "", "what is asked for is so already"
    taps(emil, "Stop sharing counts", "Counts: not shared")
    emil.forges(counts, screen, timeout=SLOW_MACHINE)
    assert emil.toast.startswith("Not done: “Share counts”.")
    assert "Counts: not shared" in emil.sees()
    nothing_was_refused(course.telegram)


def test_a_preview_says_what_of_a_note_can_be_read_and_each_part_is_hidden_by_one_tap(course: Course) -> None:
    """With the names hidden, a topic, a job and how it came out may still tell whose note it is."""
    coach, dana = course.coach, course.dana
    asks(dana, "/cohort", "You are in")
    taps(dana, "Show a note to my coaches", "Which text should the coaches")
    text = taps(dana, "Note to Zoë", "This is what they'd see:", "Hidden: the names")
    assert "They can read what you talked about: Robin's billing pipeline at Globex" in text
    assert "They can read the job: Data Analyst" in text
    assert "They can read how the interview came out." in text
    assert "These words may tell whose it is: Data, Analyst, Robin's, Globex" in text
    text = taps(dana, "Hide what you talked about", "Hidden: what you talked about.")
    assert "Globex" not in text
    text = taps(dana, "Hide the job", "Hidden: the job.")
    assert "Data Analyst" not in text
    text = taps(dana, "Hide how it came out", "Hidden: how it came out.")
    assert "feedback" not in text
    assert "may tell whose it is" not in text
    taps(dana, "Show it like this", "Your coaches can read this:")
    coach.expects("shows you a note", timeout=SLOW_MACHINE)
    text = taps(coach, "Read it", "A member's note", "[our topic]", "[how it came out]")
    assert not [word for word in ("Robin", "Zoë", "Globex", "Northwind", "Analyst", "feedback") if word in text]
    nothing_was_refused(course.telegram)
