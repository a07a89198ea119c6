"""Long polling: fetch, keep, and only then confirm.

Law of this file: the next offset is told to Telegram only when every update before it is kept or put aside, so a kill
at any moment loses nothing: Telegram sends again what it was not told. (python-telegram-bot's own loop confirms a batch
that is only in memory.) Updates of one person are handed on one after another, those of different people side by side.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any, Final

import structlog
from telegram.error import Conflict, InvalidToken, TelegramError

from bot.telegram.client import ApiBot, Flooded

TIMEOUT: Final = 50
"""Seconds a request waits for updates; the most that Telegram allows."""
GRACE: Final = 10.0
"""Seconds more than that until the line counts as dead."""
BATCH: Final = 100
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 30.0
STAND_BY: Final = (2.0, 4.0, 8.0)
"""Seconds between two looks whether the other process is gone; the last one repeats. Each look interrupts it once."""
KEEP_PAUSES: Final = (0.05, 0.2, 0.5, 1.0)
"""Seconds between two tries to keep an update while the store is in trouble; the last one repeats."""
CONFIRM_SECONDS: Final = 3.0
ALLOWED: Final = (
    "message", "edited_message", "callback_query", "message_reaction", "my_chat_member", "poll", "inline_query",
)  # fmt: skip
"""The kinds of updates asked for, always named: a list that is left out keeps whatever was set before."""

Receive = Callable[[dict[str, Any]], Awaitable[None]]
"""Keeps one update, given as the JSON object that Telegram sent; raises when it could not be kept."""

log = structlog.get_logger("afterword.polling")


class BotRefused(Exception):
    """Telegram refuses this bot for good; the message is a sentence for the operator."""


class Polling:
    """One bot's loop. `heard` is called after each answer of Telegram, for the age of the last one."""

    def __init__(
        self,
        bot: ApiBot,
        receive: Receive,
        *,
        timeout: int = TIMEOUT,
        allowed: Sequence[str] = ALLOWED,
        dice: random.Random | None = None,
        heard: Callable[[], None] = lambda: None,
    ) -> None:
        self._bot, self._receive, self._timeout, self._allowed = bot, receive, timeout, list(allowed)
        self._dice = dice or random.Random()  # noqa: S311 - it spreads retries, it guards nothing
        self._heard = heard
        self._stopping = asyncio.Event()
        self._offset: int | None = None
        self._told = True
        self._failures = self._conflicts = 0

    def stop(self) -> None:
        """Let `run` end once the batch in hand is kept and confirmed."""
        self._stopping.set()

    async def run(self) -> None:
        """Fetch until `stop`; raises `BotRefused` when it is no use."""
        while not self._stopping.is_set():
            batch = await self._fetched()
            if batch:
                await self._keep(batch)
        await self._confirm()

    async def _fetched(self) -> list[dict[str, Any]]:
        """Ask once; an answer with nothing in it, trouble and a stop are all an empty batch."""
        asking = asyncio.create_task(self._ask(self._timeout, BATCH))
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait((asking, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not asking.done():
            # What the answer may hold by now was not confirmed, so it comes again.
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            return []
        try:
            batch = asking.result()
        except TelegramError as error:
            await self._bear(error)
            return []
        self._calm()
        if not batch:
            # Everything before the offset is confirmed. Ids are dealt anew after an idle week, maybe lower ones, so an
            # old offset must not be held against them.
            self._offset = None
        return batch

    async def _ask(self, timeout: int, limit: int) -> list[dict[str, Any]]:
        values: dict[str, Any] = {"timeout": timeout, "limit": limit, "allowed_updates": self._allowed}
        if self._offset is not None:
            values["offset"] = self._offset
        answer = await self._bot.call("getUpdates", values, read=timeout + GRACE)
        self._told = True
        return [update for update in answer if isinstance(update.get("update_id"), int)]

    async def _keep(self, batch: Sequence[dict[str, Any]]) -> None:
        """Have every update kept; the offset then stands behind the last one, or at the first that was not."""
        lanes: dict[Hashable, list[dict[str, Any]]] = {}
        for update in batch:
            lanes.setdefault(lane_of(update), []).append(update)
        missed = await asyncio.gather(*(self._keep_lane(lane) for lane in lanes.values()))
        first = min((one for one in missed if one is not None), default=None)
        self._offset = max(update["update_id"] for update in batch) + 1 if first is None else first
        self._told = False

    async def _keep_lane(self, lane: Sequence[dict[str, Any]]) -> int | None:
        """Keep one person's updates in order; return the id of the first that could not be kept before the stop."""
        for update in lane:
            if not await self._kept(update):
                return int(update["update_id"])
        return None

    async def _kept(self, update: dict[str, Any]) -> bool:
        tries = 0
        while True:
            try:
                await self._receive(update)
            except Exception as error:
                if tries == 0:
                    log.error(
                        "an update is not kept yet; it is tried again", update=update["update_id"], exc_info=error
                    )
                if await self._stopped_within(KEEP_PAUSES[min(tries, len(KEEP_PAUSES) - 1)]):
                    return False
                tries += 1
            else:
                return True

    async def _confirm(self) -> None:
        """Tell Telegram what is kept. What this request fetches is not confirmed by it, and so not lost."""
        if self._offset is None or self._told:
            return
        try:
            await asyncio.wait_for(self._ask(0, 1), CONFIRM_SECONDS)
        except (TelegramError, TimeoutError) as error:
            log.info("the last batch is not confirmed; it comes again and is known", error=type(error).__name__)

    async def _bear(self, error: TelegramError) -> None:
        """Wait as long as an error asks for; raises `BotRefused` for those that waiting does not mend."""
        if isinstance(error, InvalidToken):
            raise BotRefused(REFUSED) from None
        if isinstance(error, Conflict):
            if self._conflicts == 0:
                log.warning(CONFLICT)
            pause = STAND_BY[min(self._conflicts, len(STAND_BY) - 1)]
            self._conflicts += 1
        else:
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self._failures, 10))
            if self._failures == 0:
                log.warning("Telegram cannot be asked for updates; trying again", error=str(error))
            self._failures += 1
        pause *= self._dice.uniform(0.75, 1.25)
        if isinstance(error, Flooded):
            pause = max(pause, error.seconds)
        await self._stopped_within(pause)

    def _calm(self) -> None:
        self._heard()
        if self._conflicts:
            log.warning("no other process fetches this bot's updates any more; this one has taken over")
        if self._failures:
            log.warning("Telegram answers again")
        self._failures = self._conflicts = 0

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return False
        return True


REFUSED: Final = (
    "Telegram does not know this bot (401 or 404): its token was revoked or mistyped, or TELEGRAM_API_BASE_URL is "
    "wrong. Get the token from @BotFather and set TELEGRAM_BOT_TOKEN."
)
CONFLICT: Final = (
    "another process fetches this bot's updates, or a webhook is set (409): standing by, and taking over when it "
    "stops. Stop one of the two if that is not meant."
)


def lane_of(update: Mapping[str, Any]) -> Hashable:
    """Return what stands for the person an update is from, or its chat if it names nobody."""
    for part in update.values():
        if isinstance(part, Mapping):
            holder = part.get("from") or part.get("user") or part.get("chat") or part
            return holder.get("id") if isinstance(holder, Mapping) else None
    return None


class LastHeard:
    """How long ago Telegram was last heard of."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._at = seconds()

    def touch(self) -> None:
        """Note that it is heard of now."""
        self._at = self._seconds()

    def age(self) -> float:
        """Return seconds since then."""
        return self._seconds() - self._at
