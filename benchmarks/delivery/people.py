"""People who talk with a bot at once, and what they see of it. Standard library only: the peers' own venv runs it, too.

A person taps what is on their screen, waits until every call that is due has been made, and taps the next. Whoever is
measured has to make exactly the calls of the script, so nobody is fast by leaving something out.
"""

from __future__ import annotations

import asyncio
import gc
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
Script = list[list[tuple[str, Json]]]
"""For each update the calls it leads to (method, parameters), without the answer to a tap."""

OPTIONS = ("none", "positive", "none", "hiring_manager", "no", "rapport", "last_week", "sent", "free", "ready")
"""What is tapped after /start, eleven steps in all; the advice comes with the answer to `sent`."""
FIRST = 1000
PATIENCE = 120.0
"""Seconds after which a call that is not made by then is missing."""


def of_person(who: int) -> Json:
    """Return somebody as Telegram describes them."""
    return {"id": who, "is_bot": False, "first_name": "Dana", "language_code": "en"}


def command(number: int, who: int) -> Json:
    """Return /start, as Telegram sends it."""
    chat = {"id": who, "type": "private", "first_name": "Dana"}
    message = {
        "message_id": 1, "date": 0, "chat": chat, "from": of_person(who), "text": "/start",
        "entities": [{"type": "bot_command", "offset": 0, "length": 6}],
    }  # fmt: skip
    return {"update_id": number, "message": message}


def tap(number: int, who: int, screen: Json, data: str) -> Json:
    """Return a tap on the message that is on the screen, as Telegram sends it: the message goes along."""
    query = {
        "id": str(who * 1000 + number % 1000), "from": of_person(who), "message": screen,
        "chat_instance": "1", "data": data,
    }  # fmt: skip
    return {"update_id": number, "callback_query": query}


@dataclass
class Screens:
    """What each person sees; `calls` counts what was made of each kind."""

    calls: Counter[str] = field(default_factory=Counter)
    shown: dict[int, Json] = field(default_factory=dict)
    made: Counter[int] = field(default_factory=Counter)
    waiting: dict[int, tuple[int, asyncio.Future[None]]] = field(default_factory=dict)

    def call(self, method: str, values: Json) -> bytes:
        """Take a call and answer it as Telegram does: with the message that came of it."""
        if method == "getMe":
            return b'{"ok":true,"result":{"id":7,"is_bot":true,"first_name":"Bench","username":"bench_bot"}}'
        message = self.saw(method, values)
        return b'{"ok":true,"result":' + json.dumps(message or True).encode() + b"}"

    def saw(self, method: str, values: Json, message_id: int = 0) -> Json | None:
        """Take a call that was answered, perhaps with a message whose id is known; return what came of it."""
        self.calls[method] += 1
        if method == "answerCallbackQuery":
            assert "text" not in values, f"a tap was refused: {values}"
            who, message = int(values["callback_query_id"]) // 1000, None
        else:
            who = int(values["chat_id"])
            message = {
                "message_id": message_id or int(values.get("message_id") or 100 + self.made[who]), "date": 0,
                "from": {"id": 7, "is_bot": True, "first_name": "Bench"},
                "chat": {"id": who, "type": "private", "first_name": "Dana"}, "text": values.get("text", "x"),
            }  # fmt: skip
            if values.get("reply_markup"):
                message["reply_markup"] = values["reply_markup"]
                self.shown[who] = message
        self.made[who] += 1
        due, waiter = self.waiting.get(who, (0, None))
        if waiter is not None and self.made[who] >= due and not waiter.done():
            waiter.set_result(None)
        return message

    def tapped(self, who: int, option: str) -> tuple[Json, str]:
        """Return the message that somebody has before them, and the data of its button for an option."""
        message = self.shown[who]
        data = [button["callback_data"] for row in message["reply_markup"]["inline_keyboard"] for button in row]
        return message, next(one for one in data if one.rpartition(":")[2] == option)

    async def until(self, who: int, due: int) -> None:
        """Wait until so many calls were made for somebody."""
        if self.made[who] < due:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.waiting[who] = due, waiter
            await waiter
            del self.waiting[who]


@dataclass
class Measured:
    """What came of it: updates per second, and the seconds of each update until its last call, and until it is kept."""

    speed: float
    seconds: list[float]
    kept: list[float]

    def percentile(self, share: float) -> float:
        """Return the seconds within which this share of the updates was kept."""
        return sorted(self.kept)[min(len(self.kept) - 1, int(len(self.kept) * share))]

    def to_json(self) -> Json:
        """Return it as JSON values."""
        return {"speed": self.speed, "seconds": self.seconds, "kept": self.kept}


async def converse(
    screens: Screens, script: Script, receive: Callable[[Json], Awaitable[object]], people: int, first: int = FIRST
) -> Measured:
    """Let so many people hold the whole conversation at once; raises AssertionError when calls are other than due."""
    seconds, kept = list[float](), list[float]()

    async def talk(who: int) -> None:
        due = screens.made[who]
        for step, calls in enumerate(script):
            number = (who - FIRST) * len(script) + step
            due += len(calls) + (step > 0)
            update = tap(number, who, *screens.tapped(who, OPTIONS[step - 1])) if step else command(number, who)
            began = time.perf_counter()
            await receive(update)
            kept.append(time.perf_counter() - began)
            await screens.until(who, due)
            seconds.append(time.perf_counter() - began)
        assert screens.made[who] == due, (screens.made[who], due)

    before = Counter(screens.calls)
    gc.collect()
    began = time.perf_counter()
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(talk(first + n) for n in range(people)))
    took = time.perf_counter() - began
    made = screens.calls - before
    wanted = Counter({method: count * people for method, count in due_calls(script).items()})
    assert made == wanted, f"made {dict(made)}, due were {dict(wanted)}"
    return Measured(people * len(script) / took, seconds, kept)


def due_calls(script: Script) -> Counter[str]:
    """Count the calls of one conversation by method."""
    found = Counter(method for calls in script for method, _ in calls)
    found["answerCallbackQuery"] = len(script) - 1
    return found
