"""The atlas as a document: whole, linked, labelled, harmless, and of one mind with the rules it shows."""

from __future__ import annotations

import json
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app.content import open_library
from bot.core.advice.policy import settled
from bot.core.library import Library
from bot.verification.atlas.page import page
from tests.support.hostile_content import HOSTILE, SHORT, spoilt
from tests.support.small import small

FLOW = "after_interview"
VOID = {"meta", "input", "br", "img"}


class Document(HTMLParser):
    """What stands in a page: every element with its attributes, texts by element, and whether all is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.open: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append((tag, dict(attrs).get("id") or ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1][0] == tag, f"</{tag}> closes {self.open[-1]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for _, id_ in self.open:
            if id_:
                self.texts[id_] = self.texts.get(id_, "") + data

    @property
    def ids(self) -> Counter[str]:
        return Counter(str(attrs["id"]) for _, attrs in self.elements if "id" in attrs)


@pytest.fixture(scope="module")
def document(library: Library) -> Document:
    return Document(page(library, FLOW, "en"))


def test_everything_stands_in_it_once(library: Library, document: Document) -> None:
    ruleset = library.rulesets["etiquette"]
    wanted = {
        *(f"row-{row.id}" for row in ruleset.rules),
        *(f"verdict-{verdict}" for verdict in ruleset.verdicts),
        *(f"gate-{gate.id}" for gate in ruleset.gates),
        *(f"remark-{remark.id}" for remark in ruleset.remarks),
        *(f"note-{kind}" for kind in library.notebook.kinds),
        *(f"reminder-{kind}" for kind in library.reminders),
        *(f"claim-{claim}" for claim in library.claims),
        *(f"faq-{name}" for name in library.faq),
        *(f"step-{flow.id}-{step.id}" for flow in library.flows.values() for step in flow.steps),
    }
    assert wanted <= document.ids.keys()
    assert {id_: count for id_, count in document.ids.items() if count > 1} == {}
    assert document.open == [], "every element is closed"


def test_every_row_has_a_conversation_that_ends_in_its_advice(library: Library, document: Document) -> None:
    for rule in library.rulesets["etiquette"].rules:
        if rule.when.reads & library.facts.from_history:
            continue  # no first talk leads there: something has to go out before
        text = document.texts[f"row-{rule.id}"]
        assert "Are you already connected" in text, rule.id
        if rule.notes:
            assert "Data Analyst" in text or "Northwind" in text or "Sam Okafor" in text, f"{rule.id} shows its note"


def test_every_link_leads_somewhere_on_the_page_and_nothing_is_fetched(document: Document) -> None:
    for tag, attrs in document.elements:
        if tag == "a":
            target = str(attrs["href"])
            assert target.startswith("#")
            assert target[1:] in document.ids, target
        assert tag not in ("link", "img", "iframe", "object", "embed")
        assert "src" not in attrs
        assert not any(name.startswith("on") for name in attrs), attrs
    policy = next(str(a["content"]) for _, a in document.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


def test_it_can_be_read_on_a_phone_and_aloud(document: Document) -> None:
    html = next(attrs for tag, attrs in document.elements if tag == "html")
    assert (html["lang"], html["dir"]) == ("en", "ltr")
    assert any(attrs.get("name") == "viewport" for _, attrs in document.elements)
    labels = {attrs.get("for") for tag, attrs in document.elements if tag == "label"}
    assert {attrs.get("id") for tag, attrs in document.elements if tag == "input"} <= labels
    levels = [int(tag[1]) for tag, _ in document.elements if tag in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    titled = [(a, b) for a, b in pairwise(levels) if b > a + 1]
    assert set(titled) <= {(2, 4)}, "cards stand right below some sections"


def test_hostile_content_stays_text(tmp_path: Path) -> None:
    document = Document(page(spoilt(open_library(small(tmp_path))), "small", "en"))
    assert document.open == []
    assert [attrs for tag, attrs in document.elements if tag == "script" and attrs.get("type") is None] == [{}]
    assert not any(tag in ("img", "i") or name.startswith("on") for tag, attrs in document.elements for name in attrs)
    assert HOSTILE in document.texts["row-R1"]
    assert SHORT in document.texts["note-K1"]


@pytest.fixture(scope="module")
def diagram(document: Document) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(document.texts["diagram"])
    return found


@given(choices=st.data())
def test_the_page_finds_what_the_rules_say(library: Library, diagram: dict[str, Any], choices: st.DataObject) -> None:
    known = {}
    node = diagram["nodes"][diagram["root"]]
    while node[0] >= 0:
        fact = diagram["facts"][node[0]]
        number = choices.draw(st.integers(0, len(fact["values"]) - 1), label=fact["id"])
        known[fact["id"]] = fact["values"][number]
        node = diagram["nodes"][node[1 + number]]
    found = diagram["outcomes"][node[1]]
    route = library.routes[FLOW]
    outcome = settled(route.outcomes.outcome({**library.facts.cautious, **route.assumed, **known}))
    assert (found["rule"], found["verdict"], found["note"]) == (outcome.rule, outcome.verdict, outcome.note or "")
    assert tuple(found["gates"]) == outcome.gates
    assert tuple(found["mails"]) == outcome.mails
