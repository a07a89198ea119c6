"""Where requests go: addresses that lead somewhere, and those that do not."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from tests.telegram.far import HI, OK, answering, ask, broken, ours, resolving, saying, until


@pytest.mark.parametrize(
    "address", ["no-address", "ftp://localhost", "http://", "http://localhost:port", "http://localhost:99999",
                "http://[::1", f"http://{'a' * 70}.example", "http://a..b", "http://localhost/\ud800", "http://nowhere.invalid"]
)  # fmt: skip
async def test_an_address_that_leads_nowhere_is_never_written_to(address: str) -> None:
    async with ours(1) as made:
        for _ in range(2):  # and takes no place for long
            assert not (await broken(made, address + "/bot1:secret")).written


async def test_a_host_is_looked_up_once_for_all_who_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    lookups: list[str] = []

    async def resolved(host: str, port: int, **_: Any) -> list[Any]:
        lookups.append(host)
        await asyncio.sleep(0.01)
        if len(lookups) == 1:
            raise socket.gaierror(-3, "Temporary failure in name resolution")
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    async with answering(saying(OK)) as far, ours(8) as made:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolved)
        failed = await asyncio.gather(*(broken(made, far.url) for _ in range(8)))
        assert {str(one) for one in failed} == {"gaierror Temporary failure in name resolution"}
        impatient = asyncio.create_task(ask(made, far.url))
        await asyncio.sleep(0)
        asking = [asyncio.create_task(ask(made, far.url)) for _ in range(7)]
        await until(lambda: len(lookups) == 2)
        impatient.cancel()
        assert await asyncio.gather(*asking) == [HI] * 7
        assert lookups == ["localhost"] * 2


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("http://bot.bücher.example:8081/x", "bot.xn--bcher-kva.example:8081"),
        (f"http://{'a' * 60}.example:8081/", f"{'a' * 60}.example:8081"),
        ("http://telegram.example:80", "telegram.example"),
        ("http://telegram.example:0", "telegram.example:0"),
        ("http://[::1]:8081", "[::1]:8081"),
    ],
)
async def test_a_host_is_named_as_it_is_written_on_the_wire(
    address: str, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with answering(saying(OK)) as far, ours() as made:
        resolving(monkeypatch, port=int(far.url.rpartition(":")[2]))
        assert await ask(made, address) == HI
        assert f"\r\nHost: {host}\r\n".encode() in far.asked[0]


async def test_one_address_of_a_host_that_is_silent_keeps_nobody_from_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with answering(saying(OK)) as far, ours() as made:
        loop, port = asyncio.get_running_loop(), int(far.url.rpartition(":")[2])
        connect = loop.sock_connect

        async def connecting(sock: Any, address: Any) -> None:
            await (connect(sock, address) if address[0] == "127.0.0.1" else asyncio.sleep(60))

        resolving(monkeypatch, "192.0.2.1", "127.0.0.1")
        monkeypatch.setattr(loop, "sock_connect", connecting)
        assert await ask(made, f"http://telegram.example:{port}", connect=2.0) == HI


async def test_a_name_and_a_password_in_the_address_are_told_and_not_shown() -> None:
    async with answering(saying(OK)) as far, ours() as made:
        assert await ask(made, far.url.replace("//", "//coach:a%3Ab@")) == HI
        assert b"\r\nAuthorization: Basic Y29hY2g6YTpi\r\n" in far.asked[0]
        assert b"\r\nHost: localhost:" in far.asked[0]
