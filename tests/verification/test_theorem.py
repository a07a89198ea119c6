"""The theorem against a checker that tries everything, on hundreds of random conversations with their rules."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.app.content import check
from bot.core.advice.catalog import Catalog
from bot.core.advice.conditions import ALWAYS, Condition, condition
from bot.core.advice.facts import Derivation, Fact, Facts
from bot.core.advice.notes import NoteBook
from bot.core.advice.rules import Conditional, Gate, Law, Moment, ReminderKind, Rule, Ruleset, Verdict
from bot.core.dialogue.flow import Assumed, Branch, Flow, Step
from bot.core.issues import SourceLocation, SourceLocations
from bot.core.library import Library
from bot.verification.checks import PROPERTIES
from bot.verification.context import CheckContext
from tests.support.brute_force import Brute, Row, Spec, When, conversations
from tests.support.tenfold import TIMES, tenfold

T = TypeVar("T")
RARE = {"untalked-rule", "untalked-gate", "untalked-reminder"}
COMPARED = {
    "rules-gap", "idle-rule", "idle-verdict", "idle-gate", "law-broken", "fact-unasked", "flow-unasked", "step-unasked",
    "guard-unasked", "unused-question", "idle-question", "idle-assume", "same-options", "unreachable-step",
    *RARE,
}  # fmt: skip


class Wordy(dict):  # type: ignore[type-arg]
    """Messages in which every key has a text: itself."""

    def get(self, key: str, default: object = None) -> object:  # noqa: ARG002 - as dict has it
        return "en" if key == "language.locale" else key

    def __contains__(self, key: object) -> bool:
        return True


def cond(when: When) -> Condition:
    return condition(when) if when else ALWAYS


def library_of(spec: Spec) -> Library:
    facts = {
        name: Fact(name, "choice", "case", tuple(values), cautious=spec.cautious[name],
                   can_change=frozenset(spec.can_change.get(name, ())),
                   derivation=Derivation("met", "days", tuple(spec.starts[name])) if name in spec.starts else None)
        for name, values in spec.facts.items()
    }  # fmt: skip
    facts["met"] = Fact("met", "date", "case")
    flows = {id_: flow_of(id_, steps, offers, assumes) for id_, steps, offers, assumes in conversations(spec)}
    ruleset = Ruleset(
        "rules",
        {verdict: Verdict(verdict, open=True) for verdict in spec.verdicts},
        tuple(
            Rule(id_, cond(when), verdict, remind=(Conditional(remind),) if remind else ())
            for id_, when, verdict, remind in spec.rules
        ),
        tuple(Gate(id_, cond(when), frozenset(verdicts)) for id_, when, verdicts in spec.gates),
        laws=tuple(Law(id_, cond(always), cond(implies)) for id_, always, implies in spec.laws),
    )
    reminders = {"M1": ReminderKind("M1", Moment("today"))}
    catalogs = {"en": Catalog("en", Wordy())}
    return Library(Facts(facts), flows, {"rules": ruleset}, reminders, NoteBook({}), {}, {}, catalogs)


def flow_of(id_: str, steps: list[Row], offers: list[str], assumes: list[tuple[str, When]]) -> Flow:
    made = (
        Step(id_, kind, fact, cond(when), tuple(Branch(target, cond(w)) for target, w in ways))  # type: ignore[arg-type]
        for id_, kind, fact, when, ways in steps
    )
    return Flow(id_, "rules", tuple(made), tuple(offers), tuple(Assumed(name, cond(when)) for name, when in assumes))


def places_of(library: Library) -> SourceLocations:
    """Give every part a file of its own name, so that a finding says what it is about."""
    (ruleset,) = library.rulesets.values()
    found = {("rules", "rules"): SourceLocation("rules")}
    for part in ("rule", "verdict", "gate"):
        ids = {"rule": ruleset.rule, "verdict": ruleset.verdicts, "gate": ruleset.gate}[part]
        found |= {("rules", "rules", part, id_): SourceLocation(id_) for id_ in ids}
    found |= {("rules", "rules", "law", law.id): SourceLocation(law.id) for law in ruleset.laws}
    for flow in library.flows.values():
        found[("flow", flow.id)] = SourceLocation(flow.id)
        found |= {("flow", flow.id, "step", step.id): SourceLocation(step.id) for step in flow.steps}
        found |= {("flow", flow.id, "offer", name): SourceLocation(name) for name in flow.offers}
        found |= {("flow", flow.id, "assume", entry.fact): SourceLocation(entry.fact) for entry in flow.assumes}
    found |= {("fact", name): SourceLocation(name) for name in library.facts.by_name} | {
        ("reminder", "M1"): SourceLocation("M1")
    }
    return SourceLocations(found)


def said(spec: Spec) -> set[tuple[str, str]]:
    """Return what the theorem finds, in the words of the brute checker."""
    library = library_of(spec)
    found = set()
    fact_of = {step.id: step.fact for flow in library.flows.values() for step in flow.steps}
    for issue in (i for prove in PROPERTIES for i in prove(CheckContext(library, places_of(library)))):
        quoted = issue.what.split("'")[1::2]
        about = {
            "fact-unasked": quoted[:1],
            "same-options": [quoted[2], *quoted[:2]] if len(quoted) > 2 else [],
            "guard-unasked": quoted[:2],
            "flow-unasked": quoted[:2],
            "step-unasked": quoted[:2],
            "idle-assume": quoted[:2],
            "unused-question": [fact_of.get(issue.place.file, issue.place.file)],
        }.get(issue.code, [issue.place.file])
        if issue.code in COMPARED:
            found.add((issue.code, " ".join(about)))
    return found


def sound(names: list[str], facts: dict[str, list[str]], marks: list[str]) -> Spec:
    """Return what nothing is wrong with: each fact has a row of its own."""
    rules = [
        (f"R{n}", [{name: [facts[name][0]]}], mark, "") for n, (name, mark) in enumerate(zip(names, marks, strict=True))
    ]
    ids = [*(f"ask_{name}" for name in names), "advice", "end"]
    steps = [(f"ask_{name}", "ask", name, [], [(ids[n + 1], [])]) for n, name in enumerate(names)]
    steps.append(("advice", "judge", "", [], [("end", [])]))
    last: list[tuple[str, When, str, str]] = [("R9", [], "last", "M1")]
    return Spec(
        facts, {f: v[0] for f, v in facts.items()}, {}, {}, steps, [], [*rules, *last], verdicts=[*marks, "last"]
    )


def some(draw: st.DrawFn, of: list[T], likely: int) -> list[T]:
    """Return those of them that are drawn, each with so many chances to one; none where that is 0."""
    return [each for each in of if draw(st.integers(0, likely))]


def advised_in_the_middle(steps: list[Row], place: int) -> list[Row]:
    """Return the steps with one more judgement above the one at `place`, which ways to that one lead to now."""
    next_ = steps[place][0]
    above = [
        (*row[:4], [("first_advice" if target == next_ else target, when) for target, when in row[4]])
        for row in steps[:place]
    ]
    return [*above, ("first_advice", "judge", "", [], [(next_, [])]), *steps[place:]]


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    names = ["a", "b", "c", "d"][: draw(st.integers(2, 4))]
    facts = {name: [f"{name}{n}" for n in range(draw(st.integers(2, 3)))] for name in names}
    if not draw(st.integers(0, 3)):
        return sound(names, {name: values[:2] for name, values in facts.items()}, draw(st.permutations(names)))
    starts: dict[str, list[tuple[str, int]]] = {}
    if draw(st.booleans()):
        facts |= {"age": ["new", "old"], "fresh": ["yes", "no"]}
        old, stale = draw(st.integers(1, 9)), draw(st.integers(1, 9))
        starts = {"age": [("new", 0), ("old", old)], "fresh": [("yes", 0), ("no", stale)]}

    def a_case(among: list[str]) -> dict[str, list[str]]:
        chosen = draw(st.lists(st.sampled_from(among), unique=True, min_size=1, max_size=2))
        return {
            f: sorted(draw(st.sets(st.sampled_from(facts[f]), min_size=1, max_size=len(facts[f]) - 1))) for f in chosen
        }

    def a_when(among: list[str], likely: int = 8) -> When:
        some = draw(st.integers(0, 9)) < likely
        return [a_case(among) for _ in range(draw(st.integers(1, 2)))] if some else []

    verdicts = ["go", "wait", "stop"]
    count = draw(st.integers(1, 5))
    rules = [
        (f"R{n}", a_when(list(facts)), draw(st.sampled_from(verdicts)), draw(st.sampled_from(["", "M1"])))
        for n in range(count)
    ]
    rules += some(draw, [(f"R{count}", [], draw(st.sampled_from(verdicts)), "")], 3)
    gates = [
        (f"G{n}", a_when(list(facts)), draw(st.sampled_from([[], ["go"]]))) for n in range(draw(st.integers(0, 2)))
    ]
    laws = []
    for n in range(draw(st.integers(0, 2))):
        always = [{"verdict": [draw(st.sampled_from(verdicts))]}]
        laws.append((f"L{n}", always, [a_case(list(facts)) for _ in range(draw(st.integers(1, 2)))]))
    questions = [*names, *(["met"] if starts else [])]
    asked = some(draw, draw(st.permutations(questions)), 6)
    offers = [q for q in questions if q not in asked and q != "met" and draw(st.booleans())]
    ids = [*(f"ask_{q}" for q in asked), "advice"]
    steps = []
    for number, question in enumerate(asked):
        onwards = [*ids[number + 1 :], "end"]
        when = a_when(list(facts), 1)
        ways: list[tuple[str, When]] = [(ids[number + 1], [])]
        if not draw(st.integers(0, 5)):
            ways = [(draw(st.sampled_from(onwards)), a_when(list(facts), 10)), *ways]
        if not draw(st.integers(0, 9)):
            ways[-1] = (draw(st.sampled_from(onwards)), [])
        steps.append((ids[number], "ask", question, when, ways))
    steps.append(("advice", "judge", "", [], [("end", [])]))
    if asked and not draw(st.integers(0, 5)):
        steps = advised_in_the_middle(steps, draw(st.integers(0, len(asked) - 1)))
    assumes = [(q, a_when(list(facts), 4)) for q in questions if q not in offers and not draw(st.integers(0, 9))]
    again = some(draw, draw(st.permutations(questions)), draw(st.sampled_from([0, 0, 4])))
    can_change = {name: facts[name][1:2] for name in some(draw, names, 1)}
    cautious = {name: values[0] for name, values in facts.items()}
    return Spec(facts, cautious, can_change, starts, steps, offers, rules, gates, laws, verdicts, assumes, again)


def compare(examples: int) -> Counter[str]:
    """Compare so many; return how often each finding came up, and how often there was none."""
    found: Counter[str] = Counter()

    @settings(max_examples=examples, derandomize=True)
    @given(specs())
    def compared(spec: Spec) -> None:
        ours = said(spec)
        assert ours == Brute(spec).findings()
        found.update({code for code, _ in ours} or {"sound"})

    compared()
    return found


def test_the_theorem_says_what_trying_everything_says() -> None:
    compare(60)


@pytest.mark.slow
def test_the_theorem_says_so_of_hundreds_with_every_kind_of_finding_and_with_none() -> None:
    found = compare(1000)
    assert found.keys() >= COMPARED - RARE
    assert found["sound"] >= 50


@pytest.mark.slow
def test_ten_times_the_conversations_and_rules_are_proved_as_the_one(tmp_path: Path) -> None:
    context, issues = check(tenfold(tmp_path))
    assert context is not None
    assert issues == []
    alone, _ = check(None)
    assert alone is not None
    ways = sum(found.conversations for found in alone.explored.values())
    assert sum(found.conversations for found in context.explored.values()) == TIMES * ways
    assert len(context.parts) == TIMES
