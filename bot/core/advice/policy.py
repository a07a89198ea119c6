"""What follows from answers, as one function: the ruleset, its gates and its notes, compiled to a decision diagram.

An Outcome holds everything that answers can change and nothing that only the date or the wording can.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import cast

from bot.core.advice.conditions import Condition
from bot.core.advice.decision_diagram import Builder, Diagram, Node, reach
from bot.core.advice.facts import Facts, Known
from bot.core.advice.notes import NoteBook
from bot.core.advice.rules import Conditional, ReminderKind, Rule, Ruleset

OVERRIDDEN = "overridden"
"""The fact that the person goes ahead against the advice (gate G8, claim C35); its answer is yes or no."""
_OVERRIDE = Condition((((OVERRIDDEN, frozenset({"yes"})),),))


@dataclass(frozen=True)
class Outcome:
    """The undated result: rule, verdict, note and mails, what rides on them, and which slots and dates it needs."""

    rule: str
    verdict: str
    note: str | None
    wordings: tuple[str, ...]
    mails: tuple[str, ...]
    gates: tuple[str, ...]
    remarks: tuple[str, ...]
    remind: tuple[str, ...]
    needs: frozenset[str]
    said: str = ""
    """What is said with the verdict, in ids; two outcomes that only differ in notes say the same."""
    overridden: bool = False
    """Whether the note is for somebody who goes ahead against the advice."""


class NoRuleFits(LookupError):
    """No rule fits these answers; `check` refuses such a ruleset before anybody can meet it."""


class CompiledPolicy:
    """The compiled function from finite facts to outcomes."""

    def __init__(
        self, ruleset: Ruleset, facts: Facts, notebook: NoteBook, reminders: Mapping[str, ReminderKind]
    ) -> None:
        self.ruleset = ruleset
        self._notebook = notebook
        self._reminders = reminders
        self._sides: dict[Condition, int] = {}
        self._place: dict[int, int] = {}
        """The same by the identity of each condition, of which equal ones share a number: no hash is worked out."""
        self._wanted = [self._register(rule) for rule in ruleset.rules]
        self._needs = lru_cache(maxsize=None)(self._needed)
        self.diagram = Diagram({fact.name: fact.values for fact in facts.finite})

    @cached_property
    def root(self) -> Node:
        """The whole function."""
        builder = Builder(self.diagram, self._sides_of, self._settle)
        return builder.build([rule.when for rule in self.ruleset.rules], list(self._sides))

    def outcome(self, known: Known) -> Outcome:
        """Return what follows from `known`, which must settle every fact that matters (else KeyError)."""
        return settled(reach(self.root, known))

    def certain(self, known: Known) -> Outcome | None:
        """Return what follows from `known` if what else may matter leaves only one verdict possible, else None."""
        below = self.diagram.restrict(self.root, known)
        if below.fact is not None and len(self.verdicts_of(below)) > 1:
            return None
        return settled(next(iter(below.outcomes)))

    def verdicts_of(self, node: Node) -> frozenset[str]:
        """Return the verdicts that are still possible below `node`."""
        return frozenset(settled(outcome).verdict for outcome in node.outcomes)

    # -- what a rule may ask about -----------------------------------------------------------------------------------

    def _register(self, rule: Rule) -> frozenset[int]:
        conditions = [c.when for c in (*rule.notes, *rule.override, *rule.mails, *rule.remind)]
        if rule.override:
            conditions.append(_OVERRIDE)
        kinds = {c.item for c in (*rule.notes, *rule.override)}
        for swap in self._notebook.replacements:
            if kinds & swap.of:
                conditions.append(swap.when)
                kinds.add(swap.use)
        conditions += [wording.when for kind in kinds for wording in self._notebook.kinds[kind].ladder]
        mails = {c.item for c in rule.mails}
        conditions += [
            gate.when
            for gate in self.ruleset.gates
            if (not gate.verdicts or rule.verdict in gate.verdicts)
            and (not gate.needs_note or kinds)
            and (gate.needs_mail is None or gate.needs_mail in mails)
        ]
        conditions += [r.when for r in self.ruleset.remarks if rule.verdict in r.verdicts]
        for condition in conditions:
            self._place[id(condition)] = self._sides.setdefault(condition, len(self._sides))
        return frozenset([self._place[id(condition)] for condition in conditions])

    def _sides_of(self, rule: int | None) -> frozenset[int]:
        return frozenset() if rule is None else self._wanted[rule]

    # -- what a rule leads to ----------------------------------------------------------------------------------------

    def _settle(self, number: int | None, true: frozenset[int]) -> Outcome | None:
        if number is None:
            return None
        rule, place = self.ruleset.rules[number], self._place

        def holds(when: Condition) -> bool:
            return place[id(when)] in true

        def chosen(items: Sequence[Conditional]) -> tuple[str, ...]:
            return tuple([c.item for c in items if holds(c.when)])

        overridden = bool(rule.override) and holds(_OVERRIDE)
        offered = chosen(rule.override if overridden else rule.notes)
        note = offered[0] if offered else None
        for swap in self._notebook.replacements:
            if note in swap.of and holds(swap.when):
                note = swap.use
                break
        mails = chosen(rule.mails)
        gates = tuple(g for g in self.ruleset.gates if g.rides(rule.verdict, note, mails) and holds(g.when))
        remind = dict.fromkeys((*chosen(rule.remind), *(kind for gate in gates for kind in gate.remind)))
        ladder = self._notebook.kinds[note].ladder if note else ()
        remarks = tuple(r.id for r in self.ruleset.remarks if rule.verdict in r.verdicts and holds(r.when))
        riding = (gate.id for gate in gates if not gate.before_note)
        return Outcome(
            rule=rule.id,
            verdict=rule.verdict,
            note=note,
            wordings=tuple(wording.text for wording in ladder if holds(wording.when)),
            mails=mails,
            gates=tuple(gate.id for gate in gates),
            remarks=remarks,
            remind=tuple(remind),
            needs=self._needs(number, note, mails, tuple(remind)),
            said=f"{rule.verdict}|{rule.id}|{','.join((*riding, *remarks, *mails, *remind))}",
            overridden=overridden and note is not None,
        )

    def _needed(self, number: int, note: str | None, mails: tuple[str, ...], remind: tuple[str, ...]) -> frozenset[str]:
        rule = self.ruleset.rules[number]
        kinds = [self._notebook.kinds[kind] for kind in (*([note] if note else []), *mails)]
        needs = {slot for kind in kinds for slot in kind.slots}
        needs.update(reading for kind in kinds for reading in kind.reads)
        moments = [self._reminders[kind].due for kind in remind if kind in self._reminders]
        moments += [rule.opens] if rule.opens else []
        for moment in moments:
            needs |= moment.reads
        return frozenset(needs)


def settled(outcome: object) -> Outcome:
    """Return `outcome` as an Outcome; raises `NoRuleFits` where the ruleset has a gap."""
    if outcome is None:
        raise NoRuleFits
    return cast("Outcome", outcome)
