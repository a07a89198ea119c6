"""The server as tests hold it: start and stop, people and chats, faults, and what happened.

What must live here: the life of the server's thread, and the words of the tests. What must not: how calls are read
(`wire`), judged (`checks`) or carried out (`methods`, `profile`).
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, Self, TypeVar

from aiohttp import web

from tests.botapi.faults import Fault
from tests.botapi.groups import Channel, Group
from tests.botapi.limits import Violation
from tests.botapi.people import PATIENCE, Person
from tests.botapi.records import Call, Chat, Json, Message, Tap
from tests.botapi.state import QUERY_SECONDS, World
from tests.botapi.updates import PRESS_SECONDS
from tests.botapi.wire import Wire
from tests.support.virtual_time import VirtualTime

T = TypeVar("T")

TOKEN: Final = "7000000001:AA-no-real-token-only-one-for-tests"  # noqa: S105 - opens nothing
START_SECONDS: Final = 120.0
SCENES: Final = 64  # that can be played at once


class BotApiServer:
    """A Bot API server on the loopback for one bot, with or without `async`.

    `clock` gives the time of messages, limits and expiry (not of long polling); `seed` makes all ids repeatable;
    With `virtual` it goes by that time in everything, and a bot on the same loop does as well;
    `query_seconds` is how long a tap may wait for its answer, `press_seconds` how long for being fetched.
    """

    def __init__(
        self,
        token: str = TOKEN,
        *,
        clock: Callable[[], float] = time.time,
        virtual: VirtualTime | None = None,
        seed: int | None = None,
        query_seconds: float = QUERY_SECONDS,
        press_seconds: float = PRESS_SECONDS,
    ) -> None:
        self.token = token
        self.virtual = virtual
        self.world = World(
            token, clock=clock, virtual=virtual, seed=seed, query_seconds=query_seconds, press_seconds=press_seconds
        )
        self.url = ""
        self._port = 0  # free at the first start, and the same after an outage
        self._stage = ThreadPoolExecutor(SCENES, "scene")
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._leave: Callable[[], object] = bool
        self._failure: BaseException | None = None

    # Life

    def start(self) -> Self:
        """Serve in a thread of its own: on a free port, and after a stop again on the same."""
        self._ready.clear()
        self._failure = None
        self._thread = threading.Thread(target=self._live, name="bot-api-server", daemon=True)
        self._thread.start()
        if not self._ready.wait(START_SECONDS) or self._failure:
            raise RuntimeError("the Bot API server did not start") from self._failure
        return self

    def stop(self) -> None:
        """Stop serving and end the thread; what was recorded stays."""
        if self._thread is not None:
            self._leave()
            self._thread.join()
            self._thread = None

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Refuse all connections meanwhile; nothing that is known gets lost."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def _live(self) -> None:
        try:
            with asyncio.Runner(loop_factory=self.virtual.make_loop if self.virtual else None) as runner:
                runner.run(self._serve())
        except BaseException as failure:
            self._failure = failure
            self._ready.set()
            raise

    async def _serve(self) -> None:
        loop, leaving = asyncio.get_running_loop(), asyncio.Event()
        wire = Wire(self.world)
        runner = web.AppRunner(wire.application(), handler_cancellation=True, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self._port).start()
        self._port = runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._leave = partial(loop.call_soon_threadsafe, leaving.set)
        self.world.bells.append(wire.bell.ring)
        delivery = asyncio.create_task(wire.webhook.run())
        self._ready.set()
        await leaving.wait()
        with self.world.lock:
            self.world.bells.remove(wire.bell.ring)
        wire.polling.stop()
        delivery.cancel()
        await asyncio.gather(delivery, return_exceptions=True)
        await runner.cleanup()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_failure: object) -> None:
        self.stop()
        self._stage.shutdown()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.start)

    async def __aexit__(self, *_failure: object) -> None:
        await asyncio.to_thread(self.__exit__)

    # Addresses and settings

    @property
    def base_url(self) -> str:
        """What python-telegram-bot takes as `base_url`."""
        return f"{self.url}/bot"

    @property
    def base_file_url(self) -> str:
        """What python-telegram-bot takes as `base_file_url`."""
        return f"{self.url}/file/bot"

    @property
    def enforce_limits(self) -> bool:
        """Whether messages over the flood limits are refused; they are recorded in `violations` either way."""
        return self.world.enforce_limits

    @enforce_limits.setter
    def enforce_limits(self, value: bool) -> None:
        self.world.enforce_limits = value

    @property
    def privacy(self) -> bool:
        """Whether the bot's privacy mode is on, as it is by default."""
        return self.world.privacy

    @privacy.setter
    def privacy(self, value: bool) -> None:
        self.world.privacy = value

    # People and chats

    def person(
        self,
        user_id: int | None = None,
        first_name: str = "Dana",
        *,
        last_name: str = "",
        username: str = "",
        language_code: str = "en",
        started: bool = False,
    ) -> Person:
        """Return a new person; until they write (or with `started`) the bot cannot write to them."""
        with self.world.lock:
            number = user_id or self.world.dice.randrange(10**8, 2 * 10**9)
            user: Json = {"id": number, "is_bot": False, "first_name": first_name}
            optional = {"last_name": last_name, "username": username, "language_code": language_code}
            user |= {name: value for name, value in optional.items() if value}
            status = "member" if started else "unknown"
            chat = Chat(number, "private", first_name=first_name, username=username, bot_status=status)
            return Person(self.world, self.world.users.setdefault(number, user), self.world.add_chat(chat))

    def group(
        self,
        group_id: int | None = None,
        title: str = "Job hunters",
        *,
        forum: bool = False,
        basic: bool = False,
        username: str = "",
    ) -> Group:
        """Return a new group with the bot in it: a supergroup, or with `basic` one that can still migrate."""
        kind = "group" if basic else "supergroup"
        return Group(self.world, self._new_chat(group_id, kind, title, username, is_forum=forum))

    def channel(self, channel_id: int | None = None, title: str = "Job news", *, username: str = "") -> Channel:
        """Return a new channel with the bot as an administrator."""
        return Channel(self.world, self._new_chat(channel_id, "channel", title, username, bot_status="administrator"))

    def _new_chat(self, chat_id: int | None, kind: str, title: str, username: str, **more: Any) -> Chat:
        with self.world.lock:
            number = self.world.dice.randrange(10**9, 4 * 10**9)
            default = -number if kind == "group" else -(10**12) - number
            return self.world.add_chat(Chat(chat_id or default, kind, title, username, **more))

    def chat(self, chat_id: int) -> Chat:
        """Return a chat with all its messages, as recorded."""
        return self.world.chats[chat_id]

    # Updates

    def push(self, update: Json) -> int:
        """Queue an update as it is and return its id; `update_id` is filled in when it is missing."""
        with self.world.lock:
            body = next((value for value in update.values() if isinstance(value, dict)), {})
            chat_id = body.get("chat", {}).get("id", 0)
            update_id = self.world.updates.add_raw(update, f"chat {chat_id}", self.world.now())
            self.world.touched()
            return update_id

    def duplicate(self, update_id: int) -> None:
        """Send an update once more, whatever the offset."""
        with self.world.lock:
            self.world.updates.repeat(update_id, self.world.now())
            self.world.touched()

    def jump_ids(self, to: int) -> None:
        """Go on with another update id, as after an idle week; all updates must be confirmed."""
        with self.world.lock:
            self.world.updates.jump(to)

    @property
    def pending(self) -> list[Json]:
        """The updates that the bot did not confirm yet."""
        with self.world.lock:
            return [queued.body for queued in self.world.updates.pending(self.world.now())]

    # Faults

    def fault(self, kind: str, *, method: str | None = None, chat: int | None = None, **plan: Any) -> Fault:
        """Plan a fault; `plan` are the fields of Fault. It happens once, `times` times, or with None always."""
        fault = Fault(kind, method, chat, **plan)
        with self.world.lock:
            self.world.faults.append(fault)
        return fault

    # What happened

    @property
    def calls(self) -> list[Call]:
        """All requests, oldest first."""
        with self.world.lock:
            return list(self.world.calls)

    def calls_of(self, method: str) -> list[Call]:
        """Return the requests for one method."""
        return [call for call in self.calls if call.method == method]

    @property
    def refused(self) -> list[Call]:
        """The requests that were answered with a 4xx."""
        return [call for call in self.calls if 400 <= call.code < 500]

    @property
    def violations(self) -> list[Violation]:
        """The messages that exceeded a flood limit, refused or not."""
        with self.world.lock:
            return list(self.world.violations)

    @property
    def taps(self) -> list[Tap]:
        """All presses of buttons, oldest first."""
        with self.world.lock:
            return list(self.world.taps.values())

    def unanswered_taps(self) -> list[Tap]:
        """Return the taps whose spinner still turns."""
        return [tap for tap in self.taps if not tap.answered]

    def sent(self) -> list[Message]:
        """Return all messages of the bot in all chats, in the order in which they last changed."""
        with self.world.lock:
            found = [one for chat in self.world.chats.values() for one in chat.messages if one.from_bot]
            return sorted(found, key=lambda message: message.changed)

    # Waiting

    def wait(self, predicate: Callable[[], T], timeout: float = PATIENCE, what: str = "it") -> T:
        """Block until the predicate is true and return its value; raises AssertionError after `timeout` seconds."""
        value = self.world.wait(predicate, timeout)
        assert value, f"{what} did not happen within {timeout} s"
        return value

    async def wait_for(self, predicate: Callable[[], T], timeout: float = PATIENCE, what: str = "it") -> T:
        """Do the same without blocking the event loop."""
        return await self.play(self.wait, predicate, timeout, what)

    async def play(self, scene: Callable[..., T], *cast: Any) -> T:
        """Run a plain function of chats in a thread, so that a bot in this event loop goes on meanwhile."""
        return await asyncio.get_running_loop().run_in_executor(self._stage, scene, *cast)

    def wait_until_drained(self, timeout: float = PATIENCE) -> None:
        """Block until the bot has confirmed every update."""
        self.wait(lambda: not self.pending, timeout, "the confirmation of all updates")
