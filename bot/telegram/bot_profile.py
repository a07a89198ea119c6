"""What Telegram shows of the bot before anybody writes: commands and descriptions, for each language.

Only what differs is set, since these calls have flood limits of their own.
Limits: description 512, short description 120, a command's description 256 (core.telegram.org/bots/api).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.core.advice.catalog import Catalog
from bot.core.dialogue.render import COMMANDS
from bot.core.library import FALLBACK_LANGUAGE, Library
from bot.telegram.client import ApiBot

PRIVATE = {"type": "all_private_chats"}
IN_MENU = ("start", "new", "cases", "reminders", "back", "cancel", "settings", "faq", "help", "privacy")
"""The commands in Telegram's menu; the others work as well, and /help names them."""


async def prepare(bot: ApiBot, library: Library) -> None:
    """Set commands and descriptions in every language; raises TelegramError."""
    for language, catalog in library.catalogs.items():
        code = {} if language == FALLBACK_LANGUAGE else {"language_code": language}
        commands = [
            {"command": name, "description": catalog.say(f"command.{name}")} for name in COMMANDS if name in IN_MENU
        ]
        scope = {"scope": PRIVATE, **code}
        if await bot.call("getMyCommands", scope) != commands:
            await bot.call("setMyCommands", {"commands": commands, **scope})
        await _describe(bot, catalog, code)


async def _describe(bot: ApiBot, catalog: Catalog, code: Mapping[str, Any]) -> None:
    wanted = {
        "Description": ("description", "about.description"),
        "ShortDescription": ("short_description", "about.short"),
    }
    for method, (name, key) in wanted.items():
        text = catalog.say(key)
        known = await bot.call(f"getMy{method}", code)
        if known.get(name) != text:
            await bot.call(f"setMy{method}", {name: text, **code})
