"""Invented interviews for a group to work through, and how far a group has come with one. Values only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class CaseStudy:
    """An interview that never was: what is true of it, what a group is asked about it, and what the rules must say."""

    id: str
    rules: str
    given: Mapping[str, str]
    polls: tuple[str, ...]
    """The facts that the group reads from the story, in the order in which it is asked."""
    choices: tuple[str, ...]
    """The verdicts it may choose from at last."""
    verdict: str
    rule: str

    @property
    def questions(self) -> int:
        """How many polls there are: one for each fact, and one for the advice."""
        return len(self.polls) + 1


@dataclass(frozen=True)
class Exercise:
    """A case that a group is or was at: the votes of the polls that are closed, in order.

    `turn` counts the polls of the cohort, so that an old button closes nothing; `closing` is Telegram's id of the poll
    that is being closed; `posted` are the messages with polls that were not closed yet.
    """

    case: str
    topic: int
    turn: int
    votes: tuple[tuple[int, ...], ...] = ()
    closing: str = ""
    posted: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {**vars(self), "votes": [list(votes) for votes in self.votes], "posted": list(self.posted)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Exercise:
        """Read it back."""
        votes, posted = tuple(map(tuple, stored["votes"])), tuple(stored.get("posted", ()))
        return cls(**{**stored, "votes": votes, "posted": posted})


def begun(case: str, topic: int, before: Exercise | None) -> Exercise:
    """Return the exercise that begins with a case."""
    return Exercise(case, topic, before.turn + 1 if before else 1)


def again(exercise: Exercise, topic: int) -> Exercise:
    """Return the exercise with its open poll posted anew, in a topic."""
    return replace(exercise, topic=topic, turn=exercise.turn + 1, closing="", posted=())


def counted(exercise: Exercise, votes: Iterable[int]) -> Exercise:
    """Return the exercise after its open poll was closed with these votes."""
    return replace(exercise, votes=(*exercise.votes, tuple(votes)), turn=exercise.turn + 1, closing="")
