"""A coach edits the conversation while people are in the middle of it: nobody is stuck, nothing they said is lost."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot.content.loader import load
from bot.core.advice.facts import NOT_SURE
from bot.core.dialogue.session import Said
from bot.core.library import Library
from bot.telegram.private_chat import PrivateChat
from tests.support.phone import SLOTS, WARM, Phone
from tests.support.planting import copied

PEOPLE = 50
ORDINARY = ["Friendly, nothing special" if text == "Warm and lively" else text for text in [*WARM, *SLOTS]]
MOST = 30  # answers that anybody needs at most to come to the end


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Load the content after a coach took out the step `invited` and renamed the answer `ordinary` of `tone`."""
    folder = copied(tmp_path_factory.mktemp("edited"))
    for file in folder.rglob("*.yaml"):
        text = file.read_text(encoding="utf-8").replace("  - {id: invited, ask: invited}\n", "")
        text = re.sub(r"(tone: )ordinary\b", r"\1usual", text).replace("[rapport, ordinary,", "[rapport, usual,")
        text = re.sub(r"^(    )ordinary:$", r"\1usual:", text, flags=re.MULTILINE)  # the phrases that mean it
        text = text.replace('"rapport or ordinary"', '"rapport or usual"')
        file.write_text(re.sub(r'ordinary: "Friendly', 'usual: "Friendly', text), encoding="utf-8")
    loaded = load(folder / "flows", folder / "messages")
    assert loaded.issues == ()
    assert loaded.library is not None
    assert "invited" not in loaded.library.flows["after_interview"].asks
    assert "ordinary" not in loaded.library.facts["tone"].values
    return loaded.library


@pytest.mark.parametrize("number", range(PEOPLE))
def test_fifty_people_in_the_middle_come_to_the_end(library: Library, edited: Library, number: int) -> None:
    phone = Phone(library)
    phone.ask("start")
    talk = ORDINARY if number % 2 else [*WARM, *SLOTS]
    phone.say(*talk[: number % (len(talk) + 1)])
    assert phone.person is not None
    before = dict(phone.person.cases[1].answers)
    shown = len(phone.calls)
    phone.talking = PrivateChat(edited, "after_interview")

    newest = max(phone.messages)
    for label, data in phone.buttons(newest).items():
        if data:
            phone.press(data, newest)  # what is in sight was asked by the flow of before
            assert phone.turned.calls or phone.turned.toast, label
            break
    answers = {**dict(zip(("tone", "interviewed_on"), ("Warm and lively", "Friday"), strict=True)), **TYPED}
    for _ in range(MOST):
        if not phone.asked:
            break
        options = [o for o in phone.buttons(max(phone.messages)) if not o.startswith("‹")]
        phone.incoming(Said(answers.get(phone.asked) or options[0]))
    else:
        pytest.fail(f"stuck at {phone.asked}")
    assert phone.person is not None
    assert "What next?" in phone.text()
    after = phone.person.cases[1].answers
    kept = {n: a for n, a in before.items() if n not in ("invited", "tone") and after.get(n) != a}
    assert set(kept) <= {"relation"}, "only what was tapped again may differ"
    explained = [call for call, _ in phone.calls[shown:] if "Welcome back" in str(call.values.get("text"))]
    assert len(explained) <= 1
    assert NOT_SURE not in after.values()


def test_a_tap_never_answers_another_question_than_the_one_in_sight(library: Library, edited: Library) -> None:
    """Asked whether they were invited to stay in touch; that is not asked any more, and another "Yes" is."""
    phone = Phone(library)
    phone.ask("start")
    phone.say("No", "Well", "Nothing yet", "The hiring manager")
    phone.talking = PrivateChat(edited, "after_interview")
    asked = max(phone.messages)
    assert phone.person is not None
    known = phone.person.cases[1].with_answer("tone", "rapport").with_answer("outcome", "positive")
    phone.person = replace(phone.person, cases={1: known})
    assert phone.asked == "more_rounds"
    phone.press(next(data for data in phone.buttons(asked).values() if data.endswith(":yes")), asked)
    assert phone.person.cases[1].answers == known.answers
    assert "already answered that one" in phone.text()
    assert phone.asked == "more_rounds"


TYPED = dict(zip(("first", "job", "company", "topic", "me"), SLOTS[2:], strict=True))
