"""Named points at which a test may kill the process, to show that nothing is lost there.

AFTERWORD_FAULT=name:n kills at the n-th passage of the point `name`; without it passing costs next to nothing.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from typing import Final

LAST_SECONDS: Final = 0.03
"""So long the other threads go on before the end: whatever they would say too early, they have said by then."""
wanted = os.environ.get("AFTERWORD_FAULT", "")
_passed: Counter[str] = Counter()


def passing(name: str) -> None:
    """Pass a point by name; the process ends here, as by `kill -9`, when a test asked for it."""
    if not wanted:
        return
    point, _, number = wanted.partition(":")
    if point == name:
        _passed[name] += 1
        if _passed[name] == int(number or 1):
            time.sleep(LAST_SECONDS)
            os.kill(os.getpid(), signal.SIGKILL)
