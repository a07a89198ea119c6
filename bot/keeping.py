"""The talk in the terminal, kept in a database of its own: the same store that the bot keeps everybody in.

Law of this file: one person, whose key is all zeros, so that no bot of Telegram's takes them for its own.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from bot.core.person import Key, Person, Turned
from bot.service.ports import Step
from bot.settings import Settings
from bot.store.cipher import Cipher
from bot.store.database import Database
from bot.store.engines import of_file
from bot.store.errors import StoreError
from bot.terminal.keeping import Change, NotKept

HERE: Final = Key(0, 0, 0, 0)


class _Looked(Exception):
    """Ends a turn that only looks."""


class InDatabase:
    """Keeps the person at this keyboard in a SQLite file; made by `opened`."""

    def __init__(self, store: Database, runner: asyncio.Runner) -> None:
        self._store, self._runner = store, runner

    def person(self, now: datetime) -> Person | None:
        """Return whoever is kept here, with all their cases; None: nobody yet. Raises `NotKept`."""
        found: list[Person] = []

        def look(person: Person | None) -> Turned:
            found.extend([person.but(cases=dict(person.cases))] if person else [])
            raise _Looked

        try:
            self._turn(look, now)
        except _Looked:
            return found[0] if found else None
        raise AssertionError("a look ends no other way")

    def turn(self, change: Change, now: datetime, /) -> Person:
        """Make a change and keep it, or raise what it raises and keep nothing; raises `NotKept`."""
        turned = self._turn(lambda person: Turned(change(person)), now)
        assert turned.person is not None, "nothing here asks to be forgotten"
        return turned.person

    def _turn(self, step: Step, now: datetime) -> Turned:
        """Run a turn; nobody numbers what is typed, so that no line is taken for one that was seen."""
        try:
            while (turned := self._runner.run(self._store.turn(secrets.randbits(62), HERE, step, now))) is None:
                pass
        except StoreError as error:
            raise NotKept(str(error)) from error
        return turned


@contextmanager
def opened(file: Path, settings: Settings, now: datetime) -> Iterator[InDatabase]:
    """Open the file, which is made where there is none; raises `NotKept`."""
    with asyncio.Runner() as runner:
        try:
            store = runner.run(_open(file, settings, now))
        except StoreError as error:
            raise NotKept(str(error)) from error
        try:
            yield InDatabase(store, runner)
        finally:
            runner.run(store.close())


async def _open(file: Path, settings: Settings, now: datetime) -> Database:
    store = await Database.open(of_file(file), Cipher.load(settings.keys, settings.keys_file))
    if await store.keeps_others(HERE.bot):
        await store.close()
        raise NotKept(f"{file}: a bot keeps its people there, and would answer here. Name a file of its own.")
    await store.tidy(now)
    return store
