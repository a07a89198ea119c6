"""Phrases: short patterns of words, matched anywhere in a text, and proved to have no text in common.

`went [really] (well|great)` is a pattern: `[...]` may be left out, of `(a|b)` one stands there, `<yes>` is a group of
phrases that has a name; a `$` at the end wants the clause to end there. Loose words ("really", "just") may stand
anywhere between the words of a phrase.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from bot.core.understanding.words import ASKED, BREAK, read_words

Groups = Mapping[str, Sequence[str]]


class BadPhrase(ValueError):
    """A pattern that cannot be read; says why."""


@dataclass(frozen=True, eq=False)
class Place:
    """A place within a phrase: the word that stands there, and the places that may follow it."""

    word: str
    after: frozenset[Place]


END: Final = Place("", frozenset())
"""What follows the last word of a phrase."""
CLOSE: Final = "$"
"""Stands in a phrase behind which its clause has to end."""
_SIGNS: Final = re.compile(r"[\[\]()|]|<\w+>|[^\[\]()|<>]+")
_PLAIN: Final = re.compile(r"[a-zA-Z ]*")
_DEEPEST: Final = 6
"""So deep groups may name groups; a group that names itself would never end."""


def compiled(pattern: str, groups: Groups) -> frozenset[Place]:
    """Return the places at which a text may begin to mean `pattern`; raises `BadPhrase`."""
    found = _Pattern(pattern, groups).read(frozenset({END}), 0)
    if END in found:
        raise BadPhrase("it can be left out as a whole")
    return found


class _Pattern:
    """One pattern, read from its end to its beginning, so that each word knows what may follow it."""

    def __init__(self, pattern: str, groups: Groups) -> None:
        self.groups = groups
        signs: list[str] = _SIGNS.findall(pattern)
        if "".join(signs) != pattern:
            raise BadPhrase("a < or > stands alone")
        self.tree = self._alternatives(iter([*signs, ""]), "")

    def read(self, after: frozenset[Place], depth: int) -> frozenset[Place]:
        return self._first(self.tree, after, depth)

    def _first(self, tree: Sequence[Sequence[object]], after: frozenset[Place], depth: int) -> frozenset[Place]:
        """Return where a text may begin that means one of these sequences and then goes on `after`."""
        found: set[Place] = set()
        for sequence in tree:
            following = after
            for part in reversed(sequence):
                following = self._part(part, following, depth)
            found |= following
        return frozenset(found)

    def _part(self, part: object, after: frozenset[Place], depth: int) -> frozenset[Place]:
        if isinstance(part, tuple):
            optional, inner = part
            return self._first(inner, after, depth) | (after if optional else frozenset())
        text = str(part)
        if not text.startswith("<"):
            return frozenset({Place(text, after)})
        name = text[1:-1]
        if name not in self.groups:
            raise BadPhrase(f"there is no group <{name}>")
        if depth == _DEEPEST:
            raise BadPhrase(f"the group <{name}> leads back to itself")
        found: set[Place] = set()
        for pattern in self.groups[name]:
            found |= _Pattern(pattern, self.groups).read(after, depth + 1)
        return frozenset(found)

    def _alternatives(self, signs: Iterator[str], until: str) -> list[list[object]]:
        found: list[list[object]] = [[]]
        for sign in signs:
            if sign == until:
                return found
            if sign in ("[", "("):
                inner = self._alternatives(signs, "]" if sign == "[" else ")")
                found[-1].append((sign == "[", inner))
            elif sign == "|":
                found.append([])
            elif sign in ("]", ")", ""):
                raise BadPhrase("its brackets do not match")
            elif sign.startswith("<"):
                found[-1].append(sign)
            else:
                found[-1] += _literal(sign)
        raise BadPhrase("its brackets do not match")


@lru_cache(maxsize=8192)
def _literal(text: str) -> tuple[str, ...]:
    """Return the words of a part of a pattern as they are compared."""
    if _PLAIN.fullmatch(text):
        return tuple(text.lower().split())
    return tuple(word.text for word in read_words(text) if word.text != BREAK)


@dataclass(frozen=True)
class Found:
    """A phrase that stands in a text: words `start` to `end`, and which of the meanings it has."""

    start: int
    end: int
    meaning: str


class PhraseSet:
    """Phrases of several meanings, looked for all at once."""

    def __init__(
        self, phrases: Mapping[str, Iterable[str]], groups: Groups, loose: frozenset[str] = frozenset()
    ) -> None:
        self.loose = loose
        self.begins: dict[str, list[tuple[str, Place]]] = {}
        for meaning, patterns in phrases.items():
            for place in {place for pattern in patterns for place in compiled(pattern, groups)}:
                self.begins.setdefault(place.word, []).append((meaning, place))

    def words(self) -> frozenset[str]:
        """Return every word that stands in a phrase."""
        seen: set[Place] = set()
        ahead = [place for begins in self.begins.values() for _, place in begins]
        while ahead:
            place = ahead.pop()
            if place not in seen:
                seen.add(place)
                ahead += place.after
        return frozenset(place.word for place in seen) - {""}

    def at(self, words: Sequence[str], start: int) -> list[Found]:
        """Return the longest phrases that begin at a word; several where they mean different things."""
        expected, at = self.begins.get(words[start], []), start
        best, meant = start, set[str]()
        while expected and at < len(words):
            word, following = words[at], list[tuple[str, Place]]()
            for meaning, place in expected:
                if place.word == word:
                    following += [(meaning, after) for after in place.after]
                if word in self.loose and at > start:
                    following.append((meaning, place))
            at += 1
            if at == len(words) or words[at] in (BREAK, ASKED):
                following = [(m, after) for m, p in following for after in (p.after if p.word == CLOSE else (p,))]
            ended = {meaning for meaning, place in following if place is END}
            if ended:
                best, meant = at, ended
            expected = [one for one in following if one[1] is not END]
        return [Found(start, best, meaning) for meaning in sorted(meant)]


def common_text(
    one: Iterable[Place], other: Iterable[Place], loose: frozenset[str] = frozenset()
) -> tuple[str, ...] | None:
    """Return a text that means both of two phrases, None where there is none: their places are walked in step."""
    ahead: list[tuple[tuple[str, ...], Place, Place]] = [((), a, b) for a in one for b in other if a.word == b.word]
    seen = {(a, b) for _, a, b in ahead}
    while ahead:
        said, a, b = ahead.pop()
        if a is END or b is END:
            if a is b:
                return said
            continue
        ways = [((*said, a.word), x, y) for x in a.after for y in b.after] if a.word == b.word else []
        if said and a.word in loose:
            ways += [((*said, a.word), x, b) for x in a.after]
        if said and b.word in loose:
            ways += [((*said, b.word), a, y) for y in b.after]
        for way in ways:
            if way[1:] not in seen:
                seen.add(way[1:])
                ahead.append(way)
    return None
