"""The whole bot where only a proxy leads out: its server's name stands for nothing on this machine."""

from __future__ import annotations

import io
import logging
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from telegram.error import TelegramError

from bot.app.doctor import telegram_findings
from bot.app.logging import configure
from bot.app.server import serve
from bot.app.settings import Settings, load
from bot.telegram.client import Fault, NotWritten, connected
from bot.telegram.route import BadRoute, choose
from tests.botapi import BotApiServer, Person
from tests.support.proxies import encrypted, http_proxy, port_of, socks_proxy
from tests.support.raw_server import certified
from tests.support.serving import SECRET, TALK, given, said, serving, until

AWAY = "http://telegram.example:8081"
LOGIN = "dana:hunter22hunter"
PASSWORD = "hunter22hunter"  # noqa: S105 - opens nothing


def settled(monkeypatch: pytest.MonkeyPatch, server: BotApiServer, folder: Path, **more: str) -> Settings:
    """Return the settings of a bot whose server is away."""
    for name, value in (given(server, folder) | {"TELEGRAM_API_BASE_URL": AWAY} | more).items():
        monkeypatch.setenv(name, value)
    return load(folder)


async def is_answered(server: BotApiServer, dana: Person, settings: Settings) -> list[str]:
    """Let the bot answer a message; return what it logged."""
    with capture_logs() as log:
        async with serving(settings):
            dana.says("hello")
            await until(lambda: said(server, dana) == ["1 hello"])
    return [entry["event"] for entry in log]


async def test_polling_and_sending_go_through_the_proxy_of_the_environment(
    server: BotApiServer, dana: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with http_proxy(port_of(server), login=LOGIN) as proxy:
        address = f"http://{LOGIN}@127.0.0.1:{proxy.port}"
        log = await is_answered(server, dana, settled(monkeypatch, server, tmp_path, http_proxy=address))
    assert set(proxy.asked) == {"POST telegram.example:8081"}
    assert len(proxy.asked) >= len(server.calls_of("sendMessage")) + len(server.calls_of("getMe"))
    assert f"telegram.example:8081 is reached through the proxy 127.0.0.1:{proxy.port} (http_proxy)" in log
    assert proxy.refused == 0


async def test_socks_goes_before_the_environment_by_the_setting_and_finds_the_name(
    server: BotApiServer, dana: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with http_proxy(port_of(server)) as other, socks_proxy(port_of(server), login=LOGIN) as proxy:
        settings = settled(
            monkeypatch, server, tmp_path, HTTP_PROXY=f"http://127.0.0.1:{other.port}",
            TELEGRAM_PROXY=f"socks5://{LOGIN}@127.0.0.1:{proxy.port}",
        )  # fmt: skip
        log = await is_answered(server, dana, settings)
    assert set(proxy.asked) == {"telegram.example:8081"}
    assert (other.asked, proxy.refused) == ([], 0)
    assert f"telegram.example:8081 is reached through the proxy 127.0.0.1:{proxy.port} (TELEGRAM_PROXY)" in log


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_an_encrypted_webhook_is_set_up_through_the_proxy_with_a_certificate_of_ones_own(
    server: BotApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    file, context = certified(tmp_path, "api.telegram.example")
    making = http_proxy if kind == "http" else socks_proxy
    async with encrypted(port_of(server), context) as port, making(port, login=LOGIN) as proxy:
        settings = settled(
            monkeypatch, server, tmp_path, TELEGRAM_API_BASE_URL="https://api.telegram.example",
            ALL_PROXY=f"{kind}://{LOGIN}@127.0.0.1:{proxy.port}", SSL_CERT_FILE=str(file),
            WEBHOOK_URL="http://127.0.0.1:1/hook", WEBHOOK_SECRET=SECRET,
        )  # fmt: skip
        async with serving(settings):
            await until(lambda: server.calls_of("setWebhook"))
    assert set(proxy.asked) == {f"{'CONNECT ' if kind == 'http' else ''}api.telegram.example:443"}
    assert all("authorization" not in str(call.parameters).lower() for call in server.calls_of("setWebhook"))


async def test_files_come_through_the_proxy(server: BotApiServer, dana: Person) -> None:
    async with http_proxy(port_of(server)) as proxy:
        route = choose({"HTTP_PROXY": f"127.0.0.1:{proxy.port}"}, None, AWAY)
        async with connected(server.token, AWAY, route) as bot:
            with pytest.raises(TelegramError):  # there is none of this name
                await bot.request.retrieve(f"{bot.base_file_url}/documents/none")
    assert proxy.asked == ["GET telegram.example:8081"]
    del dana


async def test_no_proxy_leads_past_it(
    server: BotApiServer, dana: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with http_proxy(port_of(server)) as proxy:
        settings = settled(
            monkeypatch, server, tmp_path, TELEGRAM_API_BASE_URL=server.url,
            HTTP_PROXY=f"http://127.0.0.1:{proxy.port}", NO_PROXY="example.org,127.0.0.0/8",
        )  # fmt: skip
        log = await is_answered(server, dana, settings)
    assert proxy.asked == []
    assert any("is reached directly (NO_PROXY)" in event for event in log)


@pytest.mark.parametrize(
    ("kind", "trouble", "fault"),
    [
        ("http", {"login": LOGIN}, Fault.PROXY_LOGIN),
        ("http", {"forbids": True}, Fault.PROXY_REFUSES),
        ("http", {"hangs_up": True}, None),
        ("socks5", {"login": LOGIN}, Fault.PROXY_LOGIN),
        ("socks5", {"forbids": True}, Fault.PROXY_REFUSES),
    ],
)
@pytest.mark.parametrize("login", ["", "dana:wrong22wrong@"])
async def test_a_call_that_the_proxy_does_not_let_through_was_certainly_not_made(
    server: BotApiServer, kind: str, trouble: dict[str, Any], fault: Fault | None, login: str
) -> None:
    """Else five such calls would count as perhaps delivered, and the message would be put aside."""
    making = http_proxy if kind == "http" else socks_proxy
    async with making(port_of(server), **trouble) as proxy:
        address = f"{kind}://{login}127.0.0.1:{proxy.port}"
        route = choose({}, address, "https://api.telegram.example")
        async with connected(server.token, "https://api.telegram.example", route) as bot:
            with pytest.raises(NotWritten) as caught:
                await bot.call("sendMessage", {"chat_id": 1, "text": "hi"})
    assert fault is None or caught.value.fault is fault
    assert "wrong22wrong" not in repr(caught.value) + str(caught.value.__context__)
    assert server.calls_of("sendMessage") == []


async def test_a_page_of_a_proxy_blocks_nobody(
    server: BotApiServer, dana: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with http_proxy(port_of(server)) as proxy:
        settings = settled(monkeypatch, server, tmp_path, HTTP_PROXY=f"http://127.0.0.1:{proxy.port}")
        async with serving(settings):
            dana.says("one")
            await until(lambda: said(server, dana) == ["1 one"])
            proxy.forbids = True
            dana.says("two")
            await until(lambda: proxy.refused)
            proxy.forbids = False
            await until(lambda: said(server, dana) == ["1 one", "2 two"])


async def test_no_log_holds_a_password_even_at_debug(
    server: BotApiServer, dana: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.StringIO()
    async with http_proxy(port_of(server), login=LOGIN) as proxy:
        settings = settled(
            monkeypatch, server, tmp_path, HTTP_PROXY=f"http://{LOGIN}@127.0.0.1:{proxy.port}",
            HTTPS_PROXY="http://sam:other22other@nowhere.invalid",
        )  # fmt: skip
        configure("DEBUG", "plain", settings.secrets, out)
        async with serving(settings):
            proxy.login = "another"
            await until(lambda: "not reached yet" in out.getvalue())
            proxy.login = LOGIN
            dana.says("hello")
            await until(lambda: said(server, dana))
            proxy.hangs_up = True
            await until(lambda: "cannot be asked for updates" in out.getvalue())
        logging.getLogger("aiohttp.client").error("%s %s", f"http://{LOGIN}@one", b64encode(LOGIN.encode()).decode())
        logging.getLogger("asyncio").error("sam:other22other")
    text = out.getvalue()
    assert "through the proxy" in text
    for secret in (PASSWORD, "other22other", b64encode(LOGIN.encode()).decode()):
        assert secret not in text
    assert PASSWORD not in repr(settings) + settings.model_dump_json()


async def test_socks_without_its_package_says_what_to_install(
    server: BotApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settled(monkeypatch, server, tmp_path, ALL_PROXY="socks5://127.0.0.1:1080")
    monkeypatch.setitem(sys.modules, "aiohttp_socks", None)
    with pytest.raises(BadRoute, match=r"ALL_PROXY names a SOCKS proxy.*pip install 'afterword\[socks\]'"):
        await serve(settings, TALK)
    found = await telegram_findings(settings)
    assert [one.sentence for one in found if not one.well and "afterword[socks]" in one.sentence]
