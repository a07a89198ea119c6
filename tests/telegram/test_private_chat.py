"""What a person's screen becomes: which message is edited, which buttons count, and what old ones do. Pure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.chat.commands import CommandGiven, ThumbUp
from bot.core.chat.person import OWED
from bot.core.dialogue.session import Said
from bot.core.library import Library
from bot.telegram.updates import read
from tests.support.phone import ME, SLOTS, WARM, Phone


@pytest.fixture
def phone(library: Library) -> Phone:
    phone = Phone(library)
    phone.ask("start")
    return phone


def test_what_was_taken_back_no_longer_stands_among_the_answers(phone: Phone) -> None:
    phone.tap("No")
    phone.tap("Well")
    phone.tap("‹ Back")
    assert phone.last.count("✓") == 1
    phone.tap("So-so")
    assert phone.last.startswith("✓ Connected already: No\n✓ How it went: So-so\n")


def test_no_run_of_taps_outgrows_a_message(phone: Phone) -> None:
    for _ in range(60):
        phone.tap("No")
        phone.tap("‹ Back")
    phone.ask("settings")
    for _ in range(60):
        phone.tap("Language")
        phone.ask("settings")
    assert all(len(message["text"]) < 4096 for message in phone.messages.values())


def test_the_newest_buttons_never_lead_nowhere(phone: Phone) -> None:
    """After answers that were taken but not shown, as a flooder's, a tap on what is in sight shows what is open."""
    phone.incoming(Said("No"), shown=False)
    phone.incoming(Said("Well"), shown=False)
    assert phone.person is not None
    phone.person = replace(phone.person, panel=OWED, run=())  # what the door notes of turns it does not show
    turned = phone.tap("No")
    assert turned.toast == "You've already answered that one."
    assert "Have you heard back" in phone.last
    phone.tap("Nothing yet")
    assert "Who did you talk to" in phone.last


def test_a_double_press_is_harmless(phone: Phone) -> None:
    data = phone.buttons(2)["No"]
    phone.press(data, 2)
    answers = phone.person.cases[1].answers if phone.person else {}
    phone.press(data, 2)
    assert phone.person is not None
    assert phone.person.cases[1].answers == answers
    assert "How did the interview" in phone.last
    phone.tap("Well")
    assert "Have you heard back" in phone.last


def test_a_button_from_before_forgetting_is_never_obeyed(phone: Phone) -> None:
    old = phone.buttons(2)["Yes, connected"]
    phone.tap("No")
    phone.ask("forget")
    phone.tap("Yes, delete everything")
    assert phone.person is None
    phone.ask("start")
    turned = phone.press(old, 2)
    assert turned.toast == "You've already answered that one."
    assert turned.person is not None
    assert not turned.person.cases[1].answers


def test_a_thumb_or_an_old_button_after_forgetting_leaves_nothing(phone: Phone) -> None:
    old = phone.buttons(2)["Yes, connected"]
    phone.say(*WARM)
    phone.ask("forget")
    phone.tap("Yes, delete everything")
    goodbye = dict(phone.messages)
    for message in goodbye:
        assert phone.incoming(ThumbUp(message)).calls == ()
        assert phone.person is None
    assert phone.press(old, 2).toast == "You've already answered that one."
    assert phone.person is None
    assert phone.messages == goodbye
    phone.say("hello")
    assert phone.person is not None, "whoever speaks is somebody again"


def test_why_beside_an_advice_explains_that_advice_or_says_that_it_has_changed(phone: Phone) -> None:
    phone.say(*WARM)
    advice = max(id_ for id_ in phone.messages if "Why?" in phone.buttons(id_))
    why = phone.buttons(advice)["Why?"]
    phone.press(why, advice)
    assert "Interview day: Friday 20 November; Thank-you email: Not yet" in phone.last
    assert "R19" not in phone.last
    assert "the article" not in phone.last
    assert len(phone.last.splitlines()) <= 4, "a glance"
    phone.ask("why", "full")
    full = next(sent["text"] for sent in phone.messages.values() if "Why this advice (rule R19)" in sent["text"])
    shown, folded = full.split("<blockquote expandable>")
    assert "How sure: it rests on the article." in shown
    assert "How it felt: Warm and lively – it takes Strictly formal (R15, R17)" in folded
    assert "→ connect now" in folded
    phone.ask("new")
    turned = phone.press(why, advice)
    assert turned.toast == "My advice has changed since then. /cases shows the latest."
    assert turned.calls == ()


def test_a_finished_case_shows_its_note_when_it_is_opened_again(phone: Phone) -> None:
    phone.say(*WARM, *SLOTS)
    phone.ask("new")
    phone.ask("cases")
    phone.messages.clear()
    phone.say("1")
    assert "Send a thank-you email" in phone.text()
    assert "Hi Dana" in phone.text()
    assert "What next?" in phone.last


def test_what_was_taken_back_about_oneself_is_gone(phone: Phone) -> None:
    phone.say(*WARM, *SLOTS)
    assert phone.person is not None
    assert phone.person.facts["me"] == "Sam Okafor"
    phone.ask("back")
    assert "me" not in phone.person.facts
    phone.ask("cases")
    phone.say("1")
    assert "what&#x27;s your name" in phone.last


def test_any_number_of_cases_fits_a_keyboard(phone: Phone) -> None:
    for _ in range(60):
        phone.say("No")
        phone.ask("new")
    turned = phone.ask("cases")
    (listed,) = [call for call in turned.calls if call.kind == "message"]
    rows = listed.values["reply_markup"]["inline_keyboard"]
    assert len(rows) == 22
    assert rows[0][0]["text"] == "Person 41: not finished yet" or rows[0][0]["text"].startswith("Person 4")


@pytest.mark.parametrize(
    ("text", "length", "expected"),
    [
        ("/new\nhello", 4, CommandGiven("new", "hello")),
        ("/start c_abc", 6, CommandGiven("start", "c_abc")),
        ("/HELP@afterword_bot", 19, CommandGiven("help")),
    ],
)
def test_a_command_ends_where_telegram_says(text: str, length: int, expected: CommandGiven) -> None:
    person = {"id": 1, "is_bot": False}
    entities = [{"type": "bot_command", "offset": 0, "length": length}]
    message = {
        "message_id": 1,
        "chat": {"id": 1, "type": "private"},
        "from": person,
        "text": text,
        "entities": entities,
    }
    incoming = read(ME, {"update_id": 1, "message": message}).incoming
    assert incoming is not None
    assert incoming.event == expected


def test_a_location_that_moves_on_is_met_with_silence() -> None:
    person = {"id": 1, "is_bot": False}
    message = {"message_id": 1, "chat": {"id": 1, "type": "private"}, "from": person, "location": {"latitude": 1}}
    assert read(ME, {"update_id": 1, "edited_message": message}).incoming is None


def test_whose_day_it_is_stands_below_the_question_for_a_day_and_one_tap_corrects_it(library: Library) -> None:
    """Late on a Sunday in Honolulu it is Monday by the bot's clock: the day is put right before it decides."""
    phone = Phone(library)
    phone.ask("start")
    phone.say(*WARM[:6])
    assert "For me it&#x27;s Monday 23 November, 09:00." in phone.last
    phone.tap("My clock says something else")
    phone.say("Honolulu")
    assert phone.asked == "interviewed_on"
    assert "My clock says something else" not in phone.buttons(max(phone.messages)), "it is known now"
    phone.tap("Today")
    assert phone.person is not None
    assert phone.person.cases[1].answers["interviewed_on"] == "2026-11-22"
