"""That content was proved, kept from one start to the next, so that a restart need not prove it again.

A stamp names what was proved and by what, byte for byte; whatever is wrong with one, or with its
place, everything is proved anew, and that is all that comes of it.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

PROVING: Final = ("core/**/*.py", "content/**/*.py", "verification/**/*.py", "app/content.py", "app/check_cache.py")
"""The sources that load, judge and prove, within the package."""
JUDGING: Final = ("babel", "pydantic", "pydantic-core", "pyyaml", "transitions", "tzdata")
"""The distributions whose version the outcome of a proof may depend on."""
PACKAGE: Final = Path(__file__).resolve().parents[1]


def seal_of(content: str, package: Path = PACKAGE) -> str | None:
    """Return what names content (by its digest) together with all that proves it; None where that cannot be read."""
    seal = hashlib.sha256(content.encode())
    try:
        for pattern in PROVING:
            sources = sorted(package.glob(pattern))
            if not sources:
                return None  # compiled files only: nothing says whether they changed
            for source in sources:
                code = source.read_bytes()
                seal.update(f"\0{source.relative_to(package).as_posix()}\0{len(code)}\0".encode() + code)
        for name in JUDGING:
            seal.update(f"\0{name} {version(name)}".encode())
    except (OSError, PackageNotFoundError):
        return None
    seal.update(f"\0{sys.implementation.name} {sys.version}".encode())
    return seal.hexdigest()


def is_stamped(file: Path, seal: str) -> bool:
    """Return whether the stamp in `file` is this one, to the byte."""
    try:
        return file.is_file() and file.stat().st_size == len(seal) and file.read_bytes() == seal.encode()
    except OSError:
        return False


def keep(file: Path, seal: str) -> None:
    """Keep the stamp, whole or not at all, for its owner only; a place that takes none is left alone."""
    with suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, made = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")  # 0600
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(seal.encode())
            Path(made).replace(file)
        except OSError:
            Path(made).unlink(missing_ok=True)
