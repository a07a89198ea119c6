"""Laws held over every combination of answers, by walking law and decision diagram together.

Law of this file: a search ends with "holds" or with the answers of somebody for whom it does not; nothing is sampled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import cast

from bot.core.decision import Node, reach
from bot.core.facts import Known
from bot.core.guards import Clause, Condition
from bot.core.outcomes import Outcome, Outcomes, settled
from bot.core.rules import Law

PSEUDO = ("verdict", "rule", "note")
"""What a law may read besides facts: parts of the outcome. A situation without a note has the note "none"."""

Clauses = tuple[Clause, ...]


def counterexample(law: Law, outcomes: Outcomes) -> dict[str, str] | None:
    """Return answers for which `law` does not hold, None when it holds for all."""
    if law.implies is not None:
        search = _Implication(outcomes)
        return search.find(outcomes.root, search.sorted(law.always), search.sorted(law.implies))
    for fact, values in law.changes:
        for number, before in enumerate(values):
            for after in values[number + 1 :]:
                found = _closed(law, outcomes, fact, before, after)
                if found is not None:
                    return {**found, fact: f"{before} → {after}"}
    return None


def _pseudo(outcome: Outcome) -> dict[str, str]:
    return {"verdict": outcome.verdict, "rule": outcome.rule, "note": outcome.note or "none"}


class _Implication:
    """Looks for answers where the one condition holds and the other does not."""

    def __init__(self, outcomes: Outcomes) -> None:
        self.diagram = outcomes.diagram
        self.done: set[tuple[Node, Clauses, Clauses]] = set()

    def sorted(self, cond: Condition) -> Clauses:
        place = {**self.diagram.position, **{name: len(self.diagram.position) for name in PSEUDO}}
        return tuple(tuple(sorted(clause, key=lambda pair: place[pair[0]])) for clause in cond.clauses)

    def find(self, node: Node, always: Clauses, implies: Clauses) -> dict[str, str] | None:
        if not always or () in implies or (node, always, implies) in self.done:
            return None
        self.done.add((node, always, implies))
        fact = self.next_fact(node, always, implies)
        if fact is None:
            if node.outcome is None:
                return None  # a gap in the rules is reported as such
            named = _pseudo(settled(node.outcome))
            broken = Condition(always).fits(named) and not Condition(implies).fits(named)
            return {} if broken else None
        for value in self.diagram.domains[fact]:
            below = node.below[value] if node.fact == fact else node
            found = self.find(below, _given(always, fact, value), _given(implies, fact, value))
            if found is not None:
                return {fact: value, **found}
        return None

    def next_fact(self, node: Node, always: Clauses, implies: Clauses) -> str | None:
        heads = {clause[0][0] for clause in (*always, *implies) if clause and clause[0][0] not in PSEUDO}
        if node.fact:
            heads.add(node.fact)
        return min(heads, key=self.diagram.position.__getitem__) if heads else None


def _given(clauses: Clauses, fact: str, value: str) -> Clauses:
    kept: list[Clause] = []
    for clause in clauses:
        if not clause or clause[0][0] != fact:
            kept.append(clause)
        elif value in clause[0][1]:
            kept.append(clause[1:])
    return tuple(kept)


def _closed(law: Law, outcomes: Outcomes, fact: str, before: str, after: str) -> dict[str, str] | None:
    """Return answers whose verdict satisfies the law with `fact` at `before` and no longer at `after`."""
    diagram = outcomes.diagram
    start = (diagram.fix(outcomes.root, fact, before), diagram.fix(outcomes.root, fact, after))
    done: set[tuple[Node, Node]] = set()

    def broken(first: Node, second: Node) -> bool:
        if first.outcome is None or second.outcome is None:
            return False
        holds = law.always.fits(_pseudo(settled(first.outcome)))
        return holds and not law.always.fits(_pseudo(settled(second.outcome)))

    def find(first: Node, second: Node) -> dict[str, str] | None:
        if first is second or (first, second) in done:
            return None
        done.add((first, second))
        asked = [node.fact for node in (first, second) if node.fact]
        if not asked:
            return {} if broken(first, second) else None
        next_ = min(asked, key=diagram.position.__getitem__)
        for value in diagram.domains[next_]:
            found = find(*(node.below[value] if node.fact == next_ else node for node in (first, second)))
            if found is not None:
                return {next_: value, **found}
        return None

    return find(*start)


def telling(
    answers: Mapping[str, str], outcomes: Outcomes, cautious: Known, wrong: Callable[[Known, Outcome | None], bool]
) -> dict[str, str]:
    """Return those of `answers` without which it might not be `wrong`; the rest is no matter."""

    def still(known: Known) -> bool:
        return wrong(known, cast("Outcome | None", reach(outcomes.root, known)))

    full = {**cautious, **answers}
    domains = outcomes.diagram.domains
    return {f: v for f, v in answers.items() if not all(still({**full, f: other}) for other in domains[f])}


def breaks(law: Law, known: Known, outcome: Outcome | None) -> bool:
    """Tell whether somebody about whom this is `known` breaks a law of the implying kind."""
    if outcome is None or law.implies is None:
        return False
    named = {**known, **_pseudo(outcome)}
    return law.always.fits(named) and not law.implies.fits(named)


def in_words(answers: dict[str, str]) -> str:
    """Return answers as a coach writes them in a rule."""
    return ", ".join(_pairs(answers))


def _pairs(answers: dict[str, str]) -> Iterator[str]:
    for fact, value in answers.items():
        yield f"{fact}: {value}"
