"""Every conversation a flow can have, folded into the few states that differ.

Law of this file: two moments of a conversation are one state when the same step is next, the same function of the
remaining facts decides, and the guards ahead know the same; so walking all states is walking all conversations.
Free text is one class of answers, and days fall into the classes that some condition can tell apart.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice, product

from bot.core.advice.conditions import Condition, Unknown
from bot.core.advice.decision_diagram import Node
from bot.core.advice.policy import Outcome, settled
from bot.core.advice.rules import Moment, ReminderKind, Ruleset
from bot.core.dialogue.flow import END, Flow, Step
from bot.core.dialogue.progress import Route
from bot.verification.answer_space import Space

Settled = tuple[tuple[str, str], ...]
State = tuple[str, Node, frozenset[tuple[str, str]]]
OPENING = "opening"
"""The day from which a request is right, as reminders name it."""
MOST_COMBINATIONS = 4096  # of what may be known before a talk; content that told more apart would be walked for minutes
ANSWERED = ""
"""What a date counts as once it is answered; its classes are told apart by the facts that follow from it."""


@dataclass
class Explored:
    """What was met on the way: steps crossed, steps whose question was open, and guards that knew too little."""

    states: int = 0
    conversations: int = 0
    longest: int = 0
    crossed: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    blind: dict[tuple[str, str, str], None] = field(default_factory=dict)
    """(step, "when" or the number of the branch, the fact that may be unknown there)"""
    met: set[Outcome] = field(default_factory=set)
    """What is advised or handed over where nobody adds, changes or overrides anything."""
    undated: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    """(rule, reminder kind or `opening`) whose day somebody cannot know; with one such outcome"""


class Moves:
    """The steps of a conversation: from a state to those that one answer leads to."""

    def __init__(self, route: Route) -> None:
        self.route = route
        self.found = Explored()
        self.ahead = dict(_ahead(route))
        self.marked = {n for n in route.flow.asks if route.facts[n].kind == "date" and not route.facts[n].optional}
        """Questions of which it is kept that they were answered; what was answered is told by what follows from it."""
        self.guards = self.ahead[route.flow.steps[0].id]
        self.read = set(self.marked)
        """The facts that are looked at beside the guards, and so are kept to the end."""

    def start(self, known: Mapping[str, str]) -> State:
        """Return the state of somebody of whom so much is known before the first question."""
        first = self.route.flow.steps[0].id
        return first, self.route.start(known), self.kept(first, known)

    def after(self, state: State) -> Iterator[tuple[Settled | None, State]]:
        """Return the states after this one, each with what was answered; None where nothing was asked."""
        id_, node, kept = state
        step, known = self.route.flow.step[id_], dict(kept)
        self.found.crossed.add(id_)
        if step.kind != "ask" or not self.route.matters(step.fact, node) or not self.fits(step, known):
            yield None, self.onward(step, node, known)
            return
        self.found.asked.add(id_)
        for answer in self.route.classes(step.fact):
            told = {**known, **dict(answer), **({step.fact: ANSWERED} if step.fact in self.marked else {})}
            yield answer, self.onward(step, self.route.outcomes.diagram.restrict(node, dict(answer)), told)

    def onward(self, step: Step, node: Node, known: Mapping[str, str]) -> State:
        """Return the state after a step, by the first way out that is open."""
        for number, branch in enumerate(self.route.flow.after(step)):
            if self.holds(step, str(number), branch.when, known):
                return branch.go, node, self.kept(branch.go, known)
        return END, node, self.kept(END, known)

    def kept(self, step: str, known: Mapping[str, str]) -> frozenset[tuple[str, str]]:
        """Return what of `known` still tells two states apart at `step`: what a guard reads from there on."""
        read = self.ahead[step] | self.read
        return frozenset((fact, value) for fact, value in known.items() if fact in read)

    def fits(self, step: Step, known: Mapping[str, str]) -> bool:
        """Tell whether a question is for somebody of whom this is known."""
        return self.holds(step, "when", step.when, known)

    def holds(self, step: Step, where: str, when: Condition, known: Mapping[str, str]) -> bool:
        """Evaluate a guard; one that reads what was not asked is noted and does not hold."""
        if not when.reads:
            return when.fits({})
        try:
            return when.fits({**self.route.assumed, **known})
        except Unknown as missing:
            self.found.blind[step.id, where, missing.args[0]] = None
            return False


class _Walk(Moves):
    """A depth-first walk with memory; each state reports (conversations below it, longest number of questions)."""

    def __init__(self, route: Route, reminders: Mapping[str, ReminderKind]) -> None:
        super().__init__(route)
        self.reminders = reminders
        self.number = {step.id: number for number, step in enumerate(route.flow.steps)}
        self.memory: dict[State, tuple[int, int]] = {}
        self.looked: set[tuple[Node, frozenset[tuple[str, str]]]] = set()
        self.cut: int | None = None
        """The number of the step behind which nothing is looked at any more."""

    def explore(self, state: State) -> tuple[int, int]:
        if self.cut is not None and (state[0] == END or self.number[state[0]] > self.cut or self.sees(state)):
            return 0, 0
        if state[0] == END or self.route.flow.step[state[0]].kind != "ask":
            self.look(state)
        if state[0] == END:
            return 1, 0
        if state not in self.memory:
            count = longest = 0
            for answer, after in self.after(state):
                ways, questions = self.explore(after)
                count, longest = count + ways, max(longest, questions + (answer is not None))
            self.memory[state] = count, longest
        return self.memory[state]

    def sees(self, state: State) -> bool:
        """Tell whether all is known that the guards ahead read, so that none of them can know too little."""
        return self.ahead[state[0]] <= self.route.assumed.keys() | {fact for fact, _ in state[2]}

    def look(self, state: State) -> None:
        """Note what is advised or handed over at a place where something is."""
        _, node, kept = state
        outcome = None if (node, kept) in self.looked else concluded(self.route, node)
        self.looked.add((node, kept))
        if outcome is not None:
            self.found.met.add(outcome)
            days = KnownDays(self.route.outcomes.ruleset, frozenset(fact for fact, value in kept if value == ANSWERED))
            for what in days.undated(outcome, self.reminders):
                self.found.undated.setdefault((outcome.rule, what), outcome)


@dataclass(frozen=True)
class KnownDays:
    """Which moments can be told where these date facts are `known`."""

    ruleset: Ruleset
    known: frozenset[str]

    def undated(self, outcome: Outcome, reminders: Mapping[str, ReminderKind]) -> Iterator[str]:
        """Return what of an outcome has no day: `opening`, and kinds of reminder that do not hang on it."""
        rule = self.ruleset.rule[outcome.rule]
        waits = rule.opens is not None and not self.ruleset.verdicts[outcome.verdict].open
        lost = waits and rule.opens is not None and not self.told(rule.opens, opening=False)
        opening = self.ruleset.verdicts[outcome.verdict].open or (waits and not lost)
        if lost:
            yield OPENING
        for kind in outcome.remind:
            due = reminders[kind].due
            if not self.told(due, opening=opening) and not (lost and due.start == OPENING):
                yield kind

    def told(self, moment: Moment, *, opening: bool) -> bool:
        """Tell whether the day of `moment` is known."""
        if (opening and moment.start == OPENING) or moment.start in ("today", "next_month", *self.known):
            return True
        return moment.otherwise is not None and self.told(moment.otherwise, opening=opening)


def concluded(route: Route, node: Node) -> Outcome | None:
    """Return what follows where nothing more is answered: the rest counts as its cautious value."""
    cautious = {**route.facts.cautious, **route.assumed}
    while node.fact is not None:
        node = node.below[cautious[node.fact]]
    return None if node.outcome is None else settled(node.outcome)


def _read_by(route: Route, step: Step) -> frozenset[str]:
    """Return the facts that the conditions of a step read."""
    return frozenset().union(*(when.reads for when in conditions_of(route.flow, step)))


def conditions_of(flow: Flow, step: Step) -> Iterator[Condition]:
    """Return the conditions of a step: for whom its question is, and by which way they leave it."""
    yield step.when
    yield from (branch.when for branch in flow.after(step))


def _ahead(route: Route) -> Iterator[tuple[str, frozenset[str]]]:
    """Return for each step the facts that guards read there or below."""
    read: frozenset[str] = frozenset()
    yield END, read
    for step in reversed(route.flow.steps):
        read |= _read_by(route, step)
        yield step.id, read


def explore(route: Route, reminders: Mapping[str, ReminderKind]) -> Explored:
    """Walk every conversation of a flow."""
    walk = _Walk(route, reminders)
    found = walk.found
    found.conversations, found.longest = walk.explore(walk.start({}))
    found.states = len(walk.memory)
    # What was told on request, or is known already, may open questions and lead elsewhere.
    unasked = {step.id for step in route.flow.steps if step.kind == "ask" and step.id in found.crossed} - found.asked
    uncrossed = walk.guards - route.settles and route.flow.step.keys() - found.crossed
    guarded = [step.id for step in route.flow.steps if step.when.reads or len(route.flow.after(step)) > 1]
    if not unasked and not uncrossed:  # nobody else can be led wrong behind the last condition
        walk.cut = route.flow.steps.index(route.flow.step[guarded[-1]]) if guarded else -1
    for known in islice(_given_before(route, route.outcomes.root.facts | walk.guards), 1, None):
        walk.explore(walk.start(known))
    return found


def _given_before(route: Route, facts: Iterable[str]) -> Iterator[dict[str, str]]:
    """Return what may be known of `facts` that the flow does not ask; values that lead to the same stand for one."""
    root, fix = route.outcomes.root, route.outcomes.diagram.fix
    read = {fact for step in route.flow.steps for fact in _read_by(route, step)}
    classes = []
    for name in sorted((root.facts | read).intersection(facts) - route.settles):
        different = {
            (fix(root, name, value), value if name in read else ""): (name, value)
            for value in reversed(route.facts[name].values)
        }
        classes.append(sorted(different.values(), key=lambda pair: pair[1] != route.facts[pair[0]].cautious))
    for combination in islice(product(*classes), MOST_COMBINATIONS):
        yield dict(combination)


# -- the shortest way --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Way:
    """A way through a flow: what was known `before` it, and what was answered to each question, in order."""

    flow: str
    before: Mapping[str, str]
    answers: tuple[tuple[str, Settled], ...]
    end: str
    """The step it leads to."""


@dataclass(frozen=True)
class Stand:
    """A moment of a way: the step that is next, what was told so far, and what is said there, if anything is.

    What was not told counts as its cautious value. `speaks` is true at a judgement, at texts and at the end; where it
    is and `outcome` is None, no rule fits.
    """

    step: str
    told: Mapping[str, str]
    asked: frozenset[str]
    """Those of the facts looked at that were told."""
    speaks: bool
    outcome: Outcome | None
    node: Node
    """What still decides, given all that was told."""


Goal = Callable[[Stand], bool]


def advised(at: Stand) -> bool:
    """Tell whether some advice is given."""
    return at.outcome is not None


def at_step(step: str) -> Goal:
    """Return the goal of coming to a step."""
    return lambda at: at.step == step


def by_row(rule: str) -> Goal:
    """Return the goal of being advised by a row."""
    return lambda at: at.outcome is not None and at.outcome.rule == rule


def unasked(step: str, fact: str) -> Goal:
    """Return the goal of coming to a step without having been asked for a fact."""
    return lambda at: at.step == step and fact not in at.asked


def comes_to(outcome: Outcome, given: Mapping[str, str]) -> Goal:
    """Return the goal of being told what an outcome says, having given these answers."""

    def goal(at: Stand) -> bool:
        says = at.outcome is not None and at.outcome.said == outcome.said
        return says and all(at.told.get(fact) == value for fact, value in given.items())

    return goal


def shortest_way(
    route: Route,
    goal: Goal,
    reads: Iterable[str] = (),
    given: Mapping[str, str] | None = None,
    along: Mapping[str, str] | None = None,
) -> Way | None:
    """Return a way with the fewest questions to a moment where `goal` holds, None where there is none.

    `reads` are the facts that the goal looks at; `given` is tried as known before, where nothing else leads there.
    Only answers that agree with `along` are given.
    """
    known = ({}, *islice(_given_before(route, reads), 1, None), dict(given or {}))
    return next((way for before in known if (way := _search(route, goal, frozenset(reads), before, along or {}))), None)


def _search(
    route: Route, goal: Goal, reads: frozenset[str], before: Mapping[str, str], along: Mapping[str, str]
) -> Way | None:
    moves = Moves(route)
    moves.read |= reads
    moves.marked |= {name for name in reads & route.flow.asks if not route.facts[name].finite}
    seen: set[State] = set()
    ways: deque[tuple[State, tuple[tuple[str, Settled], ...]]] = deque([(moves.start(before), ())])
    while ways:
        state, answers = ways.popleft()
        if state in seen:
            continue
        seen.add(state)
        id_, node, kept = state
        speaks = id_ == END or route.flow.step[id_].kind != "ask"
        told = {**route.facts.cautious, **route.assumed, **dict(kept)}
        asked = frozenset(fact for fact, _ in kept)
        if goal(Stand(id_, told, asked, speaks, concluded(route, node) if speaks else None, node)):
            return Way(route.flow.id, before, answers, id_)
        for answer, after in moves.after(state) if id_ != END else ():
            if answer and any(along.get(fact, value) != value for fact, value in answer):
                continue
            more = () if answer is None else ((route.flow.step[id_].fact, answer),)
            (ways.append if more else ways.appendleft)((after, (*answers, *more)))
    return None


# -- what may still come -----------------------------------------------------------------------------------------------


def arrivals(route: Route, goal: Node, space: Space) -> Iterator[frozenset[Hashable]]:
    """Yield the outcomes of `goal` that talks come to, when news may still come and time may pass; some repeatedly.

    So an answer may have moved on to one of the values that its fact `can_change` to, and what nobody is asked of
    its own accord may have been told on request.
    """
    moves = Moves(route)
    cautious = {fact: value for fact, value in route.facts.cautious.items() if fact in route.settles}
    seen: set[tuple[State, Node]] = set()
    ended: dict[Node, frozenset[Hashable]] = {}
    later: dict[tuple[Node, str, Settled], set[Node]] = {}
    after_of: dict[State, list[tuple[Settled | None, State]]] = {}
    told = _given_before(route, route.outcomes.root.facts | moves.guards)
    open_: list[tuple[State, Node]] = [(moves.start(known), goal) for known in told]
    while open_:
        state, wanted = open_.pop()
        if (state, wanted) in seen:
            continue
        seen.add((state, wanted))
        if state[0] == END or route.flow.step[state[0]].kind != "ask":
            yield _left(wanted, cautious, ended)
        if state[0] == END:
            continue
        fact = route.flow.step[state[0]].fact
        if state not in after_of:
            after_of[state] = list(moves.after(state))
        for answer, after in after_of[state]:
            if answer is None:
                open_.append((after, wanted))
                continue
            if (way := (wanted, fact, answer)) not in later:
                later[way] = _later(wanted, fact, answer, route, space)
            open_ += [(after, left) for left in later[way]]


def _later(wanted: Node, fact: str, answer: Settled, route: Route, space: Space) -> set[Node]:
    """Return what is left of `wanted` once `fact` was answered so, or once the answer has moved on."""
    news = [
        ((name, value),)
        for name, given in answer[:1]
        for value in sorted(route.facts[name].can_change)
        if given not in route.facts[name].final
    ]
    ways = [answer, *(route.classes(fact) if route.facts[fact].kind == "date" else news)]
    found: set[Node] = set()
    for way in ways:
        found.add(space.diagram.restrict(wanted, dict(way)))
    return found


def _left(node: Node, cautious: Mapping[str, str], known: dict[Node, frozenset[Hashable]]) -> frozenset[Hashable]:
    """Return the outcomes below `node` where `cautious` answers count and others are open; `known` ones are kept."""
    if node.fact is None:
        return frozenset({node.outcome})
    if node not in known:
        below = [node.below[cautious[node.fact]]] if node.fact in cautious else node.below.values()
        known[node] = frozenset().union(*(_left(child, cautious, known) for child in below))
    return known[node]
