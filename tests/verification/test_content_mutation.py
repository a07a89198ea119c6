"""Small faults on purpose: what is caught is counted, and what would slip by is asked in plain words."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bot.app.content import folders, open_library
from bot.core.advice.decision_diagram import Diagram
from bot.core.library import Library
from tests.support.command_line import Done, afterword, err, out
from tools.content_mutation.equivalence import equal, same
from tools.content_mutation.run import _mutants, main


def mutate(*options: str) -> Done:
    return afterword(*options, main=main)


@pytest.fixture
def content(tmp_path: Path) -> Path:
    for folder in folders(None):
        shutil.copytree(folder, tmp_path / folder.name)
    return tmp_path


def edited(content: Path, file: str, old: str, new: str) -> Path:
    path = content / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, (old, text.count(old))
    path.write_text(text.replace(old, new), encoding="utf-8")
    return content


@pytest.mark.slow
def test_every_fault_has_a_name_of_its_own_a_place_and_another_file(content: Path) -> None:
    found = list(_mutants(content / "flows", content / "messages"))
    assert len({mutant.id for mutant in found}) == len(found) > 500
    rows = (content / "flows/rules/etiquette.yaml").read_text(encoding="utf-8").splitlines()
    for mutant in found:
        if mutant.id.startswith("drop etiquette R") and "." not in mutant.id:
            assert rows[mutant.line - 1].strip().startswith(f"- id: {mutant.id.split()[-1]}"), mutant
    assert {mutant.kind for mutant in found} == {"swap", "drop", "loosen", "turn", "shift"}


@pytest.mark.slow
def test_a_fault_that_an_example_catches_is_counted() -> None:
    done = mutate("--only", "drop etiquette R05.remind", "--json")
    (fault,) = json.loads(out(done))["faults"]
    assert (fault["fate"], fault["by"], done.returncode) == ("caught", "example-fails", 0)
    assert fault["what"] == "row R05 has no remind"


@pytest.mark.slow
def test_what_nothing_would_notice_is_asked(content: Path) -> None:
    """Without the one example that holds it, nobody would see that a bad experience is mentioned as lively."""
    file = content / "flows/rules/etiquette.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text[: text.index("  # What rides on a verdict")], encoding="utf-8")
    done = mutate("--content", str(content), "--only", "loosen etiquette rapport.experience")
    assert done.returncode == 1, err(done)
    assert "if remark rapport no longer asks for experience, no check would notice. Which is right?" in out(done)


@pytest.mark.slow
def test_a_reason_that_both_are_right_answers_it_and_an_idle_reason_is_said(content: Path) -> None:
    file = content / "flows/rules/etiquette.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text[: text.index("  # What rides on a verdict")], encoding="utf-8")
    why = '"loosen etiquette rapport.*": It is said in other words anyway.'
    (content / "flows/both_right.yaml").write_text(f"both_right:\n  {why}\n", encoding="utf-8")
    done = mutate("--content", str(content), "--only", "loosen etiquette rapport.experience")
    assert done.returncode == 0, err(done)
    assert "in 1 both ways are right on purpose" in out(done)


def test_nothing_is_made_of_content_with_faults(content: Path) -> None:
    edited(content, "flows/rules/etiquette.yaml", "    verdict: skip\n", "    verdict: skipp\n")
    done = mutate("--content", str(content))
    assert done.returncode == 1
    assert "Did you mean 'skip'?" in err(done)


@pytest.mark.slow
def test_rows_that_exclude_each_other_can_change_places_and_it_is_proved(library: Library, content: Path) -> None:
    first, second = "  - id: R08", "  - id: R09"
    file = content / "flows/rules/etiquette.yaml"
    text = file.read_text(encoding="utf-8")
    start, middle = text.index(first), text.index(second)
    end = text.index("  - id: R10")
    file.write_text(text[:start] + text[middle:end] + text[start:middle] + text[end:], encoding="utf-8")
    assert same(library, open_library(content))
    edited(content, "flows/rules/etiquette.yaml", "    when: {outcome: constructive}", "    when: {outcome: rejected}")
    assert not same(library, open_library(content))


@pytest.mark.slow
def test_two_questions_of_which_nobody_is_asked_both_can_change_places(library: Library, content: Path) -> None:
    """Another round is asked about after good news, interest only where nothing was heard."""
    rounds = "  - {id: more_rounds, ask: more_rounds}\n"
    interested = "  - id: interested\n    when: {outcome: none}\n    ask: interested\n"
    field, me = "  - {id: field, ask: field}\n", "  - {id: me, ask: me}\n"
    topic = "  - id: topic\n    ask: topic\n    hints:\n      - {say: ordinary, when: {tone: ordinary}}\n"
    company = "  - {id: company, ask: company}\n"
    edited(content, "flows/follow_up.yaml", rounds + interested, interested + rounds)
    assert same(library, open_library(content))
    edited(content, "flows/follow_up.yaml", company + topic + field, field + company + topic)
    assert not same(library, open_library(content))  # three are not where they were
    edited(content, "flows/follow_up.yaml", field + company + topic, topic + company + field)
    assert not same(library, open_library(content))
    edited(content, "flows/follow_up.yaml", topic + company + field + me, company + topic + me + field)
    assert not same(library, open_library(content))


@pytest.mark.slow
def test_the_order_of_what_nobody_is_asked_to_shorten_changes_nothing(library: Library, content: Path) -> None:
    file = content / "flows/notes.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("shorten: [company, field]", "shorten: [field, company]"), encoding="utf-8")
    assert same(library, open_library(content))  # the last text of K8 does without the field
    file.write_text(text.replace("shorten: [company, field]", "shorten: [field]"), encoding="utf-8")
    assert not same(library, open_library(content))


def test_what_is_compiled_of_equal_parts_is_taken_over_and_nothing_else(library: Library, content: Path) -> None:
    edited(content, "flows/reminders.yaml", "    again: {times: 3, days: 30}\n", "    again: {times: 4, days: 30}\n")
    edited(content, "flows/follow_up.yaml", "  - {id: invited, ask: invited}\n", "")
    now = open_library(content)
    now.take_over(library)
    assert now.outcomes["etiquette"] is library.outcomes["etiquette"]
    assert now.routes["after_interview"] is library.routes["after_interview"]
    assert now.routes["follow_up"] is not library.routes["follow_up"]
    edited(content, "flows/rules/etiquette.yaml", "    when: {outcome: constructive}", "    when: {outcome: rejected}")
    other = open_library(content)
    other.take_over(library)
    assert other.outcomes["etiquette"] is not library.outcomes["etiquette"]
    assert other.routes["after_interview"] is not library.routes["after_interview"]


@pytest.mark.slow
def test_no_fault_in_the_shipped_content_would_pass_unnoticed() -> None:
    """Issue 5: every small fault is caught, provably changes nothing, or has its reason in flows/both_right.yaml."""
    done = mutate("--json")
    found = json.loads(out(done))
    assert [fault["id"] for fault in found["faults"] if fault["fate"] == "survived"] == []
    assert found["reasons_for_nothing"] == []
    assert done.returncode == 0
    assert len(found["faults"]) >= 850


def test_two_diagrams_are_equal_only_with_the_same_outcome_for_all_answers() -> None:
    one, other = Diagram({"a": ("x", "y")}), Diagram({"a": ("x", "y")})
    asks = one.node("a", {"x": one.leaf(1), "y": one.leaf(2)})
    assert equal(asks, other.node("a", {"x": other.leaf(1), "y": other.leaf(2)}))
    assert not equal(asks, other.node("a", {"x": other.leaf(2), "y": other.leaf(1)}))
    assert not equal(asks, other.leaf(1))
