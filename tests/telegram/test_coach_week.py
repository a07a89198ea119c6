"""A week of a coach and their members, each story one that went wrong once, on the real bot."""

from __future__ import annotations

import re
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
    text = taps(coach, "Read it", "A member's note", "[how it came out]")
    assert not [word for word in ("Robin", "Zoë", "Globex", "Northwind", "Analyst", "feedback") if word in text]
    nothing_was_refused(course.telegram)


def shows_a_note(course: Course) -> None:
    """Let Dana show her note, and the coach open it."""
    asks(course.dana, "/cohort", "You are in")
    taps(course.dana, "Show a note to my coaches", "Which text should the coaches")
    taps(course.dana, "Note to Zoë", "This is what they'd see:")
    taps(course.dana, "Show it like this", "Your coaches can read this:")
    course.coach.expects("shows you a note", timeout=SLOW_MACHINE)
    taps(course.coach, "Read it", "A member's note", "or just reply to this message")


def test_a_coach_comments_in_plain_words_and_looks_at_them_first(course: Course) -> None:
    """No command and no number is typed; what is written goes only by a tap, and is not taken for an interview."""
    coach, dana = course.coach, course.dana
    shows_a_note(course)
    note = coach.screen[-1]
    taps(coach, "Comment", "What would you like to say about it?")
    asks(coach, "Too long. Say one thing.", "This is what they'll read:", "Too long. Say one thing.")
    asks(coach, "Say one thing.", "This is what they'll read:", "Say one thing.")
    assert "Say one thing" not in dana.sees(), "nothing goes before the tap"
    taps(coach, "Send it", "Passed on.")
    text = dana.expects("Cleo on your note:", timeout=SLOW_MACHINE).text
    assert text.endswith("Say one thing.")
    coach.says("And thank her.", reply_to=note)
    coach.expects("This is what they'll read:", "And thank her.", timeout=SLOW_MACHINE)
    taps(coach, "Never mind", "I've dropped that")
    coach.says("And thank her!", reply_to=note)
    coach.expects("And thank her!", timeout=SLOW_MACHINE)
    taps(coach, "Send it", "Passed on.")
    dana.expects("Cleo on your note:", "And thank her!", timeout=SLOW_MACHINE)
    asks(coach, "/start", "connected on LinkedIn")
    coach.says("No", reply_to=coach.screen[-1])
    coach.expects("How did the interview go", timeout=SLOW_MACHINE)
    nothing_was_refused(course.telegram)


def test_a_comment_on_a_note_that_was_taken_back_reaches_nobody(course: Course) -> None:
    coach, dana = course.coach, course.dana
    shows_a_note(course)
    taps(coach, "Comment", "What would you like to say about it?")
    asks(coach, "Say one thing.", "This is what they'll read:")
    taps(dana, "Take it back", "off their screens")
    taps(coach, "Send it", "isn't shown any more")
    assert "on your note" not in dana.sees()
    nothing_was_refused(course.telegram)


def test_a_lesson_is_put_into_own_words_and_one_without_a_text_is_refused(course: Course) -> None:
    coach = course.coach
    channel = course.telegram.channel(title="Spring letters")
    channel.chat.bot_status = "left"
    channel.adds_bot(coach)
    course.telegram.wait_until_drained(SLOW_MACHINE)
    asks(coach, "/cohort", "You coach")
    taps(coach, "Channel and lessons", "What time is it where you are?")
    asks(coach, "Nowhere", "I don't know that place.")
    asks(coach, "Lisbon", "Which channel?")
    taps(coach, "Spring letters", "Which series")
    taps(coach, "The weeks after the interview", "Nothing is posted before you confirm", "Lisbon time")
    coach.taps(coach.screen[-1].labels[0], timeout=SLOW_MACHINE)
    taps(coach, "In my own words", "Write the lesson here")
    asks(coach, "x", "That's a title without a text.")
    asks(coach, "Why at all?\nBecause you liked them.", "This is how it will be posted:", "Because you liked them.")
    taps(coach, "Use this", "Why at all?", "Because you liked them.")
    taps(coach, "Back to the first words", "One contact")
    asks(coach, "/cohort", "You coach")
    taps(coach, "Channel and lessons", "Lisbon time")
    nothing_was_refused(course.telegram)


def link_in(text: str) -> str:
    """Return the payload of the link that somebody is to send on."""
    found = re.search(r"[?]start=(\S+)", text)
    assert found
    return found[1]


def test_another_coach_is_invited_accepts_and_is_confirmed_by_name(course: Course) -> None:
    """No number is typed, so no wrong digit hands notes to a stranger; members hear who coaches them."""
    coach, stan, dana = course.coach, course.stan, course.dana
    shows_a_note(course)
    asks(coach, "/cohort coach 4711", "You coach “Spring course”")
    taps(coach, "Coaches", "Cleo, who opened it")
    payload = link_in(taps(coach, "Invite another coach", "The link works once"))
    asks(stan, f"/start {payload}", "Cleo asks you to coach “Spring course”", "Never anybody's answers")
    asks(stan, "/cohort", "You're in no cohort")
    asks(stan, f"/start {payload}", "Cleo asks you to coach")
    taps(stan, "Yes, I'll coach", "I've asked Cleo to confirm")
    asks(stan, "/cohort", "You're in no cohort")
    asks(course.emil, f"/start {payload}", "This invitation")
    coach.expects("Stan would like to coach “Spring course” with you.", timeout=SLOW_MACHINE)
    taps(coach, "Yes, that's the person", "Who coaches “Spring course”?", "Stan")
    stan.expects("You coach “Spring course” now.", timeout=SLOW_MACHINE)
    for member in course.members:
        member.expects("Stan coaches “Spring course” now as well.", "Cleo, Stan", timeout=SLOW_MACHINE)
    taps(stan, "Have a look", "You coach “Spring course”. Coaches: Cleo, Stan")
    taps(stan, "Members' notes", "No notes in “Spring course”")
    asks(stan, "/cohort", "You coach")
    taps(stan, "Coaches", "Who coaches")
    assert stan.screen[-1].labels == ["Invite another coach", "Remove Stan", "‹ Back"], "nobody removes the founder"
    assert "Stan" not in dana.screen[-1].labels
    asks(coach, "/cohort", "You coach")
    taps(coach, "Coaches", "Who coaches")
    taps(coach, "Remove Stan", "Remove Stan as a coach of “Spring course”?")
    taps(coach, "Remove Stan", "Stan no longer coaches")
    stan.expects("You no longer coach “Spring course”.", timeout=SLOW_MACHINE)
    asks(stan, "/cohort", "You're in no cohort")
    nothing_was_refused(course.telegram)


def test_somebody_who_was_not_meant_never_coaches(course: Course) -> None:
    coach, stan = course.coach, course.stan
    asks(coach, "/cohort", "You coach")
    taps(coach, "Coaches", "Who coaches")
    payload = link_in(taps(coach, "Invite another coach", "The link works once"))
    asks(stan, f"/start {payload}", "Cleo asks you to coach")
    taps(stan, "Yes, I'll coach", "to confirm")
    coach.expects("Stan would like to coach", timeout=SLOW_MACHINE)
    taps(coach, "No, somebody else", "Stan doesn't coach here")
    stan.expects("You weren't confirmed", timeout=SLOW_MACHINE)
    asks(stan, f"/start {payload}", "This invitation")
    asks(stan, "/cohort", "You're in no cohort")
    nothing_was_refused(course.telegram)


def test_a_coach_hears_of_the_first_raised_hand(course: Course) -> None:
    coach, dana, emil = course.coach, course.dana, course.emil
    asks(dana, "/hand", "What's your question about?")
    taps(dana, "The whole panel?", "Your hand is up")
    coach.expects("A hand is up in “Spring course”: The whole panel?", timeout=SLOW_MACHINE)
    asks(emil, "/hand", "What's your question about?")
    taps(emil, "And if I get a no?", "Your hand is up")
    coach.hears_nothing(1.0)
    taps(coach, "Hands up", "longest wait first")
    assert coach.screen[-1].labels[:2] == ["1. The whole panel?", "2. And if I get a no?"]
    nothing_was_refused(course.telegram)


def test_a_coach_hears_that_the_bot_may_not_write_or_is_gone_from_the_group(course: Course) -> None:
    coach, stan, group = course.coach, course.stan, course.group
    group.mutes_bot(stan)
    coach.expects("I may not write in the group of “Spring course” any more", timeout=SLOW_MACHINE)
    asks(coach, "/cohort", "I may not write in its group any more")
    group.kicks_bot(stan)
    coach.expects("I was removed from the group of “Spring course”", timeout=SLOW_MACHINE)
    assert coach.screen[-1].keyboard[0][0]["url"].startswith("https://t.me/afterword_test_bot?startgroup=g_")
    asks(coach, "/cohort", "I'm no longer in its group.")
    nothing_was_refused(course.telegram)


def test_privacy_is_answered_and_nothing_else_is_said(course: Course) -> None:
    """Amid a talk the whole advice came after it; what is open stays open, with its buttons."""
    emil = course.emil
    asks(emil, "/start", "connected on LinkedIn")
    taps(emil, "No", "How did the interview go")
    said = len(emil.screen)
    asks(emil, "/privacy", "You are in “Spring course”")
    new = [message.text for message in emil.screen[said:] if message.from_bot]
    assert [text.partition("\n")[0] for text in new] == [
        "What I keep, why, and who sees it", "You are in “Spring course”. Its coaches: Cleo.",
    ]  # fmt: skip
    taps(emil, "Well", "Have you heard back")
    nothing_was_refused(course.telegram)


def test_the_files_that_coaches_want_come_first(course: Course) -> None:
    coach = course.coach
    asks(coach, "/cohort", "You coach")
    taps(coach, "Our own words and rules", "Tap “Files”")
    taps(coach, "Files", "What would you like to change?")
    menu = coach.screen[-1]
    assert len(menu.labels) == 7
    taps(coach, "The notes and emails", "messages/en/notes.yaml as your cohort has it now")
    coach.taps(menu.labels[5], timeout=SLOW_MACHINE)
    course.telegram.wait(lambda: "flows/rules/etiquette.yaml" in menu.labels, SLOW_MACHINE, "all files")
    nothing_was_refused(course.telegram)


def test_a_leaked_invitation_is_noticed_and_good_for_as_many_as_were_asked(course: Course) -> None:
    coach, stan = course.coach, course.stan
    asks(coach, "/cohort", "3 joined by the invitation.")
    taps(coach, "New invitation", "How many people should be able to join")
    payload = link_in(taps(coach, "6", "Good for 6 joins"))
    for number in range(6):
        guest = course.telegram.person(first_name=f"Guest {number}", started=True)
        asks(guest, f"/start {payload}", "Join “Spring course”?")
        taps(guest, "Join", "You are in “Spring course”")
    asks(stan, f"/start {payload}", "This invitation isn't good")
    asks(coach, "/cohort", "6 of 6 joined by the invitation.")
    nothing_was_refused(course.telegram)


def test_too_few_to_count_are_told_with_the_day_and_looked_at_again_the_next(course: Course) -> None:
    """Once "too few" was shown, it stood for a week, though enough shared the next day."""
    coach = course.coach
    asks(coach, "/cohort", "You coach")
    text = taps(coach, "Counts", "on Thursday 26 November", "On that day fewer than five")
    assert "I look again from Friday 27 November at 10:0" in text
    payload = link_in(another_invitation(coach))
    for number in range(12):
        guest = course.telegram.person(first_name=f"Guest {number}", started=True)
        asks(guest, f"/start {payload}", "Join “Spring course”?")
        taps(guest, "Join", "You are in “Spring course”")
        taps(guest, "Share counts", "Counts: shared")
    course.sleeps("2026-11-27T10:30:00+00:00")
    asks(coach, "/cohort", "You coach")
    text = taps(coach, "Counts", "At least 10 members share their counts.")
    assert re.search(r"New counts from Friday 4 December at 10:3\d", text)
    nothing_was_refused(course.telegram)


def another_invitation(coach: Person) -> str:
    asks(coach, "/cohort", "You coach")
    taps(coach, "New invitation", "How many people")
    return taps(coach, "Any number", "good until")


def test_one_message_on_monday_tells_the_coach_what_waits(course: Course) -> None:
    """Hands, notes, the next lesson, who is missing; several cohorts in one; nothing where nothing waits."""
    coach, dana = course.coach, course.dana
    shows_a_note(course)
    coach.taps("Put it away", timeout=SLOW_MACHINE)
    asks(dana, "/hand", "What's your question about?")
    taps(dana, "The whole panel?", "Your hand is up")
    asks(course.emil, "/hand", "What's your question about?")
    taps(course.emil, "The whole panel?", "Your hand is up")
    asks(coach, "/cohort new Autumn course", "You coach “Autumn course”")
    asks(coach, "/cohort", "Which one?")
    taps(coach, "Spring course", "You coach “Spring course”")
    assert "Hands up (2)" in coach.screen[-1].labels
    course.sleeps("2026-11-30T08:59:58+00:00")
    text = coach.expects("Your week", "“Spring course”", "Hands up: 2", timeout=SLOW_MACHINE).text
    assert "Autumn" not in text
    assert "Dana" not in text
    taps(coach, "Hands up (2)", "longest wait first")
    taps(coach, "1. The whole panel?", "Called on Monday 30 November: The whole panel?")
    dana.expects("has time for your question", timeout=SLOW_MACHINE)
    taps(coach, "Take the last call back", "Hands up in “Spring course”")
    dana.expects("your hand is up again", timeout=SLOW_MACHINE)
    course.sleeps("2026-11-30T09:10:00+00:00")
    coach.hears_nothing(1.0)
    nothing_was_refused(course.telegram)


def test_a_cohort_is_opened_by_a_tap_and_a_name(course: Course) -> None:
    coach = course.coach
    asks(coach, "/cohort", "You coach")
    taps(coach, "End the cohort", "Members are told")
    taps(coach, "Yes, end it", "is over")
    asks(coach, "/cohort", "You don't have a cohort yet.")
    taps(coach, "Open a cohort", "What should it be called?")
    asks(coach, "Summer” Names are hidden “course", "You coach “Summer Names are hidden course”")
    nothing_was_refused(course.telegram)


def test_a_coach_asks_the_group_by_an_anonymous_poll(course: Course) -> None:
    """Counts need many members; a poll serves a group of any size, and nobody learns who chose what."""
    coach, group = course.coach, course.group
    asks(coach, "/cohort", "You coach")
    taps(coach, "Ask the group", "nobody sees who chose what")
    taps(coach, "Thank-yous this week", "It's in the group now.")
    course.sees_polls(closed=[False])
    poll = next(message for message in group.screen if message.poll)
    assert poll.thread_id == course.practice
    for member in course.members:
        member.votes("All sent", group)
    course.telegram.wait_until_drained(SLOW_MACHINE)
    assert "All sent" not in coach.sees(), "I say nothing of it"
    nothing_was_refused(course.telegram)


def test_a_new_invitation_asks_those_who_came_by_the_one_that_got_around(course: Course) -> None:
    coach, (dana, emil, fay) = course.coach, course.members
    asks(coach, "/cohort", "You coach")
    taps(coach, "New invitation", "How many people")
    taps(coach, "The last one got around", "leave on that day")
    payload = link_in(taps(coach, "Make a new one and ask them", "good until"))
    for member in course.members:
        member.expects("To stay, open the new link", "by Thursday 3 December", timeout=SLOW_MACHINE)
    asks(dana, f"/start {payload}", "You are in “Spring course”")
    asks(coach, "/cohort", "1 joined by the invitation.")
    asks(emil, "/cohort", "To stay, open the new link")
    course.sleeps("2026-12-03T10:10:00+00:00")
    for member in (emil, fay):
        member.expects("You've left “Spring course”", timeout=SLOW_MACHINE)
    asks(emil, "/cohort", "You're in no cohort")
    asks(dana, "/cohort", "You are in “Spring course”")
    assert "To stay" not in dana.screen[-1].text
    nothing_was_refused(course.telegram)
