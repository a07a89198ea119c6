"""What is proved about conversations and rules together: steps are reached, what is asked is used, waits end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain, combinations
from typing import cast

from bot.core.advice.catalog import Catalog
from bot.core.advice.conditions import Condition
from bot.core.advice.facts import Fact
from bot.core.advice.policy import Outcome, settled
from bot.core.dialogue.flow import END
from bot.core.issues import Issue, Shown
from bot.core.library import Library
from bot.verification.context import CheckContext, RulesetPart
from bot.verification.state_space import OPENING, Stand, advised, arrivals, at_step, by_row, comes_to, unasked

PARTS = ("rule", "gate", "remark")
Named = tuple[str, str]
"""A part of an outcome: its kind and its id."""


def steps_reached(context: CheckContext) -> Iterator[Issue]:
    """Every step can be reached, and every question is open for somebody."""
    for id_, found in context.explored.items():
        route = context.library.routes[id_]
        for step in route.flow.steps:
            place = context.at("flow", id_, "step", step.id)
            if step.id not in found.crossed:
                what = f"nobody ever reaches step '{step.id}'."
                shown = context.show([route], at_step(END))
                yield Issue(place, "unreachable-step", what, "", "Let a step above go to it, or take it out.", shown)
            elif step.kind == "ask" and step.id not in found.asked and not found.blind:
                if not _uses(context, step.fact):
                    continue  # `questions_matter` says that it matters nowhere
                what = f"step '{step.id}' asks '{step.fact}', but its answer can change nothing at this place."
                why = "No verdict, caution, note or date depends on it there."
                shown = context.show([route], at_step(step.id))
                yield Issue(place, "idle-question", what, why, "Ask it where it matters, or take it out.", shown)


def ends_advised(context: CheckContext) -> Iterator[Issue]:
    """Every conversation gives advice and hands over the texts that go with it, on every way to its end."""
    for flow in context.library.flows.values():
        ways = {step.id: {branch.go for branch in flow.after(step)} for step in flow.steps}
        for kind, what in (("judge", "gives no advice"), ("compose", "hands over no note")):
            open_ = {flow.steps[0].id}
            for step in flow.steps:  # ways only lead downwards
                if step.id in open_ and step.kind != kind:
                    open_ |= ways[step.id]
            if END in open_:
                yield Issue(
                    context.at("flow", flow.id),
                    f"no-{kind}",
                    f"some conversation of '{flow.id}' comes to its end and {what}.",
                    "Whoever takes that way answers for nothing.",
                    f"Put a step with {kind}: on every way.",
                )


def guards_know(context: CheckContext) -> Iterator[Issue]:
    """Prove that a guard reads only facts that were asked on every path to it."""
    for id_, found in context.explored.items():
        route = context.library.routes[id_]
        for step, where, fact in found.blind:
            address = ("when",) if where == "when" else ("next", where)
            yield Issue(
                context.at("flow", id_, "step", step, *address),
                "guard-unasked",
                f"step '{step}' decides by '{fact}', which has not been asked on every way here.",
                "A condition on something nobody was asked cannot be judged.",
                f"Ask '{fact}' above this step, or take it out of the condition.",
                context.show([route], unasked(step, fact), [fact]),
            )


# -- what is asked is used ---------------------------------------------------------------------------------------------


def _uses(context: CheckContext, name: str) -> bool:
    """Tell whether an answer to `name` changes something for somebody, in any part of the content."""
    settles = set(context.library.facts.read_from[name])
    guards = {fact for when in _guards(context.library) for fact in when.reads}
    return bool(settles & guards) or any(
        settles & part.outcomes.root.facts or any(name in outcome.needs for outcome in part.reached)
        for part in context.parts
    )


def questions_matter(context: CheckContext) -> Iterator[Issue]:
    """Every question and offer changes something for somebody."""
    for flow in context.library.flows.values():
        asked = [(name, context.at("flow", flow.id, "step", step.id)) for step in flow.steps if (name := step.fact)]
        offered = [(name, context.at("flow", flow.id, "offer", name)) for name in flow.offers]
        for name, place in (*asked, *offered):
            if not _uses(context, name) and not _gap(context):
                what = f"you ask for '{name}' but never use it."
                why = "Whatever two candidates answer, verdict, advice, note and dates are the same."
                shown = context.show([context.library.routes[flow.id]], advised)
                yield Issue(place, "unused-question", what, why, "Use it in a rule or a note, or ask no more.", shown)


def options_differ(context: CheckContext) -> Iterator[Issue]:
    """No two options of a question are the same to everybody, unless they are declared `alike`; and those are."""
    for name in sorted({n for flow in context.library.flows.values() for n in (*flow.asks, *flow.offers)}):
        fact = context.library.facts[name]
        if fact.kind not in ("choice", "flag") or not _uses(context, name) or _gap(context):
            continue
        for one, other in combinations(fact.values, 2):
            apart = _apart(context, fact, one, other)
            declared = any({one, other} <= alike for alike in fact.alike)
            place = context.at("fact", name)
            if not apart and not declared:
                what = f"'{one}' and '{other}' of '{name}' come to the same for everybody."
                why = "No two candidates who differ only there get another verdict, advice, note or date."
                instead = f"Let a rule or a text tell them apart, take one out, or say alike: [[{one}, {other}]]."
                yield Issue(place, "same-options", what, why, instead, _chosen(context, fact, other))
            elif apart and declared:
                what = f"'{one}' and '{other}' of '{name}' are declared alike, but something tells them apart."
                yield Issue(place, "not-alike", what, "", "Take them out of alike.", _chosen(context, fact, other))


def _chosen(context: CheckContext, fact: Fact, value: str) -> Shown | None:
    """Show somebody who gives this answer, of their own accord or because it was known before."""
    routes = [route for route in context.library.routes.values() if fact.name in {*route.flow.asks, *route.flow.offers}]

    def chosen(at: Stand) -> bool:
        return at.outcome is not None and fact.name in at.asked and at.told[fact.name] == value

    return context.show(routes, chosen, [fact.name], {fact.name: value})


def _apart(context: CheckContext, fact: Fact, one: str, other: str) -> bool:
    """Tell whether two candidates who differ only in these two answers get something else."""
    return _guarded(context.library, fact, one, other) or any(
        _verdicts_differ(part, fact, one, other) or _worded_apart(context.library, part, fact, one, other)
        for part in context.parts
    )


def _verdicts_differ(part: RulesetPart, fact: Fact, one: str, other: str) -> bool:
    if fact.name not in part.outcomes.root.facts:
        return False
    fix, root = part.outcomes.diagram.fix, part.outcomes.root
    return part.space.differ(fix(root, fact.name, one), fix(root, fact.name, other))


def _guarded(library: Library, fact: Fact, one: str, other: str) -> bool:
    """Tell whether a flow leads two candidates who differ only there on different ways."""
    return any(_splits(when, fact.name, one, other) for when in _guards(library))


def _guards(library: Library) -> Iterator[Condition]:
    """Return every condition of every flow."""
    for flow in library.flows.values():
        for step in flow.steps:
            yield from (step.when, *(hint.when for hint in step.hints), *(branch.when for branch in flow.after(step)))


def _splits(when: Condition, fact: str, one: str, other: str) -> bool:
    return any(
        name == fact and (one in allowed) != (other in allowed) for clause in when.clauses for name, allowed in clause
    )


def _worded_apart(library: Library, part: RulesetPart, fact: Fact, one: str, other: str) -> bool:
    """Tell whether a text that somebody gets has another limit or another word for the two answers."""
    kinds = {kind for outcome in part.reached for kind in (outcome.note, *outcome.mails) if kind}
    for kind in (library.notebook.kinds[id_] for id_ in kinds):
        limit = library.limits[kind.limit]
        if limit.by == fact.name and limit.values[one] != limit.values[other]:
            return True
        if fact.name in kind.given.values() and any(_say(c, fact, one) != _say(c, fact, other) for c in _all(library)):
            return True
    return False


def _all(library: Library) -> Iterable[Catalog]:
    return library.catalogs.values()


def _say(catalog: Catalog, fact: Fact, value: str) -> str:
    key = f"word.{fact.name}.{value}"
    return catalog.say(key) if catalog.has(key) else key


def _gap(context: CheckContext) -> bool:
    return any(part.gap for part in context.parts)


# -- everything is met in some conversation ----------------------------------------------------------------------------


def talks_reach(context: CheckContext) -> Iterator[Issue]:
    """Whatever somebody can come to by their answers, some conversation really asks for these answers."""
    for part in context.parts:
        if part.gap or not part.routes or part.outcomes.root.facts - context.told or _cut_off(context, part):
            continue  # what nobody is asked, or comes to, is a finding of its own
        met = {id_ for route in part.routes for o in context.explored[route.flow.id].met for id_ in _named(o)}
        left = {id_ for o in part.reached for id_ in _named(o)} - met
        goal = part.space.merge((part.outcomes.root,), partial(_those, frozenset(left)), part.space.anyhow)
        for found in chain.from_iterable(arrivals(route, goal, part.space) for route in part.routes if left):
            left.difference_update(*(cast("frozenset[Named]", ids) for ids in found))
            if not left:
                break
        for kind, id_ in sorted(left):
            place = context.at("rules", part.ruleset.id, kind, id_) if kind in PARTS else context.at(kind, id_)
            what = f"no conversation leads to {kind} '{id_}'."
            why = "Whoever it fits is never asked what it takes to find out."
            instead = "Ask what it depends on wherever it can fit, or take it out."
            yield Issue(place, f"untalked-{kind}", what, why, instead, context.show(part.routes, advised))


def _cut_off(context: CheckContext, part: RulesetPart) -> bool:
    found = [(context.explored[route.flow.id], route.flow.step.keys()) for route in part.routes]
    return any(explored.blind or explored.crossed < steps for explored, steps in found)


def _those(wanted: frozenset[Named], leaves: tuple[object, ...]) -> frozenset[Named]:
    return frozenset(wanted.intersection(_named(settled(leaves[0]))))


def _named(outcome: Outcome) -> Iterator[Named]:
    yield "rule", outcome.rule
    yield from (("gate", gate) for gate in outcome.gates)
    yield from (("remark", remark) for remark in outcome.remarks)
    yield from (("note", kind) for kind in (outcome.note, *outcome.mails) if kind)
    yield from (("reminder", kind) for kind in outcome.remind)


# -- what waits comes back ---------------------------------------------------------------------------------------------


def waits_end(context: CheckContext) -> Iterator[Issue]:
    """Every wait has a day that is known, and a reminder on it; every reminder has a day that is known."""
    for part in context.parts:
        ruleset, reminders = part.ruleset, context.library.reminders
        for rule in ruleset.rules:
            if rule.opens is None or ruleset.verdicts[rule.verdict].open:
                continue
            if any(
                o.rule == rule.id and not any(reminders[k].due.start == OPENING for k in o.remind) for o in part.reached
            ):
                what = f"row '{rule.id}' tells people to wait, and no reminder brings them back on the day."
                instead = f"Add to remind: a kind of flows/reminders.yaml that counts from {OPENING}."
                shown = context.show(part.routes, by_row(rule.id))
                yield Issue(
                    context.at("rules", ruleset.id, "rule", rule.id), "wait-unreminded", what, "", instead, shown
                )
    for id_, found in context.explored.items():
        route = context.library.routes[id_]
        for what_ in sorted({what for _, what in found.undated}):
            rows = sorted(rule for rule, what in found.undated if what == what_)
            outcome = found.undated[rows[0], what_]
            name = "the day from which a request is right" if what_ == OPENING else f"the day of reminder '{what_}'"
            what = f"{name} is not known on every way of '{id_}' (row {', '.join(rows)})."
            why = "The date it is counted from is not asked there, or need not be answered."
            instead = "Ask for that date above the advice, or say under otherwise: what else to count from."
            shown = context.show([route], comes_to(outcome, {}))
            place = context.at("rules", route.flow.rules, "rule", rows[0])
            yield Issue(place, "day-unknown", what, why, instead, shown)
