"""SIGTERM, SIGINT and SIGHUP: what each does before the bot is up, and what it does then.

It imports nothing that takes time, for it is the first thing that `afterword run` does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Iterator


def defer_signals() -> None:
    """Until `handled` takes over: SIGTERM and SIGINT end the process with status 0, and SIGHUP does not end it.

    Nothing is open yet that would have to be closed, and the content is only read later, as it is then.
    """
    had_terminal = _has_terminal()

    def end(*_: object) -> None:
        os._exit(0)

    def hang_up(*_: object) -> None:
        if had_terminal and not _has_terminal():
            os._exit(0)

    for name, action in (("SIGTERM", end), ("SIGINT", end), ("SIGHUP", hang_up)):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:  # as nohup leaves it
            signal.signal(number, action)


def restore_signals() -> None:
    """Undo `defer_signals`, for a conversation in the terminal, which ends as any program does."""
    for name, action in (
        ("SIGTERM", signal.SIG_DFL), ("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL),
    ):  # fmt: skip
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, action)


@contextlib.contextmanager
def handled(stopping: asyncio.Event, edited: asyncio.Event) -> Iterator[None]:
    """Let SIGTERM and SIGINT set the one event meanwhile, and SIGHUP the other."""
    loop = asyncio.get_running_loop()
    before = []
    meant = {"SIGTERM": stopping.set, "SIGINT": stopping.set, "SIGHUP": _hung_up(stopping, edited)}
    for name, action in meant.items():
        # Not on Windows, and not outside the main thread, where tests run it.
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError, AttributeError):
            number = getattr(signal, name)
            was = signal.getsignal(number)
            loop.add_signal_handler(number, action)
            before.append((number, was))
    try:
        yield
    finally:
        for number, was in before:
            loop.remove_signal_handler(number)
            if was is not None:  # None: set by something that is not Python
                signal.signal(number, was)


def _hung_up(stopping: asyncio.Event, edited: asyncio.Event) -> Callable[[], None]:
    """Return what SIGHUP does: the content was edited; or the terminal it was started in is gone, and it ends."""
    ignored = signal.getsignal(getattr(signal, "SIGHUP", signal.SIGTERM)) == signal.SIG_IGN  # as nohup leaves it
    at_terminal = _has_terminal() and not ignored

    def act() -> None:
        (stopping if at_terminal and not _has_terminal() else edited).set()

    return act


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | getattr(os, "O_NOCTTY", 0)))
    except OSError:
        return False
    return True
