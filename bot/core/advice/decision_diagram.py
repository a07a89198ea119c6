"""A decision diagram: one finite function from answers to outcomes, shared by dialogue, checker and explanations.

A node stands in the diagram only if its fact can still change the outcome.
So "may this question be skipped?" is "is its fact missing below this node?", exactly and without search.
(Reduced, ordered, multi-valued; the binary case is Bryant, IEEE Trans. Computers C-35, 1986.)
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from bot.core.advice.conditions import Clause, Condition


class Node:
    """A question to the facts (`fact`, `below`), or at the bottom an `outcome`; equal functions are one object."""

    __slots__ = ("below", "fact", "facts", "outcome", "outcomes")

    def __init__(self, fact: str | None, below: Mapping[str, Node], outcome: Hashable) -> None:
        self.fact = fact
        self.below = dict(below)
        self.outcome = outcome
        children = self.below.values()
        own = frozenset((fact,)) if fact else frozenset()
        self.facts: frozenset[str] = own.union(*[child.facts for child in children])
        self.outcomes: frozenset[Hashable] = (
            frozenset().union(*[child.outcomes for child in children]) if fact else frozenset((outcome,))
        )


class Diagram:
    """Builds and restricts nodes, so that two equal functions are always the same node."""

    def __init__(self, domains: Mapping[str, Sequence[str]]) -> None:
        self.domains = {fact: tuple(values) for fact, values in domains.items()}
        self.position = {fact: n for n, fact in enumerate(self.domains)}
        self._unique: dict[Hashable, Node] = {}
        self._restricted: dict[tuple[Node, str, str], Node] = {}
        self._shared: dict[frozenset[Hashable], Any] = {}
        """Sets that many nodes hold alike are kept once: without it they take more memory than all the rest."""

    def leaf(self, outcome: Hashable) -> Node:
        """Return the node that answers `outcome` whatever the facts are."""
        key = (None, outcome)
        if key not in self._unique:
            self._unique[key] = Node(None, {}, outcome)
        return self._unique[key]

    def node(self, fact: str, below: Mapping[str, Node]) -> Node:
        """Return the node that asks `fact`; its only child when the answer makes no difference."""
        children = tuple(below.values())
        if children.count(children[0]) == len(children):
            return children[0]
        key = (fact, *below, *map(id, children))
        found = self._unique.get(key)
        if found is None:
            found = self._unique[key] = Node(fact, below, None)
            found.facts = self._shared.setdefault(found.facts, found.facts)
            found.outcomes = self._shared.setdefault(found.outcomes, found.outcomes)
        return found

    def fix(self, node: Node, fact: str, value: str) -> Node:
        """Return the function that is left once `fact` is known to be `value`."""
        if fact not in node.facts:
            return node
        if node.fact == fact:
            return node.below[value]
        key = (node, fact, value)
        found = self._restricted.get(key)
        if found is None:
            assert node.fact
            fix = self.fix
            below = {v: fix(c, fact, value) if fact in c.facts else c for v, c in node.below.items()}
            found = self.node(node.fact, below)
            self._restricted[key] = found
        return found

    def restrict(self, node: Node, known: Mapping[str, str]) -> Node:
        """Return the function that is left once all of `known` is known."""
        while node.fact is not None and node.fact in known:
            node = node.below[known[node.fact]]
        for fact in node.facts & known.keys():
            node = self.fix(node, fact, known[fact])
        return node

    def __len__(self) -> int:
        return len(self._unique)


def reach(node: Node, known: Mapping[str, str]) -> Hashable:
    """Return the outcome for `known`; raises KeyError when a fact that decides is missing."""
    while node.fact is not None:
        node = node.below[known[node.fact]]
    return node.outcome


def paths(node: Node) -> Iterator[tuple[dict[str, str], Hashable]]:
    """Walk every way through the diagram as (what was answered, outcome); facts that do not matter are left out."""
    if node.fact is None:
        yield {}, node.outcome
        return
    for value, child in node.below.items():
        for answered, outcome in paths(child):
            yield {node.fact: value, **answered}, outcome


# -- building from conditions ------------------------------------------------------------------------------------

_Alternatives = tuple[Clause, ...]


class _Rest:
    """What is left of a condition; equal ones are one object of a `Builder`, so that they compare at once."""

    __slots__ = ("below", "clauses", "first", "sure")

    def __init__(self, clauses: _Alternatives, first: int) -> None:
        self.clauses = clauses
        self.first = first
        """The place of the fact it asks for next, `NOTHING` when it asks for none."""
        self.sure = () in clauses
        self.below: dict[str, _Rest] = {}
        """What is left once that fact is known."""


NOTHING: Final = 10**9
_Numbered = tuple[tuple[int, _Rest], ...]


class _Open(NamedTuple):
    """What is undecided: rules that may still be first, and the side conditions, those that `hold` and the open ones.

    A side condition that is in neither does not hold, or nobody asks for it any more.
    """

    rules: _Numbered
    hold: frozenset[int]
    sides: _Numbered


class Builder:
    """Turns "the first rule that fits, with the side conditions that hold" into a diagram."""

    def __init__(
        self,
        diagram: Diagram,
        sides_of: Callable[[int | None], frozenset[int]],
        settle: Callable[[int | None, frozenset[int]], Hashable],
    ) -> None:
        self._diagram = diagram
        self._facts = tuple(diagram.domains)
        self._sides_of = sides_of
        self._settle = settle
        self._rests: dict[_Alternatives, _Rest] = {}
        self._surely = self._rest(((),))
        self._asked: dict[tuple[int, ...], frozenset[int]] = {}
        self._memo: dict[_Open, Node] = {}

    def build(self, rules: Sequence[Condition], sides: Sequence[Condition]) -> Node:
        """Return the node that decides; `settle(None, …)` is called where no rule fits."""
        return self._grow(self._tidy(self._numbered(rules), frozenset(), self._numbered(sides)))

    def _numbered(self, conditions: Sequence[Condition]) -> list[tuple[int, _Rest]]:
        return [(n, self._rest(self._sorted(condition))) for n, condition in enumerate(conditions)]

    def _sorted(self, cond: Condition) -> _Alternatives:
        """Put the facts of each clause into the diagram's order; a value set that allows everything asks nothing."""
        place = self._diagram.position
        clauses = []
        for clause in cond.clauses:
            kept = [(f, v) for f, v in clause if not v >= set(self._diagram.domains[f])]
            clauses.append(tuple(sorted(kept, key=lambda pair: place[pair[0]])))
        return tuple(clauses)

    def _rest(self, clauses: _Alternatives) -> _Rest:
        found = self._rests.get(clauses)
        if found is None:
            places = [self._diagram.position[clause[0][0]] for clause in clauses if clause]
            found = self._rests[clauses] = _Rest(clauses, min(places, default=NOTHING))
        return found

    def _tidy(
        self, rules: Iterable[tuple[int, _Rest]], hold: frozenset[int], sides: Iterable[tuple[int, _Rest]]
    ) -> _Open:
        """Drop what can no longer be first, and side conditions that no possible rule asks about."""
        live: list[tuple[int, _Rest]] = []
        certain = False
        for number, rest in rules:
            if not rest.clauses:
                continue
            if rest.sure:
                live.append((number, self._surely))
                certain = True
                break
            live.append((number, rest))
        wanted = self._wanted(tuple([n for n, _ in live]), certain)
        undecided = [side for side in sides if side[1].clauses and side[0] in wanted]
        settled = [n for n, rest in undecided if rest.sure]
        still = tuple([side for side in undecided if not side[1].sure] if settled else undecided)
        return _Open(tuple(live), (hold & wanted).union(settled), still)

    def _wanted(self, rules: tuple[int, ...], certain: bool) -> frozenset[int]:
        """Return the side conditions that some of these rules ask about, or nobody's rule where none is certain."""
        key = rules if certain else (*rules, -1)
        found = self._asked.get(key)
        if found is None:
            asking = [*rules, *([] if certain else [None])]
            found = self._asked[key] = frozenset().union(*(self._sides_of(n) for n in asking))
        return found

    def _grow(self, state: _Open) -> Node:
        found = self._memo.get(state)
        if found is None:
            found = self._memo[state] = self._split(state)
        return found

    def _split(self, state: _Open) -> Node:
        first = min([rest.first for part in (state.rules, state.sides) for _, rest in part], default=NOTHING)
        if first == NOTHING:
            return self._diagram.leaf(self._settle(state.rules[0][0] if state.rules else None, state.hold))
        fact, below = self._facts[first], {}
        for value in self._diagram.domains[fact]:
            rules = [(n, rest if rest.first > first else self._given(rest, value)) for n, rest in state.rules]
            sides = [(n, rest if rest.first > first else self._given(rest, value)) for n, rest in state.sides]
            below[value] = self._grow(self._tidy(rules, state.hold, sides))
        return self._diagram.node(fact, below)

    def _given(self, rest: _Rest, value: str) -> _Rest:
        """Return what is left once the fact that is asked for next is known to be `value`."""
        found = rest.below.get(value)
        if found is None:
            clauses = _given(rest.clauses, self._facts[rest.first], value)
            found = rest.below[value] = self._rest(clauses)
        return found


def _given(clauses: _Alternatives, fact: str, value: str) -> _Alternatives:
    """Return what is left of `clauses` once `fact` is known to be `value`."""
    kept = []
    for clause in clauses:
        if clause and clause[0][0] == fact:
            if value in clause[0][1]:
                kept.append(clause[1:])
        else:
            kept.append(clause)
    return tuple(kept)
