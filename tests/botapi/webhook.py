"""The webhook: updates are posted to the bot's own address until it takes them.

What must live here: setting it, its checks, and delivery (one after another per chat or person, side by side otherwise,
repeated until a 2xx answer). What must not: which updates there are (`updates`), and what a call in the answer does.

Plain http and any port are allowed, as on a self-hosted server with `--local`.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext, suppress
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from tests.botapi.errors import bad
from tests.botapi.polling import WEBHOOK_SET, Bell, Polling
from tests.botapi.records import Address, Json
from tests.botapi.state import World
from tests.botapi.updates import Queued

SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header
LONGEST_SECRET: Final = 256
CONNECTIONS: Final = 40
MOST_CONNECTIONS: Final = 100
FIRST_PAUSE: Final = 0.02  # seconds before an update is posted again; the real server waits 2, 4, 8 …
LONGEST_PAUSE: Final = 0.5
ANSWER_SECONDS: Final = 10.0


class Webhook:
    """The bot's webhook, set or not."""

    def __init__(self, world: World, bell: Bell, polling: Polling, answer: Callable[[str, Json], None]) -> None:
        self.world = world
        self.bell = bell
        self.polling = polling
        self.answer = answer  # carries out a call that the bot wrote into its 200
        self.last_error: Json = {}
        self._lanes: dict[str, deque[Queued]] = {}
        self._dealt = 0  # the serial of the last update in the lanes
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def address(self) -> Address:
        """Where updates go; kept by the world, so it outlives an outage of the server."""
        return self.world.webhook

    # Methods

    async def set(self, given: dict[str, Any]) -> tuple[bool, str]:
        """Set the webhook, or delete it when `url` is empty; returns the result and its description."""
        url, secret = given.get("url", ""), given.get("secret_token", "")
        if not url:
            return await self.delete(given)
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise bad("invalid webhook URL specified")
        if len(secret) > LONGEST_SECRET:
            raise bad("secret token is too long")
        if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
            raise bad("secret token contains unallowed characters")
        self.polling.end(WEBHOOK_SET)
        await self._reset(given)
        connections = min(max(given.get("max_connections", CONNECTIONS), 1), MOST_CONNECTIONS)
        with self.world.lock:
            self.world.webhook = Address(url, secret, connections)
            self.world.updates.allow(given.get("allowed_updates"))
        self.bell.ring()
        return True, "Webhook was set"

    async def delete(self, given: dict[str, Any]) -> tuple[bool, str]:
        """Delete the webhook; what it did not deliver waits for getUpdates."""
        words = "Webhook was deleted" if self.address.url else "Webhook is already deleted"
        await self._reset(given)
        return True, words

    def info(self) -> Json:
        """Return the API's WebhookInfo."""
        with self.world.lock:
            waiting = self.world.updates.pending(self.world.now())
            url = self.address.url
            info: Json = {"url": url, "has_custom_certificate": False, "pending_update_count": len(waiting)}
            if url:
                info |= {"max_connections": self.address.connections, "ip_address": "127.0.0.1"}
            return {**info, **self.last_error, "allowed_updates": sorted(self.world.updates.allowed)}

    async def _reset(self, given: dict[str, Any]) -> None:
        await self._halt()
        self.last_error = {}
        with self.world.lock:
            self.world.webhook = Address()
            if given.get("drop_pending_updates"):
                self.world.updates.clear()
            self.world.touched()

    # Delivery

    async def run(self) -> None:
        """Deliver for ever; ends by cancellation."""
        try:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(ANSWER_SECONDS)) as session:
                while True:
                    event = self.bell.event
                    self._deal(session)
                    await event.wait()
        finally:
            await self._halt()

    def _deal(self, session: aiohttp.ClientSession) -> None:
        """Put what waits into the lanes and see that each lane runs."""
        if not self.address.url:
            return
        with self.world.lock:
            for queued in self.world.updates.newer(self._dealt):
                self._lanes.setdefault(queued.lane, deque()).append(queued)
                self._dealt = queued.serial
        idle = [lane for lane in self._lanes if lane not in self._tasks]
        for lane in idle[: self.address.connections - len(self._tasks)]:
            self._tasks[lane] = asyncio.create_task(self._run_lane(lane, session))

    async def _run_lane(self, lane: str, session: aiohttp.ClientSession) -> None:
        queue = self._lanes[lane]
        while queue:
            await self._deliver(queue[0], session)
            queue.popleft()
        del self._lanes[lane], self._tasks[lane]
        self.bell.ring()

    async def _deliver(self, queued: Queued, session: aiohttp.ClientSession) -> None:
        """Post one update until it is taken or expired."""
        pause = FIRST_PAUSE
        while self._waits(queued):
            queued.deliveries += 1
            try:  # the bot answers once the update is kept: no work that takes it time
                with self.world.virtual.holding() if self.world.virtual else nullcontext():
                    later = await self._post(queued, session, pause)
            except (aiohttp.ClientError, TimeoutError) as error:
                later = self._failed(f"Connection failed: {type(error).__name__}", pause)
            if later is None:
                with self.world.lock:
                    self.world.updates.confirm(queued)
                    self.world.touched()
                return
            await asyncio.sleep(later)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _post(self, queued: Queued, session: aiohttp.ClientSession, pause: float) -> float | None:
        """Post an update once; returns None when it was taken, else the seconds to wait."""
        headers = {SECRET_HEADER: self.address.secret} if self.address.secret else {}
        async with session.post(self.address.url, json=queued.body, headers=headers, allow_redirects=False) as response:
            body = await response.read()
            if not 200 <= response.status < 300:
                words = f"Wrong response from the webhook: {response.status} {response.reason}"
                wait = response.headers.get("Retry-After", "")
                return self._failed(words, float(wait) if wait.isdecimal() else pause)
            if body and response.content_type == "application/json":
                with suppress(ValueError):  # whatever it is, the update was taken
                    self._answered(await response.json())
        return None

    def _answered(self, body: Any) -> None:
        """Carry out the one call that an answer may hold."""
        if isinstance(body, dict) and isinstance(body.get("method"), str):
            parameters = dict(body)
            self.answer(parameters.pop("method"), parameters)

    def _failed(self, words: str, pause: float) -> float:
        self.last_error = {"last_error_date": int(self.world.now()), "last_error_message": words}
        return min(pause, LONGEST_PAUSE)

    def _waits(self, queued: Queued) -> bool:
        with self.world.lock:
            return self.world.updates.waits(queued, self.world.now())

    async def _halt(self) -> None:
        """Stop all deliveries; what was not taken waits on."""
        tasks = list(self._tasks.values())
        self._tasks, self._lanes, self._dealt = {}, {}, 0
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
