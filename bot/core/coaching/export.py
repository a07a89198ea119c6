"""What cohorts keep of somebody, as JSON that they can take along.

Only what is theirs: what they agreed to and showed as a member, what they did as a coach; of other
people nothing but the first names of a member's coaches.
"""

from __future__ import annotations

import json
from typing import Any

from bot.core.coaching.cohort import Cohort, CohortRepository
from bot.core.coaching.lessons import Plan


def exported(repository: CohortRepository, person: int) -> str:
    """Return it as JSON; empty where nothing is kept."""
    kept = {
        "cohorts": [_joined(one, person) for _, one in sorted(repository.joined(person).items())],
        "coached": [_coached(one) for _, one in sorted(repository.coached(person).items())],
        "made": [
            {"sent": one.since.isoformat(), "state": one.state, "files": dict(one.files)}
            for _, one in sorted(repository.versions(person).items())
        ],
        "channels": [
            {"title": room.title, "id": chat, "may_post": room.may_write}
            for chat, room in sorted(repository.channels(person).items())
        ],
    }
    return json.dumps(kept, ensure_ascii=False, indent=2) if any(kept.values()) else ""


def _joined(cohort: Cohort, person: int) -> dict[str, Any]:
    member = cohort.members[person]
    return {
        "cohort": cohort.name,
        "coaches": [name for name in cohort.coaches.values() if name],
        "member_since": member.since.isoformat(),
        "shown_to_coaches": [one.text for one in cohort.releases if one.person == person],
        "hand_raised": [topic for one, topic in cohort.hands if one == person],
        "agreed": {what: since.isoformat() for what, since in member.agreed.items()},
    }


def _coached(cohort: Cohort) -> dict[str, Any]:
    return {
        "cohort": cohort.name,
        "group": cohort.chat or None,
        "cases_worked_through": list(cohort.played),
        "nudged": cohort.nudged.isoformat() if cohort.nudged else None,
        "lessons": _planned(cohort.plan) if cohort.plan else None,
    }


def _planned(plan: Plan) -> dict[str, Any]:
    return {
        "channel": plan.title,
        "channel_id": plan.channel,
        "series": plan.series,
        "zone": plan.zone,
        "confirmed": plan.confirmed,
        "lessons": [
            {
                "lesson": slot.lesson,
                "day": slot.day.isoformat(),
                "time": slot.wall.isoformat("minutes"),
                "state": slot.state,
                "own_words": slot.words or None,
            }
            for slot in plan.slots
        ],
    }
