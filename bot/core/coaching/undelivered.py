"""A coach's post that could not be made in a group or channel: whom to tell what in private, and how to go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from bot.core.coaching.cohort import Cohort, Rolls, Room
from bot.core.coaching.exercise import Sitting
from bot.core.coaching.lesson_planner import title_of
from bot.core.coaching.views import Panel
from bot.core.library import Library

WHY: Final = ("blocked", "gone", "closed", "forbidden")
"""The kinds of reasons (`runtime.refusals`) that a coach can do something about; any other is the operator's."""


@dataclass(frozen=True)
class Told:
    """What the coaches hear, by person, and cohorts as they are now."""

    panels: Mapping[int, Panel] = field(default_factory=dict)
    cohorts: Mapping[int, Cohort] = field(default_factory=dict)


def told(library: Library, rolls: Rolls, chat: int, person: int, what: str, why: str) -> Told:
    """Return who hears that `what` (its first line) was not posted in a chat.

    `person` is whose doing it was, 0 where nobody tapped or wrote: then all coaches hear of it. A member's command that
    is not answered where nothing can be posted concerns nobody else.
    """
    panels: dict[int, Panel] = {}
    for cohort in rolls.tied(chat).values():
        coaches = [coach for coach, name in cohort.coaches.items() if (person or coach) == coach and name]
        panels.update(dict.fromkeys(coaches, _panel(library, cohort, what, why)))
    room = rolls.room(chat) or Room("left")
    cohorts = {}
    for number, cohort in rolls.coached(room.by).items():
        missed = _missed(library, cohort, chat, what)
        if missed is not None:
            cohorts[number] = missed
            words = library.catalogue(cohort.language).say("cohort.lessons.unposted", what=what, channel=room.title)
            panels.update({coach: Panel.of(words) for coach, name in cohort.coaches.items() if name})
    return Told(panels, cohorts)


def _panel(library: Library, cohort: Cohort, what: str, why: str) -> Panel:
    catalogue = library.catalogue(cohort.language)
    lines = [catalogue.say(f"group.unposted.{why if why in WHY else 'other'}")]
    if cohort.exercise and Sitting(library, catalogue, cohort.exercise).running:
        lines.append(catalogue.say("group.unposted.go_on", again=catalogue.say("group.case.again")))
    return Panel.of(catalogue.say("group.unposted.title", name=cohort.name, what=what), *lines)


def _missed(library: Library, cohort: Cohort, channel: int, what: str) -> Cohort | None:
    """Return the cohort with its lesson of this title not posted after all; None where it posted none there."""
    plan, catalogue = cohort.plan, library.catalogue(cohort.language)
    if plan is None or plan.channel != channel:
        return None
    posted = [n for n, slot in enumerate(plan.slots) if slot.state == "posted" and title_of(catalogue, slot) == what]
    if not posted:
        return None
    slot = replace(plan.slots[posted[-1]], state="missed")
    return replace(cohort, plan=plan.with_slot(posted[-1], slot))
