"""The one place where the time of day is read."""

from __future__ import annotations

import os
from datetime import UTC, datetime


class SystemClock:
    """The machine's clock; with AFTERWORD_NOW, an instant, it begins there: so tests let days go by."""

    def __init__(self) -> None:
        began, wanted = datetime.now(UTC), os.environ.get("AFTERWORD_NOW")
        self._shift = datetime.fromisoformat(wanted).astimezone(UTC) - began if wanted else began - began

    def now(self) -> datetime:
        """Return the instant, aware, UTC."""
        return datetime.now(UTC) + self._shift
