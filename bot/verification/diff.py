"""What an edit changes in meaning: two versions of the content, compared for every situation there can be.

A situation changes if anything said, handed over or dated changes; which row says so is no matter.
Days are cut wherever either version cuts them. Nothing is sampled: what is counted is counted exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from itertools import product
from math import prod

from bot.core.advice.calendar import DEFAULT_WEEK, business_days_between
from bot.core.advice.decision_diagram import Diagram, Node
from bot.core.advice.facts import Fact, Facts
from bot.core.advice.policy import CompiledPolicy, Outcome, settled
from bot.core.advice.rules import Moment, Sure
from bot.core.dialogue.progress import REMOTEST_DAY
from bot.core.library import Library
from bot.verification.answer_space import shortest

MOST_SENTENCES = 12  # a change that takes more to tell is told in part, with the number of the rest
Cube = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Summary:
    """What an outcome means to the person: everything but the name of the row."""

    verdict: str
    opens: Moment | None
    note: str | None
    wordings: tuple[str, ...]
    mails: tuple[str, ...]
    gates: tuple[str, ...]
    claims: tuple[str, ...]
    remind: tuple[tuple[str, Moment], ...]
    sure: Sure


@dataclass(frozen=True)
class Band:
    """Days that neither version tells apart: how they are called, and what follows from them in each version."""

    name: str
    old: Mapping[str, str]
    new: Mapping[str, str]
    weekday: int
    gone: int
    """One of these days: so many calendar days before a day of the week (Monday is 0)."""


Difference = tuple[tuple[str, object, object], ...]
"""What differs: (part of a summary, as it was, as it is). Where the advice does, what follows from it is left out."""
ADVICE = "advice"
"""The part that stands for verdict and day together; it is None where no row fits or an answer is not known."""


@dataclass(frozen=True)
class SituationChange:
    """Situations that change alike: what differs, how many they are, and which.

    `sample` is one of them; its days stand as the facts that follow from them, in the old version and in the new.
    """

    difference: Difference
    situations: int
    cubes: tuple[Cube, ...]
    untold: bool
    sample: tuple[Mapping[str, str], Mapping[str, str]]
    bands: Mapping[str, Band]


@dataclass(frozen=True)
class Compared:
    """One ruleset in both versions."""

    rules: str
    situations: int
    changed: int
    changes: tuple[SituationChange, ...]


def compare(old: Library, new: Library, rules: str) -> Compared:
    """Compare the ruleset `rules`, which both versions have."""
    return _Comparing(old, new, rules).compared()


@dataclass
class _Comparing:
    old: Library
    new: Library
    rules: str
    keys: dict[Difference, int] = field(default_factory=dict)
    """What differs somewhere, numbered."""

    def __post_init__(self) -> None:
        facts = (self.old.facts, self.new.facts)
        order = dict.fromkeys(f.name for version in reversed(facts) for f in version.finite)
        self.functions = [_ordered(library, self.rules, list(order)) for library in (self.old, self.new)]
        self.bands = {source: tuple(_bands(source, *facts)) for source in _sources(*facts)}
        derived = {f.name for version in facts for f in version.derived}
        values = {name: _values(name, *facts) for name in order if name not in derived}
        self.domains = {**{source: tuple(b.name for b in bands) for source, bands in self.bands.items()}, **values}
        self.diagram = Diagram(self.domains)
        self.place = {name: number for number, name in enumerate(order)}

    def compared(self) -> Compared:
        root = self.root(list(self.bands), {}, {})
        read = [library.rulesets[self.rules] for library in (self.old, self.new)]
        decides = {fact for ruleset in read for rule in ruleset.rules for fact in rule.when.reads}
        over = [n for n in self.domains if n in root.facts | decides or self.follow(n) & decides]
        counts = self.count(root, over)
        total = prod(len(self.domains[name]) for name in over)
        changes = [self.change(root, key, number) for key, number in counts.items() if key is not None]
        changes.sort(key=lambda change: -change.situations)
        return Compared(self.rules, total, sum(change.situations for change in changes), tuple(changes))

    def follow(self, source: str) -> set[str]:
        return {name for band in self.bands.get(source, ()) for name in (*band.old, *band.new)}

    # -- the change as a diagram -------------------------------------------------------------------------------------

    def root(self, sources: list[str], old: dict[str, str], new: dict[str, str]) -> Node:
        """Return the diagram whose outcomes are numbers of `keys`, None where nothing changes."""
        if sources:
            source, *rest = sources
            bands = self.bands[source]
            return self.diagram.node(
                source, {b.name: self.root(rest, {**old, **b.old}, {**new, **b.new}) for b in bands}
            )
        first, second = (f.diagram.restrict(f.root, k) for f, k in zip(self.functions, (old, new), strict=True))
        return self.merged(first, second, {})

    def merged(
        self, first: Node | None, second: Node | None, memo: dict[tuple[Node | None, Node | None], Node]
    ) -> Node:
        if (first, second) not in memo:
            asked = [node.fact for node in (first, second) if node is not None and node.fact]
            if asked:
                fact = min(asked, key=self.place.__getitem__)
                below = {
                    v: self.merged(_under(first, fact, v), _under(second, fact, v), memo) for v in self.domains[fact]
                }
                made = self.diagram.node(fact, below)
            else:
                made = self.diagram.leaf(self.key(first, second))
            memo[first, second] = made
        return memo[first, second]

    def key(self, first: Node | None, second: Node | None) -> int | None:
        found = difference(self.summary(first, self.old), self.summary(second, self.new))
        return self.keys.setdefault(found, len(self.keys)) if found else None

    def summary(self, node: Node | None, library: Library) -> Summary | None:
        return None if node is None or node.outcome is None else summary_of(settled(node.outcome), library, self.rules)

    # -- which and how many ------------------------------------------------------------------------------------------

    def count(self, root: Node, over: Sequence[str]) -> dict[int | None, int]:
        """Count the situations of each outcome, over all answers to `over`."""
        memo: dict[tuple[Node, int], dict[int | None, int]] = {}

        def counted(node: Node, number: int) -> dict[int | None, int]:
            if number == len(over):
                assert node.outcome is None or isinstance(node.outcome, int)
                return {node.outcome: 1}
            if (node, number) not in memo:
                found: dict[int | None, int] = {}
                for value in self.domains[over[number]]:
                    below = node.below[value] if node.fact == over[number] else node
                    for key, count in counted(below, number + 1).items():
                        found[key] = found.get(key, 0) + count
                memo[node, number] = found
            return memo[node, number]

        return counted(root, 0)

    def change(self, root: Node, key: int, situations: int) -> SituationChange:
        cubes: list[Cube] = []
        left = root
        while len(cubes) < MOST_SENTENCES and (answers := shortest(left, key)) is not None:
            cube = self.widened(root, key, {fact: frozenset({value}) for fact, value in answers.items()})
            cubes.append({fact: values for fact, values in cube.items() if len(values) < len(self.domains[fact])})
            left = self.without(left, cubes[-1], {})
        sample = self.plainest(root, key)
        bands = {s: b for s, name in sample.items() for b in self.bands.get(s, ()) if b.name == name}
        what = next(found for found, number in self.keys.items() if number == key)
        return SituationChange(
            what, situations, tuple(cubes), shortest(left, key) is not None, self.told(sample), bands
        )

    def plainest(self, root: Node, key: int) -> dict[str, str]:
        """Return one situation, with as many cautious answers as can be; these need not be given."""
        cautious = {**self.old.facts.cautious, **self.new.facts.cautious}
        sample = shortest(root, key) or {}
        for fact, value in tuple(sample.items()):
            plainer = {**sample, fact: cautious.get(fact, value)}
            if self.diagram.restrict(root, plainer).outcome == key:
                sample = plainer
        return sample

    def told(self, sample: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        bands = [band for source, name in sample.items() for band in self.bands.get(source, ()) if band.name == name]
        plain = {fact: value for fact, value in sample.items() if fact not in self.bands}
        old = {fact: value for band in bands for fact, value in band.old.items()}
        return {**plain, **old}, {**plain, **{fact: value for band in bands for fact, value in band.new.items()}}

    def widened(self, root: Node, key: int, cube: dict[str, frozenset[str]]) -> dict[str, frozenset[str]]:
        """Let in further answers, fact by fact, as long as all of them change alike."""
        for fact in sorted(cube, key=lambda name: -len(self.domains[name])):
            for values in (frozenset(self.domains[fact]), *(frozenset({v}) for v in self.domains[fact])):
                wider = {**cube, fact: cube[fact] | values}
                if self.inside(root, key, wider):
                    cube = wider
        return cube

    def inside(self, root: Node, key: int, cube: Cube) -> bool:
        if root.fact is None:
            return root.outcome == key
        allowed = cube.get(root.fact, self.domains[root.fact])
        return key in root.outcomes and all(self.inside(root.below[value], key, cube) for value in allowed)

    def without(self, root: Node, cube: Cube, memo: dict[Node, Node]) -> Node:
        """Return the diagram in which nothing of `cube` changes any more."""
        if root not in memo:
            if root.fact is None:
                memo[root] = self.diagram.leaf(None)
            else:
                inside = cube.get(root.fact, frozenset(self.domains[root.fact]))
                memo[root] = self.diagram.node(
                    root.fact,
                    {v: self.without(n, cube, memo) if v in inside else n for v, n in root.below.items()},
                )
        return memo[root]


def _under(node: Node | None, fact: str, value: str) -> Node | None:
    """Return what is left of a node once `fact` is `value`; None in a version that does not know this value."""
    return node.below.get(value) if node is not None and node.fact == fact else node


def difference(was: Summary | None, now: Summary | None) -> Difference:
    """Return what differs between two summaries; nothing where they are equal."""
    if was == now:
        return ()
    if was is None or now is None or (was.verdict, was.opens) != (now.verdict, now.opens):
        return ((ADVICE, was and (was.verdict, was.opens), now and (now.verdict, now.opens)),)
    parts = ((f.name, getattr(was, f.name), getattr(now, f.name)) for f in fields(Summary))
    return tuple((name, before, after) for name, before, after in parts if before != after)


def summary_of(outcome: Outcome, library: Library, rules: str) -> Summary:
    """Return what an outcome means to the person."""
    ruleset = library.rulesets[rules]
    rule = ruleset.rule[outcome.rule]
    remarks = tuple(ruleset.remark[remark].claim for remark in outcome.remarks)
    return Summary(
        outcome.verdict,
        None if ruleset.verdicts[outcome.verdict].open else rule.opens,
        outcome.note,
        outcome.wordings,
        outcome.mails,
        outcome.gates,
        (*rule.reasons, *remarks),
        tuple((kind, library.reminders[kind].due) for kind in outcome.remind),
        rule.sure,
    )


def _ordered(library: Library, rules: str, order: list[str]) -> CompiledPolicy:
    """Return the compiled rules with their facts in this order, compiled anew only where it is another."""
    own = [fact.name for fact in library.facts.finite]
    if own == [name for name in order if name in own]:
        return library.outcomes[rules]
    named = library.facts.by_name
    facts = Facts(
        {name: named[name] for name in (*(n for n in order if n in named), *(n for n in named if n not in order))}
    )
    return CompiledPolicy(library.rulesets[rules], facts, library.notebook, library.reminders)


def _values(name: str, *versions: Facts) -> tuple[str, ...]:
    known = [version.by_name[name].values for version in reversed(versions) if name in version.by_name]
    return tuple(dict.fromkeys(value for values in known for value in values))


def _sources(*versions: Facts) -> list[str]:
    return list(dict.fromkeys(f.derivation.source for version in versions for f in version.derived if f.derivation))


def _bands(source: str, old: Facts, new: Facts) -> Iterator[Band]:
    """Cut days wherever either version cuts them."""
    seen: dict[tuple[tuple[tuple[str, str], ...], ...], list[tuple[int, int, int]]] = {}
    for today, gone in product((date(2024, 1, 1) + timedelta(days=n) for n in range(7)), range(REMOTEST_DAY)):
        day = today - timedelta(days=gone)
        key = tuple(tuple(_follow(version, source, day, today)) for version in (old, new))
        seen.setdefault(key, []).append((business_days_between(day, today, DEFAULT_WEEK), today.weekday(), gone))
    names: set[str] = set()
    for (first, second), days in sorted(seen.items(), key=lambda item: min(item[1])):
        (low, weekday, gone), (high, _, _) = min(days), max(days)
        name = _range(low, high)
        words = dict.fromkeys(value for _, value in (*first, *second))
        name = name if name not in names else f"{name}, {'/'.join(words)}"
        names.add(name)
        yield Band(name, dict(first), dict(second), weekday, gone)


def _follow(facts: Facts, source: str, day: date, today: date) -> Iterator[tuple[str, str]]:
    derived: Iterator[Fact] = (f for f in facts.derived if f.derivation and f.derivation.source == source)
    for fact in derived:
        assert fact.derivation
        yield fact.name, fact.derivation.band(day, today, DEFAULT_WEEK)


def _range(low: int, high: int) -> str:
    last = (REMOTEST_DAY - 1) * 5 // 7
    days = f"{low}" if low == high else f"{low} or more" if high >= last else f"{low} to {high}"
    return f"{days} business day{'' if days == '1' else 's'} ago"
