"""What doctor and the log say when Telegram is not reached: each kind of trouble by name, with what to do."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from telegram.error import InvalidToken, NetworkError, TelegramError

from bot.app.doctor import telegram_findings
from bot.app.settings import Settings, load
from bot.telegram.client import UNREADABLE, Cut, Fault, NotBotApi, NotWritten
from bot.telegram.diagnosis import explain
from bot.telegram.route import choose
from tests.botapi import BotApiServer
from tests.support.bot_process import prepare
from tests.support.proxies import http_proxy, port_of, socks_proxy
from tests.support.raw_server import answering, certified, saying
from tests.support.serving import given, serving, until

PAGE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 12\r\n\r\n<h1>No.</h1>"


@pytest.fixture
def settle(server: BotApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def make(**more: str) -> Settings:
        for name, value in (given(server, tmp_path) | more).items():
            monkeypatch.setenv(name, value)
        return load(tmp_path)

    return make


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


async def wrong(settings: Settings) -> str:
    """Return the one thing that doctor finds wrong."""
    (sentence,) = [one.sentence for one in await telegram_findings(settings) if not one.well]
    return sentence


async def test_doctor_says_which_way_it_goes_when_all_is_well(server: BotApiServer, settle: Any) -> None:
    async with http_proxy(port_of(server)) as proxy:
        settings = settle(HTTP_PROXY=f"127.0.0.1:{proxy.port}", TELEGRAM_API_BASE_URL="http://telegram.example:81")
        found = [one.sentence for one in await telegram_findings(settings) if one.well]
    assert f"telegram.example:81 is reached through the proxy 127.0.0.1:{proxy.port} (HTTP_PROXY)." in found
    assert any("knows the token" in one for one in found)


async def test_doctor_names_what_is_wrong_on_the_direct_way(settle: Any, tmp_path: Path) -> None:
    port = closed_port()
    said = await wrong(settle(TELEGRAM_API_BASE_URL="http://nowhere.invalid"))
    assert said.startswith("The name nowhere.invalid is not found")
    assert "TELEGRAM_PROXY or HTTPS_PROXY" in said
    said = await wrong(settle(TELEGRAM_API_BASE_URL=f"http://127.0.0.1:{port}"))
    assert said == f"127.0.0.1:{port} refuses the connection: is it running, and is TELEGRAM_API_BASE_URL right?"
    async with answering(saying(PAGE)) as far:
        said = await wrong(settle(TELEGRAM_API_BASE_URL=far.url + "/bot"))
        assert said.startswith(f"What answers at localhost:{far.port} is not a Bot API server (HTTP status 404)")
        assert "without /bot and the token" in said
    file, context = certified(tmp_path, "localhost")
    async with answering(saying(PAGE), context) as far:
        said = await wrong(settle(TELEGRAM_API_BASE_URL=far.url))
        assert said.startswith(f"The certificate that localhost:{far.port} shows is not trusted (SSLCertVerification")
        assert "SSL_CERT_FILE" in said
        said = await wrong(settle(TELEGRAM_API_BASE_URL=far.url, SSL_CERT_FILE=str(file)))
        assert "is not a Bot API server" in said
        said = await wrong(settle(TELEGRAM_API_BASE_URL=far.url, SSL_CERT_FILE=str(tmp_path / "none.pem")))
        assert said.startswith(f"SSL_CERT_FILE: {tmp_path / 'none.pem'} cannot be used (No such file")


async def test_doctor_names_what_is_wrong_with_a_token(server: BotApiServer, settle: Any) -> None:
    said = await wrong(settle(TELEGRAM_BOT_TOKEN=server.token[:-4] + "XXXX"))
    assert said.startswith("Telegram refuses the token: get it anew from @BotFather")
    assert said.endswith(f"see to TELEGRAM_API_BASE_URL ({server.url.removeprefix('http://')}).")


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_doctor_names_what_is_wrong_with_a_proxy(server: BotApiServer, settle: Any, kind: str) -> None:
    port = closed_port()
    said = await wrong(settle(TELEGRAM_PROXY=f"{kind}://nowhere.invalid:3128"))
    assert said.startswith("The proxy nowhere.invalid:3128 (TELEGRAM_PROXY) is not found by its name")
    said = await wrong(settle(TELEGRAM_PROXY=f"{kind}://127.0.0.1:{port}"))
    assert said.startswith(f"The proxy 127.0.0.1:{port} (TELEGRAM_PROXY) refuses the connection: is it running")
    making = http_proxy if kind == "http" else socks_proxy
    async with making(port_of(server), login="dana:hunter22") as proxy:
        said = await wrong(settle(TELEGRAM_PROXY=f"{kind}://dana:hunter23@127.0.0.1:{proxy.port}"))
        assert "asks for a name and a password, or refuses the ones it was given" in said
        assert "hunter23" not in said
    async with making(port_of(server), forbids=True) as proxy:
        said = await wrong(
            settle(TELEGRAM_PROXY=f"{kind}://127.0.0.1:{proxy.port}", TELEGRAM_API_BASE_URL="https://t.example")
        )
        assert said.startswith(f"The proxy 127.0.0.1:{proxy.port} (TELEGRAM_PROXY) does not let the bot through to t.")


async def test_the_log_says_the_same_at_the_start(settle: Any) -> None:
    port = closed_port()
    settings = settle(TELEGRAM_PROXY=f"http://dana:hunter22@127.0.0.1:{port}")
    prepare(settings)
    with capture_logs() as log:
        async with serving(settings):
            await until(lambda: any("not reached yet" in entry["event"] for entry in log))
    (entry,) = [entry for entry in log if "not reached yet" in entry["event"]]
    assert entry["error"].startswith(f"The proxy 127.0.0.1:{port} (TELEGRAM_PROXY) refuses the connection")
    assert "hunter22" not in str(log)


ERRORS = [*(NotWritten("why", fault) for fault in Fault), Cut("why"), NotBotApi(502), InvalidToken("no"),
          TelegramError(UNREADABLE), NetworkError("Bad Gateway (502)")]  # fmt: skip


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: f"{type(e).__name__} {getattr(e, 'fault', '')}")
@pytest.mark.parametrize("proxy", [None, "http://dana:hunter22@one:3128"])
@pytest.mark.parametrize("server", ["https://api.telegram.org", "http://10.0.0.7:8081"])
def test_every_error_is_a_sentence_that_says_what_to_do(error: TelegramError, proxy: str | None, server: str) -> None:
    said = explain(error, choose({}, proxy, server))
    wanted = ("see to", "correct", "name ", "write ", "is it", "get it", "wait", "say", "may", "have it allowed")
    assert any(word in said for word in wanted)
    assert "hunter22" not in said
