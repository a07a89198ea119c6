"""The test server counts floods and goes wrong on demand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from telegram import (
    Bot,
)
from telegram.error import (
    NetworkError,
    RetryAfter,
    TimedOut,
)

from tests.botapi import BotApiServer, Person
from tests.support.api_calls import connected, raw, refused


async def test_flood_limits_are_recorded_or_enforced(dana: Person) -> None:
    clock = [1_000_000.0]
    async with BotApiServer(clock=lambda: clock[0]) as server, connected(server) as bot:
        dana, group = server.person(started=True), server.group()
        for _ in range(5):
            await bot.send_message(dana.id, "a short burst passes")
        assert server.violations == []
        await bot.send_message(dana.id, "a long one does not")
        assert [violation.limit for violation in server.violations] == ["private"]
        for _ in range(21):
            clock[0] += 1
            await bot.send_message(group.id, "twenty a minute")
        assert [violation.limit for violation in server.violations] == ["private", "group"]
        server.enforce_limits = True
        with pytest.raises(RetryAfter) as caught:
            await bot.send_message(group.id, "refused")
        assert caught.value.retry_after == timedelta(seconds=41)
        with pytest.raises(RetryAfter):
            await bot.send_message(group.id, "called again too soon")
        assert [violation.limit for violation in server.violations][-2:] == ["group", "retry_after"]
        clock[0] += 41
        await bot.send_message(group.id, "in time")


async def test_more_than_thirty_a_second_is_a_violation() -> None:
    async with BotApiServer(clock=lambda: 1_000_000.0) as server, connected(server) as bot:
        for number in range(31):
            await bot.send_message(server.person(1000 + number, started=True).id, "x")
        assert [violation.limit for violation in server.violations] == ["overall"]


async def test_planned_refusals_hit_as_often_as_planned(server: BotApiServer, bot: Bot, dana: Person) -> None:
    fault = server.fault(method="sendMessage", chat=dana.id, kind="429", retry_after=7)
    server.fault("403", method="sendMessage", times=2)
    with pytest.raises(RetryAfter) as caught:
        await bot.send_message(dana.id, "x")
    assert (caught.value.retry_after, fault.hits) == (timedelta(seconds=7), 1)
    for _ in range(2):
        assert await refused(bot.send_message(dana.id, "x")) == "Forbidden: bot was blocked by the user"
    await bot.send_message(dana.id, "x")
    assert [violation.limit for violation in server.violations] == ["retry_after"] * 3
    for kind in ("500", "502_html"):
        server.fault(kind)
        with pytest.raises(NetworkError):
            await bot.send_message(dana.id, "x")
    server.fault("topic_deleted")
    assert await refused(bot.send_message(dana.id, "x")) == "Message thread not found"


async def test_a_line_cut_before_applies_nothing_and_after_applies_all(
    server: BotApiServer, bot: Bot, dana: Person
) -> None:
    for kind in ("cut_before", "cut_after"):
        server.fault(kind, method="sendMessage")
        with pytest.raises(NetworkError):
            await bot.send_message(dana.id, kind)
    assert [message.text for message in dana.screen] == ["cut_after"]
    outcomes = [(call.outcome, call.applied) for call in server.calls_of("sendMessage")]
    assert outcomes == [("cut", False), ("cut", True)]


async def test_a_silent_line_times_out(server: BotApiServer, dana: Person) -> None:
    server.fault("timeout", method="sendMessage")
    async with connected(server, read_timeout=0.1) as bot:
        with pytest.raises(TimedOut):
            await bot.send_message(dana.id, "x")
    assert dana.screen == []
    server.wait(lambda: server.calls_of("sendMessage")[0].outcome == "gone")


async def test_faults_by_chance_are_repeatable(server: BotApiServer, dana: Person) -> None:
    outcomes = []
    for _ in range(2):
        fault = server.fault("500", method="sendChatAction", times=None, probability=0.5, seed=3)
        answers = [await raw(server, "sendChatAction", chat_id=dana.id, action="typing") for _ in range(12)]
        fault.stop()
        outcomes.append([answer["ok"] for answer in answers])
    assert outcomes[0] == outcomes[1]
    assert set(outcomes[0]) == {True, False}
