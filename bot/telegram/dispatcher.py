"""One update from Telegram on its way in: it gets its turn, a tap is answered, news of a chat are kept.

When `receive` returns, the update is kept or put aside; when it raises, Telegram must send it again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from bot.runtime.ports import IncomingUpdate
from bot.runtime.update_handler import UpdateHandler
from bot.telegram.inline_query import Search
from bot.telegram.sender import TelegramMessenger

ALBUMS: Final = 100
"""So many albums are remembered; the pictures of one come within a second."""


@dataclass(frozen=True)
class ChatNews:
    """What an update says about a chat itself: the bot was shut out, let in again, or the chat has another id."""

    chat: int
    what: Literal["left", "back", "moved"]
    new: int = 0
    reason: str = ""


@dataclass(frozen=True)
class ParsedUpdate:
    """What an update means; nothing of it need be there.

    `query` is the id of a tap that waits for an answer; `album` stands for the pictures that were sent together with
    this one, each as an update of its own. `search` changes nothing and is no turn: it is answered and forgotten.
    """

    incoming: IncomingUpdate | None = None
    news: ChatNews | None = None
    query: str | None = None
    album: Hashable = None
    search: Search | None = None


Answer = Callable[[Search], Mapping[str, Any]]
"""Returns what answers a search."""
Look = Callable[[IncomingUpdate], Awaitable[IncomingUpdate]]
"""Adds to an update what only Telegram can say, and takes a few seconds at most."""


class Dispatcher:
    """Receives updates of the bot whose id is `bot`; `read` is pure."""

    def __init__(
        self,
        bot: int,
        handler: UpdateHandler,
        messenger: TelegramMessenger,
        read: Callable[[dict[str, Any]], ParsedUpdate],
        answer: Answer | None = None,
        look: Look | None = None,
    ) -> None:
        self._bot, self._handler, self._messenger, self._read, self._answer = bot, handler, messenger, read, answer
        self._look = look
        # In memory only: after a kill, or from another process, an album may get its line once more.
        self._albums: deque[Hashable] = deque(maxlen=ALBUMS)

    async def receive(self, update: dict[str, Any]) -> None:
        """Keep one update; raises `NotKept` when the store is in trouble."""
        try:
            found = self._read(update)
        except Exception as error:
            await self._handler.spoiled(self._bot, update["update_id"], error, update)
            return
        if found.search is not None and self._answer is not None:
            self._messenger.found(self._answer(found.search))
        if found.album is not None and found.album in self._albums:
            return
        if found.news is not None:
            await self._heed(found.news)
        incoming = (
            await self._look(found.incoming)
            if found.incoming is not None and self._look is not None
            else found.incoming
        )
        turned = await self._handler.incoming(incoming) if incoming is not None else None
        if found.album is not None:
            self._albums.append(found.album)
        if found.query is not None:
            # Only now: the turn took milliseconds, and what it says may belong over the button.
            self._messenger.acknowledge(found.query, turned.toast if turned is not None else None)

    async def _heed(self, news: ChatNews) -> None:
        match news.what:
            case "left":
                await self._handler.left(self._bot, news.chat, news.reason)
            case "back":
                await self._handler.back(self._bot, news.chat)
            case "moved":
                await self._handler.moved(self._bot, news.chat, news.new)
