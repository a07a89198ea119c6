"""The contents that are talked with: the shipped one, and each version that a cohort talks with.

One look at it for each turn. An edition that is not at hand is fetched from the store, and is talked
with only as it was proved: laid over the shipped content as that is now, to the byte. Until it is proved anew, and
where it cannot be, its people talk with the shipped content.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import structlog

from bot.app.check_cache import seal_of
from bot.core.library import Library
from bot.runtime.ports import MissingContentVersion, Store
from bot.telegram.coaching_chat import CoachingChat
from bot.telegram.private_chat import PrivateChat

MOST: Final = 8
"""So many editions are at hand at once; one that changes rules takes some 80 MB, others a few."""
STAND_IN: Final = 3.0
"""Seconds after which an edition is looked for again that could not be talked with."""
AT_ONCE: Final = datetime.fromtimestamp(0, UTC)

log = structlog.get_logger("afterword.content")


class ContentRefused(Exception):
    """The content must not be talked with; `findings` says why, a sentence each."""

    def __init__(self, findings: tuple[str, ...]) -> None:
        super().__init__("\n".join(findings))
        self.findings = findings


@dataclass(frozen=True)
class LoadedContent:
    """What talks, over one library."""

    talking: PrivateChat
    cohorting: CoachingChat


Opened = Callable[[Path, Library | None], LoadedContent]
"""Reads a folder with flows/ and messages/, over the shipped content if there is some; may raise `ContentRefused`."""


@dataclass(frozen=True)
class _Kept:
    """An edition at hand: what talks over it (None: nothing does), and until when that holds (None: for good)."""

    live: LoadedContent | None
    until: float | None = None

    def holds(self) -> bool:
        return self.until is None or time.monotonic() < self.until


class ContentRegistry:
    """What talks; `base` does over the shipped content."""

    def __init__(self, base: LoadedContent, opened: Opened) -> None:
        self.base = base
        self._opened = opened
        self._kept: dict[int, _Kept] = {}
        self._lock = asyncio.Lock()

    def renew(self, base: LoadedContent) -> None:
        """Take other shipped content; every edition is laid over it anew."""
        self.base, self._kept = base, {}

    def find(self, bot: int, version: int) -> LoadedContent | MissingContentVersion | None:
        """Return what talks over an edition; None where nothing can."""
        if not version:
            return self.base
        kept = self._kept.get(version)
        if kept is None or not kept.holds():
            return MissingContentVersion(bot, version)
        return kept.live

    def of(self, bot: int, version: int) -> LoadedContent | MissingContentVersion:
        """Return what talks with people of an edition."""
        return self.find(bot, version) or self.base

    async def fetch(self, store: Store, bot: int, version: int) -> None:
        """Get an edition to hand, or note that it cannot be talked with; raises `StoreError`."""
        async with self._lock:
            kept = self._kept.get(version)
            while kept is None or not kept.holds():
                base = self.base
                kept = await self._fetched(store, bot, version, base)
                if base is not self.base:  # renewed meanwhile
                    kept = None
            self._kept.pop(version, None)
            self._kept[version] = kept
            if len(self._kept) > MOST:
                del self._kept[next(iter(self._kept))]

    async def _fetched(self, store: Store, bot: int, number: int, base: LoadedContent) -> _Kept:
        away = _Kept(None, time.monotonic() + STAND_IN)
        version = await store.versions.one(bot, number)
        if version is None:
            return away
        shipped = base.talking.library
        files = laid_over(shipped, version.files)
        if version.seal != seal_over(files):
            if not version.draft:
                log.info("an edition is proved anew: the shipped content or the code is another than it was laid over")
                await store.versions.put_off(bot, number, AT_ONCE)
            return away
        try:
            return _Kept(await asyncio.to_thread(self._read, files, shipped))
        except (ContentRefused, OSError) as error:
            log.error("an edition that was proved cannot be opened", error=type(error).__name__)
            return away

    def _read(self, files: Mapping[str, str], shipped: Library) -> LoadedContent:
        with TemporaryDirectory(prefix="afterword-") as made:
            write(Path(made), {name: text.encode() for name, text in files.items()})
            return self._opened(Path(made), shipped)


def laid_over(shipped: Library, files: Mapping[str, str]) -> dict[str, str]:
    """Return the whole content of an edition; a file that is not shipped any more is left out."""
    return {name: files.get(name, text) for name, text in shipped.sources.items()}


def seal_over(files: Mapping[str, str]) -> str:
    """Return what names content together with all that proves it."""
    seen = hashlib.sha256()
    for name, text in sorted(files.items()):
        raw = text.encode()
        seen.update(f"{name}\0{len(raw)}\0".encode() + raw)
    return seal_of(seen.hexdigest()) or seen.hexdigest()


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write content into a folder; raises OSError."""
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
