"""What is counted: names by Prometheus' conventions, labels from closed sets, and alerts that name what there is."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml
from prometheus_client.parser import text_string_to_metric_families

from bot.core.chat.person import Key
from bot.runtime.clock import SystemClock
from bot.runtime.ports import Census
from bot.telegram.metrics import PrometheusMetrics
from bot.telegram.webhook import COUNT_SECONDS, Counting
from tests.conftest import NOW
from tests.runtime.conftest import opened
from tests.support.store_stories import ANNA, BEN, becomes, count, says, turn

ROOT = Path(__file__).parents[2]
NOTHING = Census(0, 0, None, 0, {}, 0)
ANNAS = Key(1, 100, 0, 100)


def full_page() -> str:
    """Return a page on which every metric has something to say."""
    meters = PrometheusMetrics("1.2.3")
    meters.turned("Said", "done", 0.003)
    meters.sent("message", "delivered", 0.1)
    meters.acknowledged(True)
    meters.due_now(ANNAS, NOW)
    meters.reminded(ANNAS, NOW + timedelta(seconds=40))
    meters.put_aside("refused")
    loop = asyncio.new_event_loop()
    meters.runs("outbox", loop.create_future())
    loop.close()
    census = Census(people=7, waiting=2, oldest=NOW - timedelta(seconds=9), due=1, parked={"bug": 3}, size=4096)
    return meters.page(census, True, NOW, 1.5).decode()


def names(page: str) -> set[str]:
    """Return the names of all samples."""
    return {sample.name for family in text_string_to_metric_families(page) for sample in family.samples}


def test_what_is_counted_is_shown_by_its_unit() -> None:
    lines = full_page().splitlines()
    for line in (
        'afterword_build_info{version="1.2.3"} 1.0',
        "afterword_people 7.0",
        "afterword_outbox_waiting 2.0",
        "afterword_outbox_oldest_seconds 9.0",
        "afterword_reminders_due 1.0",
        'afterword_reminder_lateness_seconds_bucket{le="30.0"} 0.0',
        'afterword_reminder_lateness_seconds_bucket{le="60.0"} 1.0',
        'afterword_parked_waiting{kind="bug"} 3.0',
        'afterword_parked_waiting{kind="blocked"} 0.0',
        'afterword_parked_total{kind="refused"} 1.0',
        "afterword_database_size_bytes 4096.0",
        'afterword_task_alive{task="outbox"} 1.0',
        "afterword_ready 1.0",
    ):
        assert line in lines
    for family in text_string_to_metric_families(full_page()):
        if family.name.startswith("afterword_") and family.type == "histogram":
            assert family.name.endswith("_seconds"), family.name


def test_every_metric_is_in_the_operators_table_and_the_other_way_round() -> None:
    table = (ROOT / "docs/operators/observe.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`(afterword_[a-z_]+)`", table))
    base = {re.sub(r"_(bucket|count|sum|created)$", "", name) for name in names(full_page())}
    assert {name for name in base if name.startswith("afterword_") and f"{name}_total" not in base} == told


def test_the_alert_rules_name_metrics_that_there_are_and_say_what_to_do() -> None:
    rules: list[dict[str, Any]] = [
        rule
        for group in yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    ]
    assert len({rule["alert"] for rule in rules}) == len(rules) == 5
    there = names(full_page())
    for rule in rules:
        asked = set(re.findall(r"\b(?:afterword|process)_[a-z_]+", rule["expr"]))
        assert asked, rule["alert"]
        assert asked <= there, rule["alert"]
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]


def test_of_reminders_that_another_process_sends_nothing_piles_up() -> None:
    meters = PrometheusMetrics()
    for person in range(10_001):
        meters.due_now(replace(ANNAS, chat=person), NOW)
    meters.reminded(replace(ANNAS, chat=0), NOW)
    assert "afterword_reminder_lateness_seconds_count 0.0" in meters.page(None, True, NOW, 0).decode().splitlines()


async def test_what_is_kept_is_counted_beside_the_turns(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    await turn(store, ANNA, becomes(says("one"), says("two")))
    await turn(store, BEN, count)
    await store.park_update(1, 99, "reason", {"a": 1}, NOW)
    census = await store.upkeep.census(NOW)
    assert (census.people, census.waiting, census.due, census.parked) == (2, 2, 0, {"refused": 1})
    assert census.oldest is not None
    assert census.size > 4096
    await store.close()


async def test_counting_takes_a_hundredth_of_the_time_at_most() -> None:
    now, counts = 0.0, 0

    class Slow:
        async def census(self, _now: object) -> Census:
            nonlocal now, counts
            now, counts = now + 3.0, counts + 1
            return replace(NOTHING, people=counts)

    counting = Counting(SystemClock(), lambda: now)
    assert await counting.latest() is None, "there is no store yet"
    counting.store = SimpleNamespace(upkeep=Slow())  # type: ignore[assignment]
    for seconds in (0.0, COUNT_SECONDS, 200.0):
        now += seconds
        assert await counting.latest() == replace(NOTHING, people=1)
    now += 100.0
    await counting.latest()
    await asyncio.sleep(0)
    assert counts == 2
