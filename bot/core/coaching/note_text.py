"""A member's note as coaches would read it: which parts of it are hidden, and what in the rest may tell whose it is.

A part is hidden where the note is composed, so nothing of it is left: a blank is filled with what stands for it, and a
sentence that says how the interview came out is left out as a whole. Names are hidden wherever they stand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from bot.core.advice.catalog import fill, placeholders
from bot.core.advice.notes import Note, NoteKind
from bot.core.coaching.releases import masked
from bot.core.dialogue.view import SessionView
from bot.core.library import Library

NAMES: Final = "n"
"""Stands for all names; every other part of a note is a blank, named by its place, or the outcome."""
OUTCOME: Final = "o"
PARTS: Final = ("job", "topic", "field", "format", "interview_day", "outcome")
"""The parts that have a name of their own; a blank that an edition added is spoken of as any other."""
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])(\s+)")


@dataclass(frozen=True)
class NoteText:
    """One note of a member's interview with the parts in `hidden` left out; `mask` words what stands for a part."""

    library: Library
    view: SessionView
    kind: NoteKind
    note: Note
    hidden: frozenset[str]
    mask: Callable[[str], str]

    @property
    def _pattern(self) -> str:
        voices = self.view.catalog.alternatives(f"note.{self.kind.id}.{self.note.wording}")
        return voices[min(self.note.voice, len(voices) - 1)]

    @cached_property
    def blanks(self) -> Mapping[str, str]:
        """The blanks that are no names, by the code of their part."""
        said = placeholders(self._pattern)
        slots = [*self.kind.slots, *self.kind.given]
        return {str(n): slot for n, slot in enumerate(slots) if slot in said and not is_name(self.library, slot)}

    @cached_property
    def parts(self) -> Mapping[str, str]:
        """All that can be hidden besides names: the name of each part by its code."""
        return {**self.blanks, **({OUTCOME: "outcome"} if self._telling else {})}

    @property
    def _telling(self) -> frozenset[int]:
        """The sentences that say how the interview came out, whatever an edition makes of them."""
        books = [one.notebook.kinds.get(self.kind.id) for one in (self.library, self.library.shipped) if one]
        return frozenset(number for kind in books if kind for number in kind.outcome_in)

    @property
    def names(self) -> list[tuple[str, str]]:
        """Every name that was typed, with what stands for it."""
        facts = self.view.session.facts.items()
        return [(answer, self.mask(fact)) for fact, answer in facts if is_name(self.library, fact)]

    @cached_property
    def text(self) -> str:
        """The text as coaches would read it."""
        pattern = self._pattern
        if OUTCOME in self.hidden and self._telling:
            pattern = _without(pattern, self._telling, self.mask("outcome"))
        filled = self.view.slots(self.kind)
        away = {slot: self.mask(slot) for code, slot in self.blanks.items() if code in self.hidden}
        text, subject = fill(pattern, {**filled, **away}), self.note.subject
        if subject and OUTCOME in self.hidden and self._telling:
            subject = self.mask("outcome")
        subject = masked(subject, [(filled[slot], mask) for slot, mask in away.items()])
        text = f"{subject}\n\n{text}" if subject else text
        return masked(text, self.names) if NAMES in self.hidden else text

    def answer(self, slot: str) -> str:
        """Return what coaches would read in a blank."""
        said = self.view.slots(self.kind)[slot]
        return masked(said, self.names) if NAMES in self.hidden else said

    @property
    def telling_words(self) -> list[str]:
        """The words in what coaches would read that look like a name: somebody's, a company's or a project's."""
        shown = [slot for code, slot in self.blanks.items() if code not in self.hidden and slot in self.kind.slots]
        words = [word.strip(".,;:!?()\"“”'’") for slot in shown for word in self.answer(slot).split()]
        return [word for word in dict.fromkeys(words) if word[:1].isupper() or any(c.isdigit() for c in word)]


def is_name(library: Library, fact: str) -> bool:
    """Tell whether a fact is what somebody or something is called: a text that is no phrase."""
    facts = [one.facts.by_name.get(fact) for one in (library, library.shipped) if one is not None]
    # What the shipped content hides is hidden, whatever an edition makes of the fact.
    return any(known is not None and known.kind == "text" and not known.phrase for known in facts)


def _without(pattern: str, numbers: frozenset[int], instead: str) -> str:
    """Return a text with its sentences of these numbers, from 1, replaced by one mask each."""
    pieces = _SENTENCE_END.split(pattern)
    pieces[::2] = [instead if n in numbers else one for n, one in enumerate(pieces[::2], 1)]
    return "".join(pieces)
