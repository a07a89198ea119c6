"""Laws held over every set of answers, by walking law and decision diagram together.

The result is "holds", or for whom it does not and for how many; nothing is sampled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import NamedTuple, cast

from bot.core.advice.conditions import Clause, Condition
from bot.core.advice.decision_diagram import Node
from bot.core.advice.facts import Facts
from bot.core.advice.policy import CompiledPolicy, Outcome, settled
from bot.core.advice.rules import Law
from bot.verification.answer_space import Space, shortest

PSEUDO = ("verdict", "rule", "note")
"""What a law may read besides facts: parts of the outcome. A situation without a note has the note "none"."""


@dataclass(frozen=True)
class Broken:
    """For whom a law does not hold: the fewest `answers` that say so, and how many sets of answers `of` how many.

    With a `change`, (fact, before, after), it breaks when this answer moves on.
    """

    answers: Mapping[str, str]
    sets: int
    of: int
    change: tuple[str, str, str] | None = None


class Laws:
    """Holds laws over one ruleset."""

    def __init__(self, outcomes: CompiledPolicy, facts: Facts) -> None:
        self._outcomes = outcomes
        self._space = Space(outcomes.diagram.domains, facts)

    @cached_property
    def _named(self) -> Node:
        """What laws may read of the outcomes: far less than all of it, so far fewer nodes; None in a gap."""
        space, root = self._space, self._outcomes.root
        return space.merge((root,), lambda leaves: leaves[0] and _Named.of(settled(leaves[0])), space.anyhow)

    def broken(self, law: Law) -> Broken | None:
        """Return for whom `law` does not hold, None when it holds for all."""
        if law.implies is not None:
            return self._measured(self._implied(law.always, law.implies))
        for fact, values in law.changes:
            for change in ((fact, *pair) for pair in combinations(values, 2)):
                broken = self._measured(self._closed(law, change), change)
                if broken:
                    return broken
        return None

    def _measured(self, where: Node, change: tuple[str, str, str] | None = None) -> Broken | None:
        answers = shortest(where, outcome=True)
        if answers is None:
            return None
        return Broken(answers, *self._space.count(where, True, tuple(where.facts)), change)

    def _implied(self, always: Condition, implies: Condition) -> Node:
        def breaks(leaves: tuple[object, ...]) -> bool:
            named, first, then = leaves
            return named is not None and _fits(first, named) and not _fits(then, named)

        space = self._space
        return space.merge((self._named, space.residue(always, PSEUDO), space.residue(implies, PSEUDO)), breaks)

    def _closed(self, law: Law, change: tuple[str, str, str]) -> Node:
        fact, before, after = change
        fix = self._space.diagram.fix
        always = self._space.residue(law.always, PSEUDO)

        def breaks(leaves: tuple[object, ...]) -> bool:
            first, second, then, now = leaves
            return first is not None and second is not None and _fits(then, first) and not _fits(now, second)

        nodes = [fix(node, fact, value) for node in (self._named, always) for value in (before, after)]
        # Where time itself moves on, what else follows from the date moves with it, so it is left open.
        return self._space.merge(tuple(nodes), breaks, self._space.without(fact))


class _Named(NamedTuple):
    verdict: str
    rule: str
    note: str

    @classmethod
    def of(cls, outcome: Outcome) -> _Named:
        return cls(*pseudo(outcome).values())


def _fits(clauses: object, named: object) -> bool:
    assert isinstance(named, _Named)
    return Condition(cast("tuple[Clause, ...]", clauses)).fits(named._asdict())


def pseudo(outcome: Outcome) -> dict[str, str]:
    """Return what a law may read of an outcome."""
    return {"verdict": outcome.verdict, "rule": outcome.rule, "note": outcome.note or "none"}


def in_words(answers: Mapping[str, str]) -> str:
    """Return answers as a coach writes them in a rule."""
    return ", ".join(_pairs(answers)) or "any answers"


def _pairs(answers: Mapping[str, str]) -> Iterator[str]:
    for fact, value in answers.items():
        yield f"{fact}: {value}"
