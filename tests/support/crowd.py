"""People as they would be kept after talks of every length, on other days, about one or several managers. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from bot.core.chat.commands import CommandGiven, Entry, newcomer, serve
from bot.core.chat.person import Person
from bot.core.dialogue.session import FellDue, Outgoing, Picked, Said
from bot.core.dialogue.view import SessionView
from bot.core.library import Library

NAMES = ("Dana", "Sam Okafor", "Maria-Theresa", "Li", "Jo O'Neill", "Anastasia Papadopoulou")
THINGS = (
    "event billing",
    "Northwind",
    "Data Analyst",
    "the way you plan a release with three teams in two zones",
    "QA",
)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
DAYS_BACK = 200
RARE = ("restart", "another", "new", "forget_all")
COMMANDS = ("cases", "settings", "reminders", "cancel", "new", "change", "help", "forget")


def crowd(library: Library, flow: str, dice: Random, count: int, now: datetime) -> Iterator[tuple[int, Person]]:
    """Yield so many people as (row, person), who all talked before `now`."""
    for row in range(1, count + 1):
        yield row, _met(library, flow, dice, now)


def _met(library: Library, flow: str, dice: Random, now: datetime) -> Person:
    at = now - timedelta(days=dice.randrange(DAYS_BACK), minutes=dice.randrange(1, 600))
    person = serve(library, flow, newcomer(library, "en"), CommandGiven("start"), at).person
    assert person is not None
    for _ in range(dice.choice((1, 1, 1, 2))):
        for _ in range(dice.randrange(1, 24)):
            person, at = _answered(library, flow, dice, person, at, now)
        person = _served(library, flow, person, CommandGiven(dice.choice(("new", "cases", "settings", "cancel"))), at)
    kept = person.but(cases=dict(person.cases))  # as the store gives it back
    return kept if dice.random() < 0.3 else kept.but(asking="")


def _answered(
    library: Library, flow: str, dice: Random, person: Person, at: datetime, now: datetime
) -> tuple[Person, datetime]:
    """Let somebody do the next thing, mostly what they are asked for, and some of the time days later."""
    if dice.random() < 0.05 and at < now:
        at = min(now, at + timedelta(days=dice.randrange(1, 9)))
        person = _served(library, flow, person, FellDue(), at)
    if dice.random() < 0.04:
        return _served(library, flow, person, CommandGiven(dice.choice(COMMANDS)), at), at
    return _served(library, flow, person, _answer(library, flow, dice, person, at), at), at


def _served(library: Library, flow: str, person: Person, entry: Entry, at: datetime) -> Person:
    return serve(library, flow, person, entry, at).person or person


def _answer(library: Library, flow: str, dice: Random, person: Person, at: datetime) -> Entry:
    session = person.cases.get(person.current)
    fact = SessionView(library, session, at).position.fact if session is not None and not person.asking else None
    if fact is not None and library.facts[fact].kind == "text":
        return Said(dice.choice(NAMES if fact in ("first", "me") else THINGS))
    if fact is not None and library.facts[fact].kind == "date" and dice.random() < 0.5:
        return Said((at.date() - timedelta(days=dice.randrange(12))).isoformat())
    asked = [
        e for e in serve(library, flow, person, CommandGiven("no such command"), at).effects if isinstance(e, Outgoing)
    ]
    options = [option.id for option in asked[-1].options if option.id not in RARE or dice.random() < 0.05]
    if (fact is None and person.schedule == Person().schedule) or dice.random() < 0.1:
        options += [f"m_{what}_{person.current}" for what in ("yes", "yes", "no", "stop")]
    return Picked(dice.choice(options), person.turn) if options else Said(dice.choice(ZONES))
