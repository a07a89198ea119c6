"""The theorem once more, in the plainest way: every person there can be answers every question, one by one.

It shares no function with `bot/`: conditions are evaluated, questions left out and days counted here anew.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

Known = dict[str, str]
When = list[dict[str, list[str]]]  # alternatives, each with the values that are allowed; none of them: always

Row = tuple[str, str, str, "When", list[tuple[str, "When"]]]  # id, kind, fact, when, ways out (target, when)


@dataclass
class Spec:
    """A flow and its rules, as plain data. The date `met` is asked like a fact; `age` and `fresh` follow from it."""

    facts: dict[str, list[str]]
    cautious: Known
    can_change: dict[str, list[str]]
    starts: dict[str, list[tuple[str, int]]]
    steps: list[Row]
    offers: list[str]
    rules: list[tuple[str, When, str, str]]  # id, when, verdict, reminder or ""
    gates: list[tuple[str, When, list[str]]] = field(default_factory=list)
    laws: list[tuple[str, When, When]] = field(default_factory=list)
    verdicts: list[str] = field(default_factory=list)
    assumes: list[tuple[str, When]] = field(default_factory=list)  # read of people who were not asked, and where
    again: list[str] = field(default_factory=list)  # what a second conversation asks, one after the other


Parts = tuple[str, list[Row], list[str], list[tuple[str, When]]]  # id, steps, offers, assumes


def conversations(spec: Spec) -> list[Parts]:
    """Return the conversations, as plain data."""
    ids = [*(f"again_{name}" for name in spec.again), "again", "end"]
    steps: list[Row] = [(ids[n], "ask", name, [], [(ids[n + 1], [])]) for n, name in enumerate(spec.again)]
    second: Parts = ("second", [*steps, ("again", "judge", "", [], [("end", [])])], [], [])
    return [("talk", spec.steps, spec.offers, spec.assumes), *([second] if spec.again else [])]


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
        self._matters: dict[tuple[object, ...], bool] = {}
        self.talks = [Talk(self, *parts) for parts in conversations(spec)]

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
        told = {fact for talk in self.talks for fact in talk.told}
        yield from (("fact-unasked", fact) for fact in deciding - told)
        for talk in self.talks:
            yield from (("flow-unasked", f"{talk.id} {name}") for name in talk.leaves(deciding & told))
        guards = {fact for talk in self.talks for when in talk.whens for case in when for fact in case}
        if len([1 for _, found in self.possible if found is None]):
            return  # conversations that end nowhere are said to do so
        asked_facts = [name for talk in self.talks for name in talk.names]
        used = {f for f in asked_facts if set(settles(self.spec, f)) & (deciding | guards)}
        yield from (("unused-question", fact) for fact in asked_facts if fact not in used)
        yield from self.same_options(used)
        whole = not deciding - told
        for talk in self.talks:
            talk.hold()
            yield from (("guard-unasked", f"{step} {fact}") for step, fact in talk.blind)
            yield from (("unreachable-step", step[0]) for step in talk.steps if step[0] not in talk.crossed)
            sound = not talk.blind and all(step[0] in talk.crossed for step in talk.steps)
            if sound:
                yield from (("step-unasked", f"{step} {name}") for step, name in talk.unasked)
                yield from (("idle-assume", f"{talk.id} {name}") for name in talk.idle(deciding))
            if not talk.blind:
                for id_, kind, fact, *_ in talk.steps:
                    if kind == "ask" and id_ in talk.crossed and id_ not in talk.asked and fact in used:
                        yield "idle-question", id_
            whole = whole and sound
        if whole:
            yield from self.untalked()

    def same_options(self, used: set[str]) -> Iterator[tuple[str, str]]:
        whens = [when for talk in self.talks for when in talk.whens]
        for fact in used - {"met"}:
            for one, other in itertools.combinations(self.spec.facts[fact], 2):
                split = any((one in c[fact]) != (other in c[fact]) for when in whens for c in when if fact in c)
                differ = any(
                    found != self.of({**known, fact: other}) for known, found in self.possible if known[fact] == one
                )
                if not split and not differ:
                    yield "same-options", f"{fact} {one} {other}"

    def untalked(self) -> Iterator[tuple[str, str]]:
        """Say what somebody could come to by their answers, and no talk asks for."""
        named = {name for _, found in self.possible if found for name in self.parts(found)}
        for told, settled in ((told, talk.settled) for talk in self.talks for told in talk.ends):
            moved = [self.later(fact, value) for fact, value in told.items() if fact not in self.spec.starts]
            times = days(self.spec) if set(self.spec.starts) & told.keys() else [{}]
            free = [name for name in self.names if name not in settled]
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


class Talk:
    """One conversation, held with everybody."""

    def __init__(
        self, brute: Brute, id_: str, steps: list[Row], offers: list[str], assumes: list[tuple[str, When]]
    ) -> None:
        self.brute, self.spec, self.id, self.steps, self.assumes = brute, brute.spec, id_, steps, assumes
        self.questions = [step[2] for step in steps if step[1] == "ask"]
        self.names = self.questions + offers
        self.settled = {f for name in self.questions for f in settles(self.spec, name)}
        self.told = {f for name in self.names for f in settles(self.spec, name)}
        self.assumed = {f: v for f, v in self.spec.cautious.items() if f not in self.settled}
        self.whens = [w for *_, when, ways in steps for w in (when, *(x for _, x in ways))]
        self.crossed: set[str] = set()
        self.asked: set[str] = set()
        self.blind: set[tuple[str, str]] = set()
        """Guards that knew too little."""
        self.unasked: set[tuple[str, str]] = set()
        """Judgements that hang on what was not asked."""
        self.left: set[str] = set()
        """What was left open so on purpose."""
        self.ends: list[Known] = []
        """What was told where something is said."""

    def leaves(self, deciding: set[str]) -> set[str]:
        """Return the questions that are asked elsewhere only, and not left to others on purpose."""
        open_ = deciding - self.told - {f for name, when in self.assumes if not when for f in settles(self.spec, name)}
        return {"met" if fact in self.spec.starts else fact for fact in open_}

    def idle(self, deciding: set[str]) -> set[str]:
        names = {name for name, _ in self.assumes} - self.left
        return {name for name in names if not set(settles(self.spec, name)) & (deciding - self.told)}

    def hold(self) -> None:
        """Hold every conversation."""
        order = [step[0] for step in self.steps]
        seen: set[tuple[object, ...]] = set()
        beyond = [name for name in self.brute.names if name not in self.settled]
        open_: list[tuple[str, Known, Known]] = [(order[0], before, {}) for before in everybody(self.spec, beyond)]
        while open_:
            at, before, told = open_.pop()
            key = (at, tuple(before.items()), tuple(sorted(told.items())))
            if key in seen:
                continue
            seen.add(key)
            if at == "end":
                self.ends.append(told)
                continue
            id_, kind, fact, when, ways = self.steps[order.index(at)]
            self.crossed.add(id_)
            known = {**self.assumed, **before, **told}
            if kind == "judge":
                self.ends.append(told)
                self.judge(id_, before, told)
            afters = [told]
            open_for = kind == "ask" and any(self.brute.matters(f, known) for f in settles(self.spec, fact))
            if open_for and self.guard(id_, when, known, self.blind):
                self.asked.add(id_)
                answers = days(self.spec) if fact == "met" else [{fact: v} for v in self.spec.facts[fact]]
                afters = [{**told, **answer} for answer in answers]
            open_ += [(self.onward(id_, ways, {**self.assumed, **before, **after}), before, after) for after in afters]

    def judge(self, step: str, before: Known, told: Known) -> None:
        for fact in self.settled - told.keys():
            if self.brute.matters(fact, {**before, **told}):
                name = "met" if fact in self.spec.starts else fact
                if any(a == name and self.guard(step, when, {**before, **told}, set()) for a, when in self.assumes):
                    self.left.add(name)
                else:
                    self.unasked.add((step, name))

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

    def onward(self, step: str, ways: list[tuple[str, When]], known: Known) -> str:
        for target, when in ways:
            if self.guard(step, when, known, self.blind):
                return target
        return "end"
