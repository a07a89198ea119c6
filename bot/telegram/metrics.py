"""What an operator may count: one registry of metrics for a process, named by Prometheus' conventions.

Labels come from the code (names of events, methods, outcomes), so there are few, and none says who.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import datetime
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)

from bot.core.chat.person import CallKind, Key
from bot.runtime.ports import Census, Fate, Taken
from bot.runtime.refusals import KINDS, Kind
from bot.telegram.sender import METHODS

TURNS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
CALLS: Final = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)
LATE: Final = (1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0, 86_400.0)
MOST_DUE: Final = 10_000
"""Reminders between the ring and Telegram that are remembered; of those beyond, the lateness is not counted."""


class PrometheusMetrics:
    """The counters, as the service's `Watch`."""

    def __init__(self, version: str = "unknown") -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        Info("afterword_build", "The version that runs", registry=registry).info({"version": version})
        self._updates = Counter("afterword_updates", "Updates by kind and outcome", ("kind", "how"), registry=registry)
        self._turn = Histogram("afterword_turn_seconds", "From update to commit", buckets=TURNS, registry=registry)
        self._calls = Counter("afterword_calls", "Calls by method and outcome", ("method", "fate"), registry=registry)
        self._call = Histogram("afterword_call_seconds", "Telegram's answers", buckets=CALLS, registry=registry)
        self._taps = Counter("afterword_taps", "Answers to taps", ("arrived",), registry=registry)
        self._late = Histogram(
            "afterword_reminder_lateness_seconds", "From a reminder's time until Telegram took it", buckets=LATE,
            registry=registry,
        )  # fmt: skip
        self._aside = Counter("afterword_parked", "What was put aside since the start", ("kind",), registry=registry)
        self._state = _State(registry)
        self._tasks: dict[str, asyncio.Future[None]] = {}
        self._due: OrderedDict[tuple[int, int], datetime] = OrderedDict()

    def turned(self, kind: str, how: Taken, seconds: float) -> None:
        """Count an update."""
        self._updates.labels(kind, how).inc()
        self._turn.observe(seconds)

    def sent(self, kind: CallKind, fate: Fate, seconds: float) -> None:
        """Count a call."""
        self._calls.labels(METHODS[kind], fate).inc()
        if seconds:
            self._call.observe(seconds)

    def due_now(self, key: Key, due: datetime) -> None:
        """Remember when a reminder was due, until it is out; one of another process is counted there or nowhere."""
        self._due.setdefault((key.bot, key.chat), due)
        if len(self._due) > MOST_DUE:
            self._due.popitem(last=False)

    def reminded(self, key: Key, now: datetime) -> None:
        """Count how late a reminder was."""
        due = self._due.pop((key.bot, key.chat), None)
        if due is not None:
            self._late.observe(max(0.0, (now - due).total_seconds()))

    def put_aside(self, kind: Kind) -> None:
        """Count what was put aside."""
        self._aside.labels(kind).inc()

    def acknowledged(self, arrived: bool) -> None:
        """Count an answer to a tap."""
        self._taps.labels(str(arrived).lower()).inc()

    def under_old_key(self, values: int) -> None:
        """Note how many values are still to be renewed."""
        self._state.old_key.set(values)

    def checked(self, seconds: float) -> None:
        """Note how long reading and checking the content took."""
        self._state.check.set(seconds)

    def runs(self, name: str, task: asyncio.Future[None]) -> None:
        """Tell whether a task is alive from now on; `name` comes from the code."""
        self._tasks[name] = task

    def page(self, census: Census | None, ready: bool, now: datetime, age: float) -> bytes:
        """Return everything in Prometheus' text format; `age` is seconds since Telegram was last heard of."""
        state = self._state
        state.ready.set(ready)
        state.heard.set(age)
        for name, task in self._tasks.items():
            state.tasks.labels(name).set(not task.done())
        if census is not None:
            state.counted(census, now)
        return generate_latest(self.registry)


class _State:
    """What is looked at when it is asked for."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.ready = Gauge("afterword_ready", "Whether something can be kept and sent (as /readyz)", registry=registry)
        self.heard = Gauge("afterword_telegram_age_seconds", "Since Telegram was last heard of", registry=registry)
        self.check = Gauge(
            "afterword_content_check_seconds", "What the last check of the content took", registry=registry
        )
        self.old_key = Gauge(
            "afterword_values_under_old_key", "Values that the first key of DATA_KEY does not open", registry=registry
        )
        self.tasks = Gauge("afterword_task_alive", "Whether a task of the process runs", ("task",), registry=registry)
        self._people = Gauge("afterword_people", "People who are kept", registry=registry)
        self._waiting = Gauge("afterword_outbox_waiting", "Calls that wait", registry=registry)
        self._oldest = Gauge("afterword_outbox_oldest_seconds", "Age of the oldest call", registry=registry)
        self._due = Gauge("afterword_reminders_due", "Reminders whose time has come", registry=registry)
        self._parked = Gauge("afterword_parked_waiting", "What is put aside", ("kind",), registry=registry)
        self._size = Gauge("afterword_database_size_bytes", "What the database takes on its disk", registry=registry)

    def counted(self, census: Census, now: datetime) -> None:
        """Set what was counted in the database."""
        self._people.set(census.people)
        self._waiting.set(census.waiting)
        self._oldest.set((now - census.oldest).total_seconds() if census.oldest else 0)
        self._due.set(census.due)
        for kind in KINDS:
            self._parked.labels(kind).set(census.parked.get(kind, 0))
        self._size.set(census.size)
