"""The web side alone, running."""

from __future__ import annotations

import asyncio
import io
import json
from typing import Any

import aiohttp

from bot.runtime.clock import SystemClock
from bot.storage.database import Database
from bot.telegram.metrics import PrometheusMetrics
from bot.telegram.polling import LastHeard
from bot.telegram.readiness import Readiness
from bot.telegram.webhook import SECRET_HEADER, Server, Web

SECRET = "only-Telegram-knows-this"  # noqa: S105 - opens nothing


class Running:
    """A served application with its real store; `receive` can be made to fail."""

    def __init__(self, store: Database) -> None:
        self.store, self.age, self.meters = store, LastHeard(), PrometheusMetrics()
        self.got: list[dict[str, Any]] = []
        self.trouble: Exception | None = None
        self.seconds = 0.0
        self.readiness = Readiness(self.age, silence=60, seconds=lambda: self.now)
        self.now = 0.0
        self.web = Web(self.readiness, SystemClock(), self.meters, self.age)
        self.web.listen("/hook", SECRET)
        self.server = Server(self.web.application(), "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.server.port}"

    def started(self) -> None:
        self.readiness.started(self.store)
        self.web.started(self.store, self.receive)

    async def receive(self, update: dict[str, Any]) -> None:
        await asyncio.sleep(self.seconds)
        if self.trouble:
            raise self.trouble
        self.got.append(update)

    async def post(self, body: bytes | str, secret: str | None = SECRET, kind: str = "application/json") -> Any:
        headers = {"Content-Type": kind} | ({SECRET_HEADER: secret} if secret is not None else {})
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                f"{self.url}/hook", data=io.BytesIO(body.encode() if isinstance(body, str) else body), headers=headers
            ) as r,
        ):
            return r.status, r.headers.get("Retry-After")

    async def get(self, path: str) -> tuple[int, str]:
        async with aiohttp.ClientSession() as session, session.get(self.url + path) as answer:
            return answer.status, await answer.text()


UPDATE = json.dumps({"update_id": 1, "message": {"text": "hello"}})
