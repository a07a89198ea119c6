"""Histories of a case: all orders of what can happen in it, walked day by day, states merged.

A moment is a situation, what went out so far, and the day. From each the walk goes on by whatever can come next: the
day of the next cut, news, a message that goes out, what became of the request. Nothing is sampled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from bot.core.advice.calendar import DEFAULT_WEEK, ONE_DAY, instant
from bot.core.advice.contact_history import FATES, REQUEST, Entry, classes, entered
from bot.core.advice.judge import Advice, judge
from bot.core.advice.moments import PersonCalendar
from bot.core.advice.plan import AFTER_SENDING, CLOSE, AdvicePlan, Policy, with_implied
from bot.core.advice.policy import Outcome
from bot.verification.situations import Event, SituationClass, Situations

MET = date(2026, 11, 24)  # a Tuesday, so that a weekend lies among the first days
NAMED = timedelta(days=20)
"""How long after the interview a decision was promised, where a day was named."""
ZONE, MORNING = "UTC", time(9)
PLACE = PersonCalendar(ZONE, DEFAULT_WEEK)
WAIT = "wait"
MOST_REMEMBERED = 20_000
"""So many advices are remembered at a time: they take some kilobytes each."""


class HistoryState(NamedTuple):
    """Where a history stands."""

    situation: int
    days: tuple[tuple[str, date], ...]
    """The date facts that were told."""
    ledger: tuple[Entry, ...]
    today: date


class Happened(NamedTuple):
    """What led from one moment to the next; a wait is an event of its own, `until` a day."""

    event: Event
    until: date


Step = tuple[HistoryState, list[tuple[Happened, HistoryState]]]
"""A moment, and what can come next with where it leads."""


@dataclass
class Walked:
    """What was walked: the moments by how much had happened until then, and whether all was walked that deep."""

    came_by: dict[HistoryState, tuple[HistoryState, Happened] | None] = field(default_factory=dict)
    depths: list[int] = field(default_factory=list)
    """How many moments were new after 0, 1, 2 … things had happened."""
    whole: bool = True
    steps: int = 0
    """How many steps led from a moment to the next."""

    def history(self, moment: HistoryState) -> tuple[HistoryState, list[Happened]]:
        """Return where a history began and what happened in it, in order."""
        events: list[Happened] = []
        while (came := self.came_by[moment]) is not None:
            moment, happened = came
            events.insert(0, happened)
        return moment, events


class Histories:
    """All histories under one policy; what was advised at a moment is remembered."""

    def __init__(self, policy: Policy, met: date = MET) -> None:
        self._policy, self._met = policy, met
        self._situations = Situations(policy)
        self._of = {situation.number: situation for situation in self._situations.first()}
        self._advised: dict[HistoryState, Advice] = {}
        self.made = 0
        """How many plans were made."""
        self.walked = Walked()

    def situation(self, moment: HistoryState) -> SituationClass:
        """Return the situation of a moment."""
        return self._of[moment.situation]

    def answers(self, moment: HistoryState) -> dict[str, str]:
        """Return all that was told until a moment."""
        days = {name: day.isoformat() for name, day in moment.days}
        return {**self._of[moment.situation].answers, **days}

    def plan(self, moment: HistoryState) -> AdvicePlan:
        """Return the plan at a moment."""
        return self.advice(moment).plan

    def advice(self, moment: HistoryState) -> Advice:
        """Return what is advised at a moment."""
        found = self._advised.get(moment)
        if found is None:
            if len(self._advised) >= MOST_REMEMBERED:
                self._advised.clear()
            now = instant(moment.today, MORNING, ZONE)
            found = judge(self._policy, self.answers(moment), {}, now, PLACE, moment.ledger)
            self._advised[moment] = found
            self.made += 1
        return found

    def known(self, moment: HistoryState) -> dict[str, str]:
        """Return the finite facts at a moment, what days and the history make of them among them."""
        facts = self._policy.facts
        went_out = {n: v for n, v in classes(self.ledger(moment)).items() if n in facts.from_history}
        return {**facts.cautious, **facts.known(self.answers(moment), moment.today, DEFAULT_WEEK), **went_out}

    def outcome(self, moment: HistoryState) -> Outcome:
        """Return what the rules say at a moment."""
        return self._policy.outcomes.outcome(self.known(moment))

    def is_out(self, moment: HistoryState) -> bool:
        """Tell whether a request waits for its answer."""
        return classes(self.ledger(moment)).get(REQUEST) == "out"

    def ledger(self, moment: HistoryState) -> tuple[Entry, ...]:
        """Return what went out until a moment, what the answers say among it."""
        return with_implied(self._policy.courtesy, self._policy.facts, self.answers(moment), moment.ledger)

    def starts(self) -> Iterator[HistoryState]:
        """Return where cases begin: every situation, told on the day of the interview or on a later cut."""
        source, *others = self._sources()
        for day in self._first_days():
            for named in (False, True) if others else (False,):
                days = ((source, self._met), *((name, self._met + NAMED) for name in others if named))
                yield from (HistoryState(number, days, (), day) for number in self._of)

    def first_starts(self) -> list[HistoryState]:
        """Return where cases begin on the day of the interview, with no day named for the decision."""
        return list(islice(self.starts(), len(self._of)))

    def _sources(self) -> list[str]:
        """Return the date facts that something follows from, that of the interview first."""
        found: dict[str, None] = {self._policy.courtesy.assumed_on: None}
        for fact in self._policy.facts.derived:
            if fact.derivation:
                found[fact.derivation.source] = None
                found.update(dict.fromkeys(source for _, source, _ in fact.derivation.not_before))
        return list(found)

    def _first_days(self) -> list[date]:
        return sorted(set(self._turns({self._policy.courtesy.assumed_on: self._met})))

    def _turns(self, days: Mapping[str, date]) -> Iterator[date]:
        """Return the days on which time alone makes a fact another."""
        for fact in self._policy.facts.derived:
            if fact.derivation and fact.derivation.source in days:
                start = days[fact.derivation.source]
                yield from (fact.derivation.first_day(start, v, DEFAULT_WEEK, days) for v in fact.values)

    # -- what can come next ------------------------------------------------------------------------------------------

    def after(self, moment: HistoryState) -> Iterator[tuple[Happened, HistoryState]]:
        """Return all that can happen next, and where it leads."""
        day = self.next_cut(moment)
        if day is not None:
            yield Happened((WAIT, "", ""), day), moment._replace(today=day)
        for event in self._situations.events:
            then = self._situations.after(self._of[moment.situation], event)
            if then is not None and (ledger := self._entered(moment, event)) is not None:
                yield Happened(event, moment.today), moment._replace(situation=then.number, ledger=ledger)

    def next_cut(self, moment: HistoryState) -> date | None:
        """Return the next day on which something falls due, is over, or makes a fact another; None after the end."""
        today, steps = moment.today, self.plan(moment).steps
        if steps[0].do == CLOSE and steps[0].on == today:
            return None
        found = {day for day in self._turns(dict(moment.days)) if day > today}
        for step in steps:
            if step.on is not None:
                found |= {day for day in (step.on, step.on + ONE_DAY if step.do != CLOSE else step.on) if day > today}
        return min(found, default=None)

    def _entered(self, moment: HistoryState, event: Event) -> tuple[Entry, ...] | None:
        """Return what went out once `event` has happened; None where it was sent already, or was not out."""
        what, name, _ = event
        ledger = self.ledger(moment)
        if what == "send":
            last = [entry for entry, _ in ledger if entry == name or (name == REQUEST and entry in FATES)]
            if last and last[-1] != "withdrawn":
                return None
            return entered(moment.ledger, name, moment.today)
        if what == "fate":
            return entered(moment.ledger, name, moment.today)
        return moment.ledger

    # -- walking -----------------------------------------------------------------------------------------------------

    def _key(self, moment: HistoryState) -> tuple[object, ...]:
        """Return what tells a moment from others; a day counts only as long as something is counted from it."""
        today = moment.today
        turning = any(day > today for day in self._turns(dict(moment.days)))
        days = tuple((today - day).days for _, day in moment.days) if turning else ()
        messages = [entry for entry in moment.ledger if entry[0] not in FATES]
        courtesy = self._policy.courtesy
        crowded = len(messages) >= courtesy.at_most - 1
        entries = tuple((what, gone if crowded or gone <= self._spans.get(what, 0) else None)
                        for what, day in moment.ledger if (gone := (today - day).days) >= 0)  # fmt: skip
        last = max([day for _, day in (*moment.ledger, *moment.days)])
        return moment.situation, today.weekday(), days, frozenset(entries), min((today - last).days, 200)

    @cached_property
    def _spans(self) -> dict[str, int]:
        """For how many days after each entry something is counted from it, weekends among them."""
        courtesy = self._policy.courtesy
        spans = dict.fromkeys(courtesy.sorts, 2 * courtesy.apart + 1)
        spans["withdrawn"] = max(sort.again_after_days for sort in courtesy.sorts.values())
        for start, what in AFTER_SENDING.items():
            dues = [(k.due, k.again) for k in self._policy.kinds.values() if k.due.start == start]
            for due, again in dues:
                whole = due.days + 2 * due.business_days + 3
                whole += (again.times - 1) * (again.days + 2 * again.business_days + 3) if again else 0
                spans[what] = max(spans.get(what, 0), whole)
        return spans

    def walk(self, starts: Iterable[HistoryState], depth: int, most: int | None = None) -> Iterator[Step]:
        """Yield every moment that at most `depth` things lead to, those with the fewest first, with what comes next.

        It ends early once `most` plans were made.
        """
        self.walked = walked = Walked()
        level = list(dict.fromkeys(starts))
        walked.came_by.update(dict.fromkeys(level))
        seen = {self._key(moment) for moment in level}
        for number in range(depth + 1):
            walked.depths.append(0)
            following: list[HistoryState] = []
            for moment in level:
                if most is not None and self.made >= most:
                    walked.whole = False
                    return
                walked.depths[-1] += 1
                after = list(self.after(moment)) if number < depth else []
                walked.steps += len(after)
                yield moment, after
                for happened, then in after:
                    if (key := self._key(then)) not in seen:
                        seen.add(key)
                        walked.came_by[then] = moment, happened
                        following.append(then)
            level = following
