"""The theorem once more, in the plainest way: every person there can be answers every question, one by one.

It shares no function with `bot/`: conditions are evaluated, questions left out and days counted here anew.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

Known = dict[str, str]
When = list[dict[str, list[str]]]  # alternatives, each with the values that are allowed; none of them: always


@dataclass
class Spec:
    """A flow and its rules, as plain data. The date `met` is asked like a fact; `age` and `fresh` follow from it."""

    facts: dict[str, list[str]]
    cautious: Known
    can_change: dict[str, list[str]]
    starts: dict[str, list[tuple[str, int]]]
    steps: list[tuple[str, str, str, When, list[tuple[str, When]]]]  # id, kind, fact, when, ways out (target, when)
    offers: list[str]
    rules: list[tuple[str, When, str, str]]  # id, when, verdict, reminder or ""
    gates: list[tuple[str, When, list[str]]] = field(default_factory=list)
    laws: list[tuple[str, When, When]] = field(default_factory=list)
    verdicts: list[str] = field(default_factory=list)


def fits(when: When, known: Known) -> bool:
    return not when or any(all(known[fact] in allowed for fact, allowed in case.items()) for case in when)


def outcome(spec: Spec, known: Known) -> tuple[str, str, tuple[str, ...], str] | None:
    for id_, when, verdict, remind in spec.rules:
        if fits(when, known):
            gates = tuple(
                g for g, w, verdicts in spec.gates if (not verdicts or verdict in verdicts) and fits(w, known)
            )
            return id_, verdict, gates, remind
    return None


def everybody(spec: Spec, facts: list[str]) -> Iterator[Known]:
    for values in itertools.product(*(spec.facts[fact] for fact in facts)):
        yield dict(zip(facts, values, strict=True))


def days(spec: Spec) -> list[Known]:
    """Return what can be true of one date: the bands after so many days."""
    found: list[Known] = []
    for gone in range(40):
        bands = {fact: [v for v, start in starts if start <= gone][-1] for fact, starts in spec.starts.items()}
        if bands not in found:
            found.append(bands)
    return found


def agrees(spec: Spec, known: Known) -> bool:
    return not spec.starts or any(all(known[f] == v for f, v in bands.items()) for bands in days(spec))


def settles(spec: Spec, fact: str) -> list[str]:
    return list(spec.starts) if fact == "met" else [fact]


class Brute:
    """What is found by trying everything."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.names = list(spec.facts)
        self.all = [(known, outcome(spec, known)) for known in everybody(spec, self.names)]
        self.by = {tuple(known.values()): found for known, found in self.all}
        self.possible = [(known, found) for known, found in self.all if agrees(spec, known)]
        asked = [step[2] for step in spec.steps if step[1] == "ask"]
        self.settled = {f for fact in asked for f in settles(spec, fact)}
        self.told = self.settled | {f for fact in spec.offers for f in settles(spec, fact)}
        self.assumed = {f: v for f, v in spec.cautious.items() if f not in self.settled}
        self._matters: dict[tuple[object, ...], bool] = {}

    def of(self, known: Known) -> object:
        return self.by[tuple(known[name] for name in self.names)]

    def matters(self, fact: str, known: Known) -> bool:
        """Tell whether some value of `fact` leads to something else than another, whatever else comes."""
        key = (fact, *sorted(known.items()))
        if key not in self._matters:
            free = [name for name in self.names if name not in known and name != fact]
            self._matters[key] = any(
                len({self.of({**known, **rest, fact: value}) for value in self.spec.facts[fact]}) > 1
                for rest in everybody(self.spec, free)
            )
        return self._matters[key]

    # -- conversations -----------------------------------------------------------------------------------------------

    def talk(self) -> tuple[set[str], set[str], set[tuple[str, str]], list[Known]]:
        """Hold every conversation; return steps crossed, steps asked, guards that knew too little, and answers told."""
        crossed: set[str] = set()
        asked: set[str] = set()
        blind: set[tuple[str, str]] = set()
        ends: list[Known] = []
        order = [step[0] for step in self.spec.steps]
        seen: set[tuple[object, ...]] = set()
        beyond = [name for name in self.names if name not in self.settled]
        open_ = [(order[0], before, {}) for before in everybody(self.spec, beyond)]
        while open_:
            at, before, told = open_.pop()
            key = (at, tuple(before.items()), tuple(sorted(told.items())))
            if key in seen:
                continue
            seen.add(key)
            if at == "end":
                ends.append(told)
                continue
            id_, kind, fact, when, ways = self.spec.steps[order.index(at)]
            crossed.add(id_)
            known = {**self.assumed, **before, **told}
            afters = [told]
            open_for = kind == "ask" and any(self.matters(f, known) for f in settles(self.spec, fact))
            if open_for and self.guard(id_, when, known, blind):
                asked.add(id_)
                answers = days(self.spec) if fact == "met" else [{fact: v} for v in self.spec.facts[fact]]
                afters = [{**told, **answer} for answer in answers]
            open_ += [
                (self.onward(id_, ways, {**self.assumed, **before, **after}, blind), before, after) for after in afters
            ]
        return crossed, asked, blind, ends

    def guard(self, step: str, when: When, known: Known, blind: set[tuple[str, str]]) -> bool:
        for case in when:
            for fact, allowed in case.items():
                if fact not in known:
                    blind.add((step, fact))
                    return False
                if known[fact] not in allowed:
                    break
            else:
                return True
        return not when

    def onward(self, step: str, ways: list[tuple[str, When]], known: Known, blind: set[tuple[str, str]]) -> str:
        for target, when in ways:
            if self.guard(step, when, known, blind):
                return target
        return "end"

    # -- findings ----------------------------------------------------------------------------------------------------

    def findings(self) -> set[tuple[str, str]]:
        return set(self.about_rules()) | set(self.about_talk())

    def about_rules(self) -> Iterator[tuple[str, str]]:
        met = [found for _, found in self.possible if found is not None]
        if len(met) < len(self.possible):
            yield "rules-gap", "rules"
        yield from (("idle-rule", id_) for id_, *_ in self.spec.rules if id_ not in {found[0] for found in met})
        yield from (("idle-verdict", v) for v in self.spec.verdicts if v not in {found[1] for found in met})
        yield from (("idle-gate", g) for g, *_ in self.spec.gates if not any(g in found[2] for found in met))
        for id_, always, implies in self.spec.laws:
            for known, found in self.possible:
                named = {**known, "verdict": found[1], "rule": found[0]} if found else {}
                if found and fits(always, named) and not fits(implies, named):
                    yield "law-broken", id_
                    break

    def about_talk(self) -> Iterator[tuple[str, str]]:
        deciding = {fact for fact in self.names if self.matters(fact, {})}
        yield from (("fact-unasked", fact) for fact in deciding - self.told)
        guards = {
            fact for *_, when, ways in self.spec.steps for w in (when, *(x for _, x in ways)) for c in w for fact in c
        }
        if len([1 for _, found in self.possible if found is None]):
            return  # conversations that end nowhere are said to do so
        asked_facts = [step[2] for step in self.spec.steps if step[1] == "ask"] + self.spec.offers
        used = {f for f in asked_facts if set(settles(self.spec, f)) & (deciding | guards)}
        yield from (("unused-question", fact) for fact in asked_facts if fact not in used)
        yield from self.same_options(used)
        crossed, asked, blind, ends = self.talk()
        yield from (("guard-unasked", f"{step} {fact}") for step, fact in blind)
        yield from (("unreachable-step", step[0]) for step in self.spec.steps if step[0] not in crossed)
        if not blind:
            for id_, kind, fact, *_ in self.spec.steps:
                if kind == "ask" and id_ in crossed and id_ not in asked and fact in used:
                    yield "idle-question", id_
        if not blind and all(step[0] in crossed for step in self.spec.steps) and not deciding - self.told:
            yield from self.untalked(ends)

    def same_options(self, used: set[str]) -> Iterator[tuple[str, str]]:
        whens = [w for *_, when, ways in self.spec.steps for w in (when, *(x for _, x in ways))]
        for fact in used - {"met"}:
            for one, other in itertools.combinations(self.spec.facts[fact], 2):
                split = any((one in c[fact]) != (other in c[fact]) for when in whens for c in when if fact in c)
                differ = any(
                    found != self.of({**known, fact: other}) for known, found in self.possible if known[fact] == one
                )
                if not split and not differ:
                    yield "same-options", f"{fact} {one} {other}"

    def untalked(self, ends: list[Known]) -> Iterator[tuple[str, str]]:
        """Say what somebody could come to by their answers, and no talk asks for."""
        named = {name for _, found in self.possible if found for name in self.parts(found)}
        for told in ends:
            moved = [self.later(fact, value) for fact, value in told.items() if fact not in self.spec.starts]
            times = days(self.spec) if set(self.spec.starts) & told.keys() else [{}]
            free = [name for name in self.names if name not in self.settled]
            for time in times:
                for news in itertools.product(*moved):
                    for rest in everybody(self.spec, free):
                        named -= self.parts(self.of({**self.spec.cautious, **dict(news), **time, **rest}))
        yield from ((f"untalked-{kind}", id_) for kind, id_ in named)

    def later(self, fact: str, value: str) -> list[tuple[str, str]]:
        return [(fact, value), *((fact, new) for new in self.spec.can_change.get(fact, []))]

    def parts(self, found: object) -> set[tuple[str, str]]:
        assert isinstance(found, tuple)
        rule, _, gates, remind = found
        return {("rule", rule), *(("gate", gate) for gate in gates), *({("reminder", remind)} if remind else set())}
