"""What an operator may count: one registry of metrics for a process.

Law of this file: labels come from the code (names of events, methods, outcomes), so there are few, and none says who.
"""

from __future__ import annotations

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bot.service.ports import Depth
from bot.service.watching import Fate, Taken

TURNS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
CALLS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)


class Meters:
    """The counters, as the service's `Watch`."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._updates = Counter("afterword_updates", "Updates by kind and outcome", ("kind", "how"), registry=registry)
        self._turn = Histogram("afterword_turn_seconds", "From knock to commit", buckets=TURNS, registry=registry)
        self._calls = Counter("afterword_calls", "Calls by method and outcome", ("method", "fate"), registry=registry)
        self._call = Histogram("afterword_call_seconds", "Telegram's answers", buckets=CALLS, registry=registry)
        self._taps = Counter("afterword_taps", "Answers to taps", ("arrived",), registry=registry)
        self._waiting = Gauge("afterword_outbox_waiting", "Calls that wait", registry=registry)
        self._oldest = Gauge("afterword_outbox_oldest_seconds", "Age of the oldest call", registry=registry)
        self._parked = Gauge("afterword_parked", "Updates and calls put aside", registry=registry)
        self._old_key = Gauge(
            "afterword_values_under_old_key", "Values that the first key of DATA_KEY does not open", registry=registry
        )
        self._heard = Gauge("afterword_telegram_age_seconds", "Since Telegram was last heard of", registry=registry)

    def turned(self, kind: str, how: Taken, seconds: float) -> None:
        """Count an update."""
        self._updates.labels(kind, how).inc()
        self._turn.observe(seconds)

    def sent(self, method: str, fate: Fate, seconds: float) -> None:
        """Count a call."""
        self._calls.labels(method, fate).inc()
        if seconds:
            self._call.observe(seconds)

    def acknowledged(self, arrived: bool) -> None:
        """Count an answer to a tap."""
        self._taps.labels(str(arrived).lower()).inc()

    def under_old_key(self, values: int) -> None:
        """Note how many values are still to be renewed."""
        self._old_key.set(values)

    def page(self, depth: Depth, now: datetime, age: float) -> bytes:
        """Return everything in Prometheus' text format; `age` is seconds since Telegram was last heard of."""
        self._waiting.set(depth.waiting)
        self._oldest.set((now - depth.oldest).total_seconds() if depth.oldest else 0)
        self._parked.set(depth.parked)
        self._heard.set(age)
        return generate_latest(self.registry)
