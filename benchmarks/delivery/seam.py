"""python-telegram-bot's request seam, watched: what goes through it is what people see."""

from __future__ import annotations

from typing import Any

from telegram.request import BaseRequest, RequestData

from benchmarks.delivery.people import Screens


class Stub(BaseRequest):
    """Answers every call at once; there is no network."""

    read_timeout = 5.0

    def __init__(self, screens: Screens) -> None:
        self.screens = screens

    async def initialize(self) -> None:
        """Open nothing."""

    async def shutdown(self) -> None:
        """Close nothing."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: Any, **__: Any
    ) -> tuple[int, bytes]:
        del method
        return 200, self.screens.call(url.rpartition("/")[2], request_data.parameters if request_data else {})


class Watched(BaseRequest):
    """A real line; people see what was answered."""

    def __init__(self, line: BaseRequest, screens: Screens) -> None:
        self.line, self.screens = line, screens

    @property
    def read_timeout(self) -> float | None:
        return self.line.read_timeout

    async def initialize(self) -> None:
        await self.line.initialize()

    async def shutdown(self) -> None:
        await self.line.shutdown()

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *more: Any, **options: Any
    ) -> tuple[int, bytes]:
        answer = await self.line.do_request(url, method, request_data, *more, **options)
        assert answer[0] == 200, answer
        name = url.rpartition("/")[2]
        if name != "getMe":
            id_ = answer[1].partition(b'"message_id": ')[2].partition(b",")[0]
            self.screens.saw(name, request_data.parameters if request_data else {}, int(id_ or 0))
        return answer
