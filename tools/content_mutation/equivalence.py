"""Whether two versions of the content are one and the same function, whatever the answers are.

Law of this file: "the same" is proved, not sampled: both decision diagrams are walked side by side to every outcome,
and questions that change places are looked at on every way that leads to them. What cannot be proved is not the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.core.advice.conditions import Condition
from bot.core.advice.decision_diagram import Node
from bot.core.advice.rules import Ruleset
from bot.core.dialogue.progress import Route
from bot.core.library import Library

_ELSE = ("reminders", "limits", "claims", "manners", "courtesy", "faq", "cases", "series")
"""What has to be equal as it stands."""


def same(old: Library, new: Library) -> bool:
    """Tell whether nobody can be told anything else by the two."""
    if any(getattr(old, part) != getattr(new, part) for part in _ELSE) or old.facts.by_name != new.facts.by_name:
        return False
    if {name: one.messages for name, one in old.catalogs.items()} != {
        name: one.messages for name, one in new.catalogs.items()
    }:
        return False
    if _notes(old) != _notes(new) or old.flows.keys() != new.flows.keys():
        return False
    if not all(old.flows[id_] == new.flows[id_] or _rearranged(old.routes[id_], new.routes[id_]) for id_ in old.flows):
        return False
    return old.rulesets.keys() == new.rulesets.keys() and all(
        _shown(old.rulesets[id_]) == _shown(new.rulesets[id_]) and equal(old.outcomes[id_].root, new.outcomes[id_].root)
        for id_ in old.rulesets
    )


def _rearranged(old: Route, new: Route) -> bool:
    """Tell whether nothing but the order of two neighbouring questions differs, of which nobody is asked both.

    What somebody knew before the talk can only close questions, so it is enough to look at those who knew nothing.
    """
    steps, others = old.flow.steps, new.flow.steps
    apart = [number for number, pair in enumerate(zip(steps, others, strict=False)) if pair[0] != pair[1]]
    if replace(new.flow, steps=steps) != old.flow or len(steps) != len(others) or len(apart) != 2:
        return False
    first, second = apart
    one, other = steps[first], steps[second]
    if second - first != 1 or (one, other) != (others[second], others[first]) or {one.kind, other.kind} != {"ask"}:
        return False
    return not any(step.next for step in steps) and not any(
        old.matters(one.fact, node) and old.matters(other.fact, node) for node in _before(old, first)
    )


def _before(route: Route, number: int) -> set[Node]:
    """Return what may be left to decide at a step, for everybody who comes to it, and maybe for some who do not."""
    nodes, restrict = {route.outcomes.root}, route.outcomes.diagram.restrict
    for step in route.flow.steps[:number]:
        asked = {node for node in nodes if step.kind == "ask" and route.matters(step.fact, node)}
        left = nodes if step.when.reads else nodes - asked
        nodes = left | {restrict(node, dict(answer)) for node in asked for answer in route.classes(step.fact)}
    return nodes


def _notes(library: Library) -> object:
    """Return all kinds of note, each with the blanks that somebody can be asked to shorten: those of its last text."""
    kinds = {}
    for id_, kind in library.notebook.kinds.items():
        key = f"note.{id_}.{(kind.subject or kind.ladder)[-1].text}"
        last = "".join(text for one in library.catalogs.values() for text in one.alternatives(key))
        kinds[id_] = replace(kind, shorten=tuple(slot for slot in kind.shorten if "{" + slot + "}" in last))
    return kinds, library.notebook.replacements


def _shown(ruleset: Ruleset) -> object:
    """Return what of a ruleset is no part of an outcome: how its parts are shown, and from which day."""
    nothing: dict[str, Any] = dict.fromkeys(("notes", "override", "mails", "remind"), ())
    rules = {rule.id: replace(rule, when=Condition(()), verdict="", **nothing) for rule in ruleset.rules}
    gates = {gate.id: (gate.before_note, gate.cites, gate.beyond) for gate in ruleset.gates}
    remarks = {remark.id: (remark.kind, remark.claim) for remark in ruleset.remarks}
    return ruleset.verdicts, rules, gates, remarks


def equal(one: Node, other: Node) -> bool:
    """Tell whether two diagrams over facts in one order come to the same outcome for all answers."""
    seen: set[tuple[int, int]] = set()
    waiting = [(one, other)]
    while waiting:
        left, right = waiting.pop()
        if (id(left), id(right)) in seen:
            continue
        seen.add((id(left), id(right)))
        if left.fact != right.fact or left.below.keys() != right.below.keys():
            return False  # both are reduced, so a question more in one of them makes a difference
        if left.fact is None and left.outcome != right.outcome:
            return False
        waiting += [(left.below[value], right.below[value]) for value in left.below]
    return True
