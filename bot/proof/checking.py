"""What is proved about loaded content: one function per property, all findings at once.

Law of this file: a finding says in the coach's words where, what and what to do; no property needs another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from bot.core.decision import paths
from bot.core.flows import END
from bot.core.issues import Issue, Places
from bot.core.library import Library
from bot.core.outcomes import OVERRIDDEN, Outcome, Outcomes, settled
from bot.core.rules import Example, Gate
from bot.proof.exploring import explore
from bot.proof.laws import breaks, counterexample, in_words, telling
from bot.proof.texts import (
    advice_short,
    labels_differ,
    messages_complete,
    messages_filled,
    messages_idle,
    notes_fit,
    notes_polite,
    voices_kept,
)

Property = Callable[[Library, Places], Iterator[Issue]]


def examine(library: Library, places: Places) -> list[Issue]:
    """Return every finding about `library`."""
    return [issue for prove in PROPERTIES for issue in prove(library, places)]


# -- flows -------------------------------------------------------------------------------------------------------------


def steps_reached(library: Library, places: Places) -> Iterator[Issue]:
    """Every step can be reached, and every question is open for somebody."""
    for flow in library.flows.values():
        if _gaps(library.outcomes[flow.rules]):
            continue  # conversations that end nowhere are reported by `rules_complete`
        found = explore(library.routes[flow.id])
        for step in flow.steps:
            place = places.at("flow", flow.id, "step", step.id)
            if step.id not in found.crossed:
                what = f"nobody ever reaches step '{step.id}'."
                yield Issue(place, "unreachable-step", what, "", "Let a step above go to it, or take it out.")
            elif step.kind == "ask" and step.id not in found.asked and not found.blind:
                what = f"step '{step.id}' asks '{step.fact}', but its answer can change nothing at this place."
                yield Issue(place, "idle-question", what, "No verdict, caution, note or date depends on it there.")


def ends_advised(library: Library, places: Places) -> Iterator[Issue]:
    """Every conversation gives advice and hands over the texts that go with it, on every way to its end."""
    for flow in library.flows.values():
        ways = {step.id: {branch.go for branch in flow.after(step)} for step in flow.steps}
        for kind, what in (("judge", "gives no advice"), ("compose", "hands over no note")):
            open_ = {flow.steps[0].id}
            for step in flow.steps:  # ways only lead downwards
                if step.id in open_ and step.kind != kind:
                    open_ |= ways[step.id]
            if END in open_:
                place = places.at("flow", flow.id)
                yield Issue(
                    place,
                    f"no-{kind}",
                    f"some conversation of '{flow.id}' comes to its end and {what}.",
                    "Whoever takes that way answers for nothing.",
                    f"Put a step with {kind}: on every way.",
                )


def guards_know(library: Library, places: Places) -> Iterator[Issue]:
    """Prove that a guard reads only facts that were asked on every path to it."""
    for flow in library.flows.values():
        if _gaps(library.outcomes[flow.rules]):
            continue
        for step, where, fact in explore(library.routes[flow.id]).blind:
            address = ("when",) if where == "when" else ("next", where)
            yield Issue(
                places.at("flow", flow.id, "step", step, *address),
                "guard-unasked",
                f"step '{step}' decides by '{fact}', which has not been asked on every way here.",
                "A condition on something nobody was asked cannot be judged.",
                f"Ask '{fact}' above this step, or take it out of the condition.",
            )


# -- rules -------------------------------------------------------------------------------------------------------------


def _gaps(outcomes: Outcomes) -> bool:
    return None in outcomes.root.outcomes


def rules_complete(library: Library, places: Places) -> Iterator[Issue]:
    """Prove that some row fits whatever the answers are."""
    for ruleset in library.rulesets.values():
        outcomes = library.outcomes[ruleset.id]
        if _gaps(outcomes):
            found = next(answered for answered, outcome in paths(outcomes.root) if outcome is None)
            answers = telling(found, outcomes, library.facts.cautious, lambda _known, outcome: outcome is None)
            what = f"no row fits somebody with {in_words(answers)}."
            yield Issue(
                places.at("rules", ruleset.id), "rules-gap", what, "", "Add a row, or let the last one fit all."
            )


def rules_decide(library: Library, places: Places) -> Iterator[Issue]:
    """Every row decides for somebody, and every verdict, gate and remark is met by somebody."""
    for ruleset in library.rulesets.values():
        reached = [settled(o) for o in library.outcomes[ruleset.id].root.outcomes if o is not None]
        met = {
            "rule": {o.rule for o in reached},
            "verdict": {o.verdict for o in reached},
            "gate": {gate for o in reached for gate in o.gates},
            "remark": {remark for o in reached for remark in o.remarks},
        }
        named = {"rule": ruleset.rule, "verdict": ruleset.verdicts, "gate": ruleset.gate, "remark": ruleset.remark}
        why = {
            "rule": "The rows above always fit first.",
            "verdict": "No row that decides leads to it.",
            "gate": "No advice meets its conditions.",
            "remark": "No advice meets its conditions.",
        }
        for part, ids in named.items():
            for id_ in ids:
                if id_ not in met[part]:
                    place = places.at("rules", ruleset.id, part, id_)
                    what = f"{part} '{id_}' is met by nobody."
                    yield Issue(place, f"idle-{part}", what, why[part], "Move it up, widen it, or take it out.")


def overrides_oppose(library: Library, places: Places) -> Iterator[Issue]:
    """Nobody goes ahead against an advice that says yes: neither a row's override nor a gate speaks of it there."""
    for ruleset in library.rulesets.values():
        opened = {verdict.id for verdict in ruleset.verdicts.values() if verdict.open}
        met = [settled(o) for o in library.outcomes[ruleset.id].root.outcomes if o is not None]
        riding = {gate for o in met if not o.overridden for gate in o.gates}
        instead = "Take it out; there is nothing to override."
        for rule in ruleset.rules:
            if rule.override and rule.verdict in opened:
                what = f"row '{rule.id}' has a note for going ahead anyway, although its verdict lets them."
                yield Issue(places.at("rules", ruleset.id, "rule", rule.id), "override-open", what, "", instead)
        for gate in ruleset.gates:
            if gate.id in riding and _goes_ahead(gate):
                what = f"gate '{gate.id}' speaks of going ahead anyway where the advice offers no such way."
                instead = "List under verdicts: the closed ones whose rows have an override."
                yield Issue(places.at("rules", ruleset.id, "gate", gate.id), "override-open", what, "", instead)


def _goes_ahead(gate: Gate) -> bool:
    return bool(gate.when.clauses) and all((OVERRIDDEN, frozenset({"yes"})) in c for c in gate.when.clauses)


def laws_hold(library: Library, places: Places) -> Iterator[Issue]:
    """Every law holds for every combination of answers."""
    for ruleset in library.rulesets.values():
        for law in ruleset.laws:
            outcomes = library.outcomes[ruleset.id]
            found = counterexample(law, outcomes)
            if found is not None:
                if law.implies is not None:
                    found = telling(found, outcomes, library.facts.cautious, partial(breaks, law))
                place = places.at("rules", ruleset.id, "law", law.id)
                what = f"law '{law.id}' does not hold for somebody with {in_words(found)}."
                yield Issue(place, "law-broken", what, law.why, "Change the rows so that it holds again, or the law.")


def examples_hold(library: Library, places: Places) -> Iterator[Issue]:
    """Prove that the rules say of every example what it expects."""
    for ruleset in library.rulesets.values():
        outcomes = library.outcomes[ruleset.id]
        if _gaps(outcomes):
            continue
        for example in ruleset.examples:
            outcome = outcomes.outcome({**library.facts.cautious, **example.given})
            for part, wanted, got in _differences(example, outcome):
                place = places.at("rules", ruleset.id, "example", example.name)
                what = f"example '{example.name}' expects {part} {wanted}, but it is {got}."
                yield Issue(
                    place, "example-fails", what, f"Row {outcome.rule} decides.", "Change the rows or the example."
                )


def _differences(example: Example, outcome: Outcome) -> Iterator[tuple[str, str, str]]:
    got = {
        "verdict": (outcome.verdict,),
        "rule": (outcome.rule,),
        "note": (outcome.note or "none",),
        "gates": outcome.gates,
        "mails": outcome.mails,
    }
    for part, wanted in example.expect.items():
        if wanted != got[part]:
            yield part, " ".join(wanted) or "none", " ".join(got[part]) or "none"


def parts_used(library: Library, places: Places) -> Iterator[Issue]:
    """Every note kind is handed over and every reminder kind asked for by somebody."""
    reached = [settled(o) for out in library.outcomes.values() for o in out.root.outcomes if o is not None]
    handed = {kind for o in reached for kind in (o.note, *o.mails)}
    asked = {kind for o in reached for kind in o.remind}
    for part, ids, met in (("note", library.notebook.kinds, handed), ("reminder", library.reminders, asked)):
        for id_ in ids:
            if id_ not in met:
                yield Issue(places.at(part, id_), f"idle-{part}", f"{part} '{id_}' is never used by any advice.")


def claims_carried(library: Library, places: Places) -> Iterator[Issue]:
    """Every claim that asks for something is carried by a row, gate, remark, note, reminder, or by structure."""
    carried = set(cited(library))
    for claim in library.claims.values():
        if claim.kind == "rule" and claim.id not in carried and not claim.structure:
            what = f"claim {claim.id} asks for something, but nothing carries it."
            yield Issue(places.at("claim", claim.id), "claim-dropped", what, "", "Cite it where it is followed.")


def cited(library: Library) -> Iterator[str]:
    """Return the claim ids that any part of the content rests on."""
    for ruleset in library.rulesets.values():
        yield from (claim for rule in ruleset.rules for claim in rule.cites)
        yield from (claim for gate in ruleset.gates for claim in gate.cites)
        yield from (remark.claim for remark in ruleset.remarks)
    yield from (claim for kind in library.notebook.kinds.values() for claim in kind.cites)
    yield from (claim for kind in library.reminders.values() for claim in kind.cites)


def summary(library: Library) -> str:
    """Return in numbers what was examined."""
    explored = [explore(route) for route in library.routes.values()]
    rules = list(library.rulesets.values())
    counts = [
        (len(library.flows), "conversation"),
        (sum(found.conversations for found in explored), "way through it" if len(library.flows) == 1 else "way"),
        (sum(len(ruleset.rules) for ruleset in rules), "rule"),
        (sum(len(ruleset.laws) for ruleset in rules), "law"),
        (sum(len(ruleset.examples) for ruleset in rules), "example"),
        (sum(len(c.messages) for c in library.catalogues.values()), "message"),
    ]
    return "No issues. " + ", ".join(f"{number:,} {_many(word, number)}" for number, word in counts) + "."


def _many(word: str, number: int) -> str:
    first, space, rest = word.partition(" ")
    return word if number == 1 else f"{first}s{space}{rest}"


PROPERTIES: tuple[Property, ...] = (
    steps_reached,
    ends_advised,
    guards_know,
    rules_complete,
    rules_decide,
    overrides_oppose,
    laws_hold,
    examples_hold,
    parts_used,
    claims_carried,
    messages_complete,
    messages_idle,
    messages_filled,
    labels_differ,
    advice_short,
    voices_kept,
    notes_fit,
    notes_polite,
)
