"""The diagram of a flow: everything of the model is in it, and no text can break it."""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pygraphviz
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cli.rendering import NoGraphviz, render
from bot.core.advice.catalog import Catalog, Message
from bot.core.advice.conditions import ALWAYS, condition
from bot.core.advice.facts import Derivation, Fact, Facts, Shortcut
from bot.core.advice.notes import NoteBook, NoteKind, Replacement
from bot.core.advice.rules import Conditional, Rule, Ruleset, Verdict
from bot.core.dialogue.flow import END, Branch, Flow, Hint, Step
from bot.core.library import Library
from bot.verification.diagram.formats import Box, Edge, FlowChart, parts, to_dot, to_mermaid, wrapped
from bot.verification.diagram.graph import diagram
from tests.support.examples import examples

SVG = "{http://www.w3.org/2000/svg}"

GONE = Derivation("day", "business_days", (("early", 0), ("ripe", 3), ("late", 11)))
FACTS = (
    Fact("mood", "choice", "case", ("good", "fair", "bad"), "fair", offer_not_sure=True),
    Fact("keep", "flag", "case", ("yes", "no"), "no"),
    Fact("day", "date", "case", shortcuts=(Shortcut("today", (0,)),)),
    Fact("gone", "choice", "case", ("early", "ripe", "late"), "early", derivation=GONE),
    Fact("first", "text", "case", max_length=40),
    Fact("left", "number", "user", ("0", "1", "2"), "2"),
    Fact("promised", "date", "case", optional=True),
)  # fmt: skip
STEPS = (
    Step("mood", "ask", "mood"),
    Step("keep", "ask", "keep", condition([{"mood": ["bad"]}])),
    Step("when", "ask", "day", next=(
        Branch("first", condition([{"gone": ["late"], "mood": ["good", "fair"]}, {"keep": ["yes"]}])),
        Branch("advice"),
    )),
    Step("advice", "judge"),
    Step("first", "ask", "first", hints=(Hint("odd", condition([{"mood": ["fair"]}])),)),
    Step("texts", "compose"),
)  # fmt: skip
RULES = Ruleset(
    "manners",
    {"go": Verdict("go", open=True), "stay": Verdict("stay"), "lost": Verdict("lost")},
    (
        Rule("R1", condition([{"mood": ["bad"]}]), "stay", override=(Conditional("K1"),)),
        Rule("R2", condition([{"gone": ["late"]}]), "go", notes=(Conditional("K1"),), mails=(Conditional("E1"),)),
        Rule("R3", ALWAYS, "go"),
    ),
)
MESSAGES: dict[str, Message] = {
    "question.mood.text": "How did it go?",
    "question.mood.options.good": "Well",
    "question.mood.options.fair": "So-so",
    "question.mood.options.bad": "Badly",
    "question.keep.text": "Would you still like to keep this contact, all in all?",
    "question.keep.short": "Keep it",
    "question.keep.options.yes": "Yes",
    "question.keep.options.no": "No",
    "question.day.text": "When was it?",
    "question.day.options.today": "Today",
    "question.day.options.other_day": "Another day",
    "question.first.text": "What is their first name?",
    "question.promised.options.none": "They didn't say",
    "option.not_sure": "Not sure",
    "verdict.go.name": "connect now",
    "verdict.stay.name": "leave it",
}


def library_with(messages: Mapping[str, Message], steps: tuple[Step, ...] = STEPS) -> Library:
    kinds = {id_: NoteKind(id_, "note", (), ("first",)) for id_ in ("K1", "K2", "E1")}
    return Library(
        facts=Facts({fact.name: fact for fact in FACTS}),
        flows={"talk": Flow("talk", "manners", steps, offers=("left", "promised"))},
        rulesets={"manners": RULES},
        reminders={},
        notebook=NoteBook(kinds, (Replacement(ALWAYS, frozenset({"K1"}), "K2"),)),
        limits={},
        claims={},
        catalogs={"en": Catalog("en", messages)},
    )


def drawn(messages: Mapping[str, Message] = MESSAGES, steps: tuple[Step, ...] = STEPS) -> FlowChart:
    return diagram(library_with(messages, steps), "talk", "en")


def box(picture: FlowChart, id_: str) -> Box:
    return next(node for node in picture.nodes if node.id == id_)


# -- the model ---------------------------------------------------------------------------------------------------------


def test_every_step_and_verdict_of_the_model_is_a_box() -> None:
    kinds = {node.id: node.kind for node in drawn().nodes}
    assert kinds == {
        "start:": "start",
        "mood": "question",
        "keep": "question",
        "when": "question",
        "advice": "judge",
        "advice: go": "verdict",
        "advice: stay": "verdict",
        "advice: lost": "verdict",
        "first": "question",
        "texts": "compose",
        END: "end",
        "on request: left": "question",
        "on request: promised": "question",
    }


@pytest.mark.parametrize(
    ("step", "answers"),
    [
        ("mood", ("Well", "So-so", "Badly", "Not sure (counts as: So-so)")),
        ("keep", ("Yes", "No")),
        ("when", ("Today", "Another day", "or a typed day")),
        ("first", ("free text up to 40 characters",)),
        ("on request: left", ("a number: 0, 1, 2",)),
        ("on request: promised", ("They didn't say", "or a typed day")),
    ],
)
def test_a_question_shows_every_answer_in_the_order_of_the_buttons(step: str, answers: tuple[str, ...]) -> None:
    assert box(drawn(), step).answers == answers


def test_a_condition_is_said_in_the_words_of_question_and_answer() -> None:
    assert box(drawn(), "keep").conditions == ("only if: How did it go? (1) = Badly",)
    assert box(drawn(), "first").lines == ("with a hint if: How did it go? (1) = So-so",)


def test_ways_out_are_labelled_and_time_is_counted_in_days() -> None:
    assert [edge for edge in drawn().edges if edge.source == "when"] == [
        Edge(
            "when",
            "first",
            "if: When was it? (3) = 11 or more business days ago and How did it go? (1) = anything but Badly;"
            " or Keep it (2) = Yes",
        ),
        Edge("when", "advice", "otherwise"),
    ]


def test_a_way_that_goes_up_again_says_so() -> None:
    steps = (STEPS[0], replace(STEPS[2], next=(Branch("mood", condition([{"gone": ["ripe"]}])), Branch(END))))
    up = next(edge for edge in drawn(steps=steps).edges if edge.back)
    assert up == Edge("when", "mood", "if: When was it? (2) = 3–10 business days ago, back", back=True)


def test_a_verdict_names_its_rules_and_the_kinds_of_note_it_offers() -> None:
    picture = drawn()
    assert box(picture, "advice: go").title == "Connect now"
    assert box(picture, "advice: go").lines == ("rules: R2, R3", "notes: K1, K2", "e-mails: E1")
    assert box(picture, "advice: stay").lines == ("rules: R1", "only if they go ahead anyway: K1, K2")
    assert box(picture, "advice: lost").lines == ("no rule leads here",)


def test_the_judgement_fans_out_to_each_verdict_and_each_goes_on() -> None:
    edges = {(edge.source, edge.target) for edge in drawn().edges}
    verdicts = {"advice: go", "advice: stay", "advice: lost"}
    assert {target for source, target in edges if source == "advice"} == verdicts
    assert {source for source, target in edges if target == "first"} == {*verdicts, "when"}


def test_missing_messages_are_replaced_by_ids() -> None:
    picture = drawn({})
    assert box(picture, "mood").title == "mood"
    assert box(picture, "mood").answers == ("good", "fair", "bad", "not_sure (counts as: fair)")
    assert box(picture, "advice: go").title == "Go"


def test_the_pictures_own_words_can_be_translated() -> None:
    picture = drawn({**MESSAGES, "drawing.end": "Ende", "drawing.question": "Frage {number}"})
    assert box(picture, END).title == "Ende"
    assert box(picture, "mood").head == "Frage 1 · mood"


# -- any text ----------------------------------------------------------------------------------------------------------

HOSTILE = (
    '"',
    "\\",
    "\\N \\G \\",
    'a"] --> b',
    "<script>alert(1)</script>",
    "]]>",
    "<B>",
    "&foo; &amp;lt; #35; #quot;",
    "|x|",
    "1. one",
    "- list",
    "https://x.example [a](b) *c* _d_ `e` $$f$$",
    "%% comment",
    "%%{init: {}}%%",
    "which direction TB or LR",
    "style x:#fff;",
    "end",
    "ﬂ°°34¶ß",
    "職場の面接は如何でしたか" * 5,
    "👩🏽‍💻 gut?",
    "line\nbreak\r\t\x00\x1b",
    "",
    " \u200d ",
    "\ufffe\uffff\ud800",
    "مرحبا \u202e x",
)
texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.lists(st.sampled_from(HOSTILE), max_size=4).map(" ".join),
    st.text(max_size=60),
    st.text(alphabet="<>&\"'\\|[](){}#;:-*_`~.=!@%$^/ \nnNGLdt1aß字😀", max_size=60),
)


def hostile(text: str) -> FlowChart:
    """Put `text` wherever a text can stand."""
    steps = (
        *STEPS[:2],
        replace(STEPS[2], next=(Branch("mood", condition([{"keep": ["no"]}])), *STEPS[2].next)),
        *STEPS[3:],
    )
    return replace(drawn(dict.fromkeys(MESSAGES, text), steps), name=text)  # fmt: skip


def squeezed(text: str) -> str:
    return "".join(text.split())


@given(texts)
@settings(max_examples=examples(60), deadline=None)
def test_any_text_gives_a_picture_that_shows_it_and_nothing_else(text: str) -> None:
    """Graphviz parses and draws it; the SVG is well-formed, has no script, and reads exactly as the text does."""
    picture = hostile(text)
    assert set(pygraphviz.AGraph(string=to_dot(picture)).nodes()) >= {"mood", "keep", "when", "advice", "first", "end"}
    root = ElementTree.fromstring(render(to_dot(picture), "svg"))  # noqa: S314 - our own picture, parsed as a test
    assert not [element for element in root.iter() if "script" in element.tag or "href" in str(element.attrib)]
    box_of = {
        str(group.findtext(f"{SVG}title")): group for group in root.iter(f"{SVG}g") if group.get("class") == "node"
    }
    shown = squeezed("".join(t.text or "" for t in box_of["mood"].iter(f"{SVG}text")))
    assert squeezed("".join(wrapped(text, 36))) in shown
    assert squeezed("•" + "".join(wrapped(text, 40))) in shown


LABEL = r'"((?:[^"\[\](){}<>|;:#&`*_\\$%@~=.\n-]|<br/>|#(?:quot|lt|gt|amp|\d+);)*)"'
BRACKETS = (r"\(\[", r"\]\)"), (r"\(", r"\)"), (r"\{\{", r"\}\}"), (r"\[\[", r"\]\]"), (r"\[", r"\]")
MERMAID_LINE = re.compile(
    r"  (?:  )?(?:"
    + "|".join([
        *(rf"n\d+{opening}{LABEL}{closing}" for opening, closing in BRACKETS),
        rf"[ng]\d+ (?:-->|-\.->|==>|~~~)(?:\|{LABEL}\|)? [ng]\d+",
        r'subgraph g\d+\[" "\]',
        r"end",
        r"classDef \w+ [\w:,#-]+",
        r"class n\d+ \w+",
        r"style n\d+ stroke-dasharray:5 5",
    ])
    + ")"
)  # fmt: skip


def read_back(label: str) -> str:
    """Read a label as Mermaid does: its codes become characters, its breaks lines."""
    return html.unescape(re.sub(r"#(\d+);", r"&#\1;", re.sub(r"#([a-z]+);", r"&\1;", label.replace("<br/>", ""))))


@given(texts)
@settings(max_examples=examples(150), deadline=None)
def test_any_text_gives_mermaid_whose_labels_are_quoted_and_escaped(text: str) -> None:
    """Nothing of Mermaid's grammar, Markdown or entities is left raw in a label, and each reads back as it was."""
    head, _, body = to_mermaid(hostile(text)).partition("flowchart TB\n")
    assert head.startswith("---\nconfig:\n")
    lines = body.splitlines()
    matches = [MERMAID_LINE.fullmatch(line) for line in lines]
    assert [line for line, match in zip(lines, matches, strict=True) if not match] == []
    assert not re.search(r"direction\s+(TB|BT|LR|RL)", body)
    labels = [squeezed(read_back(group)) for match in matches if match for group in match.groups() if group]
    assert any(squeezed("".join(wrapped(text, 36))) in label for label in labels)


def test_every_answer_verdict_and_way_is_written_in_both_forms() -> None:
    picture = drawn()
    written = re.sub(r"<[^>]+>", " ", to_dot(picture)), read_back(to_mermaid(picture).replace("<br/>", " "))
    for form in written:
        for node in picture.nodes:
            for text in (node.title, *node.conditions, *node.answers, *node.lines):
                assert squeezed(text) in squeezed(html.unescape(form))
        for edge in picture.edges:
            assert squeezed(edge.label) in squeezed(html.unescape(form))


@given(texts, st.integers(min_value=2, max_value=60))
def test_wrapping_loses_nothing_and_breaks_long_words(text: str, columns: int) -> None:
    lines = wrapped(text, columns)
    assert all(lines)
    assert squeezed("".join(lines)) == squeezed("".join(wrapped(text, 10**6)))
    assert max(len(line) for line in wrapped("字" * 100, 34)) == 17


# -- the picture -------------------------------------------------------------------------------------------------------


def test_a_png_is_a_png() -> None:
    picture = render(to_dot(drawn()), "png")
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(picture) > 1024


COLUMNS = (["start:", "mood", "keep", "when"], ["advice", "advice:"], ["first", "texts", END],
           ["on request: left", "on request: promised"])  # fmt: skip


def test_each_part_is_a_column_in_reading_order_even_with_jumps() -> None:
    """The boxes of a part share their middle, each below the one before; the parts stand side by side."""
    graph = pygraphviz.AGraph(string=to_dot(hostile("Text")))
    graph.layout(prog="dot")
    tops, middles = [], []
    for number, order in enumerate(COLUMNS, 1):
        places = [tuple(map(float, graph.get_node(id_).attr["pos"].split(","))) for id_ in (f"part {number}:", *order)]
        assert all(above[1] > below[1] for above, below in pairwise(places))
        assert max(x for x, _ in places) - min(x for x, _ in places) < 1
        tops.append(places[0][1])
        middles.append(places[0][0])
    assert middles == sorted(middles)
    assert max(tops) - min(tops) < 1


@given(texts)
@settings(max_examples=examples(25), deadline=None)
def test_the_parts_together_show_what_the_whole_shows(text: str) -> None:
    picture = hostile(text)
    pieces = parts(picture)
    assert [piece.part for piece in pieces] == [(n, 4) for n in (1, 2, 3, 4)]
    assert [node.id for piece in pieces for node in piece.nodes] == [node.id for node in picture.nodes]
    whole = to_dot(picture)
    for piece in pieces:
        for line in to_dot(piece).splitlines():
            if " [shape=" in line and not line.startswith('  "part '):
                assert line in whole, "each box says the same"
        ElementTree.fromstring(render(to_dot(piece), "svg"))  # noqa: S314 - our own picture


def test_a_part_is_as_wide_as_a_phone_and_short_enough_to_send(library: Library) -> None:
    for piece in parts(diagram(library, "after_interview", "en")):
        svg = ElementTree.fromstring(render(to_dot(piece), "svg"))  # noqa: S314 - our own picture
        width, height = (float(svg.attrib[name].removesuffix("pt")) for name in ("width", "height"))
        assert width <= 375 * 0.8, "CSS pixels are three quarters of a point wide"
        assert height < 6 * width


def test_without_pygraphviz_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    with pytest.raises(NoGraphviz, match=r"afterword\[diagrams\]"):
        render("digraph {}", "svg")
