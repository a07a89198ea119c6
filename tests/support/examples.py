"""How many examples hypothesis tries: a part of them in the fast suite, all of them in `make slow`."""

from __future__ import annotations

from typing import Final

from hypothesis import settings

FEW: Final = 20
ALL: Final = 100


def examples(number: int) -> int:
    """Return the part of a number of examples that this run tries."""
    return max(5, number * settings.default.max_examples // ALL) if settings.default else number
