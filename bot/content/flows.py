"""flows/<name>.yaml turned into a core flow: every step known, every way leading onwards."""

from __future__ import annotations

from collections.abc import Mapping

from bot.content.conditions import Conditions
from bot.content.models import AssumeEntry, ElseBranch, FlowFile, StepEntry
from bot.content.references import References, refuse_reserved
from bot.content.source_file import SourceFile
from bot.content.yaml_reader import Path
from bot.core.dialogue.flow import END, Assumed, Branch, Flow, Hint, Step, StepKind
from bot.core.issues import nearest

KINDS: tuple[StepKind, ...] = ("ask", "judge", "compose")


class FlowReader:
    """Reads one flow file."""

    def __init__(self, source: SourceFile, file: FlowFile, references: References) -> None:
        self._source = source
        self._file = file
        self._references = references
        self._conditions = Conditions(references)
        self._declared = (source.ids("steps") or frozenset()) | {END}
        self._order: Mapping[str, int] = {step.id: number for number, step in reversed([*enumerate(file.steps)])}

    def read(self) -> Flow:
        """Return the flow."""
        source, file = self._source, self._file
        source.address(source.at("flow"), "flow", file.flow)
        refuse_reserved(source, ("flow",), file.flow)
        source.refer(
            source.at("rules"), file.rules, self._references.rulesets, "unknown-rules", "no ruleset of flows/rules/"
        )
        source.refuse_twins("steps", (step.id for step in file.steps))
        steps = tuple(self._step(number, step) for number, step in enumerate(file.steps))
        self._check_offers()
        assumes = tuple(self._assumed(number, entry) for number, entry in enumerate(file.assumes))
        return Flow(file.flow, file.rules, steps, file.offers, assumes)

    # -- steps -------------------------------------------------------------------------------------------------------

    def _step(self, number: int, entry: StepEntry) -> Step:
        source, path = self._source, ("steps", number)
        address = ("flow", self._file.flow, "step", entry.id)
        source.address(source.at(*path), *address)
        source.address(source.key(*path, "when"), *address, "when")
        refuse_reserved(source, (*path, "id"), entry.id)
        kind = self._kind(path, entry)
        return Step(
            entry.id,
            kind,
            entry.ask or "",
            when=self._conditions.read(source, (*path, "when"), entry.when),
            next=self._branches(number, entry),
            hints=tuple(
                Hint(hint.say, self._conditions.read(source, (*path, "hints", n, "when"), hint.when))
                for n, hint in enumerate(entry.hints)
            ),
        )

    def _kind(self, path: Path, entry: StepEntry) -> StepKind:
        given = [kind for kind in KINDS if getattr(entry, kind) is not None]
        if len(given) != 1 and self._source.whole(*path):
            what = f"step '{entry.id}' has {' and '.join(given) if given else 'none of ask, judge and compose'}."
            place = self._source.key(*path, given[1] if given else "id")
            self._source.fault(
                place, "exactly-one", what, "A step does exactly one thing.", f"Keep one of {', '.join(KINDS)}."
            )
        if entry.ask is not None:
            self._check_question((*path, "ask"), entry.ask)
        if entry.judge is not None:
            self._check_judge((*path, "judge"), entry.judge)
        for key in sorted({"when", "hints"} & entry.model_fields_set) if given and "ask" not in given else ():
            what = f"'{key}' stands at step '{entry.id}', which asks nothing."
            instead = "Take it out; a branch of `next` can lead past a step."
            self._source.fault(self._source.key(*path, key), "only-for-questions", what, "", instead)
        return given[0] if given else "ask"

    def _check_question(self, path: Path, name: str) -> None:
        fact = self._references.fact(self._source, self._source.at(*path), name)
        if fact is not None and fact.derivation is not None:
            what = f"'{name}' is never asked: it is worked out from '{fact.derivation.source}'."
            instead = f"Ask {fact.derivation.source}."
            self._source.fault(self._source.at(*path), "not-askable", what, "", instead)

    def _check_judge(self, path: Path, rules: str) -> None:
        known = self._references.rulesets
        if known and rules in known and self._file.rules in known and rules != self._file.rules:
            what = f"this step judges by '{rules}', but the flow's rules are '{self._file.rules}'."
            why = "Which questions are open is worked out from the flow's own rules."
            self._source.fault(self._source.at(*path), "other-rules", what, why, f"Write {self._file.rules}.")
        elif rules != self._file.rules:  # else the finding about the flow's own `rules` is enough
            self._source.refer(self._source.at(*path), rules, known, "unknown-rules", "no ruleset of flows/rules/")

    # -- ways out ----------------------------------------------------------------------------------------------------

    def _branches(self, number: int, entry: StepEntry) -> tuple[Branch, ...]:
        source, path = self._source, ("steps", number, "next")
        last = len(entry.next) - 1
        elses = [n for n, branch in enumerate(entry.next) if isinstance(branch, ElseBranch)]
        if entry.next and not elses and source.whole(*path):
            what = f"the ways out of step '{entry.id}' do not end with `else`."
            why = "Where no condition fits, the conversation would stand still."
            source.fault(source.key(*path), "else-missing", what, why, "Add - else: and a step as the last one.")
        for n in elses[1:]:
            what = f"step '{entry.id}' has a second `else`."
            source.fault(source.at(*path, n), "else-twice", what, "Only one can be taken.", "Keep the last one.")
        if len(elses) == 1 and elses[0] != last:
            what = f"`else` is not the last way out of step '{entry.id}'."
            why = "It always fits, so nothing below it is ever looked at."
            source.fault(source.at(*path, elses[0]), "else-not-last", what, why, "Move it to the end.")
        found = []
        for n, branch in enumerate(entry.next):
            here = (*path, n)
            source.address(source.at(*here), "flow", self._file.flow, "step", entry.id, "next", str(n))
            if isinstance(branch, ElseBranch):
                self._check_target((*here, "else"), branch.go, number)
                found.append(Branch(branch.go))
            else:
                self._check_target((*here, "go"), branch.go, number)
                found.append(Branch(branch.go, self._conditions.read(source, (*here, "when"), branch.when)))
        return tuple(found)

    def _check_target(self, path: Path, target: str, number: int) -> None:
        source = self._source
        if target not in self._declared:
            what = f"'{target}' is no step; a step is only ever named, nothing is ever called."
            source.fault(source.at(*path), "unknown-step", what, "", nearest(target, self._declared))
        elif self._order.get(target, number + 1) <= number:
            what = f"'{target}' is this step itself." if self._order[target] == number else f"'{target}' stands above."
            why = "A conversation only moves forward; that is why every conversation ends."
            later = [step.id for step in self._file.steps[number + 1 :]]
            source.fault(
                source.at(*path), "backwards", what, why, f"Go to a later step or to end. {nearest('', later)}"
            )

    # -- offers ------------------------------------------------------------------------------------------------------

    def _check_offers(self) -> None:
        asked = {step.ask for step in self._file.steps}
        for number, name in enumerate(self._file.offers):
            path = ("offers", number)
            self._check_question(path, name)
            self._source.address(self._source.at(*path), "flow", self._file.flow, "offer", name)
            if name in asked:
                what = f"'{name}' is asked by a step already."
                why = "An offer is for what nobody is asked of its own accord."
                self._source.fault(self._source.at(*path), "offer-asked", what, why, "Delete it here, or that step.")
            if name in self._file.offers[:number]:
                what = f"'{name}' is offered twice."
                self._source.fault(self._source.at(*path), "duplicate-id", what, "", "Delete one of them.")

    # -- what is left open -------------------------------------------------------------------------------------------

    def _assumed(self, number: int, entry: AssumeEntry) -> Assumed:
        source, path = self._source, ("assumes", number)
        self._check_question((*path, "fact"), entry.fact)
        address = ("flow", self._file.flow, "assume", entry.fact)
        source.address(source.at(*path), *address)
        source.address(source.key(*path, "when"), *address, "when")
        if entry.fact in self._file.offers:
            what = f"'{entry.fact}' is offered, and so is left open anyway."
            source.fault(source.at(*path), "assume-offered", what, "", "Delete it here, or under offers.")
        if entry.fact in (other.fact for other in self._file.assumes[:number]):
            what = f"'{entry.fact}' is assumed twice."
            instead = "Keep one, with alternatives under any."
            source.fault(source.at(*path), "duplicate-id", what, "", instead)
        return Assumed(entry.fact, self._conditions.read(source, (*path, "when"), entry.when))


def read_flow(source: SourceFile, file: FlowFile, references: References) -> Flow:
    """Return the flow in `file`."""
    return FlowReader(source, file, references).read()
