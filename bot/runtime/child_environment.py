"""The environment of a process of our own, in which Python finds this package and nothing from the folder it is in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]


def child_environment() -> dict[str, str]:
    """Return this process's environment with the folder of the package in front of PYTHONPATH; start with `-P`."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))}
