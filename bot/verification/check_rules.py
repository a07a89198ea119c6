"""What is proved about rules: some row always fits, every row counts, laws and examples hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.core.advice.conditions import Condition
from bot.core.advice.decision_diagram import Builder
from bot.core.advice.facts import Known
from bot.core.advice.policy import OVERRIDDEN, Outcome
from bot.core.advice.rules import Example, Gate, Law, Rule
from bot.core.issues import Issue, Shown
from bot.verification.answer_space import Space, shortest
from bot.verification.check_laws import Broken, Laws, in_words, pseudo
from bot.verification.context import CheckContext, RulesetPart
from bot.verification.state_space import Stand, comes_to


def rules_complete(context: CheckContext) -> Iterator[Issue]:
    """Prove that some row fits whatever the answers are."""
    for part in context.parts:
        if part.gap:
            where = part.space.merge((part.outcomes.root,), lambda leaves: leaves[0] is None)
            answers = shortest(where, outcome=True) or {}
            sets, of = part.space.count(where, True, tuple(where.facts))
            what = f"no row fits somebody with {in_words(answers)} ({sets:,} of {of:,} sets of such answers)."
            unasked = [fact for fact in answers if not any(fact in route.settles for route in part.routes)]
            shown = context.show(part.routes, lambda at: at.speaks and at.outcome is None, unasked, answers)
            place, instead = context.at("rules", part.ruleset.id), "Add a row, or let the last one fit all."
            yield Issue(place, "rules-gap", what, "", instead, shown)


def rules_decide(context: CheckContext) -> Iterator[Issue]:
    """Every row decides for somebody, and every verdict, gate and remark is met by somebody."""
    for part in context.parts:
        ruleset, reached = part.ruleset, part.reached
        met = {
            "rule": {o.rule for o in reached},
            "verdict": {o.verdict for o in reached},
            "gate": {gate for o in reached for gate in o.gates},
            "remark": {remark for o in reached for remark in o.remarks},
        }
        named = {"rule": ruleset.rule, "verdict": ruleset.verdicts, "gate": ruleset.gate, "remark": ruleset.remark}
        why = {
            "verdict": "No row that decides leads to it.",
            "gate": "No advice meets its conditions.",
            "remark": "No advice meets its conditions.",
        }
        for kind, ids in named.items():
            for id_ in ids:
                if id_ not in met[kind]:
                    place = context.at("rules", ruleset.id, kind, id_)
                    what = f"{kind} '{id_}' is met by nobody."
                    reason = _shadow(part, ruleset.rule[id_]) if kind == "rule" else why[kind]
                    shown = _instead_of(context, part, ruleset.rule[id_].when) if kind == "rule" else None
                    yield Issue(place, f"idle-{kind}", what, reason, "Move it up, widen it, or take it out.", shown)


def _instead_of(context: CheckContext, part: RulesetPart, when: Condition) -> Shown | None:
    """Show somebody whom a condition fits and about whom another row decides."""
    given = {fact: sorted(allowed)[0] for clause in when.clauses[:1] for fact, allowed in clause}
    return context.show(part.routes, lambda at: at.outcome is not None and when.fits(at.told), when.reads, given)


def _shadow(part: RulesetPart, rule: Rule) -> str:
    """Say which rows above a row always fit before it: as few of them as do it together."""
    above = list(part.ruleset.rules[: part.ruleset.rules.index(rule)])
    if not _covered(part.space, rule, above):
        return "Its conditions fit nobody."
    for row in tuple(above):
        fewer = [other for other in above if other is not row]
        if _covered(part.space, rule, fewer):
            above = fewer
    ids = ", ".join(row.id for row in above)
    if not above:
        return "Its conditions are true of nobody."
    return f"Row {ids} above always fits first." if len(above) == 1 else f"Rows {ids} above together always fit first."


def _covered(space: Space, rule: Rule, above: list[Rule]) -> bool:
    """Tell whether nobody is left for `rule` once the rows `above` have decided."""
    builder = Builder(space.diagram, lambda _: frozenset(), lambda number, _: number)
    return len(above) not in space.reached(builder.build([*(row.when for row in above), rule.when], []))


def overrides_oppose(context: CheckContext) -> Iterator[Issue]:
    """Nobody goes ahead against an advice that says yes: neither a row's override nor a gate speaks of it there."""
    for part in context.parts:
        ruleset = part.ruleset
        opened = {verdict.id for verdict in ruleset.verdicts.values() if verdict.open}
        riding = {gate for o in part.reached if not o.overridden for gate in o.gates}
        instead = "Take it out; there is nothing to override."
        for rule in ruleset.rules:
            if rule.override and rule.verdict in opened:
                what = f"row '{rule.id}' has a note for going ahead anyway, although its verdict lets them."
                yield Issue(context.at("rules", ruleset.id, "rule", rule.id), "override-open", what, "", instead)
        for gate in ruleset.gates:
            if gate.id in riding and _goes_ahead(gate):
                what = f"gate '{gate.id}' speaks of going ahead anyway where the advice offers no such way."
                instead = "List under verdicts: the closed ones whose rows have an override."
                yield Issue(context.at("rules", ruleset.id, "gate", gate.id), "override-open", what, "", instead)


def _goes_ahead(gate: Gate) -> bool:
    return bool(gate.when.clauses) and all((OVERRIDDEN, frozenset({"yes"})) in c for c in gate.when.clauses)


def laws_hold(context: CheckContext) -> Iterator[Issue]:
    """Every law holds for every combination of answers."""
    for part in context.parts:
        laws = Laws(part.outcomes, context.library.facts)
        for law in part.ruleset.laws:
            broken = laws.broken(law)
            if broken:
                place = context.at("rules", part.ruleset.id, "law", law.id)
                moved = {broken.change[0]: " → ".join(broken.change[1:])} if broken.change else {}
                what = f"law '{law.id}' does not hold for somebody with {in_words({**broken.answers, **moved})}"
                what += f" ({broken.sets:,} of {broken.of:,} sets of such answers)."
                instead = "Change the rows so that it holds again, or the law."
                yield Issue(place, "law-broken", what, law.why, instead, _talked(context, part, law, broken))


def _talked(context: CheckContext, part: RulesetPart, law: Law, broken: Broken) -> Shown | None:
    """Return the shortest conversation in which a law breaks."""
    if broken.change:
        fact, before, after = broken.change
        known = {**broken.answers, fact: before}

        def begins(at: Stand) -> bool:
            return at.outcome is not None and all(at.told.get(f) == v for f, v in known.items())

        return context.show(part.routes, begins, known, known, (fact, after))

    def breaks(at: Stand) -> bool:
        return at.outcome is not None and breaks_law(law, at.told, at.outcome)

    reads = (law.always.reads | (law.implies.reads if law.implies else frozenset())) & part.space.domains.keys()
    return context.show(part.routes, breaks, reads, broken.answers)


def breaks_law(law: Law, known: Known, outcome: Outcome) -> bool:
    """Tell whether somebody about whom this is `known` breaks a law of the implying kind."""
    named = {**known, **pseudo(outcome)}
    return law.implies is not None and law.always.fits(named) and not law.implies.fits(named)


def examples_hold(context: CheckContext) -> Iterator[Issue]:
    """Prove that the rules say of every example what it expects."""
    cautious = context.library.facts.cautious
    for part in context.parts:
        for example in part.ruleset.examples if not part.gap else ():
            given: Mapping[str, str] = {**cautious, **example.given}
            outcome = part.outcomes.outcome(given)
            for what_, wanted, got in _differences(example, outcome):
                place = context.at("rules", part.ruleset.id, "example", example.name)
                what = f"example '{example.name}' expects {what_} {wanted}, but it is {got}."
                shown = context.show(
                    part.routes, comes_to(outcome, example.given), example.given, example.given, along=example.given
                )
                why, instead = f"Row {outcome.rule} decides.", "Change the rows or the example."
                yield Issue(place, "example-fails", what, why, instead, shown)


def _differences(example: Example, outcome: Outcome) -> Iterator[tuple[str, str, str]]:
    got = {
        "verdict": (outcome.verdict,),
        "rule": (outcome.rule,),
        "note": (outcome.note or "none",),
        "gates": outcome.gates,
        "mails": outcome.mails,
        "remind": outcome.remind,
        "remarks": outcome.remarks,
    }
    for part, wanted in example.expect.items():
        if wanted != got[part]:
            yield part, " ".join(wanted) or "none", " ".join(got[part]) or "none"
