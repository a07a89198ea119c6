"""Where people say they are: cities, countries, states, offsets and names of zones; what means several is asked."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.advice.calendar import zone_named
from bot.core.chat.places import folded, gazetteer
from bot.core.chat.time_zones import places_of
from bot.core.library import Library
from tests.support.visitor import Visitor

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
"""In Mumbai half past one in the afternoon."""


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Delhi", "Asia/Kolkata"),
        ("Mumbai", "Asia/Kolkata"),
        ("Bombay", "Asia/Kolkata"),
        ("bangalore", "Asia/Kolkata"),
        ("Boston", "America/New_York"),
        ("NYC", "America/New_York"),
        ("Washington DC", "America/New_York"),
        ("Munich", "Europe/Berlin"),
        ("münchen", "Europe/Berlin"),
        ("Koeln", "Europe/Berlin"),
        ("London", "Europe/London"),
        ("Kiev", "Europe/Kyiv"),
        ("sao paulo", "America/Sao_Paulo"),
        ("St. Petersburg", "Europe/Moscow"),
        ("Portland, Maine", "America/New_York"),
        ("Portland OR", "America/Los_Angeles"),
        ("Valencia, Spain", "Europe/Madrid"),
        ("Birmingham UK", "Europe/London"),
        ("India", "Asia/Kolkata"),
        ("UK", "Europe/London"),
        ("the Netherlands", "Europe/Amsterdam"),
        ("Germany", "Europe/Berlin"),
        ("Pacific time", "America/Los_Angeles"),
        ("Europe/Lisbon", "Europe/Lisbon"),
        ("utc", "UTC"),
    ],
)
def test_a_place_with_one_clock_is_found(library: Library, text: str, zone: str) -> None:
    places, meant = places_of(text, NOW, library.catalog("en"))
    assert meant
    assert places[0].zone == zone


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("IST", ["Mumbai", "Dublin", "Jerusalem"]),
        ("CST", ["Shanghai", "Mexico City", "Chicago"]),
        ("Portland", ["Portland, OR", "Portland, ME"]),
        ("Barcelona", ["Barcelona, Spain", "Barcelona, Venezuela"]),
        ("USA", ["New York City", "Los Angeles", "Chicago"]),
        ("Georgia", ["Tbilisi", "Atlanta, GA"]),
        ("LA", ["Los Angeles", "New Orleans, LA"]),
        ("Indi", ["Mumbai", "Indianapolis"]),  # a beginning is asked about, even where it is the only one
        ("Mumb", ["Mumbai"]),
        ("UTC+1", ["Berlin"]),
    ],
)
def test_what_may_mean_several_is_never_taken(library: Library, text: str, names: list[str]) -> None:
    places, meant = places_of(text, NOW, library.catalog("en"))
    assert not meant
    assert set(names) <= {place.name for place in places}
    assert len(places) <= 8


@pytest.mark.parametrize("text", ["UTC+5:30", "+5:30", "utc +0530", "1:30 pm", "13:30"])
def test_an_offset_or_the_time_it_is_there_names_a_clock(library: Library, text: str) -> None:
    places, _ = places_of(text, NOW, library.catalog("en"))
    assert any(place.zone == "Asia/Kolkata" for place in places)


@pytest.mark.parametrize("text", ["", "x", "xyzzy", "no idea", "🙂", "25:99", "UTC+99"])
def test_what_is_no_place_is_none(library: Library, text: str) -> None:
    assert places_of(text, NOW, library.catalog("en")) == ((), False)


@given(st.text(max_size=30))
def test_whatever_is_typed_has_no_more_places_than_can_be_shown(library: Library, text: str) -> None:
    places, meant = places_of(text, NOW, library.catalog("en"))
    assert len(places) <= 8
    assert not meant or len(places) == 1


def test_every_zone_of_the_table_is_known_and_every_country_has_one() -> None:
    zones = gazetteer().zones
    assert len(zones) > 230
    for cities in zones.values():
        for city in cities:
            assert zone_named(city.zone).key == city.zone
    assert folded("São Tomé-et-Príncipe") == "sao tome et principe"


def test_what_was_set_is_named_with_its_clock(library: Library) -> None:
    anna = Visitor(library)
    anna.now = NOW
    anna.ask("settings")
    anna.tap("set_zone")
    anna.say("Barcelona")
    assert anna.person.zone == "Europe/Berlin"
    assert anna.labels == ["04:00, Barcelona, Venezuela", "09:00, Barcelona, Spain"]
    anna.say("2")
    assert anna.person.zone == "Europe/Madrid"
    anna.ask("settings")
    anna.tap("set_zone")
    anna.say("Mumbai")
    assert anna.person.zone == "Asia/Kolkata"
    assert "Mumbai: it's 13:30 there now." in anna.words
