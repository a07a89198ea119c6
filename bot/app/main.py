"""The composition root of a bot that serves: opens the content, checks what was set, and runs until told to stop."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.app.content import BadContent, CannotRun, folders, open_library, the_flow
from bot.core.library import Library

if TYPE_CHECKING:
    from bot.app.content_registry import LoadedContent
    from bot.app.reload import ContentReloader
    from bot.app.settings import Settings


def run_bot(settings: Settings) -> None:
    """Run the bot until it is told to stop; raises `CannotRun` with a sentence for the operator."""
    import asyncio

    import structlog

    from bot.app.logging import configure
    from bot.app.server import serve
    from bot.app.settings import unknown_names
    from bot.app.startup import CannotListen
    from bot.storage.errors import StoreError
    from bot.telegram.polling import BotRefused
    from bot.telegram.route import BadRoute

    configure(settings.log_level, settings.log_format, settings.secrets)
    log = structlog.get_logger("afterword")
    for sentence, near in unknown_names(Path.cwd()):
        if near:  # a slip; other names may be another program's
            log.warning(sentence)
    if unsaid := [name for name in ("RESPONSIBLE", "CONTACT") if not getattr(settings, name.lower())]:
        log.warning(f"/privacy cannot tell people who runs this bot and where to ask: set {' and '.join(unsaid)}")
    try:
        asyncio.run(serve(settings, partial(_talk_of, settings)))
    except CannotRun:
        raise
    except BadContent as bad:
        count = len(bad.issues)
        raise CannotRun(f"{bad}\n{count} {'issue' if count == 1 else 'issues'}. The bot starts once none is left.") \
            from None  # fmt: skip
    except (StoreError, BotRefused, BadRoute, CannotListen) as error:
        raise CannotRun(str(error)) from None
    except OSError as error:
        raise CannotRun(f"{error.filename or 'The system'}: {error.strerror or error}.") from None
    except Exception as error:
        structlog.get_logger("afterword").critical("the bot ended by a fault of its own", exc_info=error)
        raise SystemExit(1) from None


async def _talk_of(settings: Settings) -> ContentReloader:
    """Return what talks over the content once that is checked; raises `BadContent` and OSError."""
    from bot.app.content_check import load_checked_in_subprocess
    from bot.app.reload import settle_garbage
    from bot.app.startup import in_background, say_start

    await in_background(lambda: look_for_key(settings))
    library = await in_background(lambda: load_checked_in_subprocess(settings.content, settings.stamp_file))
    say_start(settings, library.sources)
    talk = application(settings, library)
    settle_garbage()
    use_a_writable_folder(settings.data_dir)
    return talk


def application(settings: Settings, library: Library) -> ContentReloader:
    """Return what talks over content that is proved; raises `BadContent`."""
    from bot.app.content_check_worker import CheckBounds
    from bot.app.reload import ContentReloader

    bounds = CheckBounds(settings.check_seconds, settings.check_memory_mb * 1024**2)
    again = partial(_live_again, settings)
    return ContentReloader(_live(library, settings), folders(settings.content), again, bounds)


def look_for_key(settings: Settings) -> None:
    """Raise `CannotRun` where data is kept whose key is not there: before the start makes anything."""
    from bot.storage.errors import BadKey, StoreError
    from bot.storage.keys import check_key

    try:
        check_key(settings.database_url, settings.keys, settings.keys_file)
    except BadKey as error:
        raise CannotRun(str(error)) from None
    except StoreError:
        return  # whatever else is wrong with the database, the start itself says, or waits for


def use_a_writable_folder(data: Path) -> None:
    """Put files that live for a moment beside the data where no folder for such files can be written to."""
    try:
        tempfile.gettempdir()
    except OSError:
        tempfile.tempdir = str(data.resolve())


def _live(library: Library, settings: Settings, shipped: Library | None = None) -> LoadedContent:
    """Return what talks over a library; raises `BadContent`."""
    from bot.app.content_registry import LoadedContent
    from bot.telegram.coaching_chat import CoachingChat
    from bot.telegram.private_chat import PrivateChat

    talking = PrivateChat(library, the_flow(library), settings.told_operator)
    return LoadedContent(talking, CoachingChat(talking, settings.coaches, shipped))


def _live_again(settings: Settings, content: Path, shipped: Library | None) -> LoadedContent:
    """Return what talks over other content, laid over what is `shipped` if there is; raises `ContentRefused`."""
    from bot.app.content_registry import ContentRefused

    try:
        library = open_library(content)
        return _live(library.bound_to(shipped).like(shipped) if shipped else library, settings, shipped)
    except BadContent as bad:
        raise ContentRefused(tuple(map(str, bad.issues))) from None
