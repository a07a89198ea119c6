"""The test server refuses what the real one refuses, in the same words, and what it would mangle."""

from __future__ import annotations

import html
from contextlib import suppress
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    ReplyKeyboardMarkup,
)
from telegram.error import (
    InvalidToken,
)

from tests.botapi import BotApiServer, Person
from tests.botapi.errors import Refused
from tests.botapi.texts import message_text, utf16
from tests.support.api_calls import UNUSED_CHAT, raw, refused, updates

# HTML


@pytest.mark.parametrize("text", ["a < b & c > d", '"&lt;"', "<b>not bold</b>", "5 &amp; 6", "{0.__class__}", "It's"])
async def test_escaped_text_arrives_unchanged(text: str, bot: Bot, dana: Person) -> None:
    await bot.send_message(dana.id, html.escape(text), parse_mode="HTML")
    assert (dana.sees(), dana.screen[-1].entities) == (text, [])


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("é<br>", 'Unsupported start tag "br" at byte offset 2'),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("<p>x</p>", 'Unsupported start tag "p" at byte offset 0'),
        ("<b>x", "Can't find end tag corresponding to start tag b"),
        ("🙂<b><i>x</b></i>", 'Unmatched end tag at byte offset 11, expected "</i>", found "</b>"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("x<b", "Unclosed start tag at byte offset 1"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<a href>x</a>", 'Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0'),
    ],
)
async def test_broken_html_is_refused_with_its_place(source: str, why: str, server: BotApiServer, dana: Person) -> None:
    answer = await raw(server, "sendMessage", chat_id=dana.id, text=source, parse_mode="HTML")
    assert answer == {"ok": False, "error_code": 400, "description": f"Bad Request: can't parse entities: {why}"}


@pytest.mark.parametrize(
    ("source", "seen", "entities"),
    [
        ("&nbsp;&lt&#65;&#x1F642;&apos;", "&nbsp;<A🙂&apos;", []),
        ("<a href='http://x.org?a=1&amp;b'>l</a>", "l", [{"type": "text_link", "url": "http://x.org/?a=1&b"}]),
        ("<a href='nonsense'>l</a>", "l", []),
        ("<a href='tg://user?id=7'>u</a>", "u", [{"type": "text_mention"}]),
        ('<pre><code class="language-python">x</code></pre>', "x", [{"type": "pre", "language": "python"}]),
        ("<blockquote expandable>x</blockquote>", "x", [{"type": "expandable_blockquote"}]),
        ("<B>x</b>", "x", [{"type": "bold"}]),
        ('<span class="tg-spoiler">x</span>', "x", [{"type": "spoiler"}]),
        ('<tg-time unix="1700000000" format="wDT">soon</tg-time>', "soon", [{"type": "date_time"}]),
        ("\n <u>x</u>\r\n", "x", [{"type": "underline"}]),
        ("ab\u202ecd\x07e", "abcd e", []),
    ],
)
async def test_html_is_read_as_telegram_reads_it(
    source: str, seen: str, entities: list[dict[str, Any]], server: BotApiServer, dana: Person
) -> None:
    assert (await raw(server, "sendMessage", chat_id=dana.id, text=source, parse_mode="html"))["ok"]
    shown = dana.screen[-1]
    assert shown.text == seen
    assert [entity | wanted for entity, wanted in zip(shown.entities, entities, strict=True)] == shown.entities


@given(text=st.text())
def test_any_escaped_text_is_seen_as_the_plain_text_is(text: str) -> None:
    anchored = f"[{text}]"
    escaped = message_text({"text": html.escape(anchored), "parse_mode": "HTML"})
    assert escaped == message_text({"text": anchored})


@given(source=st.text("<>/&;#ab= \"'x🙂", max_size=30))
def test_no_html_breaks_the_reader(source: str) -> None:
    with suppress(Refused):
        seen = message_text({"text": source, "parse_mode": "HTML"})
        ends = [entity["offset"] + entity["length"] for entity in seen.entities]
        assert all(end <= utf16(seen.text) for end in ends)


# Everything else


async def test_unknown_tokens_methods_and_parameters_are_refused(server: BotApiServer, dana: Person) -> None:
    with pytest.raises(InvalidToken):
        async with Bot("1:wrong", base_url=server.base_url):
            pass
    assert (await raw(server, "sendTelepathy"))["error_code"] == 404
    answer = await raw(server, "sendMessage", chat_id=dana.id, text="x", disable_web_page_preview=True)
    assert answer["description"] == "Bad Request: unknown parameter disable_web_page_preview"
    assert [call.code for call in server.refused] == [401, 404, 400]


async def test_text_that_is_no_utf_8_is_refused(server: BotApiServer, dana: Person) -> None:
    body = f'{{"chat_id": {dana.id}, "text": "\\ud800"}}'
    async with httpx.AsyncClient() as client:
        headers = {"Content-Type": "application/json"}
        url = f"{server.base_url}{server.token}/sendMessage"
        answer = (await client.post(url, content=body, headers=headers)).json()
    assert answer["description"] == "Bad Request: strings must be encoded in UTF-8"


@pytest.mark.parametrize(
    ("button", "why"),
    [
        ({"text": "x"}, "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"),
        ({"text": "x", "callback_data": "é" * 33}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "callback_data": ""}, "BUTTON_DATA_INVALID"),
        (
            {"text": "", "callback_data": "a"},
            'can\'t parse inline keyboard button: field "text" must be a non-empty String',
        ),
        (
            {"text": "x", "url": "http://localhost"},
            "inline keyboard button URL 'http://localhost' is invalid: Wrong HTTP URL",
        ),
        (
            {"text": "x", "url": "https://a.org", "callback_data": "a"},
            "can't parse inline keyboard button: a button has exactly one action, not url and callback_data",
        ),
        (
            {"text": "x", "copy_text": {"text": "y" * 257}},
            "can't parse inline keyboard button: copy_text must have 1 to 256 characters",
        ),
    ],
)
async def test_a_wrong_button_is_refused(button: dict[str, Any], why: str, server: BotApiServer, dana: Person) -> None:
    answer = await raw(server, "sendMessage", chat_id=dana.id, text="x", reply_markup={"inline_keyboard": [[button]]})
    assert answer["description"] == f"Bad Request: {why}"
    assert dana.screen == []


async def test_a_keyboard_may_not_be_too_large(bot: Bot, dana: Person) -> None:
    def keyboard(count: int, data: str = "x", in_row: int = 8) -> InlineKeyboardMarkup:
        row = [InlineKeyboardButton("1", callback_data=data) for _ in range(count)]
        return InlineKeyboardMarkup([row[at : at + in_row] for at in range(0, count, in_row)])

    await bot.send_message(dana.id, "x", reply_markup=keyboard(100))
    assert "more than 100" in await refused(bot.send_message(dana.id, "x", reply_markup=keyboard(101)))
    assert "more than 8" in await refused(bot.send_message(dana.id, "x", reply_markup=keyboard(9, in_row=9)))
    too_long = keyboard(99, "x" * 64)
    assert await refused(bot.send_message(dana.id, "x", reply_markup=too_long)) == "Reply markup is too long"


async def test_other_keyboards_are_for_new_messages_outside_channels(
    server: BotApiServer, bot: Bot, dana: Person
) -> None:
    await bot.send_message(dana.id, "x", reply_markup=ReplyKeyboardMarkup([["A", "B"]]))
    news = server.channel()
    markup = {"keyboard": [["A"]]}
    answer = await raw(server, "sendMessage", chat_id=news.id, text="x", reply_markup=markup)
    assert answer["description"] == "Bad Request: inline keyboard expected"
    answer = await raw(
        server,
        "sendMessage",
        chat_id=dana.id,
        text="x",
        reply_markup={"force_reply": True, "input_field_placeholder": "p" * 65},
    )
    assert answer["description"] == "Bad Request: input_field_placeholder must have 1 to 64 characters"


async def test_a_person_who_never_wrote_cannot_be_written_to(server: BotApiServer, bot: Bot) -> None:
    sam = server.person(first_name="Sam")
    assert await refused(bot.send_message(UNUSED_CHAT, "x")) == "Chat not found"
    assert await refused(bot.send_message(sam.id, "x")) == "Chat not found"
    sam.says_in(server.group(), "hello")
    assert await refused(bot.send_message(sam.id, "x")) == "Forbidden: bot can't initiate conversation with a user"
    sam.says("/start")
    await bot.send_message(sam.id, "x")
    sam.blocks()
    assert await refused(bot.send_message(sam.id, "x")) == "Forbidden: bot was blocked by the user"
    sam.unblocks()
    await bot.send_message(sam.id, "x")
    sam.deactivates()
    assert await refused(bot.send_message(sam.id, "x")) == "Forbidden: user is deactivated"
    changes = [update.my_chat_member for update in await updates(bot) if update.my_chat_member]
    assert [change.new_chat_member.status for change in changes] == ["kicked", "member"]
