"""What is proved of every conversation by itself: what its rules and notes read is asked there, and before it is read.

A conversation stands for itself. That another one asks is no answer; that it is left open on purpose
has to be said (`assumes`), and counts only where somebody asks elsewhere.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from bot.core.advice.conditions import ALWAYS, Condition, Unknown
from bot.core.advice.decision_diagram import Node
from bot.core.advice.facts import Known
from bot.core.advice.policy import OVERRIDDEN, settled
from bot.core.dialogue.flow import END, Step
from bot.core.dialogue.progress import Route
from bot.core.issues import Issue
from bot.core.library import Library
from bot.verification.answer_space import Space
from bot.verification.context import CheckContext, RulesetPart
from bot.verification.state_space import Goal, Moves, Settled, Stand, State, advised, conditions_of

MOST_READERS: Final = 4


def facts_told(context: CheckContext) -> Iterator[Issue]:
    """Every fact that is read is asked in each conversation, or is assumed there; and each is there for something."""
    for part in context.parts:
        read = _read(context.library, part)
        for fact in sorted(read.keys() - context.told - context.library.facts.from_history):
            readers = [(kind, id_) for kind, id_, when in _conditions(part) if fact in when.reads]
            place = context.at("rules", part.ruleset.id, *readers[0], "when") if readers else context.at("fact", fact)
            what = f"'{fact}' is read by {_listed(read[fact])}, but no conversation asks for it."
            instead = f"Ask {_asked_as(context.library, fact)} in a flow, or offer it, or take it out of the rules."
            shown = context.show(part.routes, advised)
            yield Issue(place, "fact-unasked", what, _counts(context, fact), instead, shown)
        for route in part.routes:
            yield from _told_in(context, route, read)
    everything = {fact for part in context.parts for fact in part.outcomes.root.facts} | context.told
    asked = {name for flow in context.library.flows.values() for name in (*flow.asks, *flow.offers)}
    for name in context.library.facts.by_name:
        if not {name, *context.library.facts.read_from.get(name, ())} & (everything | asked) and name != OVERRIDDEN:
            what = f"nobody asks for '{name}', and nothing depends on it."
            yield Issue(context.at("fact", name), "idle-fact", what, "", "Ask for it where it matters, or take it out.")


def _told_in(context: CheckContext, route: Route, read: Mapping[str, tuple[str, ...]]) -> Iterator[Issue]:
    """Say what one conversation leaves open that another asks for."""
    flow = route.flow
    everywhere = (entry.fact for entry in flow.assumes if entry.when == ALWAYS)
    told = _learned(context, (*flow.asks, *flow.offers, *everywhere)) | {OVERRIDDEN}
    left: dict[str, str] = {}
    for fact in sorted(read.keys() & context.told - told):
        left.setdefault(_asked_as(context.library, fact), fact)
    for name, fact in left.items():
        what = f"'{flow.id}' never asks for '{name}', which is read by {_listed(read[fact])}."
        instead = f"Ask for it there, offer it, or say that it is left open on purpose: assumes: [{{fact: {name}}}]."
        shown = context.show([route], _by_one_of(read[fact])) or context.show([route], advised)
        yield Issue(context.at("flow", flow.id), "flow-unasked", what, _counts(context, fact), instead, shown)


def _learned(context: CheckContext, names: tuple[str, ...]) -> frozenset[str]:
    return frozenset({*names, *(fact for name in names for fact in context.library.facts.read_from.get(name, ()))})


def _counts(context: CheckContext, fact: str) -> str:
    cautious = context.library.facts[fact].cautious
    if cautious is None:
        return "It would stay open for everybody who tells it nowhere else."
    return f"It would count as '{cautious}' for everybody."


def _asked_as(library: Library, fact: str) -> str:
    derivation = library.facts[fact].derivation
    return derivation.source if derivation else fact


def _by_one_of(readers: Iterable[str]) -> Goal:
    """Return the goal of being told something that one of these rows, gates, remarks or notes stands for."""

    def goal(at: Stand) -> bool:
        if at.outcome is None:
            return False
        return not {at.outcome.rule, at.outcome.note, *at.outcome.gates, *at.outcome.remarks}.isdisjoint(readers)

    return goal


def _listed(readers: Sequence[str]) -> str:
    """Name a few, and how many more there are."""
    named = ", ".join(readers[:MOST_READERS])
    return f"{named} and {len(readers) - MOST_READERS} more" if len(readers) > MOST_READERS else named


def _read(library: Library, part: RulesetPart) -> dict[str, tuple[str, ...]]:
    """Return every fact that a verdict, a note or a date of this ruleset hangs on, and what reads it."""
    found: dict[str, list[str]] = {fact: [] for fact in sorted(part.outcomes.root.facts)}
    for _, id_, when in _conditions(part):
        for fact in when.reads & found.keys():
            found[fact].append(id_)
    for outcome in sorted(part.reached, key=lambda outcome: (outcome.note or "", outcome.mails, outcome.rule)):
        for fact in outcome.needs:
            kinds = [library.notebook.kinds[kind] for kind in (outcome.note, *outcome.mails) if kind]
            notes = [kind.id for kind in kinds if fact in kind.slots or fact in kind.reads]
            dated = [] if library.facts[fact].finite else [outcome.rule]
            found.setdefault(fact, []).extend(notes or dated)
    return {fact: tuple(dict.fromkeys(readers)) or ("a note",) for fact, readers in found.items()}


def _conditions(part: RulesetPart) -> Iterator[tuple[str, str, Condition]]:
    ruleset = part.ruleset
    for rule in ruleset.rules:
        yield "rule", rule.id, rule.when
        yield from (("rule", rule.id, c.when) for c in (*rule.notes, *rule.override, *rule.mails, *rule.remind))
    yield from (("gate", gate.id, gate.when) for gate in ruleset.gates)
    yield from (("remark", remark.id, remark.when) for remark in ruleset.remarks)


# -- before it is read -------------------------------------------------------------------------------------------------


def asked_in_time(context: CheckContext) -> Iterator[Issue]:
    """Prove that whatever an advice or a note hangs on was asked on every way to it, or is left open on purpose."""
    for part in context.parts:
        read = _read(context.library, part).keys()
        for route in part.routes if not part.gap else ():
            flow, explored = route.flow, context.explored[route.flow.id]
            if explored.blind or explored.crossed < flow.step.keys():
                continue  # a question that nobody comes to is a finding of its own
            listened = listen(route, part.space)
            yield from (_unasked(context, part, route, flow.step[step], name) for step, name in listened.unasked)
            if "judge" not in {step.kind for step in flow.steps}:
                continue  # so is one that gives no advice
            unread = read - _learned(context, (*flow.asks, *flow.offers))
            for name in (entry.fact for entry in flow.assumes):
                if not {name, *route.facts.read_from.get(name, ())} & unread and name not in listened.assumed:
                    what = f"'{flow.id}' assumes '{name}', but there it is never read without having been asked."
                    place = context.at("flow", flow.id, "assume", name)
                    yield Issue(place, "idle-assume", what, "", "Take it out of assumes.")


def _unasked(context: CheckContext, part: RulesetPart, route: Route, step: Step, name: str) -> Issue:
    reads = _Reads(part.space)
    settles = {name, *route.facts.read_from[name]}

    def early(at: Stand) -> bool:
        return at.step == step.id and name not in at.asked and bool(reads.of(step, at.node, route) & settles)

    cautious = context.library.facts[name].cautious
    does = "gives its advice" if step.kind == "judge" else "hands over its notes"
    return Issue(
        context.at("flow", route.flow.id, "step", step.id),
        "step-unasked",
        f"step '{step.id}' {does} to somebody who has not been asked for '{name}', which may change it.",
        f"It counts as '{cautious}' then." if cautious else "It is still open then.",
        f"Ask it above this step on every way, or say that it is left open on purpose: assumes: [{{fact: {name}}}].",
        # What the flow does not ask may be told on request, and so before anything is asked.
        context.show([route], early, {name, *(part.outcomes.root.facts - route.settles)}),
    )


@dataclass
class Listened:
    """What some way to a judgement or a hand-over does not ask, although what is said there hangs on it."""

    unasked: dict[tuple[str, str], None] = field(default_factory=dict)
    """(step, fact)"""
    assumed: set[str] = field(default_factory=set)
    """Facts that are left open so on purpose."""


def listen(route: Route, space: Space) -> Listened:
    """Walk every way of a flow, and hold what is read at each step against what was asked before it.

    Facts that the flow does not ask are left free, so one walk stands for all that may be known of them; only those
    that a condition of the flow reads are tried value by value.
    """
    found, moves, reads = Listened(), Moves(route), _Reads(space)
    moves.read = set().union(*(entry.when.reads for entry in route.flow.assumes))
    blanks = _blanks(route.outcomes.root)
    conditions = moves.guards | moves.read
    asked_as = {fact: name for name in route.flow.asks for fact in (name, *route.facts.read_from[name])}
    seen: set[tuple[State, frozenset[str]]] = set()
    after_of: dict[State, list[tuple[Settled | None, State]]] = {}
    read = [when for step in route.flow.steps for when in conditions_of(route.flow, step)]
    read += [entry.when for entry in route.flow.assumes]
    starts = _starts(route, space, sorted(conditions - route.settles), read)
    open_ = [(state, frozenset[str]()) for state in starts]
    while open_:
        state, asked = open_.pop()
        if state[0] == END or (state, asked) in seen:
            continue
        seen.add((state, asked))
        step, known = route.flow.step[state[0]], dict(state[2])
        if step.kind != "ask":
            for name in sorted({asked_as[fact] for fact in reads.of(step, state[1], route) & asked_as.keys()} - asked):
                if any(entry.fact == name and _holds(entry.when, known) for entry in route.flow.assumes):
                    found.assumed.add(name)
                else:
                    found.unasked[step.id, name] = None
        if state not in after_of:
            after_of[state] = list(moves.after(state))
        for answer, after in after_of[state]:
            open_.append((after, asked if answer is None or step.fact not in blanks else asked | {step.fact}))
    return found


def _starts(route: Route, space: Space, beyond: Sequence[str], read: Sequence[Condition]) -> Iterator[State]:
    """Return the states somebody may begin in, by what is known of these facts, which the flow does not ask.

    Of values that neither the rules nor the conditions `read` on the way tell apart, one stands for all.
    """
    root, fix = route.outcomes.root, space.diagram.fix
    apart = [
        {(fix(root, fact, value), _named_by(value, fact, read)): value for value in space.domains[fact]}.values()
        for fact in beyond
    ]
    for values in product(*apart):
        known = dict(zip(beyond, values, strict=True))
        yield route.flow.steps[0].id, space.diagram.restrict(root, known), frozenset(known.items())


def _named_by(value: str, fact: str, conditions: Sequence[Condition]) -> tuple[bool, ...]:
    """Tell for each place where a condition names `fact` whether `value` is one that fits."""
    pairs = (pair for when in conditions for clause in when.clauses for pair in clause)
    return tuple(value in allowed for name, allowed in pairs if name == fact)


def _holds(when: Condition, known: Known) -> bool:
    try:
        return when.fits(known)
    except Unknown:
        return False


class _Reads:
    """What the words at a step hang on: of an advice what is said with it, of notes what stands in them as well."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._known: dict[tuple[str, Node], frozenset[str]] = {}

    def of(self, step: Step, node: Node, route: Route) -> frozenset[str]:
        """Return the facts that are read of what is still open at `node`."""
        key = step.kind, node
        if key not in self._known:
            if step.kind == "judge":
                self._known[key] = self._space.merge((node,), _said, self._space.anyhow).facts
            else:
                # A date that is not known has a property of its own: `waits_end`.
                self._known[key] = node.facts | {name for name in _blanks(node) if route.facts[name].kind != "date"}
        return self._known[key]


def _said(leaves: tuple[Hashable, ...]) -> Hashable:
    return None if leaves[0] is None else settled(leaves[0]).said  # no row fits answers that are true of nobody


def _blanks(node: Node) -> set[str]:
    return {name for outcome in node.outcomes if outcome is not None for name in settled(outcome).needs}
