"""The laws over time hold for somebody who does what is advised, and for somebody who does not."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain

import pytest

from bot.core.library import Library
from tests.over_time.asking import asked_of
from tests.over_time.walker import Ask, situations, walk, wander


def breaches(ask: Ask, count: int) -> Iterator[str]:
    """Give what is broken in so many situations, each walked to its end and twice at random."""
    dice = random.Random(count)  # noqa: S311 - the same situations every time
    for facts, today in situations(count, dice):
        lives = (walk(ask, facts, today), wander(ask, facts, today, dice), wander(ask, facts, today, dice))
        for breach in chain.from_iterable(lives):
            yield f"{facts} told on {today}: {breach}"


def test_no_law_is_broken_along_a_life(library: Library) -> None:
    assert list(breaches(asked_of(library), 10)) == []


@pytest.mark.slow
def test_no_law_is_broken_along_two_thousand_lives(library: Library) -> None:
    assert list(breaches(asked_of(library), 2000)) == []


Fault = Callable[[Library], Library]


def changed(library: Library, **changes: object) -> Library:
    """Return the content with something of its courtesy or of its rules changed, compiled anew."""
    return replace(library, **changes)  # type: ignore[arg-type]


def without_row(row: str) -> Fault:
    def fault(library: Library) -> Library:
        rules = library.rulesets["etiquette"]
        kept = tuple(rule for rule in rules.rules if rule.id != row)
        return changed(library, rulesets={"etiquette": replace(rules, rules=kept)})

    return fault


def mailing(row: str, kind: str) -> Fault:
    """Return the fault of a row that sends an e-mail whatever went out before."""

    def fault(library: Library) -> Library:
        rules = library.rulesets["etiquette"]
        rows = tuple(
            replace(rule, mails=(replace(library.rulesets["etiquette"].rule["R15"].mails[0], item=kind),))
            if rule.id == row
            else rule
            for rule in rules.rules
        )
        return changed(library, rulesets={"etiquette": replace(rules, rules=rows)})

    return fault


def without_distance(library: Library) -> Library:
    return changed(library, courtesy=replace(library.courtesy, apart=0))


def forgetful(library: Library) -> Library:
    """Return the fault of a thank-you that answers nothing, so that it is advised for ever."""
    sorts = {**library.courtesy.sorts, "thank_you": replace(library.courtesy.sorts["thank_you"], then={}, at_most=9)}
    return changed(library, courtesy=replace(library.courtesy, sorts=sorts))


@pytest.mark.parametrize(
    "fault",
    [without_distance, forgetful, mailing("R04", "E2")],
    ids=["nothing lies between two messages", "a thank-you is forgotten", "a status mail beside a request"],
)
def test_the_walker_finds_a_fault(library: Library, fault: Fault) -> None:
    assert next(breaches(asked_of(fault(library)), 100), "")
