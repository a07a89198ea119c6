"""Named points at which a process ends as by `kill -9`, to show that nothing is lost there."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from bot.storage.writer import Writer
from bot.telegram.sender import TelegramMessenger

LAST_SECONDS: Final = 0.03
"""So long the other threads go on before the end: whatever they would say too early, they have said by then."""


def arm(fault: str) -> None:
    """End this process at the n-th passage of a point: `fault` is "point:n"; with "" it never ends.

    The points are before_commit and after_commit (SQLite's writer, or PostgreSQL's pool), before_send and after_send.
    """
    if not fault:
        return
    wanted, _, number = fault.partition(":")
    passed: Counter[str] = Counter()

    def passing(point: str) -> None:
        passed[point] += point == wanted
        if point == wanted and passed[point] == int(number or 1):
            time.sleep(LAST_SECONDS)
            os.kill(os.getpid(), signal.SIGKILL)

    def around(function: Callable[..., Any], name: str) -> Callable[..., Any]:
        def wrapped(*arguments: Any) -> Any:
            passing(f"before_{name}")
            result = function(*arguments)
            passing(f"after_{name}")
            return result

        return wrapped

    make = TelegramMessenger.make

    async def sent(*arguments: Any) -> Any:
        passing("before_send")
        outcome = await make(*arguments)
        passing("after_send")
        return outcome

    Writer._commit = around(Writer._commit, "commit")  # type: ignore[method-assign]
    PGDialect_psycopg.do_commit = around(PGDialect_psycopg.do_commit, "commit")  # type: ignore[method-assign]
    TelegramMessenger.make = sent  # type: ignore[method-assign]
