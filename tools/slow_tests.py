"""`make slow`: the tests that take minutes, in parts that end within half an hour each, with a line for each promise.

`python -m tools.slow_tests kills` runs one part, and without names all of them, one after another.
"""

from __future__ import annotations

import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

LONGEST: Final = 30 * 60
"""Seconds after which a part has failed."""
AT_ONCE: Final = ("-n", "2", "--dist", "worksteal")


@dataclass(frozen=True)
class Part:
    """Tests that show a promise, and why they are not in the fast suite."""

    name: str
    promise: str
    why: str
    files: tuple[str, ...]
    more: tuple[str, ...] = ()
    """What else pytest is told; the last `-m` counts."""


PARTS: Final = (
    Part(
        "stories", "Whole conversations come out right with real processes, at Telegram's pace",
        "a message a second; the fast suite plays each of them by virtual time",
        tuple(f"tests/telegram/test_{name}.py" for name in (
            "content_editor", "cohorts", "conversation", "course", "inline_query", "reminders", "upgrade")),
        AT_ONCE,
    ),
    Part(
        "kills-polling", "Killed 200 times amid talks, polling: no answer is lost, none counts twice",
        "200 starts", ("tests/telegram/test_kills.py",), ("-k", "polling"),
    ),
    Part(
        "kills-webhook", "The same by webhook", "200 starts", ("tests/telegram/test_kills.py",), ("-k", "webhook"),
    ),
    Part(
        "reminder-kills", "Killed 200 times while 500 reminders fall due: none is lost, none is early",
        "200 starts", ("tests/telegram/test_reminder_kills.py",),
    ),
    Part(
        "points", "Killed at each point of a turn, an upgrade, a change of keys: nothing is lost",
        "two starts and a lease for each", (
            "tests/storage/test_kill.py", "tests/storage/test_upgrades.py", "tests/telegram/test_keys.py",
            "tests/telegram/test_serving.py",
        ), AT_ONCE,
    ),
    Part(
        "load", "Hundreds at once, several processes on one database: in order, within limits and memory",
        "it is the load that is looked at", tuple(f"tests/telegram/test_{name}.py" for name in (
            "cohort_load", "memory", "web_port", "two_processes", "reload", "reminder_load")),
    ),
    Part(
        "guards", "Every guard of tests/faults.yaml that is taken out is noticed",
        "a copy of the project and a test for each", ("tests/test_faults.py",), AT_ONCE,
    ),
    Part(
        "content", "Every fault in the shipped content gives one finding at its line",
        "the whole content is proved for each; the fast suite does so on a small one", (
            "tests/content", "tests/verification", "tests/test_check_cache.py"), AT_ONCE,
    ),
    Part(
        "over-time", "Nobody who does what is advised is contradicted, along 2,000 lives and as many at random",
        "two thousand cases walked to their end, three times", ("tests/over_time",),
    ),
    Part(
        "properties", "What holds of all inputs holds of all examples that are tried",
        "the fast suite tries a fifth of them", ("tests",), (*AT_ONCE, "--hypothesis-profile=all", "-m", "hypothesis"),
    ),
    Part(
        "rest", "Nobody learns of another's answers; zones, orders, forgeries by the thousand; installing",
        "thousands of tries, or a new environment", (
            "tests/cli", "tests/core", "tests/runtime", "tests/deploy", "tests/telegram/test_strangers.py",
            "tests/test_house.py"), AT_ONCE,
    ),
)  # fmt: skip


def run(part: Part) -> tuple[bool, str]:
    """Run a part; return whether it holds, and the line that says so."""
    began = time.monotonic()
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        program = [sys.executable, "-m", "pytest", "--timeout", "1700", "-m", "slow", *part.more, *part.files]
        try:
            whole = [*program, "--junit-xml", str(report)]
            status = subprocess.run(whole, check=False, timeout=LONGEST).returncode  # noqa: S603  # ourselves
        except subprocess.TimeoutExpired:
            status = -1
        number = _number(report)
    minutes = (time.monotonic() - began) / 60
    said = "ok" if status == 0 else "TOO LONG" if status == -1 else "FAILED"
    return status == 0, f"{said:<8} {part.name:<15} {number:>4} tests {minutes:5.1f} min  {part.promise}"


def _number(report: Path) -> int:
    """Return how many tests a report is of."""
    if not report.exists():
        return 0
    suites = ElementTree.parse(report).getroot().iter("testsuite")  # noqa: S314  # pytest's own
    return sum(int(suite.get("tests", 0)) for suite in suites)


def main(names: Sequence[str]) -> int:
    """Run the parts of these names, or all; print a line for each at the end."""
    known = {part.name for part in PARTS}
    if unknown := set(names) - known:
        print(f"There is no part {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}.")  # noqa: T201
        return 2
    ran = [run(part) for part in PARTS if not names or part.name in names]
    print("\n".join(["", *(line for _, line in ran)]))  # noqa: T201
    return 0 if all(held for held, _ in ran) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
