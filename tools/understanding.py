"""Scores what is understood of the kept corpus, by question: `python -m tools.understanding` (`make understanding`).

Right at first try: taken as what it means, or taken for nothing where it means nothing. Taken wrongly is far worse than
not understood, and is counted by itself. Names and titles are compared without regard to capitals.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Final

import yaml

from bot.content.loader import default_folders, load
from bot.core.dialogue.understand import understand_answer, understand_story
from bot.core.library import Library

CORPUS: Final = Path(__file__).parents[1] / "tests" / "understanding"
TODAY: Final = date(2026, 11, 24)
NONE: Final = "~"


@dataclass
class Score:
    """How many were read right, not read, and taken wrongly; `misses` are shown by request."""

    right: int = 0
    missed: int = 0
    wrong: int = 0
    misses: list[str] = field(default_factory=list)

    @property
    def all(self) -> int:
        """How many there were."""
        return self.right + self.missed + self.wrong

    def count(self, typed: str, wanted: str, got: str) -> None:
        """Count one text."""
        if _same(wanted, got):
            self.right += 1
            return
        self.wrong += got != NONE
        self.missed += got == NONE
        self.misses.append(f"{'WRONG ' if got != NONE else ''}{typed!r}: {wanted}, read as {got}")

    def __str__(self) -> str:
        return (
            f"{self.right:5} of {self.all:5} right ({self.right / max(1, self.all):6.1%}), {self.wrong} taken wrongly"
        )


def _same(wanted: str, got: str) -> bool:
    if "/" in wanted and "/" in got and wanted[:2] == "20":  # of vague days, those that overlap
        return wanted[:10] <= got[11:] and got[:10] <= wanted[11:]
    return wanted.casefold() == got.casefold()


def kept(language: str, name: str) -> list[Any]:
    """Return a part of the corpus."""
    rows = yaml.load((CORPUS / language / f"{name}.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)  # is safe
    return list(rows)


def answers(library: Library, language: str, name: str) -> tuple[dict[str, Score], list[float]]:
    """Score the answers of a part, by question, with the seconds that each took."""
    scores: dict[str, Score] = {}
    seconds = []
    for typed, question, wanted in kept(language, name):
        begun = perf_counter()
        found = understand_answer(question, typed, library.facts, library.catalog(language), TODAY)
        seconds.append(perf_counter() - begun)
        scores.setdefault(question, Score()).count(typed, wanted, _text(found["value"]))
    return scores, seconds


def _text(value: object) -> str:
    if isinstance(value, dict):
        return f"{value['from']}/{value['to']}"
    return NONE if value is None else str(value)


def stories(library: Library, language: str) -> tuple[Score, list[float]]:
    """Score the facts and names of the stories; one that was not told and is taken counts as wrong."""
    score, seconds = Score(), []
    for typed, wanted in kept(language, "stories"):
        begun = perf_counter()
        found = understand_story(typed, library.facts, library.catalog(language), TODAY)
        seconds.append(perf_counter() - begun)
        told = {n: _text(v) for part in found.values() if isinstance(part, dict) for n, v in part.items()}
        for name in {**wanted, **told}:
            score.count(f"{typed} [{name}]", wanted.get(name, NONE), told.get(name, NONE))
    return score, seconds


def nothing(library: Library, language: str) -> Iterator[str]:
    """Return what is decided by texts that answer nothing, put to every question with buttons or days."""
    asked = [name for name, fact in library.facts.by_name.items() if fact.kind != "text" and _is_asked(library, name)]
    for typed in kept(language, "nothing"):
        for question in asked:
            found = understand_answer(question, typed, library.facts, library.catalog(language), TODAY)
            if found["value"] is not None:
                yield f"{typed!r} to {question}: {_text(found['value'])}"
        told = understand_story(typed, library.facts, library.catalog(language), TODAY)
        if sum(len(part) for part in told.values() if isinstance(part, dict)) > 1:
            yield f"{typed!r} as a story: {told}"


def _is_asked(library: Library, name: str) -> bool:
    return library.catalog("en").has(f"question.{name}.text")


def main(*words: str) -> None:
    """Print the figures; `held_out` scores the part kept apart, `misses` shows what was missed."""
    library = load(*default_folders()).library
    assert library is not None, "`afterword check` says what is wrong"
    language, name = "en", "held_out" if "held_out" in words else "answers"
    scores, seconds = answers(library, language, name)
    story, story_seconds = stories(library, language)
    for question, score in scores.items():
        _print(question, score, words)
    every = Score(*(sum(getattr(score, part) for score in scores.values()) for part in ("right", "missed", "wrong")))
    _print(name, every, words)
    _print("facts of stories", story, words)
    decided = Counter(nothing(library, language))
    print(f"{len(kept(language, 'nothing'))} texts that answer nothing decide {decided.total()}", *decided, sep="\n  ")  # noqa: T201
    print(f"median: an answer {median(seconds) * 1e3:.2f} ms, a story {median(story_seconds) * 1e3:.2f} ms")  # noqa: T201


def _print(name: str, score: Score, words: tuple[str, ...]) -> None:
    print(f"{name:18}{score}", *(score.misses if "misses" in words else ()), sep="\n    ")  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
