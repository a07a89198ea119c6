"""The policy as declared in flows/rules/*.yaml and flows/reminders.yaml: rules, gates, remarks, laws, examples.

Law of this file: declarations only. What they mean together is built once in `outcomes.py` and dated in `judging.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from functools import cached_property
from typing import Literal

from bot.core.advice.conditions import ALWAYS, Condition

HISTORY_STARTS = ("request_sent", "status_sent", "message_sent", "accepted")
"""The days of history that a moment may be counted from."""
STARTS = ("today", "opening", "next_month", *HISTORY_STARTS)
RemarkKind = Literal["reason", "caution"]
Sure = Literal["article", "beyond", "judgement"]
"""On whose word a row stands: the article's, that of recruiters and coaches beyond it, or nobody's but our own."""


@dataclass(frozen=True)
class Conditional:
    """A note kind, mail or reminder that a rule asks for when its condition holds."""

    item: str
    when: Condition = ALWAYS


@dataclass(frozen=True)
class Moment:
    """When something falls: counted from a day (`start`) in business days or days, then at a wall time.

    `start` is `today`, `opening` (the day the note may go), `next_month` (its first day), `request_sent`,
    `status_sent`, `message_sent` or `accepted` (the day that happened), or the name of a date fact.
    With `becomes` it is the first day on which that derived fact has the value. `otherwise` serves if that is unknown.
    """

    start: str
    business_days: int = 0
    days: int = 0
    becomes: tuple[str, str] | None = None
    at: time | None = None
    same_day_before: time | None = None
    same_day_at: time | None = None
    otherwise: Moment | None = None

    @property
    def reads(self) -> frozenset[str]:
        """The date facts this moment is counted from, in either branch."""
        own = frozenset() if self.start in STARTS else frozenset({self.start})
        return own | (self.otherwise.reads if self.otherwise else frozenset())


@dataclass(frozen=True)
class Verdict:
    """A kind of advice; `open` ones say that a request may go out today, and those that `closes` end the case."""

    id: str
    open: bool = False
    beyond: bool = False
    closes: bool = False


@dataclass(frozen=True)
class Rule:
    """One row of the decision table; the first that fits decides."""

    id: str
    when: Condition
    verdict: str
    notes: tuple[Conditional, ...] = ()
    override: tuple[Conditional, ...] = ()
    mails: tuple[Conditional, ...] = ()
    remind: tuple[Conditional, ...] = ()
    opens: Moment | None = None
    reasons: tuple[str, ...] = ()
    cites: tuple[str, ...] = ()
    sure: Sure = "article"
    headline: str = "advice"
    waits_for: str = ""
    """What has to happen before the request, on a day that only the candidate will know."""


@dataclass(frozen=True)
class Gate:
    """A condition that rides on a verdict: on some `verdicts`, or only where there is a note or a certain mail."""

    id: str
    when: Condition
    verdicts: frozenset[str] = frozenset()
    needs_note: bool = False
    needs_mail: str | None = None
    before_note: bool = False
    remind: tuple[str, ...] = ()
    cites: tuple[str, ...] = ()
    beyond: bool = False

    def rides(self, verdict: str, note: str | None, mails: tuple[str, ...]) -> bool:
        """Tell whether it can ride here, its condition apart."""
        return (
            (not self.verdicts or verdict in self.verdicts)
            and (not self.needs_note or note is not None)
            and (self.needs_mail is None or self.needs_mail in mails)
        )


@dataclass(frozen=True)
class Remark:
    """A further reason or caution, worded by a claim, for some verdicts."""

    id: str
    kind: RemarkKind
    claim: str
    when: Condition
    verdicts: frozenset[str]


@dataclass(frozen=True)
class Repeat:
    """A reminder comes so many `times` in all, each so many business days and days after the last."""

    times: int
    business_days: int = 0
    days: int = 0


@dataclass(frozen=True)
class ReminderKind:
    """A reason to come back.

    More than `overdue_days` late it only asks whether it still matters, is said all the same, or is let go and comes at
    its next time; one that has none asks.
    `asks` are the facts that its follow-up asks anew.
    """

    id: str
    due: Moment
    overdue_days: int = 14
    cites: tuple[str, ...] = ()
    beyond: bool = False
    overdue: Literal["ask", "say", "drop"] = "ask"
    again: Repeat | None = None
    asks: tuple[str, ...] = ()
    step: str = "look"
    """What of a plan it comes for: a sort of message, or to look for news."""


@dataclass(frozen=True)
class Manners:
    """How often reminders may come at all (etiquette, section 7); days are the candidate's own."""

    unanswered: int = 4
    snoozes: int = 2
    snooze_business_days: int = 2
    close_after_days: int = 45


@dataclass(frozen=True)
class Law:
    """What must hold for every combination of answers; conditions may also read `verdict`, `rule` and `note`.

    Either `always` implies one of `implies`, or (with `changes`) an open verdict stays open when a fact moves on.
    """

    id: str
    always: Condition
    implies: Condition | None = None
    changes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    why: str = ""


OverTime = Literal[
    "offers_are_allowed",
    "told_days_are_kept",
    "steps_are_reminded",
    "texts_are_there",
    "messages_lie_apart",
    "changes_come_true",
    "cases_end",
    "doing_leads_on",
]
"""What a law over time says, in the words of flows/rules; the checker knows what each comes to."""


@dataclass(frozen=True)
class LawOverTime:
    """What must hold along every history of a case; which of the numbers it needs depends on what it `holds`.

    `sooner` are the pairs of sorts (what went out, what follows) that may lie less than `apart` business days apart.
    """

    id: str
    holds: OverTime
    at_most: int | None = None
    apart: int = 0
    sooner: Mapping[tuple[str, str], int] = field(default_factory=dict)
    sorts: frozenset[str] = frozenset()
    when: Condition = ALWAYS
    cites: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class Example:
    """A named situation and what the rules must say of it."""

    name: str
    given: Mapping[str, str]
    expect: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Ruleset:
    """A whole policy."""

    id: str
    verdicts: Mapping[str, Verdict]
    rules: tuple[Rule, ...]
    gates: tuple[Gate, ...] = ()
    remarks: tuple[Remark, ...] = ()
    laws: tuple[Law, ...] = ()
    over_time: tuple[LawOverTime, ...] = ()
    examples: tuple[Example, ...] = ()

    @cached_property
    def rule(self) -> Mapping[str, Rule]:
        """The rules by id."""
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def gate(self) -> Mapping[str, Gate]:
        """The gates by id."""
        return {gate.id: gate for gate in self.gates}

    @cached_property
    def remark(self) -> Mapping[str, Remark]:
        """The remarks by id."""
        return {remark.id: remark for remark in self.remarks}
