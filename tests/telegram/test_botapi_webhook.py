"""The test server posts updates to the bot's own address, as Telegram does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from telegram import Bot
from telegram.error import BadRequest, Conflict

from tests.botapi import BotApiServer, Person
from tests.support.api_calls import buttons, updates

Answer = Callable[[dict[str, Any]], web.Response | None]  # None: cut the line
SECRET = "a-word-only-Telegram-knows"  # noqa: S105 - opens nothing


class Endpoint:
    """The bot's side: an address that notes what it gets and answers as told."""

    def __init__(self) -> None:
        self.url = ""
        self.got: list[dict[str, Any]] = []
        self.secrets: set[str] = set()
        self.answer: Answer = lambda _update: web.Response()
        self.slow = 0.0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        update = await request.json()
        self.got.append(update)
        self.secrets.add(request.headers.get("X-Telegram-Bot-Api-Secret-Token", ""))
        await asyncio.sleep(self.slow)
        response = self.answer(update)
        if response is None:
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        return response

    @property
    def texts(self) -> list[str]:
        return [update["message"]["text"] for update in self.got]


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    app = web.Application()
    app.router.add_post("/hook", endpoint.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    endpoint.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield endpoint
    await runner.cleanup()


async def drained(server: BotApiServer) -> None:
    await server.wait_for(lambda: not server.pending)


async def test_updates_are_posted_with_the_secret(
    server: BotApiServer, bot: Bot, dana: Person, endpoint: Endpoint
) -> None:
    dana.says("before")
    await bot.set_webhook(endpoint.url, secret_token=SECRET)
    dana.says("after")
    await drained(server)
    assert (endpoint.texts, endpoint.secrets) == (["before", "after"], {SECRET})


async def test_what_is_not_taken_is_posted_again(
    server: BotApiServer, bot: Bot, dana: Person, endpoint: Endpoint
) -> None:
    answers = iter([web.Response(status=500), None, web.Response(status=302), web.Response(status=204)])
    endpoint.answer = lambda _update: next(answers)
    await bot.set_webhook(endpoint.url)
    dana.says("again")
    await drained(server)
    assert endpoint.texts == ["again"] * 4
    assert (await bot.get_webhook_info()).last_error_message == "Wrong response from the webhook: 302 Found"


async def test_one_chat_waits_for_its_turn_while_others_go_on(
    server: BotApiServer, bot: Bot, dana: Person, endpoint: Endpoint
) -> None:
    sam = server.person(first_name="Sam")
    stubborn = {"left": 3}

    def refuse_dana(update: dict[str, Any]) -> web.Response:
        if update["message"]["text"] == "dana 1" and stubborn["left"]:
            stubborn["left"] -= 1
            return web.Response(status=503)
        return web.Response()

    endpoint.answer = refuse_dana
    dana.says("dana 1")
    dana.says("dana 2")
    sam.says("sam 1")
    await bot.set_webhook(endpoint.url)
    await drained(server)
    assert [text for text in endpoint.texts if text.startswith("dana")] == ["dana 1"] * 4 + ["dana 2"]
    assert endpoint.texts.index("sam 1") < endpoint.texts.index("dana 2")


async def test_an_answer_may_hold_one_call(server: BotApiServer, bot: Bot, dana: Person, endpoint: Endpoint) -> None:
    endpoint.answer = lambda _update: web.json_response(
        {"method": "sendMessage", "chat_id": dana.id, "text": "By the way"}
    )
    await bot.set_webhook(endpoint.url)
    dana.says("hello")
    await server.play(dana.expects, "By the way")


async def test_a_tap_reaches_the_webhook_and_is_answered(
    server: BotApiServer, bot: Bot, dana: Person, endpoint: Endpoint
) -> None:
    endpoint.answer = lambda update: web.json_response(
        {"method": "answerCallbackQuery", "callback_query_id": update["callback_query"]["id"], "text": "Thanks"}
    )
    await bot.set_webhook(endpoint.url)
    await bot.send_message(dana.id, "Well?", reply_markup=buttons("Yes"))
    await server.play(dana.taps, "Yes")
    assert dana.toast == "Thanks"


async def test_polling_and_a_webhook_exclude_each_other(
    server: BotApiServer, bot: Bot, dana: Person, endpoint: Endpoint
) -> None:
    poll = asyncio.create_task(updates(bot, timeout=30))
    await server.wait_for(lambda: server.calls_of("getUpdates"))
    await asyncio.sleep(0.05)
    await bot.set_webhook(endpoint.url)
    with pytest.raises(Conflict, match="terminated by setWebhook request"):
        await poll
    with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active"):
        await updates(bot)
    endpoint.answer = lambda _update: web.Response(status=503)
    dana.says("not delivered")
    await server.wait_for(lambda: endpoint.got)
    await bot.delete_webhook()
    assert [update.message.text for update in await updates(bot) if update.message] == ["not delivered"]
    assert (await bot.get_webhook_info()).url == ""


async def test_a_webhook_can_forget_what_waits(
    server: BotApiServer, bot: Bot, dana: Person, endpoint: Endpoint
) -> None:
    dana.says("old")
    await bot.set_webhook(endpoint.url, drop_pending_updates=True, max_connections=1, allowed_updates=["message"])
    info = await bot.get_webhook_info()
    assert (info.url, info.max_connections, info.pending_update_count) == (endpoint.url, 1, 0)
    assert info.allowed_updates == ("message",)
    assert server.pending == []


async def test_a_wrong_webhook_is_refused(bot: Bot, endpoint: Endpoint) -> None:
    with pytest.raises(BadRequest, match="Invalid webhook url specified"):
        await bot.set_webhook("nonsense")
    with pytest.raises(BadRequest, match="Secret token contains unallowed characters"):
        await bot.set_webhook(endpoint.url, secret_token=f"{SECRET} !")
    with pytest.raises(BadRequest, match="Secret token is too long"):
        await bot.set_webhook(endpoint.url, secret_token="x" * 257)


async def test_a_webhook_outlives_an_outage_and_delivers_all_in_order(
    server: BotApiServer, bot: Bot, endpoint: Endpoint
) -> None:
    await bot.set_webhook(endpoint.url)
    people = [server.person(first_name=f"P{number}") for number in range(20)]
    with server.outage():
        for number in range(1000):
            people[number % 20].says(str(number))
    await server.wait_for(lambda: not server.pending, timeout=30)
    assert sorted(map(int, endpoint.texts)) == list(range(1000))
    of_first = [update["message"]["text"] for update in endpoint.got if update["message"]["from"]["id"] == people[0].id]
    assert of_first == [str(number) for number in range(0, 1000, 20)]
