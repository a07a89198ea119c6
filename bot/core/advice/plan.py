"""The plan: the rules walked ahead, step by step, as if everything was done on its day and the other side kept silent.

What comes next is always what the rules say of the answers and of what went out so far; a step that is planned is then
entered as done, and the rules are asked again. So doing what was advised leads to the rest of the same plan, and no
headline can say what the plan does not (`over_time` in flows/rules, laws P1 to P8).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from bot.core.advice.calendar import (
    ONE_DAY,
    WorkingWeek,
    add_business_days,
    business_day_from,
    instant,
    local_date,
)
from bot.core.advice.contact_history import ACCEPTED, REQUEST, Courtesy, Entry, Sort, classes, entered, refusal
from bot.core.advice.facts import Answers, Facts, Known
from bot.core.advice.moments import DEFAULT_TIME, Dated, Days, PersonCalendar
from bot.core.advice.policy import OVERRIDDEN, CompiledPolicy, Outcome
from bot.core.advice.rules import Manners, ReminderKind

LOOK, CLOSE, BESIDE = "look", "close", "beside"
MOST_STEPS = 16
"""More steps than any limit lets through; a plan that is longer would be a fault of the rules."""


@dataclass(frozen=True)
class Policy:
    """All that an advice is worked out from, apart from the person."""

    outcomes: CompiledPolicy
    facts: Facts
    kinds: Mapping[str, ReminderKind]
    courtesy: Courtesy
    manners: Manners


@dataclass(frozen=True)
class PlanStep:
    """One thing to do: send a sort of message, look for news, or close the case.

    `on` is None where the day hangs on something not known yet, named by `after`; `at` is None today. `note` is what
    to send, `remind` the kind of reminder that comes for it.
    """

    do: str
    on: date | None
    at: time | None = None
    remind: str | None = None
    note: str | None = None
    after: str = ""


@dataclass(frozen=True)
class AdvicePlan:
    """The steps in order, the reminders that come for them, and what may go out today."""

    steps: tuple[PlanStep, ...]
    reminders: tuple[Dated, ...]
    may_send: tuple[str, ...]

    @property
    def opens(self) -> date | None:
        """The day of the request, if one is planned for a day."""
        return next((step.on for step in self.steps if step.do == "request"), None)

    def follows(self, was: AdvicePlan, sort: str) -> bool:
        """Tell whether this is what remains of the plan `was` once its first step, a message of `sort`, is done."""
        first, *rest = was.steps
        return first.do == sort and [(s.do, s.on) for s in rest] == [(s.do, s.on) for s in self.steps]

    @property
    def ahead(self) -> tuple[PlanStep, ...]:
        """The steps without the end of the case."""
        return tuple(step for step in self.steps if step.do != CLOSE)


def make_plan(
    policy: Policy, answers: Answers, assumed: Known, ledger: tuple[Entry, ...], now: datetime, place: PersonCalendar
) -> AdvicePlan:
    """Return the whole silent course from `now` to the end of the case; the ledger is that of `with_implied`."""
    return _Planner(policy, answers, assumed, ledger, now, place).plan()


@dataclass(frozen=True)
class _PlanState:
    """Where the walk stands: what is known and what went out by then, on a day; what days bring is left out."""

    known: Known
    ledger: tuple[Entry, ...]
    day: date

    def on(self, day: date) -> _PlanState:
        """Return the state as it stands on another day, if nothing happens until then."""
        return _PlanState(self.known, self.ledger, day)


class _Planner:
    """One walk; `_reminds` are the reminder kinds of the rows passed since the last step."""

    def __init__(
        self,
        policy: Policy,
        answers: Answers,
        assumed: Known,
        ledger: tuple[Entry, ...],
        now: datetime,
        place: PersonCalendar,
    ) -> None:
        self._policy, self._now, self._place = policy, now, place
        self._today, self._week = local_date(now, place.zone), place.week
        facts = policy.facts
        self._planned: list[Entry] = []
        self._dates = {name: day for name in facts.dates if (day := facts.date_of(answers, name))}
        self._turns = facts.turns(frozenset(self._dates.items()), self._week)
        known = facts.answered(answers)
        known = {name: value for name, value in known.items() if name not in self._turns and name != OVERRIDDEN}
        self._start = _PlanState(known, ledger, self._today)
        self._before = {**facts.cautious, **assumed}
        self._brought: dict[date, Known] = {}
        self._steps: list[PlanStep] = []
        self._reminders: list[Dated | None] = []
        self._reminds: list[str] = []
        self._looked: set[tuple[str, date]] = set()
        self._waited = False
        self._ends: list[date] = []
        self._beside: tuple[Dated, ...] = ()

    def plan(self) -> AdvicePlan:
        """Walk to the end."""
        state = self._start
        self._beside = tuple(self._beside_the_plan(self._outcome(state)))
        for _ in range(MOST_STEPS):
            outcome = self._outcome(state)
            self._reminds += outcome.remind
            if self._policy.outcomes.ruleset.verdicts[outcome.verdict].closes:
                last = min(self._coming(outcome, state, ()), default=None)
                if last is not None:
                    state = self._take(last, state)
                    continue
                self._ends = [state.day]
                break
            self._wait_for(outcome, state)
            looks = tuple(self._looks(outcome, state))
            coming = min(self._coming(outcome, state, looks), default=None)
            self._ends.append(self._end(state, looks))
            turn = self._turning_day(outcome, state, coming[0] if coming else max(self._ends))
            if turn is not None:
                state = state.on(turn)
            elif coming is None:
                break
            else:
                state = self._take(coming, state)
                self._ends.clear()
        self._close(max(self._ends, default=state.day))
        return AdvicePlan(tuple(self._steps), self._settled_reminders(), self._may_send())

    # -- what the rules say ------------------------------------------------------------------------------------------

    def _outcome(self, state: _PlanState) -> Outcome:
        facts = self._policy.facts
        if state.day not in self._brought:
            self._brought[state.day] = self._bring(state.day)
        known = {**self._before, **state.known, **self._brought[state.day]}
        known |= {n: v for n, v in classes(state.ledger).items() if n in facts.from_history}
        return self._policy.outcomes.outcome(known)

    def _bring(self, day: date) -> Known:
        """Return what time alone makes of the facts that follow from a date."""
        return {
            name: next((value for first, value in reversed(turns) if first <= day), turns[0][1])
            for name, turns in self._turns.items()
        }

    def _days(self, state: _PlanState) -> Days:
        """Return the days that moments are counted from, as they are known in `state`."""
        dates = {**self._dates, **_sent_days(state.ledger)}
        return Days(self._now, self._place, dates, self._policy.facts, state.day)

    def _coming(
        self, outcome: Outcome, state: _PlanState, looks: tuple[tuple[str, date], ...]
    ) -> Iterator[tuple[date, int, str, str]]:
        """Give what comes next of each kind: its day, what goes first on one day, what to do, and its note or kind."""
        rule = self._policy.outcomes.ruleset.rule[outcome.rule]
        notes = [outcome.note] if outcome.note and not rule.waits_for else []
        for order, kind in enumerate((*outcome.mails, *notes)):
            sort = self._policy.courtesy.of_note(kind)
            base = opening_of(outcome, self._policy.outcomes, self._days(state)) if kind in notes else state.day
            if sort is None or base is None:
                continue
            day = first_allowed(self._policy.courtesy, state.ledger, sort.id, max(base, state.day), self._week)
            if day is not None and day > self._today:
                day = business_day_from(day, self._week)
            if day is not None:
                yield day, order, sort.id, kind
        for kind, day in looks:
            if day >= state.day and (kind, day) not in self._looked and not self._is_over(kind, day):
                yield day, 9, LOOK, kind

    def _is_over(self, kind: str, day: date) -> bool:
        """Tell whether the hour to look has come: from then on it was asked about."""
        wall = self._policy.kinds[kind].due.at or DEFAULT_TIME
        return day <= self._today and instant(day, wall, self._place.zone) <= self._now

    def _looks(self, outcome: Outcome, state: _PlanState) -> Iterator[tuple[str, date]]:
        """Give the days on which to look for news, past ones included."""
        days = self._days(state)
        for kind in outcome.remind:
            reminder = self._policy.kinds[kind]
            day = days.day_of(reminder.due) if reminder.step == LOOK else None
            if day is None:
                continue
            again = reminder.again
            for number in range(again.times if again else 1):
                if number and again:
                    day = add_business_days(day + ONE_DAY * again.days, again.business_days, self._week)
                    day = business_day_from(day, self._week)
                yield kind, day

    def _turning_day(self, outcome: Outcome, state: _PlanState, until: date) -> date | None:
        """Return the first day, `until` at the latest, on which time alone makes the rules say something else."""
        for day in sorted({day for turns in self._turns.values() for day, _ in turns[1:]}):
            if state.day < day <= until:
                then = self._outcome(state.on(day))
                if (then.rule, then.mails, then.note) != (outcome.rule, outcome.mails, outcome.note):
                    return day
        return None

    # -- steps -------------------------------------------------------------------------------------------------------

    def _take(self, coming: tuple[date, int, str, str], state: _PlanState) -> _PlanState:
        day, _, do, what = coming
        if do == LOOK:
            self._looked.add((what, day))
            self._add(PlanStep(LOOK, day, remind=what), self._policy.kinds[what])
            return state.on(day)
        kinds = self._policy.kinds
        kind = next((kinds[k] for k in self._reminds if k in kinds and kinds[k].step == do), None)
        self._add(PlanStep(do, day, remind=kind.id if kind else None, note=what), kind)
        self._reminds = [k for k in self._reminds if k in kinds and kinds[k].step != do]
        self._planned.append((do, day))
        return self._sent(self._policy.courtesy.sorts[do], state.on(day))

    def _sent(self, sort: Sort, state: _PlanState) -> _PlanState:
        return _PlanState({**state.known, **sort.then}, entered(state.ledger, sort.id, state.day), state.day)

    def _wait_for(self, outcome: Outcome, state: _PlanState) -> None:
        """Add the step whose day hangs on something that only the candidate will know (K10: once it is signed)."""
        waits = self._policy.outcomes.ruleset.rule[outcome.rule].waits_for
        if not waits or self._waited or not outcome.note:
            return
        sort = self._policy.courtesy.of_note(outcome.note)
        if sort and first_allowed(self._policy.courtesy, state.ledger, sort.id, state.day, self._week):
            kinds = self._policy.kinds
            kind = next((kinds[k] for k in outcome.remind if k in kinds and kinds[k].step == sort.id), None)
            self._waited = True
            self._add(PlanStep(sort.id, None, remind=kind.id if kind else None, note=outcome.note, after=waits), kind)

    def _add(self, step: PlanStep, kind: ReminderKind | None) -> None:
        dated = self._reminder(step, kind) if kind else None
        if step.on is not None and step.on > self._today:
            step = replace(step, at=(kind.due.at if kind else None) or DEFAULT_TIME)
        self._steps.append(step)
        self._reminders.append(dated)

    def _close(self, day: date) -> None:
        day = max(day, self._today)
        self._steps.append(PlanStep(CLOSE, day, None if day == self._today else DEFAULT_TIME))

    def _end(self, state: _PlanState, looks: tuple[tuple[str, date], ...]) -> date:
        """Return the day on which the case closes by itself, counted from the last thing that happened in it."""
        happened = [day for _, day in state.ledger] + [step.on for step in self._steps if step.on]
        happened += [day for _, day in looks]
        happened += [day for name, day in self._dates.items() if name in self._policy.facts.by_name]
        return max(happened, default=self._today) + ONE_DAY * self._policy.manners.close_after_days

    # -- reminders ---------------------------------------------------------------------------------------------------

    def _reminder(self, step: PlanStep, kind: ReminderKind) -> Dated:
        """Return when a step is asked about: on its day, or, if that is today, once today is over."""
        wall = kind.due.at or DEFAULT_TIME
        entry = AFTER_SENDING.get(kind.due.start)
        sure = all(what != entry for what, _ in self._planned)
        if step.on is None:
            day = add_business_days(self._today, kind.due.business_days or 1, self._week)
        elif step.on > self._today or step.do == LOOK:
            day = step.on
        elif kind.due.same_day_before:
            fallen = Days(self._now, self._place, self._dates, self._policy.facts, self._today).fall(kind.due)
            day, wall = fallen or (add_business_days(self._today, 1, self._week), wall)
        else:
            day = add_business_days(self._today, 1, self._week)
        return Dated(kind.id, day, wall, instant(day, wall, self._place.zone), sure)

    def _settled_reminders(self) -> tuple[Dated, ...]:
        """Return the reminders in order of time; one that the next makes idle is left out, for that asks both."""
        found: list[Dated] = []
        for number, dated in enumerate(self._reminders):
            later = [other for other in self._reminders[number + 1 :] if other]
            if dated and not (later and later[0].day <= dated.day):
                found.append(dated)
            elif dated:
                self._steps[number] = replace(self._steps[number], remind=None)
        return tuple(sorted((*found, *self._beside), key=lambda reminder: reminder.due))

    def _beside_the_plan(self, outcome: Outcome) -> Iterator[Dated]:
        """Give the reminders that come whatever is done meanwhile (M9: the month's notes are back)."""
        for kind in (self._policy.kinds[k] for k in outcome.remind if self._policy.kinds[k].step == BESIDE):
            fallen = self._days(self._start).fall(kind.due)
            if fallen:
                yield Dated(kind.id, *fallen, instant(*fallen, self._place.zone))

    def _may_send(self) -> tuple[str, ...]:
        """Return the sorts that rows and limits allow today: what the plan has for today or for a day not known yet."""
        courtesy, ledger = self._policy.courtesy, self._start.ledger
        found = dict.fromkeys(s.do for s in self._steps if s.do in courtesy.sorts and s.on in (None, self._today))
        return tuple(sort for sort in found if not refusal(courtesy, ledger, sort, self._today, self._week))


AFTER_SENDING = {"request_sent": "request", "status_sent": "status", "message_sent": "message", "accepted": ACCEPTED}
"""Where moments are counted from that only the candidate's own word makes known, and the entry that says so."""


def _sent_days(ledger: tuple[Entry, ...]) -> dict[str, date]:
    """Return the latest day of each entry that moments are counted from."""
    found = {}
    for start, what in AFTER_SENDING.items():
        days = [day for of, day in ledger if of == what]
        if days:
            found[start] = max(days)
    return found


def with_implied(courtesy: Courtesy, facts: Facts, answers: Answers, ledger: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Return the ledger with what the answers say went out, of which nobody said when: on the interview's own day."""
    met = facts.date_of(answers, courtesy.assumed_on)
    if met is None:
        return ledger
    sent = {what for what, _ in ledger}
    implied = [
        (sort.id, met)
        for sort in courtesy.sorts.values()
        if sort.then and sort.id not in sent and all(answers.get(n) == v for n, v in sort.then.items())
    ]
    request = courtesy.sorts.get(REQUEST)
    accepted = request.fates.get(ACCEPTED) if request else None
    if accepted and ACCEPTED not in sent and all(answers.get(n) == v for n, v in accepted.items()):
        implied.append((ACCEPTED, met))
    return (*implied, *ledger)


def first_allowed(
    courtesy: Courtesy, ledger: tuple[Entry, ...], what: str, day: date, week: WorkingWeek
) -> date | None:
    """Return the first day from `day` on which politeness allows a message of the sort `what`; None: never."""
    for _ in range(MOST_STEPS):
        why = refusal(courtesy, ledger, what, day, week)
        if why is None:
            return day
        if why.on is None:
            return None
        day = max(why.on, day + ONE_DAY)
    return None


def opening_of(outcome: Outcome, outcomes: CompiledPolicy, days: Days) -> date | None:
    """Return the day from which the rule itself lets a request go: today where it is open, else its own moment."""
    rule = outcomes.ruleset.rule[outcome.rule]
    if outcomes.ruleset.verdicts[outcome.verdict].open:
        return days.today
    if rule.opens is None:
        return None
    start = days.start(rule.opens)
    if start is None:
        return None
    if rule.opens.becomes:
        return days.becomes(start, *rule.opens.becomes)
    return add_business_days(start, rule.opens.business_days, days.place.week)
