"""The decision diagram against the plainest possible reading of the same rules."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from bot.core.advice.conditions import ALWAYS, Condition, condition
from bot.core.advice.decision_diagram import Builder, Diagram, paths, reach

DOMAINS = {"a": ("1", "2", "3"), "b": ("x", "y"), "c": ("p", "q", "r"), "d": ("0", "1")}


@st.composite
def a_condition(draw: st.DrawFn) -> Condition:
    def clause() -> tuple[tuple[str, frozenset[str]], ...]:
        facts = draw(st.lists(st.sampled_from(list(DOMAINS)), unique=True, max_size=3))
        return tuple((f, frozenset(draw(st.sets(st.sampled_from(DOMAINS[f]), min_size=1)))) for f in facts)

    return Condition(tuple(clause() for _ in range(draw(st.integers(1, 2)))))


def everybody() -> list[dict[str, str]]:
    return [dict(zip(DOMAINS, values, strict=True)) for values in itertools.product(*DOMAINS.values())]


def plain_reading(rules: list[Condition], sides: list[Condition], known: dict[str, str]) -> object:
    for number, rule in enumerate(rules):
        if rule.fits(known):
            return number, tuple(side.fits(known) for side in sides)
    return None


def build(rules: list[Condition], sides: list[Condition]):
    diagram = Diagram(DOMAINS)
    every = frozenset(range(len(sides)))
    builder = Builder(
        diagram,
        lambda rule: frozenset() if rule is None else every,
        lambda rule, hold: None if rule is None else (rule, tuple(n in hold for n in range(len(sides)))),
    )
    return diagram, builder.build(rules, sides)


@given(st.lists(a_condition(), min_size=1, max_size=5), st.lists(a_condition(), max_size=2, unique=True))
def test_the_diagram_says_what_the_rules_say(rules: list[Condition], sides: list[Condition]) -> None:
    _, root = build(rules, sides)
    for known in everybody():
        assert reach(root, known) == plain_reading(rules, sides, known)


@given(
    st.lists(a_condition(), min_size=1, max_size=4),
    st.lists(a_condition(), max_size=1),
    st.lists(st.sampled_from(everybody()), min_size=1, max_size=1),
    st.sets(st.sampled_from(list(DOMAINS))),
)
def test_a_fact_stands_below_exactly_when_it_can_still_matter(
    rules: list[Condition], sides: list[Condition], someone: list[dict[str, str]], answered: set[str]
) -> None:
    """The promise on which questions are left out: not one too many, not one too few."""
    diagram, root = build(rules, sides)
    known = {fact: someone[0][fact] for fact in answered}
    below = diagram.restrict(root, known)
    people = [p for p in everybody() if all(p[f] == v for f, v in known.items())]
    for fact in DOMAINS.keys() - answered:
        matters = any(
            plain_reading(rules, sides, p) != plain_reading(rules, sides, {**p, fact: value})
            for p in people
            for value in DOMAINS[fact]
        )
        assert (fact in below.facts) == matters


@given(st.lists(a_condition(), min_size=1, max_size=4))
def test_equal_functions_are_one_node(rules: list[Condition]) -> None:
    diagram, root = build(rules, [])
    for fact, values in DOMAINS.items():
        nodes = {value: diagram.fix(root, fact, value) for value in values}
        for one, other in itertools.combinations(values, 2):
            same = all(
                plain_reading(rules, [], {**p, fact: one}) == plain_reading(rules, [], {**p, fact: other})
                for p in everybody()
            )
            assert (nodes[one] is nodes[other]) == same


def test_paths_cover_everybody_once() -> None:
    rules = [Condition(((("a", frozenset({"1"})), ("b", frozenset({"x"}))),)), Condition(((),))]
    _, root = build(rules, [])
    found = [p for p in everybody() if sum(all(p[f] == v for f, v in path.items()) for path, _ in paths(root)) == 1]
    assert len(found) == len(everybody())


def test_a_condition_lies_within_one_that_asks_for_less() -> None:
    """Of what is asked for the same fact or another; what only several alternatives hold together is not seen."""
    warm, any_tone = condition([{"tone": ["rapport"]}]), condition([{"tone": ["rapport", "ordinary"]}])
    both = condition([{"tone": ["rapport"], "role": ["panel_member"]}])
    assert warm.within(ALWAYS)
    assert warm.within(any_tone)
    assert both.within(warm)
    assert warm.within(condition([{"role": ["panel_member"]}, {"tone": ["rapport"]}]))
    assert not ALWAYS.within(warm)
    assert not any_tone.within(warm)
    assert not warm.within(both)
    assert not any_tone.within(condition([{"tone": ["rapport"]}, {"tone": ["ordinary"]}]))
