"""Whatever people type arrives as it was taken, and is never read as markup or as a pattern."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from bot.core.advice.text import clean
from bot.core.dialogue.answers import blank_reader
from bot.core.dialogue.session import Said
from bot.core.library import Library
from bot.runtime.ports import Delivered
from bot.telegram.client import connected
from bot.telegram.sender import TelegramMessenger
from tests.botapi import BotApiServer, Message, Person
from tests.support.phone import KEY, SLOTS, WARM, Phone

NASTY = [
    "<b>bold</b> & <i>", "</pre><a href='x'>x</a>", "*b* _i_ [q](w)",
    "||s|| ~~x~~ `c` >q", "&lt;b&gt;&amp;", "a < b", "&#60;b&#62;", "👩‍💻 नमस्ते", "نگاه‌ها", "\u202eevil\u202c", "a\x00b",
    "lone \ud83d half", "{0.__class__}", "{{7*7}}", "%(a)s {first}", "@everyone #tag /start", "'; DROP TABLE x --",
    "two\nlines", "zalgo Z\u0351\u036b", "x" * 40,
]  # fmt: skip
"""At most 40 characters, so that each fits every slot."""
LINKS = ["tg://resolve?domain=x", "</pre><a href='tg://user?id=1'>x</a>", "*b* _i_ [x](tg://user?id=1)"]
TOO_LONG = ["x" * 4096, "<" * 4096, "🙂" * 4096, "&" * 3000]


@pytest.fixture
async def messenger(server: BotApiServer) -> AsyncIterator[TelegramMessenger]:
    server.enforce_limits = False
    async with connected(server.token, server.url) as line:
        yield TelegramMessenger(line)


async def seen(phone: Phone, messenger: TelegramMessenger, person: Person) -> list[Message]:
    """Send all that was said to a person; return the bot's messages on their screen."""
    ids: dict[int, int] = {}
    for call, id_ in phone.calls:
        values = dict(call.values) | ({"message_id": ids[id_]} if "message_id" in call.values else {})
        outcome = await messenger.make(replace(KEY, chat=person.id, person=person.id), replace(call, values=values))
        assert isinstance(outcome, Delivered), outcome
        ids[id_] = outcome.message or ids[id_]
    return [message for message in person.screen if message.from_bot]


def marked(message: Message) -> list[tuple[str, Any]]:
    """Return which parts of a message are marked, and as what; a whole that is meant to be copied apart."""
    units = message.text.encode("utf-16-le")
    return [
        (one["type"], units[2 * one["offset"] : 2 * (one["offset"] + one["length"])].decode("utf-16-le"))
        for one in message.entities
        if one["type"] != "pre"
    ]


@pytest.mark.parametrize("nasty", NASTY, ids=ascii)
async def test_every_text_arrives_in_every_slot_as_it_was_taken(
    server: BotApiServer, dana: Person, library: Library, messenger: TelegramMessenger, nasty: str
) -> None:
    phone = Phone(library)
    phone.ask("start")
    phone.say(*WARM, *SLOTS[:2])
    first = blank_reader(library.facts["first"], library.catalog("en")).read(clean(nasty)).text
    assert first, "whatever is no link is a name that somebody may have"
    for _ in ("first", "job", "company", "topic", "me"):
        phone.incoming(Said(nasty))
    for command in ("settings", "cases", "change", "export"):
        phone.ask(command)
    assert phone.person is not None
    assert set(phone.person.cases[1].answers) >= {"first", "job", "company", "topic", "me"}
    screen = await seen(phone, messenger, dana)
    assert server.refused == []
    notes = [message.text for message in screen if message.text.startswith(f"Hi {first}")]
    assert notes, "the note begins with the name as it was taken"
    assert sum(first in label for message in screen for label in message.labels) >= 2
    for message in screen:
        plain = {"bold", "italic", "expandable_blockquote", "blockquote"}
        assert {kind for kind, _ in marked(message)} <= plain
        # What the bot marks never begins or ends within what somebody typed.
        assert not any(part and part in first for _, part in marked(message))


@pytest.mark.parametrize("link", LINKS)
async def test_a_link_is_no_name_and_is_asked_about_again(
    server: BotApiServer, dana: Person, library: Library, messenger: TelegramMessenger, link: str
) -> None:
    phone = Phone(library)
    phone.ask("start")
    phone.say(*WARM, *SLOTS[:2], link)
    assert phone.asked == "first"
    await seen(phone, messenger, dana)
    assert server.refused == []


@pytest.mark.parametrize("text", TOO_LONG, ids=lambda text: text[0])
async def test_a_text_that_is_too_long_is_answered_with_how_much_too_long(
    server: BotApiServer, dana: Person, library: Library, messenger: TelegramMessenger, text: str
) -> None:
    phone = Phone(library)
    phone.ask("start")
    phone.say(*WARM, *SLOTS[:2])
    for slot, fits in zip(("first", "job", "company", "topic", "me"), SLOTS[2:], strict=True):
        phone.say(text)
        assert phone.asked == slot
        phone.say(fits)
    assert phone.asked == ""
    await seen(phone, messenger, dana)
    assert server.refused == []
