"""How often one kind of line may stand in the log.

Whoever reaches the port decides how many requests are bad; they must not decide how fast the disk fills.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

SECONDS: Final = 1.0
MOST_KINDS: Final = 100
FROM_OUTSIDE: Final = ("uvicorn", "asyncio", "afterword.web")
"""Loggers whose lines somebody outside can bring about."""


@dataclass
class _Kind:
    """One kind of line: until when it is held back, the last one that was, and how many were."""

    until: float
    last: logging.LogRecord
    count: int = 0


class OncePerSecond(logging.Filter):
    """Lets one line of a kind through each second, and then says how many more there were."""

    def __init__(self, handler: logging.Handler, seconds: Callable[[], float] = time.monotonic) -> None:
        """Take the handler whose filter it is."""
        super().__init__()
        self._handler, self._seconds = handler, seconds
        self._kinds: dict[tuple[str, str], _Kind] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a line is to be written now."""
        if not record.name.startswith(FROM_OUTSIDE):
            return True
        key, now = (record.name, _event(record)), self._seconds()
        kind = self._kinds.get(key)
        if kind is None or now >= kind.until:
            if len(self._kinds) >= MOST_KINDS:
                self._kinds = {known: one for known, one in self._kinds.items() if one.count or now < one.until}
            self._kinds[key] = _Kind(now + SECONDS, record)
            return True
        kind.last, kind.count = record, kind.count + 1
        if kind.count == 1:
            self._sum_up_later(key, kind.until - now)
        return False

    def _sum_up_later(self, key: tuple[str, str], seconds: float) -> None:
        try:
            asyncio.get_running_loop().call_later(seconds, self.sum_up, key)
        except RuntimeError:  # no loop runs in this thread: only the count is lost
            return

    def sum_up(self, key: tuple[str, str]) -> None:
        """Write the last line of a kind that was held back, with how many there were."""
        kind = self._kinds.get(key)
        if kind is not None and kind.count:
            _add(kind.last, kind.count)
            kind.until, kind.count = self._seconds() + SECONDS, 0
            self._handler.acquire()
            try:
                self._handler.emit(kind.last)
            finally:
                self._handler.release()


def _event(record: logging.LogRecord) -> str:
    said = str(record.msg.get("event")) if isinstance(record.msg, dict) else str(record.msg)
    return said.partition("\n")[0]  # asyncio goes on with what differs each time


def _add(record: logging.LogRecord, count: int) -> None:
    if isinstance(record.msg, dict):
        record.msg = {**record.msg, "times": count}
    else:
        record.msg, record.args = f"{record.getMessage()} ({count} times within a second)", None
