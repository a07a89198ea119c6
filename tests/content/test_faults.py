"""Faults as coaches make them: each gives one finding, at its line, in words that say what to do."""

from pathlib import Path

import pytest

from bot.app.content import check
from tests.support.planted_faults import FAULTS, RULES, TEXTS
from tests.support.planting import Fault, copied, line_of, plant
from tests.support.small import small

LAST_VOICE = '      - "Hi {first}, it was good to meet you too and hear about {topic}, thank you. Happy to connect!"\n'


SMALL = "messages/en/small.yaml"
SMALL_FLOW, SMALL_RULES = "flows/small.yaml", "flows/rules/small.yaml"
SMALL_ADVICE = '    advice: "Hold it until they write."\n'
# On the small content: all that takes the whole theorem to be found.
PROVED = [
    Fault("a step that nobody reaches", SMALL_FLOW, "  - {id: relation, ask: relation}\n",
          "  - {id: relation, ask: relation, next: [{else: interviewed_on}]}\n", "unreachable-step", "{id: tone",
          "nobody ever reaches step 'tone'"),
    Fault("a guard on what was not asked yet", SMALL_FLOW, "  - {id: relation, ask: relation}\n",
          "  - {id: relation, ask: relation, when: {tone: warm}}\n", "guard-unasked", "tone: warm}",
          "has not been asked on every way here"),
    Fault("a conversation without advice", SMALL_FLOW, "  - {id: advice, judge: small}\n", "", "no-judge",
          "flow: small", "gives no advice"),
    Fault("a conversation without its texts", SMALL_FLOW, "  - {id: texts, compose: notes}\n", "", "no-compose",
          "flow: small", "hands over no note"),
    Fault("a row that others always forestall", SMALL_RULES, "  - id: R2\n",
          "  - {id: R9, when: {relation: connected}, verdict: hold}\n  - id: R2\n", "idle-rule", "R9",
          "Row R1 above always fits first."),
    Fault("going ahead against a yes", SMALL_RULES, "    verdict: connect_now\n    note: K1\n",
          "    verdict: connect_now\n    note: K1\n    override: K1\n", "override-open", "- id: R4",
          "although its verdict lets them"),
    Fault("a gap in the rows", SMALL_RULES, "  - id: R4\n", "  - id: R4\n    when: {overridden: \"no\"}\n", "rules-gap",
          "rules: small", "no row fits somebody with"),
    Fault("a law that does not hold", SMALL_RULES, "      - {elapsed: ready}\n", "      - {tone: formal}\n",
          "law-broken", "- id: not_in_haste", "tone: warm"),
    Fault("an example that fails", SMALL_RULES, "    expect: {verdict: connect_now, rule: R4,",
          "    expect: {verdict: connect_now, rule: R3,", "example-fails", "- name: The days are over",
          "Row R4 decides."),
    Fault("a gate that nobody meets", SMALL_RULES, "    verdicts: [keep_warm]\n", "    verdicts: [wait]\n",
          "idle-gate", "- id: G1", "met by nobody"),
    Fault("a case that comes out otherwise", "flows/cases/monday.yaml", "tone: warm", "tone: formal", "case-fails",
          "case: monday", "expects wait by R3, but it is hold by R2"),
    Fault("a case that hides its advice", "flows/cases/monday.yaml", "choices: [connect_now, wait, hold]",
          "choices: [connect_now, hold]", "case-unoffered", "case: monday", "Nobody could be"),
    Fault("a blank that nothing fills", SMALL, "Wait until {date}.", "Wait until {day}.", "placeholder", "{day}",
          "{day}"),
    Fault("a message that is missing", SMALL, SMALL_ADVICE, "", "message-missing", 'name: "hold it"', "verdict.hold"),
    Fault("a message that nobody says", SMALL, "faq:\n", "heading:\n  cheer: \"Well done\"\nfaq:\n", "message-idle",
          "cheer", "heading.cheer"),
    Fault("a message without words", SMALL, 'name: "hold it"', 'name: ""', "message-empty", 'name: ""'),
    Fault("two buttons that read the same", SMALL, 'formal: "Formally"', 'formal: "Warmly"', "same-label",
          'formal: "Warmly"', "the buttons 'warm' and 'formal' of tone"),
    Fault("an advice nobody reads to its end", SMALL, SMALL_ADVICE, SMALL_ADVICE.replace("Hold", "Hold it. " * 120),
          "advice-too-long", "Hold it. Hold", "row R2 can take"),
    Fault("a note that cannot fit", SMALL, '    brief: "Hi {first}, thank', '    brief: "Hi {first}, ' + "thank " * 20
          + 'thank', "note-too-long", "thank thank", "Somebody would get no note."),
    Fault("a shorter text above a longer one", "flows/notes.yaml", "      - {text: long}\n      - {text: brief}\n",
          "      - {text: brief}\n      - {text: long}\n", "idle-text", "- {text: long}",
          "'brief' above it is never longer"),
]  # fmt: skip
SLOW = {fault.code for fault in PROVED} | {"plural", "note-style", "text-too-long", "why-too-long"}
"""What takes seconds to be found in the shipped content."""


def marked(fault: Fault) -> object:
    return pytest.param(fault, id=fault.name, marks=[pytest.mark.slow] if fault.code in SLOW else [])


def gives_one_finding(content: Path, fault: Fault) -> None:
    plant(content, [fault])
    _, issues = check(content)
    assert [(i.place.file, i.place.line, i.code) for i in issues] == [(fault.file, line_of(content, fault), fault.code)]
    assert fault.says in str(issues[0])
    assert issues[0].what.endswith(".")


@pytest.mark.parametrize("fault", [marked(fault) for fault in FAULTS])
def test_one_fault_gives_one_finding_at_its_line(tmp_path: Path, fault: Fault) -> None:
    gives_one_finding(copied(tmp_path), fault)


@pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.name) for fault in PROVED])
def test_one_fault_in_a_small_content_gives_one_finding(tmp_path: Path, fault: Fault) -> None:
    gives_one_finding(small(tmp_path), fault)


def test_more_claims_behind_an_advice_than_one_message_holds_are_found(tmp_path: Path) -> None:
    content, claim = small(tmp_path), "A contact is kept warm lightly. " * 65
    row = Fault("", SMALL_RULES, "    reasons: [C2]\n    cites: [C2]\n    why: Now", "    reasons: [C2]\n"
                "    cites: [C2, C3, C4]\n    why: Now", "why-too-long", "- id: R4")  # fmt: skip
    plant(content, [
        Fault("", "flows/claims.yaml", "", "  C3: {kind: rule, section: first}\n  C4: {kind: rule, section: first}\n",
              "", ""),
        Fault("", SMALL, "claim:\n", f'claim:\n  C3: "{claim}"\n  C4: "{claim}"\n', "", ""),
        row,
    ])  # fmt: skip
    (issue,) = check(content)[1]
    assert (issue.place.file, issue.place.line, issue.code) == (SMALL_RULES, line_of(content, row), row.code)


def test_nothing_is_found_in_the_small_content(tmp_path: Path) -> None:
    assert check(small(tmp_path))[1] == []


@pytest.mark.slow
def test_a_gate_that_nobody_meets_is_found_beside_the_examples_that_miss_it(tmp_path: Path) -> None:
    content = copied(tmp_path)
    old = "    when: {tone: reserved}\n    verdicts: [connect_now, connect_neutral]\n"
    fault = Fault(
        "a gate on nothing", RULES, old, old.replace("}", ", relation: connected}", 1), "idle-gate", "- id: G2"
    )
    plant(content, [fault])
    _, issues = check(content)
    assert {issue.code for issue in issues} == {"idle-gate", "example-fails"}
    (found,) = (issue for issue in issues if issue.code == "idle-gate")
    assert (found.place.file, found.place.line) == (RULES, line_of(content, fault))
    assert "met by nobody" in str(found)


@pytest.mark.slow
def test_a_voice_less_than_in_the_other_wordings_is_found(tmp_path: Path) -> None:
    content = copied(tmp_path)
    plant(content, [Fault("a voice less", TEXTS, LAST_VOICE, "", "voice-missing", "", "Write 1 more")])
    _, issues = check(content)
    assert [issue.code for issue in issues] == ["voice-missing"]
    assert "'note.K7.brief' has 1 wordings" in str(issues[0])


def test_there_are_enough_of_them() -> None:
    assert len(FAULTS) >= 40
    assert len({fault.code for fault in FAULTS}) >= 30
