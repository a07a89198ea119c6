"""The start and the end of `afterword run`: what is waited for, what ends it with words, and which signals it heeds."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from structlog.testing import capture_logs

from bot.app.content import BadContent
from bot.app.server import BotApplication, serve
from bot.app.settings import Settings, load
from bot.app.startup import CannotListen
from bot.core.issues import Issue, SourceLocation
from bot.storage.database import Database
from bot.storage.errors import Lost, NotLetIn, StoreUnready, translated
from tests.botapi import BotApiServer
from tests.botapi import Person as Human
from tests.support.bot_process import ROOT, RunningBot, free_port
from tests.support.command_line import afterword, err
from tests.support.serving import SECRET, TALK, given, said, until

posix = pytest.mark.skipif(os.name != "posix", reason="signals and pipes are POSIX's")


@pytest.fixture
def settings(server: BotApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in {**given(server, tmp_path), "PORT": str(free_port())}.items():
        monkeypatch.setenv(name, value)
    return load(tmp_path)


async def asked(settings: Settings, path: str) -> tuple[int, str]:
    """Return what the web side answers; (0, "") while nobody listens."""

    def ask() -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{settings.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    return await asyncio.to_thread(ask)


async def reads(settings: Settings, path: str, words: str) -> None:
    """Wait until the web side says so."""
    async with asyncio.timeout(20):
        while words not in (await asked(settings, path))[1]:
            await asyncio.sleep(0.01)


async def test_health_answers_while_the_content_is_checked_and_a_stop_is_heeded(settings: Settings) -> None:
    stop = asyncio.Event()

    async def never() -> BotApplication:
        await asyncio.Event().wait()
        raise AssertionError

    running = asyncio.create_task(serve(settings, never, stop=stop))
    await reads(settings, "/readyz", "waiting for the content to be checked")
    assert (await asked(settings, "/healthz"))[0] == 200
    stop.set()
    await asyncio.wait_for(running, 10)


async def test_content_with_faults_ends_the_start(settings: Settings) -> None:
    async def faulty() -> BotApplication:
        raise BadContent([Issue(SourceLocation("flows"), "no-first-flow", "It is wrong.", "", "")])

    with pytest.raises(BadContent):
        await serve(settings, faulty)


async def test_a_database_that_is_away_is_waited_for_and_said(
    server: BotApiServer, dana: Human, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, tries = Database.open, 0

    async def away(*arguments: object) -> Database:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise Lost("it: the database does not answer")
        return await really(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Database, "open", away)
    monkeypatch.setattr("bot.app.startup.FIRST_PAUSE", 0.01)
    stop = asyncio.Event()
    dana.says("hello")
    with capture_logs() as log:
        running = asyncio.create_task(serve(settings, TALK, timeout=2, stop=stop))
        await until(lambda: said(server, dana) == ["1 hello"])
        stop.set()
        await asyncio.wait_for(running, 10)
    waits = [entry["event"] for entry in log if entry["event"].startswith("waiting for the database at ")]
    assert len(waits) == 1, "the same again is not said again"
    assert waits[0].endswith("afterword.sqlite3; trying again")


async def test_a_stop_is_heeded_while_a_server_is_waited_for(settings: Settings) -> None:
    away = settings.model_copy(
        update={"database": type(settings.token)(f"postgresql://me:s3cret@127.0.0.1:{free_port()}/x")}  # type: ignore[call-overload]
    )
    stop = asyncio.Event()
    with capture_logs() as log:
        running = asyncio.create_task(serve(away, TALK, stop=stop))
        await reads(away, "/readyz", "/x (Lost); the log says more")
        stop.set()
        await asyncio.wait_for(running, 15)
    assert "s3cret" not in str(log)


@pytest.mark.parametrize(
    "words",
    [
        'FATAL:  password authentication failed for user "me"',
        'FATAL:  database "x" does not exist',
        'FATAL:  role "me" does not exist',
        'FATAL:  no pg_hba.conf entry for host "10.0.0.1"',
        "fe_sendauth: no password supplied",
        "FATAL:  no such database: x",
    ],
)
def test_what_waiting_does_not_mend_is_told_apart(words: str) -> None:
    error = psycopg.OperationalError(f'connection failed: connection to server at "h", port 5432 failed: {words}')
    assert isinstance(translated(error, "the database"), NotLetIn)


@pytest.mark.parametrize(
    "words",
    [
        "connection failed: Connection refused",
        "connection failed: FATAL:  the database system is starting up",
        "connection failed: FATAL:  sorry, too many clients already",
        'connection failed: FATAL:  database "x" is not currently accepting connections',
        "connection timeout expired",
        "failed to resolve host 'db': Name or service not known",
    ],
)
def test_what_waiting_may_mend_is_waited_for(words: str) -> None:
    assert isinstance(translated(psycopg.OperationalError(words), "the database"), Lost)


async def test_a_driver_that_is_missing_is_said_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.storage.conftest import Place as Somewhere

    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreUnready, match="pip install"):
        await Database.open("postgresql://me@127.0.0.1:1/x", Somewhere("").cipher)


async def test_a_port_that_is_taken_ends_a_bot_with_a_webhook_only(
    server: BotApiServer, dana: Human, settings: Settings
) -> None:
    with socket.create_server(("127.0.0.1", settings.port)):
        hook = {"webhook_url": "https://bot.example.org/hook", "webhook_secret": type(settings.token)(SECRET)}  # type: ignore[call-overload]
        with pytest.raises(CannotListen, match=rf"127\.0\.0\.1:{settings.port}: .*Free the port"):
            await serve(settings.model_copy(update=hook), TALK)
        stop = asyncio.Event()
        running = asyncio.create_task(serve(settings, TALK, timeout=2, stop=stop))
        dana.says("hello")
        await until(lambda: said(server, dana) == ["1 hello"])
        stop.set()
        await asyncio.wait_for(running, 10)


# -- as a process ------------------------------------------------------------------------------------------------------


def test_a_service_without_a_token_says_so_and_ends_with_2(tmp_path: Path) -> None:
    done = afterword("run", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert err(done).startswith("TELEGRAM_BOT_TOKEN is not set")
    assert "@BotFather" in err(done)


def test_why_it_cannot_run_is_written_as_the_log_is(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LOG_FORMAT=json\nPORT=x\nPROCESSES=0\n")
    done = afterword("run", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    lines = [json.loads(line) for line in err(done).splitlines()]
    assert [(line["level"], line["event"].partition(":")[0]) for line in lines] == [
        ("critical", "PORT"),
        ("critical", "PROCESSES"),
    ]


@posix
def test_a_terminal_without_a_token_holds_the_conversation(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    shown = b""
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "run"], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
    ) as talking:  # fmt: skip
        os.close(theirs)
        with suppress(OSError):  # the terminal is gone with the process
            while more := os.read(ours, 4096):
                shown += more
                if b"Question 1 of" in more:
                    os.write(ours, b":quit\n")
        assert talking.wait(30) == 0
    os.close(ours)
    assert b"BotFather" in shown
    assert b"Question 1 of" in shown, shown.decode(errors="replace")


@posix
def test_signals_are_heeded_before_the_settings_are_read(tmp_path: Path) -> None:
    """The token comes through a pipe, so the process waits in its first lines until it is written."""
    with BotApiServer(seed=1) as telegram:
        bot = RunningBot(telegram, tmp_path, prepared=False)
        pipe = tmp_path / "token"
        os.mkfifo(pipe)
        del bot.env["TELEGRAM_BOT_TOKEN"]
        bot.env["TELEGRAM_BOT_TOKEN_FILE"] = str(pipe)
        with bot:
            with pipe.open("w") as writing:  # opens once it is read
                assert bot.process is not None
                bot.process.send_signal(signal.SIGHUP)
                writing.write(f"  {telegram.token}\r\n")
            telegram.wait(lambda: telegram.calls_of("getUpdates"), 60)
            assert bot.stop()[0] == 0
        starts = [line for line in bot.log.read_text().splitlines() if "Afterword starts" in line]
        assert len(starts) == 1
        for part in ("version=", "afterword.sqlite3", "intake=polling", "content=shipped", "processes=1"):
            assert part in starts[0]
        assert telegram.token not in bot.log.read_text()
        with bot, pipe.open("w"):
            assert bot.stop()[0] == 0


def test_the_version_is_said() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "--version"], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
    )
    assert done.returncode == 0
    assert done.stdout.startswith("afterword ")
    assert done.stdout.count("\n") == 1
