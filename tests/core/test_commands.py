"""The desk: several cases side by side, commands, what is kept, and what is forgotten."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.advice.catalog import Catalog
from bot.core.chat.commands import (
    WHY,
    CommandGiven,
    Entry,
    FileToSend,
    UnsupportedMessage,
    newcomer,
)
from bot.core.dialogue import render
from bot.core.dialogue.session import Picked
from bot.core.library import Library
from tests.support.visitor import SLOTS, WARM, Visitor


@pytest.fixture
def requester(library: Library) -> Visitor:
    return Visitor(library)


def test_two_interviews_stand_side_by_side(requester: Visitor) -> None:
    requester.say(*WARM, *SLOTS)
    requester.ask("new")
    assert requester.names == ["notice restarted", "question relation"]
    requester.say("No", "Badly")
    requester.ask("cases")
    first, second, new, _go_on = requester.labels
    assert first == "Dana, Northwind: Today: send the thank-you email"
    assert second == "Person 2: not finished yet"
    assert new == "A new interview"
    requester.say("1")
    assert [name.split()[0] for name in requester.names] == ["advice", "reminder", "mail", "note", "menu"]
    requester.say("A longer note (Premium)")
    assert "Dana" in requester.words
    requester.ask("cases")
    requester.tap("case_2")
    assert requester.names == ["question wants"]


def test_what_belongs_to_the_candidate_is_asked_once_for_all_cases(requester: Visitor) -> None:
    requester.say(*WARM, *SLOTS)
    assert requester.person.facts == {"account": "free", "me": "Sam Okafor"}
    requester.ask("new")
    requester.say(*WARM, "Yes, it's ready", "Zoë", "Engineer", "Acme", "Rust")
    assert requester.names[-1] == "menu"
    assert "Sam Okafor" in requester.words


def test_settings_show_and_change_what_is_known(requester: Visitor) -> None:
    requester.say(*WARM, *SLOTS)
    requester.ask("settings")
    assert "Your name: Sam Okafor" in requester.labels
    requester.say("Your name: Sam Okafor")
    assert requester.names == ["question me"]
    requester.say("S. Okafor")
    assert requester.person.facts["me"] == "S. Okafor"
    assert "S. Okafor" in requester.words


def test_another_interviewer_is_a_case_of_their_own(requester: Visitor) -> None:
    requester.say(*WARM, *SLOTS, "Another interviewer there")
    assert sorted(requester.person.cases) == [1, 2]
    assert requester.person.cases[1].answers["first"] == "Dana"
    assert requester.person.cases[2].carried["company"] == "Northwind"


def test_start_amid_a_conversation_asks_whether_to_go_on(requester: Visitor) -> None:
    requester.say("No", "Well")
    requester.ask("start", "c_unknown-payload")
    assert requester.labels == ["Go on", "A new interview"]
    requester.say("Go on")
    assert requester.names == ["question outcome"]
    requester.ask("start")
    requester.say("Nothing yet")  # an answer to the question is understood as well
    assert requester.names == ["question role"]


def test_a_tap_on_an_old_message_is_answered_and_changes_nothing(requester: Visitor) -> None:
    old = requester.person.turn
    requester.tap("none")
    before = requester.person
    served = requester.visit(Picked("connected", old))
    assert served.toast == "You've already answered that one."
    assert served.effects == ()
    assert served.person == before


def test_why_beside_an_advice_serves_for_ever_and_disturbs_nothing(requester: Visitor) -> None:
    requester.say(*WARM)
    before = requester.person
    served = requester.visit(Picked(f"{WHY}R19", 0))
    assert requester.names == ["why R19"]
    assert served.person == before


@pytest.mark.parametrize("what", ["photo", "sticker", "voice", "other", "edited"])
def test_whatever_is_sent_gets_a_friendly_line_and_the_question_again(requester: Visitor, what: str) -> None:
    requester.visit(UnsupportedMessage(what))
    assert requester.names == [f"notice {what}", "question relation"]


def test_every_command_is_answered(requester: Visitor) -> None:
    for command in (*render.COMMANDS, "nonsense", ""):
        served = requester.ask(command)
        assert served.effects, command
        assert served.person is not None, command


def test_everything_is_exported(requester: Visitor) -> None:
    requester.say(*WARM, *SLOTS)
    requester.ask("new")
    requester.ask("export")
    (document,) = [effect for effect in requester.served.effects if isinstance(effect, FileToSend)]
    kept = json.loads(document.text)
    assert kept["about_you"] == {"account": "free", "me": "Sam Okafor"}
    assert kept["cases"]["1"]["answers"]["topic"] == "event billing"


def test_forgetting_is_confirmed_and_leaves_nothing(requester: Visitor) -> None:
    requester.say(*WARM, *SLOTS)
    requester.ask("forget")
    requester.say("Go on")
    assert requester.person.facts
    requester.ask("forget")
    served = requester.tap("forget_all")
    assert served.person is None
    assert requester.names == ["notice forgotten"]


def test_cancelling_keeps_the_answers_and_anything_takes_them_up_again(requester: Visitor) -> None:
    requester.say("No", "Well")
    requester.ask("cancel")
    assert requester.names == ["notice cancelled"]
    requester.now += timedelta(days=1)
    requester.say("I am back")
    assert requester.names == ["notice resumed", "question outcome"]
    requester.say("Nothing yet")
    assert requester.names == ["question role"]


def test_the_language_is_the_persons_where_we_speak_it(library: Library) -> None:
    assert newcomer(library, "en-US").language == "en"
    assert newcomer(library, "xx").language == "en"
    assert newcomer(library, "").language == "en"


def test_a_nonsensical_option_of_the_right_turn_is_answered_kindly(requester: Visitor) -> None:
    requester.tap("os.system")
    assert requester.names == ["notice which", "question relation"]


@pytest.mark.parametrize(
    "between",
    [CommandGiven("start"), CommandGiven("help"), UnsupportedMessage("edited"), UnsupportedMessage("sticker")],
)
@pytest.mark.parametrize("answer", ["1", "y", "yes", "No"])
def test_no_answer_to_another_question_ever_deletes_anything(requester: Visitor, between: Entry, answer: str) -> None:
    requester.say(*WARM, *SLOTS)
    requester.ask("new")
    requester.ask("forget")
    requester.visit(between)
    assert requester.say(answer).person is not None
    assert requester.person.cases[1].answers["first"] == "Dana"


@pytest.mark.parametrize("command", ["help", "privacy", "export", "nonsense"])
def test_any_command_ends_the_question_whether_to_delete_everything(requester: Visitor, command: str) -> None:
    requester.say(*WARM, *SLOTS)
    requester.ask("forget")
    requester.ask(command)
    assert requester.say("Yes, delete everything").person is not None


@pytest.mark.parametrize("typed", ["1", "y", "Yes", "yes, delete"])
def test_a_number_or_a_letter_is_too_little_to_delete_everything(requester: Visitor, typed: str) -> None:
    requester.say(*WARM, *SLOTS)
    requester.ask("forget")
    assert requester.say(typed).person is not None
    assert requester.names == ["notice choice", "desk forget"]
    assert requester.say("Yes, delete everything").person is None


def test_a_question_of_the_desk_is_asked_again_after_something_strange(requester: Visitor) -> None:
    requester.ask("settings")
    requester.visit(UnsupportedMessage("photo"))
    assert requester.names == ["notice photo", "desk settings"]


def test_where_there_is_one_language_only_that_is_said(requester: Visitor) -> None:
    assert list(requester.library.catalogs) == ["en"]
    requester.ask("language")
    assert requester.names == ["notice only_language", "question relation"]
    requester.ask("settings")
    requester.say("Language")
    assert requester.names == ["notice only_language", "question relation"]


def test_where_there_are_several_languages_one_is_chosen(library: Library) -> None:
    english = library.catalog("en")
    other = Catalog("es", {"language.name": "Español", "desk.unfinished": "sin terminar"}, english)
    requester = Visitor(replace(library, catalogs={"en": english, "es": other}))
    requester.ask("language")
    assert requester.labels == ["English", "Español", "Go on"]
    requester.say("Español")
    assert requester.person.language == "es"
    assert requester.names == ["question relation"]
    requester.ask("cases")
    assert requester.labels[0] == "Person 1: sin terminar"
