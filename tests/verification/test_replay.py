"""What an edit means for those in the middle of a conversation: counted, by numbers only, and nobody is stuck."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from bot.content.loader import load
from bot.core.advice.catalog import Catalog
from bot.core.chat.person import Person
from bot.core.library import Library
from bot.verification import replay
from bot.verification.replay import Move, Survey, in_words, survey
from tests.conftest import NOW
from tests.support.crowd import crowd
from tests.support.phone import SLOTS, WARM, Phone
from tests.support.planting import copied

FLOW = "after_interview"
TALK = [*WARM, *SLOTS]


@pytest.fixture(scope="module")
def people(library: Library) -> list[tuple[int, Person]]:
    """Return people who stand at every step of the same conversation, the last of them reminded and with two cases."""
    phone, found = Phone(library), []
    phone.ask("start")
    for number, text in enumerate([*TALK, ""], 1):
        assert phone.person is not None
        found.append((number, phone.person))
        if text:
            phone.say(text)
    phone.tap("Yes, please")
    phone.ask("new")
    phone.say("No", "Badly")
    return [*found, (len(found) + 1, phone.person)]


def edited(tmp_path: Path, edit: Callable[[str], str]) -> Library:
    folder = copied(tmp_path)
    for file in folder.rglob("*.yaml"):
        file.write_text(edit(file.read_text(encoding="utf-8")), encoding="utf-8")
    loaded = load(folder / "flows", folder / "messages")
    assert loaded.library is not None, loaded.issues
    return loaded.library


def test_the_same_content_moves_nobody(library: Library, people: list[tuple[int, Person]]) -> None:
    found = survey(library, FLOW, people, NOW, library)
    assert found.moves == {}
    assert (found.chats, found.conversations) == (len(people), len(people) + 1)
    assert found.reminders > 0
    assert in_words(found, library, library)[-1] == "Everybody goes on where they stand."


def test_a_step_that_is_gone_moves_those_who_stood_there(
    library: Library, people: list[tuple[int, Person]], tmp_path: Path
) -> None:
    new = edited(tmp_path, lambda text: text.replace("  - {id: invited, ask: invited}\n", ""))
    at_invited = WARM.index("Warm and lively")  # they have answered what comes before `invited`
    found = survey(new, FLOW, people, NOW, library)
    assert found.moves == {Move("step", "invited", "tone"): (f"{at_invited}.1",)}


def test_an_answer_that_is_renamed_is_asked_again_and_a_verdict_that_is_another_is_named(
    library: Library, people: list[tuple[int, Person]], tmp_path: Path
) -> None:
    new = edited(tmp_path, other_answers)
    found = survey(new, FLOW, people, NOW, library)
    (move, whose), *others = found.moves.items()
    assert move == Move("answer", "tone", "tone")
    assert len(whose) == len(TALK) - WARM.index("Warm and lively") + 1
    assert not others


def test_another_advice_is_counted_where_it_is_known_what_was_talked_with(
    library: Library, people: list[tuple[int, Person]], tmp_path: Path
) -> None:
    new = edited(tmp_path, lambda text: text.replace("waiting: 0, ready: 3", "waiting: 0, ready: 2"))
    tuesday = NOW + timedelta(days=1)  # two business days after the interview
    found = survey(new, FLOW, people, tuesday, library)
    assert [(move.what, move.was) for move in found.moves] == [("advice", "thank_you_then_wait")]
    unknown = survey(new, FLOW, people, tuesday)
    assert not unknown.moves
    assert "Not compared" in in_words(unknown, new, None)[-1]


def test_a_conversation_and_a_reminder_that_are_gone_leave_nobody_stuck(
    library: Library, people: list[tuple[int, Person]]
) -> None:
    def held(person: Person) -> Person:
        cases = {case: session.but(flow="weekly") for case, session in person.cases.items()}
        kinds = tuple(replace(r, kind="M99") if r.kind == "M1" else r for r in person.schedule.planned)
        return replace(person, cases=cases, schedule=replace(person.schedule, planned=kinds))

    found = survey(library, FLOW, [(row, held(person)) for row, person in people], NOW, library)
    assert {move.what: len(whose) for move, whose in found.moves.items()} == {"flow": len(people) + 1, "reminder": 1}
    assert "the kind of reminder 'M99' is gone" in "\n".join(in_words(found, library, library))


def test_an_own_fact_that_no_longer_fits_leaves_nobody_stuck(
    library: Library, people: list[tuple[int, Person]]
) -> None:
    odd = [(n, replace(p, facts={"account": "golden", "gone": "yes"})) for n, p in people]
    assert not survey(library, FLOW, odd, NOW).stuck


def test_whoever_would_be_stuck_is_found(library: Library, people: list[tuple[int, Person]]) -> None:
    wordless = {language: replace(c, messages={}) for language, c in library.catalogs.items()}
    found = survey(replace(library, catalogs=wordless), FLOW, people[-1:], NOW, library)
    assert found.stuck


def plainly(new: Library, people: list[tuple[int, Person]], was: Library) -> dict[Move, tuple[str, ...]]:
    """Replay each person to the end, whoever was replayed before."""
    moves: dict[Move, list[str]] = {}
    for row, person in people:
        for case, move in replay._Replay(new, FLOW, person, NOW).moves(was):
            moves.setdefault(move, []).append(f"{row}.{case}" if case else f"{row}")
    return {move: tuple(moves[move]) for move in sorted(moves)}


@pytest.fixture(scope="module")
def everybody(library: Library, people: list[tuple[int, Person]]) -> list[tuple[int, Person]]:
    dice = Random(20261130)  # noqa: S311 - a reproducible choice, not a secret
    return [*people, *((100 + row, person) for row, person in crowd(library, FLOW, dice, 25, NOW))]


@pytest.mark.parametrize("gone", ["", "nudge.", "question.tone"])
def test_whoever_need_not_be_replayed_is_told_of_as_if_they_were(
    library: Library, everybody: list[tuple[int, Person]], gone: str
) -> None:
    """Without the words that begin so some are stuck and others are not: where content has faults, all are replayed."""

    def without(catalog: Catalog) -> Catalog:
        kept = {key: said for key, said in catalog.messages.items() if not gone or not key.startswith(gone)}
        return replace(catalog, messages=kept)

    new = replace(library, catalogs={name: without(one) for name, one in library.catalogs.items()})
    assert survey(new, FLOW, everybody, NOW, library, sound=not gone).moves == plainly(new, everybody, library)


def no_invitation(text: str) -> str:
    return text.replace("  - {id: invited, ask: invited}\n", "")


def other_answers(text: str) -> str:
    text = re.sub(r"(tone: )rapport\b", r"\1warm", text).replace("[rapport, ordinary,", "[warm, ordinary,")
    text = re.sub(r"(?<!remarks: )\[rapport\b", "[warm", text).replace('"rapport or ordinary"', '"warm or ordinary"')
    return re.sub(r"^( +)rapport:", r"\1warm:", text, flags=re.MULTILINE)


def sooner(text: str) -> str:
    return text.replace("waiting: 0, ready: 3", "waiting: 0, ready: 2")


@pytest.mark.parametrize(("edit", "what"), [(no_invitation, "step"), (other_answers, "answer"), (sooner, "")])
def test_whoever_is_moved_is_told_of_as_if_everybody_was_replayed(
    library: Library, everybody: list[tuple[int, Person]], tmp_path: Path, edit: Callable[[str], str], what: str
) -> None:
    new = edited(tmp_path, edit)
    found = survey(new, FLOW, everybody, NOW, library).moves
    assert not what or what in {move.what for move in found}
    assert found == plainly(new, everybody, library)


def test_people_who_talk_alike_are_replayed_once(
    library: Library, people: list[tuple[int, Person]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def renamed(person: Person, name: str) -> Person:
        cases = {n: s.but(answers={**s.answers, **({"first": name} if "first" in s.answers else {})})
                 for n, s in person.cases.items()}  # fmt: skip
        return replace(person, cases=cases)

    replays: list[Person] = []
    visits = replay._Replay.visits
    monkeypatch.setattr(replay._Replay, "visits", lambda one: (replays.append(one.person), visits(one))[1])
    crowded = [(100 * row + n, renamed(person, f"Dana{n}")) for n in range(20) for row, person in people]
    assert survey(library, FLOW, crowded, NOW, library).moves == {}
    assert len(replays) <= len(people)


def test_no_name_and_no_answer_is_told(library: Library, people: list[tuple[int, Person]], tmp_path: Path) -> None:
    new = edited(tmp_path, lambda text: text.replace("  - {id: invited, ask: invited}\n", ""))
    said = "\n".join(in_words(survey(new, FLOW, people, NOW, library), new, library))
    for word in SLOTS:
        assert word not in said


def test_long_lists_are_cut_short(library: Library) -> None:
    found = Survey(50, 50, 0, {Move("step", "tone", "END"): tuple(f"{n}.1" for n in range(50))})
    line = in_words(found, library, library)[1]
    assert line.startswith("50: ")
    assert line.endswith("11.1 …)")
