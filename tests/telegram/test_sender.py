"""Calls against the strict local server, and what each error means."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, TelegramError

from bot.core.chat.person import Call, Key
from bot.runtime.ports import ChatMoved, Delivered, Outcome, RetryLater, Undeliverable
from bot.telegram.client import ApiBot, ConnectionPool, Cut, Flooded, NotBotApi, NotWritten, connected
from bot.telegram.route import choose
from bot.telegram.sender import TelegramMessenger, outcome_of
from tests.botapi import BotApiServer, Person

KEYBOARD = {"inline_keyboard": [[{"text": "Yes", "callback_data": "1:yes"}]]}


@pytest.fixture
async def line(server: BotApiServer) -> AsyncIterator[ApiBot]:
    async with connected(server.token, server.url) as bot:
        yield bot


@pytest.fixture
def messenger(line: ApiBot) -> TelegramMessenger:
    return TelegramMessenger(line)


def key(person: Person) -> Key:
    return Key(7, person.id, 0, person.id)


def said(text: str, **more: Any) -> Call:
    return Call("message", {"text": text, "parse_mode": "HTML", **more})


def edited(message: int, text: str, *, panel: bool = True) -> Call:
    return Call("edit", {"message_id": message, "text": text, "reply_markup": KEYBOARD}, panel=panel)


async def sent(messenger: TelegramMessenger, person: Person, text: str = "hello") -> int:
    outcome = await messenger.make(key(person), said(text, reply_markup=KEYBOARD))
    assert isinstance(outcome, Delivered)
    assert outcome.message is not None
    return outcome.message


async def test_a_message_arrives_and_its_id_comes_back(
    server: BotApiServer, messenger: TelegramMessenger, dana: Person
) -> None:
    message = await sent(messenger, dana, "<b>Yes</b>, connect. 👍")
    (seen,) = server.sent()
    assert (seen.id, seen.text) == (message, "Yes, connect. 👍")
    assert server.refused == []


async def test_a_topic_is_kept_and_only_where_there_is_one(server: BotApiServer, messenger: TelegramMessenger) -> None:
    forum = server.group(forum=True)
    number = forum.topic("Jobs")
    outcome = await messenger.make(Key(7, forum.id, number, 1), said("here"))
    assert isinstance(outcome, Delivered)
    assert server.calls_of("sendMessage")[-1].parameters["message_thread_id"] == number
    assert isinstance(await messenger.make(Key(7, forum.id, 9999, 1), said("gone")), Undeliverable)


async def test_a_document_arrives_with_its_name_and_content(
    server: BotApiServer, messenger: TelegramMessenger, dana: Person
) -> None:
    values = {"document": {"name": "afterword.json", "text": "{}"}, "caption": "Yours"}
    assert isinstance(await messenger.make(key(dana), Call("document", values)), Delivered)
    (seen,) = server.sent()
    assert seen.document is not None
    assert (seen.document.name, seen.document.content, seen.text) == ("afterword.json", b"{}", "Yours")


async def test_an_edit_edits_and_a_second_time_changes_nothing(messenger: TelegramMessenger, dana: Person) -> None:
    message = await sent(messenger, dana)
    assert await messenger.make(key(dana), edited(message, "new")) == Delivered(message)
    assert await messenger.make(key(dana), edited(message, "new")) == Delivered(message)


async def test_an_edit_that_cannot_be_done_is_sent_anew(
    server: BotApiServer, messenger: TelegramMessenger, dana: Person
) -> None:
    message = await sent(messenger, dana)
    dana.deletes(server.sent()[0])
    outcome = await messenger.make(key(dana), edited(message, "anew"))
    assert isinstance(outcome, Delivered)
    assert outcome.message not in (None, message)
    assert server.sent()[-1].text == "anew"


async def test_what_only_closes_an_old_message_is_not_sent_anew(
    server: BotApiServer, messenger: TelegramMessenger, dana: Person
) -> None:
    message = await sent(messenger, dana)
    dana.deletes(server.sent()[0])
    assert await messenger.make(key(dana), edited(message, "frozen", panel=False)) == Delivered(None)
    close = Call("edit_buttons", {"message_id": message})
    assert await messenger.make(key(dana), close) == Delivered(None)
    assert len(server.calls_of("sendMessage")) == 1


async def test_whoever_blocked_the_bot_gets_nothing_more(
    server: BotApiServer, messenger: TelegramMessenger, dana: Person
) -> None:
    server.fault("403", method="sendMessage")
    outcome = await messenger.make(key(dana), said("hello"))
    assert isinstance(outcome, Undeliverable)
    assert outcome.whole_chat
    assert await messenger.make(Key(7, 424242, 0, 424242), said("who?")) == Undeliverable(
        "Chat not found", whole_chat=True
    )


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("429", RetryLater(3.0, whole_chat=True)),
        ("500", RetryLater(1.0)),
        ("502_html", RetryLater(1.0)),
        ("cut_before", RetryLater(0.0, ambiguous=True)),
        ("cut_after", RetryLater(0.0, ambiguous=True)),
        ("401", RetryLater(30.0)),
    ],
)
async def test_each_fault_on_the_way_has_its_meaning(
    server: BotApiServer, messenger: TelegramMessenger, dana: Person, kind: str, outcome: Outcome
) -> None:
    server.fault(kind, method="sendMessage", retry_after=3)
    assert await messenger.make(key(dana), said("hello")) == outcome


async def test_an_answer_that_does_not_come_is_ambiguous(server: BotApiServer, dana: Person) -> None:
    server.fault("timeout", method="sendMessage", seconds=2)
    route = choose({}, None, server.base_url)
    line = ConnectionPool(route, read=0.2)
    await line.initialize()
    bot = ApiBot(server.token, server.base_url, request=line, get_updates_request=ConnectionPool(route))
    await bot.call("getMe", {}, read=5)  # a connection is there
    async with asyncio.timeout(1):
        assert await TelegramMessenger(bot).make(key(dana), said("hello")) == RetryLater(0.0, ambiguous=True)
    await line.shutdown()


async def test_a_refused_connection_was_certainly_not_written(dana: Person, server: BotApiServer) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for address in (f"http://127.0.0.1:{port}", "http://nowhere.invalid"):
        async with connected(server.token, address) as bot:
            with pytest.raises(NotWritten) as caught:
                await bot.call("getMe", {})
            assert server.token not in repr(caught.value) + str(caught.value.__context__)
            assert caught.value.__cause__ is None
            assert await TelegramMessenger(bot).make(key(dana), said("hello")) == RetryLater(0.0)


async def test_a_group_that_became_a_supergroup_has_moved(server: BotApiServer, messenger: TelegramMessenger) -> None:
    group = server.group(basic=True)
    old = group.id
    group.migrates()
    outcome = await messenger.make(Key(7, old, 0, 1), said("hello"))
    assert isinstance(outcome, ChatMoved)
    assert outcome.chat < -(10**12)


async def test_a_tap_is_answered_and_a_late_answer_is_nobodys_trouble(
    server: BotApiServer, line: ApiBot, dana: Person
) -> None:
    counted: list[bool] = []
    messenger = TelegramMessenger(line, counted.append)
    await sent(messenger, dana)
    tap = dana.taps("Yes", timeout=0)
    messenger.acknowledge(tap.id, "Done" * 100)
    await messenger.close()
    messenger.acknowledge("unknown")
    await messenger.close()
    assert server.unanswered_taps() == []
    assert counted == [True, False]
    toast = server.calls_of("answerCallbackQuery")[0].parameters["text"]
    assert len(toast) == 200


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Flooded(7), RetryLater(7, whole_chat=True)),
        (Forbidden("bot was kicked from the supergroup chat"),
         Undeliverable("bot was kicked from the supergroup chat", True)),
        (BadRequest("Message thread not found"), Undeliverable("Message thread not found")),
        (BadRequest("Not enough rights to send text messages to the chat"),
         Undeliverable("Not enough rights to send text messages to the chat")),
        (BadRequest('Can\'t parse entities: unsupported start tag "dana"'),
         Undeliverable('Can\'t parse entities: unsupported start tag "…"')),
        (NetworkError("Request Entity Too Large (413)"), Undeliverable("Request Entity Too Large (413)")),
        (NetworkError("Bad Gateway (502)"), RetryLater(1.0)),
        (NotBotApi(403), RetryLater(1.0)),
        (NotBotApi(413), Undeliverable("it is too large (413)")),
        (NotWritten("no"), RetryLater(0.0)),
        (Cut("no"), RetryLater(0.0, ambiguous=True)),
        (InvalidToken("no"), RetryLater(30.0)),
        (Conflict("no"), RetryLater(30.0)),
        (TelegramError("Invalid server response"), RetryLater(1.0, ambiguous=True)),
    ],
)  # fmt: skip
def test_what_errors_mean_for_a_message(error: TelegramError, outcome: Outcome) -> None:
    assert outcome_of("sendMessage", {}, error) == outcome


def test_an_edit_made_twice_is_one_edit() -> None:
    assert outcome_of("editMessageText", {"message_id": 5}, Cut("no")) == RetryLater(0.0)
    assert outcome_of("editMessageText", {"message_id": 5}, BadRequest("Message is not modified: same")) == Delivered(5)
    assert outcome_of("editMessageText", {"message_id": 5}, BadRequest("Message can't be edited")) is None
    assert outcome_of("sendMessage", {}, BadRequest("Message can't be edited")) == Undeliverable(
        "Message can't be edited"
    )


async def test_a_poll_that_is_to_be_closed_may_be_closed_or_gone_already(
    server: BotApiServer, messenger: TelegramMessenger
) -> None:
    group = server.group()
    here = Key(7, group.id, 0, 1)
    ballot = Call("poll", {"question": "Well?", "options": [{"text": "Yes"}, {"text": "No"}]})
    outcome = await messenger.make(here, ballot)
    assert isinstance(outcome, Delivered)
    close = Call("close_poll", {"message_id": outcome.message})
    for _ in range(2):
        assert isinstance(await messenger.make(here, close), Delivered)
    gone = Call("close_poll", {"message_id": 999})
    assert await messenger.make(here, gone) == Delivered(999)
    group.allows_polls(False)
    assert await messenger.make(here, ballot) == Undeliverable("Not enough rights to send polls to the chat")


async def test_calls_side_by_side_share_a_pool_of_connections(
    server: BotApiServer, messenger: TelegramMessenger
) -> None:
    server.enforce_limits = False
    people = [server.person(started=True) for _ in range(50)]
    outcomes = await asyncio.gather(*(messenger.make(key(person), said("hello")) for person in people))
    assert all(isinstance(outcome, Delivered) for outcome in outcomes)
    assert len({outcome.message for outcome in outcomes if isinstance(outcome, Delivered)}) == 50
