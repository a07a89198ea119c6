"""What is wrong with an installation, said in sentences with what to do; looking changes nothing and makes nothing."""

from __future__ import annotations

import asyncio
import http.client
import os
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from telegram.error import BadRequest, TelegramError

from bot.app.operator import cipher_of
from bot.app.settings import BadSettings, Settings, load, unknown_names
from bot.core.issues import counted
from bot.runtime.refusals import NO_FAULT
from bot.storage import read_only
from bot.storage.encryption import Cipher
from bot.storage.errors import StoreError
from bot.storage.keys import read_key_use
from bot.storage.revision import inspect
from bot.telegram.client import ApiBot, connected
from bot.telegram.diagnosis import explain
from bot.telegram.polling import ALLOWED
from bot.telegram.route import BadRoute, NetworkRoute

STALE_UPDATES: Final = 100
"""So many waiting updates mean that the bot does not fetch them."""
RECENT_SECONDS: Final = 3600
"""An error of the webhook that is older, while nothing waits, is over."""
LITTLE_ROOM: Final = 200 * 1024**2
"""Bytes; with less on its disk the database may stop at any time."""
HEALTH_SECONDS: Final = 3.0


@dataclass(frozen=True)
class Probe:
    """One thing that was looked at: whether it is as it should be, and a sentence about it."""

    well: bool
    sentence: str


async def diagnose(folder: Path) -> list[Probe]:
    """Look at the settings as `load(folder)` reads them, and at everything they name; never raises for a finding."""
    names = [Probe(not near, sentence) for sentence, near in unknown_names(folder)]
    try:
        settings = load(folder)
    except BadSettings as bad:
        return [*(Probe(False, fault) for fault in bad.faults), *names]
    local = [*names, *settings_findings(settings), *folder_findings(settings), *port_findings(settings)]
    return [
        *local,
        *await asyncio.to_thread(content_findings, settings),
        *await database_findings(settings),
        *await telegram_findings(settings),
    ]


# -- what the settings say together ------------------------------------------------------------------------------------


def settings_findings(settings: Settings) -> Iterator[Probe]:
    """Say which settings are without effect, or do less than whoever set them may think."""
    if settings.data_key and settings.key_file:
        yield Probe(False, "DATA_KEY and DATA_KEY_FILE are both set; DATA_KEY counts. Keep one of the two.")
    if settings.secret and not settings.webhook_url:
        yield Probe(False, "WEBHOOK_SECRET is set without WEBHOOK_URL, so nothing uses it. Set both, or neither.")
    if settings.processes > 1 and not settings.webhook_url:
        yield Probe(
            False,
            f"PROCESSES is {settings.processes}, but without WEBHOOK_URL only one process can ask Telegram for "
            "updates and the others stand by. Set a webhook, or PROCESSES=1.",
        )


def folder_findings(settings: Settings) -> Iterator[Probe]:
    """Look at the data folder: may it be written to, is there room, and does the key lie apart from it."""
    folder = settings.data_dir
    there = folder if folder.exists() else next((one for one in folder.absolute().parents if one.exists()), Path("/"))
    if not there.is_dir():
        yield Probe(False, f"DATA_DIR: {there} is a file. Name a folder.")
        return
    if not os.access(there, os.W_OK | os.X_OK):
        yield Probe(False, f"DATA_DIR: {there} cannot be written to. Let the bot's user write there.")
    room = shutil.disk_usage(there).free
    if room < LITTLE_ROOM:
        yield Probe(False, f"DATA_DIR: its disk has {room // 1024**2} MB left. Make room before it is full.")
    if not settings.keys and settings.keys_file.absolute().is_relative_to(folder.absolute()):
        yield Probe(
            False,
            f"DATA_KEY_FILE: {settings.keys_file} lies in the data folder, so a copy of the folder opens everything. "
            "Move it elsewhere.",
        )


# -- the port ----------------------------------------------------------------------------------------------------------


def port_findings(settings: Settings) -> Iterator[Probe]:
    """Look whether LISTEN and PORT are free, or taken by a bot that runs."""
    place = f"{settings.listen}:{settings.port}"
    family = socket.AF_INET6 if ":" in settings.listen else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((settings.listen, settings.port))
    except PermissionError:
        yield Probe(
            False, f"PORT: {place} may be opened by root only. Take a port above 1023 and let a proxy pass it on."
        )
    except OSError as error:
        if _answers_alive(settings):
            yield Probe(True, f"The bot is running: it answers at {place}.")
        elif error.errno == 98 or "in use" in str(error):  # EADDRINUSE has another number on macOS
            yield Probe(False, f"PORT: another program listens at {place}. Stop it, or choose another PORT.")
        else:
            yield Probe(False, f"LISTEN: nothing can listen at {place}: {error.strerror}. Use an own address.")
    else:
        yield Probe(True, f"Nothing listens at {place}: the bot is not running.")


def _answers_alive(settings: Settings) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.listen, settings.listen)  # noqa: S104 - compared, not bound
    line = http.client.HTTPConnection(host, settings.port, timeout=HEALTH_SECONDS)
    try:
        line.request("GET", "/healthz")
        return line.getresponse().read(64).startswith(b"alive")
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


# -- the content -------------------------------------------------------------------------------------------------------


def content_findings(settings: Settings) -> list[Probe]:
    """Prove the content, as a start does."""
    from bot.app.content import check  # not before: it brings the whole checker along

    _, issues = check(settings.content)
    where = settings.content or "The shipped content"
    if not issues:
        return [Probe(True, f"{where} passes every check.")]
    more = f"`afterword check{f' --content {settings.content}' if settings.content else ''}` lists all."
    return [Probe(False, f"CONTENT: {where} has {counted(len(issues), 'finding')}. The first: {issues[0]} {more}")]


# -- the database ------------------------------------------------------------------------------------------------------


async def database_findings(settings: Settings) -> list[Probe]:
    """Look at the database and its keys."""
    try:
        return await asyncio.to_thread(_database, settings)
    except (StoreError, OSError) as error:
        return [Probe(False, str(error))]


def _database(settings: Settings) -> list[Probe]:
    """Look at the database; raises StoreError."""
    state = inspect(settings.database_url)
    state.refuse_what_is_not_ours()
    if state.standing == "empty":
        return [Probe(True, f"{state.place}: there is no database yet; the first start makes it.")]
    cipher = cipher_of(settings)
    read_only.check_keys(settings.database_url, cipher)
    if state.standing == "older":
        what = f"its tables are of revision {state.revision}, with {state.people:,} people, and the key fits"
        return [Probe(True, f"{state.place}: {what}. It will be upgraded at the next start.")]
    found = [Probe(True, "The database answers, its tables are up to date, and the key fits.")]
    _, kinds = read_only.parked(settings.database_url, cipher, limit=1)
    return [*found, *parked_findings(kinds), *key_findings(settings, cipher)]


def parked_findings(kinds: Mapping[str, int]) -> Iterator[Probe]:
    """Say how much was put aside; chats that shut the bot out or are gone are no fault."""
    quiet = sum(count for kind, count in kinds.items() if kind in NO_FAULT)
    if faults := sum(kinds.values()) - quiet:
        yield Probe(False, f"{faults} put aside: look with `afterword parked`.")
    if quiet:
        yield Probe(True, f"{quiet} put aside for chats that shut the bot out or are gone; they expire.")


def key_findings(settings: Settings, cipher: Cipher) -> Iterator[Probe]:
    """Say how many values are left under which old key, and whether it can be dropped; raises StoreError."""
    use = read_key_use(settings.database_url, cipher)
    for key, count in use.missing.items():
        what = f"{counted(count, 'value')} can only be read with the key {key}, which isn't given"
        yield Probe(False, f"{what}: add it to DATA_KEY, behind the first.")
    for key, count in use.old.items():
        if count:
            what = f"The key {key} still holds {counted(count, 'value')}: keep it until the bot has renewed them."
        else:
            what = f"Nothing is under the old key {key} any more: it can be left out of DATA_KEY."
        yield Probe(True, what)


# -- Telegram ----------------------------------------------------------------------------------------------------------


async def telegram_findings(settings: Settings) -> list[Probe]:
    """Ask Telegram about the token, the bot's switches, the webhook and the operator's chat."""
    if settings.bot_token is None:
        return [Probe(False, "TELEGRAM_BOT_TOKEN is not set: get a token from @BotFather in Telegram.")]
    try:
        route = settings.route
        async with connected(settings.bot_token, settings.server, route) as bot:
            return [Probe(True, f"{route}."), *await _asked(settings, bot, route)]
    except BadRoute as bad:
        return [Probe(False, str(bad))]


async def _asked(settings: Settings, bot: ApiBot, route: NetworkRoute) -> list[Probe]:
    try:
        me = await bot.call("getMe", {})
        found = [
            Probe(True, f"Telegram knows the token: @{me.get('username')}."),
            *profile_findings(settings, me),
        ]
        found += webhook_findings(settings, await bot.call("getWebhookInfo", {}), time.time())
        return [*found, *await _operator(settings, bot)]
    except TelegramError as error:
        return [Probe(False, explain(error, route))]


def profile_findings(settings: Settings, me: Mapping[str, Any]) -> Iterator[Probe]:
    """Compare what @BotFather was told with what is needed; inline mode may be off."""
    if me.get("supports_inline_queries"):
        yield Probe(True, "Inline mode is on: the bot's name and a word find an answer in any chat.")
    else:
        yield Probe(
            True, "Inline mode is off, so nothing is found from other chats: /setinline at @BotFather turns it on."
        )
    if settings.coaches and me.get("can_join_groups") is False:
        yield Probe(
            False, "COACHES are named, but the bot cannot be added to groups: /setjoingroups at @BotFather allows it."
        )
    if me.get("can_read_all_group_messages"):
        yield Probe(
            False,
            "Privacy mode is off, so the bot gets everything that is said in its groups, and needs none of it: "
            "/setprivacy at @BotFather, then remove it from its groups and add it again.",
        )


def webhook_findings(settings: Settings, hook: Mapping[str, Any], now: float) -> Iterator[Probe]:
    """Compare the webhook that Telegram has with the one that is set; `now` is in seconds since 1970."""
    has, wanted = hook.get("url") or None, settings.webhook_url
    waiting = hook.get("pending_update_count", 0)
    if has == wanted:
        yield Probe(True, f"Updates come by {'webhook' if wanted else 'long polling'}, as set.")
    elif wanted:
        yield Probe(False, "Telegram does not know WEBHOOK_URL yet: start the bot, which tells it.")
    else:
        yield Probe(False, "Telegram still has a webhook: start the bot, which deletes it, or set WEBHOOK_URL.")
    message, when = hook.get("last_error_message"), hook.get("last_error_date", now)
    if message and (waiting or now - when < RECENT_SECONDS):
        yield Probe(False, f"Telegram's last try at the webhook failed: {message}.")
    if has and set(hook.get("allowed_updates", ALLOWED)) != set(ALLOWED):
        yield Probe(False, "Telegram sends other kinds of updates than asked for: restart the bot.")
    if waiting > STALE_UPDATES:
        yield Probe(False, f"{waiting} updates wait at Telegram: is the bot running?")


async def _operator(settings: Settings, bot: ApiBot) -> list[Probe]:
    """See that the operator can be told something."""
    if settings.operator is None:
        return []
    try:
        await bot.call("getChat", {"chat_id": settings.operator})
    except BadRequest:
        return [Probe(False, f"OPERATOR: {settings.operator} cannot be written to. Send /start to the bot first.")]
    return []
