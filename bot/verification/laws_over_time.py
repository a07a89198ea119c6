"""The laws over time, each as what it says of one moment of a history and of the step to the next.

What is compared is only what was advised: no law knows how a plan is made. A breach is told in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from bot.core.advice.calendar import DEFAULT_WEEK, ONE_DAY, business_days_between
from bot.core.advice.contact_history import REQUEST, refusal
from bot.core.advice.plan import BESIDE, CLOSE, LOOK, AdvicePlan, PlanStep, Policy
from bot.core.advice.rules import LawOverTime
from bot.verification.histories import WAIT, Happened, Histories, HistoryState, Walked

DEEPEST = 6
"""So many things happen at most in the histories that are walked."""
MOST_PLANS = 2000
"""So many plans are made at a check, which takes about a second; the slow tests walk on."""


@dataclass(frozen=True)
class Breach:
    """Where a law breaks: at a moment, or in the step to it; what was said there, in words."""

    moment: HistoryState
    then: Happened | None
    what: str


@dataclass
class Held:
    """What holding laws over histories came to: the first breach of each, and how often each breaks."""

    first: dict[str, Breach] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)
    walked: Walked = field(default_factory=Walked)

    def take(self, law: LawOverTime, found: Iterable[str], moment: HistoryState, then: Happened | None = None) -> None:
        """Note what breaks a law."""
        for what in found:
            self.first.setdefault(law.id, Breach(moment, then, what))
            self.times[law.id] = self.times.get(law.id, 0) + 1


def hold(
    policy: Policy,
    laws: tuple[LawOverTime, ...],
    histories: Histories,
    starts: Iterable[HistoryState],
    depth: int,
    most: int | None = None,
) -> Held:
    """Hold laws against every moment that at most `depth` things lead to, and every step between two of them."""
    held, said = Held(), LawsOverTime(policy, histories)
    for moment, after in histories.walk(starts, depth, most):
        for law in laws:
            held.take(law, said.at(law, moment), moment)
            for happened, then in after:
                held.take(law, said.between(law, moment, happened, then), moment, happened)
    held.walked = histories.walked
    return held


class LawsOverTime:
    """Holds one law against moments and steps."""

    def __init__(self, policy: Policy, histories: Histories) -> None:
        self._policy, self._histories = policy, histories
        self._at: Mapping[str, Callable[[LawOverTime, HistoryState], Iterator[str]]] = {
            "offers_are_allowed": self._offers_are_allowed,
            "steps_are_reminded": self._steps_are_reminded,
            "texts_are_there": self._texts_are_there,
            "messages_lie_apart": self._messages_lie_apart,
            "cases_end": self._cases_end,
        }
        self._between: Mapping[str, Callable[[HistoryState, Happened, HistoryState], Iterator[str]]] = {
            "told_days_are_kept": self._told_days_are_kept,
            "changes_come_true": self._changes_come_true,
            "doing_leads_on": self._doing_leads_on,
        }

    def at(self, law: LawOverTime, moment: HistoryState) -> Iterator[str]:
        """Return what breaks the law at a moment."""
        if law.holds in self._at:
            yield from self._at[law.holds](law, moment)

    def between(self, law: LawOverTime, moment: HistoryState, happened: Happened, then: HistoryState) -> Iterator[str]:
        """Return what breaks the law in what is advised after something happened."""
        if law.holds in self._between:
            yield from self._between[law.holds](moment, happened, then)

    def _plan(self, moment: HistoryState) -> AdvicePlan:
        return self._histories.plan(moment)

    def _sends(self, moment: HistoryState) -> list[PlanStep]:
        return [step for step in self._plan(moment).steps if step.do in self._policy.courtesy.sorts]

    # -- at one moment -----------------------------------------------------------------------------------------------

    def _offers_are_allowed(self, _: LawOverTime, moment: HistoryState) -> Iterator[str]:
        courtesy, ledger = self._policy.courtesy, self._histories.ledger(moment)
        outcome = self._histories.outcome(moment)
        named = [sort.id for kind in (*outcome.mails, outcome.note) if kind and (sort := courtesy.of_note(kind))]
        due = [step.do for step in self._sends(moment) if step.on == moment.today]
        for offered in sorted({*due, *self._plan(moment).may_send}):
            if refusal(courtesy, ledger, offered, moment.today, DEFAULT_WEEK):
                yield f"it offers the {_said(offered)} today, and it would be one too many"
            elif offered in due and offered not in named:
                yield f"the plan has the {_said(offered)} for today, and the advice does not name it"

    def _steps_are_reminded(self, law: LawOverTime, moment: HistoryState) -> Iterator[str]:
        plan = self._plan(moment)
        kinds = self._policy.kinds
        reminders = [reminder for reminder in plan.reminders if kinds[reminder.kind].step != BESIDE]
        ahead = [step for step in plan.ahead if step.on is None or step.on >= moment.today]
        # One morning's message may ask about this step and the next; looks that come later remind of no message.
        asked = [step.remind for step in ahead[:2] if step.do in self._policy.courtesy.sorts or ahead[0].do == LOOK]
        closed = self._policy.outcomes.ruleset.verdicts[self._histories.outcome(moment).verdict].closes
        if ahead and not closed and not (reminders and any(asked)):
            yield f"nothing reminds of the {_said(ahead[0].do)} on {_day(ahead[0].on)}"
        if reminders and not ahead:
            yield f"reminder {reminders[0].kind} comes, and there is nothing to do"
        if law.at_most is not None and len(reminders) > law.at_most:
            yield f"{len(reminders)} reminders come until the case ends"

    def _texts_are_there(self, law: LawOverTime, moment: HistoryState) -> Iterator[str]:
        known = self._histories.known(moment)
        for step in self._sends(moment):
            kind = self._policy.courtesy.of_note(step.note) if step.note else None
            if kind is None or kind.id != step.do:
                yield f"the {_said(step.do)} on {_day(step.on)} has no text"
            elif step.do in law.sorts and not law.when.fits(known):
                yield f"the {_said(step.do)} on {_day(step.on)} cannot be sent by them"

    def _messages_lie_apart(self, law: LawOverTime, moment: HistoryState) -> Iterator[str]:
        sorts = self._policy.courtesy.sorts
        sent = [(what, day) for what, day in self._histories.ledger(moment) if what in sorts]
        planned = [(step.do, step.on) for step in self._sends(moment) if step.on]
        for (was, before), (then, day) in pairwise([*sent[-1:], *planned]):
            if business_days_between(before, day, DEFAULT_WEEK) < law.sooner.get((was, then), law.apart):
                yield f"the {_said(then)} on {_day(day)} comes too soon after the {_said(was)} on {_day(before)}"
        out = self._histories.is_out(moment) or REQUEST in [sort for sort, _ in planned]
        for sort, day in planned:
            if out and sort in law.sorts:
                yield f"the {_said(sort)} on {_day(day)} goes out beside a request"

    def _cases_end(self, law: LawOverTime, moment: HistoryState) -> Iterator[str]:
        last = self._plan(moment).steps[-1]
        if last.do != CLOSE or last.on is None:
            yield "nothing ends the case"
        elif law.at_most is not None and last.on > moment.today + ONE_DAY * law.at_most:
            yield f"the case ends on {_day(last.on)} only"

    # -- from one moment to the next ---------------------------------------------------------------------------------

    def _told_days_are_kept(self, moment: HistoryState, happened: Happened, then: HistoryState) -> Iterator[str]:
        was = list(self._plan(moment).steps)
        if happened.event[0] != WAIT:
            return
        while was and was[0].do == LOOK and was[0].on is not None and was[0].on < then.today:
            was.pop(0)
        if was and was[0].on is not None and was[0].on < then.today and was[0].do != CLOSE:
            return  # it passed undone, which is news
        yield from _differs(was, self._plan(then).steps)

    def _doing_leads_on(self, moment: HistoryState, happened: Happened, then: HistoryState) -> Iterator[str]:
        first, *rest = self._plan(moment).steps
        what, sort, _ = happened.event
        if what == "send" and first.do == sort and first.on == moment.today:
            yield from _differs(rest, self._plan(then).steps)

    def _changes_come_true(self, moment: HistoryState, happened: Happened, then: HistoryState) -> Iterator[str]:
        what, fact, value = happened.event
        flips = self._histories.advice(moment).flips if what == "tell" else ()
        for flip in flips:
            if (flip.fact, flip.value) == (fact, value):
                outcome, opens = self._histories.outcome(then), self._plan(then).opens
                if (outcome.verdict, opens) != (flip.verdict, flip.opens):
                    yield (
                        f"it names {flip.verdict} from {_day(flip.opens)} once {fact} is {value}, "
                        f"and then says {outcome.verdict} from {_day(opens)}"
                    )


def _differs(was: list[PlanStep], now: tuple[PlanStep, ...]) -> Iterator[str]:
    """Say where a plan is another than what remained of the one before."""
    then = [(step.do, step.on) for step in was]
    found = [(step.do, step.on) for step in now]
    if then != found:
        yield f"it said {_plan(then)}, and now says {_plan(found)}"


def _plan(steps: list[tuple[str, date | None]]) -> str:
    return ", ".join(f"{_said(do)} {_day(day)}" for do, day in steps) or "nothing"


def _said(do: str) -> str:
    return do.replace("_", " ")


def _day(day: date | None) -> str:
    return f"{day:%a %d %b}" if day else "some day"
