"""Text goes where it was meant: to the message replied to, to a reminder or an offer that waits, to the FAQ."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core.chat.commands import newcomer, serve
from bot.core.chat.turn import ChatTurn
from bot.core.chat.typed_text import question_of
from bot.core.coaching.cohort import Replied
from bot.core.dialogue.session import Picked, RepliedMessage, Said
from bot.core.library import Library
from bot.telegram.updates import read
from tests.conftest import NOW
from tests.support.reminded import Reminded
from tests.support.visitor import WARM, Visitor

ME = {"id": 7, "username": "afterword_bot"}


@pytest.fixture
def dana(library: Library) -> Reminded:
    someone = Reminded(library)
    someone.say(*WARM)
    return someone


def replied(visitor: Visitor, text: str, *buttons: tuple[str, Picked], said: str = "") -> list[str]:
    visitor.visit(Said(text, RepliedMessage(said, buttons)))
    return visitor.names


@pytest.mark.parametrize("hello", ["hi", "Hello!", "hey there", "good morning"])
def test_a_greeting_from_somebody_new_is_a_greeting(library: Library, hello: str) -> None:
    served = serve(library, "after_interview", newcomer(library, "en"), Said(hello), NOW)
    assert [message.name for message in served.messages] == ["notice hello", "question relation"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("should I also email HR?", "email_hr"),
        ("they viewed my profile — what now?", "viewed_profile"),
        ("I withdrew", "withdrew"),
        ("my boss mustn't know", "secret_search"),
        ("it was just a phone screen", "phone_screen"),
        ("they asked an illegal question", "unfair_questions"),
        ("I'm an internal candidate", "internal"),
        ("I have two interviews there", "two_roles"),
        ("what should I write?", "how"),
        ("how many characters?", "how_long"),
        ("it was lovely", ""),
        ("Data Analyst", ""),
    ],
)
def test_a_question_is_found_by_its_words(library: Library, text: str, name: str) -> None:
    assert question_of(ChatTurn(library, "after_interview", newcomer(library, "en"), NOW), text) == name


def test_a_question_is_answered_and_the_open_question_stays(library: Library) -> None:
    anna = Visitor(library)
    anna.say("No", "should I also email HR?")
    assert anna.names == ["faq email_hr", "question experience"]
    anna.say("they viewed my profile")
    assert anna.names == ["faq viewed_profile", "question experience"]
    anna.say("Well")
    assert anna.names == ["question outcome"]


def test_a_question_amid_a_blank_is_no_name(dana: Reminded) -> None:
    while not dana.names[-1].startswith("question first"):
        dana.say({"question account": "Free"}.get(dana.names[-1], "1"))
    dana.say("should I also email HR?")
    assert dana.names == ["faq email_hr", "question first"]
    dana.say("Internal")
    assert dana.person.cases[1].facts["first"] == "Internal"


def test_yes_under_an_offer_answers_the_offer(dana: Reminded) -> None:
    assert dana.names[-2] == "reminder offer"
    dana.visit(Said("yes please", RepliedMessage("", (("Yes, please", Picked("m_yes_1", 0)),))))
    assert "reminder planned" in dana.names
    assert dana.person.schedule.planned


@pytest.mark.parametrize(
    ("text", "said"), [("yes", "done"), ("done", "done"), ("later", "snoozed"), ("not yet", "snoozed")]
)
def test_a_reply_to_a_reminder_answers_the_reminder(dana: Reminded, text: str, said: str) -> None:
    buttons = (
        ("Yes, sent", Picked("m_sent-thank_you_1", 0)),
        ("Something has changed", Picked("m_look_1", 0)),
        ("In 2 business days", Picked("m_snooze_1", 0)),
        ("Stop these reminders", Picked("m_stop_1", 0)),
    )
    dana.beside("yes")
    dana.until(NOW + timedelta(days=1))
    replied(dana, text, *buttons)
    assert any(name.startswith(("done", "notice snoozed")) for name in dana.names)
    assert any(said in name for name in dana.names)


def test_a_reply_to_an_old_question_changes_its_answer(library: Library) -> None:
    anna = Visitor(library)
    anna.say("No", "Well", "Nothing yet")
    replied(anna, "badly", said=library.catalog("en").say("question.experience.text"))
    assert anna.person.cases[1].answers["experience"] == "negative"


def test_telegram_tells_which_message_is_replied_to() -> None:
    person = {"id": 5, "is_bot": False, "language_code": "en"}
    chat = {"id": 5, "type": "private"}
    button = {"text": "Yes, sent", "callback_data": "0:m_sent-request_1"}
    ours = {
        "message_id": 8, "from": {"id": 7, "is_bot": True}, "chat": chat, "text": "Dana: has it gone out?",
        "reply_markup": {"inline_keyboard": [[button]]},
    }  # fmt: skip
    message = {"message_id": 9, "from": person, "chat": chat, "text": "done", "reply_to_message": ours}
    parsed = read(ME, {"update_id": 1, "message": message})
    assert parsed.incoming is not None
    taps = (("Yes, sent", Picked("m_sent-request_1", 0)),)
    assert parsed.incoming.event == Replied("done", 8, RepliedMessage("Dana: has it gone out?", taps))


def test_the_questions_are_listed_and_tapped(library: Library) -> None:
    anna = Visitor(library)
    anna.say("No")
    anna.ask("faq")
    assert anna.names == ["desk faq"]
    anna.tap("email_hr")
    assert anna.names == ["faq email_hr", "question experience"]
