"""Mistyped words: a word that is in no phrase is taken for the only one that it nearly is."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from bot.core.understanding.words import squeezed

SHORTEST: Final = 4
"""Letters of a word that may be mistyped; shorter ones are too many words at once."""
LONG: Final = 8
"""Letters from which on two slips are forgiven."""


class Speller:
    """Corrects words to those of one question; `known` are words that stand as they are."""

    def __init__(self, words: Collection[str], known: Collection[str]) -> None:
        self.known = known
        self.words = sorted(word for word in words if len(word) >= SHORTEST and word.isalpha())
        self.own = words

    def corrected(self, word: str) -> str:
        """Return the word that was meant; itself where that cannot be told."""
        if word in self.own or word in self.known:
            return word
        for shorter in squeezed(word):
            if shorter in self.own or shorter in self.known:
                return shorter
        if len(word) < SHORTEST or not word.isalpha():
            return word
        slips = 2 if len(word) >= LONG else 1
        near = extract(word, self.words, scorer=OSA.distance, score_cutoff=slips, limit=3)
        best = [found for found, distance, _ in near if found[0] == word[0] and distance == near[0][1]]
        alike = len({found[: len(word) - 2] for found in best}) == 1  # "terrible" and "terribly" are one to a reader
        if not best or not alike or (len(word) == SHORTEST and sorted(best[0]) != sorted(word)):
            return word  # of so short a word, only two letters may have changed places
        return best[0]
