"""What a turn costs: `python -m benchmarks.storage sqlite:///path [stored sessions]`, or a PostgreSQL URL.

64 people answer at once, 100 turns each; a turn reads and rewrites a case of 12 answers and posts one call.
The last figure is what sealing and opening one case costs in the same run; a turn opens one value and seals two.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from collections import ChainMap
from dataclasses import replace
from itertools import count

from cryptography.fernet import Fernet

from bot.core.chat.person import Call, Key, Person, TurnResult
from bot.core.dialogue.session import Session
from bot.storage.database import Database
from bot.storage.encryption import Cipher
from bot.storage.migrate import upgrade
from tests.conftest import NOW

PEOPLE, TURNS = 64, 100
CALL = Call("message", {"text": "hello " * 40, "reply_markup": {"inline_keyboard": [[{"text": "a"}]] * 20}})
ANSWERS = {f"fact{n}": "an answer" for n in range(12)}


def step(person: Person | None) -> TurnResult:
    person = person if person is not None and person.current else Person(cases={1: Session("f")}, current=1)
    case = person.cases[person.current]
    case = replace(case, answers={**ANSWERS, "fact1": str(person.turn)}, turn=person.turn)
    return TurnResult(
        replace(person, turn=person.turn + 1, cases=ChainMap({person.current: case}, person.cases)), (CALL,)
    )


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def measured(store: Database, updates: count[int], first: int) -> tuple[float, float]:
    async def talk(chat: int) -> None:
        for _ in range(TURNS):
            await store.turn(next(updates), Key(1, chat, 0, chat), step, NOW)

    wall, used = time.perf_counter(), cpu()
    await asyncio.gather(*(talk(first + n) for n in range(PEOPLE)))
    turns = PEOPLE * TURNS / 1e6
    return (time.perf_counter() - wall) / turns, (cpu() - used) / turns


async def main(url: str, stored: int) -> None:
    cipher = Cipher.of(Fernet.generate_key().decode())
    upgrade(url)
    store = await Database.open(url, cipher)
    updates = count(1)
    start = time.perf_counter()
    for _ in range(2000):
        cipher.open(cipher.seal(Session("f", answers=ANSWERS).to_json()))
    bare = (time.perf_counter() - start) / 2000 * 1e6
    for first in range(1000, 1000 + stored, 5000):
        await asyncio.gather(
            *(store.turn(next(updates), Key(1, n, 0, n), step, NOW) for n in range(first, first + 5000))
        )
    for label in ("first", "second", "third"):
        wall, used = await measured(store, updates, 1)
        sys.stdout.write(
            f"{label} {stored} stored: {wall:.0f} µs a turn, {used:.0f} of CPU; Fernet+JSON once {bare:.0f}\n"
        )
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0))
