"""Commands of ours in a process of their own, so that nobody waits for what takes seconds.

Such a process is given no terminal, may be bounded in time and memory, and never outlives its asking.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Final

from bot.runtime.child_environment import child_environment

BOUNDED: Final = """
import os, sys
try:
    import resource
    os.nice(5)
    resource.setrlimit(resource.RLIMIT_CPU, ({seconds}, {seconds}))
    resource.setrlimit(resource.RLIMIT_DATA, ({memory}, {memory}))
except ImportError:
    pass
from bot.runtime.child_environment import child_environment
from bot.cli.main import main
main()
"""
"""A program that takes its bounds on itself and then does what is asked; Windows knows no such bounds.

RLIMIT_DATA counts what is allocated; RLIMIT_AS would count addresses as well, which cost nothing.
"""
GIVING_WAY: Final = """
import os
if hasattr(os, "nice"):
    os.nice(15)
from bot.cli.main import main
main()
"""
"""A program that does what is asked when nothing else is to be done."""


async def run(*asked: str, patience: float, memory: int = 0) -> tuple[bytes, bytes]:
    """Run a command and return what it printed, and what it complained of; raises TimeoutError after `patience` s.

    It gives way to the bot. With `memory` (bytes) it ends when it takes more than that, or computes for so long.
    """
    program = BOUNDED.format(seconds=int(patience), memory=memory) if memory else GIVING_WAY
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-c", program, *asked,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=child_environment(),
    )  # fmt: skip
    try:
        return await asyncio.wait_for(process.communicate(), patience)
    finally:
        if process.returncode is None:
            process.kill()
