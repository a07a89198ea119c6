"""The talk in the terminal, kept in a database of its own: the same store that the bot keeps everybody in.

One person, whose key is all zeros, so that no bot of Telegram's takes them for its own.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from bot.app.settings import Settings
from bot.app.upgrade import upgrade_here
from bot.cli.conversation_storage import Change, NotKept
from bot.core.chat.person import Key, Person, TurnResult
from bot.runtime.ports import Step
from bot.storage.database import Database
from bot.storage.dialects import of_file
from bot.storage.encryption import Cipher
from bot.storage.errors import BadKey, NoKey, StoreError
from bot.storage.keys import cipher_for, holds_data

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

        def look(person: Person | None) -> TurnResult:
            found.extend([person.but(cases=dict(person.cases))] if person else [])
            raise _Looked

        try:
            self._turn(look, now)
        except _Looked:
            return found[0] if found else None
        raise AssertionError("a look ends no other way")

    def turn(self, change: Change, now: datetime, /) -> Person:
        """Make a change and keep it, or raise what it raises and keep nothing; raises `NotKept`."""
        turned = self._turn(lambda person: TurnResult(change(person)), now)
        assert turned.person is not None, "nothing here asks to be forgotten"
        return turned.person

    def _turn(self, step: Step, now: datetime) -> TurnResult:
        """Run a turn; nobody numbers what is typed, so that no line is taken for one that was seen."""
        try:
            while (turned := self._runner.run(self._store.turn(secrets.randbits(62), HERE, step, now))) is None:
                pass
        except StoreError as error:
            raise NotKept(str(error)) from error
        assert isinstance(turned, TurnResult), "here is only one content"
        return turned


@contextmanager
def opened(given: str, settings: Settings, now: datetime) -> Iterator[InDatabase]:
    """Open the file given by --db, which is made where there is none; raises `NotKept`."""
    _refuse_what_is_no_file(given)
    file = Path(given)
    with asyncio.Runner() as runner:
        try:
            store = runner.run(_open(file, settings, now))
        except OSError as error:
            raise NotKept(f"{file}: it cannot be looked at: {error.strerror}. Name another file.") from error
        except StoreError as error:
            raise NotKept(str(error), for_want_of_key=isinstance(error, BadKey)) from error
        try:
            yield InDatabase(store, runner)
        finally:
            runner.run(store.close())


def _cipher(file: Path, settings: Settings) -> Cipher:
    """Return what the file is sealed with: DATA_KEY or DATA_KEY_FILE where one is set, else the key beside it.

    No key is made for a file that has data already: it could open none of it. Raises `StoreError`.
    """
    if settings.keys or settings.key_file:
        return cipher_for(of_file(file), settings.keys, settings.keys_file)
    beside = key_beside(file)
    if not holds_data(of_file(file)):  # what is no database of ours is said to be that, whatever lies beside it
        return Cipher.from_file(beside)
    if beside.exists():
        return Cipher.at_hand(None, beside)
    if settings.keys_file.exists():  # where earlier versions kept it
        return Cipher.at_hand(None, settings.keys_file)
    raise NoKey(
        f"{file}: its key is not beside it ({beside}). Put it there, or set DATA_KEY_FILE to where it is: earlier "
        f"versions left it as {settings.keys_file} in the folder where the talk began. No new key was made, for it "
        "would not open the talk."
    )


def key_beside(file: Path) -> Path:
    """Return where the key of a talk's file is kept, wherever the talk is gone on with."""
    real = file.resolve()
    return real.with_name(f"{real.name}.key")


def _refuse_what_is_no_file(given: str) -> None:
    """Raise `NotKept` for what cannot be meant as a file's name, as the store would speak of settings nobody made."""
    if not given.strip():
        raise NotKept("--db: it names no file. Write one, such as --db talk.db, or leave --db out to keep nothing.")
    if given == ":memory:":
        raise NotKept("--db: what is kept in :memory: is lost at the end. Write a file, such as --db talk.db.")
    if "://" in given:
        # It may hold a password, so it is not shown.
        raise NotKept("--db: it takes a file, not an address. Write one, such as --db talk.db.")
    folder = Path(given).parent
    try:
        is_no_folder = folder.exists() and not folder.is_dir()
    except OSError as error:  # one on the way to it may not be entered
        raise NotKept(
            f"{given}: the folder {folder} cannot be looked at: {error.strerror}. See to its rights and to those of "
            "the folders above it, or name another file."
        ) from error
    if is_no_folder:
        raise NotKept(f"{given}: {folder} is no folder, so nothing can be kept in it. Name another file.")


async def _open(file: Path, settings: Settings, now: datetime) -> Database:
    cipher = _cipher(file, settings)
    await asyncio.to_thread(upgrade_here, of_file(file), cipher)
    store = await Database.open(of_file(file), cipher)
    if await store.keeps_others(HERE.bot):
        await store.close()
        raise NotKept(f"{file}: a bot keeps its people there, and would answer here. Name a file of its own.")
    await store.upkeep.tidy(now)
    if store.has_old_keys:  # one person's values: nobody waits for them
        await store.keys.rotate()
    return store
