"""What was put aside is dropped by kind and age, a bite at a time, so that nobody waits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from bot.runtime.refusals import Kind
from bot.storage.outbox import OutboxRepository
from bot.storage.writer import Runner


async def drop(runner: Runner, outbox: OutboxRepository, before: Mapping[Kind, datetime]) -> dict[Kind, int]:
    """Drop what was parked before an instant, which each kind has its own of; return how much of each kind.

    What was parked before there were kinds is given its kind first.
    """
    while await runner.submit(outbox.name_kinds, rank="long"):
        pass
    dropped: dict[Kind, int] = {}
    for kind, instant in before.items():
        while bite := await runner.submit(partial(outbox.expire, kind=kind, before=instant), rank="long"):
            dropped[kind] = dropped.get(kind, 0) + bite
    return dropped
