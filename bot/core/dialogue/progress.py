"""Where a conversation stands: a fold over its answers, never stored beside them.

Law of this file: a question is open only while its answer can still change the verdict, the advice, a note or a date.
That is read off the decision diagram: the fact stands below the node that the earlier answers lead to, or one of the
outcomes still possible needs it (a slot, a date).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache
from typing import cast

from bot.core.advice.calendar import DEFAULT_WEEK, WorkingWeek
from bot.core.advice.decision_diagram import Node
from bot.core.advice.facts import Fact, Facts, Known
from bot.core.advice.policy import CompiledPolicy, Outcome
from bot.core.dialogue.flow import END, Flow, Step
from bot.core.dialogue.machine import FlowMachine

POSITIONS_KEPT = 8192  # folds remembered per flow; a position is a few hundred bytes and depends on no free text
REMOTEST_DAY = 64  # calendar days back beyond which no band of any derived fact can change any more


@dataclass(frozen=True)
class Position:
    """Where the answers lead: the open question (None at the end), what was passed on the way, and progress."""

    step: str
    fact: str | None
    passed: tuple[str, ...]
    crossed: tuple[str, ...]
    node: Node
    number: int
    at_most: int


class Route:
    """The way through one flow under one ruleset."""

    def __init__(self, flow: Flow, outcomes: CompiledPolicy, facts: Facts) -> None:
        self.flow = flow
        self.outcomes = outcomes
        self.facts = facts
        self._machine = FlowMachine(flow)
        self.position = lru_cache(maxsize=POSITIONS_KEPT)(self._walk)
        self.place = lru_cache(maxsize=POSITIONS_KEPT)(self._placed)
        self.conclude = lru_cache(maxsize=POSITIONS_KEPT)(self._concluded)
        self._longest = lru_cache(maxsize=POSITIONS_KEPT)(self._longest_way)

    @cached_property
    def assumed(self) -> dict[str, str]:
        """The finite facts this flow never asks of its own accord, at their cautious values."""
        return {f.name: f.cautious for f in self.facts.finite if f.name not in self.settles and f.cautious is not None}

    @cached_property
    def settles(self) -> frozenset[str]:
        """The finite facts that the questions of this flow settle."""
        return frozenset(settled for name in self.flow.asks for settled in self.facts.read_from[name])

    def matters(self, name: str, node: Node) -> bool:
        """Tell whether the fact `name` can still change anything below `node`."""
        if any(settled in node.facts for settled in self.facts.read_from[name]):
            return True
        return any(name in cast("Outcome", outcome).needs for outcome in node.outcomes if outcome is not None)

    def would_matter(self, name: str, known: Known) -> bool:
        """Tell whether learning the fact `name`, which nothing asks of its own accord, would change anything now."""
        node = self.outcomes.diagram.restrict(
            self.outcomes.root, {f: v for f, v in {**self.facts.cautious, **known}.items() if f != name}
        )
        return self.matters(name, node)

    def start(self, known: Known) -> Node:
        """Return the node of somebody of whom only `known` is known before the first question."""
        return self.outcomes.diagram.restrict(self.outcomes.root, {**self.assumed, **known})

    def _placed(
        self,
        told: frozenset[tuple[str, str]],
        typed: frozenset[str],
        carried: frozenset[str],
        today: date,
        week: WorkingWeek,
    ) -> Position:
        """Place somebody who `told` this and `typed` those texts; what is `carried` was known before they began."""
        known = self.facts.meaning(told, today, week)
        given = typed | {name for name, answer in told if self.facts[name].accepts(answer)}
        return self.position(frozenset(known.items()), given, carried & given, self.facts.vague(told))

    def _concluded(self, told: frozenset[tuple[str, str]], today: date, week: WorkingWeek) -> Outcome:
        """Return what follows, undated, from what somebody `told`; the rest counts as its cautious value."""
        return self.outcomes.outcome({**self.facts.cautious, **self.assumed, **self.facts.meaning(told, today, week)})

    def _walk(
        self,
        known: frozenset[tuple[str, str]],
        given: frozenset[str],
        before: frozenset[str],
        vague: frozenset[str] = frozenset(),
    ) -> Position:
        """Fold the answers: `known` finite facts, `given` all answered ones, `before` those known from the start.

        What was told `vague` is asked again where what it settles is not enough.
        """
        facts = dict(known)
        node = self.start(
            self._settled(facts, (name for name in given if name in before or name not in self.flow.asks))
        )
        passed: list[str] = []
        crossed: list[str] = []
        step = self.flow.steps[0].id
        while step != END:
            here = self.flow.step[step]
            if here.kind != "ask":
                crossed.append(step)
            elif self._open(here, node, facts):
                below = self.outcomes.diagram.restrict(node, self._settled(facts, (here.fact,)))
                if here.fact not in given or (here.fact in vague and self.matters(here.fact, below)):
                    return self._position(here, tuple(passed), tuple(crossed), node, before)
                if here.fact not in before:
                    passed.append(step)
                node = below
            step = self._machine.after(step, self._visible(facts))
        return Position(END, None, tuple(passed), tuple(crossed), node, 0, 0)

    def _visible(self, facts: Mapping[str, str]) -> Mapping[str, str]:
        return {**self.assumed, **facts}

    def _settled(self, facts: Mapping[str, str], names: Iterator[str] | tuple[str, ...]) -> dict[str, str]:
        return {f: facts[f] for name in names for f in self.facts.read_from.get(name, ()) if f in facts}

    def _open(self, step: Step, node: Node, facts: Mapping[str, str]) -> bool:
        return self.matters(step.fact, node) and (not step.when.reads or step.when.fits(self._visible(facts)))

    # -- progress ----------------------------------------------------------------------------------------------------

    def _position(
        self, here: Step, passed: tuple[str, ...], crossed: tuple[str, ...], node: Node, before: frozenset[str]
    ) -> Position:
        part = self._part(here.id)
        number = 1 + sum(self._part(step) == part for step in passed)
        ahead = frozenset(before & {s.fact for s in self.flow.steps[self.flow.steps.index(here) :]})
        return Position(
            here.id, here.fact, passed, crossed, node, number, number - 1 + self._longest(here.id, node, ahead)
        )

    @cached_property
    def _parts(self) -> dict[str, int]:
        """Number the stretches between judgements: questions are counted within one."""
        part, parts = 0, {}
        for step in self.flow.steps:
            parts[step.id] = part
            part += step.kind == "judge"
        return parts

    def _part(self, step: str) -> int:
        return self._parts[step]

    def _longest_way(self, step: str, node: Node, before: frozenset[str]) -> int:
        """Count the most questions that can still come before the next judgement or the end.

        One answered already, as after a change, counts: `number` counts it too once it is passed. What was known
        `before` the first question does not. So whatever is answered, number and what is left never grow together.
        """
        if step == END or self.flow.step[step].kind == "judge":
            return 0
        here = self.flow.step[step]
        asks = here.kind == "ask" and self.matters(here.fact, node) and here.fact not in before
        asked = unasked = 0
        if asks:
            asked = 1 + max(
                self._longest(branch.go, self.outcomes.diagram.restrict(node, dict(settled)), before)
                for branch in self.flow.after(here)
                for settled in self.classes(here.fact)
            )
        if not asks or here.when.reads:  # else nobody passes it by, and those ways need not be walked
            unasked = max(self._longest(branch.go, node, before) for branch in self.flow.after(here))
        return max(asked, unasked)

    @cached_property
    def _classes(self) -> dict[str, tuple[tuple[tuple[str, str], ...], ...]]:
        return {name: tuple(classes_of(self.facts[name], self.facts, DEFAULT_WEEK)) for name in self.facts.read_from}

    def classes(self, name: str) -> tuple[tuple[tuple[str, str], ...], ...]:
        """Return the answers to `name` that anything can tell apart, each as the finite facts it settles."""
        return self._classes[name]


def classes_of(fact: Fact, facts: Facts, week: WorkingWeek) -> Iterator[tuple[tuple[str, str], ...]]:
    """Return the answers to `fact` that anything can tell apart, each as the finite facts it settles."""
    if fact.finite:
        yield from (((fact.name, value),) for value in fact.values)
        return
    derived = [facts[name] for name in facts.read_from[fact.name]]
    seen = {
        tuple((d.name, d.derivation.band(today - timedelta(days=gone), today, week)) for d in derived if d.derivation)
        for today in (date(2024, 1, 1) + timedelta(days=n) for n in range(7))
        for gone in range(REMOTEST_DAY)
    }
    yield from sorted(seen) if derived else [()]
