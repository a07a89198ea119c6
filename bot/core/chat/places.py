"""Which zone a place has: cities of GeoNames (cities.tsv), countries of CLDR, states, names of zones and offsets.

Law of this file: a place is never guessed: what means several is given as several, for the person to choose from.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from importlib.resources import files

from babel import Locale
from babel.dates import get_timezone_name

from bot.core.advice.calendar import zone_named
from bot.core.advice.catalog import Catalog
from bot.core.advice.text import clean

MOST_SHOWN = 8
FAR_LARGER = 20
"""A city so many times as large as every other of its name is meant; it is named, so another can still be told."""
SHORTEST_BEGINNING = 3
_OFFSET = re.compile(r"(?:utc|gmt)\s*([+-])\s*(\d{1,2})(?::?(\d\d))?|([+-])(\d{1,2}):?(\d\d)?")
_HALF_A_YEAR = timedelta(days=182)


@dataclass(frozen=True)
class NamedZone:
    """A zone under the name by which it was found."""

    zone: str
    name: str
    people: int = 0
    """In thousands."""


@dataclass(frozen=True)
class City:
    """A row of the table."""

    name: str
    country: str
    zone: str
    state: str
    people: int


@dataclass(frozen=True)
class Gazetteer:
    """The table, by the folded names of its cities; `states` are those of the United States, by name and by code."""

    cities: Mapping[str, tuple[City, ...]]
    zones: Mapping[str, tuple[City, ...]]
    """The largest city of each zone of a country."""
    states: Mapping[str, str]


def folded(name: str) -> str:
    """Return a name as it is compared: small letters without accents and marks."""
    small = unicodedata.normalize("NFKD", name.casefold().replace("ø", "o").replace("ł", "l").replace("ı", "i"))
    letters = "".join(char if char.isalnum() else " " for char in small if not unicodedata.combining(char))
    return " ".join("st" if word == "saint" else word for word in letters.split())


@cache
def gazetteer() -> Gazetteer:
    """Return the table; it is read when a place is first looked up."""
    cities: dict[str, list[City]] = {}
    zones: dict[str, list[City]] = {}
    states: dict[str, str] = {}
    for line in files("bot.core.chat").joinpath("cities.tsv").read_text(encoding="utf-8").splitlines():
        country, _, rest = line.partition("\t")
        if country.startswith("#"):
            continue
        zone, _, listed = rest.partition("\t")
        if country == "state":
            states |= {folded(zone): listed, listed.casefold(): listed}
            continue
        for row in listed.split(";"):
            name, state, people, *further = row.split("|")
            city = City(name, country, zone, state, int(people))
            for called in {folded(name), *map(folded, further)}:
                cities.setdefault(called, []).append(city)
            if not zones.get(country) or zones[country][-1].zone != zone:
                zones.setdefault(country, []).append(city)
    ordered = {name: tuple(sorted(found, key=lambda city: -city.people)) for name, found in cities.items()}
    return Gazetteer(ordered, {code: tuple(sorted(z, key=lambda c: -c.people)) for code, z in zones.items()}, states)


# -- looking a place up ------------------------------------------------------------------------------------------------


def find_places(text: str, now: datetime, catalog: Catalog) -> tuple[NamedZone, ...]:
    """Return the places that a text names as a whole, the likeliest first; one alone is meant."""
    typed = clean(text).strip(" .!?,")
    if found := _OFFSET.fullmatch(typed.casefold()):
        return _of_offset(found, now, catalog)
    name = folded(typed)
    if not name:
        return ()
    zone = _zone_called(typed)
    if zone:
        return (NamedZone(zone, city_of(zone)),)
    found_places = [*_cities(name, catalog), *_countries(name, now, catalog), *_states(name, catalog)]
    found_places += [*_called_so(name, now, catalog), *_qualified(typed, catalog)]
    return _apart(found_places, now)


def suggest_places(text: str, catalog: Catalog) -> tuple[NamedZone, ...]:
    """Return the places that begin as a text does, or as it begins itself, the largest first; none is taken unasked."""
    name = folded(clean(text))
    if len(name) < SHORTEST_BEGINNING:
        return ()
    begun = [cities[0] for called, cities in gazetteer().cities.items() if called.startswith(name)]
    of_country = [
        code for called, code in _codes_of(catalog.text_of("language.locale")).items() if called.startswith(name)
    ]
    begun += [cities[0] for code in of_country for cities in [gazetteer().zones.get(code, ())] if cities]
    places = [_place(city, catalog) for city in begun]
    words = name.split()
    for cut in range(len(words) - 1, 0, -1):
        places += [] if places else list(_cities(" ".join(words[:cut]), catalog, all_of_them=True))
    first: dict[str, NamedZone] = {}
    for place in sorted(places, key=lambda place: -place.people):
        first.setdefault(place.zone, place)
    return tuple(first.values())[:MOST_SHOWN]


def city_of(zone: str) -> str:
    """Return the city in a zone's name."""
    return zone.rpartition("/")[2].replace("_", " ")


def _place(city: City, catalog: Catalog, *, full: bool = False) -> NamedZone:
    """Return a city as a place; `full`: with its state or country, where others are called alike."""
    where = city.state or _territories(catalog).get(city.country, city.country)
    return NamedZone(city.zone, f"{city.name}, {where}" if full else city.name, city.people)


def _cities(name: str, catalog: Catalog, *, all_of_them: bool = False) -> Iterator[NamedZone]:
    """Give the cities of that name, the largest of each zone; one alone that is far larger, unless all are wanted."""
    found: dict[str, City] = {}
    for city in gazetteer().cities.get(name, ()):
        found.setdefault(city.zone, city)
    largest = next(iter(found.values()), None)
    if largest is None:
        return
    longer = [cities[0] for called, cities in gazetteer().cities.items() if called.startswith(f"{name} ")]
    for city in sorted(longer, key=lambda city: -city.people):  # "San" is a city, and how larger ones begin
        if city.people > largest.people:
            found.setdefault(city.zone, city)
    if not all_of_them and all(largest.people >= FAR_LARGER * c.people for c in found.values() if c is not largest):
        yield _place(largest, catalog)
    else:
        yield from (_place(city, catalog, full=len(found) > 1) for city in found.values())


def _qualified(typed: str, catalog: Catalog) -> Iterator[NamedZone]:
    """Give the cities of "Portland, Maine", "London UK", "Paris (France)"."""
    words = folded(typed).split()
    for cut in range(1, len(words)):
        name, where = " ".join(words[:cut]), " ".join(words[cut:])
        codes = _codes(where, catalog)
        state = gazetteer().states.get(where, "")
        for city in gazetteer().cities.get(name, ()):
            if city.country in codes or (state and city.state == state and city.country == "US"):
                yield _place(city, catalog, full=True)
                break


def _countries(name: str, now: datetime, catalog: Catalog) -> Iterator[NamedZone]:
    """Give the zones of a country: the country where it has one clock, else the largest city of each."""
    for code in _codes(name, catalog):
        cities = _by_clock(gazetteer().zones.get(code, ()), now)
        if len(cities) == 1:
            yield NamedZone(cities[0].zone, _territories(catalog).get(code, code), cities[0].people)
        else:
            yield from (_place(city, catalog) for city in cities)


def _states(name: str, catalog: Catalog) -> Iterator[NamedZone]:
    """Give the zones of a state of the United States."""
    code = gazetteer().states.get(name)
    if code:
        of_state = [
            c for cities in gazetteer().cities.values() for c in cities if c.country == "US" and c.state == code
        ]
        largest: dict[str, City] = {}
        for city in sorted(of_state, key=lambda city: -city.people):
            largest.setdefault(city.zone, city)
        yield from (_place(city, catalog, full=True) for city in largest.values())


def _by_clock(cities: Iterable[City], now: datetime) -> list[City]:
    """Return the largest city of each clock; zones that go alike, summer and winter, are one."""
    found: dict[tuple[timedelta | None, ...], City] = {}
    for city in cities:
        found.setdefault(_offsets(city.zone, now), city)
    return list(found.values())


def _offsets(zone: str, now: datetime) -> tuple[timedelta | None, ...]:
    where = zone_named(zone)
    return tuple(at.astimezone(where).utcoffset() for at in (now, now + _HALF_A_YEAR))


def _apart(places: list[NamedZone], now: datetime) -> tuple[NamedZone, ...]:
    """Return places of which no two have the same clock all year, in their order."""
    found: dict[tuple[timedelta | None, ...], NamedZone] = {}
    for place in places:
        found.setdefault(_offsets(place.zone, now), place)
    return tuple(found.values())[:MOST_SHOWN]


def _zone_called(typed: str) -> str:
    """Return the zone of this name, such as Europe/Berlin or UTC."""
    if typed.casefold() in ("utc", "zulu"):
        return "UTC"
    zones = {city.zone.casefold(): city.zone for cities in gazetteer().zones.values() for city in cities}
    return zones.get(typed.casefold().replace(" ", "_"), "") if "/" in typed else ""


# -- countries, and names of zones -------------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def _territories_of(locale: str) -> Mapping[str, str]:
    return {code: str(name) for code, name in Locale.parse(locale).territories.items() if len(code) == 2}


def _territories(catalog: Catalog) -> Mapping[str, str]:
    """Return the names of countries in a language, by their codes."""
    return _territories_of(catalog.text_of("language.locale"))


def _codes(name: str, catalog: Catalog) -> tuple[str, ...]:
    """Return the codes of the countries of a name, a short name or a code."""
    locale = catalog.text_of("language.locale")
    known = {**_codes_of("en"), **_codes_of(locale)}
    short = {
        folded(word): row.split("/")[0] for row in catalog.alternatives("places.countries") for word in row.split("/")
    }
    code = short.get(name) or known.get(name) or known.get(name.removeprefix("the "))
    alone = name.upper() if name.upper() in gazetteer().zones and len(name) == 2 else ""
    return tuple(dict.fromkeys(filter(None, (code, alone))))


@lru_cache(maxsize=16)
def _codes_of(locale: str) -> Mapping[str, str]:
    """Return the codes of countries by their folded names."""
    return {folded(name): code for code, name in _territories_of(locale).items()}


def _called_so(name: str, now: datetime, catalog: Catalog) -> Iterator[NamedZone]:
    """Give the largest city of each clock that is called so: IST, CET, Pacific time, Central European Time."""
    locale = catalog.text_of("language.locale")
    named = [c for c in _leading_cities() if name in _abbreviations(c.zone, now.year)]
    for city in _by_clock(_leading_cities(), now) if len(name) > 1 else ():
        called = _zone_names(city.zone, locale)
        if name in called or any(full.startswith(f"{name} ") for full in called if len(name) >= SHORTEST_BEGINNING):
            named.append(city)  # "Pacific" is Pacific Time
    yield from (_place(city, catalog) for city in _by_clock(named, now))


@cache
def _leading_cities() -> tuple[City, ...]:
    """Return the largest city of each zone, the largest first."""
    cities = (city for zones in gazetteer().zones.values() for city in zones)
    return tuple(sorted(cities, key=lambda city: -city.people))


@lru_cache(maxsize=1024)
def _abbreviations(zone: str, year: int) -> frozenset[str]:
    """Return the short names of a zone's clock in winter and summer, as tzdata has them."""
    where = zone_named(zone)
    return frozenset((datetime(year, month, 1, tzinfo=where).tzname() or "").casefold() for month in (1, 7))


@lru_cache(maxsize=1024)
def _zone_names(zone: str, locale: str) -> frozenset[str]:
    """Return what a zone's clock is called in a language and in the United States, as CLDR has it."""
    names = [
        get_timezone_name(zone_named(zone), width=width, zone_variant=variant, locale=loc)
        for loc in (locale, "en_US")
        for variant in ("generic", "standard", "daylight")
        for width in ("long", "short")
    ]
    return frozenset(folded(name) for name in names if not name.startswith(("+", "-", "GMT", "UTC")))


def _of_offset(found: re.Match[str], now: datetime, catalog: Catalog) -> tuple[NamedZone, ...]:
    """Return the largest cities whose clocks are so far from UTC now, of those that go differently in half a year."""
    sign, hours, minutes = (found[1], found[2], found[3]) if found[1] else (found[4], found[5], found[6])
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    cities = [c for c in _leading_cities() if now.astimezone(zone_named(c.zone)).utcoffset() == offset]
    return tuple(_place(city, catalog) for city in _by_clock(cities, now))[:MOST_SHOWN]
