"""The tables brought up to date before anything is served: the one step that makes or changes them."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import structlog
from sqlalchemy import URL

from bot.runtime.child_environment import child_environment
from bot.storage.encryption import Cipher
from bot.storage.errors import UpgradeFailed
from bot.storage.read_only import check_keys
from bot.storage.revision import HEAD, DatabaseState, inspect

log = structlog.get_logger("afterword")


async def upgrade_in_child(url: str, cipher: Cipher) -> None:
    """Make or upgrade the tables in a process of its own, so that Alembic takes no memory where is served.

    The log names the copy that is made before. Raises `StoreError`; nothing was changed then.
    """
    state = await asyncio.to_thread(_looked_at, url, cipher)
    if state.standing == "current":
        return
    if state.standing == "older":
        people = (await asyncio.to_thread(inspect, url)).people
        log.info("the database is upgraded", revision=state.revision, to=HEAD, people=people)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "bot.storage.migrate",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=child_environment(),
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(f"{url}\n".encode())  # not an argument: it may hold a password, and those are seen by others
        child.stdin.close()
        async for line in child.stdout:
            _tell(json.loads(line))
        ended = await child.wait()
    finally:
        if child.returncode is None:
            child.kill()
    if ended != 0:
        raise UpgradeFailed(
            f"{state.place}: its upgrade was interrupted (status {ended}) and changed nothing. Start the bot again."
        )


def upgrade_here(url: URL, cipher: Cipher) -> None:
    """Make or upgrade the tables in this process, which serves nobody else. Raises `StoreError`."""
    if _looked_at(url, cipher).standing != "current":
        from bot.storage.migrate import upgrade  # not before: it takes time to import, and is seldom needed

        upgrade(url)


def _looked_at(url: str | URL, cipher: Cipher) -> DatabaseState:
    """Look at a database, and see that the key fits before anything is changed; raises `StoreError`."""
    state = inspect(url, count=False)
    state.refuse_what_is_not_ours()
    if state.standing == "older":
        check_keys(url, cipher)
    return state


def _tell(said: dict[str, Any]) -> None:
    """Log what the process says; raises `UpgradeFailed` for what it refuses."""
    if "refused" in said:
        raise UpgradeFailed(said["refused"])
    if "copy" in said:
        log.info("a copy of the database was made before its upgrade; docs/operators/upgrade.md says how to go back",
                 copy=said["copy"])  # fmt: skip
    elif said["old"] is None:
        log.info("the tables were made", revision=said["new"])
    else:
        log.info("the database is upgraded, and nobody was lost", revision=said["new"])
