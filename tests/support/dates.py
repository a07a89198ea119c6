"""The day on which most tests are set. Processes that tests start take it from here, for that loads nothing else."""

from datetime import UTC, datetime
from typing import Final

NOW: Final = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""A Monday, ten in the morning in Berlin: the day of the issue's examples."""
