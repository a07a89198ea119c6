"""What an operator does beside the running bot: look at what was put aside and release it, replay everybody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from bot.app.settings import Settings
from bot.core.chat.person import Key, Person, TurnResult
from bot.core.library import Library
from bot.runtime.clock import SystemClock
from bot.runtime.ports import Parked
from bot.runtime.refusals import Kind
from bot.storage import read_only
from bot.storage.database import Database
from bot.storage.dialects import of_file
from bot.storage.encryption import Cipher
from bot.storage.errors import StoreError
from bot.storage.keys import check_key
from bot.storage.revision import inspect
from bot.telegram.private_chat import PrivateChat
from bot.telegram.updates import read
from bot.verification.replay import Survey, survey

OWN = "own"
"""Stands for the database of the settings, so that no password needs to be typed."""


class StillFails(Exception):
    """What was to be released fails as before; it stays put aside."""


def cipher_of(settings: Settings) -> Cipher:
    """Return what opens the database: the key of the settings, which is never made here. Raises StoreError."""
    check_key(settings.database_url, settings.keys, settings.keys_file)
    return Cipher.at_hand(settings.keys, settings.keys_file)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """Open the store for a moment to change something in it; no key and no tables are made here. Raises StoreError."""
    store = await Database.open(settings.database_url, cipher_of(settings))
    try:
        yield store
    finally:
        await store.close()


# -- what was put aside ------------------------------------------------------------------------------------------------


async def parked(settings: Settings, faults: bool) -> tuple[Sequence[Parked], Mapping[str, int]]:
    """Return what was put aside, oldest first (with `faults` only what needs somebody), and how much of each kind."""
    return await asyncio.to_thread(_parked, settings, faults)


def _parked(settings: Settings, faults: bool) -> tuple[Sequence[Parked], Mapping[str, int]]:
    if inspect(settings.database_url, count=False).standing == "empty":
        return [], {}  # and no key is there yet
    return read_only.parked(settings.database_url, cipher_of(settings), faults=faults)


async def discard(settings: Settings, id_: int) -> bool:
    """Drop something that was put aside for good; False when there is none. Raises StoreError."""
    async with opened(settings) as store:
        return await store.discard(id_)


async def discard_all(settings: Settings, kind: Kind) -> int:
    """Drop all of a kind that was put aside until now; return how much. Raises StoreError."""
    async with opened(settings) as store:
        return await store.discard_all(kind, SystemClock().now())


async def release(settings: Settings, library: Library, flow: str, id_: int) -> bool:
    """Let something that was put aside have another try; False when there is none. Raises StoreError.

    A call goes back into the outbox, which the running bot sends; an update is handled here and now, and stays where
    it is if that fails again: then `StillFails` is raised.
    """
    now = SystemClock().now()
    talking = PrivateChat(library, flow)

    def turning(bot: int, update: Mapping[str, Any]) -> tuple[Key, Callable[[Person | None], TurnResult]] | None:
        incoming = read({"id": bot}, dict(update)).incoming
        if incoming is not None and incoming.shared:
            raise StillFails(
                "It concerns a cohort, which only the running bot can change. Ask its sender to try again."
            )
        return (incoming.key, lambda person: talking.respond(incoming, person, now)) if incoming else None

    async with opened(settings) as store:
        found = next((one for one in await store.parked(limit=10_000) if one.id == id_), None)
        if found is None or found.what != "update":
            return found is not None and await store.release(id_, now)
        try:
            return await store.retry(id_, turning, now)
        except (StoreError, StillFails):
            raise
        except Exception as error:
            raise StillFails(f"It still fails with {type(error).__name__}, and stays where it is.") from error


# -- what an edit of the content means for everybody ------------------------------------------------------------------


def surveyed(
    settings: Settings,
    database: str,
    library: Library,
    flow: str,
    was: Library | None,
    cohort: int | None = None,
    *,
    sound: bool,
) -> Survey:
    """Replay everybody in a database (`OWN`, a path or a URL) against `library`, and change nothing.

    `was` is what they talk with now, None where that is not known; with `cohort` only its people are replayed; `sound`
    says that no fault was found in `library`. Raises StoreError.
    """
    url = settings.database_url if database == OWN else database if "://" in database else of_file(database)
    check_key(url, settings.keys, settings.keys_file)
    people = read_only.everybody(url, Cipher.at_hand(settings.keys, settings.keys_file), cohort)
    return survey(library, flow, people, SystemClock().now(), was, sound=sound)
