"""All sets of answers that can be true of somebody, looked at through decision diagrams.

Nothing is sampled and nothing is listed one by one; every result holds for all sets of answers.
Facts that follow from one date have to agree with each other: "silent for weeks" and "fresh" are true of nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import cached_property

from bot.core.advice.calendar import DEFAULT_WEEK
from bot.core.advice.conditions import Clause, Condition
from bot.core.advice.decision_diagram import Diagram, Node
from bot.core.advice.facts import Facts
from bot.core.dialogue.progress import classes_of

Days = tuple[frozenset[tuple[str, ...]] | None, ...]
"""For each date: what can still be true of the facts that follow from it; None where that is not looked at."""
Leaf = Callable[[tuple[Hashable, ...]], Hashable]


class Space:
    """The sets of answers over `domains`, in the order in which diagrams ask for them."""

    def __init__(self, domains: Mapping[str, Sequence[str]], facts: Facts) -> None:
        self.domains = {fact: tuple(values) for fact, values in domains.items()}
        self.position = {fact: number for number, fact in enumerate(self.domains)}
        self.diagram = Diagram(self.domains)
        found: dict[str, list[str]] = {}
        for fact in facts.derived:
            if fact.derivation and fact.name in self.domains:
                found.setdefault(fact.derivation.source, []).append(fact.name)
        self.sources = tuple(found)
        self.follow = {name: (n, names.index(name)) for n, names in enumerate(found.values()) for name in names}
        self._facts = facts

    @cached_property
    def start(self) -> Days:
        """What is possible before anything is known."""
        return tuple(
            frozenset(
                tuple(value for name, value in settled if name in self.follow)
                for settled in classes_of(self._facts[source], self._facts, DEFAULT_WEEK)
            )
            for source in self.sources
        )

    @cached_property
    def anyhow(self) -> Days:
        """Look at no days at all: what facts say of one date need not agree."""
        return (None,) * len(self.sources)

    def without(self, fact: str) -> Days:
        """Return `start` without the date that `fact` follows from, if it follows from one."""
        free = self.follow[fact][0] if fact in self.follow else -1
        return tuple(None if n == free else classes for n, classes in enumerate(self.start))

    def learn(self, days: Days, fact: str, value: str) -> Days | None:
        """Return what is still possible once `fact` is known to be `value`; None where that is true of nobody."""
        if fact not in self.follow:
            return days
        source, place = self.follow[fact]
        classes = days[source]
        if classes is None:
            return days
        kept = frozenset(found for found in classes if found[place] == value)
        return (*days[:source], kept, *days[source + 1 :]) if kept else None

    # -- looking at diagrams -----------------------------------------------------------------------------------------

    def reached(self, root: Node) -> set[Hashable]:
        """Return the outcomes of `root` that somebody can come to."""
        seen: set[tuple[Node, Days]] = set()
        found: set[Hashable] = set()
        open_ = [(root, self.start)]
        while open_:
            state = open_.pop()
            if state in seen:
                continue
            seen.add(state)
            node, days = state
            if node.fact is None:
                found.add(node.outcome)
                continue
            for value, child in node.below.items():
                after = self.learn(days, node.fact, value)
                if after is not None:
                    open_.append((child, after))
        return found

    def differ(self, first: Node, second: Node) -> bool:
        """Tell whether two functions give somebody different outcomes."""
        seen: set[tuple[Node, Node, Days]] = set()
        open_ = [(first, second, self.start)]
        while open_:
            state = open_.pop()
            one, other, days = state
            if one is other or state in seen:
                continue
            seen.add(state)
            asked = [node.fact for node in (one, other) if node.fact]
            if not asked:
                return True
            fact = min(asked, key=self.position.__getitem__)
            for value in self.domains[fact]:
                after = self.learn(days, fact, value)
                if after is not None:
                    first, second = (node.below[value] if node.fact == fact else node for node in (one, other))
                    open_.append((first, second, after))
        return False

    def merge(self, nodes: tuple[Node, ...], leaf: Leaf, days: Days | None = None) -> Node:
        """Return the diagram of `leaf(outcomes of all nodes)`; it asks only what makes a difference to somebody."""
        memo: dict[tuple[tuple[Node, ...], Days], Node] = {}

        def made(nodes: tuple[Node, ...], days: Days) -> Node:
            state = (nodes, days)
            if state not in memo:
                memo[state] = split(nodes, days)
            return memo[state]

        def split(nodes: tuple[Node, ...], days: Days) -> Node:
            asked = [node.fact for node in nodes if node.fact]
            if not asked:
                return self.diagram.leaf(leaf(tuple(node.outcome for node in nodes)))
            fact = min(asked, key=self.position.__getitem__)
            below = {}
            for value in self.domains[fact]:
                after = self.learn(days, fact, value)
                if after is not None:
                    below[value] = made(tuple(n.below[value] if n.fact == fact else n for n in nodes), after)
            return self.diagram.node(fact, below)

        return made(nodes, self.start if days is None else days)

    def residue(self, when: Condition, pseudo: Iterable[str] = ()) -> Node:
        """Return `when` as a diagram whose outcomes are what is left of its clauses once all facts are known."""
        place = {**self.position, **dict.fromkeys(pseudo, len(self.position))}
        clauses = tuple(tuple(sorted(clause, key=lambda pair: place[pair[0]])) for clause in when.clauses)
        memo: dict[tuple[Clause, ...], Node] = {}

        def made(clauses: tuple[Clause, ...]) -> Node:
            if clauses not in memo:
                heads = {c[0][0] for c in clauses if c and c[0][0] in self.position}
                left = ((),) if () in clauses else clauses
                memo[clauses] = split(clauses, heads) if heads and left is clauses else self.diagram.leaf(left)
            return memo[clauses]

        def split(clauses: tuple[Clause, ...], heads: set[str]) -> Node:
            fact = min(heads, key=self.position.__getitem__)
            return self.diagram.node(fact, {v: made(_given(clauses, fact, v)) for v in self.domains[fact]})

        return made(clauses)

    def count(self, root: Node, outcome: Hashable, over: Sequence[str]) -> tuple[int, int]:
        """Count the sets of answers to `over` that lead to `outcome`, and all that are possible.

        `over` has to name every fact that `root` asks.
        """
        names = sorted(over, key=self.position.__getitem__)
        memo: dict[tuple[Node, int, Days], tuple[int, int]] = {}

        def counted(node: Node, number: int, days: Days) -> tuple[int, int]:
            if number == len(names):
                return int(node.outcome == outcome), 1
            state = (node, number, days)
            if state not in memo:
                hits = total = 0
                for value in self.domains[names[number]]:
                    after = self.learn(days, names[number], value)
                    if after is None:
                        continue
                    below = node.below.get(value) if node.fact == names[number] else node
                    assert below
                    more, all_ = counted(below, number + 1, after)
                    hits, total = hits + more, total + all_
                memo[state] = hits, total
            return memo[state]

        return counted(root, 0, self.start)

    def size(self, over: Sequence[str]) -> int:
        """Count all sets of answers to the facts `over`."""
        return self.count(self.diagram.leaf(None), None, over)[1]


def shortest(root: Node, outcome: Hashable) -> dict[str, str] | None:
    """Return the fewest answers that lead from `root` to `outcome`, if any do."""
    memo: dict[Node, dict[str, str] | None] = {}

    def found(node: Node) -> dict[str, str] | None:
        if node.fact is None:
            return {} if node.outcome == outcome else None
        if node not in memo:
            ways = [(node.fact, value, found(child)) for value, child in node.below.items()]
            ends = [{fact: value, **rest} for fact, value, rest in ways if rest is not None]
            memo[node] = min(ends, key=len) if ends else None
        return memo[node]

    return found(root)


def _given(clauses: tuple[Clause, ...], fact: str, value: str) -> tuple[Clause, ...]:
    kept: list[Clause] = []
    for clause in clauses:
        if not clause or clause[0][0] != fact:
            kept.append(clause)
        elif value in clause[0][1]:
            kept.append(clause[1:])
    return tuple(dict.fromkeys(kept))
