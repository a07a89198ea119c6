"""What of a kept person can matter when they go on under other content: so that not everybody need be replayed.

What is the same in two conversations makes them equal here only where the content cannot tell them
apart. What was typed counts by its length, a day by what it means today, a text that was said by its being said.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from bot.core.advice.calendar import local_date
from bot.core.advice.facts import NOT_SURE, is_date
from bot.core.chat.person import Person
from bot.core.dialogue.flow import END
from bot.core.dialogue.progress import REMOTEST_DAY
from bot.core.dialogue.session import Session, place_of
from bot.core.dialogue.view import SessionView
from bot.core.library import Library

ROOM: Final = 32
"""Characters by which lengths of what was typed are told apart: a text may be too long for a note."""
MOST_KEPT: Final = 50_000
"""So many answers are remembered with what they mean."""


@dataclass(frozen=True)
class Traits:
    """Tells people apart at the instant `now`, under all these libraries at once."""

    libraries: tuple[Library, ...]
    now: datetime
    _means: dict[Hashable, dict[tuple[str, str], tuple[Hashable, ...]]] = field(default_factory=dict)

    def conversation(self, session: Session, person: Person) -> Hashable:
        """Return what stands for a conversation: equal ones are moved alike. Raises what an unknown zone raises."""
        today = local_date(self.now, person.zone)
        said = tuple([(step, mark.partition("|")[0] if "|" in mark else "") for step, mark in session.said.items()])
        return (
            today, person.working_days, person.holidays, person.language,
            session.flow, session.language, session.asking, session.stage, min(len(session.others), 2), said,
            frozenset(self._answers(session.answers, today, person)),
            frozenset(self._answers(session.carried, today, person)),
        )  # fmt: skip

    def of_view(self, view: SessionView, person: Person) -> Iterator[Hashable]:
        """Yield what of a conversation decides whether it can go on, each for itself."""
        session, outcome, step = view.session, view.outcome, view.position.step
        judged = tuple(s for s in view.position.crossed if view.flow.step[s].kind == "judge")
        at = (session.flow, session.language)
        yield "step", at, step, judged, session.asking, session.stage
        yield "outcome", at, outcome, step == END, min(len(session.others), 2)
        answers = set(self._answers(session.facts, view.today, person))
        yield from (("answer", at, answer) for answer in answers)
        texts = view.library.facts.texts
        yield "typed", at, outcome.note, outcome.mails, frozenset(a for a in answers if a[0] in texts), bool(judged)
        yield from (
            ("said", at, name, mark.partition("|")[0] if "|" in mark else "", outcome.verdict)
            for name, mark in session.said.items()
        )

    def of_person(self, person: Person) -> Iterator[Hashable]:
        """Yield what of a person beside their conversations decides whether they can go on, each for itself."""
        today, schedule = local_date(self.now, person.zone), person.schedule
        place = (person.language, person.working_days, schedule.hours, schedule.zone_known, schedule.paused)
        yield "place", place, any(day >= today.isoformat() for day in person.holidays), person.zone in ("", "UTC")
        yield "asks", person.language, person.asking.partition("-")[0], min(len(person.cases), 2)
        yield from (("own", person.language, answer) for answer in self._answers(person.facts, today, person))
        for reminder in schedule.planned:
            life = schedule.lives.get(reminder.case)
            lived = life and (life.consent, life.said, life.counts.get(reminder.kind), life.snoozed)
            when = (_days(reminder.day, today, 1), reminder.due <= self.now, _days(schedule.said_on, today, 1) >= 0)
            yield "planned", person.language, reminder.kind, reminder.case in person.cases, lived, when, schedule.paused
        for number, life in schedule.lives.items():
            closes = life.closes and life.closes <= today
            yield "life", person.language, number in person.cases, life.consent, life.asked, life.snoozed, closes
        for ledger in schedule.ledgers.values():
            yield "sent", person.language, tuple([(what, _days(day, today, 0)) for what, day in ledger])

    def _answers(self, answers: Mapping[str, str], today: date, person: Person) -> list[tuple[Hashable, ...]]:
        if not answers:
            return []
        here = self._means.setdefault((today, person.working_days, person.holidays), {})
        found = []
        for item in answers.items():
            meaning = here.get(item)
            if meaning is None:
                meaning = here[item] = self._meaning(*item, today, person)
            found.append(meaning)
        if len(here) > MOST_KEPT:
            here.clear()
        return found

    def _meaning(self, name: str, answer: str, today: date, person: Person) -> tuple[Hashable, ...]:
        facts = [library.facts.by_name.get(name) for library in self.libraries]
        kinds = {fact.kind if fact else "" for fact in facts}
        if kinds == {"text"} and answer not in ("", NOT_SURE):
            return name, len(answer) // ROOM
        if kinds == {"date"} and is_date(answer):
            week, told = place_of(person.zone, person.working_days, person.holidays).week, frozenset({(name, answer)})
            return name, *(frozenset(library.facts.meaning(told, today, week).items()) for library in self.libraries)
        return name, answer


def _days(day: date | None, today: date, most: int) -> int:
    """Return how many days ahead a day is, as far as that can matter."""
    return -REMOTEST_DAY if day is None else max(-REMOTEST_DAY, min((day - today).days, most))
