"""The counts as a picture and as a table: what is shown is what the words say, and both arrive."""

from __future__ import annotations

import csv
import io
import struct
from dataclasses import replace

from bot.core.chat.person import Call, Key
from bot.core.coaching.cohort import Cohort, Member
from bot.core.coaching.counts import plot_of, table_of
from bot.core.coaching.statistics import taken
from bot.core.library import Library
from bot.runtime.ports import Delivered
from bot.telegram.chart import drawn
from bot.telegram.client import connected
from bot.telegram.sender import TelegramMessenger
from tests.botapi import BotApiServer, Person
from tests.conftest import NOW

CELLS = ("thank_you_then_wait", "connect_now")


def counted(people: int) -> Cohort:
    one = Cohort("Spring", "en", {1: "Cleo"}, {n: Member(NOW, {"counts": NOW}) for n in range(100, 100 + people)})
    answers = {n: {"verdict": CELLS[n % 2], "cases": "open"} for n in one.members}
    return taken(one, answers, NOW, "dice")


def test_a_picture_shows_what_the_words_say_and_nothing_of_too_few(library: Library) -> None:
    catalog = library.catalog("en")
    for people in (0, 4, 5, 9):
        assert plot_of(counted(people), catalog) is None
    plot = plot_of(counted(40), catalog)
    assert plot
    for title, bars in plot.groups:
        assert title in plot.caption
        for bar in bars:
            assert f"{bar.label}: at least {bar.number}" in plot.caption
            assert bar.number % 5 == 0


def test_a_table_holds_every_digest_that_was_shown(library: Library) -> None:
    catalog = library.catalog("en")
    assert table_of(counted(4), catalog) is None
    one = counted(40)
    later = replace(one.digest, at=NOW.replace(day=30))  # type: ignore[type-var]
    source = table_of(replace(one, digests=(*one.digests, later)), catalog)
    assert source
    rows = list(csv.reader(io.StringIO(source.text)))
    assert rows[0] == ["day", "question", "answer", "at least"]
    assert rows[1] == ["2026-11-23", "Members who share their counts", "", "40"]
    assert {row[0] for row in rows[1:]} == {"2026-11-23", "2026-11-30"}
    assert all(row[3] and int(row[3]) % 5 == 0 and int(row[3]) >= 5 for row in rows[1:])


def test_every_script_is_drawn_and_long_words_are_cut() -> None:
    picture = drawn([("Überschrift", [("Größe " * 40, 5, None), ("Привет", 200, 5), ("", 0, 0)])])
    assert picture.startswith(b"\x89PNG")
    assert struct.unpack(">II", picture[16:24])[0] == 720
    assert len(picture) < 200_000


async def test_a_picture_arrives_with_its_caption(server: BotApiServer, dana: Person) -> None:
    groups = [["Interviews", [["in hand", 25, 20], ["none", 10, None]]]]
    async with connected(server.token, server.url) as line:
        messenger = TelegramMessenger(line)
        call = Call("photo", {"photo": {"groups": groups}, "caption": "in hand: at least 25"})
        assert isinstance(await messenger.make(Key(7, dana.id, 0, dana.id), call), Delivered)
    (seen,) = server.sent()
    assert (seen.text, seen.content["photo"][0]["width"]) == ("in hand: at least 25", 720)
    assert server.refused == []
