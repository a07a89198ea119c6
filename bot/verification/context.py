"""Content under examination: what several properties look at, worked out once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from bot.core.advice.facts import Fact
from bot.core.advice.policy import OVERRIDDEN, CompiledPolicy, Outcome, settled
from bot.core.advice.rules import Ruleset
from bot.core.dialogue.flow import Flow
from bot.core.dialogue.progress import Route
from bot.core.issues import Issue, Shown, SourceLocation, SourceLocations
from bot.core.library import Library
from bot.verification.answer_space import Space
from bot.verification.counterexample import Calendar, converse
from bot.verification.histories import Histories
from bot.verification.laws_over_time import DEEPEST, MOST_PLANS, Held, hold
from bot.verification.state_space import Explored, Goal, explore, shortest_way


@dataclass(frozen=True)
class RulesetPart:
    """A ruleset with all that is said about it."""

    ruleset: Ruleset
    outcomes: CompiledPolicy
    routes: tuple[Route, ...]
    space: Space
    reached: frozenset[Outcome]
    """What somebody can come to, whatever the answers are."""
    gap: bool
    """Whether some set of answers fits no row."""


@dataclass(frozen=True)
class CheckContext:
    """A library and where its parts stand."""

    library: Library
    places: SourceLocations
    shows: bool = True
    """Whether findings are shown as conversations; to know that there is one, none has to be looked for."""

    @cached_property
    def explored(self) -> Mapping[str, Explored]:
        """Every conversation of each flow; flows whose rules have a gap are left out, as they end nowhere."""
        routes, reminders = self.library.routes, self.library.reminders
        gaps = {part.ruleset.id for part in self.parts if part.gap}
        return {id_: explore(route, reminders) for id_, route in routes.items() if route.flow.rules not in gaps}

    @cached_property
    def parts(self) -> tuple[RulesetPart, ...]:
        """Every ruleset."""
        return tuple(self._part(ruleset) for ruleset in self.library.rulesets.values())

    def _part(self, ruleset: Ruleset) -> RulesetPart:
        outcomes = self.library.outcomes[ruleset.id]
        space = Space(outcomes.diagram.domains, self.library.facts)
        reached = space.reached(outcomes.root)
        routes = tuple(route for route in self.library.routes.values() if route.flow.rules == ruleset.id)
        met = frozenset(settled(outcome) for outcome in reached if outcome is not None)
        return RulesetPart(ruleset, outcomes, routes, space, met, None in reached)

    @cached_property
    def histories(self) -> Mapping[str, Histories]:
        """The histories of cases under each ruleset without a gap."""
        return {part.ruleset.id: Histories(self.library.policies[part.ruleset.id])
                for part in self.parts if not part.gap and part.ruleset.over_time}  # fmt: skip

    @cached_property
    def over_time(self) -> Mapping[str, Held]:
        """What holding the laws over time came to, as far as a check has time."""
        return {
            id_: hold(self.library.policies[id_], self.library.rulesets[id_].over_time, histories,
                      histories.first_starts(), DEEPEST, MOST_PLANS)
            for id_, histories in self.histories.items()
        }  # fmt: skip

    # -- what can be asked -------------------------------------------------------------------------------------------

    @cached_property
    def told(self) -> frozenset[str]:
        """The facts that some conversation learns: asked, offered, following from a day, or by going ahead."""
        names = {name for flow in self.library.flows.values() for name in (*flow.asks, *flow.offers)}
        overrides = any(rule.override for ruleset in self.library.rulesets.values() for rule in ruleset.rules)
        found = {settled for name in names for settled in self.library.facts.read_from[name]}
        return frozenset(found | names | ({OVERRIDDEN} if overrides else set()))

    def asking(self, flow: Flow) -> Iterator[tuple[str, Fact]]:
        """Return the questions of a flow: the step, and the fact it asks."""
        return ((step.id, self.library.facts[step.fact]) for step in flow.steps if step.kind == "ask")

    # -- findings ----------------------------------------------------------------------------------------------------

    def show(
        self,
        routes: Iterable[Route],
        goal: Goal,
        reads: Iterable[str] = (),
        given: Mapping[str, str] | None = None,
        changed: tuple[str, str] | None = None,
        along: Mapping[str, str] | None = None,
        on: Calendar | None = None,
    ) -> Shown | None:
        """Return the shortest conversation in which `goal` comes true, None where there is none."""
        if not self.shows:
            return None
        ways = [way for route in routes if (way := shortest_way(route, goal, reads, given, along))]
        try:
            return converse(self.library, min(ways, key=lambda way: len(way.answers)), changed, on) if ways else None
        except KeyError:
            return None  # a message that is missing, or wants what it is not given, is a finding of its own

    def at(self, *address: str) -> SourceLocation:
        """Return the place of a part of the content."""
        return self.places.at(*address)


Property = Callable[[CheckContext], Iterator[Issue]]
