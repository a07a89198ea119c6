"""The ledger: one of each, days between any two, and never more than enough (C30, C31)."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise, product

from bot.core.advice.calendar import DEFAULT_WEEK, business_days_between
from bot.core.advice.contact_history import WITHDRAWN, Entry, Refusal, entered, refusal
from bot.core.library import Library

MONDAY = date(2026, 11, 23)
DAY = timedelta(days=1)


def asked(library: Library, what: str, on: date, *ledger: Entry) -> Refusal | None:
    return refusal(library.courtesy, ledger, what, on, DEFAULT_WEEK)


def test_the_first_message_is_always_polite(library: Library) -> None:
    for what in library.courtesy.sorts:
        assert asked(library, what, MONDAY) is None


def test_one_thank_you_is_enough(library: Library) -> None:
    assert asked(library, "thank_you", MONDAY + 40 * DAY, ("thank_you", MONDAY)) == Refusal("once", MONDAY)


def test_a_request_may_follow_the_thank_you_a_business_day_later(library: Library) -> None:
    thanked = ("thank_you", MONDAY)
    assert asked(library, "request", MONDAY, thanked) == Refusal("apart", MONDAY, MONDAY + DAY)
    assert asked(library, "request", MONDAY + DAY, thanked) is None


def test_between_any_other_two_lie_three_business_days(library: Library) -> None:
    friday = MONDAY + 4 * DAY
    assert asked(library, "status", friday + 4 * DAY, ("request", friday)) == Refusal("apart", friday, friday + 5 * DAY)
    assert asked(library, "status", friday + 5 * DAY, ("request", friday)) is None


def test_a_second_request_only_three_weeks_after_a_withdrawal(library: Library) -> None:
    sent, taken_back = ("request", MONDAY), (WITHDRAWN, MONDAY + 30 * DAY)
    assert asked(library, "request", MONDAY + 300 * DAY, sent) == Refusal("once", MONDAY)
    free = MONDAY + 51 * DAY
    assert asked(library, "request", free - DAY, sent, taken_back) == Refusal("withdrawn", MONDAY, free)
    assert asked(library, "request", free, sent, taken_back) is None
    again = (sent, taken_back, ("request", free))
    assert asked(library, "request", free + 300 * DAY, *again) == Refusal("once", free)


def test_said_twice_it_counts_once() -> None:
    assert entered((("status", MONDAY),), "status", MONDAY) == (("status", MONDAY),)


def test_whatever_is_asked_in_whatever_order_the_limits_hold(library: Library) -> None:
    """Every order of five wishes, a week or a day apart: what was allowed is never too much."""
    courtesy, explored = library.courtesy, 0
    wishes = (*courtesy.sorts, WITHDRAWN)
    for order, step in product(product(wishes, repeat=5), (DAY, 8 * DAY)):
        explored += 1
        ledger: tuple[Entry, ...] = ()
        for number, what in enumerate(order):
            on = MONDAY + number * step
            if what == WITHDRAWN:
                ledger = entered(ledger, what, on) if any(of == "request" for of, _ in ledger) else ledger
            elif refusal(courtesy, ledger, what, on, DEFAULT_WEEK) is None:
                ledger = entered(ledger, what, on)
        check(ledger)
    print(f"{explored} orders of wishes explored")  # noqa: T201 - what the reader wants to know


def check(ledger: tuple[Entry, ...]) -> None:
    messages = [(of, on) for of, on in ledger if of != WITHDRAWN]
    for (one, before), (other, after) in pairwise(messages):
        enough = 1 if (one, other) == ("thank_you", "request") else 3
        assert business_days_between(before, after, DEFAULT_WEEK) >= enough, ledger
    for _, on in messages:
        assert sum(on - 60 * DAY < other <= on for _, other in messages) <= 5, ledger
    for what in ("thank_you", "status", "reply", "message"):
        assert sum(of == what for of, _ in messages) <= 1, ledger
    requests = [on for of, on in messages if of == "request"]
    for _before, after in pairwise(requests):
        assert any(of == WITHDRAWN and on <= after - 21 * DAY for of, on in ledger), ledger
