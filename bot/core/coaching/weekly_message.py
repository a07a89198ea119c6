"""Monday's message to a coach: what waits in their cohorts, in one message; none where nothing waits.

It says nothing that the coach could not see by tapping: topics and members' names are not in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Final

from bot.core.advice.calendar import instant, local_date
from bot.core.advice.catalog import Catalog
from bot.core.coaching.cohort import Cohort, CohortRepository
from bot.core.coaching.exercise import ExerciseTurn
from bot.core.coaching.lesson_planner import title_of
from bot.core.coaching.statistics import FEWEST
from bot.core.coaching.views import Button, Panel, Shown, waiting_buttons
from bot.core.dialogue.session import Block
from bot.core.library import Library

AT: Final = time(9)
TOGETHER: Final = timedelta(hours=1)
"""Cohorts whose message is due within this time of another's are told of in one."""


def next_monday(now: datetime, zone: str) -> datetime:
    """Return the next Monday morning by a coach's clock."""
    today = local_date(now, zone)
    this_week = instant(today - timedelta(days=today.weekday()), AT, zone)
    return this_week if now < this_week else instant(today + timedelta(days=7 - today.weekday()), AT, zone)


@dataclass(frozen=True)
class WeeklyMessages:
    """What coaches are told, by person, and the cohorts as they are now."""

    told: Mapping[int, tuple[Shown, ...]]
    cohorts: Mapping[int, Cohort]


def weekly_messages(
    library: Library, number: int, cohort: Cohort, repository: CohortRepository, now: datetime
) -> WeeklyMessages:
    """Tell every coach of a cohort that is due, and of those due together with it, what waits."""
    due, open_ = {number: cohort}, [number]
    while open_:
        for coach in due[open_.pop()].coaches:
            for n, one in repository.coached(coach).items():
                if n not in due and one.monday is not None and one.monday <= now + TOGETHER:
                    due[n] = one
                    open_.append(n)
    told: dict[int, tuple[Shown, ...]] = {}
    for coach in {coach for one in due.values() for coach, name in one.coaches.items() if name}:
        mine = {n: one for n, one in sorted(due.items()) if coach in one.coaches}
        panel = _panel(library, library.catalog(repository.language(coach)), coach, mine)
        if panel is not None:
            told[coach] = (panel,)
    after = {n: replace(one, monday=next_monday(now + TOGETHER, one.zone)) for n, one in due.items()}
    return WeeklyMessages(told, after)


def _panel(library: Library, catalog: Catalog, coach: int, mine: Mapping[int, Cohort]) -> Panel | None:
    blocks, buttons = [Block("title", catalog.say("cohort.week.title"))], []
    for number, cohort in mine.items():
        lines = list(_lines(library, catalog, coach, cohort))
        if lines:
            blocks += [Block("text", catalog.say("cohort.week.cohort", name=cohort.name))]
            blocks += [Block("item", line) for line in lines]
            buttons.append(Button(catalog.say("cohort.week.open", name=cohort.name), ("show", str(number))))
    if not buttons:
        return None
    if len(buttons) == 1:
        only = int(buttons[0].about[1])
        buttons = [*waiting_buttons(only, mine[only], catalog, coach), *buttons]
    return Panel(tuple(blocks), tuple(buttons))


def _lines(library: Library, catalog: Catalog, coach: int, cohort: Cohort) -> Iterator[str]:
    """Say what waits in one cohort."""
    if cohort.hands:
        yield catalog.say("cohort.week.hands", number=len(cohort.hands))
    if notes := cohort.unread(coach):
        yield catalog.say("cohort.week.notes", number=notes)
    if cohort.plan and cohort.plan.confirmed and cohort.plan.first is not None:
        slot = cohort.plan.slots[cohort.plan.first]
        what = title_of(library.catalog(cohort.language), slot)
        yield catalog.say("cohort.week.lesson", what=what, day=slot.day, time=slot.wall)
    if cohort.exercise:
        turn = ExerciseTurn(library, catalog, cohort.exercise)
        if turn.running and turn.study is not None:
            title = catalog.say(f"case.{cohort.exercise.case}.title")
            number = len(cohort.exercise.votes) + 1
            yield catalog.say("cohort.week.case", title=title, number=number, of=turn.study.questions)
    if cohort.places and cohort.joins < cohort.places:
        yield catalog.say("cohort.week.joined", number=cohort.joins, of=cohort.places)
    if len(cohort.agreeing("counts")) >= FEWEST:
        yield catalog.say("cohort.week.counts")
