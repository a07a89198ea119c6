"""Whether two versions of the content are one and the same function, whatever the answers are.

Law of this file: "the same" is proved, not sampled: both decision diagrams are walked side by side to every outcome.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.core.decision import Node
from bot.core.guards import Condition
from bot.core.library import Library
from bot.core.rules import Ruleset

_ELSE = ("flows", "reminders", "notebook", "limits", "claims", "manners", "courtesy", "faq", "cases", "series")
"""What has to be equal as it stands."""


def same(old: Library, new: Library) -> bool:
    """Tell whether nobody can be told anything else by the two."""
    if any(getattr(old, part) != getattr(new, part) for part in _ELSE) or old.facts.by_name != new.facts.by_name:
        return False
    if {name: one.messages for name, one in old.catalogues.items()} != {
        name: one.messages for name, one in new.catalogues.items()
    }:
        return False
    return old.rulesets.keys() == new.rulesets.keys() and all(
        _shown(old.rulesets[id_]) == _shown(new.rulesets[id_]) and equal(old.outcomes[id_].root, new.outcomes[id_].root)
        for id_ in old.rulesets
    )


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
