"""The one place where the time of day is read, and where it is decided whether to believe it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from bot.runtime.ports import Clock

LEAP: Final = timedelta(minutes=2)
"""A clock that differs by more from the time that has passed has leapt."""
LASTS: Final = timedelta(minutes=5)
"""How long a leap must last before it is believed."""
DOWN: Final = timedelta(days=60)
"""How long the bot may have been down for its clock to be believed at once when it starts."""

log = structlog.get_logger("afterword.clock")


class SystemClock:
    """The machine's clock; with AFTERWORD_NOW, an instant, it begins there: so tests let days go by."""

    def __init__(self) -> None:
        began, wanted = datetime.now(UTC), os.environ.get("AFTERWORD_NOW")
        self._shift = datetime.fromisoformat(wanted).astimezone(UTC) - began if wanted else began - began

    def now(self) -> datetime:
        """Return the instant, aware, UTC."""
        return datetime.now(UTC) + self._shift


def running_seconds() -> float:
    """Return seconds that no clock setting moves; where the system counts them, those it was asleep as well."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)


@dataclass(frozen=True)
class Timepieces:
    """Every kind of time that a bot keeps; whoever gives all of them decides how fast time goes for it."""

    wall: Clock = field(default_factory=SystemClock)
    seconds: Callable[[], float] = time.monotonic
    """For pace and patience; must go as fast as the event loop's time."""
    running: Callable[[], float] = running_seconds
    """Tells how long the machine has run, whatever its wall clock says."""


class TrustedClock:
    """A clock whose leaps count only once they have lasted; until then time goes on as it went before.

    So whatever is decided by age (lateness, closing, deleting, expiry) need not ask whether the clock is right. `last`
    is when the bot is known to have run before, None for never. Not safe to use from several threads.
    """

    def __init__(
        self, clock: Clock, *, last: datetime | None = None, seconds: Callable[[], float] = running_seconds
    ) -> None:
        self._clock, self._seconds = clock, seconds
        self._believed, self._at = last or clock.now(), seconds()
        self._ahead = DOWN if last else LEAP
        self._suspect: tuple[datetime, float] | None = None

    def now(self) -> datetime:
        """Return the instant, aware, UTC: what the clock says, or during a leap what it would say without it."""
        wall, at = self._clock.now(), self._seconds()
        reckoned = self._believed + timedelta(seconds=at - self._at)
        leap = wall - reckoned
        if -LEAP <= leap <= self._ahead:
            if self._suspect:
                log.warning("the clock is as it was again")
        elif not self._lasted(wall, at, leap):
            return reckoned
        self._believed, self._at, self._ahead, self._suspect = wall, at, LEAP, None
        return wall

    def _lasted(self, wall: datetime, at: float, leap: timedelta) -> bool:
        """Tell whether the clock has gone on from its leap for long enough."""
        if self._suspect is not None:
            told, since = self._suspect
            if abs(wall - told - timedelta(seconds=at - since)) <= LEAP:
                lasted = at - since >= LASTS.total_seconds()
                if lasted:
                    log.warning("the clock has stayed where it leapt to, and is believed")
                return lasted
        self._suspect = wall, at
        minutes = round(LASTS.total_seconds() / 60)
        log.warning(f"the clock leapt; it is not believed before {minutes} minutes are over", by=str(leap))
        return False
