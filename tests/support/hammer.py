"""A process that makes turns until it is killed; started and killed by `test_kill.py`.

It forks for each run, so that what takes long (the imports) is done once. A line on standard input asks for a run:
where to be killed, and from which update on. What a run was told to be durable it writes down before anything else.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import threading
import time
from dataclasses import replace

from bot.storage.database import Database
from bot.storage.encryption import Cipher
from tests.support import kill_points
from tests.support.dates import NOW
from tests.support.store_stories import ANNA, count, says

KEYS = [replace(ANNA, chat=n, person=n) for n in range(1, 9)]
AT_MOST = 2000


def key_of(update: int) -> object:
    return KEYS[update % len(KEYS)]


def step(update: int):  # type: ignore[no-untyped-def]  # a step
    return lambda person: replace(count(person), calls=(says(str(update)),))


async def run(url: str, key: str, told: int, first: int) -> None:
    store = await Database.open(url, Cipher.of(key))

    async def one(lane: int) -> None:
        for update in range(first + lane, first + AT_MOST, len(KEYS)):
            if await store.turn(update, KEYS[lane], step(update), NOW) is not None:
                os.write(told, f"{update}\n".encode())

    await asyncio.gather(*(one(lane) for lane in range(len(KEYS))))


async def warm_up(url: str, key: str) -> None:
    await (await Database.open(url, Cipher.of(key))).close()


def kill_after(seconds: float) -> None:
    time.sleep(seconds)
    os.kill(os.getpid(), signal.SIGKILL)


def tell(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main() -> None:
    url, key, kept = sys.argv[1:]
    # What is made once per process is made before the first fork.
    asyncio.run(warm_up(url, key))
    tell("ready")
    for line in sys.stdin:
        fault, first = line.split()
        child = os.fork()
        if child == 0:
            told = os.open(kept, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            if fault.startswith("any:"):
                wait = random.Random(fault).uniform(0.02, 0.2)  # noqa: S311  # a moment, not a secret
                threading.Thread(target=kill_after, args=(wait,)).start()
            else:
                kill_points.arm(fault)
            asyncio.run(run(url, key, told, int(first)))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        tell("killed" if os.WIFSIGNALED(status) else "ended")


if __name__ == "__main__":
    main()
