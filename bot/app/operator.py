"""What an operator does beside the running bot: look at what was put aside, release it, and see what is wrong.

Law of this file: every finding is a sentence that says what to do; no secret and nothing a person wrote is shown.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from telegram.error import InvalidToken, TelegramError

from bot.app.settings import Settings
from bot.core.library import Library
from bot.core.person import Key
from bot.proof.moving import Survey, survey
from bot.service.clock import SystemClock
from bot.service.ports import Parked, Step
from bot.storage.database import Database
from bot.storage.dialects import of_file
from bot.storage.encryption import Cipher
from bot.storage.errors import StoreError
from bot.storage.read_only import everybody
from bot.telegram.client import connected
from bot.telegram.polling import ALLOWED
from bot.telegram.talking import Talking
from bot.telegram.updates import read

OWN = "own"
"""Stands for the database of the settings, so that no password needs to be typed."""
STALE_UPDATES = 100  # so many waiting updates mean that nobody fetches them


class StillFails(Exception):
    """What was to be released fails as before; it stays put aside."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: whether it is as it should be, and a sentence about it."""

    well: bool
    sentence: str


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """Open the store for a moment; raises StoreError."""
    store = await Database.open(settings.database_url, Cipher.load(settings.keys, settings.keys_file))
    try:
        yield store
    finally:
        await store.close()


# -- what was put aside ------------------------------------------------------------------------------------------------


async def parked(settings: Settings) -> list[Parked]:
    """Return what was put aside, the oldest first; raises StoreError."""
    async with opened(settings) as store:
        return list(await store.parked())


async def release(settings: Settings, library: Library, flow: str, id_: int) -> bool:
    """Let something that was put aside have another try; False when there is none. Raises StoreError.

    A call goes back into the outbox, which the running bot sends; an update is handled here and now, and stays where
    it is if that fails again: then `StillFails` is raised.
    """
    now = SystemClock().now()
    talking = Talking(library, flow)

    def turning(bot: int, update: Mapping[str, Any]) -> tuple[Key, Step] | None:
        knock = read({"id": bot}, dict(update)).knock
        if knock is not None and knock.shared:
            raise StillFails(
                "It concerns a cohort, which only the running bot can change. Ask its sender to try again."
            )
        return (knock.key, lambda person: talking.respond(knock, person, now)) if knock else None

    async with opened(settings) as store:
        found = next((one for one in await store.parked(limit=10_000) if one.id == id_), None)
        if found is None or found.what != "update":
            return found is not None and await store.release(id_, now)
        try:
            return await store.retry(id_, turning, now)
        except (StoreError, StillFails):
            raise
        except Exception as error:
            raise StillFails(f"It still fails with {type(error).__name__}, and stays where it is.") from error


# -- what an edit of the content means for everybody ------------------------------------------------------------------


def surveyed(
    settings: Settings,
    database: str,
    library: Library,
    flow: str,
    was: Library | None,
    cohort: int | None = None,
    *,
    sound: bool,
) -> Survey:
    """Replay everybody in a database (`OWN`, a path or a URL) against `library`, and change nothing.

    `was` is what they talk with now, None where that is not known; with `cohort` only its people are replayed; `sound`
    says that no fault was found in `library`. Raises StoreError.
    """
    url = settings.database_url if database == OWN else database if "://" in database else of_file(database)
    people = everybody(url, Cipher.at_hand(settings.keys, settings.keys_file), cohort)
    return survey(library, flow, people, SystemClock().now(), was, sound=sound)


# -- what is wrong -----------------------------------------------------------------------------------------------------


async def examine(settings: Settings) -> list[Finding]:
    """Look at token, database, migrations, key and webhook; return what was found, never raise for it."""
    return [*await _store(settings), *await _telegram(settings)]


async def _store(settings: Settings) -> list[Finding]:
    try:
        async with opened(settings) as store:
            await store.ready()
            depth = await store.depth()
    except (StoreError, OSError) as error:
        return [Finding(False, str(error))]
    found = [Finding(True, "The database answers, its tables are up to date, and the key fits.")]
    if depth.parked:
        found.append(Finding(False, f"{depth.parked} put aside: look with `afterword parked`."))
    return found


async def _telegram(settings: Settings) -> list[Finding]:
    if settings.bot_token is None:
        return [Finding(False, "TELEGRAM_BOT_TOKEN is not set: get a token from @BotFather in Telegram.")]
    async with connected(settings.bot_token, settings.server) as bot:
        me = await _asked(lambda: bot.call("getMe", {}))
        if isinstance(me, Finding):
            return [me]
        found = [Finding(True, f"Telegram knows the token: @{me.get('username')}."), _inline(me)]
        hook = await _asked(lambda: bot.call("getWebhookInfo", {}))
        return [*found, *([hook] if isinstance(hook, Finding) else _webhook(settings, hook))]


def _inline(me: dict[str, Any]) -> Finding:
    """Say whether the questions that many ask can be found from any chat; to leave that off is nothing wrong."""
    if me.get("supports_inline_queries"):
        return Finding(True, "Inline mode is on: the bot's name and a word find an answer in any chat.")
    return Finding(
        True, "Inline mode is off, so nothing is found from other chats: /setinline at @BotFather turns it on."
    )


async def _asked(call: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any] | Finding:
    try:
        return await call()
    except InvalidToken:
        return Finding(False, "Telegram refuses the token: get it anew from @BotFather and set TELEGRAM_BOT_TOKEN.")
    except TelegramError as error:
        return Finding(False, f"Telegram cannot be reached ({error}): see to the network, or TELEGRAM_API_BASE_URL.")


def _webhook(settings: Settings, hook: dict[str, Any]) -> list[Finding]:
    """Compare the webhook that Telegram has with the one that is set."""
    found = []
    has, wanted = hook.get("url") or None, settings.webhook_url
    if has == wanted:
        found.append(Finding(True, f"Updates come by {'webhook' if wanted else 'long polling'}, as set."))
    elif wanted:
        found.append(Finding(False, "Telegram does not know WEBHOOK_URL yet: start the bot, which tells it."))
    else:
        found.append(
            Finding(False, "Telegram still has a webhook: start the bot, which deletes it, or set WEBHOOK_URL.")
        )
    if message := hook.get("last_error_message"):
        found.append(Finding(False, f"Telegram's last try at the webhook failed: {message}."))
    if has and set(hook.get("allowed_updates", ALLOWED)) != set(ALLOWED):
        found.append(Finding(False, "Telegram sends other kinds of updates than asked for: restart the bot."))
    if (waiting := hook.get("pending_update_count", 0)) > STALE_UPDATES:
        found.append(Finding(False, f"{waiting} updates wait at Telegram: is the bot running?"))
    return found
