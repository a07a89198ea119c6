"""Judging: answers and a day become one piece of advice, dated, with its reasons and what would change it.

Law of this file: exactly one verdict for any answers; every date is worked out from an answer and `now`, never from
the moment a reminder happens to be sent; a flip is shown only if judging again with it really gives that verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from bot.core.advice.calendar import (
    DEFAULT_WEEK,
    WorkingWeek,
    add_business_days,
    business_day_from,
    instant,
    next_month,
    zone_named,
)
from bot.core.advice.facts import Answers, Facts, Known
from bot.core.advice.policy import CompiledPolicy, Outcome
from bot.core.advice.rules import Moment, ReminderKind, Ruleset

DEFAULT_TIME = time(10, 0)


@dataclass(frozen=True)
class PersonCalendar:
    """Where and how somebody's days run: IANA zone and working week."""

    zone: str = "UTC"
    week: WorkingWeek = DEFAULT_WEEK


@dataclass(frozen=True)
class Dated:
    """A reminder with its local day and wall time, and the UTC instant they mean."""

    kind: str
    day: date
    wall: time
    due: datetime


@dataclass(frozen=True)
class Counterfactual:
    """One answer that alone would lead to another verdict or an earlier day.

    `opens` is the day a request could then go, if one could; `on` the day it comes true, where only time has to pass.
    """

    fact: str
    value: str
    verdict: str
    rule: str
    opens: date | None
    on: date | None = None


@dataclass(frozen=True)
class Advice:
    """The verdict with everything that rides on it; `opens` is the day from which a request is right, if any."""

    outcome: Outcome
    opens: date | None
    reasons: tuple[str, ...]
    cautions: tuple[str, ...]
    cites: tuple[str, ...]
    reminders: tuple[Dated, ...]
    flips: tuple[Counterfactual, ...]


@dataclass(frozen=True)
class Days:
    """The days that moments are counted from."""

    now: datetime
    place: PersonCalendar
    dates: Mapping[str, date]
    facts: Facts
    opening: date | None = None

    @property
    def today(self) -> date:
        """The local day of `now`."""
        return self.now.astimezone(zone_named(self.place.zone)).date()

    def start(self, moment: Moment) -> date | None:
        """Return the day a moment is counted from, if it is known."""
        if moment.start == "today":
            return self.today
        if moment.start == "opening":
            return self.opening
        if moment.start == "next_month":
            return next_month(self.today)
        return self.dates.get(moment.start)

    def fall(self, moment: Moment) -> tuple[date, time] | None:
        """Return the local day and wall time of a moment, moved to a business day and never before now."""
        week = self.place.week
        if moment.same_day_before and moment.same_day_at:
            local = self.now.astimezone(zone_named(self.place.zone))
            if week.works(local.date()) and local.time() < moment.same_day_before:
                return local.date(), moment.same_day_at
        start = self.start(moment)
        if start is None:
            return self.fall(moment.otherwise) if moment.otherwise else None
        if moment.becomes:
            fact, value = moment.becomes
            derivation = self.facts[fact].derivation
            assert derivation
            start = derivation.first_day(start, value, week)
        day = add_business_days(start + moment.days * date.resolution, moment.business_days, week)
        return self._not_past(business_day_from(day, week), moment.at or DEFAULT_TIME)

    def _not_past(self, day: date, wall: time) -> tuple[date, time]:
        if instant(day, wall, self.place.zone) > self.now:
            return day, wall
        return add_business_days(max(day, self.today), 1, self.place.week), wall


def opening_of(outcome: Outcome, outcomes: CompiledPolicy, days: Days) -> date | None:
    """Return the day from which a request may go: today for an open verdict, else the rule's own moment, else none."""
    rule = outcomes.ruleset.rule[outcome.rule]
    if outcomes.ruleset.verdicts[outcome.verdict].open:
        return days.today
    if rule.opens is None:
        return None
    start = days.start(rule.opens)
    if start is None:
        return None
    if rule.opens.becomes:
        fact, value = rule.opens.becomes
        derivation = days.facts[fact].derivation
        assert derivation
        return derivation.first_day(start, value, days.place.week)
    return add_business_days(start, rule.opens.business_days, days.place.week)


def date_reminders(
    outcome: Outcome, opens: date | None, days: Days, kinds: Mapping[str, ReminderKind]
) -> tuple[Dated, ...]:
    """Return the reminders an outcome asks for, in order of time; one whose day is unknown is left out."""
    here = replace(days, opening=opens)
    found = []
    for kind in outcome.remind:
        moment = here.fall(kinds[kind].due)
        if moment:
            found.append(Dated(kind, *moment, instant(*moment, days.place.zone)))
    return tuple(sorted(found, key=lambda reminder: reminder.due))


def judge(
    outcomes: CompiledPolicy,
    kinds: Mapping[str, ReminderKind],
    facts: Facts,
    answers: Answers,
    assumed: Known,
    now: datetime,
    place: PersonCalendar,
) -> Advice:
    """Return the advice for `answers`; `assumed` are finite facts that count as known without having been answered.

    What is neither counts as its cautious value, but no flip is built on it. Raises `NoRuleFits` at a gap in the rules.
    """
    today = now.astimezone(zone_named(place.zone)).date()
    known = {**assumed, **facts.known(answers, today, place.week)}
    outcome = outcomes.outcome({**facts.cautious, **known})
    dates = {name: day for name in answers if (day := facts.date_of(answers, name))}
    days = Days(now, place, dates, facts)
    opens = opening_of(outcome, outcomes, days)
    rule = outcomes.ruleset.rule[outcome.rule]
    remarks = [outcomes.ruleset.remark[r] for r in outcome.remarks]
    cautions = [claim for gate in outcome.gates for claim in outcomes.ruleset.gate[gate].cites]
    return Advice(
        outcome=outcome,
        opens=opens,
        reasons=reasons_of(outcome, outcomes.ruleset),
        cautions=cautions_of(outcome, outcomes.ruleset),
        cites=_unique((*rule.cites, *rule.reasons, *(r.claim for r in remarks), *cautions)),
        reminders=date_reminders(outcome, opens, days, kinds),
        flips=_flips(outcomes, known, outcome, opens, days),
    )


def reasons_of(outcome: Outcome, ruleset: Ruleset) -> tuple[str, ...]:
    """Return the claims that speak for an outcome, what decided first."""
    rule, remarks = ruleset.rule[outcome.rule], [ruleset.remark[r] for r in outcome.remarks]
    return _unique((*rule.reasons[:1], *(r.claim for r in remarks if r.kind == "reason"), *rule.reasons[1:]))


def cautions_of(outcome: Outcome, ruleset: Ruleset) -> tuple[str, ...]:
    """Return the claims to be careful about."""
    remarks = (ruleset.remark[r] for r in outcome.remarks)
    return _unique(r.claim for r in remarks if r.kind == "caution")


def _flips(
    outcomes: CompiledPolicy, known: Known, outcome: Outcome, opens: date | None, days: Days
) -> tuple[Counterfactual, ...]:
    """Return every single later answer that alone changes the verdict or the day, those that open the way first."""
    found: list[Counterfactual] = []
    if outcomes.ruleset.verdicts[outcome.verdict].closes:
        return ()  # nothing is waited for any more
    for fact in days.facts.finite:
        for value in fact.values:
            if value not in fact.can_change or known.get(fact.name) in (value, None, *fact.final):
                continue
            if fact.derivation and (
                fact.derivation.source not in days.dates
                or fact.values.index(value) < fact.values.index(known[fact.name])
            ):
                continue  # time does not run backwards, and nobody can say when it comes where the day is unknown
            other = outcomes.certain({**known, fact.name: value})
            if other is None or outcomes.ruleset.verdicts[other.verdict].closes:
                continue  # nobody waits for the day on which they give up
            flip = _flip(other, fact.name, value, outcomes, days)
            if flip.on and opens and flip.on > opens:
                continue  # the request is out by then
            if other.verdict != outcome.verdict or (flip.opens and opens and flip.opens < opens):
                found.append(flip)
    opened = outcomes.ruleset.verdicts
    return tuple(sorted(found, key=lambda f: (not opened[f.verdict].open, f.opens is None, f.opens or days.today)))


def _flip(other: Outcome, fact: str, value: str, outcomes: CompiledPolicy, days: Days) -> Counterfactual:
    """Date a flip: as from today, or, when only time has to pass, as from the day on which it has passed."""
    derivation = days.facts[fact].derivation
    on = None
    if derivation:
        on = derivation.first_day(days.dates[derivation.source], value, days.place.week)
        days = replace(days, now=instant(on, DEFAULT_TIME, days.place.zone))
    return Counterfactual(fact, value, other.verdict, other.rule, opening_of(other, outcomes, days), on)


def _unique(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))
