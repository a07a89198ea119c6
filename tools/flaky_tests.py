"""`make flaky`: the fast suite five times, in random order, with two busy loops beside; each time it has to hold.

`python -m tools.flaky_tests 10 0` runs it ten times with nothing beside.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time

BUSY = "import os\nparent = os.getppid()\nwhile os.getppid() == parent: sum(range(100_000))"
"""Keeps a processor busy until who started it is gone."""


def main(times: int = 5, busy: int = 2) -> int:
    """Run the suite so many times beside so many busy loops; return how often it failed."""
    loops = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(busy)]  # noqa: S603  # ourselves
    failed = []
    try:
        for number in range(1, times + 1):
            seed, began = str(random.randrange(10**6)), time.monotonic()  # noqa: S311  # an order
            program = [sys.executable, "-m", "pytest", "-n", "4", "--dist", "worksteal", "-p", "randomly",
                       f"--randomly-seed={seed}"]  # fmt: skip
            held = subprocess.run(program, check=False).returncode == 0  # noqa: S603  # ourselves
            print(f"run {number} of {times}, seed {seed}: {'ok' if held else 'FAILED'}, "  # noqa: T201
                  f"{time.monotonic() - began:.0f} s", flush=True)  # fmt: skip
            failed += [] if held else [seed]
    finally:
        for loop in loops:
            loop.kill()
    return len(failed)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
