"""Typed text as words: what people write in many ways is one word, and each word knows where it stood."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

BREAK: Final = "\n"
"""What stands between two clauses, in place of a word."""
ASKED: Final = "?"
"""What stands behind a question."""

_APOSTROPHES: Final = "'’‘`´ʼ′"
_DASHES: Final = "-‐‑‒–—−"
_MARKS: Final = frozenset(".,;:!…()[]{}<>|\n•¡。、，！；：，")
_DROPPED: Final = frozenset(_APOSTROPHES + '/\\"“”„«»*_~=·^¿‽')
_UNSEEN: Final = frozenset("\ufe0e\ufe0f\u200d\u200b\u2060\u00ad\u200e\u200f\u061c♀♂")
_TOKENS: Final = re.compile(rf"(?:[^\W\d_]\.){{2,}}|\d+(?:[.:]\d+)*|[^\W\d_]+(?:[{_APOSTROPHES}][^\W\d_]+)*|\n|\S")
_LONG_RUN: Final = re.compile(r"(.)\1{2,}")


@dataclass(frozen=True)
class Word:
    """A word as it is compared, and where it stands in the text: `text[start:end]`."""

    text: str
    start: int
    end: int


def read_words(text: str, emoticons: Mapping[str, str] | None = None) -> list[Word]:
    """Return the words of a text, with `BREAK` between its clauses and `ASKED` behind its questions."""
    found: list[Word] = []
    for match in _TOKENS.finditer(_even(text, emoticons or {})):
        typed, start, end = match[0], match.start(), match.end()
        if len(typed) > 1 or typed.isalnum():
            found.append(Word(plain(typed), start, end))
        elif typed in "?？":
            found.append(Word(ASKED, start, end))
        elif typed in _MARKS or (typed in _DASHES and _stands_alone(text, start)):
            found.append(Word(BREAK, start, end))
        elif _is_sign(typed):
            found.append(Word(typed, start, end))
    return found


def _even(text: str, emoticons: Mapping[str, str]) -> str:
    """Replace what is written in several ways by something as long, so that places in the text stay."""
    for typed, sign in emoticons.items():
        if typed in text:
            text = re.sub(rf"(?<!\w){re.escape(typed)}(?!\w)", sign.ljust(len(typed)), text)
    return text


def _stands_alone(text: str, at: int) -> bool:
    """Tell a dash between clauses from one within a word."""
    return text[at - 1 : at].strip() == "" or text[at + 1 : at + 2].strip() == ""


def _is_sign(char: str) -> bool:
    """Tell an emoji or another sign that may mean something from what only joins or colours one."""
    if char in _DASHES or char in _DROPPED or char in _UNSEEN:
        return False
    return unicodedata.category(char) in ("So", "Sm", "Sc", "Po")


@lru_cache(maxsize=8192)
def plain(word: str) -> str:
    """Return a word without case, accents, apostrophes and the stops of an abbreviation: "Don’t" and "dont" are one."""
    if not word.isascii():
        word = "".join(char for char in unicodedata.normalize("NFKD", word) if unicodedata.category(char) != "Mn")
    kept = "".join(char for char in word.casefold() if char not in _APOSTROPHES)
    return kept.replace(".", "") if kept[:1].isalpha() else kept


def squeezed(word: str) -> tuple[str, ...]:
    """Return what a word with drawn-out letters may be: "soooo" is "soo" or "so"; nothing for any other word."""
    if not _LONG_RUN.search(word):
        return ()
    return _LONG_RUN.sub(r"\1\1", word), _LONG_RUN.sub(r"\1", word)
