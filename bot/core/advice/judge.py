"""Judging: answers, what went out and a day become one piece of advice: a dated plan, its reasons, and what changes it.

Exactly one verdict for any answers; every date hangs on an answer or on what went out, never on the moment of asking;
what would change an advice is shown only if judging again with it really gives that verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from bot.core.advice.calendar import local_date
from bot.core.advice.contact_history import Entry, classes
from bot.core.advice.facts import Answers, Known
from bot.core.advice.moments import Dated, Days, PersonCalendar
from bot.core.advice.plan import AdvicePlan, Policy, first_allowed, make_plan, opening_of, with_implied
from bot.core.advice.policy import Outcome
from bot.core.advice.rules import Ruleset


@dataclass(frozen=True)
class Counterfactual:
    """One answer that alone would lead to another verdict or an earlier day; `opens` is the day of the request then."""

    fact: str
    value: str
    verdict: str
    rule: str
    opens: date | None


@dataclass(frozen=True)
class Advice:
    """The verdict with everything that rides on it; `opens` is the day of the request, if one is planned."""

    outcome: Outcome
    plan: AdvicePlan
    reasons: tuple[str, ...]
    cautions: tuple[str, ...]
    cites: tuple[str, ...]
    flips: tuple[Counterfactual, ...]

    @property
    def opens(self) -> date | None:
        """The day of the request, if one is planned for a day."""
        return self.plan.opens

    @property
    def reminders(self) -> tuple[Dated, ...]:
        """The reminders that come for the steps of the plan, in order of time."""
        return self.plan.reminders


def judge(
    policy: Policy,
    answers: Answers,
    assumed: Known,
    now: datetime,
    place: PersonCalendar,
    ledger: tuple[Entry, ...] = (),
) -> Advice:
    """Return the advice for `answers` and what went out, oldest first.

    `assumed` are finite facts that count as known without having been answered. What is neither counts as its cautious
    value, but nothing is built on it that would change the advice. Raises `NoRuleFits` at a gap in the rules.
    """
    outcomes, facts = policy.outcomes, policy.facts
    dates = {name: day for name in answers if (day := facts.date_of(answers, name))}
    days = Days(now, place, dates, facts, local_date(now, place.zone))
    known = {**assumed, **facts.known(answers, days.today, place.week)}
    ledger = with_implied(policy.courtesy, facts, answers, ledger)
    went_out = classes(ledger)  # what is not in the history did not go out, so nothing of it is left open
    known |= {name: went_out.get(name, facts.cautious[name]) for name in facts.from_history}
    outcome = outcomes.outcome({**facts.cautious, **known})

    def planned(name: str, value: str) -> date | None:
        return make_plan(policy, {**answers, name: value}, assumed, ledger, now, place).opens

    plan = make_plan(policy, answers, assumed, ledger, now, place)
    rule = outcomes.ruleset.rule[outcome.rule]
    remarks = [outcomes.ruleset.remark[r] for r in outcome.remarks]
    cautions = [claim for gate in outcome.gates for claim in outcomes.ruleset.gate[gate].cites]
    return Advice(
        outcome=outcome,
        plan=plan,
        reasons=reasons_of(outcome, outcomes.ruleset),
        cautions=cautions_of(outcome, outcomes.ruleset),
        cites=_unique((*rule.cites, *rule.reasons, *(r.claim for r in remarks), *cautions)),
        flips=_flips(policy, known, outcome, plan, days, ledger, planned),
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
    policy: Policy,
    known: Known,
    outcome: Outcome,
    plan: AdvicePlan,
    days: Days,
    ledger: tuple[Entry, ...],
    planned: Callable[[str, str], date | None],
) -> tuple[Counterfactual, ...]:
    """Return every single later answer that alone changes the verdict or the day, those that open the way first.

    What only time brings, and what a step of the plan itself answers, is the plan's to tell. `planned` makes the plan
    after an answer, for the few of which the day cannot be told without.
    """
    verdicts = policy.outcomes.ruleset.verdicts
    if verdicts[outcome.verdict].closes:
        return ()  # nothing is waited for any more
    sorts = policy.courtesy.sorts
    own = {name for step in plan.steps if step.do in sorts for name in sorts[step.do].then}
    found: list[Counterfactual] = []
    for fact in days.facts.finite:
        if fact.derivation or fact.name in own:
            continue
        for value in fact.values:
            if value not in fact.can_change or known.get(fact.name) in (value, None, *fact.final):
                continue
            other = policy.outcomes.certain({**known, fact.name: value})
            if other is None or verdicts[other.verdict].closes:
                continue  # nobody waits for the day on which they give up
            sure, opens = _opens(policy, other, days, ledger)
            if not sure:
                opens = planned(fact.name, value)
            if opens is None and (rule := policy.outcomes.ruleset.rule[other.rule]).opens and not rule.waits_for:
                continue  # a request that is never right again is nothing to look forward to
            if other.verdict != outcome.verdict or (opens and plan.opens and opens < plan.opens):
                found.append(Counterfactual(fact.name, value, other.verdict, other.rule, opens))
    return tuple(sorted(found, key=lambda f: (not verdicts[f.verdict].open, f.opens is None, f.opens or days.today)))


def _opens(policy: Policy, other: Outcome, days: Days, ledger: tuple[Entry, ...]) -> tuple[bool, date | None]:
    """Return the day of the request after an outcome that would come today: what goes out before it counts.

    False comes with it where that cannot go out today, so that the rules may say something else by then.
    """
    courtesy, today, week = policy.courtesy, days.today, days.place.week
    base = opening_of(other, policy.outcomes, days)
    sort = courtesy.of_note(other.note) if other.note else None
    if base is None or sort is None or policy.outcomes.ruleset.rule[other.rule].waits_for:
        return True, None
    for mail in filter(None, map(courtesy.of_note, other.mails)):
        day = first_allowed(courtesy, ledger, mail.id, today, week)
        if day == today:
            ledger = (*ledger, (mail.id, today))
            break
        if day:
            return False, None
    return True, first_allowed(courtesy, ledger, sort.id, max(base, today), week)


def _unique(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))
