"""A course as it goes: three members, a coach and a stranger, a group with two topics, a channel, and the real bot."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.botapi import BotApiServer, Group, Person
from tests.support.course_story import FINISHED, Course
from tests.support.story import NAME, SLOW_MACHINE, asks, nothing_was_refused, taps

pytestmark = pytest.mark.waits


@pytest.fixture
def course(telegram: BotApiServer, tmp_path: Path) -> Iterator[Course]:
    course = Course(telegram, tmp_path)
    course.bot.knows(course.dana.id, FINISHED)
    with course.bot:
        course.gathers()
        yield course


def in_group(person: Person, group: Group, label: str, *expected: str) -> str:
    person.taps(label, chat=group, timeout=SLOW_MACHINE)
    return person.expects(*expected, chat=group, timeout=SLOW_MACHINE).text


def test_the_case_of_the_week(course: Course) -> None:
    """A coach tells an invented interview; the group reads it poll by poll, and then what I would advise, and why."""
    coach, group, (dana, emil, fay) = course.coach, course.group, course.members
    asks(course.stan, f"/case{NAME}", "is set by a coach", group=group, topic=course.office)
    asks(coach, f"/case{NAME}", "Case of the week: which one?", group=group, topic=course.practice)
    course.stan.taps("The Monday after", chat=group, timeout=SLOW_MACHINE)
    assert course.stan.toast == "Only a coach of this group can do that."
    in_group(coach, group, "The Monday after", "1 of 3: as Mira would answer.")
    story = next(message for message in group.screen if "head of the data team" in message.text)
    assert story.edited_count == 1, "the list became the story"
    dana.votes("Strictly formal", group)
    emil.votes("Strictly formal", group)
    fay.votes("Warm and lively", group)
    dana.taps("Close this poll", chat=group, timeout=SLOW_MACHINE)
    assert dana.toast == "Only a coach of this group can do that."
    course.restarts()
    course.closes(coach, "2 of 3: as Mira would answer. Have you sent a thank-you email?")
    assert next(message.poll for message in group.screen if message.poll).closed  # type: ignore[union-attr]
    for member in course.members:
        member.votes("Not yet", group)
    course.closes(coach, "3 of 3: what would you tell Mira to do?")
    asks(coach, f"/case{NAME}", "is under way: question 3 of 3", group=group, topic=course.practice)
    in_group(coach, group, "Post the question again", "3 of 3: what would you tell Mira to do?")
    course.sees_polls(closed=[True, True, True, False])  # nobody votes in vain
    dana.votes("Connect now", group)
    emil.votes("Thank-you now, request later", group)
    fay.votes("Thank-you now, request later", group)
    said = course.closes(coach, "The Monday after: thank-you now, request later")
    assert not re.search(r"C\d\d", said), "reasons, and no codes"
    assert "How it felt: you say Strictly formal (2 of 3), the story says Warm and lively." in said
    assert "Thank-you email: Not yet (3 of 3)" in said
    assert "Your advice is mine: Thank-you now, request later (2 of 3)." in said
    assert "Had the story been as you read it, I would have said: thank-you, then wait for news" in said
    posted = [message for message in group.screen if message.from_bot][-6:]
    assert {message.thread_id for message in posted} == {course.practice}, "it stays in its topic"
    asks(coach, f"/case{NAME}", "which one?", group=group, topic=course.practice)
    in_group(coach, group, "The Monday after ✓", "1 of 3")
    asks(coach, f"/case{NAME}", "is under way", group=group, topic=course.practice)
    in_group(coach, group, "A kind no", "1 of 3")
    course.sees_polls(closed=[True, True, True, True, True, False])
    nothing_was_refused(course.telegram, course.bot.kills)


def posts(channel: Group) -> list[str]:
    return [message.text for message in channel.screen if message.from_bot]


def test_lessons_are_posted_on_their_days(course: Course) -> None:
    """A coach links a channel, looks at every lesson, confirms, and each is posted on its day, once."""
    coach, telegram = course.coach, course.telegram
    channel, foreign = telegram.channel(title="Spring letters"), telegram.channel(title="Not hers")
    for one in (channel, foreign):
        one.chat.bot_status = "left"
    foreign.adds_bot(course.stan)
    asks(coach, "/cohort", "You coach")
    taps(coach, "Channel and lessons", "What time is it where you are?")
    assert "a channel of yours" in asks(coach, "10:00", "Lessons for a channel")
    channel.adds_bot(coach)
    telegram.wait_until_drained(SLOW_MACHINE)
    taps(coach, "Look again", "Which channel?")
    assert "Not hers" not in str(coach.screen[-1].labels), "a channel is its bringer's"
    taps(coach, "Spring letters", "Which series, in “Spring letters”?")
    taps(coach, "The weeks after the interview", "Nothing is posted before you confirm")
    taps(
        coach,
        "Monday 30 November, 09:00 · 1. One contact, not one more number",
        "a long life",
        "Rests on C04, C09, C10",
    )
    taps(coach, "A day later", "Tuesday 1 December at 09:00")
    taps(coach, "‹ Back", "Nothing is posted")
    taps(coach, "Monday 7 December, 09:00 · 2. The thank-you goes first", "It asks for nothing")
    taps(coach, "In my own words", "Write the lesson here")
    asks(coach, "Thank them today\nThen tell us in class <how>.", "This is how it will be posted", "Then tell us")
    taps(coach, "Use this", "Thank them today", "Then tell us in class <how>.")
    taps(coach, "‹ Back", "Nothing is posted")
    taps(coach, "Monday 14 December, 09:00 · 3. A few days of nothing", "Count to 3, in working days")
    taps(coach, "Leave it out", "Count to 3")
    taps(coach, "‹ Back", "3. A few days of nothing: left out")
    course.sleeps("2026-11-30T09:00:01+00:00")
    coach.hears_nothing(1.0, chat=channel)
    taps(coach, "Confirm", "In “Spring letters”, London time")
    course.sleeps("2026-12-01T08:59:58+00:00")
    coach.expects("1. One contact", chat=channel, timeout=SLOW_MACHINE)
    (link,) = [button["url"] for row in channel.screen[-1].keyboard for button in row]
    assert link == "https://t.me/afterword_test_bot?start=practice"
    course.sleeps("2026-12-07T08:59:58+00:00")
    coach.expects("Thank them today", "<how>", chat=channel, timeout=SLOW_MACHINE)
    channel.forbids_posting(coach)
    telegram.wait_until_drained(SLOW_MACHINE)
    course.sleeps("2026-12-21T09:00:01+00:00")
    coach.expects("“4. They will look” was due in “Spring letters”, but I couldn't post it", timeout=SLOW_MACHINE)
    assert [text.partition("\n")[0] for text in posts(channel)] == [
        "1. One contact, not one more number", "Thank them today",
    ]  # fmt: skip
    asks(coach, "/export", "What your cohorts keep of you")
    kept = json.loads(next(message.document for message in reversed(coach.screen) if message.document).content)
    assert [one["title"] for one in kept["channels"]] == ["Spring letters"]
    lessons = kept["coached"][0]["lessons"]
    assert (lessons["channel"], lessons["confirmed"]) == ("Spring letters", True)
    assert [one["state"] for one in lessons["lessons"][:4]] == ["posted", "posted", "left_out", "missed"]
    assert lessons["lessons"][1]["own_words"] == "Thank them today\nThen tell us in class <how>."
    asks(coach, "/cohort", "You coach")
    label = next(label for label in coach.screen[-1].labels if label.startswith("Lessons · next"))
    text = taps(coach, label, "I may not post in “Spring letters” any more")
    assert "1. One contact, not one more number ✓" in text
    assert "4. They will look: not posted" in text
    taps(coach, "Stop the lessons", "What's posted stays there")
    taps(coach, "Yes, stop them", "Lessons for a channel")
    assert posts(foreign) == []
    nothing_was_refused(telegram)


def test_a_note_is_shown_to_the_coach_and_taken_back(course: Course) -> None:
    """A member looks at what would be shown, shows it without names, hears the coach's comment, and takes it back."""
    coach, dana, emil = course.coach, course.dana, course.emil
    asks(emil, "/cohort", "You are in")
    taps(emil, "Show a note to my coaches", "There's no finished text yet")
    asks(dana, "/cohort", "You are in")
    taps(dana, "Show a note to my coaches", "Which text should the coaches of “Spring course” see?")
    text = taps(dana, "Note to Zoë", "This is what they'd see:", "[their name]")
    assert not re.search("Zoë|Northwind|Okafor", text)
    taps(dana, "Show the names", "The names are in it", "Zoë")
    taps(dana, "Hide the names", "Hidden: the names")
    hidden = taps(dana, "Show it like this", "Your coaches can read this:", "event billing")
    coach.expects("Somebody in “Spring course” shows you a note", timeout=SLOW_MACHINE)
    assert "event billing" not in str([message.texts for message in coach.screen]), "not before it is asked for"
    text = taps(coach, "Read it", "A member's note", "event billing")
    assert not re.search("Zoë|Northwind|Okafor|Dana", text)
    note = coach.screen[-1]
    taps(coach, "Comment", "What would you like to say about it?")
    asks(coach, "Say one thing <less>.", "This is what they'll read:", "Say one thing <less>.")
    taps(coach, "Send it", "Passed on.")
    dana.expects("Cleo on your note:", "Say one thing <less>.", timeout=SLOW_MACHINE)
    emil.forges(note.keyboard[1][0]["callback_data"], emil.screen[-1], timeout=SLOW_MACHINE)
    assert emil.toast == "That button is out of date."
    asks(dana, "/cohort", "You are in")
    assert hidden in taps(dana, "Show a note to my coaches", "Your coaches can read this:")
    taps(dana, "Take it back", "It's off their screens too")
    coach.expects("This note isn't shown any more", timeout=SLOW_MACHINE)
    assert "event billing" not in str([message.text for message in coach.screen])
    course.dana_shows_again()
    coach.expects("Somebody in “Spring course” shows you a note", timeout=SLOW_MACHINE)
    taps(coach, "Read it", "A member's note")
    course.sleeps("2026-12-03T12:00:00+00:00")
    coach.expects("This note isn't shown any more", timeout=SLOW_MACHINE)
    taps(dana, "‹ Back", "You are in")
    taps(dana, "Show a note to my coaches", "Which text should the coaches")
    course.dana_shows_again()
    coach.expects("Somebody in “Spring course” shows you a note", timeout=SLOW_MACHINE)
    taps(coach, "Read it", "A member's note")
    asks(dana, "/forget", "Delete everything: all")
    taps(dana, "Yes, delete everything", "Everything is deleted")
    coach.expects("This note isn't shown any more", timeout=SLOW_MACHINE)
    nothing_was_refused(course.telegram, course.bot.kills)


def test_office_hours_and_a_nudge(course: Course) -> None:
    """Members raise a hand with a topic, and those who agreed are nudged."""
    coach, dana, emil = course.coach, course.dana, course.emil
    asks(dana, f"/hand{NAME}", "Only its topic is shown", group=course.group, topic=course.office)
    assert course.group.screen[-1].keyboard[0][0]["url"].endswith("?start=hand")
    asks(dana, "/start hand", "What's your question about?")
    taps(dana, "The whole panel?", "Your hand is up: The whole panel?")
    asks(emil, "/cohort", "Nudges: off")
    taps(emil, "Nudge me", "Nudges: on")
    asks(coach, "/cohort", "You coach")
    assert "Dana" not in taps(coach, "Hands up", "Hands up in “Spring course”")
    taps(coach, "1. The whole panel?", "No hands up")
    dana.expects("Cleo has time for your question: The whole panel?", timeout=SLOW_MACHINE)
    taps(coach, "‹ Back", "You coach")
    taps(coach, "Nudge the members", "is there anything new about your interviews?")
    taps(coach, "Send it", "It's on its way")
    emil.expects("is there anything new about your interviews?", timeout=SLOW_MACHINE)
    assert "anything new" not in dana.sees()
    taps(coach, "‹ Back", "You coach")
    taps(coach, "Nudge the members", "less than a week ago")
    nothing_was_refused(course.telegram, course.bot.kills)
