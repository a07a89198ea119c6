"""/privacy says what is true, for this person and this operator."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.chat.commands import CommandGiven, newcomer, serve
from bot.core.chat.privacy import Operator
from bot.core.coaching.cohort import Cohort, Member
from bot.core.coaching.privacy import shared_lines
from bot.core.coaching.releases import Release
from bot.core.library import Library
from tests.conftest import NOW
from tests.support.cohort_repository import Rolls

DANA, COACH = 10, 1
OPS = Operator("Example Coaching Ltd", "privacy@example.org", "https://example.org/privacy", 90)


def told(library: Library, operator: Operator | None, shared: tuple[str, ...] = ()) -> str:
    served = serve(
        library,
        "after_interview",
        newcomer(library, "en"),
        CommandGiven("privacy", shared=shared),
        NOW,
        operator=operator,
    )
    return "\n".join(block.text for block in served.messages[0].blocks)


def test_it_names_who_could_read_what_is_kept_who_cannot_how_long_and_whom_to_ask(library: Library) -> None:
    said = told(library, OPS)
    assert "Example Coaching Ltd runs this bot and has the key, so they could read it." in said
    assert "A stolen disk or a copy of the database gives nothing away" in said
    assert "Telegram keeps the messages in this chat" in said
    assert "no coach, no group, no employer" in said
    assert "If I haven't heard from you for 90 days" in said
    assert "About 14 days later I delete everything" in said
    assert "Example Coaching Ltd is responsible for your data." in said
    assert "privacy@example.org" in said
    assert "https://example.org/privacy" in said
    assert "/export" in said
    assert "/forget" in said
    assert len(said) < 4000, "it is one message"


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        (Operator(), "The person who runs this bot hasn't given a name or a contact."),
        (Operator("Ops"), "Ops is responsible for your data, but hasn't said how to reach them."),
        (Operator(contact="a@b.org"), "The person who runs this bot hasn't given a name. If you have a question"),
    ],
)
def test_what_the_operator_has_not_said_is_said_as_such(library: Library, operator: Operator, expected: str) -> None:
    said = told(library, operator)
    assert expected in said
    assert "privacy policy" not in said
    assert "has the key, so they could read it" in said
    assert "for 180 days" in said


def test_somebody_in_a_cohort_is_told_what_their_coaches_see(library: Library) -> None:
    catalog = library.catalog("en")
    nothing = Cohort("Spring", "en", {COACH: "Cleo"}, {DANA: Member(NOW)})
    shown = Release(1, DANA, "the note", NOW + timedelta(days=3))
    much = Cohort("Autumn", "en", {COACH: "Cleo", DANA: "Dana"}, {DANA: Member(NOW, {"counts": NOW, "nudges": NOW})},
                  releases=(shown,), hands=((DANA, "how"),))  # fmt: skip
    said = told(library, OPS, shared_lines(Rolls({1: nothing, 2: much}), DANA, catalog))
    assert "no coach" not in said
    assert "no group and no employer. Your coaches only see what you've agreed to:" in said
    assert "“Spring” (Cleo): nothing so far." in said
    assert "“Autumn” (Cleo, Dana): You count in their numbers" in said
    assert "They can read the note you've shown them, until Thursday 26 November." in said
    assert "Your hand is up" in said
    assert "You coach “Autumn”." in said


def test_in_a_terminal_it_is_true_for_a_terminal(library: Library) -> None:
    said = told(library, None)
    assert "You're talking to me in a terminal." in said
    for untrue in ("runs this bot", "Telegram", "coach", "14 days"):
        assert untrue not in said


def test_what_is_exported_is_what_is_kept(library: Library) -> None:
    served = serve(library, "after_interview", newcomer(library, "en"), CommandGiven("export"), NOW)
    document = next(effect for effect in served.effects if hasattr(effect, "caption"))
    assert Path(document.name).suffix == ".json"
    assert json.loads(document.text)["language"] == "en"
