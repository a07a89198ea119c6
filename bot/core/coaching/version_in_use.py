"""Which edition of the content something in a chat is about.

A group talks with what its cohort talks with, and so does a button of a cohort's in private, for
whoever is in it; everybody else with their own version.
"""

from __future__ import annotations

from bot.core.chat.person import COHORT_ASKS, Key, Person
from bot.core.coaching.cohort import ButtonPressed, Cohort, CohortRepository, PollResult
from bot.core.dialogue.session import Said


def version_of(key: Key, event: object, person: Person | None, repository: CohortRepository) -> int:
    """Return the number of the edition; 0: the shipped content."""
    if isinstance(event, PollResult):
        return _common(list(repository.polling(event.poll).values()))
    if key.chat != key.person:
        return _common(list(repository.tied(key.chat).values()))
    number = event.about[0] if isinstance(event, ButtonPressed) and event.about else ""
    if isinstance(event, Said) and person and person.asking.startswith(COHORT_ASKS):
        number = person.asking.split("-")[2]
    if number.isascii() and number.isdecimal() and len(number) < 16:
        cohort = repository.cohort(int(number))
        if cohort is not None and key.person in {*cohort.coaches, *cohort.members}:
            return cohort.version
    return person.version if person else 0


def _common(cohorts: list[Cohort]) -> int:
    """Return the edition of the only cohort; several in one group have the shipped content in common."""
    return cohorts[0].version if len(cohorts) == 1 else 0
