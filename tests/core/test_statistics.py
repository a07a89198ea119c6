"""Counts for a coach: what is shown, what is not, and what all digests together give away: nobody."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.coaching.cohort import Cohort, Digest, Member
from bot.core.coaching.statistics import EVERY, FEWEST, OTHERS, contribution, fives, merged, sample, taken
from bot.core.dialogue.session import Session
from bot.core.library import Library
from tests.conftest import NOW

CELLS = ("thank_you_then_wait", "connect_now", "skip")
WEEK = timedelta(days=7)


def cohort(people: int) -> Cohort:
    return Cohort("Spring", "en", {1: "Cleo"}, {n: Member(NOW, {"counts": NOW}) for n in range(100, 100 + people)})


def answers(of: Cohort, *cells: str) -> dict[int, dict[str, str]]:
    return {person: {"verdict": cell} for person, cell in zip(sorted(of.members), itertools.cycle(cells), strict=False)}


def verdicts(of: Cohort) -> Mapping[str, int]:
    assert of.digest is not None
    return next((count.cells for count in of.digest.counts if count.question == "verdict"), {})


@pytest.mark.parametrize(("people", "shown"), [(0, 0), (4, 0), (5, 5), (9, 5), (200, 200)])
def test_members_are_shown_from_five_on_and_in_fives(people: int, shown: int) -> None:
    one = cohort(people)
    after = taken(one, answers(one, *CELLS), NOW, "dice")
    assert after.digest is not None
    assert after.digest.people == shown
    assert bool(after.digest.counts) == (people == 200), "five members cannot hide in smaller groups"


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 40)))
def test_a_cell_is_shown_with_five_in_it_and_five_outside_of_it(cells: dict[str, int]) -> None:
    shown = merged(cells)
    assert sum(shown.values()) in (0, sum(cells.values()))
    for number in shown.values():
        assert FEWEST <= number <= sum(cells.values()) - FEWEST


def test_a_member_counts_by_their_newest_interview(library: Library) -> None:
    told = {"relation": "none", "experience": "positive", "outcome": "none", "role": "hiring_manager",
            "invited": "no", "tone": "rapport", "interviewed_on": "2026-11-22", "thanks": "not_sent"}  # fmt: skip
    old = Session("after_interview", answers={"relation": "connected", "experience": "positive"})
    new = Session("after_interview", answers=told)
    counted = contribution(library, {1: old, 2: new}, NOW)
    assert counted == {"cases": "open", "thanks": "due", "request": "not_sent", "verdict": "thank_you_then_wait"}
    assert contribution(library, {2: new}, NOW + timedelta(days=10))["thanks"] == "late"
    assert contribution(library, {1: old}, NOW)["request"] == "accepted"
    assert contribution(library, {}, NOW)["cases"] == "none"


@dataclass(frozen=True)
class Shown:
    """What is known outside about one digest."""

    members: frozenset[int]
    cells: Mapping[str, int]
    counted: int


@dataclass
class History:
    """Weeks of coming, going, agreeing and digests.

    The members' answers never change, which is when differencing is easiest.
    """

    seed: int

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311 - a history, not a secret
        self.truth = {person: self.dice.choice(CELLS[:2]) for person in range(100, 200)}
        self.present: list[Shown] = []
        self.samples: list[tuple[frozenset[int], frozenset[int]]] = []
        self.left: list[set[int]] = [set()]
        """Who left or took it back before each sample, and after the last one; some have come back since."""

    def run(self, weeks: int) -> None:
        one, fresh = cohort(0), iter(sorted(self.truth))
        for week in range(weeks):
            for person in itertools.islice(fresh, self.dice.choice((0, 0, 1, 3, 6, 12))):
                one = one.with_member(person, Member(NOW, {"counts": NOW}))
            for person in self.dice.sample(sorted(one.members), min(len(one.members), self.dice.choice((0, 0, 1, 2)))):
                one = one.without_member(person)
                self.left[-1].add(person)
            for person in self.dice.sample(sorted(one.members), min(len(one.members), self.dice.choice((0, 0, 1, 2)))):
                one = self.decides_anew(one, person)
            own = {person: {"verdict": self.truth[person]} for person in one.members}
            drawn = sample(one, one.agreeing("counts"), f"{self.seed} {week}")
            one = taken(one, own, NOW + week * EVERY, f"{self.seed} {week}")
            if verdicts(one):
                self.present.append(Shown(one.agreeing("counts"), dict(verdicts(one)), len(one.counted)))
            if drawn:
                self.samples.append((one.agreeing("counts"), drawn))
                self.left.append(set())

    def decides_anew(self, one: Cohort, person: int) -> Cohort:
        """Let somebody take back that they are counted, or agree to it again."""
        if person in one.agreeing("counts"):
            self.left[-1].add(person)
            return one.with_member(person, Member(NOW)).uncounted(person)
        return one.with_member(person, Member(NOW, {"counts": NOW}))


@given(st.integers(0, 10**6))
def test_those_counted_stay_the_same_or_change_by_five_and_somebody_is_always_left_out(seed: int) -> None:
    history = History(seed)
    history.run(10)
    for members, counted in history.samples:
        assert counted < members, "of nobody it is known that they are counted"
    for ((_, before), (_, after)), left in zip(itertools.pairwise(history.samples), history.left[1:], strict=False):
        stayed = (before & after) - left  # whoever left and is back has both gone and come
        gone, come = len(before - stayed), len(after - stayed)
        assert gone == 0 or gone >= FEWEST
        assert come == 0 or come >= FEWEST


def test_differencing_finds_nobody() -> None:
    """A coach who knows who agreed to be counted when, and has every digest, is sure of nobody's answer.

    Each pair of digests is solved in full: every split of each group of like members (in both, only before, only
    after) over the two cells that gives the numbers shown, whoever is left out.
    """
    solved = 0
    for seed in range(60):
        history = History(seed)
        history.run(10)
        for before, after in itertools.combinations(history.present, 2):
            then, now = before.members, after.members
            atoms = [then & now, then - now, now - then]
            feasible = list(splits([len(atom) for atom in atoms], before, after))
            assert feasible, "the truth itself is one of them"
            for number, atom in enumerate(atoms):
                found = {split[number] for split in feasible}
                assert not atom or found - {0}, "none of them is known to be outside of a cell"
                assert not atom or found - {len(atom)}, "none of them is known to be in it"
            solved += 1
    assert solved > 100


def splits(sizes: list[int], before: Shown, after: Shown) -> Iterator[tuple[int, ...]]:
    """Give how many of each group may be in the first cell, as far as each digest by itself allows it."""
    then, now = possible(before), possible(after)
    for both in range(sizes[0] + 1):
        for only_before in range(sizes[1] + 1):
            if both + only_before in then:
                for only_after in range(sizes[2] + 1):
                    if both + only_after in now:
                        yield both, only_before, only_after


def possible(shown: Shown) -> set[int]:
    """Return how many members may be in the first cell: for some lot, it would give the numbers shown.

    How many are counted is taken as known, since it follows from who came and went; who they are is not.
    """
    found = set()
    for inside in range(len(shown.members) + 1):
        outside = len(shown.members) - inside
        for first in range(max(0, shown.counted - outside), min(inside, shown.counted) + 1):
            cells = merged(Counter({CELLS[0]: first, CELLS[1]: shown.counted - first}))
            if {cell: fives(number) for cell, number in cells.items()} == shown.cells:
                found.add(inside)
    return found


def test_the_next_counts_look_at_no_answer_to_choose_whom_they_count() -> None:
    one = cohort(30)
    first = taken(one, answers(one, CELLS[0]), NOW, "a")
    other = taken(one, answers(one, *CELLS), NOW, "a")
    assert first.counted == other.counted
    assert sample(first, first.agreeing("counts"), "b") == first.counted, "nobody came or went"
    left = first.without_member(min(first.counted))
    kept = sample(left, left.agreeing("counts"), "b")
    assert len(first.counted - kept) == FEWEST, "the one who left is one of five"


def test_too_few_at_once_show_nothing_and_forget_no_comparison() -> None:
    one = taken(cohort(12), answers(cohort(12), CELLS[0], CELLS[1]), NOW, "a")
    few = replace(one, members={n: m for n, m in one.members.items() if n < 103})
    after = taken(few, {}, NOW + WEEK, "b")
    assert after.digest == Digest(NOW + WEEK, 0)
    assert after.counted == few.counted


def test_a_digest_is_kept_as_it_was_shown() -> None:
    one = taken(cohort(40), answers(cohort(40), *CELLS), NOW, "a")
    assert Cohort.from_json(one.to_json()) == one
    with pytest.raises(ValueError, match="format 2"):
        Cohort.from_json({**one.to_json(), "format": 2})
    assert set(verdicts(one)) <= {*CELLS, OTHERS}


def test_two_hundred_members_are_counted_within_a_second(library: Library) -> None:
    """One interview of each judged; measured at 15 ms on two busy cores."""
    from time import perf_counter

    told = {"relation": "none", "experience": "positive", "outcome": "none", "role": "hiring_manager",
            "invited": "no", "tone": "rapport", "interviewed_on": "2026-11-22", "thanks": "not_sent"}  # fmt: skip
    cases = {n: Session("after_interview", answers=told) for n in range(1, 4)}
    one = cohort(200)
    began = perf_counter()
    found = {person: contribution(library, cases, NOW) for person in one.members}
    after = taken(one, found, NOW, "dice")
    assert perf_counter() - began < 1.0
    assert after.digest is not None
    assert after.digest.people == 200
