"""The ledger: what went out to one person met, by the candidate's own word, and what politeness still allows.

Law of this file: it counts and never guesses. Nothing is in it that the candidate did not say; what it declines comes
with the reason and, where there is one, the day from which it would be right (C30, C31; etiquette 6.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from bot.core.advice.calendar import ONE_DAY, WorkingWeek, add_business_days

WITHDRAWN, ACCEPTED, DECLINED = "withdrawn", "accepted", "declined"
"""The entries of what became of a request; they are no messages."""
FATES = (ACCEPTED, DECLINED, WITHDRAWN)
REQUEST = "request"

Entry = tuple[str, date]
"""What was sent (a sort of message), and the candidate's own day on which they said so."""


@dataclass(frozen=True)
class Monthly:
    """A platform's allowance: `at_most` in a calendar month, for whom (`when`), and the fact for what it `leaves`."""

    at_most: int
    leaves: str
    when: Mapping[str, str]


@dataclass(frozen=True)
class Sort:
    """A sort of message: the `notes` that are of it, how many may go out, and what its sending answers (`then`).

    With `again_after_days` one more may go out so many days after a withdrawal. What has facts it comes `after` has no
    note of ours: the candidate asks whether it may go out at all.
    """

    id: str
    notes: frozenset[str] = frozenset()
    at_most: int = 1
    again_after_days: int = 0
    then: Mapping[str, str] = field(default_factory=dict)
    soon_after: Mapping[str, int] = field(default_factory=dict)
    """Sorts it may follow sooner than any other, with the business days that must lie between."""
    monthly: Monthly | None = None
    fates: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What is answered by what became of it (accepted, declined, withdrawn)."""


@dataclass(frozen=True)
class Courtesy:
    """How much may be sent to one person: so many business days `apart`, `at_most` in so many days (`within_days`)."""

    sorts: Mapping[str, Sort] = field(default_factory=dict)
    apart: int = 3
    at_most: int = 5
    within_days: int = 60
    assumed_on: str = ""
    """The date fact on whose day something went out that the candidate says is out, but not since when."""

    def of_note(self, kind: str) -> Sort | None:
        """Return the sort that a kind of note or mail is of."""
        return next((sort for sort in self.sorts.values() if kind in sort.notes), None)


@dataclass(frozen=True)
class Refusal:
    """Why a message would be one too many: it went out already, several did, or the last one is too recent.

    `sent` is the day of the one in the way; `on` the first day on which it would be right, None for never. Of its sort
    `at_most` so many may go out.
    """

    reason: Literal["once", "withdrawn", "many", "apart"]
    sent: date
    on: date | None = None
    at_most: int = 1


def refusal(courtesy: Courtesy, ledger: tuple[Entry, ...], what: str, day: date, week: WorkingWeek) -> Refusal | None:
    """Return why a message of the sort `what` should not go out on `day`; None where politeness allows it."""
    sort = courtesy.sorts[what]
    messages = [(of, on) for of, on in ledger if of not in FATES]
    same = [on for of, on in messages if of == what]
    if len(same) >= sort.at_most and (again := _again(sort, same, ledger)) is None:
        return Refusal("once", same[-1], at_most=sort.at_most)
    if len(same) >= sort.at_most and again is not None and day < again:
        return Refusal("withdrawn", same[-1], again)
    recent = sorted(on for _, on in messages if on > day - ONE_DAY * courtesy.within_days)
    if len(recent) >= courtesy.at_most:
        free = recent[len(recent) - courtesy.at_most] + ONE_DAY * courtesy.within_days
        return Refusal("many", recent[-1], free)
    waits = [(add_business_days(on, sort.soon_after.get(of, courtesy.apart), week), on) for of, on in messages]
    last = max(waits, default=None)
    return Refusal("apart", last[1], last[0]) if last is not None and day < last[0] else None


def _again(sort: Sort, same: list[date], ledger: tuple[Entry, ...]) -> date | None:
    """Return the day from which one more may go out after a withdrawal; None where there was none, or it was used."""
    withdrawn = [on for of, on in ledger if of == WITHDRAWN]
    if not sort.again_after_days or len(withdrawn) < len(same) - sort.at_most + 1:
        return None
    return withdrawn[-1] + ONE_DAY * sort.again_after_days


def classes(ledger: tuple[Entry, ...]) -> dict[str, str]:
    """Return what a history comes to for the rules: each sort as sent, and the request as it stands."""
    found = {what: "sent" for what, _ in ledger if what not in FATES}
    last = next((what for what, _ in reversed(ledger) if what in (REQUEST, *FATES)), None)
    if last is not None:
        found[REQUEST] = "out" if last == REQUEST else last
    if last == WITHDRAWN and sum(what == REQUEST for what, _ in ledger) > 1:
        found[REQUEST] = DECLINED  # there is no third one
    return found


def in_month(ledgers: Iterable[tuple[Entry, ...]], what: str, day: date) -> int:
    """Count the messages of the sort `what` that went out to anybody in the month of `day`."""
    return sum(of == what and (on.year, on.month) == (day.year, day.month) for led in ledgers for of, on in led)


def entered(ledger: tuple[Entry, ...], what: str, day: date) -> tuple[Entry, ...]:
    """Return the ledger with one more entry; said twice on a day it counts once."""
    return ledger if (what, day) in ledger else (*ledger, (what, day))
