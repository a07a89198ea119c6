"""What coaches hand in is checked: fetched from Telegram, proved and compared by processes of their own, one at a time.

Nothing is decided here. What checking came to is an event like any other; a kill at any
moment leaves the edition waiting, and it is checked again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import structlog
from telegram.error import BadRequest, Forbidden, TelegramError

from bot.app.content_registry import ContentRegistry, laid_over, seal_over, write
from bot.app.operator import OWN
from bot.app.subprocess_runner import run
from bot.core.chat.person import Key
from bot.core.coaching.content_version import CheckResult, ContentVersion, Finding, MeaningChange, chosen
from bot.core.library import Library
from bot.runtime.ports import Clock, ContentCheck, Store, UpdateNotKept
from bot.runtime.update_handler import UpdateHandler
from bot.telegram.client import ApiBot

FETCHING: Final = timedelta(minutes=2)
"""How long fetching what was sent may take."""
LOOK: Final = 5.0
"""Seconds until somebody looks for what another process left to be checked."""
AGAIN: Final = timedelta(seconds=20)
"""When Telegram or the store is in trouble, it is tried again so much later."""

log = structlog.get_logger("afterword.bench")


@dataclass(frozen=True)
class CheckBounds:
    """What each of the two processes that check may take: seconds, and bytes of memory."""

    seconds: float = 120.0
    memory: int = 256 * 1024**2

    @property
    def lease(self) -> timedelta:
        """How long an edition is somebody's who checks it; both processes together take less."""
        return 2 * timedelta(seconds=self.seconds) + FETCHING


DEFAULT_BOUNDS: Final = CheckBounds()


async def examining(
    registry: ContentRegistry, bounds: CheckBounds, store: Store, clock: Clock, handler: UpdateHandler, bot: ApiBot
) -> None:
    """Check whatever waits to be checked, until cancelled."""
    while True:
        handler.edited.clear()
        try:
            job = await store.versions.claim(clock.now(), bounds.lease)
            if job is not None:
                await _examine(registry.base.talking.library, bounds, job, store, clock, handler, bot)
                continue
        except Exception as error:
            log.warning("what a coach sent cannot be checked now; it is tried again", exc_info=error)
        with suppress(TimeoutError):
            await asyncio.wait_for(handler.edited.wait(), LOOK)


async def _examine(
    shipped: Library,
    bounds: CheckBounds,
    job: ContentCheck,
    store: Store,
    clock: Clock,
    handler: UpdateHandler,
    bot: ApiBot,
) -> None:
    version = job.version
    try:
        try:
            found = await _found(shipped, bounds, job, store, bot)
        except OSError as error:
            log.error("what a coach sent cannot be put on the disk to be checked", error=error.strerror)
            found = CheckResult(job.number, version.files, trouble="disk")
        await handler.examined(Key(job.bot, version.coach, 0, version.coach), found)
    except (TelegramError, UpdateNotKept) as error:
        log.warning("an edition waits to be checked", error=type(error).__name__)
        await store.versions.put_off(job.bot, job.number, clock.now() + AGAIN)
    else:
        log.info("an edition was checked", findings=len(found.findings), trouble=found.trouble)


async def _found(shipped: Library, bounds: CheckBounds, job: ContentCheck, store: Store, bot: ApiBot) -> CheckResult:
    """Return what checking an edition comes to; raises TelegramError where Telegram is to be asked again."""
    version = job.version
    raw: dict[str, bytes] = {name: text.encode() for name, text in version.files.items()}
    for paper in version.papers:
        try:
            sent = await _fetched(bot, paper.id)
        except (BadRequest, Forbidden):
            return CheckResult(job.number, version.files, trouble="gone", about=paper.name)
        name = chosen(shipped.sources, paper, sent.decode("utf-8", "replace"))
        if not name:
            return CheckResult(job.number, _texts(raw), trouble="unnamed", about=paper.name)
        raw[name] = sent
    before = await store.versions.one(job.bot, version.base) if version.base else None
    found = CheckResult(job.number, _texts(raw))
    with TemporaryDirectory(prefix="afterword-") as made:
        new, was, base = Path(made, "new"), Path(made, "was"), Path(made, "base")
        own = {name: content for name, content in raw.items() if name in shipped.sources}
        whole = {name: text.encode() for name, text in shipped.sources.items()}
        await asyncio.to_thread(write, new, {**whole, **own})
        await asyncio.to_thread(write, was, {**whole, **_bytes(before, shipped)})
        await asyncio.to_thread(write, base, whole)
        found = await _judged(found, bounds, version, new, was, base)
    files = laid_over(shipped, found.files)
    return replace(found, seal=await asyncio.to_thread(seal_over, files))


async def _judged(
    found: CheckResult, bounds: CheckBounds, version: ContentVersion, new: Path, was: Path, base: Path
) -> CheckResult:
    """Have the content proved, the cohort's people replayed against it, and a draft compared with what there is."""
    try:
        members = ("--against", OWN, "--cohort", str(version.cohort))
        checked = await _asked(bounds, "check", "--json", "--content", str(new), "--shipped", str(base), *members)
        findings = tuple(map(_finding, checked["issues"]))
        if findings:
            return replace(found, findings=findings)
        if any(move["what"] == "stuck" for move in checked["against"]["moves"]):
            log.error("an edition would strand somebody", moves=checked["against"]["moves"])
            return replace(found, trouble="stuck")
        if version.draft:
            return replace(found, changes=tuple(_changes(await _asked(bounds, "diff", str(was), str(new), "--json"))))
    except (TimeoutError, ValueError, LookupError) as error:
        hint = "more CHECK_SECONDS or CHECK_MEMORY_MB may help"
        log.error("an edition could not be checked to its end", error=type(error).__name__, hint=hint)
        return replace(found, trouble="late")
    return found


async def _asked(bounds: CheckBounds, *command: str) -> dict[str, Any]:
    """Return what a command answers as JSON; raises TimeoutError, and ValueError where it ends without an answer."""
    said, trouble = await run(*command, patience=bounds.seconds, memory=bounds.memory)
    try:
        answer: dict[str, Any] = json.loads(said)
    except ValueError:
        log.error("a process that checks ended without an answer", said=trouble.decode("utf-8", "replace")[-2000:])
        raise
    return answer


async def _fetched(bot: ApiBot, id_: str) -> bytes:
    """Return a document; raises TelegramError."""
    file = await bot.call("getFile", {"file_id": id_})
    return bytes(await bot.request.retrieve(f"{bot.base_file_url}/{file['file_path']}"))


def _finding(issue: Mapping[str, Any]) -> Finding:
    what = " ".join(part for part in (issue["what"], issue["why"], issue["instead"]) if part)
    return Finding(issue["file"], issue["line"], what)


def _changes(report: Mapping[str, Any]) -> list[MeaningChange]:
    told = [MeaningChange(f"{one['situations']:,}: {one['what']}", tuple(one["who"])) for one in report["changes"]]
    return [MeaningChange(report["headline"]), *told, *map(MeaningChange, report["others"])]


def _texts(raw: Mapping[str, bytes]) -> dict[str, str]:
    """Return the files as texts; one that is none has its finding, and is not kept."""
    texts = {}
    for name, content in raw.items():
        with suppress(UnicodeDecodeError):
            texts[name] = content.decode()
    return texts


def _bytes(version: ContentVersion | None, shipped: Library) -> dict[str, bytes]:
    files = version.files if version else {}
    return {name: text.encode() for name, text in files.items() if name in shipped.sources}
