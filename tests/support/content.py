"""The shipped content, read and proved once for each worker: whoever asks for it again is given the same.

Of a copy that is edited, what is still as it was is not parsed again, for that takes most of the time of reading it.
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

import pytest

import bot.app.content as root
from bot.content import loader
from bot.content.loader import LoadResult, default_folders
from bot.core.issues import Issue
from bot.verification.context import CheckContext

MOST_FILES = 200
"""How many parsed files are kept: the shipped and the small content, and what was edited of them last."""

Signature = tuple[tuple[str, int, int], ...]


def signature(*folders: Path) -> Signature:
    """Return what tells whether a file was added, removed or written: names, times in nanoseconds, bytes."""
    files = sorted(file for folder in folders for file in folder.rglob("*"))
    return tuple((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in files)


def share_shipped_content(patch: pytest.MonkeyPatch) -> None:
    """Let the shipped content be loaded and checked once, as long as its files stay as they are."""
    load, check, shipped = root.load, root.check, default_folders()

    @cache
    def loaded_once(_signature: Signature) -> LoadResult:
        return load(*shipped)

    @cache
    def checked_once(_signature: Signature) -> tuple[CheckContext | None, list[Issue]]:
        return check(None)

    def loaded(flows: Path, messages: Path) -> LoadResult:
        return loaded_once(signature(*shipped)) if (flows, messages) == shipped else load(flows, messages)

    def checked(content: Path | None, base: Path | None = None) -> tuple[CheckContext | None, list[Issue]]:
        return checked_once(signature(*shipped)) if content is base is None else check(content, base)

    patch.setattr(loader, "read", lru_cache(maxsize=MOST_FILES)(loader.read))
    patch.setattr(root, "load", loaded)
    patch.setattr(root, "check", checked)
