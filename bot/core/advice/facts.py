"""What the bot may learn about a person, an interview and a case, and how it is told.

Law of this file: every fact that a condition can read has a finite domain, declared in flows/facts.yaml.
Answers are kept as text, as the domain spells them, or `NOT_SURE`; what they mean is read from them here only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property, lru_cache
from itertools import pairwise
from types import MappingProxyType
from typing import Literal

from bot.core.advice.calendar import WorkingWeek, add_business_days, business_days_between

Kind = Literal["choice", "date", "text", "number", "flag"]
Scope = Literal["user", "interview", "case"]
Answers = Mapping[str, str]
Known = Mapping[str, str]
Turns = Mapping[str, tuple[tuple[date, str], ...]]
"""For each fact that follows from a day, the first day of each of its values."""

NOT_SURE = "not_sure"
"""The answer of somebody who cannot tell; it counts as the fact's cautious value."""
KNOWN_KEPT = 8192  # sets of answers whose meaning is remembered; they hold nothing that was typed
NO_DATES: Mapping[str, date] = MappingProxyType({})
NO_DATE = "none"
"""The answer to a date question when there is no such day."""
ALSO_NOT_SURE = frozenset({NOT_SURE, "unknown", "unsure"})
"""Other spellings that `advise` takes for `NOT_SURE`, unless the fact's own domain has the word."""


@dataclass(frozen=True)
class DaySpan:
    """A stretch of days of which one is meant; as an answer its two ends with a slash between, as in ISO 8601."""

    first: date
    last: date

    @property
    def days(self) -> tuple[date, ...]:
        """The days that may be meant."""
        return tuple(self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))

    def isoformat(self) -> str:
        """Return the stretch as it is kept."""
        return f"{self.first.isoformat()}/{self.last.isoformat()}"

    def working(self, week: WorkingWeek) -> DaySpan:
        """Return the stretch from its first working day to its last; as it is where it has none."""
        days = [day for day in self.days if week.works(day)]
        return DaySpan(days[0], days[-1]) if days else self


def span_of(answer: str) -> DaySpan | None:
    """Return the stretch of days that an answer names, if it names one."""
    first, slash, last = answer.partition("/")
    if not (slash and is_date(first) and is_date(last)):
        return None
    return DaySpan(date.fromisoformat(first), date.fromisoformat(last))


@dataclass(frozen=True)
class Derivation:
    """How a fact follows from a date: the band whose first day was reached, counted in business or calendar days."""

    source: str
    count: Literal["business_days", "days"]
    starts: tuple[tuple[str, int], ...]
    not_before: tuple[tuple[str, str, int], ...] = ()
    """Bands that never begin sooner than so many business days after another day: (band, date fact, days)."""

    def band(self, day: date, today: date, week: WorkingWeek, dates: Mapping[str, date] = NO_DATES) -> str:
        """Return the band of `day` as seen from `today`; `dates` are the other days that are known."""
        gone = business_days_between(day, today, week) if self.count == "business_days" else (today - day).days
        reached = [value for value, start in self.starts if gone >= start]
        floors = [(value, dates[source], days) for value, source, days in self.not_before if source in dates]
        late = {value for value, floor, days in floors if today < add_business_days(floor, days, week)}
        return next((value for value in reversed(reached) if value not in late), self.starts[0][0])

    def first_day(self, day: date, value: str, week: WorkingWeek, dates: Mapping[str, date] = NO_DATES) -> date:
        """Return the first day on which something that happened on `day` falls into the band `value`."""
        start = dict(self.starts)[value]
        first = add_business_days(day, start, week) if self.count == "business_days" else day + start * date.resolution
        floors = [add_business_days(dates[s], n, week) for v, s, n in self.not_before if v == value and s in dates]
        return max([first, *floors])

    def latest(self, value: str, today: date, week: WorkingWeek) -> date:
        """Return the latest day that is in the band `value` today; the cautious reading of a band without a date."""
        start = dict(self.starts)[value]
        if self.count == "business_days":
            return add_business_days(today, -start, week)
        return today - start * date.resolution

    def spans(self, values: Collection[str]) -> list[tuple[int, int | None]]:
        """Return how long ago these bands are, (first day, last day or None), neighbours as one; unknown ones not."""
        bands = [*self.starts, ("", None)]
        found: list[tuple[int, int | None]] = []
        for (value, first), (_, after) in pairwise(bands):
            if value not in values or first is None:
                continue
            last = None if after is None else after - 1
            if found and found[-1][1] == first - 1:
                first = found.pop()[0]
            found.append((first, last))
        return found

    @property
    def faults(self) -> list[tuple[str, str]]:
        """Name neighbouring bands that are out of order."""
        return [(a, b) for (a, m), (b, n) in pairwise(self.starts) if m >= n]


@dataclass(frozen=True)
class Shortcut:
    """A tappable day: one of these many days ago (or ahead, negative), or of a week so many weeks ago."""

    id: str
    days_ago: tuple[int, ...] = ()
    weeks_ago: int | None = None

    def span(self, today: date) -> DaySpan:
        """Return the days of which one is meant."""
        if self.weeks_ago is not None:
            monday = today - timedelta(days=today.isoweekday() - 1, weeks=self.weeks_ago)
            return DaySpan(monday, monday + timedelta(days=6))
        return DaySpan(today - timedelta(days=max(self.days_ago)), today - timedelta(days=min(self.days_ago)))


@dataclass(frozen=True)
class Fact:
    """One thing that may be known; `values` is its finite domain, empty for dates and texts."""

    name: str
    kind: Kind
    scope: Scope
    values: tuple[str, ...] = ()
    cautious: str | None = None
    offer_not_sure: bool = False
    can_change: frozenset[str] = frozenset()
    final: frozenset[str] = frozenset()
    alike: tuple[frozenset[str], ...] = ()
    max_length: int = 0
    phrase: bool = False
    optional: bool = False
    past: bool = True
    shortcuts: tuple[Shortcut, ...] = ()
    derivation: Derivation | None = None
    from_history: bool = False
    """Whether it says what went out (a sort of message) instead of being asked."""

    @property
    def finite(self) -> bool:
        """Tell whether conditions may read this fact."""
        return bool(self.values)

    def means(self, answer: str) -> str:
        """Return what `answer` counts as: itself, or the cautious value of somebody who is not sure."""
        return (self.cautious or "") if answer == NOT_SURE else answer

    def accepts(self, answer: str) -> bool:
        """Tell whether a stored answer still fits this fact; a changed flow may have dropped its value."""
        if answer == NOT_SURE:
            return self.cautious is not None or self.optional
        if self.finite:
            return answer in self.values
        if self.kind == "date":
            return is_date(answer) or span_of(answer) is not None or (answer == NO_DATE and self.optional)
        return bool(answer) or self.optional


def is_date(text: str) -> bool:
    """Tell whether a text is a day in ISO 8601's writing, such as 2026-11-26."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class Facts:
    """All facts of a library, in file order."""

    by_name: Mapping[str, Fact]
    derived: tuple[Fact, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", MappingProxyType(dict(self.by_name)))
        object.__setattr__(self, "derived", tuple(f for f in self.by_name.values() if f.derivation))

    def __getitem__(self, name: str) -> Fact:
        return self.by_name[name]

    @cached_property
    def finite(self) -> tuple[Fact, ...]:
        """The facts that conditions may read."""
        return tuple(fact for fact in self.by_name.values() if fact.finite)

    @cached_property
    def from_history(self) -> frozenset[str]:
        """The facts that say what went out."""
        return frozenset(fact.name for fact in self.by_name.values() if fact.from_history)

    @cached_property
    def cautious(self) -> Mapping[str, str]:
        """What each finite fact counts as while nobody has answered it."""
        return {fact.name: fact.cautious for fact in self.finite if fact.cautious is not None}

    @cached_property
    def read_from(self) -> Mapping[str, tuple[str, ...]]:
        """For each fact that can be asked, the finite facts its answer settles: itself, or those derived from it."""
        found: dict[str, tuple[str, ...]] = {}
        for fact in self.by_name.values():
            if not fact.derivation:
                settled = tuple(d.name for d in self.derived if d.derivation and d.derivation.source == fact.name)
                found[fact.name] = (fact.name, *settled) if fact.finite else settled
        return found

    def known(self, answers: Answers, today: date, week: WorkingWeek) -> dict[str, str]:
        """Return the finite facts that `answers` settle today, derived ones included."""
        return self._work_out(answers, today, week)

    def told(self, answers: Answers) -> frozenset[tuple[str, str]]:
        """Return the answers that settle a finite fact, to be asked `meaning` of; nothing typed is among them."""
        settling = self._settling
        return frozenset([pair for pair in answers.items() if pair[0] in settling])

    @cached_property
    def texts(self) -> frozenset[str]:
        """The facts that are typed into notes."""
        return frozenset(fact.name for fact in self.by_name.values() if fact.kind == "text")

    @cached_property
    def dates(self) -> tuple[str, ...]:
        """The facts that are answered with a day."""
        return tuple(fact.name for fact in self.by_name.values() if fact.kind == "date")

    @cached_property
    def turns(self) -> Callable[[frozenset[tuple[str, date]], WorkingWeek], Turns]:
        """Return when each fact that follows from one of these days takes on its values, in order; remembered."""
        return lru_cache(maxsize=KNOWN_KEPT)(lambda days, week: self._turns(dict(days), week))

    def _turns(self, days: Mapping[str, date], week: WorkingWeek) -> Turns:
        return {
            fact.name: tuple((d.first_day(days[d.source], value, week, days), value) for value, _ in d.starts)
            for fact in self.derived
            if (d := fact.derivation) and d.source in days
        }

    @cached_property
    def _settling(self) -> frozenset[str]:
        """The facts whose answers settle a finite one; what is typed into a note does not."""
        derivations = [fact.derivation for fact in self.derived if fact.derivation]
        sources = {derivation.source for derivation in derivations}
        floors = {source for derivation in derivations for _, source, _ in derivation.not_before}
        return frozenset(fact.name for fact in self.finite) | sources | floors

    @cached_property
    def meaning(self) -> Callable[[frozenset[tuple[str, str]], date, WorkingWeek], Known]:
        """Return what `told` answers settle on a day in a working week; remembered."""
        return lru_cache(maxsize=KNOWN_KEPT)(lambda told, today, week: self._work_out(dict(told), today, week))

    def answered(self, answers: Answers) -> dict[str, str]:
        """Return the finite facts that are answered themselves; what follows from days is not among them."""
        known = {}
        for name, answer in answers.items():
            fact = self.by_name.get(name)
            if fact is not None and fact.values and fact.accepts(answer):
                known[name] = fact.means(answer)
        return known

    def _work_out(self, answers: Answers, today: date, week: WorkingWeek) -> dict[str, str]:
        known = self.answered(answers)
        for fact in self.derived:
            assert fact.derivation
            days = () if fact.name in known else self._days_of(answers, fact.derivation.source)
            if days:
                floors = {s: at for _, s, _ in fact.derivation.not_before if (at := self.date_of(answers, s))}
                bands = {fact.derivation.band(day, today, week, floors) for day in days}
                if len(bands) == 1:  # of a stretch of days, only what is the same on each of them is known
                    known[fact.name] = bands.pop()
        return known

    def _days_of(self, answers: Answers, name: str) -> tuple[date, ...]:
        """Return the days that may be meant by the answer to a date fact."""
        span = span_of(answers.get(name, ""))
        day = self.date_of(answers, name)
        return span.days if span and self.by_name[name].past else (day,) if day else ()

    def date_of(self, answers: Answers, name: str) -> date | None:
        """Return the day that a date fact was answered with, if any: of a stretch of days the last, to be careful."""
        answer = answers.get(name)
        if not answer:
            return None
        if is_date(answer):
            return date.fromisoformat(answer)
        span = span_of(answer)
        return span.last if span else None

    def vague(self, told: Iterable[tuple[str, str]]) -> frozenset[str]:
        """Return the facts that were answered with a stretch of days, of which one will be remembered."""
        return frozenset(name for name, answer in told if "/" in answer and self.by_name[name].past and span_of(answer))
