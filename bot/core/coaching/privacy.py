"""What coaches see of one person, in words for that person: a line for each cohort."""

from __future__ import annotations

from bot.core.advice.catalog import Catalog
from bot.core.coaching.cohort import PURPOSES, Cohort, CohortRepository
from bot.core.coaching.views import coaches_of


def shared_lines(repository: CohortRepository, person: int, catalog: Catalog) -> tuple[str, ...]:
    """Return what this person shows to whom; nothing for somebody in no cohort."""
    joined = (_joined(cohort, person, catalog) for _, cohort in sorted(repository.joined(person).items()))
    coached = (
        catalog.say("privacy.cohort.coach", name=cohort.name)
        for _, cohort in sorted(repository.coached(person).items())
    )
    return (*joined, *coached)


def _joined(cohort: Cohort, person: int, catalog: Catalog) -> str:
    said = [
        catalog.say(f"privacy.cohort.{purpose}") for purpose in PURPOSES if purpose in cohort.members[person].agreed
    ]
    said += [
        catalog.say("privacy.cohort.note", day=catalog.shown(one.until.date()))
        for one in cohort.releases
        if one.person == person
    ]
    said += [catalog.say("privacy.cohort.hand") for one, _ in cohort.hands if one == person]
    names = {"name": cohort.name, "coaches": coaches_of(cohort, catalog)}
    if not said:
        return catalog.say("privacy.cohort.nothing", **names)
    return catalog.say("privacy.cohort.some", shared=" ".join(said), **names)
