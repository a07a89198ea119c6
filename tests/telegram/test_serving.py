"""The whole bot against the strict local server: wired, killed, stopped, and started again."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.app.server import Reloaded, serve
from bot.app.settings import Settings, load
from bot.app.systemd import notify
from bot.telegram.polling import BotRefused
from tests.botapi import BotApiServer
from tests.botapi import Person as Human
from tests.support.application import Talks
from tests.support.bot_process import prepare
from tests.support.serving import SECRET, TALK, count, given, read, said, serving, until


@pytest.fixture
def settings(server: BotApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in given(server, tmp_path).items():
        monkeypatch.setenv(name, value)
    loaded = load(tmp_path)
    prepare(loaded)
    return loaded


async def test_what_is_said_is_answered_and_what_is_tapped_ends_its_spinner(
    server: BotApiServer, dana: Human, settings: Settings
) -> None:
    async with serving(settings):
        dana.says("hello")
        await until(lambda: said(server, dana) == ["1 hello"])
        tap = await server.play(dana.taps, "More")
        await until(lambda: said(server, dana) == ["1 hello", "2 more"])
        assert tap.answered
    assert server.pending == []
    assert server.calls_of("answerCallbackQuery")[0].parameters["text"] == "heard"
    # A poll that the stop has left open is cut off by the one that confirms (409), as Telegram does it.
    assert [call for call in server.refused if call.method != "getUpdates"] == []
    assert settings.keys_file.stat().st_mode & 0o077 == 0


async def test_what_was_kept_before_a_stop_goes_on_after_it(
    server: BotApiServer, dana: Human, settings: Settings
) -> None:
    async with serving(settings):
        dana.says("one")
        await until(lambda: said(server, dana))
    dana.says("two")
    async with serving(settings):
        await until(lambda: said(server, dana) == ["1 one", "2 two"])


async def test_somebody_who_blocks_gets_nothing_until_they_come_back(
    server: BotApiServer, dana: Human, settings: Settings
) -> None:
    async with serving(settings):
        dana.says("one")
        await until(lambda: said(server, dana))
        dana.blocks()
        await until(lambda: not server.pending)
        dana.unblocks()
        dana.says("two")
        await until(lambda: said(server, dana) == ["1 one", "2 two"])


async def test_the_bot_starts_while_telegram_is_away(server: BotApiServer, dana: Human, settings: Settings) -> None:
    dana.says("hello")
    with server.outage(), capture_logs() as log:
        running = serving(settings)
        await running.__aenter__()
        await until(lambda: any("not reached yet" in entry["event"] for entry in log))
    await until(lambda: said(server, dana) == ["1 hello"])
    await running.__aexit__(None, None, None)


async def test_a_refused_token_is_said(server: BotApiServer, settings: Settings) -> None:
    server.fault("401", method="getMe")
    with pytest.raises(BotRefused, match="BotFather"):
        await serve(settings, TALK)


async def test_the_webhook_takes_over_from_polling_and_back(
    server: BotApiServer, dana: Human, settings: Settings
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    more = {"webhook_url": f"http://127.0.0.1:{port}/hook", "port": port}
    hooked = settings.model_copy(update=more | {"webhook_secret": type(settings.token)(SECRET)})  # type: ignore[call-overload]
    dana.says("one")
    async with serving(hooked):
        await until(lambda: said(server, dana) == ["1 one"])
        assert server.calls_of("getUpdates") == []
    dana.says("two")
    async with serving(settings):
        await until(lambda: said(server, dana) == ["1 one", "2 two"])
    assert len(server.calls_of("deleteWebhook")) == 1


POINTS = ("before_commit", "after_commit", "before_send", "after_send")
PROGRAM = """
import asyncio, os
from datetime import timedelta
from pathlib import Path
from bot.app.server import serve
from bot.app.settings import load
from tests.support import kill_points
from tests.support.serving import TALK
kill_points.arm(os.environ["KILL_AT"])
asyncio.run(serve(load(Path(os.environ["DATA_DIR"]).parent), TALK, timeout=2, lease=timedelta(seconds=1)))
"""


def started(server: BotApiServer, folder: Path, fault: str = "") -> subprocess.Popen[bytes]:
    prepare(Settings.model_validate(given(server, folder)))
    environment = os.environ | given(server, folder) | {"KILL_AT": fault}
    return subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment, stderr=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL)  # fmt: skip


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param("after_send:2"),
        *(pytest.param(f"{point}:{n}", marks=pytest.mark.slow) for point in POINTS for n in range(1, 5)),
    ],
)
def test_a_kill_loses_nothing_and_doubles_one_message_at_most(
    server_in_thread: BotApiServer, tmp_path: Path, fault: str
) -> None:
    server = server_in_thread
    humans = [server.person(started=True) for _ in range(5)]
    for human in humans:
        human.says("one")
    killed = started(server, tmp_path, fault)
    assert killed.wait() == -signal.SIGKILL
    for human in humans:
        human.says("two")
    again = started(server, tmp_path)
    try:
        server.wait(lambda: all("2 two" in said(server, human) for human in humans), 50)
    finally:
        again.terminate()
    assert again.wait() == 0
    texts = [text for human in humans for text in said(server, human)]
    assert set(texts) == {"1 one", "2 two"}
    assert len(texts) <= 2 * len(humans) + fault.startswith("after_send")
    for human in humans:
        assert said(server, human)[-1] == "2 two"
    assert server.pending == []


@pytest.mark.slow
def test_sigterm_under_load_ends_in_time_and_loses_and_doubles_nothing(
    server_in_thread: BotApiServer, tmp_path: Path
) -> None:
    server = server_in_thread
    humans = [server.person(started=True) for _ in range(40)]
    first = started(server, tmp_path)
    server.wait(lambda: server.calls_of("getUpdates"), 15)
    for n in range(3):
        for human in humans:
            human.says(str(n))
        if n == 1:
            first.terminate()
    assert first.wait(10) == 0
    second = started(server, tmp_path)
    try:
        server.wait(lambda: len(server.sent()) >= 3 * len(humans), 20)
    finally:
        second.terminate()
    assert second.wait(10) == 0
    for human in humans:
        assert said(server, human) == ["1 0", "2 1", "3 2"]
    assert server.violations == []


@pytest.fixture
def server_in_thread() -> Any:
    with BotApiServer(seed=1) as server:
        yield server


@pytest.fixture
def systemd(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[str]]]:
    """Return what hears what systemd is told from now on: all of it, in order, without repetitions."""
    heard: list[str] = []
    with TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(f"{folder}/notify")  # a folder of its own: an address has 107 bytes at most
        line.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", f"{folder}/notify")
        monkeypatch.setenv("WATCHDOG_USEC", "100000")

        def listen() -> list[str]:
            with suppress(BlockingIOError):
                while True:
                    heard.append(line.recv(200).decode().partition("\n")[0])
            return [told for told, before in zip(heard, [None, *heard], strict=False) if told != before]

        yield listen


async def test_systemd_is_told_when_the_bot_is_ready_alive_reloading_and_stopping(
    server: BotApiServer, settings: Settings, systemd: Callable[[], list[str]]
) -> None:
    stop, read_again = asyncio.Event(), asyncio.Event()

    async def reload() -> Reloaded:
        await read_again.wait()
        return Reloaded(anew=False)

    with server.outage(), capture_logs() as log:
        running = asyncio.create_task(serve(settings, Talks(count, read=read, reload=reload), timeout=2, stop=stop))
        await until(lambda: any("not reached yet" in entry["event"] for entry in log))
        assert systemd() == [], "not ready before Telegram knows the bot"
    await until(lambda: systemd()[:2] == ["READY=1", "WATCHDOG=1"])
    os.kill(os.getpid(), signal.SIGHUP)
    await until(lambda: "RELOADING=1" in systemd())
    assert systemd().count("READY=1") == 1, "not ready again before the content is read"
    read_again.set()
    await until(lambda: systemd().count("READY=1") == 2)
    stop.set()
    await until(lambda: systemd() and running.done())
    await running
    assert systemd()[-1] == "STOPPING=1", "and no sign of life after it"


async def test_a_systemd_that_is_gone_does_not_end_the_bot(
    server: BotApiServer, dana: Human, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/nowhere/notify")
    async with serving(settings):
        dana.says("hello")
        await until(lambda: said(server, dana) == ["1 hello"])


def test_systemd_may_name_a_socket_that_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind("")  # Linux picks an abstract address
        line.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + line.getsockname()[1:].decode())
        notify("STOPPING=1")
        assert line.recv(200) == b"STOPPING=1"
