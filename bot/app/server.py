"""The bot as a process: opens everything in order, runs until it is told to stop, and closes in the reverse order.

Nothing is decided here, only wired. Intake stops before the outbox, the outbox before the line to
Telegram, and the store last, so that what was taken in is kept and what is in flight is written down.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import structlog
from telegram.error import InvalidToken, TelegramError

from bot.app import systemd
from bot.app.key_rotation import rotate_keys
from bot.app.settings import Settings
from bot.app.signals import handled
from bot.app.startup import CannotListen, Stopped, opened, unless
from bot.app.version import version
from bot.runtime.clock import Timepieces, TrustedClock
from bot.runtime.outbox_worker import LEASE, OutboxWorker
from bot.runtime.ports import Application, Clock, Store
from bot.runtime.rate_limits import FloodGuard, RateLimits
from bot.runtime.retention import Retention
from bot.runtime.scheduler import Scheduler
from bot.runtime.update_handler import UpdateHandler
from bot.telegram.client import ApiBot, connected
from bot.telegram.diagnosis import explain
from bot.telegram.dispatcher import Dispatcher, ParsedUpdate
from bot.telegram.inline_query import Search
from bot.telegram.metrics import PrometheusMetrics
from bot.telegram.permissions import looked
from bot.telegram.polling import ALLOWED, REFUSED, TIMEOUT, BotRefused, LastHeard, Polling
from bot.telegram.readiness import Readiness
from bot.telegram.route import NetworkRoute
from bot.telegram.sender import TelegramMessenger
from bot.telegram.webhook import Server, Web, drop_webhook, set_webhook

if TYPE_CHECKING:  # what brings SQLAlchemy along is imported once /healthz answers
    from bot.storage.database import Database
    from bot.storage.errors import Corrupt

T = TypeVar("T")

INTAKE_SECONDS: Final = 4.0
OUTBOX_SECONDS: Final = 4.0
TOASTS_SECONDS: Final = 0.5
"""How long each may take to end; together less than the 10 s that a stop may last."""
SILENCE: Final = 3 * TIMEOUT
"""Seconds without an answer of Telegram's after which a polling bot is not ready."""
HOOK_SILENCE: Final = 300.0
"""The same by webhook, where Telegram is asked every ASK_SECONDS while nothing comes."""
ASK_SECONDS: Final = 60.0
TIDY_SECONDS: Final = 3600.0

log = structlog.get_logger("afterword")


@dataclass(frozen=True)
class Reloaded:
    """What became of edited content: whether it is talked with now, and what to tell the operator ("": nothing)."""

    anew: bool
    notice: str = ""


class BotApplication(Application, Protocol):
    """What talks, with what a bot asks of it besides turns."""

    def read(self, me: dict[str, Any], update: dict[str, Any], /) -> ParsedUpdate:
        """Read an update; `me` is the bot's own user (getMe). Pure."""

    async def prepare(self, bot: ApiBot) -> None:
        """Set commands and descriptions; what it raises is logged, and the bot runs without them."""

    async def reload(self) -> Reloaded:
        """Take the content anew."""

    def search(self, bot: str, asked: Search, /) -> Mapping[str, Any]:
        """Answer a search; `bot` is the bot's username."""

    async def check_uploads(self, store: Store, clock: Clock, handler: UpdateHandler, bot: ApiBot) -> None:
        """Check what coaches hand in, until cancelled."""


Opening = Callable[[], Awaitable[BotApplication]]
"""Reads and checks the content; cancelled when the bot is told to stop before."""


async def serve(
    settings: Settings,
    talk: BotApplication | Opening,
    *,
    timeout: int = TIMEOUT,
    lease: timedelta = LEASE,
    stop: asyncio.Event | None = None,
    time: Timepieces | None = None,
) -> None:
    """Run the bot until SIGTERM, SIGINT or `stop`; `timeout` is how many seconds a getUpdates waits.

    The web side is up first and says what the start waits for. Raises `StoreError`, `BotRefused`, `CannotListen` and
    whatever `talk` raises.
    """
    stopping, edited = stop or asyncio.Event(), asyncio.Event()
    silence = HOOK_SILENCE if settings.webhook_url else SILENCE + timeout
    time = time or Timepieces()
    front, damage = Front.of(silence, time), Damage(stopping)
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(handled(stopping, edited))
        await stack.enter_async_context(_listening(settings, front))
        try:
            ready = await unless(stopping, _started(settings, talk, front, lease, stack, damage, time))
        except Stopped:
            ready = None
        if ready is not None:
            talk, wired, bot = ready
            async with _at_work(wired, talk, bot, stopping, edited, settings):
                taking = _hooked if settings.webhook_url else _polled
                await taking(settings, bot, wired, timeout, stopping)
    damage.refuse()
    log.info("stopped")


class Damage:
    """Ends the bot once its database is found damaged while it serves already."""

    def __init__(self, stopping: asyncio.Event) -> None:
        self._stopping = stopping
        self._found: Corrupt | None = None

    async def look(self, store: Database) -> None:
        """Look a large file through; what else keeps it from being looked at, turns meet as well."""
        from bot.storage.errors import Corrupt

        try:
            await store.upkeep.verify()
        except Corrupt as found:
            self._found = found
            self._stopping.set()

    def refuse(self) -> None:
        """Raise `Corrupt` if that is why the bot ends."""
        if self._found is not None:
            raise self._found


@dataclass(frozen=True)
class Front:
    """What is there before the bot is: the web side, what it counts, and what it says of the start."""

    meters: PrometheusMetrics
    age: LastHeard
    readiness: Readiness
    web: Web

    @classmethod
    def of(cls, silence: float, time: Timepieces) -> Front:
        """Make it; `silence` is how many seconds without Telegram are too many."""
        meters, age = PrometheusMetrics(version()), LastHeard(time.seconds)
        readiness = Readiness(age, silence=silence, seconds=time.seconds)
        return cls(meters, age, readiness, Web(readiness, time.wall, meters, age))


async def _started(
    settings: Settings,
    talk: BotApplication | Opening,
    front: Front,
    lease: timedelta,
    stack: contextlib.AsyncExitStack,
    damage: Damage,
    time: Timepieces,
) -> tuple[BotApplication, _Components, ApiBot]:
    """Open everything in order; what was opened is closed by `stack`."""
    token = settings.bot_token
    assert token is not None, "without a token the conversation is held in the terminal"
    if callable(talk):
        front.readiness.waits_for("the content to be checked")
        began = monotonic()
        talk = await talk()
        front.meters.checked(monotonic() - began)
    store = await opened(settings, front.readiness.waits_for)
    stack.push_async_callback(store.close)
    clock = TrustedClock(time.wall, last=await store.upkeep.last_instant(), seconds=time.running)
    await store.upkeep.take_over(clock.now())
    for beside in (_looked_through(store, clock), damage.look(store)):
        stack.push_async_callback(_cancelled, asyncio.create_task(beside))
    front.readiness.waits_for("Telegram to answer")
    route = settings.route
    log.info(str(route))
    bot = await stack.enter_async_context(connected(token, settings.server, route))
    me = await _until_done(lambda: bot.call("getMe", {}), route)
    front.age.touch()
    log.info("Telegram knows this bot", username=me.get("username"))
    wired = _wired(store, clock, bot, me, talk, lease, settings.processes, front, time.seconds)
    stack.push_async_callback(wired.messenger.close, TOASTS_SECONDS)
    stack.push_async_callback(_cancelled, asyncio.create_task(rotate_keys(store, front.meters)))
    front.web.started(store, wired.intake.receive)
    return talk, wired, bot


async def _looked_through(store: Database, clock: Clock) -> None:
    """Put right what a start has to, while people talk already."""
    try:
        moved = await store.upkeep.look_through(clock.now)
    except Exception as error:
        log.warning("not everybody's reminders could be looked through; the next start does it", exc_info=error)
        return
    if moved:
        log.info("the clocks of some zones run by new rules: reminders there are worked out anew", zones=len(moved))


@dataclass(frozen=True)
class _Components:
    """The parts that know each other."""

    store: Store
    clock: Clock
    messenger: TelegramMessenger
    outbox: OutboxWorker
    handler: UpdateHandler
    reminders: Scheduler
    intake: Dispatcher
    front: Front


def _wired(
    store: Store,
    clock: Clock,
    bot: ApiBot,
    me: dict[str, Any],
    talk: BotApplication,
    lease: timedelta,
    processes: int,
    front: Front,
    seconds: Callable[[], float],
) -> _Components:
    meters = front.meters
    messenger, guard = TelegramMessenger(bot, meters.acknowledged), FloodGuard()
    pace = RateLimits(processes, began=seconds())
    outbox = OutboxWorker(
        store,
        messenger,
        clock,
        lease=lease,
        pace=pace,
        guard=guard,
        watch=meters,
        undelivered=lambda *what: handler.undelivered(*what),
        seconds=seconds,
    )
    handler = UpdateHandler(
        store,
        clock,
        talk,
        name=str(me.get("username", "")),
        guard=guard,
        sending=outbox,
        watch=meters,
        seconds=seconds,
    )
    search = partial(talk.search, str(me.get("username", "")))
    look = partial(looked, bot, me["id"])
    intake = Dispatcher(me["id"], handler, messenger, partial(talk.read, me), search, look)
    reminders = Scheduler(store, handler, clock, seconds=seconds)
    return _Components(store, clock, messenger, outbox, handler, reminders, intake, front)


@contextlib.asynccontextmanager
async def _at_work(
    wired: _Components,
    talk: BotApplication,
    bot: ApiBot,
    stopping: asyncio.Event,
    edited: asyncio.Event,
    settings: Settings,
) -> AsyncIterator[None]:
    """Send, tidy and set the menu meanwhile; at the end what is due is still sent."""
    runs = wired.front.meters.runs
    sending = asyncio.create_task(wired.outbox.run())
    sending.add_done_callback(lambda _task: stopping.set())  # without an outbox nothing must be taken in
    ringing = asyncio.create_task(wired.reminders.run())
    retention = Retention(wired.store, wired.clock, talk.silent, settings.retention_days)
    checked = wired.front.meters.checked
    beside: dict[str, asyncio.Task[None]] = {
        "tidy": asyncio.create_task(_tidying(wired.store, wired.clock)),
        "retention": asyncio.create_task(_retaining(retention)),
        "editions": asyncio.create_task(talk.check_uploads(wired.store, wired.clock, wired.handler, bot)),
        "reload": asyncio.create_task(_reloading(talk, bot, edited, settings.operator, checked)),
    }
    for name, task in {"outbox": sending, "reminders": ringing, **beside}.items():
        runs(name, task)
    beside["watchdog"] = asyncio.create_task(systemd.watchdog())  # ends by itself where systemd asks for none
    beside["menu"] = asyncio.create_task(_prepared(talk.prepare(bot)))  # ends by itself
    systemd.notify("READY=1")
    try:
        yield
    finally:
        systemd.notify("STOPPING=1")
        for task in beside.values():
            task.cancel()
        wired.reminders.close()
        await asyncio.gather(*beside.values(), ringing, return_exceptions=True)
        wired.outbox.close(OUTBOX_SECONDS)
        await sending


async def _hooked(settings: Settings, bot: ApiBot, wired: _Components, _timeout: int, stopping: asyncio.Event) -> None:
    """Take updates in by webhook until the stop."""
    assert settings.webhook_url is not None
    assert settings.secret is not None
    url, secret = settings.webhook_url, settings.secret
    front = wired.front
    front.readiness.waits_for("Telegram to take note of the webhook")
    with contextlib.suppress(Stopped):
        await unless(stopping, _until_done(lambda: set_webhook(bot, url, secret, ALLOWED), settings.route))
        front.age.touch()
        front.readiness.started(wired.store)
        await unless(stopping, _asking(bot, front.age))


async def _polled(settings: Settings, bot: ApiBot, wired: _Components, timeout: int, stopping: asyncio.Event) -> None:
    """Take updates in by long polling until the stop."""
    front = wired.front
    front.readiness.waits_for("Telegram to drop the webhook, if there is one")
    try:
        await unless(stopping, _until_done(lambda: drop_webhook(bot), settings.route))
    except Stopped:
        return
    front.age.touch()
    front.readiness.started(wired.store)
    polling = Polling(bot, wired.intake.receive, timeout=timeout, heard=front.age.touch)
    running = asyncio.create_task(polling.run())
    front.meters.runs("polling", running)
    running.add_done_callback(lambda _task: stopping.set())
    await stopping.wait()
    polling.stop()
    with contextlib.suppress(TimeoutError):  # what is not confirmed by then comes again
        await asyncio.wait_for(running, INTAKE_SECONDS)


async def _asking(bot: ApiBot, age: LastHeard) -> None:
    """By webhook a night may pass in silence: ask Telegram now and then, so that it is known whether it is there."""
    while True:
        await asyncio.sleep(ASK_SECONDS)
        if age.age() >= ASK_SECONDS:
            with contextlib.suppress(TelegramError):
                await bot.call("getMe", {})
                age.touch()


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@contextlib.asynccontextmanager
async def _listening(settings: Settings, front: Front) -> AsyncIterator[None]:
    """Serve the web side meanwhile. Only a webhook cannot do without; raises `CannotListen`."""
    if settings.webhook_url:
        assert settings.secret is not None
        front.web.listen(settings.webhook_path, settings.secret)
    try:
        server = Server(front.web.application(), settings.listen, settings.port)
    except OSError as error:
        if settings.webhook_url:
            raise CannotListen(
                f"Nothing can listen at {settings.listen}:{settings.port}: {error.strerror}. Free the port, or set "
                "LISTEN and PORT to one that is free."
            ) from None
        log.warning("nothing is served at PORT, which is taken; the bot runs all the same", error=error.strerror)
        yield
        return
    log.info("listening", port=server.port)
    serving = asyncio.create_task(server.run_until_stopped())
    try:
        yield
    finally:
        server.stop()
        await serving


async def _until_done(action: Callable[[], Awaitable[T]], route: NetworkRoute) -> T:
    """Do something at Telegram, however long it is away. Raises `BotRefused`."""
    pause = 0.5
    while True:
        try:
            return await action()
        except InvalidToken:
            raise BotRefused(REFUSED) from None
        except TelegramError as error:
            if pause <= 1:
                log.warning("Telegram is not reached yet; trying on", error=explain(error, route))
            await asyncio.sleep(pause * random.uniform(0.75, 1.25))  # noqa: S311 - a jitter
            pause = min(2 * pause, 30.0)


async def _prepared(setting: Awaitable[None]) -> None:
    try:
        await setting
    except TelegramError as error:
        log.warning("commands and descriptions could not be set; the bot runs without", error=str(error))


async def _reloading(
    talk: BotApplication,
    bot: ApiBot,
    edited: asyncio.Event,
    operator: int | None,
    checked: Callable[[float], None],
) -> None:
    while True:
        await edited.wait()
        edited.clear()
        systemd.notify("RELOADING=1")
        began = monotonic()
        try:
            reloaded = await talk.reload()
        except Exception as error:
            log.error("the new content could not be looked at; the old one stays", exc_info=error)
            continue
        finally:
            systemd.notify("READY=1")
        checked(monotonic() - began)
        if reloaded.anew:
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
            await store.upkeep.tidy(clock.now())
            if dropped := await store.expire(clock.now()):
                log.info("what was put aside long ago is dropped", kinds=dict(dropped))
        except Exception as error:
            log.warning("what is old could not be dropped; trying again in an hour", exc_info=error)
        await asyncio.sleep(TIDY_SECONDS)


async def _retaining(retention: Retention) -> None:
    while True:
        try:
            await retention.round()
        except Exception as error:
            log.warning("people who were silent for long could not be looked for; trying again", exc_info=error)
        await asyncio.sleep(TIDY_SECONDS)
