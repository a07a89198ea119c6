"""How fast calls may go out, and how fast a person may speak."""

from __future__ import annotations

import random

import pytest

from bot.runtime.rate_limits import EDITS, FLOOD, QUIET_SECONDS, FloodGuard, RateLimits
from tests.botapi.limits import FloodLimits


@pytest.mark.parametrize("pause", [0.1, 1.0, 3.0])
def test_a_process_that_has_just_begun_leaves_room_for_what_the_one_before_has_sent(pause: float) -> None:
    """Stopped after a burst and started a moment later, it must not burst again (seen: three messages too soon)."""
    theirs, sent = FloodLimits(), 0
    for pace, starts in ((RateLimits(), 0.0), (RateLimits(began=pause), pause)):
        for moment in range(10):
            now = starts + moment / 100
            if pace.wait(7, edit=False, now=now) == 0:
                pace.take(7, edit=False, now=now)
                assert theirs.judge(7, private=True, now=now) is None, (now, sent)
                theirs.count(7, private=True, now=now)
                sent += 1
    assert sent == 4 + 1


def test_a_chat_gets_a_short_burst_and_then_one_message_a_second() -> None:
    pace, sent, now = RateLimits(), [], 100.0
    while now < 110.0:
        if pace.wait(5, False, now) == 0:
            pace.take(5, False, now)
            sent.append(now)
        now += 0.05
    assert 12 <= len(sent) <= 14
    assert sent[3] < 100.2
    assert sent[4] > 100.9


def test_a_group_gets_at_most_twenty_messages_in_any_minute() -> None:
    pace, sent, now = RateLimits(), [], 0.0
    while now < 300.0:
        if pace.wait(-100, False, now) == 0:
            pace.take(-100, False, now)
            sent.append(now)
        now += 0.25
    assert max(sum(start <= at < start + 60 for at in sent) for start in sent) == 20


def test_edits_have_a_bucket_of_their_own() -> None:
    pace = RateLimits()
    for _ in range(4):
        pace.take(5, False, 0.0)
    assert pace.wait(5, False, 0.0) > 0
    assert pace.wait(5, True, 0.0) == 0
    for _ in range(EDITS[1]):
        pace.take(5, True, 0.0)
    assert 0 < pace.wait(5, True, 0.0) <= 0.5


def test_all_chats_together_keep_what_telegram_allows() -> None:
    """2,000 messages for 95 people and 5 groups, in any order: the strict server sees no limit broken."""
    dice, pace, theirs = random.Random(3), RateLimits(), FloodLimits()  # noqa: S311 - repeatable on purpose
    chats = [*range(1, 96), *range(-5, 0)]
    left = dict.fromkeys(chats, 20)
    now, broken = 0.0, []
    while any(left.values()) and now < 120:
        for chat in dice.sample(chats, len(chats)):
            if left[chat] and pace.room(now) and pace.wait(chat, False, now) == 0:
                pace.take(chat, False, now)
                left[chat] -= 1
                broken += [one] if (one := theirs.judge(chat, chat > 0, now)) else []
                theirs.count(chat, chat > 0, now)
        now += 0.02
    assert broken == []
    assert 65 < now < 90
    assert not any(left.values())


def test_what_waits_at_the_gate_counts_when_it_goes() -> None:
    """Taken together and let go one by one on a slow line, the next ones must not follow at once (seen)."""
    pace, theirs, gate, chat = RateLimits(), FloodLimits(), 0.0, 0
    broken, looked = [], 0.0
    while chat < 500:
        for _ in range(pace.room(looked)):
            chat += 1
            pace.take(chat, False, looked)
            gate = max(gate, looked) + (0.03 if chat % 56 < 28 else 0.001)  # a line that is slow now and then
            pace.put_off(looked, gate)
            broken += [one] if (one := theirs.judge(chat, private=True, now=gate)) else []
            theirs.count(chat, private=True, now=gate)
        looked = max(looked + 0.01, gate)
    assert broken == []
    assert looked < 500 / 20


def test_several_processes_together_keep_what_one_keeps() -> None:
    """Each knows nothing of the others; what all send to one chat and in all stays within the limits."""
    paces, theirs, now = [RateLimits(processes=3) for _ in range(3)], FloodLimits(), 0.0
    sent, broken = 0, []
    while now < 20:
        for chat in (1, -1, *range(10, 60)):
            for pace in paces:
                if pace.room(now) and pace.wait(chat, False, now) == 0:
                    pace.take(chat, False, now)
                    broken += [one] if (one := theirs.judge(chat, chat > 0, now)) else []
                    theirs.count(chat, chat > 0, now)
                    sent += 1
        now += 0.05
    assert broken == []
    assert sent > 20 * 20


def test_a_person_who_types_fast_is_never_muted() -> None:
    guard = FloodGuard()
    assert not any(guard.arrived("dana", 0.005 * n) for n in range(20))
    assert not any(guard.arrived("dana", 10 + 0.25 * n) for n in range(200))


def test_a_flooder_is_muted_until_they_are_silent_and_others_are_not() -> None:
    guard = FloodGuard()
    muted = [guard.arrived("flooder", 0.01 * n) for n in range(1000)]
    assert 30 <= muted.index(True) <= 33
    assert all(muted[muted.index(True) :])
    assert guard.muted("flooder", 10.0)
    assert not guard.arrived("dana", 10.0)
    assert not guard.arrived("flooder", 10.0 + QUIET_SECONDS)
    assert not any(guard.arrived("flooder", 20.0) for _ in range(FLOOD[1] - 1))
