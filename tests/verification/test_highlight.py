"""Marks on the picture: what a talk went through, what a finding means, what an edit changed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from bot.app.content import check, open_library
from bot.cli.chat import talked
from bot.cli.rendering import render
from bot.core.library import Library
from bot.verification.diagram.formats import Box, FlowChart, to_dot, to_mermaid
from bot.verification.diagram.graph import diagram
from bot.verification.diagram.highlight import along, at_finding, is_marked, since
from bot.verification.diff_text import report
from tests.support.command_line import afterword, err, out
from tests.support.planting import ROOT, copied
from tests.support.small import small

FLOW = "after_interview"
FLOW_FILE = "flows/after_interview.yaml"
TALK = ROOT / "tests/dialogues/she_waits_and_comes_back_on_wednesday.yaml"


@pytest.fixture(scope="module")
def drawn(library: Library) -> FlowChart:
    return diagram(library, FLOW, "en")


def box(picture: FlowChart, id_: str) -> Box:
    return next(node for node in picture.nodes if node.id == id_)


def marked(picture: FlowChart, mark: str) -> list[str]:
    return [node.id for node in picture.nodes if node.mark == mark]


def edited(folder: Path, file: str, edits: Iterable[tuple[str, str]]) -> Path:
    content = copied(folder) if not folder.exists() else folder
    text = (content / file).read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    (content / file).write_text(text, encoding="utf-8")
    return content


# -- a talk ------------------------------------------------------------------------------------------------------------


def test_a_talk_is_marked_with_its_answers_its_verdicts_and_its_texts(library: Library, drawn: FlowChart) -> None:
    flow, lines, issues = talked(library, TALK)
    assert (flow, issues) == (FLOW, [])
    picture = along(drawn, library, lines)
    assert box(picture, "relation").said == ("1. No",)
    assert box(picture, "tone").said == ("6. Warm and lively",)
    assert box(picture, "advice: wait_then_connect").said == ("9. Row R20",)
    assert box(picture, "advice: connect_now").said == ("10. Row R22",), "two days later"
    assert box(picture, "texts").said == ("17. K2",)
    assert box(picture, "wants").mark == "aside", "what was not asked stands back"
    assert box(picture, "advice: skip").mark == "aside"
    gone = [(edge.source, edge.target) for edge in picture.edges if edge.gone]
    assert ("relation", "experience") in gone
    assert ("experience", "wants") not in gone


def test_where_a_talk_stands_and_what_was_taken_back(library: Library, drawn: FlowChart) -> None:
    lines = [("bot", "notice hello"), ("bot", "question relation"), ("person", "No"), ("bot", "question experience"),
             ("person", ":why"), ("bot", "notice why"), ("bot", "question experience"), ("person", "Well"),
             ("bot", "question outcome"), ("person", ":back"), ("bot", "question experience")]  # fmt: skip
    picture = along(drawn, library, lines)
    assert marked(picture, "here") == ["experience"]
    assert box(picture, "experience").said == ("The talk stands here",)
    assert marked(picture, "way") == ["relation"]


@pytest.mark.parametrize("form", ["svg", "png"])
def test_a_marked_picture_is_drawn_and_says_so_without_colour(library: Library, drawn: FlowChart, form: str) -> None:
    picture = along(drawn, library, talked(library, TALK)[1])
    assert len(render(to_dot(picture), "svg" if form == "svg" else "png")) > 10_000
    if form == "svg":
        assert "9. Row R20" in render(to_dot(picture), "svg").decode()
    mermaid = to_mermaid(picture)
    assert "class n" in mermaid
    assert "wayMark" in mermaid
    assert " ==> " in mermaid


# -- a finding ---------------------------------------------------------------------------------------------------------


def test_a_finding_stands_where_it_is_with_the_talk_that_shows_it(tmp_path: Path) -> None:
    rules = small(tmp_path) / "flows/rules/small.yaml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("- {elapsed: ready}", "- {tone: formal}", 1), "utf-8")
    context, (issue,) = check(tmp_path)
    assert context is not None
    picture = at_finding(diagram(context.library, "small", "en"), context.library, context.places, issue)
    assert marked(picture, "finding") == ["advice"]
    assert "Finding: law 'not_in_haste' does not hold" in box(picture, "advice").said[-1]
    assert marked(picture, "way") == ["relation", "tone", "interviewed_on", "advice: connect_now"]


@pytest.mark.slow
def test_a_finding_of_the_shipped_content_stands_in_each_conversation_it_is_about(tmp_path: Path) -> None:
    rules = (ROOT / "flows/rules/etiquette.yaml").read_text(encoding="utf-8")
    row = rules[rules.index("- id: R20") : rules.index("- id: R21")]
    edit = (row, row.replace("    remind: [M2]\n", ""))
    context, issues = check(edited(tmp_path / "content", "flows/rules/etiquette.yaml", [edit]))
    assert context is not None
    (issue,) = (one for one in issues if one.code != "example-fails")  # the examples say what the row has to ask for
    picture = at_finding(diagram(context.library, FLOW, "en"), context.library, context.places, issue)
    assert marked(picture, "finding") == ["advice: wait_then_connect"]
    assert "Finding: row 'R20' tells people to wait" in box(picture, "advice: wait_then_connect").said[-1]
    assert "relation" in marked(picture, "way")
    follow_up = at_finding(diagram(context.library, "follow_up", "en"), context.library, context.places, issue)
    assert is_marked(follow_up), "the same row decides there"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "edit", "place"),
    [
        ("messages/en/questions.yaml", ('    text: "How did the conversation feel?"\n', ""), "tone"),
        (FLOW_FILE, ("  - {id: tone, ask: tone}", "  - {id: tone, ask: tone, when: {tone: rapport}}"), "tone"),
    ],
)  # fmt: skip
def test_whatever_part_of_the_content_it_is_about_the_box_is_found(
    tmp_path: Path, file: str, edit: tuple[str, str], place: str
) -> None:
    context, issues = check(edited(tmp_path / "content", file, [edit]))
    assert context is not None
    drawn = diagram(context.library, FLOW, "en")
    found = [set(marked(at_finding(drawn, context.library, context.places, issue), "finding")) for issue in issues]
    assert {place} in found, issues


# -- an edit -----------------------------------------------------------------------------------------------------------


def test_an_edit_is_marked_with_what_is_new_gone_and_changed_and_for_how_many(library: Library, tmp_path: Path) -> None:
    content = edited(tmp_path / "new", "flows/facts.yaml", [("waiting: 0, ready: 3", "waiting: 0, ready: 4")])
    edited(content, FLOW_FILE, [("  - {id: invited, ask: invited}\n", "")])
    edited(content, "messages/en/questions.yaml", [("How did the conversation feel?", "What was its tone?")])
    new = open_library(content)
    picture = since(diagram(new, FLOW, "en"), new, library, "en")
    assert box(picture, "invited").said[0] == "Gone"
    assert [n.id for n in picture.nodes][5:8] == ["role", "invited", "tone"], "where it stood"
    assert box(picture, "tone").said == ("Changed", "was: How did the conversation feel?")
    assert box(picture, "more_rounds").mark == "aside", "only its number is another"
    gains = box(picture, "advice: wait_then_connect").said
    assert gains[0].startswith("+5,760 situations, from: connect with a neutral note")
    lost = [int(s.split()[0][1:].replace(",", "")) for n in picture.nodes for s in n.said if s.startswith("−")]
    told = sum(told.situations for told in report(library, new).told if told.head.startswith("from "))
    assert sum(lost) == told, "as many as `afterword diff` counts"
    render(to_dot(picture), "svg")
    back = since(diagram(library, FLOW, "en"), library, new, "en")
    assert box(back, "invited").mark == "new"


def test_the_same_content_has_nothing_marked(library: Library, drawn: FlowChart) -> None:
    assert not is_marked(since(drawn, library, library, "en"))


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_command_marks_and_cuts_and_says_what_it_cannot(tmp_path: Path) -> None:
    made = afterword("draw", FLOW, "--script", str(TALK), "--parts", "-o", str(tmp_path / "talk.svg"))
    assert made.returncode == 0, err(made)
    assert sorted(file.name for file in tmp_path.glob("*.svg")) == [f"talk-{n}.svg" for n in (1, 2, 3, 4)]
    both = afterword("draw", FLOW, "--script", str(TALK), "--diff", "HEAD")
    assert (both.returncode, out(both)) == (1, "")
    assert "One picture shows one thing" in err(both)
    none = afterword("draw", FLOW, "--finding", "1")
    assert none.returncode == 1
    assert "There is no finding 1: `afterword check` names 0." in err(none)
