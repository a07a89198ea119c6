"""The bot as a process: opens everything in order, runs until it is told to stop, and closes in the reverse order.

Law of this file: nothing is decided here, only wired. Intake stops before the outbox, the outbox before the line to
Telegram, and the store last, so that what was taken in is kept and what is in flight is written down.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final, TypeVar

import structlog
from telegram.error import InvalidToken, TelegramError

from bot.app.settings import Settings
from bot.service.clock import SystemClock
from bot.service.cohorts import Convene, Hold
from bot.service.conversation import Apologise, Door, Respond
from bot.service.limits import Guard, Pace
from bot.service.ports import Clock, Store
from bot.service.reminders import Reminders
from bot.service.workers import LEASE, Outbox
from bot.storage.database import Database
from bot.storage.encryption import Cipher
from bot.storage.errors import Corrupt
from bot.telegram.client import ApiBot, connected
from bot.telegram.inline import Search
from bot.telegram.intake import Intake, Read
from bot.telegram.messenger import TelegramMessenger
from bot.telegram.metrics import Meters
from bot.telegram.polling import ALLOWED, REFUSED, TIMEOUT, Age, Polling, Refused
from bot.telegram.standing import looked
from bot.telegram.webhook import Server, Web, drop_webhook, set_webhook

T = TypeVar("T")

INTAKE_SECONDS: Final = 4.0
OUTBOX_SECONDS: Final = 4.0
TOASTS_SECONDS: Final = 0.5
"""How long each may take to end; together less than the 10 s that a stop may last."""
SILENCE: Final = 3 * TIMEOUT
"""Seconds without an answer of Telegram's after which a polling bot is not ready."""
TIDY_SECONDS: Final = 3600.0

log = structlog.get_logger("afterword")


@dataclass(frozen=True)
class Reloaded:
    """What became of edited content: whether it is talked with now, and what to tell the operator ("": nothing)."""

    anew: bool
    notice: str = ""


@dataclass(frozen=True)
class Talk:
    """What the dialogue brings along."""

    respond: Respond
    read: Callable[[dict[str, Any], dict[str, Any]], Read]
    """Reads an update, given the bot's own user (getMe) and the update."""
    apologise: Apologise | None = None
    convene: Convene | None = None
    hold: Hold | None = None
    prepare: Callable[[ApiBot], Awaitable[None]] | None = None
    """Sets commands and descriptions; what it raises is logged, and the bot runs without them."""
    reload: Callable[[], Awaitable[Reloaded]] | None = None
    """Takes the content anew, on SIGHUP."""
    search: Callable[[str, Search], Mapping[str, Any]] | None = None
    """Answers a search, given the bot's username."""
    fetch: Callable[[Store, int, int], Awaitable[None]] | None = None
    """Gets an edition of the content (of a bot, by its number) to hand."""
    examine: Callable[[Store, Door, ApiBot], Awaitable[None]] | None = None
    """Checks what coaches hand in, as long as the bot runs."""
    allowed: Sequence[str] = ALLOWED


async def serve(
    settings: Settings,
    talk: Talk,
    *,
    timeout: int = TIMEOUT,
    lease: timedelta = LEASE,
    stop: asyncio.Event | None = None,
) -> None:
    """Run the bot until SIGTERM, SIGINT or `stop`; `timeout` is how many seconds a getUpdates waits.

    Raises `StoreError`, `Refused`, and OSError when the webhook's port is taken.
    """
    token = settings.bot_token
    assert token is not None, "without a token the conversation is held in the terminal"
    stopping = stop or asyncio.Event()
    edited = asyncio.Event()
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(_signals(stopping, edited))
        store = await _opened(settings)
        stack.push_async_callback(store.close)
        await store.take_over(SystemClock().now())
        stack.push_async_callback(_ended, asyncio.create_task(_looked_through(store)))
        verifying = asyncio.create_task(store.verify())
        verifying.add_done_callback(lambda task: stopping.set() if _is_damaged(task) else None)
        stack.push_async_callback(_ended, verifying)
        bot = await stack.enter_async_context(connected(token, settings.server))
        me = await _until_done(lambda: bot.call("getMe", {}), stopping)
        if me is None:
            _refuse_damage(verifying)
            return
        log.info("Telegram knows this bot", username=me.get("username"))
        wired = _wired(store, bot, me, talk, lease, settings.processes)
        stack.push_async_callback(wired.messenger.close, TOASTS_SECONDS)
        async with _at_work(wired, talk, bot, stopping, edited, settings.operator):
            taking = _hooked if settings.webhook_url else _polled
            await taking(settings, talk, bot, wired, timeout, stopping)
        _refuse_damage(verifying)
    log.info("stopped")


async def _looked_through(store: Database) -> None:
    """Put right what a start has to, while people talk already."""
    try:
        moved = await store.look_through(SystemClock().now)
    except Exception as error:
        log.warning("not everybody's reminders could be looked through; the next start does it", exc_info=error)
        return
    if moved:
        log.info("the clocks of some zones run by new rules: reminders there are worked out anew", zones=len(moved))


def _is_damaged(verifying: asyncio.Task[None]) -> bool:
    """Tell whether the database was found damaged; what else may keep it from being looked at, turns meet as well."""
    return verifying.done() and not verifying.cancelled() and isinstance(verifying.exception(), Corrupt)


def _refuse_damage(verifying: asyncio.Task[None]) -> None:
    """Raise `Corrupt` if that is why the bot ends."""
    if _is_damaged(verifying):
        verifying.result()


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@dataclass(frozen=True)
class _Wired:
    """The parts that know each other."""

    store: Store
    clock: Clock
    meters: Meters
    messenger: TelegramMessenger
    outbox: Outbox
    door: Door
    reminders: Reminders
    intake: Intake
    age: Age


async def _opened(settings: Settings) -> Database:
    cipher = Cipher.load(settings.keys, settings.keys_file)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return await Database.open(settings.database_url, cipher)


def _wired(store: Store, bot: ApiBot, me: dict[str, Any], talk: Talk, lease: timedelta, processes: int) -> _Wired:
    clock, meters = SystemClock(), Meters()
    messenger, guard = TelegramMessenger(bot, meters.acknowledged), Guard()
    pace = Pace(processes, began=time.monotonic())
    outbox = Outbox(store, messenger, clock, lease=lease, pace=pace, guard=guard, watch=meters)
    door = Door(
        store, clock, talk.respond, apologise=talk.apologise, convene=talk.convene, hold=talk.hold,
        name=str(me.get("username", "")),
        guard=guard, sending=outbox, watch=meters, fetch=partial(talk.fetch, store) if talk.fetch else None,
    )  # fmt: skip
    search = partial(talk.search, str(me.get("username", ""))) if talk.search else None
    look = partial(looked, bot, me["id"])
    intake = Intake(me["id"], door, messenger, lambda update: talk.read(me, update), search, look)
    reminders = Reminders(store, door, clock)
    return _Wired(store, clock, meters, messenger, outbox, door, reminders, intake, Age())


@contextlib.asynccontextmanager
async def _at_work(
    wired: _Wired, talk: Talk, bot: ApiBot, stopping: asyncio.Event, edited: asyncio.Event, operator: int | None
) -> AsyncIterator[None]:
    """Send, tidy and set the menu meanwhile; at the end what is due is still sent."""
    sending = asyncio.create_task(wired.outbox.run())
    sending.add_done_callback(lambda _task: stopping.set())  # without an outbox nothing must be taken in
    ringing = asyncio.create_task(wired.reminders.run())
    beside: list[asyncio.Future[None]] = [asyncio.create_task(_tidying(wired.store, wired.clock))]
    if talk.prepare is not None:
        beside.append(asyncio.create_task(_prepared(talk.prepare(bot))))
    if talk.examine is not None:
        beside.append(asyncio.ensure_future(talk.examine(wired.store, wired.door, bot)))
    if talk.reload is not None:
        beside.append(asyncio.create_task(_reloading(talk.reload, talk, bot, edited, operator)))
    try:
        yield
    finally:
        for task in beside:
            task.cancel()
        wired.reminders.close()
        await asyncio.gather(*beside, ringing, return_exceptions=True)
        wired.outbox.close(OUTBOX_SECONDS)
        await sending


async def _hooked(
    settings: Settings, talk: Talk, bot: ApiBot, wired: _Wired, _timeout: int, stopping: asyncio.Event
) -> None:
    """Take updates in by webhook until the stop."""
    assert settings.webhook_url is not None
    assert settings.secret is not None
    url, secret = settings.webhook_url, settings.secret
    web = Web(wired.store, wired.clock, wired.meters, wired.age)
    web.listen(settings.webhook_path, secret, wired.intake.receive)
    server = Server(web.application(), settings.listen, settings.port)
    log.info("listening", port=server.port)
    async with _served(server):
        if await _until_done(lambda: set_webhook(bot, url, secret, talk.allowed), stopping) is not None:
            await stopping.wait()


async def _polled(
    settings: Settings, talk: Talk, bot: ApiBot, wired: _Wired, timeout: int, stopping: asyncio.Event
) -> None:
    """Take updates in by long polling until the stop; the web side is for the operator only, and may be missing."""
    web = Web(wired.store, wired.clock, wired.meters, wired.age, silence=SILENCE + timeout)
    async with contextlib.AsyncExitStack() as stack:
        try:
            server = Server(web.application(), settings.listen, settings.port)
        except OSError as error:
            log.warning("nothing is served at PORT, which is taken; the bot runs all the same", error=error.strerror)
        else:
            log.info("listening", port=server.port)
            await stack.enter_async_context(_served(server))
        if await _until_done(lambda: drop_webhook(bot), stopping) is None:
            return
        polling = Polling(bot, wired.intake.receive, timeout=timeout, allowed=talk.allowed, heard=wired.age.touch)
        running = asyncio.create_task(polling.run())
        running.add_done_callback(lambda _task: stopping.set())
        await stopping.wait()
        polling.stop()
        with contextlib.suppress(TimeoutError):  # what is not confirmed by then comes again
            await asyncio.wait_for(running, INTAKE_SECONDS)


@contextlib.asynccontextmanager
async def _served(server: Server) -> AsyncIterator[None]:
    serving = asyncio.create_task(server.run_until_stopped())
    try:
        yield
    finally:
        server.stop()
        await serving


async def _until_done(action: Callable[[], Awaitable[T]], stopping: asyncio.Event) -> T | None:
    """Do something at Telegram, however long it is away; None when told to stop before. Raises `Refused`."""
    pause = 0.5
    while not stopping.is_set():
        try:
            return await action()
        except InvalidToken:
            raise Refused(REFUSED) from None
        except TelegramError as error:
            if pause <= 1:
                log.warning("Telegram is not reached yet; trying on", error=str(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), pause * random.uniform(0.75, 1.25))  # noqa: S311 - a jitter
            pause = min(2 * pause, 30.0)
    return None


async def _prepared(setting: Awaitable[None]) -> None:
    try:
        await setting
    except TelegramError as error:
        log.warning("commands and descriptions could not be set; the bot runs without", error=str(error))


async def _reloading(
    reload: Callable[[], Awaitable[Reloaded]], talk: Talk, bot: ApiBot, edited: asyncio.Event, operator: int | None
) -> None:
    while True:
        await edited.wait()
        edited.clear()
        try:
            reloaded = await reload()
        except Exception as error:
            log.error("the new content could not be looked at; the old one stays", exc_info=error)
            continue
        if reloaded.anew and talk.prepare is not None:
            await _prepared(talk.prepare(bot))
        if reloaded.notice and operator is not None:
            await _told(bot, operator, reloaded.notice)


async def _told(bot: ApiBot, operator: int, notice: str) -> None:
    """Tell the operator something that the log says as well; it is no part of any conversation, so it is not kept."""
    try:
        await bot.call("sendMessage", {"chat_id": operator, "text": notice})
    except TelegramError as error:
        log.warning("the operator could not be told; see that OPERATOR has sent /start", error=str(error))


async def _tidying(store: Store, clock: Clock) -> None:
    while True:
        try:
            await store.tidy(clock.now())
        except Exception as error:
            log.warning("old update ids could not be dropped; trying again in an hour", exc_info=error)
        await asyncio.sleep(TIDY_SECONDS)


@contextlib.contextmanager
def _signals(stopping: asyncio.Event, edited: asyncio.Event) -> Iterator[None]:
    """Let SIGTERM and SIGINT set the one event meanwhile, and SIGHUP the other."""
    loop = asyncio.get_running_loop()
    taken = []
    meant = {"SIGTERM": stopping.set, "SIGINT": stopping.set, "SIGHUP": _hung_up(stopping, edited)}
    for name, action in meant.items():
        # Not on Windows, and not outside the main thread, where tests run it.
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError, AttributeError):
            number = getattr(signal, name)
            loop.add_signal_handler(number, action)
            taken.append(number)
    try:
        yield
    finally:
        for number in taken:
            loop.remove_signal_handler(number)


def _hung_up(stopping: asyncio.Event, edited: asyncio.Event) -> Callable[[], None]:
    """Return what SIGHUP does: the content was edited; or the terminal it was started in is gone, and it ends."""
    ignored = signal.getsignal(getattr(signal, "SIGHUP", signal.SIGTERM)) == signal.SIG_IGN  # as nohup leaves it
    at_terminal = _has_terminal() and not ignored

    def act() -> None:
        (stopping if at_terminal and not _has_terminal() else edited).set()

    return act


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | getattr(os, "O_NOCTTY", 0)))
    except OSError:
        return False
    return True
