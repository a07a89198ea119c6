"""What the stories of the store have in common."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.core.chat.person import Call, Key, Person, TurnResult
from bot.core.dialogue.session import Session
from bot.runtime.ports import ClaimedCall, Step
from bot.storage.database import Database
from tests.support.dates import NOW

ANNA = Key(bot=1, chat=5_000_000_001, topic=0, person=5_000_000_001)
BEN = Key(bot=1, chat=5_000_000_002, topic=0, person=5_000_000_002)
GROUP = -1_001_234_567_890
LEASE = timedelta(seconds=30)

_updates = itertools.count(10**9)  # above those of any test that counts its own


def says(text: str, *, panel: bool = False, reminder: bool = False) -> Call:
    return Call("message", {"text": text}, panel=panel, reminder=reminder)


def case(**answers: str) -> Session:
    return Session("after_interview", answers=answers)


def becomes(*calls: Call, **changed: Any) -> Step:
    """Return a step that changes a person and answers."""
    return lambda person: TurnResult(replace(person or Person(), **changed), calls)


def count(person: Person | None) -> TurnResult:
    """Count turns in an answer of the current case."""
    if person is None or not person.current:
        person = Person(cases={1: case(n="0")}, current=1)
    current = person.cases[person.current]
    counted = current.with_answer("n", str(int(current.answers["n"]) + 1))
    return TurnResult(replace(person, turn=person.turn + 1, cases={**person.cases, person.current: counted}))


async def turn(store: Database, key: Key, step: Step, *, now: Any = NOW) -> TurnResult | None:
    return await store.turn(next(_updates), key, step, now)


async def look(store: Database, key: Key, see: Callable[[Person | None], Any] = lambda person: person) -> Any:
    """Return what a turn sees of a person, without changing anything."""
    seen: list[Any] = []

    class Looked(Exception):
        """Nothing is to be kept."""

    def step(person: Person | None) -> TurnResult:
        seen.append(see(person))
        raise Looked

    try:
        await turn(store, key, step)
    except Looked:
        return seen[0]
    raise AssertionError("a look is not kept")


async def claim(store: Database, limit: int = 10, *, now: Any = NOW, worker: str = "w") -> list[ClaimedCall]:
    return list(await store.claim(worker, now, LEASE, limit))


def texts(posted: list[ClaimedCall]) -> list[str]:
    return [p.call.values["text"] for p in posted]
