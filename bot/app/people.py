"""What an operator does for people who ask by mail instead of in the chat; each use is noted in the database.

Nothing that somebody said is shown here, but in the file that is handed over to them.
"""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from bot.app.operator import opened
from bot.app.settings import Settings
from bot.core.chat.commands import exported
from bot.core.chat.person import Person
from bot.core.coaching.cohort import CohortRepository
from bot.core.coaching.export import exported as exported_of_cohorts
from bot.runtime.clock import SystemClock
from bot.storage.requests import PSEUDONYM, PersonFound, Request, Requests

ID: Final = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)


class NotDone(Exception):
    """What was asked for cannot be done; the message says why and what to do."""


@asynccontextmanager
async def _asked(settings: Settings, who: str) -> AsyncIterator[tuple[Requests, list[PersonFound], str]]:
    """Open the store; give the requests, whom `who` means, and their pseudonym. Raises `NotDone` and StoreError."""
    if not (ID.fullmatch(who) or PSEUDONYM.fullmatch(who)):
        raise NotDone(
            f"'{who}' is neither a user id (digits, such as 5000000001) nor a pseudonym of a log (p and 12 digits and "
            "letters). /cohort tells people their own id."
        )
    async with opened(settings) as store:
        person = await store.requests.resolve(who)
        found = await store.requests.find(person) if person is not None else []
        yield store.requests, found, who if person is None else store.pseudonym(person)


async def find(settings: Settings, who: str) -> list[PersonFound]:
    """Return what is known of somebody, without contents; raises `NotDone` and StoreError."""
    async with _asked(settings, who) as (requests, found, pseudonym):
        await requests.note("find", _user(), pseudonym, SystemClock().now())
        return found


async def export(settings: Settings, who: str, file: Path) -> list[Path]:
    """Write what /export hands over into a new file, and what cohorts keep beside it; return what was written.

    Raises `NotDone`, also where the file is there already, and StoreError.
    """
    written: list[Path] = []
    async with _asked(settings, who) as (requests, found, pseudonym):
        one = _only(found, who)
        kept = await requests.export(one.bot, one.person, _exported)
        if kept is None:
            raise NotDone(f"Nothing is kept of {who} any more.")
        await requests.note("export", _user(), pseudonym, SystemClock().now())
        beside = file.with_name(f"{file.stem}-cohorts{file.suffix}")
        for target, text in ((file, kept[0]), (beside, kept[1])):
            if text:
                _write(target, text)
                written.append(target)
    return written


async def forget(settings: Settings, who: str) -> str:
    """Delete everything about somebody, as /forget does; return their pseudonym. Raises `NotDone` and StoreError."""
    async with _asked(settings, who) as (requests, found, pseudonym):
        if not found:
            raise NotDone(f"Nobody is kept under {who}, so there is nothing to delete.")
        await requests.note("forget", _user(), pseudonym, SystemClock().now())
        for one in found:
            await requests.forget(one.bot, one.person)
        return pseudonym


async def log(settings: Settings) -> list[Request]:
    """Return what was done, the oldest first; raises StoreError."""
    async with opened(settings) as store:
        return await store.requests.noted()


def _exported(person: Person, repository: CohortRepository, who: int) -> tuple[str, str]:
    return exported(person), exported_of_cohorts(repository, who)


def _only(found: list[PersonFound], who: str) -> PersonFound:
    if not found:
        raise NotDone(f"Nobody is kept under {who}.")
    return max(found, key=lambda one: one.since) if len(found) > 1 else found[0]


def _write(file: Path, text: str) -> None:
    """Write a new file that only its owner can read; raises `NotDone`."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise NotDone(f"{file} is there already and is not written over. Name another file.") from None
    except OSError as error:
        raise NotDone(f"{file} cannot be written: {error.strerror}. Name a file in a folder of yours.") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text + "\n")


def _user() -> str:
    """Return who runs this command, as the system calls them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may have no name for its user
        return f"uid {os.getuid()}"
