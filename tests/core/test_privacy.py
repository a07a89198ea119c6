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
    assert "It isn't hidden from Example Coaching Ltd, who runs this bot: they hold the key and could read it." in said
    assert "a stolen disk or a copy of the database tells nobody" in said
    assert "Telegram carries this chat" in said
    assert "no coach, no group, no employer" in said
    assert "When I haven't heard from you for 90 days" in said
    assert "delete everything about 14 days later" in said
    assert "Responsible: Example Coaching Ltd." in said
    assert "privacy@example.org" in said
    assert "https://example.org/privacy" in said
    assert "/export" in said
    assert "/forget" in said
    assert len(said) < 4000, "it is one message"


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        (Operator(), "Whoever runs this bot has not said who they are, or where to ask."),
        (Operator("Ops"), "Responsible: Ops. They haven't said where to ask."),
        (Operator(contact="a@b.org"), "Whoever runs this bot has not said who they are. Questions"),
    ],
)
def test_what_the_operator_has_not_said_is_said_as_such(library: Library, operator: Operator, expected: str) -> None:
    said = told(library, operator)
    assert expected in said
    assert "privacy policy" not in said
    assert "hold the key and could read it" in said
    assert "for 180 days" in said


def test_somebody_in_a_cohort_is_told_what_their_coaches_see(library: Library) -> None:
    catalog = library.catalog("en")
    nothing = Cohort("Spring", "en", {COACH: "Cleo"}, {DANA: Member(NOW)})
    shown = Release(1, DANA, "the note", NOW + timedelta(days=3))
    much = Cohort("Autumn", "en", {COACH: "Cleo", DANA: "Dana"}, {DANA: Member(NOW, {"counts": NOW, "nudges": NOW})},
                  releases=(shown,), hands=((DANA, "how"),))  # fmt: skip
    said = told(library, OPS, shared_lines(Rolls({1: nothing, 2: much}), DANA, catalog))
    assert "no coach" not in said
    assert "no group, no employer, and your coaches only what you agreed to:" in said
    assert "“Spring” (Cleo): nothing so far." in said
    assert "“Autumn” (Cleo, Dana): You are counted in their numbers" in said
    assert "They can read the note you show them, until Thursday 26 November." in said
    assert "Your hand is up" in said
    assert "You coach “Autumn”." in said


def test_in_a_terminal_it_is_true_for_a_terminal(library: Library) -> None:
    said = told(library, None)
    assert "You are talking with me in a terminal." in said
    for untrue in ("runs this bot", "Telegram", "coach", "14 days"):
        assert untrue not in said


def test_what_is_exported_is_what_is_kept(library: Library) -> None:
    served = serve(library, "after_interview", newcomer(library, "en"), CommandGiven("export"), NOW)
    document = next(effect for effect in served.effects if hasattr(effect, "caption"))
    assert Path(document.name).suffix == ".json"
    assert json.loads(document.text)["language"] == "en"
