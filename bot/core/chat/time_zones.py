"""Where somebody lives, told without effort: a tap, a city, or the time it is there.

A zone is never guessed where two would do; the candidate taps the right one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from functools import cache
from importlib.resources import files
from math import cos, radians, sin
from zoneinfo import available_timezones

from bot.core.advice.calendar import zone_named
from bot.core.advice.catalog import Catalog
from bot.core.chat.places import NamedZone, city_of, find_places, suggest_places
from bot.core.dialogue.clock_times import parse_clock

CITIES = (
    "Pacific/Honolulu", "America/Los_Angeles", "America/Denver", "America/Chicago", "America/New_York",
    "America/Sao_Paulo", "Europe/London", "Europe/Berlin", "Europe/Athens", "Africa/Nairobi", "Asia/Dubai",
    "Asia/Kolkata", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney", "Pacific/Auckland",
)  # fmt: skip
"""What is offered to tap: the places most people can name their own time by, from west to east."""
NEAR = timedelta(minutes=10)  # a clock that is read in a hurry, or goes wrong
_SPOT = re.compile(r"([+-]\d{4,6})([+-]\d{5,7})")


@cache
def _zones() -> dict[str, tuple[str, ...]]:
    """Return the zones by the city in their name, written small."""
    found: dict[str, tuple[str, ...]] = {}
    for zone in sorted(available_timezones()):
        if "/" in zone and not zone.startswith(("Etc/", "posix/", "right/", "SystemV/", "US/")):
            name = city_of(zone).casefold()
            found[name] = (*found.get(name, ()), zone)
    return found


@cache
def _spots() -> tuple[tuple[str, float, float], ...]:
    """Return where the city of each zone lies: latitude and longitude in degrees (zone1970.tab of tzdata)."""
    table = files("tzdata").joinpath("zoneinfo", "zone1970.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    found = ((row[2], _SPOT.fullmatch(row[1])) for row in rows)
    return tuple((zone, _degrees(spot[1]), _degrees(spot[2])) for zone, spot in found if spot)


def _degrees(written: str) -> float:
    """Return degrees written as ±DDMM, ±DDDMM, ±DDMMSS or ±DDDMMSS (ISO 6709)."""
    whole = len(written) - (4 if len(written) >= 7 else 2)
    minutes = int(written[whole : whole + 2]) + int(written[whole + 2 :] or 0) / 60
    return float(f"{written[0]}1") * (int(written[1:whole]) + minutes / 60)


def nearest(latitude: float, longitude: float) -> str:
    """Return the zone whose city is nearest to a place on the globe, in degrees, along a great circle."""

    def near(spot: tuple[str, float, float]) -> float:
        _, lat, lon = spot
        here, there, apart = radians(latitude), radians(lat), radians(lon - longitude)
        return sin(here) * sin(there) + cos(here) * cos(there) * cos(apart)  # the cosine of the angle between them

    return max(_spots(), key=near)[0]


def places_of(text: str, now: datetime, catalog: Catalog) -> tuple[tuple[NamedZone, ...], bool]:
    """Return the places that a typed city, country, zone, offset or time of day may mean, and whether one is meant.

    Not meant are beginnings of names: they are for the person to confirm.
    """
    wall = None if text.strip()[:1] in ("+", "-") else parse_clock(text, catalog)
    if wall is not None:
        zones = zones_at(wall, now)
        return tuple(NamedZone(zone, city_of(zone)) for zone in zones), len(zones) == 1
    if found := find_places(text, now, catalog):
        return found, len(found) == 1
    return suggest_places(text, catalog), False


def zones_at(wall: time, now: datetime) -> tuple[str, ...]:
    """Return the zones where it is about that time; of those offered if there are any."""
    return _at(CITIES, wall, now) or _at((zones[0] for zones in _zones().values()), wall, now)[:8]


def _at(zones: Iterable[str], wall: time, now: datetime) -> tuple[str, ...]:
    return tuple(zone for zone in zones if _apart(now.astimezone(zone_named(zone)).time(), wall) <= NEAR)


def _apart(one: time, other: time) -> timedelta:
    minutes = abs((one.hour - other.hour) * 60 + one.minute - other.minute)
    return timedelta(minutes=min(minutes, 24 * 60 - minutes))
