"""The log shows no token, no secret, no key and no answer: at any level, in any form, in any trace."""

from __future__ import annotations

import io
import json
import logging
import sqlite3
import warnings
from collections.abc import Iterator
from typing import Literal

import aiohttp
import pytest
import structlog

from bot.app import logging as logs
from bot.telegram.client import connected
from tests.botapi import TOKEN, BotApiServer, Person

SECRET = "a-word-only-Telegram-knows"  # noqa: S105 - opens nothing
KEY = "5v6M0l0nPlzq2N4H5eXn1o9g2X7kqk0JmYk1cQw3r4E="
ANSWER = "Dana from Northwind"
OTHER = "123456789:AAF1-another-bots-token-0123456789"
SHOWN = (TOKEN, SECRET, KEY, OTHER, TOKEN.replace(":", "%3A"))

Form = Literal["json", "plain"]


@pytest.fixture(params=["plain", "json"])
def form(request: pytest.FixtureRequest) -> Form:
    return "json" if request.param == "json" else "plain"


@pytest.fixture
def out(form: Form) -> Iterator[io.StringIO]:
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs.QUIET}
    stream = io.StringIO()
    logs.configure("DEBUG", form, [TOKEN, SECRET, KEY], stream)
    yield stream
    logging.captureWarnings(False)
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, old in levels.items():
        logging.getLogger(name).setLevel(old)


def clean(stream: io.StringIO) -> str:
    text = stream.getvalue()
    for secret in (*SHOWN, ANSWER, "Northwind"):
        assert secret not in text
    return text


@pytest.mark.parametrize("secret", SHOWN)
def test_secrets_are_struck_out_wherever_they_stand(out: io.StringIO, secret: str) -> None:
    log = structlog.get_logger("afterword.test")
    log.info(f"POST https://api.telegram.org/bot{secret}/sendMessage", url=f"x/bot{secret}/getMe", deep={"a": [secret]})
    logging.getLogger("foreign").warning("HTTP Request: POST %s", f"https://api.telegram.org/bot{secret}/getUpdates")
    log.warning("given as it is", given=secret, key=(secret, secret))
    text = clean(out)
    assert text.count(logs.STRUCK) >= 5
    assert "sendMessage" in text


def test_a_trace_says_where_and_what_but_not_the_words_of_people(out: io.StringIO) -> None:
    log = structlog.get_logger("afterword.test")

    def answer() -> None:
        raise ValueError(f"cannot read {ANSWER} at https://api.telegram.org/bot{TOKEN}/x")

    try:
        try:
            answer()
        except ValueError as error:
            raise KeyError(ANSWER) from error
    except KeyError:
        log.exception("it failed")
        logging.getLogger("foreign").exception("it failed there, too")
        logging.getLogger("foreign").error("and here", exc_info=True)
    text = clean(out)
    assert text.count("builtins.KeyError") == text.count("builtins.ValueError") == 3
    assert "test_logs.py" in text
    assert " answer" in text


def test_what_the_system_says_is_shown(out: io.StringIO) -> None:
    log = structlog.get_logger("afterword.test")
    for error in (OSError(28, "No space left on device"), sqlite3.OperationalError("database is locked")):
        log.warning("the store is in trouble", exc_info=error)
    text = clean(out)
    assert "No space left on device" in text
    assert "database is locked" in text


def test_libraries_are_quiet_even_at_debug(out: io.StringIO) -> None:
    for name in ("httpx", "httpcore.http11", "aiohttp.client", "telegram.Bot", "uvicorn.access", "sqlalchemy.engine"):
        logging.getLogger(name).info("POST %s", TOKEN)
        logging.getLogger(name).debug("parameters %s", {"text": ANSWER})
    assert clean(out) == ""
    logging.getLogger("telegram.Bot").warning("a warning passes")
    assert "a warning passes" in clean(out)


def test_a_line_tells_its_update(out: io.StringIO, form: Form) -> None:
    log = structlog.get_logger("afterword.test")
    with structlog.contextvars.bound_contextvars(update=5, who="ab12"):
        log.info("turn", kind="Said", seconds=0.002)
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("mind this", UserWarning, stacklevel=1)
    first, *more = clean(out).splitlines()
    assert any("mind this" in line for line in more)
    if form == "json":
        line = json.loads(first)
        assert (line["event"], line["update"], line["who"], line["kind"]) == ("turn", 5, "ab12", "Said")
        assert line["timestamp"].endswith("Z")
    else:
        assert "Z info    afterword.test: turn " in first
        assert set(first.split("turn ")[1].split()) == {"update=5", "who=ab12", "kind=Said", "seconds=0.002"}


async def test_real_calls_and_real_faults_leave_no_trace_of_a_secret(
    out: io.StringIO, server: BotApiServer, dana: Person
) -> None:
    log = structlog.get_logger("afterword.test")
    for kind in ("500", "502_html", "cut_after", "cut_before", "429", "401"):
        server.fault(kind, method="sendMessage")
    values = {"chat_id": dana.id, "text": ANSWER}
    for address in (server.url, "http://127.0.0.1:1", "http://nowhere.invalid", "no-address"):
        async with connected(TOKEN, address) as bot:
            for _ in range(7):
                try:
                    await bot.call("sendMessage", values)
                except Exception:
                    log.exception("a call failed")
    async with aiohttp.ClientSession() as session:
        try:
            await session.get(f"http://127.0.0.1:1/bot{TOKEN}/getMe")
        except aiohttp.ClientError:
            log.exception("a bare call failed")
    text = clean(out)
    assert text.count("a call failed") == 6 + 3 * 7
    assert len(server.sent()) == 2
