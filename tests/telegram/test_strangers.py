"""Old buttons, forged buttons, other people's numbers, senders that are nobody: answered or met with silence."""

from __future__ import annotations

import random
import string
from itertools import count
from typing import Any

import pytest

from bot.core.chat.commands import WHY, CommandGiven, LocationShared, UnsupportedMessage
from bot.core.chat.person import Person, PreviewTapped
from bot.core.dialogue.render import COMMANDS
from bot.core.dialogue.session import Picked
from bot.core.library import Library
from bot.telegram.updates import read
from tests.support.phone import ME, SLOTS, WARM, Phone

UPDATES = count(5000)
HER = {"id": 1, "is_bot": False, "first_name": "Dana", "language_code": "en"}
CHAT = {"id": 1, "type": "private", "first_name": "Dana"}


@pytest.fixture
def phone(library: Library) -> Phone:
    phone = Phone(library)
    phone.ask("start")
    phone.say(*WARM, *SLOTS)
    phone.ask("new")
    phone.tap("No")
    return phone


def kept(phone: Phone) -> tuple[Any, ...]:
    """Return everything that a stranger must not change."""
    person = phone.person
    assert isinstance(person, Person)
    answers = {number: (case.answers, case.carried) for number, case in person.cases.items()}
    return answers, dict(person.facts), person.current


def tapped(data: object) -> Picked:
    """Return the event that a tap with this data is read as."""
    query = {"id": "9", "from": HER, "message": {"message_id": 5, "chat": CHAT}, "data": data}
    found = read(ME, {"update_id": next(UPDATES), "callback_query": query})
    assert found.query == "9"
    assert found.incoming is not None
    event = found.incoming.event
    assert isinstance(
        event, Picked | PreviewTapped
    )  # a trial's buttons are forged in tests/runtime/test_content_editor.py
    return event if isinstance(event, Picked) else Picked("", -1)


@pytest.mark.parametrize("number", [500, pytest.param(10_000, marks=pytest.mark.slow)])
def test_ten_thousand_forged_payloads_change_nobodys_case(phone: Phone, number: int) -> None:
    dice, before = random.Random(3), kept(phone)  # noqa: S311 - repeatable on purpose
    options = ["connected", "none", "back", "case_1", "forget_all", "language", "go_on", "new", "1", WHY + "R99", ""]
    for _ in range(number):
        assert phone.person is not None
        turn = phone.person.turn
        wrong = dice.choice([turn - 1, turn + 1, -1, 0, 10**11, turn * 10, dice.randrange(2**30)])
        noise = "".join(dice.choices(string.printable + "é🙂\x00", k=dice.randrange(40)))
        data = dice.choice([f"{wrong}:{dice.choice(options)}", noise, f"{turn}{noise}", f"{turn}:{WHY}{noise}"])
        event = tapped(data)
        turned = phone.incoming(event, 5)
        assert turned.toast or turned.calls, data
        assert kept(phone) == before, data


def test_an_option_that_was_never_offered_is_answered_and_not_obeyed(phone: Phone) -> None:
    before = kept(phone)
    for question, forged in (("cases", "case_77"), ("settings", "me2"), ("language", "xx"), ("forget", "os.system")):
        phone.ask(question)
        assert phone.person is not None
        phone.press(f"{phone.person.turn}:{forged}", 5)
        assert kept(phone) == before
        assert phone.turned.calls


def test_a_hundred_replays_of_one_tap_are_one_answer(phone: Phone) -> None:
    newest = max(id_ for id_ in phone.messages if "Well" in phone.buttons(id_))
    well = phone.buttons(newest)["Well"]
    phone.press(well, newest)
    after = kept(phone)
    for _ in range(100):
        turned = phone.press(well, 5)
        assert turned.toast == "You've already answered that one."
        assert turned.calls == ()
    assert kept(phone) == after


@pytest.mark.parametrize("command", [*COMMANDS, "case_1", "unknown"])
@pytest.mark.parametrize("foreign", ["1", "2", "c_1", "case_1", "5000000001", "-1001234567890", "../1", "' or 1=1"])
def test_a_number_that_is_somebody_elses_is_answered_like_one_that_is_nobodys(
    library: Library, command: str, foreign: str
) -> None:
    def told(argument: str) -> list[Any]:
        phone = Phone(library)
        phone.ask("start")
        phone.tap("No")
        return [dict(call.values) for call in phone.incoming(CommandGiven(command, argument)).calls]

    assert told(foreign) == told("no-such-number") == told("")


NOBODY = [
    {"from": {"id": 777000, "is_bot": False, "first_name": "Telegram"}},
    {"from": {"id": 1087968824, "is_bot": True, "first_name": "Group"}},
    {"from": {"id": 136817688, "is_bot": True, "first_name": "Channel"}},
    {"from": {"id": 2, "is_bot": False, "first_name": "Eve"}},  # in a private chat that is not theirs
    {"from": {"id": 3, "is_bot": True, "first_name": "Bot"}, "chat": {"id": 3, "type": "private"}},
    {"from": HER, "sender_chat": {"id": -100123, "type": "channel"}},
    {"from": HER, "chat": {"id": -100123, "type": "supergroup"}},
    {"from": HER, "chat": {"id": -100123, "type": "channel"}},
    {},
]


@pytest.mark.parametrize("changed", NOBODY, ids=str)
@pytest.mark.parametrize("text", ["hello", "/start", "/forget"])
def test_who_is_no_person_in_their_own_chat_has_no_session(changed: dict[str, Any], text: str) -> None:
    message = {"message_id": 1, "date": 0, "chat": CHAT, "text": text, **changed}
    entities = [{"type": "bot_command", "offset": 0, "length": len(text)}] if text.startswith("/") else []
    for kind in ("message", "edited_message"):
        assert read(ME, {"update_id": 1, kind: message | {"entities": entities}}).incoming is None
    if "from" in changed and "sender_chat" not in changed:
        query = {"id": "9", "from": changed["from"], "message": message, "data": "1:none"}
        assert read(ME, {"update_id": 1, "callback_query": query}).incoming is None


SENT = [
    ({"photo": [{}], "caption": "x"}, "photo"), ({"sticker": {}}, "sticker"), ({"voice": {}}, "voice"),
    ({"video_note": {}}, "voice"), ({"location": {}}, "other"), ({"poll": {"question": "?"}}, "other"),
    ({"contact": {}}, "other"), ({"document": {}}, "other"), ({"dice": {}}, "other"), ({}, "other"),
    ({"something_new_of_2030": {"deep": [1]}}, "other"), ({"text": None}, "other"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "what"), SENT, ids=str)
def test_what_is_no_text_gets_a_friendly_line(phone: Phone, content: dict[str, Any], what: str) -> None:
    message = {"message_id": 1, "date": 0, "chat": CHAT, "from": HER, **content}
    incoming = read(ME, {"update_id": 1, "message": message}).incoming
    assert incoming is not None
    assert incoming.event == UnsupportedMessage(what)
    before = kept(phone)
    phone.incoming(UnsupportedMessage(what))
    assert phone.turned.calls
    assert kept(phone) == before


def test_of_a_shared_location_only_the_clock_of_the_nearest_city_is_kept(phone: Phone) -> None:
    place = {"latitude": 38.7223, "longitude": -9.1393}
    message = {"message_id": 1, "date": 0, "chat": CHAT, "from": HER, "location": place, "venue": {"location": place}}
    incoming = read(ME, {"update_id": 1, "message": message}).incoming
    assert incoming is not None
    assert incoming.event == LocationShared("Europe/Lisbon")
    assert "38.7" not in repr(incoming)
    phone.incoming(incoming.event)
    assert any("Lisbon" in repr(call) for call in phone.turned.calls)
    assert "38.7" not in repr(phone.turned)


def test_a_forwarded_text_is_a_text_and_an_edited_one_is_no_answer() -> None:
    message = {"message_id": 1, "date": 0, "chat": CHAT, "from": HER, "text": "No", "forward_origin": {"type": "user"}}
    forwarded = read(ME, {"update_id": 1, "message": message}).incoming
    edited = read(ME, {"update_id": 1, "edited_message": message}).incoming
    assert forwarded is not None
    assert edited is not None
    assert edited.event == UnsupportedMessage("edited")


@pytest.mark.parametrize(
    "update",
    [
        {"channel_post": {"message_id": 1, "chat": {"id": -100123, "type": "channel"}, "text": "news"}},
        {"edited_channel_post": {"message_id": 1, "chat": {"id": -100123, "type": "channel"}, "text": "news"}},
        {"poll": {"id": "1"}},
        {"message": {"message_id": 1, "chat": CHAT, "from": HER, "pinned_message": {}}},
        {"message": {"message_id": 1, "chat": CHAT, "from": HER, "message_auto_delete_timer_changed": {}}},
        {"something_new_of_2030": {"from": HER}},
        {},
    ],
    ids=str,
)
def test_what_nobody_said_to_the_bot_is_met_with_silence(update: dict[str, Any]) -> None:
    assert read(ME, {"update_id": 1, **update}).incoming is None
