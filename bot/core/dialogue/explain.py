"""Why an advice is what it is: the row that decided, the rows that did not, the claims, and what would change it.

Every flip is real, judged again with it, and minimal: no part of it alone would do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from bot.core.advice.calendar import DEFAULT_WEEK
from bot.core.advice.conditions import Condition
from bot.core.advice.decision_diagram import Node
from bot.core.advice.facts import Facts, Known
from bot.core.advice.policy import OVERRIDDEN, CompiledPolicy, Outcome, settled
from bot.core.advice.rules import Rule, Ruleset, Sure
from bot.core.dialogue.progress import classes_of
from bot.core.library import Library

MOST_FLIPS = 24  # to one verdict; more ways than this tell nobody anything


@dataclass(frozen=True)
class Miss:
    """An answer on which a row above did not fit: the fact, what it is, and what the row wants."""

    fact: str
    value: str
    wants: tuple[str, ...]


@dataclass(frozen=True)
class Passed:
    """A row above that did not fit, by the alternative that came nearest."""

    rule: str
    misses: tuple[Miss, ...]


@dataclass(frozen=True)
class Source:
    """A claim the advice rests on: the section of the article it stands in, and what it is there for."""

    claim: str
    section: str
    kind: str


@dataclass(frozen=True)
class VerdictChange:
    """The fewest answers that lead to another verdict."""

    answers: tuple[tuple[str, str], ...]
    verdict: str
    rule: str


@dataclass(frozen=True)
class Explanation:
    """Everything that led to an outcome; `sure`: on whose word the row stands; `beyond`: the gates beyond."""

    outcome: Outcome
    fits: tuple[tuple[str, str], ...]
    passed: tuple[Passed, ...]
    sources: tuple[Source, ...]
    sure: Sure
    beyond: tuple[str, ...]
    changes: tuple[VerdictChange, ...]


def explain(library: Library, rules: str, known: Known, *, most: int | None = None) -> Explanation:
    """Explain what follows from `known`, which has to settle every finite fact that decides.

    Changes of more than `most` answers are left out; without it, every verdict that can be reached has its nearest.
    """
    outcomes = library.outcomes[rules]
    outcome = outcomes.outcome(known)
    ruleset = outcomes.ruleset
    rule = ruleset.rule[outcome.rule]
    above = ruleset.rules[: ruleset.rules.index(rule)]
    sources = (library.claims[claim] for claim in claims_of(outcome, ruleset))
    return Explanation(
        outcome,
        tuple((fact, known[fact]) for fact in _fitting(rule, known)),
        tuple(Passed(row.id, _nearest(row.when, known)) for row in above),
        tuple(Source(claim.id, claim.section, claim.kind) for claim in sources),
        rule.sure,
        beyond_of(outcome, ruleset),
        tuple(_changes(library.facts, outcomes, known, outcome.verdict, most)),
    )


def claims_of(outcome: Outcome, ruleset: Ruleset) -> tuple[str, ...]:
    """Return the claims that an outcome rests on, its reasons first."""
    rule = ruleset.rule[outcome.rule]
    remarks = [ruleset.remark[remark].claim for remark in outcome.remarks]
    gates = [claim for gate in outcome.gates for claim in ruleset.gate[gate].cites]
    return tuple(dict.fromkeys((*rule.reasons, *rule.cites, *remarks, *gates)))


def beyond_of(outcome: Outcome, ruleset: Ruleset) -> tuple[str, ...]:
    """Return the gates that ride on an outcome and go beyond the article."""
    return tuple(gate for gate in outcome.gates if ruleset.gate[gate].beyond)


def _fitting(rule: Rule, known: Known) -> Iterator[str]:
    for clause in rule.when.clauses:
        if all(known[fact] in allowed for fact, allowed in clause):
            yield from (fact for fact, _ in clause)
            return


def _nearest(when: Condition, known: Known) -> tuple[Miss, ...]:
    """Return on which answers the alternative that came nearest did not fit."""
    missed = [
        tuple(Miss(fact, known[fact], tuple(sorted(allowed))) for fact, allowed in clause if known[fact] not in allowed)
        for clause in when.clauses
    ]
    return min(missed, key=len, default=())


def _changes(
    facts: Facts, outcomes: CompiledPolicy, known: Known, verdict: str, most: int | None
) -> Iterator[VerdictChange]:
    """Return for every other verdict all sets of changed answers of the smallest size that lead to it."""
    bands = _Bands(facts)
    found: dict[str, list[dict[str, str]]] = {}
    for name, (_, ways) in _ways(outcomes.root, known, most, {}).items():
        possible = [way for way in ways if name != verdict and bands.agree(outcomes, known, way, name)]
        if possible:
            found[name] = possible[:MOST_FLIPS]
    for name, ways_there in sorted(found.items(), key=lambda item: len(item[1][0])):
        for way in ways_there:
            yield VerdictChange(tuple(way.items()), name, outcomes.outcome({**known, **way}).rule)


_Ways = dict[str, tuple[int, list[dict[str, str]]]]


def _ways(node: Node, known: Known, most: int | None, memo: dict[tuple[Node, int | None], _Ways]) -> _Ways:
    """Return for every verdict below `node` the fewest answers, at most so many, that have to change: all such sets."""
    if node.fact is None:
        return {settled(node.outcome).verdict: (0, [{}])}
    state = (node, most)
    if state not in memo:
        best: _Ways = {}
        for value, child in node.below.items():
            other = value != known[node.fact]
            if other and (node.fact == OVERRIDDEN or most == 0):
                continue
            change = {node.fact: value} if other else {}
            for name, (size, ways) in _ways(child, known, None if most is None else most - other, memo).items():
                least = best.get(name, (size + other, []))
                if size + other < least[0]:
                    least = (size + other, [])
                if size + other == least[0]:
                    more = [{**change, **way} for way in ways]
                    best[name] = (least[0], least[1] + [way for way in more if way not in least[1]])
        memo[state] = best
    return memo[state]


class _Bands:
    """What can be true at once of the facts that follow from one day."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._known: dict[str, Sequence[Mapping[str, str]]] = {}

    def of(self, source: str) -> Sequence[Mapping[str, str]]:
        """Return every set of bands that some day gives."""
        if source not in self._known:
            self._known[source] = [dict(c) for c in classes_of(self._facts[source], self._facts, DEFAULT_WEEK)]
        return self._known[source]

    def agree(self, outcomes: CompiledPolicy, known: Known, way: Mapping[str, str], verdict: str) -> bool:
        """Tell whether some days make the changed answers true; what else follows from these days may move, too."""
        moved = {d.source for d in (self._facts[fact].derivation for fact in way) if d}
        for bands in product(*(self.of(source) for source in sorted(moved))):
            told = {fact: value for band in bands for fact, value in band.items()}
            true = all(told.get(fact, value) == value for fact, value in way.items())
            if true and outcomes.outcome({**known, **way, **told}).verdict == verdict:
                return True
        return False
