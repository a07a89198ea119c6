"""Counts for a coach, made so that no digest, and no two of them together, point at one member.

A member counts once in each question, and only by their own yes. What is shown follows five rules,
and none of them but the last looks at an answer:

    lot        whose answers are counted is drawn by lot, and somebody is always left out; nobody knows who
    batches    those counted stay the same from digest to digest, or at least FEWEST leave, and none or FEWEST come
    a week     there is one digest a week; in between the last one is repeated to the letter
    fives      numbers are rounded down to fives
    merging    a cell is shown only with FEWEST members in it and FEWEST outside of it; the smaller ones are merged

So what somebody answered can change a digest only where it changes a count of five or more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

from bot.core.coaching.cohort import Cohort, Count, Digest
from bot.core.dialogue.session import Session
from bot.core.dialogue.view import SessionView
from bot.core.library import Library

FEWEST: Final = 5
"""The smallest number of members that is ever shown (etiquette, decision 6)."""
EVERY: Final = timedelta(days=7)
AGAIN: Final = timedelta(days=1)
"""How soon it is looked again whether enough members share, where nothing was shown."""
MOST_WEEKS: Final = 104
"""So many digests are kept for the table; no course is longer."""
LEFT_OUT: Final = 10
"""One member in so many is left out of a digest, and one at least."""
OTHERS: Final = "others"
"""The cell that takes in what is too small to be shown."""
QUESTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "cases": ("open", "none"),
    "thanks": ("sent", "due", "late", "none"),
    "request": ("not_sent", "waiting", "accepted", "none"),
}
"""What is counted besides the verdicts, each with its cells; `none` is for who has no case."""


def contribution(library: Library, cases: Mapping[int, Session], now: datetime) -> dict[str, str]:
    """Return the cell of each question that a member falls into: that of their newest case."""
    judged = [view for view in _scenes(library, cases, now) if _advised(view)]
    if not judged:
        return {"cases": "none", "thanks": "none", "request": "none", "verdict": "none"}
    view = judged[0]
    relation, thanks = view.believed.get("relation", "none"), view.believed.get("thanks", "not_sent")
    late = view.believed.get("elapsed") != "waiting"
    return {
        "cases": "open",
        "thanks": "sent" if thanks == "sent" else "late" if late else "due",
        "request": {"pending": "waiting", "connected": "accepted"}.get(relation, "not_sent"),
        "verdict": view.outcome.verdict,
    }


def _scenes(library: Library, cases: Mapping[int, Session], now: datetime) -> Iterable[SessionView]:
    for number in sorted(cases, reverse=True):
        if cases[number].flow in library.flows:
            yield SessionView(library, cases[number], now)


def _advised(view: SessionView) -> bool:
    return any(view.flow.step[step].kind == "judge" for step in view.position.crossed)


def due(cohort: Cohort, now: datetime) -> bool:
    """Tell whether it is time for new counts."""
    return cohort.digest is None or now >= next_at(cohort.digest)


def next_at(digest: Digest) -> datetime:
    """Return from when on there are new counts; where too few shared, nothing was shown that could be compared."""
    return digest.at + (EVERY if digest.people else AGAIN)


def taken(cohort: Cohort, answers: Mapping[int, Mapping[str, str]], now: datetime, dice: str) -> Cohort:
    """Return the cohort with new counts; `answers` are the contributions of who agreed, `dice` a fresh secret."""
    agreeing = cohort.agreeing("counts")
    counted = sample(cohort, agreeing, dice)
    if len(counted) < FEWEST:
        # Nothing is shown, so there is nothing that the next counts could be compared with but the last ones shown.
        return _shown(cohort, Digest(now, fives(len(agreeing))))
    tables = [_table(question, [answers.get(person, {}).get(question, "none") for person in sorted(counted)])
              for question in (*QUESTIONS, "verdict")]  # fmt: skip
    before = {count.question: count.cells for count in cohort.digest.counts} if cohort.digest else {}
    digest = Digest(now, fives(len(agreeing)), tuple(table for table in tables if table.cells), before)
    return replace(_shown(cohort, digest), counted=counted, gone=0)


def _shown(cohort: Cohort, digest: Digest) -> Cohort:
    """Return the cohort with its newest counts, which are kept for the table at its end."""
    if not digest.people:
        return replace(cohort, digest=digest)
    alone = replace(digest, before={})
    return replace(cohort, digest=digest, digests=(*cohort.digests, alone)[-MOST_WEEKS:])


def sample(cohort: Cohort, agreeing: frozenset[int], dice: str) -> frozenset[int]:
    """Return whose answers are counted this time; empty where too few agree. No answer is looked at."""
    stay, gone = cohort.counted & agreeing, cohort.gone + len(cohort.counted - agreeing)
    reserve = max(1, len(agreeing) // LEFT_OUT)
    if not stay and not gone:
        return _enough(_drawn(agreeing, len(agreeing) - reserve, dice))
    extra = max(0, FEWEST - gone) if gone else 0
    kept = _drawn(stay, len(stay) - extra, f"{dice} stay")
    fresh = agreeing - cohort.counted
    room = len(fresh) - max(0, reserve - (len(stay) - len(kept)))
    # One newcomer at least stays out as well, so that of none it is known that they are counted.
    room = min(room, len(fresh) - 1)
    come = _drawn(fresh, room, f"{dice} come") if room >= FEWEST else frozenset()
    if kept | come == agreeing:  # whoever was left out has left: others are, so that again of nobody it is known
        kept = _drawn(stay, len(stay) - FEWEST, f"{dice} stay")
    return _enough(kept | come)


def _enough(people: frozenset[int]) -> frozenset[int]:
    return people if len(people) >= FEWEST else frozenset()


def _drawn(people: frozenset[int], number: int, dice: str) -> frozenset[int]:
    """Draw so many people by lot."""
    if number <= 0:
        return frozenset()
    return frozenset(sorted(people, key=lambda one: blake2b(f"{dice} {one}".encode()).digest())[:number])


def _table(question: str, cells: Iterable[str]) -> Count:
    return Count(question, {cell: fives(number) for cell, number in merged(Counter(cells)).items()})


def merged(cells: Mapping[str, int]) -> dict[str, int]:
    """Return the cells that may be shown, the largest first; empty where that would be all in one, or none."""
    shown = sorted((cell for cell, n in cells.items() if n >= FEWEST), key=lambda cell: (-cells[cell], cell))
    rest = sum(n for cell, n in cells.items() if cell not in shown)
    while shown and 0 < rest < FEWEST:
        rest += cells[shown.pop()]
    if len(shown) + (rest > 0) < 2:
        return {}
    found = {cell: cells[cell] for cell in shown}
    return found | ({OTHERS: rest} if rest else {})


def fives(number: int) -> int:
    """Round down to fives."""
    return number - number % FEWEST
