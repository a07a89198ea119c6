"""What systemd is told of the process (sd_notify(3)): a datagram to the socket that it names, if it names one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time


def notify(state: str) -> None:
    """Tell systemd `state`, such as READY=1 or STOPPING=1; nothing happens where it did not start us."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if state == "RELOADING=1":  # Type=notify-reload wants to know since when
        state += f"\nMONOTONIC_USEC={time.monotonic_ns() // 1000}"
    # A manager that is gone or hangs must not end the bot.
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.settimeout(1.0)
        line.sendto(state.encode(), f"\0{address[1:]}" if address.startswith("@") else address)


async def watchdog() -> None:
    """Tell systemd that the event loop turns, twice within WATCHDOG_USEC (µs), until cancelled."""
    within = os.environ.get("WATCHDOG_USEC", "")
    while within.isdecimal() and int(within):
        notify("WATCHDOG=1")
        await asyncio.sleep(int(within) / 2_000_000)
