"""The desk: several cases side by side, commands, what is kept, and what is forgotten."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.advice.catalog import Catalogue
from bot.core.chat.commands import WHY, Asked, Document, Entry, Served, Strange, newcomer, serve
from bot.core.chat.person import Person
from bot.core.dialogue import render
from bot.core.dialogue.session import Picked, Said, Session
from bot.core.library import Library
from tests.conftest import NOW

WARM = ["No", "Well", "Nothing yet", "The hiring manager", "No", "Warm and lively", "Friday", "Not yet"]
SLOTS = ["Free", "Yes, up to date", "Dana", "Data Analyst", "Northwind", "event billing", "Sam Okafor"]


class Visitor:
    """Somebody at the desk; what is kept of them is written out and read back at every visit."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.person = replace(newcomer(library, "en"), zone="Europe/Berlin")
        self.now = NOW
        self.served = self.ask("start")

    def visit(self, entry: Entry) -> Served:
        cases = {n: Session.from_json(json.loads(json.dumps(c.to_json()))) for n, c in self.person.cases.items()}
        self.served = serve(self.library, "after_interview", replace(self.person, cases=cases), entry, self.now)
        self.person = self.served.person or Person()
        return self.served

    def ask(self, command: str, argument: str = "") -> Served:
        return self.visit(Asked(command, argument))

    def say(self, *texts: str) -> Served:
        for text in texts:
            self.visit(Said(text))
        return self.served

    def tap(self, option: str) -> Served:
        return self.visit(Picked(option, self.person.turn))

    @property
    def names(self) -> list[str]:
        return [message.name for message in self.served.messages]

    @property
    def words(self) -> str:
        return "\n".join(block.text for message in self.served.messages for block in message.blocks)

    @property
    def labels(self) -> list[str]:
        return [option.label for option in self.served.messages[-1].options]


@pytest.fixture
def visitor(library: Library) -> Visitor:
    return Visitor(library)


def test_two_interviews_stand_side_by_side(visitor: Visitor) -> None:
    visitor.say(*WARM, *SLOTS)
    visitor.ask("new")
    assert visitor.names == ["notice restarted", "question relation"]
    visitor.say("No", "Badly")
    visitor.ask("cases")
    first, second, new, _go_on = visitor.labels
    assert first == "Dana, Northwind: thank-you now, request later"
    assert second == "Person 2: not finished yet"
    assert new == "A new interview"
    visitor.say("1")
    assert [name.split()[0] for name in visitor.names] == ["advice", "reminder", "mail", "note", "menu"]
    visitor.say("A longer note (Premium)")
    assert "Dana" in visitor.words
    visitor.ask("cases")
    visitor.tap("case_2")
    assert visitor.names == ["question wants"]


def test_what_belongs_to_the_candidate_is_asked_once_for_all_cases(visitor: Visitor) -> None:
    visitor.say(*WARM, *SLOTS)
    assert visitor.person.facts == {"account": "free", "me": "Sam Okafor"}
    visitor.ask("new")
    visitor.say(*WARM, "Yes, up to date", "Zoë", "Engineer", "Acme", "Rust")
    assert visitor.names[-1] == "menu"
    assert "Sam Okafor" in visitor.words


def test_settings_show_and_change_what_is_known(visitor: Visitor) -> None:
    visitor.say(*WARM, *SLOTS)
    visitor.ask("settings")
    assert "Your name: Sam Okafor" in visitor.labels
    visitor.say("Your name: Sam Okafor")
    assert visitor.names == ["question me"]
    visitor.say("S. Okafor")
    assert visitor.person.facts["me"] == "S. Okafor"
    assert "S. Okafor" in visitor.words


def test_another_interviewer_is_a_case_of_their_own(visitor: Visitor) -> None:
    visitor.say(*WARM, *SLOTS, "Another interviewer there")
    assert sorted(visitor.person.cases) == [1, 2]
    assert visitor.person.cases[1].answers["first"] == "Dana"
    assert visitor.person.cases[2].carried["company"] == "Northwind"


def test_start_amid_a_conversation_asks_whether_to_go_on(visitor: Visitor) -> None:
    visitor.say("No", "Well")
    visitor.ask("start", "c_unknown-payload")
    assert visitor.labels == ["Go on", "A new interview"]
    visitor.say("Go on")
    assert visitor.names == ["question outcome"]
    visitor.ask("start")
    visitor.say("Nothing yet")  # an answer to the question is understood as well
    assert visitor.names == ["question role"]


def test_a_tap_on_an_old_message_is_answered_and_changes_nothing(visitor: Visitor) -> None:
    old = visitor.person.turn
    visitor.tap("none")
    before = visitor.person
    served = visitor.visit(Picked("connected", old))
    assert served.toast == "That question is already answered."
    assert served.effects == ()
    assert served.person == before


def test_why_beside_an_advice_serves_for_ever_and_disturbs_nothing(visitor: Visitor) -> None:
    visitor.say(*WARM)
    before = visitor.person
    served = visitor.visit(Picked(f"{WHY}R19", 0))
    assert visitor.names == ["why R19"]
    assert served.person == before


@pytest.mark.parametrize("what", ["photo", "sticker", "voice", "other", "edited"])
def test_whatever_is_sent_gets_a_friendly_line_and_the_question_again(visitor: Visitor, what: str) -> None:
    visitor.visit(Strange(what))
    assert visitor.names == [f"notice {what}", "question relation"]


def test_every_command_is_answered(visitor: Visitor) -> None:
    for command in (*render.COMMANDS, "nonsense", ""):
        served = visitor.ask(command)
        assert served.messages, command
        assert served.person is not None, command


def test_everything_is_exported(visitor: Visitor) -> None:
    visitor.say(*WARM, *SLOTS)
    visitor.ask("new")
    visitor.ask("export")
    (document,) = [effect for effect in visitor.served.effects if isinstance(effect, Document)]
    kept = json.loads(document.text)
    assert kept["about_you"] == {"account": "free", "me": "Sam Okafor"}
    assert kept["cases"]["1"]["answers"]["topic"] == "event billing"


def test_forgetting_is_confirmed_and_leaves_nothing(visitor: Visitor) -> None:
    visitor.say(*WARM, *SLOTS)
    visitor.ask("forget")
    visitor.say("Go on")
    assert visitor.person.facts
    visitor.ask("forget")
    served = visitor.tap("forget_all")
    assert served.person is None
    assert visitor.names == ["notice forgotten"]


def test_cancelling_keeps_the_answers_and_anything_takes_them_up_again(visitor: Visitor) -> None:
    visitor.say("No", "Well")
    visitor.ask("cancel")
    assert visitor.names == ["notice cancelled"]
    visitor.now += timedelta(days=1)
    visitor.say("I am back")
    assert visitor.names == ["notice resumed", "question outcome"]
    visitor.say("Nothing yet")
    assert visitor.names == ["question role"]


def test_the_language_is_the_persons_where_we_speak_it(library: Library) -> None:
    assert newcomer(library, "en-US").language == "en"
    assert newcomer(library, "xx").language == "en"
    assert newcomer(library, "").language == "en"


def test_a_nonsensical_option_of_the_right_turn_is_answered_kindly(visitor: Visitor) -> None:
    visitor.tap("os.system")
    assert visitor.names == ["notice choice", "question relation"]


@pytest.mark.parametrize("between", [Asked("start"), Asked("help"), Strange("edited"), Strange("sticker")])
@pytest.mark.parametrize("answer", ["1", "y", "yes", "No"])
def test_no_answer_to_another_question_ever_deletes_anything(visitor: Visitor, between: Entry, answer: str) -> None:
    visitor.say(*WARM, *SLOTS)
    visitor.ask("new")
    visitor.ask("forget")
    visitor.visit(between)
    assert visitor.say(answer).person is not None
    assert visitor.person.cases[1].answers["first"] == "Dana"


@pytest.mark.parametrize("command", ["help", "privacy", "export", "nonsense"])
def test_any_command_ends_the_question_whether_to_delete_everything(visitor: Visitor, command: str) -> None:
    visitor.say(*WARM, *SLOTS)
    visitor.ask("forget")
    visitor.ask(command)
    assert visitor.say("Yes, delete everything").person is not None


@pytest.mark.parametrize("typed", ["1", "y", "Yes", "yes, delete"])
def test_a_number_or_a_letter_is_too_little_to_delete_everything(visitor: Visitor, typed: str) -> None:
    visitor.say(*WARM, *SLOTS)
    visitor.ask("forget")
    assert visitor.say(typed).person is not None
    assert visitor.names == ["notice choice", "desk forget"]
    assert visitor.say("Yes, delete everything").person is None


def test_a_question_of_the_desk_is_asked_again_after_something_strange(visitor: Visitor) -> None:
    visitor.ask("settings")
    visitor.visit(Strange("photo"))
    assert visitor.names == ["notice photo", "desk settings"]


def test_where_there_is_one_language_only_that_is_said(visitor: Visitor) -> None:
    assert list(visitor.library.catalogues) == ["en"]
    visitor.ask("language")
    assert visitor.names == ["notice only_language", "question relation"]
    visitor.ask("settings")
    visitor.say("Language")
    assert visitor.names == ["notice only_language", "question relation"]


def test_where_there_are_several_languages_one_is_chosen(library: Library) -> None:
    english = library.catalogue("en")
    other = Catalogue("es", {"language.name": "Español", "desk.unfinished": "sin terminar"}, english)
    visitor = Visitor(replace(library, catalogues={"en": english, "es": other}))
    visitor.ask("language")
    assert visitor.labels == ["English", "Español", "Go on"]
    visitor.say("Español")
    assert visitor.person.language == "es"
    assert visitor.names == ["question relation"]
    visitor.ask("cases")
    assert visitor.labels[0] == "Person 1: sin terminar"
