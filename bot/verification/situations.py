"""Situations of a case, folded into the few that some history tells apart.

Two sets of answers are one situation when the same plan follows from both, and does so again after everything that can
come: news, a message that goes out, what becomes of a request. So a walk from one of each is a walk from all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from bot.core.advice.contact_history import FATES, REQUEST, Sort
from bot.core.advice.decision_diagram import Node
from bot.core.advice.facts import Fact
from bot.core.advice.plan import BESIDE, Policy
from bot.core.advice.policy import OVERRIDDEN, settled
from bot.verification.answer_space import Space

Values = tuple[str, ...]
Event = tuple[str, str, str]
"""What happens: ("tell", fact, value), ("send", sort, ""), ("fate", what became of the request, "")."""


@dataclass(frozen=True)
class SituationClass:
    """One of the sets of answers that come to the same, by number; `answers` has no days in it."""

    number: int
    answers: Mapping[str, str]
    sets: int
    """How many sets of answers to what a plan reads come to this one."""


class Situations:
    """All situations under one ruleset, and what leads from one to another."""

    def __init__(self, policy: Policy) -> None:
        self._courtesy, self._facts = policy.courtesy, policy.facts
        self._space = Space(policy.outcomes.diagram.domains, policy.facts)
        root = self._space.diagram.fix(policy.outcomes.root, OVERRIDDEN, "no")
        self._root = self._space.merge((root,), lambda leaves: _planned(policy, leaves[0]), self._space.anyhow)
        moved = {name for sort in self._courtesy.sorts.values() for name in _moved(sort)}
        read = [f for f in self._facts.finite if f.name in self._root.facts | moved and f.name != OVERRIDDEN]
        told = [fact for fact in read if not fact.derivation and not fact.from_history]
        self._changing = [fact for fact in told if fact.can_change or fact.name in moved]
        self._fixed = [fact for fact in told if fact not in self._changing]
        self._place = {fact.name: number for number, fact in enumerate(self._changing)}

    def first(self) -> tuple[SituationClass, ...]:
        """Return the situations that somebody may be in before anything happens."""
        return tuple(self._situations.values())

    def after(self, situation: SituationClass, event: Event) -> SituationClass | None:
        """Return the situation after an event; None where it cannot come."""
        number = self._next[situation.number].get(event)
        return None if number is None else self._situations[number]

    # -- folding -----------------------------------------------------------------------------------------------------

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """Everything that can happen beside days that pass."""
        told = [("tell", fact.name, value) for fact in self._changing for value in sorted(fact.can_change)]
        return (*told, *(("send", sort, "") for sort in self._courtesy.sorts), *(("fate", fate, "") for fate in FATES))

    @cached_property
    def _all(self) -> dict[tuple[Node, Values], tuple[dict[str, str], int]]:
        """Every set of answers whose rules may still differ, with the facts that never change and their number."""
        found: dict[Node, tuple[dict[str, str], int]] = {}
        for values in product(*(self._plainest_first(fact) for fact in self._fixed)):
            fixed = {fact.name: value for fact, value in zip(self._fixed, values, strict=True)}
            node = self._space.diagram.restrict(self._root, fixed)
            found[node] = (found.get(node, (fixed, 0))[0], found.get(node, (fixed, 0))[1] + 1)
        changing = list(product(*(fact.values for fact in self._changing)))
        return {(node, values): one for node, one in found.items() for values in changing}

    @cached_property
    def _numbers(self) -> dict[tuple[Node, Values], int]:
        """The number of the situation of each set of answers: refined until what can come tells none apart."""
        states = list(self._all)
        place = {state: number for number, state in enumerate(states)}
        following = [
            [place[state[0], after] if (after := self._moved_by(state[1], e)) else -1 for e in self.events]
            for state in states
        ]
        number = _numbered([self._label(*state) for state in states])
        while True:
            finer = _numbered([(number[n], *[number[f] if f >= 0 else -1 for f in after])
                               for n, after in enumerate(following)])  # fmt: skip
            if max(finer) == max(number):
                return dict(zip(states, number, strict=True))
            number = finer

    @cached_property
    def _situations(self) -> dict[int, SituationClass]:
        found: dict[int, tuple[dict[str, str], int]] = {}
        for (node, values), number in self._numbers.items():
            fixed, sets = self._all[node, values]
            answers = {**fixed, **{fact.name: v for fact, v in zip(self._changing, values, strict=True)}}
            kept, before = found.get(number, (answers, 0))
            plainer = min(kept, answers, key=self._far_from_cautious)
            found[number] = plainer, before + sets
        return {number: SituationClass(number, answers, sets) for number, (answers, sets) in sorted(found.items())}

    @cached_property
    def _next(self) -> dict[int, dict[Event, int]]:
        found: dict[int, dict[Event, int]] = {}
        for (node, values), number in self._numbers.items():
            if number not in found:
                ways = ((event, self._moved_by(values, event)) for event in self.events)
                found[number] = {event: self._numbers[node, after] for event, after in ways if after}
        return found

    @staticmethod
    def _plainest_first(fact: Fact) -> list[str]:
        return sorted(fact.values, key=lambda value: value != fact.cautious)

    def _far_from_cautious(self, answers: Mapping[str, str]) -> int:
        return sum(answers[name] != self._facts.cautious.get(name) for name in answers)

    def _label(self, node: Node, values: Values) -> tuple[object, ...]:
        known = {fact.name: value for fact, value in zip(self._changing, values, strict=True)}
        implied = tuple(_holds(known, sort.then) for sort in self._courtesy.sorts.values())
        accepted = self._request.fates.get("accepted", {}) if self._request else {}
        return self._space.diagram.restrict(node, known), implied, _holds(known, accepted)

    # -- what can come -----------------------------------------------------------------------------------------------

    @property
    def _request(self) -> Sort | None:
        return self._courtesy.sorts.get(REQUEST)

    def _moved_by(self, values: Values, event: Event) -> Values | None:
        """Return the answers after an event, None where it cannot come after these."""
        what, name, value = event
        if what == "tell":
            now = values[self._place[name]]
            return None if now == value or now in self._final(name) else self._with(values, {name: value})
        known = {fact.name: v for fact, v in zip(self._changing, values, strict=True)}
        if what == "fate":
            is_out = self._request is not None and _holds(known, self._request.then)
            return self._with(values, self._request.fates.get(name, {})) if is_out and self._request else None
        sort = self._courtesy.sorts[name]
        free = not sort.fates or all(known[n] == self._facts.cautious[n] for n in sort.then)
        return self._with(values, sort.then) if free else None

    def _with(self, values: Values, changes: Mapping[str, str]) -> Values:
        found = list(values)
        for name, value in changes.items():
            found[self._place[name]] = value
        return tuple(found)

    def _final(self, name: str) -> frozenset[str]:
        return self._changing[self._place[name]].final


def _planned(policy: Policy, leaf: object) -> object:
    """Return what of an outcome a plan reads: of texts their sort, of reminders those that belong to a step."""
    if leaf is None:
        return None
    outcome = settled(leaf)
    rule = policy.outcomes.ruleset.rule[outcome.rule]
    kinds = (*outcome.mails, *((outcome.note,) if outcome.note else ()))
    sorts = tuple(sort.id for kind in kinds if (sort := policy.courtesy.of_note(kind)))
    remind = tuple(kind for kind in outcome.remind if policy.kinds[kind].step != BESIDE)
    return outcome.verdict, rule.opens, rule.waits_for, sorts, remind


def _moved(sort: Sort) -> Iterator[str]:
    """Return the facts that a message of this sort, or what becomes of it, answers."""
    yield from sort.then
    for answers in sort.fates.values():
        yield from answers


def _holds(known: Mapping[str, str], facts: Mapping[str, str]) -> bool:
    """Tell whether there are such facts, and all are so."""
    return bool(facts) and all(known.get(name) == value for name, value in facts.items())


def _numbered(labels: list[tuple[object, ...]]) -> list[int]:
    seen: dict[tuple[object, ...], int] = {}
    return [seen.setdefault(label, len(seen)) for label in labels]
