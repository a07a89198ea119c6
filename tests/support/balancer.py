"""A proxy as stands in front of several bots: it hands each request to the next one."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Sequence
from types import TracebackType

import aiohttp
from aiohttp import web


class Balancer:
    """Passes what is posted to it on to the ports in turn; 502 while one of them is not there."""

    def __init__(self, port: int, ports: Sequence[int]) -> None:
        self.port, self._next = port, itertools.cycle(ports)
        self.taken = dict.fromkeys(ports, 0)
        self._ready, self._loop = threading.Event(), asyncio.new_event_loop()
        self._leaving = asyncio.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._serve()), daemon=True)

    async def _serve(self) -> None:
        async with aiohttp.ClientSession() as session:

            async def passed_on(request: web.Request) -> web.Response:
                port = next(self._next)
                try:
                    async with session.post(
                        f"http://127.0.0.1:{port}{request.path}", data=await request.read(), headers=request.headers
                    ) as answer:
                        self.taken[port] += answer.status == 200
                        return web.Response(status=answer.status, body=await answer.read())
                except aiohttp.ClientError:
                    return web.Response(status=502)

            application = web.Application()
            application.router.add_post("/{path:.*}", passed_on)
            runner = web.AppRunner(application, access_log=None)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", self.port).start()
            self._ready.set()
            await self._leaving.wait()
            await runner.cleanup()

    def __enter__(self) -> Balancer:
        self._thread.start()
        assert self._ready.wait(5)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._leaving.set)
        self._thread.join()
        self._loop.close()
