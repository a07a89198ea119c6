"""The version that is installed."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed


def version() -> str:
    """Return it, or "unknown" where the code runs without being installed."""
    try:
        return installed("afterword")
    except PackageNotFoundError:
        return "unknown"
