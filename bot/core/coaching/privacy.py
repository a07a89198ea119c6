"""What coaches see of one person, in words for that person: a line for each cohort."""

from __future__ import annotations

from bot.core.advice.catalog import Catalogue
from bot.core.coaching.cohort import PURPOSES, Cohort, Rolls
from bot.core.coaching.views import coaches_of


def shared_lines(rolls: Rolls, person: int, catalogue: Catalogue) -> tuple[str, ...]:
    """Return what this person shows to whom; nothing for somebody in no cohort."""
    joined = (_joined(cohort, person, catalogue) for _, cohort in sorted(rolls.joined(person).items()))
    coached = (
        catalogue.say("privacy.cohort.coach", name=cohort.name) for _, cohort in sorted(rolls.coached(person).items())
    )
    return (*joined, *coached)


def _joined(cohort: Cohort, person: int, catalogue: Catalogue) -> str:
    said = [
        catalogue.say(f"privacy.cohort.{purpose}") for purpose in PURPOSES if purpose in cohort.members[person].agreed
    ]
    said += [
        catalogue.say("privacy.cohort.note", day=catalogue.shown(one.until.date()))
        for one in cohort.releases
        if one.person == person
    ]
    said += [catalogue.say("privacy.cohort.hand") for one, _ in cohort.hands if one == person]
    names = {"name": cohort.name, "coaches": coaches_of(cohort, catalogue)}
    if not said:
        return catalogue.say("privacy.cohort.nothing", **names)
    return catalogue.say("privacy.cohort.some", shared=" ".join(said), **names)
