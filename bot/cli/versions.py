"""Versions of the content: a folder with flows/ and messages/, or a git revision of where we stand."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

PARTS = ("flows", "messages")
PATIENCE = 60  # seconds that git may take


class NoVersion(Exception):
    """There is no such version; the message says what was looked for."""


@contextmanager
def version(name: str) -> Iterator[Path]:
    """Yield a folder that holds the version `name`, as long as it is needed; raises `NoVersion`."""
    folder = Path(name)
    if _is_folder(folder):
        yield folder
        return
    with TemporaryDirectory(prefix="afterword-") as made:
        with tarfile.open(fileobj=io.BytesIO(_archived(name))) as archive:
            archive.extractall(made, filter="data")
        yield Path(made)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError as error:
        raise NoVersion(
            f"'{path}' cannot be looked at: {error.strerror}. See to the rights of the folders above it, or name "
            "another folder or a git revision."
        ) from None


def _archived(revision: str) -> bytes:
    said = f"'{revision}' is neither a folder nor a git revision with flows/ and messages/ in it"
    if revision.startswith("-"):
        raise NoVersion(said + ".")
    command = ["git", "archive", "--format=tar", revision, *PARTS]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)  # noqa: S603 - no shell, fixed words
    except (OSError, subprocess.TimeoutExpired):
        raise NoVersion(f"{said}; git cannot be started.") from None
    if done.returncode:
        raise NoVersion(said + ".")
    return done.stdout
