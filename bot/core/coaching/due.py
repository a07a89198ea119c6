"""What is due of a cohort when nobody did anything: a lesson, the end of a shown note, or Monday's message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.coaching.cohort import Cohort, CohortRepository
from bot.core.coaching.lesson_planner import known, lesson_blocks, title_of
from bot.core.coaching.lessons import LATE, Plan
from bot.core.coaching.note_review import gone
from bot.core.coaching.views import Button, Panel, Shown, deep_link
from bot.core.coaching.weekly_message import weekly_messages
from bot.core.library import Library


@dataclass(frozen=True)
class CohortDueResult:
    """The cohorts afterwards, and what is said, by chat."""

    cohorts: Mapping[int, Cohort]
    told: Mapping[int, tuple[Shown, ...]]


def due_of(
    library: Library, number: int, cohort: Cohort, repository: CohortRepository, bot: str, now: datetime
) -> CohortDueResult:
    """Return what a cohort that is due leads to; `bot` is the bot's username."""
    over = next((release for release in cohort.releases if release.until <= now), None)
    if over is not None:
        left = tuple(one for one in cohort.releases if one is not over)
        return CohortDueResult({number: replace(cohort, releases=left)}, gone(library, repository, over))
    leaving = [one for one, member in cohort.members.items() if member.stay_by and member.stay_by <= now]
    if leaving:
        return _unconfirmed(library, number, cohort, repository, leaving)
    if cohort.monday is not None and cohort.monday <= now:
        weekly = weekly_messages(library, number, cohort, repository, now)
        return CohortDueResult(weekly.cohorts, weekly.told)
    assert cohort.plan is not None, "only a cohort with something to come is ever due"
    after, told = _lesson(library, cohort, cohort.plan, repository, bot, now)
    return CohortDueResult({number: after}, told)


def _unconfirmed(
    library: Library, number: int, cohort: Cohort, repository: CohortRepository, people: list[int]
) -> CohortDueResult:
    """Let members leave who did not open the new invitation in time; nothing of theirs is kept."""
    told: dict[int, tuple[Shown, ...]] = {}
    for person in people:
        cohort = cohort.without_member(person)
        words = library.catalog(repository.language(person)).say("cohort.has_left", name=cohort.name)
        told[person] = (Panel.of(words),)
    return CohortDueResult({number: cohort}, told)


def _lesson(
    library: Library, cohort: Cohort, plan: Plan, repository: CohortRepository, bot: str, now: datetime
) -> tuple[Cohort, Mapping[int, tuple[Shown, ...]]]:
    """Post the lesson that is due longest, or tell the coaches that it could not be."""
    assert plan.first is not None, "only a plan with a lesson to come is ever due"
    slot, room = plan.slots[plan.first], repository.room(plan.channel)
    catalog = library.catalog(cohort.language)
    late = now > plan.instant(slot) + LATE
    if late or room is None or not room.may_write or not known(catalog, slot):
        words = catalog.say("cohort.lessons.unposted", what=title_of(catalog, slot), channel=plan.title)
        told = {coach: (Panel.of(words),) for coach, name in cohort.coaches.items() if name}
        return replace(cohort, plan=plan.missed()), told
    button = Button(catalog.say("cohort.lessons.practice"), link=deep_link(bot, "practice"))
    panel = Panel((*lesson_blocks(library, catalog, slot),), (button,))
    posted = plan.with_slot(plan.first, replace(slot, state="posted"))
    return replace(cohort, plan=posted), {plan.channel: (panel,)}
