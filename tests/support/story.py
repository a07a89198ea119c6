"""Words of stories about people who talk with the bot, and which bot that is: in this process, or one of its own."""

from __future__ import annotations

import re
from pathlib import Path

from tests.botapi import BotApiServer, Group, Person
from tests.support.bot_in_process import BotInProcess
from tests.support.bot_process import BotUnderTest, RunningBot

SLOW_MACHINE = 120  # seconds until something must have been said, however busy the machine is
COACH = 5_000_000_001
NAME = "@afterword_test_bot"


def bot_for(
    server: BotApiServer, folder: Path, *, webhook: bool = False, prepared: bool = True, **settings: str
) -> BotUnderTest:
    """Return a bot for this server, to be started: in this process where the server goes by virtual time."""
    kind = RunningBot if server.virtual is None else BotInProcess
    return kind(server, folder, webhook=webhook, prepared=prepared, **settings)


def nothing_was_refused(server: BotApiServer, kills: int = 0) -> None:
    """See that every call was right, and every tap answered.

    What was in hand at a kill comes again, so a tap may be answered once more: one for each kill, and only a tap that
    was answered. After a kill an edit may be made a second time and change nothing; and the poll of a bot that was too
    busy to hear its answer is ended by its next one.
    """
    harmless = ("message is not modified", "terminated by other getUpdates")
    refused = [call for call in server.refused if not any(words in call.description for words in harmless)]
    answered = {call.parameters["callback_query_id"] for call in server.calls_of("answerCallbackQuery") if call.applied}
    repeated = [call for call in refused if call.parameters.get("callback_query_id") in answered]
    assert [call for call in refused if call not in repeated] == []
    assert len(repeated) <= kills
    assert server.violations == []
    assert server.unanswered_taps() == []


def begin(person: Person) -> None:
    person.says("/start")
    person.expects("connected on LinkedIn", timeout=SLOW_MACHINE)


def answer(person: Person, *labels: str) -> None:
    for label in labels:
        person.taps(label, timeout=SLOW_MACHINE)


def type_in(person: Person, **texts: str) -> None:
    for words, text in texts.items():
        person.expects(words.replace("_", " "), timeout=SLOW_MACHINE)
        person.says(text)


def advised(person: Person) -> None:
    answer(person, "No", "Well", "Nothing yet", "The hiring manager", "No", "Warm and lively", "Yesterday", "Not yet")
    person.expects("Send a thank-you email now", timeout=SLOW_MACHINE)


def handed_over(person: Person) -> None:
    answer(person, "Free", "Yes, it's ready")
    type_in(person, first_name="Zoë <b>&amp;c", Which_job="Data Analyst", Which_company="Northwind",
            stuck_with_you="event billing", your_name="Sam")  # fmt: skip
    person.expects("What next?", timeout=SLOW_MACHINE)


def asks(person: Person, text: str, *expected: str, group: Group | None = None, topic: int | None = None) -> str:
    """Let somebody write, and return the answer that has these words."""
    if group is None:
        person.says(text)
    else:
        person.says_in(group, text, topic=topic)
    return person.expects(*expected, chat=group, timeout=SLOW_MACHINE).text


def taps(person: Person, label: str, *expected: str) -> str:
    person.taps(label, timeout=SLOW_MACHINE)
    return person.expects(*expected, timeout=SLOW_MACHINE).text


def invited(coach: Person) -> str:
    """Open a cohort and return the payload of its invitation."""
    asks(coach, "/cohort new Spring course", "You coach “Spring course”")
    taps(coach, "New invitation", "How many people")
    found = re.search(r"\?start=(\S+)", taps(coach, "Any number", "good until", "start=c_"))
    assert found
    return found[1]


def joins(person: Person, payload: str) -> None:
    asks(person, f"/start {payload}", "Join “Spring course”? Its coaches: Cleo.", "By joining you agree to nothing")
    taps(person, "Join", "You are in “Spring course”", "Counts: not shared")
