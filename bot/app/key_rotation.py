"""Renews what is under an old key while the bot serves, and says when the old key can be dropped."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import structlog

from bot.storage.database import Database
from bot.storage.keys import KeyUse
from bot.telegram.metrics import PrometheusMetrics

AGAIN_SECONDS: Final = 10.0
"""How soon a rotation is gone on with that the database interrupted, or that others left something for."""
LOOK_SECONDS: Final = 3600.0
"""How often it is looked whether another process wrote something under an old key after all."""

log = structlog.get_logger("afterword.keys")


async def rotate_keys(store: Database, meters: PrometheusMetrics) -> None:
    """Renew whatever is not under the first key, and look again each hour; runs until it is cancelled."""
    was_done = False
    while store.has_old_keys:
        is_over = False
        try:
            is_over, use = await renew(store, meters)
        except Exception as error:
            log.warning("the change of the key was interrupted; it goes on in a moment", exc_info=error)
        else:
            if use.old and not use.left and not was_done:
                log.info("nothing is under an old key any more: it can be left out of DATA_KEY", old=_named(use.old))
            was_done = not use.left
        await asyncio.sleep(LOOK_SECONDS if is_over else AGAIN_SECONDS)


async def renew(store: Database, meters: PrometheusMetrics) -> tuple[bool, KeyUse]:
    """Renew once what is left; return whether there is nothing more to do for now, and what is under which key then.

    Raises `StoreError`; what was renewed until then stays so.
    """
    use = await store.keys.use()
    meters.under_old_key(left := use.left)
    if not left:
        return True, use
    log.info("values under an old key are renewed while the bot goes on", values=left, old=_named(use.old))

    def renewed(count: int) -> None:
        nonlocal left
        meters.under_old_key(left := left - count)

    count = await store.keys.rotate(renewed)
    use = await store.keys.use()
    meters.under_old_key(use.left)
    log.info("values were renewed under the first key", values=count, key=use.first, left=use.left)
    if use.left and not count:
        log.error("what is left is opened by none of the keys: add the missing one to DATA_KEY", values=use.left)
    return not use.left or not count, use


def _named(old: Mapping[str, int]) -> str:
    return ", ".join(old)
