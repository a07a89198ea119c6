"""What the bot may do in a group, asked of Telegram when somebody sets it up there.

It asks and changes nothing. Telegram tells nobody unasked what all members of a group may do, so this
is looked up before the turn, and the turn gets it as it gets the rest of an update; without an answer the turn is made
all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import structlog
from telegram.error import TelegramError

from bot.core.chat.commands import CommandGiven
from bot.runtime.ports import IncomingUpdate
from bot.telegram.client import ApiBot

LOOK_SECONDS: Final = 3.0
"""Seconds that Telegram may take for an answer; meanwhile whoever writes in the same batch waits."""

log = structlog.get_logger("afterword.standing")


async def looked(bot: ApiBot, me: int, incoming: IncomingUpdate) -> IncomingUpdate:
    """Return what sets the bot up in a group with whether it may post polls there; any other update as it is."""
    if not _sets_up(incoming):
        return incoming
    where = {"chat_id": incoming.key.chat}
    try:
        own = await bot.call("getChatMember", {**where, "user_id": me}, read=LOOK_SECONDS)
        everybody = own["status"] == "member" and await bot.call("getChat", where, read=LOOK_SECONDS)
    except TelegramError as error:
        log.warning("what the bot may do in a group could not be looked up", error=type(error).__name__)
        return incoming
    return replace(incoming, extra={**incoming.extra, "may_poll": may_poll(own, everybody or {})})


def _sets_up(incoming: IncomingUpdate) -> bool:
    match incoming.event:
        case CommandGiven("setup"):
            return incoming.shared
        case CommandGiven("start", argument):
            return incoming.shared and argument.startswith("g_")
        case _:
            return False


def may_poll(own: Mapping[str, Any], chat: Mapping[str, Any]) -> bool | None:
    """Tell from a ChatMember and a ChatFullInfo whether polls may be posted; None where they do not say."""
    match own["status"]:
        case "creator" | "administrator":
            return True
        case "restricted":
            found = own.get("can_send_polls")
        case "member":
            found = chat.get("permissions", {}).get("can_send_polls")
        case _:
            return False
    return found if isinstance(found, bool) else None
