"""A coach's post that could not be made in a group or channel: whom to tell what in private, and how to go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from bot.core.coaching.cohort import BotMembership, Cohort, CohortRepository
from bot.core.coaching.exercise import ExerciseTurn
from bot.core.coaching.lesson_planner import title_of
from bot.core.coaching.views import Panel
from bot.core.library import Library

WHY: Final = ("blocked", "gone", "closed", "forbidden")
"""The kinds of reasons (`runtime.refusals`) that a coach can do something about; any other is the operator's."""


@dataclass(frozen=True)
class CoachNotice:
    """What the coaches hear, by person, and cohorts as they are now."""

    panels: Mapping[int, Panel] = field(default_factory=dict)
    cohorts: Mapping[int, Cohort] = field(default_factory=dict)


def told(library: Library, repository: CohortRepository, chat: int, person: int, what: str, why: str) -> CoachNotice:
    """Return who hears that `what` (its first line) was not posted in a chat.

    `person` is whose doing it was, 0 where nobody tapped or wrote: then all coaches hear of it. A member's command that
    is not answered where nothing can be posted concerns nobody else.
    """
    panels: dict[int, Panel] = {}
    for cohort in repository.tied(chat).values():
        coaches = [coach for coach, name in cohort.coaches.items() if (person or coach) == coach and name]
        panels.update(dict.fromkeys(coaches, _panel(library, cohort, what, why)))
    room = repository.room(chat) or BotMembership("left")
    cohorts = {}
    for number, cohort in repository.coached(room.by).items():
        missed = _missed(library, cohort, chat, what)
        if missed is not None:
            cohorts[number] = missed
            words = library.catalog(cohort.language).say("cohort.lessons.unposted", what=what, channel=room.title)
            panels.update({coach: Panel.of(words) for coach, name in cohort.coaches.items() if name})
    return CoachNotice(panels, cohorts)


def _panel(library: Library, cohort: Cohort, what: str, why: str) -> Panel:
    catalog = library.catalog(cohort.language)
    lines = [catalog.say(f"group.unposted.{why if why in WHY else 'other'}")]
    if cohort.exercise and ExerciseTurn(library, catalog, cohort.exercise).running:
        lines.append(catalog.say("group.unposted.go_on", again=catalog.say("group.case.again")))
    return Panel.of(catalog.say("group.unposted.title", name=cohort.name, what=what), *lines)


def _missed(library: Library, cohort: Cohort, channel: int, what: str) -> Cohort | None:
    """Return the cohort with its lesson of this title not posted after all; None where it posted none there."""
    plan, catalog = cohort.plan, library.catalog(cohort.language)
    if plan is None or plan.channel != channel:
        return None
    posted = [n for n, slot in enumerate(plan.slots) if slot.state == "posted" and title_of(catalog, slot) == what]
    if not posted:
        return None
    slot = replace(plan.slots[posted[-1]], state="missed")
    return replace(cohort, plan=plan.with_slot(posted[-1], slot))
