"""Every conversation a flow can have, folded into the few states that differ.

Law of this file: two moments of a conversation are one state when the same step is next, the same function of the
remaining facts decides, and the guards ahead know the same; so walking all states is walking all conversations.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.core.decision import Node
from bot.core.flows import END, Step
from bot.core.guards import Condition, Unknown
from bot.core.routing import Route

Settled = tuple[tuple[str, str], ...]
State = tuple[str, Node, frozenset[tuple[str, str]]]


@dataclass
class Explored:
    """What was met on the way: steps crossed, steps whose question was open, and guards that knew too little."""

    states: int = 0
    conversations: int = 0
    longest: int = 0
    crossed: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    blind: dict[tuple[str, str, str], None] = field(default_factory=dict)
    """(step, "when" or the number of the branch, the fact that may be unknown there)"""


class _Walk:
    """A depth-first walk with memory; each state reports (conversations below it, longest number of questions)."""

    def __init__(self, route: Route) -> None:
        self.route = route
        self.found = Explored()
        self.read = {fact for step in route.flow.steps for fact in step.when.reads}
        self.read |= {fact for step in route.flow.steps for b in route.flow.after(step) for fact in b.when.reads}
        self.memory: dict[State, tuple[int, int]] = {}

    def visit(self, state: State) -> tuple[int, int]:
        step, node, known = state
        if step == END:
            return 1, 0
        if state not in self.memory:
            self.memory[state] = self.expand(self.route.flow.step[step], node, dict(known))
        return self.memory[state]

    def expand(self, step: Step, node: Node, known: dict[str, str]) -> tuple[int, int]:
        self.found.crossed.add(step.id)
        if step.kind == "ask" and self.route.matters(step.fact, node) and self.fits(step, "when", step.when, known):
            self.found.asked.add(step.id)
            ways = [
                self.onward(step, self.route.outcomes.diagram.restrict(node, dict(settled)), {**known, **dict(settled)})
                for settled in self.route.classes(step.fact)
            ]
            return sum(count for count, _ in ways), 1 + max(longest for _, longest in ways)
        return self.onward(step, node, known)

    def onward(self, step: Step, node: Node, known: dict[str, str]) -> tuple[int, int]:
        for number, branch in enumerate(self.route.flow.after(step)):
            if self.fits(step, str(number), branch.when, known):
                kept = frozenset((f, v) for f, v in known.items() if f in self.read)
                return self.visit((branch.go, node, kept))
        return 1, 0

    def fits(self, step: Step, where: str, when: Condition, known: dict[str, str]) -> bool:
        if not when.reads:
            return when.fits({})
        try:
            return when.fits({**self.route.assumed, **known})
        except Unknown as missing:
            self.found.blind[step.id, where, missing.args[0]] = None
            return False


def explore(route: Route) -> Explored:
    """Walk every conversation of a flow."""
    walk = _Walk(route)
    count, longest = walk.visit((route.flow.steps[0].id, route.start({}), frozenset()))
    walk.found.states, walk.found.conversations, walk.found.longest = len(walk.memory), count, longest
    return walk.found
