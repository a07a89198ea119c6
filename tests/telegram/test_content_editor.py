"""The coach's bench as chats: a file is edited, checked, tried, published for one cohort and taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.botapi import BotApiServer, Person
from tests.support.bot_process import ROOT
from tests.support.story import (
    COACH,
    SLOW_MACHINE,
    answer,
    asks,
    begin,
    bot_for,
    invited,
    joins,
    nothing_was_refused,
    taps,
)

pytestmark = pytest.mark.waits

FACTS = (ROOT / "flows" / "facts.yaml").read_text(encoding="utf-8")
QUESTIONS = (ROOT / "messages" / "en" / "questions.yaml").read_text(encoding="utf-8")
CHECKED = 90  # seconds until something must have been checked, which gives way to whatever else runs
FEELING = "How did the conversation feel?"


BEGUN = {"relation": "none", "experience": "positive", "outcome": "none", "role": "hiring_manager"}
"""What Dana and Stan have told of their interviews before."""


class Course:
    """A coach with a cohort, a member of it, and somebody without one."""

    def __init__(self, telegram: BotApiServer, folder: Path) -> None:
        self.telegram = telegram
        self.bot = bot_for(telegram, folder, COACHES=str(COACH), AFTERWORD_NOW="2026-11-26T10:00+00:00")
        self.coach = telegram.person(COACH, first_name="Cleo")
        self.dana, self.stan = (telegram.person(first_name=name) for name in ("Dana", "Stan"))

    def gathers(self) -> None:
        joins(self.dana, invited(self.coach))

    def sends(self, name: str, text: str | bytes, *expected: str, caption: str = "") -> str:
        """Let the coach send a file, and return what checking it came to."""
        self.coach.sends_file(name, text, caption)
        return self.coach.expects(*expected, timeout=CHECKED).text

    def restarts(self) -> None:
        self.telegram.wait_until_drained(SLOW_MACHINE)
        self.bot.kill()
        self.bot.start()


@pytest.fixture
def course(telegram: BotApiServer, tmp_path: Path) -> Iterator[Course]:
    course = Course(telegram, tmp_path)
    for person in (course.dana, course.stan):
        course.bot.knows(person.id, BEGUN)
    with course.bot:
        course.gathers()
        yield course


def goes_on(person: Person) -> None:
    """Let somebody who left before the tone was asked come back."""
    asks(person, "/start", "You're in the middle of a conversation")
    taps(person, "Go on", "Did they suggest")


def test_words_are_edited_checked_published_for_one_cohort_and_taken_back(course: Course) -> None:
    """Findings by line; then published: a member amid a conversation meets the new words, a stranger never."""
    coach, dana, stan = course.coach, course.dana, course.stan
    asks(coach, "/cohort", "You coach")
    taps(coach, "Our own words and rules", "Members talk with my own words and rules.")
    taps(coach, "Files", "What would you like to change?")
    coach.taps(coach.screen[-1].labels[5], timeout=SLOW_MACHINE)  # all files
    coach.taps("messages/en/questions.yaml", timeout=SLOW_MACHINE)
    coach.expects("messages/en/questions.yaml as your cohort has it now", timeout=SLOW_MACHINE)
    paper = coach.screen[-1].document
    assert paper
    assert (paper.name, paper.content.decode()) == ("messages.en.questions.yaml", QUESTIONS)
    broken = QUESTIONS.replace(FEELING, "How did it {feel}?").replace("options:", "optoins:", 1)
    text = course.sends("messages.en.questions.yaml", broken, "To fix")
    line = next(n for n, text in enumerate(broken.splitlines(), 1) if "{feel}" in text)
    assert "and 1 more, in the file below" in text
    coach.expects("Everything there is to fix", timeout=SLOW_MACHINE)
    whole = coach.screen[-1].document
    assert whole
    assert f"messages/en/questions.yaml, line {line}:" in whole.content.decode(), "all faults at once"
    goes_on(dana)
    goes_on(stan)
    course.restarts()
    text = course.sends(
        "messages.en.questions (1).yaml", QUESTIONS.replace(FEELING, "And how did the talk feel?"), "fits:"
    )
    assert re.search(r"• 0 of [\d,]+ situations change", text)
    assert "Messages in 'en': 1 worded anew." in text
    taps(coach, "Publish for “Spring course”", "talks with it from now on")
    course.restarts()
    answer(dana, "No")
    dana.expects("And how did the talk feel?", timeout=SLOW_MACHINE)
    answer(stan, "No")
    stan.expects(FEELING, timeout=SLOW_MACHINE)
    asks(dana, "/cohort", "Your coaches have put some of what I say")
    taps(coach, "Undo", "talks with what it had before")
    asks(dana, "/back", "Did they suggest")
    answer(dana, "No")
    dana.expects(FEELING, timeout=SLOW_MACHINE)
    nothing_was_refused(course.telegram, course.bot.kills)


@pytest.mark.slow
def test_a_few_days_are_four_and_what_that_changes_is_counted_and_tried_with_the_clock_moved(course: Course) -> None:
    coach, dana = course.coach, course.dana
    begin(coach)  # a conversation of the coach's own, which nothing of the trial touches
    text = course.sends("facts.yaml", FACTS.replace("ready: 3", "ready: 4"), "fits: flows/facts.yaml")
    assert "720 of 432,000 situations change." in text
    assert re.search(r"360: from \*connect with a neutral note\* to \*wait a few days, then connect\*", text)
    taps(coach, "Try it", "A trial for you alone")
    taps(coach, "Begin", "Trial · Thursday 26 November, 10:00", "connected on LinkedIn")
    answer(coach, "No", "Well", "Nothing yet", "The hiring manager", "No", "Warm and lively")
    coach.expects("When", timeout=SLOW_MACHINE)
    coach.says("2026-11-25")
    coach.expects("thank-you", timeout=SLOW_MACHINE)
    answer(coach, "Yes, sent")
    coach.expects("Tuesday 1 December", timeout=SLOW_MACHINE)
    coach.taps("+ 1 week", timeout=SLOW_MACHINE)
    coach.expects("Trial · Thursday 3 December, 10:00", timeout=SLOW_MACHINE)
    taps(coach, "End the trial", "nothing of it is kept")
    asks(coach, "/cases", "Which one?")
    assert len(coach.screen[-1].labels) == 3, "the coach's own interview, a new one, go on"
    course.restarts()
    taps(coach, "Our own words and rules", "Members talk with my own words and rules")
    taps(coach, "Publish for “Spring course”", "talks with it from now on")
    goes_on(dana)
    answer(dana, "No", "Warm and lively", "Yesterday", "Yes, sent")
    dana.expects("Tuesday 1 December", timeout=SLOW_MACHINE)
    nothing_was_refused(course.telegram, course.bot.kills)


@pytest.mark.slow
def test_whatever_is_sent_is_answered_in_words_and_a_kill_loses_nothing(course: Course) -> None:
    """Bombs, other people's files, files that are none of ours and broken bytes; and a kill amid a check."""
    coach, stan = course.coach, course.stan
    stan.sends_file("facts.yaml", FACTS)
    stan.expects("I can only read text and taps", timeout=SLOW_MACHINE)
    course.sends("cat.yaml", "a: 1", "I have no file called cat.yaml", "flows.after_interview.yaml")
    course.sends("facts.yaml", FACTS + "#" * 300_000, "facts.yaml has 298 kB", "I take 256 kB for one file")
    course.sends("notes.yaml", "a: 1", "several files called notes.yaml", "flows/notes.yaml, messages/en/notes.yaml")
    bomb = "a: &a [x]\n" + "".join(
        f"{c}: &{c} [*{p},*{p},*{p},*{p}]\n" for p, c in zip("abcdefg", "bcdefgh", strict=True)
    )
    coach.sends_file("notes.yaml", "a: 1", "flows/notes.yaml", album="1")
    coach.sends_file("facts.yaml", bomb, album="1")
    coach.sends_file("limits.yaml", b"facts: \xff\xfe", album="1")
    coach.sends_file("ledger.yaml", "", album="1")
    coach.expects("To fix", timeout=CHECKED)
    coach.expects("Everything there is to fix", timeout=SLOW_MACHINE)
    whole = next(message.document for message in reversed(coach.screen) if message.document).content.decode()
    for words in (
        "flows/notes.yaml, line 1", "flows/facts.yaml, line 1: '&a' gives this place a name",
        "flows/ledger.yaml, line 1: the file is empty", "flows/limits.yaml, line", "is not UTF-8",
    ):  # fmt: skip
        assert words in whole, "each of them is answered"
    asks(coach, "/export", "What your cohorts keep of you")
    document = next(message.document for message in reversed(coach.screen) if message.document)
    assert "a: &a [x]" in document.content.decode()
    taps(coach, "Throw it away", "never saw it")
    for name in ("facts.yaml", "messages.en.questions.yaml"):  # sent together, checked together
        coach.sends_file(name, FACTS.replace("ready: 3", "ready: 5") if "facts" in name else QUESTIONS, album="2")
    coach.expects("I'm checking flows/facts.yaml, messages/en/questions.yaml", timeout=SLOW_MACHINE)
    course.bot.kill()
    course.bot.start()
    coach.expects("fits: flows/facts.yaml", timeout=CHECKED)
    asks(coach, "/forget", "Delete everything: all")
    taps(coach, "Yes, delete everything", "Everything is deleted")
    course.sends("facts.yaml", FACTS, "I can only read text and taps")
    course.bot.stop()
    assert "Traceback" not in course.bot.log.read_text(encoding="utf-8")
