"""What an answer to a question means: surely one option, likely one of a few, or nothing that can be told.

Law of this file: wrongly taken is far worse than not understood. An option is sure only where every word of its clause
is accounted for, and nothing else in the text speaks against it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.core.understanding.language import NO_MEANING, OR, UNREAL, Understanding
from bot.core.understanding.phrases import Found, PhraseSet
from bot.core.understanding.spelling import Speller
from bot.core.understanding.words import ASKED, BREAK, read_words

WEAK: Final = "?"
"""Before an option that is meant by a bare reply, such as "yes"; a phrase of its own goes before it."""
MOST_BESIDE: Final = 2
"""Unknown words that may stand beside a bare reply, in other clauses."""
LONGEST_TEXT: Final = 400
"""Characters of an answer that are looked at."""


@dataclass(frozen=True)
class Reading:
    """What a text means: `value` where that is sure, else what it is likely to mean."""

    value: str | None = None
    likely: tuple[str, ...] = ()
    unreal: bool = False
    """Whether it asks, or speaks of what has not happened."""


NOTHING_READ: Final = Reading()


@dataclass
class _Clause:
    """A clause, as far as it was read."""

    meant: list[str] = field(default_factory=list)
    unknown: int = 0
    negated: bool = False
    joined: bool = False
    """Whether it goes on from the clause before it: "and", "but"."""

    @property
    def is_clear(self) -> bool:
        """Whether it says nothing that is not understood; one beside the question may speak of anything."""
        return not self.unknown or not (self.meant or self.negated or self.joined)


@dataclass(frozen=True)
class _Piece:
    """Words that belong together: a phrase with what it may mean, or one word without."""

    start: int
    end: int
    meanings: tuple[str, ...] = ()


class AnswerReader:
    """Reads the answers to one question."""

    def __init__(self, language: Understanding, phrases: Mapping[str, Sequence[str]]) -> None:
        weak = {f"<{name}>" for name in language.replies}
        meanings: dict[str, tuple[str, ...]] = {}
        for option, patterns in phrases.items():
            meanings[option] = tuple(p for p in patterns if p not in weak)
            meanings[WEAK + option] = tuple(p for p in patterns if p in weak)
        self.language = language
        self.phrases = PhraseSet(meanings, language.named, language.sets.loose)
        self.speller = Speller(self.phrases.words(), language.known_words)

    def read(self, text: str) -> Reading:
        """Return what `text` means."""
        typed = [word.text for word in read_words(text[:LONGEST_TEXT], self.language.emoticons)]
        words = [word if word in (BREAK, ASKED) else self.speller.corrected(word) for word in typed]
        clauses = list(self._clauses(words))
        if clauses and clauses[-1] is None:
            return Reading(unreal=True)
        return _decided([clause for clause in clauses if clause is not None], sure=ASKED not in words)

    def _clauses(self, words: Sequence[str]) -> Iterator[_Clause | None]:
        """Return the clauses of a text; None at last where it speaks of what has not happened."""
        sets, clause, details = self.language.sets, _Clause(), False
        begins = True
        for piece in self._tiled(words):
            word = words[piece.start]
            if begins and self._asks(words, piece):
                yield None
                return
            begins = word in (BREAK, ASKED) or (begins and NO_MEANING in piece.meanings)
            if piece.meanings:
                if UNREAL in piece.meanings:
                    yield None
                    return
                if not clause.negated:
                    clause.meant += [meaning for meaning in piece.meanings if meaning != NO_MEANING]
            elif word in (BREAK, ASKED) or word in sets.joints:
                yield clause
                clause, details = _Clause(joined=word in sets.joints), False
            elif word in sets.negators:
                clause.negated, clause.unknown = True, clause.unknown + 1
            elif word in sets.details and clause.meant:
                details = True
            elif word not in sets.fillers and not details:
                clause.unknown += 1
        yield clause

    def _asks(self, words: Sequence[str], piece: _Piece) -> bool:
        """Tell whether a clause begins as a question does; "why not" and "do it" are answers all the same."""
        asked = self.language.asking.at(words, piece.start)
        own = {*piece.meanings} - {NO_MEANING, UNREAL}
        return bool(asked) and not (own and piece.end >= asked[0].end)

    def _tiled(self, words: Sequence[str]) -> list[_Piece]:
        """Cut a text into phrases and single words: the fewest words unknown, most of the others in few phrases."""
        sets = self.language.sets
        idle = sets.fillers | sets.joints | {BREAK, ASKED}
        best: list[tuple[tuple[int, int, int], _Piece]] = [((0, 0, 0), _Piece(len(words), len(words)))]
        for at in range(len(words) - 1, -1, -1):
            unknown, single, phrases = best[-1][0]
            choice = ((unknown + (words[at] not in idle), single + 1, phrases), _Piece(at, at + 1))
            for found in self._found(words, at):
                unknown, single, phrases = best[len(words) - found.end][0]
                cost, beside = (unknown, single, phrases + 1), choice[1].meanings
                if cost < choice[0] or (beside and cost == choice[0]):
                    same = beside if cost == choice[0] else ()
                    choice = (cost, _Piece(at, found.end, (*same, found.meaning)))
            best.append(choice)
        at, pieces = 0, []
        while at < len(words):
            piece = best[len(words) - at][1]
            pieces.append(piece)
            at = piece.end
        return pieces

    def _found(self, words: Sequence[str], at: int) -> list[Found]:
        """Return the longest phrases that begin here; one that carries nothing, where it is longer than the others."""
        own, beside = self.phrases.at(words, at), self.language.beside.at(words, at)
        if not own or not beside:
            return own or beside
        longer = beside[0].end - own[0].end
        return beside if longer > 0 or (longer == 0 and beside[0].meaning == UNREAL) else own


def _decided(clauses: Sequence[_Clause], *, sure: bool) -> Reading:
    """Weigh what the clauses mean: phrases of their own go before bare replies, one option before one of several."""
    meant = [meaning for clause in clauses for meaning in clause.meant]
    own = [meaning for meaning in meant if not meaning.startswith(WEAK)]
    options = [frozenset(meaning.removeprefix(WEAK).split(OR)) for meaning in own or meant]
    if not options:
        return NOTHING_READ
    common = frozenset.intersection(*options)
    if len(common) != 1:
        every = [option for found in options for option in sorted(found)]
        return Reading(likely=tuple(dict.fromkeys(every)))
    (option,) = common
    said = own or sum(clause.unknown for clause in clauses) <= MOST_BESIDE
    if sure and said and all(clause.is_clear for clause in clauses):
        return Reading(option)
    return Reading(likely=(option,))
