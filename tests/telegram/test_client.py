"""One line to Telegram, to servers that answer as servers do, and as they should not."""

from __future__ import annotations

import asyncio
import gc
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from telegram import InputFile
from telegram.error import BadRequest, NetworkError, TelegramError

from bot.telegram.client import ApiBot, ConnectionPool, Cut, Fault, NotBotApi, NotWritten
from bot.telegram.route import BadRoute, NetworkRoute, choose
from tests.support.raw_server import (
    OK,
    RawServer,
    answering,
    certified,
    hanging_up,
    saying,
    silent,
)  # fmt: skip

TOKEN = "123456789:" + "A" * 35


@asynccontextmanager
async def bot_at(
    url: str, pool: int = 4, connect: float = 5.0, read: float = 5.0, route: NetworkRoute | None = None
) -> AsyncIterator[ApiBot]:
    """Give a bot of one line."""
    line = ConnectionPool(route or choose({}, None, url), pool, connect, read)
    await line.initialize()
    try:
        yield ApiBot(TOKEN, f"{url}/bot", f"{url}/file/bot", request=line, get_updates_request=line)
    finally:
        await line.shutdown()
        await asyncio.sleep(0)


async def failing(bot: ApiBot, **values: object) -> TelegramError:
    """Make a call that fails and return its error, which drags along nothing that could hold a secret."""
    with pytest.raises(TelegramError) as caught:
        await bot.call("sendMessage", {"text": "hi", **values})
    error = caught.value
    assert TOKEN not in repr(error) + str(error)
    assert error.__cause__ is None
    assert error.__context__ is None or isinstance(error.__context__, TelegramError)
    return error


async def until(is_so: object) -> None:
    async with asyncio.timeout(10):
        while not is_so():  # type: ignore[operator]
            await asyncio.sleep(0.001)


async def test_calls_follow_each_other_on_one_connection_as_they_were_meant() -> None:
    async with answering(saying(OK)) as far, bot_at(far.url) as bot:
        for _ in range(3):
            assert await bot.call("sendMessage", {"text": "hi", "thread": None}) is True
        assert far.connections == 1
        head, _, body = far.asked[0].partition(b"\r\n\r\n")
        assert body == b'{"text": "hi"}'
        assert head.startswith(f"POST /bot{TOKEN}/sendMessage HTTP/1.1\r\n".encode())
        assert b"\r\nContent-Type: application/json" in head


async def test_a_file_goes_as_a_form_with_the_other_values() -> None:
    async with answering(saying(OK)) as far, bot_at(far.url) as bot:
        file = InputFile(b"one,two", filename="counts.csv")
        assert await bot.call("sendDocument", {"chat_id": 5, "document": file, "caption": "Yours"}) is True
        (asked,) = far.asked
        for part in (b'name="chat_id"\r\n\r\n5', b'name="caption"\r\n\r\nYours',
                     b'name="document"; filename="counts.csv"', b"one,two"):  # fmt: skip
            assert part in asked


@pytest.mark.parametrize(
    "before", [b"", b"HTTP/1.1 200 OK\r\nServer: ngi", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",
               b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", b"220 smtp.example.org ESMTP\r\n"]
)  # fmt: skip
async def test_a_call_whose_answer_breaks_off_was_perhaps_made_and_is_not_repeated(before: bytes) -> None:
    async with answering(hanging_up(before)) as far, bot_at(far.url) as bot:
        assert isinstance(await failing(bot), Cut)
        assert len(far.asked) == 1


async def test_a_call_on_a_kept_connection_that_is_closed_at_once_is_not_repeated_by_the_library() -> None:
    async def play(server: RawServer, writer: asyncio.StreamWriter) -> None:
        writer.write(OK) if len(server.asked) == 1 else writer.close()

    async with answering(play) as far, bot_at(far.url) as bot:
        assert await bot.call("sendMessage", {}) is True
        assert isinstance(await failing(bot), Cut)
        assert (far.connections, len(far.asked)) == (1, 2)


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("how", ["it ends", "it is reset", "it said so"])
async def test_a_connection_that_the_other_side_let_go_of_is_not_used_again(
    encrypted: bool, how: str, certificate: tuple[Path, ssl.SSLContext]
) -> None:
    file, context = certificate
    answer = OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n") if how == "it said so" else OK
    async with answering(saying(answer), context if encrypted else None) as far:
        route = replace(choose({}, None, far.url), cert_file=str(file))
        async with bot_at(far.url, route=route) as bot:
            for connections in (1, 2, 3):
                assert await bot.call("sendMessage", {}) is True
                assert far.connections == connections
                if how == "it ends":
                    far.writers[-1].close()
                elif how == "it is reset":
                    far.writers[-1].transport.abort()
                await asyncio.sleep(0.02)


async def test_an_answer_that_comes_too_late_is_not_the_next_ones() -> None:
    late = asyncio.Event()

    async def play(server: RawServer, writer: asyncio.StreamWriter) -> None:
        if len(server.asked) == 2:
            await late.wait()
            writer.write(OK.replace(b"true}", b"1234}", 1))
        else:
            writer.write(OK)

    async with answering(play) as far, bot_at(far.url, pool=1, read=0.1) as bot:
        assert await bot.call("getMe", {}, read=5) is True
        error = await failing(bot)
        assert (type(error), str(error)) == (Cut, "no answer in time")
        late.set()
        assert await bot.call("getMe", {}, read=5) is True
        assert far.connections == 2


async def test_no_more_connections_than_allowed_and_who_waits_too_long_was_not_written() -> None:
    held = asyncio.Event()

    async def play(_server: RawServer, writer: asyncio.StreamWriter) -> None:
        await held.wait()
        writer.write(OK)

    async with answering(play) as far, bot_at(far.url, pool=2, connect=0.5) as bot:
        waiting = [asyncio.create_task(bot.call("getMe", {})) for _ in range(2)]
        await until(lambda: len(far.asked) == 2)
        error = await failing(bot)
        assert isinstance(error, NotWritten)
        assert error.fault is Fault.SILENT
        held.set()
        assert await asyncio.gather(*waiting) == [True] * 2
        assert (far.connections, len(far.asked)) == (2, 2)


@pytest.mark.parametrize(
    "address", ["no-address", "ftp://localhost", "http://", "http://localhost:port", "http://[::1",
                f"http://{'a' * 70}.example", "http://a..b", "http://nowhere.invalid", "http://127.0.0.1:1"]
)  # fmt: skip
async def test_an_address_that_leads_nowhere_is_never_written_to(address: str) -> None:
    async with bot_at(address, pool=1, route=NetworkRoute("somewhere")) as bot:
        for _ in range(2):  # and takes no place for long
            assert isinstance(await failing(bot), NotWritten)


async def test_a_server_that_does_not_speak_tls_was_not_written_to() -> None:
    async with answering(silent) as far, bot_at(far.url.replace("http:", "https:"), connect=0.1) as bot:
        assert isinstance(await failing(bot), NotWritten)
    async with answering(hanging_up(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as far:
        async with bot_at(far.url.replace("http:", "https:"), connect=0.1) as bot:
            assert isinstance(await failing(bot), NotWritten)
        assert far.asked == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    return certified(tmp_path_factory.mktemp("tls"), "localhost")


async def test_a_certificate_counts_only_where_it_is_named_and_for_its_own_host(
    certificate: tuple[Path, ssl.SSLContext],
) -> None:
    file, context = certificate
    async with answering(saying(OK), context) as far:
        async with bot_at(far.url) as bot:
            unknown = await failing(bot)
            assert isinstance(unknown, NotWritten)
            assert unknown.fault is Fault.CERTIFICATE
            assert "self-signed certificate" in str(unknown)
        route = choose({"SSL_CERT_FILE": str(file)}, None, far.url)
        async with bot_at(far.url, route=route) as bot:
            for _ in range(2):
                assert await bot.call("sendMessage", {"text": "x" * 300_000}) is True
            asked = len(far.asked)
        async with bot_at(far.url.replace("localhost", "127.0.0.1"), route=route) as bot:
            other = await failing(bot)
            assert isinstance(other, NotWritten)
            assert "127.0.0.1" in str(other)
        assert len(far.asked) == asked == 2


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("SSL_CERT_FILE", "missing.pem", "No such file"), ("SSL_CERT_FILE", "empty.pem", "PEM"),
     ("SSL_CERT_DIR", "missing", "no folder")],
)  # fmt: skip
async def test_certificates_that_cannot_be_read_are_named_at_the_start(
    name: str, value: str, words: str, tmp_path: Path
) -> None:
    (tmp_path / "empty.pem").touch()
    line = ConnectionPool(choose({name: str(tmp_path / value)}, None, "https://api.telegram.org"))
    with pytest.raises(BadRoute, match=f"{name}: .*{words}"):
        await line.initialize()


@pytest.mark.parametrize("status", [302, 401, 403, 404, 502])
async def test_a_page_of_something_in_between_is_no_answer_of_telegram(status: int) -> None:
    """Else a proxy's 403 would count as every chat having blocked the bot, and its 404 as a revoked token."""
    page = b"HTTP/1.1 %d Whatever\r\nLocation: /login\r\nContent-Length: 12\r\n\r\n<h1>No.</h1>" % status
    async with answering(saying(page)) as far, bot_at(far.url) as bot:
        error = await failing(bot)
        assert isinstance(error, NotBotApi)
        assert "<h1>" not in str(error)
        assert len(far.asked) == 1


async def test_what_the_bot_api_refuses_is_said_in_its_words() -> None:
    said = b'{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}'
    refused = b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said)
    async with answering(saying(refused)) as far, bot_at(far.url) as bot:
        error = await failing(bot)
        assert isinstance(error, BadRequest)
        assert str(error) == "Chat not found"


async def test_a_name_and_a_password_in_the_address_are_told_and_not_shown() -> None:
    async with answering(saying(OK)) as far, bot_at(far.url.replace("//", "//coach:a%3Ab@")) as bot:
        assert await bot.call("getMe", {}) is True
        assert b"\r\nAuthorization: Basic Y29hY2g6YTpi\r\n" in far.asked[0]


async def test_a_line_that_is_closed_makes_no_calls() -> None:
    async with answering(saying(OK)) as far:
        async with bot_at(far.url) as bot:
            assert await bot.call("getMe", {}) is True
        assert isinstance(await failing(bot), NetworkError)
        assert far.connections == 1


async def test_whoever_stops_waiting_leaves_no_socket_open_and_no_answer_behind() -> None:
    async with answering(saying(OK)) as far:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            for rounds in range(30):
                async with bot_at(far.url, pool=1) as bot:
                    waiting = asyncio.create_task(bot.call("getMe", {}))
                    for _ in range(rounds):
                        await asyncio.sleep(0)
                    waiting.cancel()
                    await asyncio.wait([waiting])
                    assert await bot.call("sendMessage", {}) is True
            gc.collect()
        assert [str(one.message) for one in warned] == []
