"""Where somebody stands, told in full to whoever comes back to a screen with nothing on it.

What is told again changes nothing, neither what is planned nor what counts as said.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.core.chat.commands import CommandResult, Entry, serve
from bot.core.chat.person import Person
from bot.core.dialogue.engine import APART
from bot.core.dialogue.session import Session
from bot.core.library import Library

Sight = tuple[int, str, Session | None]
"""What a screen shows of somebody: the number of the open case, what is asked there, and where the case stands."""


def sight_of(person: Person) -> Sight:
    """Return what a screen shows of somebody; as long as it is the same, what is typed answers what is in sight."""
    case = person.cases.get(person.current)
    return person.current, person.asking, case and case.but(turn=0)


def told_in_full(library: Library, flow: str, person: Person, entry: Entry, now: datetime) -> CommandResult:
    """Return what `entry` leads to, in the words for somebody to whom nothing of it was said before."""
    person = _offered_again(person)
    served = serve(library, flow, person, entry, now)
    return replace(served, effects=serve(library, flow, _unsaid(library, person), entry, now).effects)


def _offered_again(person: Person) -> Person:
    """Return somebody who is offered the texts from the menu once more: those they saw are on no screen any more."""
    case = person.cases.get(person.current)
    if case is None or APART not in case.said:
        return person
    said = {step: mark for step, mark in case.said.items() if step != APART}
    return person.but(cases={**person.cases, person.current: case.but(said=said)})


def _unsaid(library: Library, person: Person) -> Person:
    """Return somebody to whom nothing of their open case was said, but for what the verdict was."""
    case = person.cases.get(person.current)
    if case is None or case.flow not in library.flows:
        return person
    judged = {step.id for step in library.flows[case.flow].steps if step.kind == "judge"}
    verdicts = {step: f"{mark.partition('|')[0]}|" for step, mark in case.said.items() if step in judged}
    return person.but(cases={**person.cases, person.current: case.but(said=verdicts)})
