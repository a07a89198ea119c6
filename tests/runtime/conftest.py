"""What the service's tests share: a real store in a file of its own, a clock that is set, and a small dialogue."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import pytest
import structlog
from cryptography.fernet import Fernet

from bot.core.chat.person import Call, Key, Person, TurnResult
from bot.runtime.ports import Delivered, Outcome
from bot.runtime.update_handler import IncomingUpdate
from bot.storage import dialects
from bot.storage.database import Database
from bot.storage.encryption import Cipher
from bot.storage.migrate import migrate
from tests.support.dates import NOW

BOT = 7
KEY = Fernet.generate_key()


@dataclass(frozen=True)
class Heard:
    """The event of the tests' dialogue: a text."""

    text: str


@dataclass
class SetClock:
    """A clock that stands until it is moved."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Scripted:
    """A messenger that answers by script, and delivers when the script is empty."""

    script: list[Outcome | Callable[[Key, Call], Outcome]] = field(default_factory=list)
    made: list[tuple[Key, Call]] = field(default_factory=list)

    async def make(self, key: Key, call: Call) -> Outcome:
        self.made.append((key, call))
        answer = self.script.pop(0) if self.script else Delivered(len(self.made))
        return answer(key, call) if callable(answer) else answer

    def texts(self, chat: int | None = None) -> list[str]:
        return [call.values["text"] for key, call in self.made if chat in (None, key.chat)]


def key(person: int) -> Key:
    return Key(BOT, person, 0, person)


def incoming(update: int, person: int = 1, text: str = "hello") -> IncomingUpdate:
    return IncomingUpdate(update, key(person), Heard(text), raw={"update_id": update, "message": {"text": text}})


def echo(incoming: IncomingUpdate, person: Person | None, now: datetime) -> TurnResult:
    """Count turns and say what was heard; "boom" breaks it."""
    del now
    heard: Any = incoming.event
    if heard.text == "boom":
        raise LookupError(f"nobody may log this: {heard.text}")
    before = person or Person()
    return TurnResult(replace(before, turn=before.turn + 1), (Call("message", {"text": heard.text}),))


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Without a set-up structlog prints every line."""
    before = structlog.get_config()
    structlog.configure(processors=[_drop])
    yield
    structlog.configure(**before)


def _drop(*_line: object) -> NoReturn:
    raise structlog.DropEvent


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@cache
def blank() -> bytes:
    """Return a SQLite file that has its tables: a copy is quicker than making them."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "db.sqlite3"
        engine = dialects.connect(dialects.read_url(f"sqlite:///{file}"), 1)
        migrate(engine)
        dialects.empty_log(engine)
        engine.dispose()
        return file.read_bytes()


async def opened(folder: Path) -> Database:
    """Open a fresh store in a folder."""
    file = folder / "db.sqlite3"
    file.write_bytes(blank())
    return await Database.open(f"sqlite:///{file}", Cipher.of(KEY.decode()))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Database]:
    store = await opened(tmp_path)
    yield store
    await store.close()
