"""Processes that end with the one that started them, however that ends."""

from __future__ import annotations

import ctypes
import signal
import sys
from collections.abc import Callable
from typing import Final

PR_SET_PDEATHSIG: Final = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def ends_with_us(signal_: signal.Signals = signal.SIGKILL) -> Callable[[], None] | None:
    """Return what a new process does first (`preexec_fn`) to get a signal when the thread that made it ends."""
    if _libc is None:
        return None
    prctl = _libc.prctl

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, int(signal_))

    return ask
