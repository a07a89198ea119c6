"""A conversation as declared in flows/<name>.yaml: steps from top to bottom, and where `next` says otherwise.

Routing only. A step names a fact, a ruleset or the notes; it holds no policy and no words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

from bot.core.advice.conditions import ALWAYS, Condition

END = "end"
"""Where every conversation goes in the end; no step may have this name."""

StepKind = Literal["ask", "judge", "compose"]


@dataclass(frozen=True)
class Branch:
    """Where to go when `when` holds; the last branch of a step always does (`else`)."""

    go: str
    when: Condition = ALWAYS


@dataclass(frozen=True)
class Hint:
    """A further line under a question, shown where `when` holds; `say` is the last part of its message key."""

    say: str
    when: Condition = ALWAYS


@dataclass(frozen=True)
class Step:
    """A stop: ask a fact, judge the answers so far, or compose the texts that the verdict calls for."""

    id: str
    kind: StepKind
    fact: str = ""
    when: Condition = ALWAYS
    next: tuple[Branch, ...] = ()
    hints: tuple[Hint, ...] = ()


@dataclass(frozen=True)
class Assumed:
    """A fact that is read, on purpose, of people who were not asked for it, where `when` holds."""

    fact: str
    when: Condition = ALWAYS


@dataclass(frozen=True)
class Flow:
    """A conversation; `offers` are facts asked only on request, and only where they would change something."""

    id: str
    rules: str
    steps: tuple[Step, ...]
    offers: tuple[str, ...] = ()
    assumes: tuple[Assumed, ...] = ()

    @cached_property
    def step(self) -> Mapping[str, Step]:
        """The steps by id."""
        return {step.id: step for step in self.steps}

    @cached_property
    def asks(self) -> frozenset[str]:
        """The facts that some step asks."""
        return frozenset(step.fact for step in self.steps if step.kind == "ask")

    def after(self, step: Step) -> tuple[Branch, ...]:
        """Return the ways out of `step`: its own, or simply the next step in the file."""
        return step.next or self._following[step.id]

    @cached_property
    def _following(self) -> Mapping[str, tuple[Branch, ...]]:
        ids = [*(step.id for step in self.steps), END]
        return {one: (Branch(other),) for one, other in pairwise(ids)}
