"""Why an advice is what it is: the row that decided, the rows that did not, the claims, and what would change it.

Law of this file: every flip is real, judged again with it, and minimal: no part of it alone would do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from bot.core.catalogue import Catalogue
from bot.core.decision import Node
from bot.core.facts import Known
from bot.core.guards import Condition
from bot.core.library import Library
from bot.core.outcomes import OVERRIDDEN, Outcome, Outcomes, settled
from bot.core.rules import Rule
from bot.proof.naming import label, short_name, verdict_name
from bot.proof.space import Space

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
class Change:
    """The fewest answers that lead to another verdict."""

    answers: tuple[tuple[str, str], ...]
    verdict: str
    rule: str


@dataclass(frozen=True)
class Explanation:
    """Everything that led to an outcome; `beyond` is true where the row goes beyond the article."""

    outcome: Outcome
    fits: tuple[tuple[str, str], ...]
    passed: tuple[Passed, ...]
    sources: tuple[Source, ...]
    beyond: bool
    changes: tuple[Change, ...]


def explain(library: Library, rules: str, known: Known) -> Explanation:
    """Explain what follows from `known`, which has to settle every finite fact that decides."""
    outcomes = library.outcomes[rules]
    outcome = outcomes.outcome(known)
    ruleset = outcomes.ruleset
    rule = ruleset.rule[outcome.rule]
    above = ruleset.rules[: ruleset.rules.index(rule)]
    remarks = [ruleset.remark[remark].claim for remark in outcome.remarks]
    gates = [claim for gate in outcome.gates for claim in ruleset.gate[gate].cites]
    claims = dict.fromkeys((*rule.reasons, *rule.cites, *remarks, *gates))
    sources = (library.claims[claim] for claim in claims)
    return Explanation(
        outcome,
        tuple((fact, known[fact]) for fact in _fitting(rule, known)),
        tuple(Passed(row.id, _nearest(row.when, known)) for row in above),
        tuple(Source(claim.id, claim.section, claim.kind) for claim in sources),
        rule.beyond,
        tuple(_changes(library, outcomes, known, outcome.verdict)),
    )


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


def _changes(library: Library, outcomes: Outcomes, known: Known, verdict: str) -> Iterator[Change]:
    """Return for every other verdict all sets of changed answers of the smallest size that lead to it."""
    found: dict[str, list[dict[str, str]]] = {}
    for name, ways in _ways(outcomes.root, known, {}).items():
        possible = [way for way in ways[1] if _agrees(library, outcomes, known, way, name)]
        if name != verdict and possible:
            found[name] = possible[:MOST_FLIPS]
    for name, ways_there in sorted(found.items(), key=lambda item: len(item[1][0])):
        for way in ways_there:
            yield Change(tuple(way.items()), name, outcomes.outcome({**known, **way}).rule)


_Ways = dict[str, tuple[int, list[dict[str, str]]]]


def _ways(node: Node, known: Known, memo: dict[Node, _Ways]) -> _Ways:
    """Return for every verdict below `node` the fewest answers that have to change, and all such sets."""
    if node.fact is None:
        return {settled(node.outcome).verdict: (0, [{}])}
    if node not in memo:
        best: _Ways = {}
        for value, child in node.below.items():
            other = value != known[node.fact]
            if other and node.fact == OVERRIDDEN:
                continue
            change = {node.fact: value} if other else {}
            for name, (size, ways) in _ways(child, known, memo).items():
                least = best.get(name, (size + other, []))
                if size + other < least[0]:
                    least = (size + other, [])
                if size + other == least[0]:
                    more = [{**change, **way} for way in ways]
                    best[name] = (least[0], least[1] + [way for way in more if way not in least[1]])
        memo[node] = best
    return memo[node]


def _agrees(library: Library, outcomes: Outcomes, known: Known, way: Mapping[str, str], verdict: str) -> bool:
    """Tell whether some days make the changed answers true; what else follows from these days may move with them."""
    space = Space(outcomes.diagram.domains, library.facts)
    moved = {space.follow[fact][0] for fact in way if fact in space.follow}
    days = [
        [dict(zip(_following(space, source), values, strict=True)) for values in sorted(classes or ())]
        for source, classes in enumerate(space.start)
        if source in moved
    ]
    for bands in product(*days):
        told = {fact: value for band in bands for fact, value in band.items()}
        true = all(told.get(fact, value) == value for fact, value in way.items())
        if true and outcomes.outcome({**known, **way, **told}).verdict == verdict:
            return True
    return False


def _following(space: Space, source: int) -> list[str]:
    return [name for name, (number, _) in space.follow.items() if number == source]


# -- in words ----------------------------------------------------------------------------------------------------------


def in_words(found: Explanation, catalogue: Catalogue, given: Known) -> Iterator[str]:
    """Return the explanation line by line; what was not `given` is marked."""

    def said(fact: str, value: str) -> str:
        assumed = "" if fact in given else " (not given)"
        return f"{short_name(catalogue, fact)}: {label(catalogue, fact, value)}{assumed}"

    outcome = found.outcome
    yield f"Row {outcome.rule} decides: {verdict_name(catalogue, outcome.verdict)}."
    fits = "; ".join(said(fact, value) for fact, value in found.fits)
    yield f"It fits because of {fits}." if fits else "It fits everybody whom no row above fits."
    if found.passed:
        yield "Rows above that did not fit:"
    for passed in found.passed:
        misses = "; ".join(
            f"{said(miss.fact, miss.value)}, not {_either(catalogue, miss.fact, miss.wants)}" for miss in passed.misses
        )
        yield f"  {passed.rule}  {misses}"
    yield "It rests on:"
    for source in found.sources:
        text = catalogue.say(f"claim.{source.claim}") if catalogue.has(f"claim.{source.claim}") else ""
        yield f"  {source.claim} ({source.section}) {text}"
    yield "The row goes beyond the article: it is a judgement." if found.beyond else "The row follows the article."
    if found.changes:
        yield "What would change it, with the fewest answers for each:"
    for change in found.changes:
        answers = " and ".join(f"{short_name(catalogue, f)}: {label(catalogue, f, v)}" for f, v in change.answers)
        yield f"  {answers} → {verdict_name(catalogue, change.verdict)} ({change.rule})"


def _either(catalogue: Catalogue, fact: str, values: tuple[str, ...]) -> str:
    return " or ".join(label(catalogue, fact, value) for value in values)
