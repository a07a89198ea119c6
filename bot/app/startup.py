"""The start: what waiting can mend is waited for, and said; what it cannot mend ends the start with words."""

from __future__ import annotations

import asyncio
import hashlib
import random
import threading
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, TypeVar

import structlog

from bot.app.settings import Settings
from bot.app.version import version

if TYPE_CHECKING:
    from bot.storage.database import Database

T = TypeVar("T")

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 10.0
"""Seconds between two tries to open the database; the longest bounds how late the bot is after it is there."""

log = structlog.get_logger("afterword")


class CannotListen(Exception):
    """Nothing can be served at LISTEN and PORT; the message is a sentence for the operator."""


class Stopped(Exception):
    """The bot was told to stop before what it waited for was there."""


async def unless(stopping: asyncio.Event, doing: Coroutine[Any, Any, T]) -> T:
    """Return what `doing` returns; raises `Stopped`, once it is cancelled, when the bot is told to stop before."""
    task, stop = asyncio.create_task(doing), asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait((task, stop), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise Stopped
    finally:
        stop.cancel()
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def in_background(work: Callable[[], T]) -> T:
    """Do something in a thread that no end of the process waits for, unlike those of `asyncio.to_thread`."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # without an error it is a T

    def run() -> None:
        result: T | None = None
        error: BaseException | None = None
        try:
            result = work()
        except BaseException as raised:
            error = raised
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name="start", daemon=True).start()
    return await done


async def opened(settings: Settings, waits_for: Callable[[str], None]) -> Database:
    """Open the database once it is there; raises `StoreError` for what waiting does not mend."""
    # Not before: it takes half a second, and /healthz answers meanwhile.
    await in_background(lambda: import_module("bot.storage.database"))
    from bot.app.upgrade import upgrade_in_child
    from bot.storage.database import Database
    from bot.storage.dialects import place_of, read_url
    from bot.storage.errors import ReadOnly, StoreTrouble
    from bot.storage.keys import cipher_for

    url = read_url(settings.database_url)
    place, is_file = place_of(url), url.drivername == "sqlite"
    waits_for(f"the database at {place}")
    pause, said = FIRST_PAUSE, ""
    while True:
        try:
            had_key = settings.keys is not None or settings.keys_file.exists()
            cipher = await in_background(lambda: cipher_for(url, settings.keys, settings.keys_file))
            if not had_key:
                log.warning(
                    "a key for personal data was made: keep a copy of it apart from the data, which nothing else opens",
                    file=str(settings.keys_file.absolute()),
                )
            if is_file:
                _make_folder(settings)
            await upgrade_in_child(settings.database_url, cipher)
            return await Database.open(url, cipher)
        except StoreTrouble as error:
            if is_file and isinstance(error, ReadOnly):
                raise
            waits_for(f"the database at {place} ({type(error).__name__}); the log says more")
            if str(error) != said:
                said = str(error)
                log.warning(f"waiting for the database at {place}; trying again", error=said)
            await asyncio.sleep(pause * random.uniform(0.75, 1.25))  # noqa: S311 - a jitter
            pause = min(2 * pause, LONGEST_PAUSE)


def _make_folder(settings: Settings) -> None:
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        from bot.storage.errors import StoreUnready

        raise StoreUnready(
            f"{settings.data_dir}: the data folder cannot be made: {error.strerror}. Let the bot's user write there, "
            "or set DATA_DIR."
        ) from None


def say_start(settings: Settings, sources: Mapping[str, str]) -> None:
    """Log the one line that says what starts; `sources` are the files of the content."""
    from bot.storage.dialects import place_of, read_url

    log.info(
        "Afterword starts",
        version=version(),
        database=place_of(read_url(settings.database_url)),
        intake=f"webhook at {settings.webhook_path}" if settings.webhook_url else "polling",
        content=f"{settings.content or 'shipped'} {_digest_of(sources)}",
        processes=settings.processes,
    )


def _digest_of(sources: Mapping[str, str]) -> str:
    """Return the first digits of what tells one content from another, by the text of its files."""
    seen = hashlib.sha256()
    for name, text in sorted(sources.items()):
        seen.update(f"{name}\0{len(text)}\0{text}".encode())
    return seen.hexdigest()[:12]
