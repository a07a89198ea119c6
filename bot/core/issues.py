"""Findings about content: where, what is wrong, why it matters, what to write instead.

Everything that reads or checks content returns a list of these and never stops at the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches


@dataclass(frozen=True, order=True)
class SourceLocation:
    """A position in a content file; line and column count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Shown:
    """A conversation that shows a finding: what was known `before` it, and its lines, each (person | bot | wait, text).

    What the bot said stands there by name, as in a transcript, and `afterword chat --script` plays it again.
    """

    flow: str
    language: str
    zone: str
    now: datetime
    before: Mapping[str, str]
    lines: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        said = [text for kind, text in self.lines if kind == "person"]
        last = next((text for kind, text in reversed(self.lines) if kind == "bot" and _tells(text)), "")
        return " · ".join([*(f"({fact}: {value})" for fact, value in self.before.items()), *said]) + f" → {last}"


def _tells(name: str) -> bool:
    return name.partition(" ")[0] in ("advice", "note", "notice")


@dataclass(frozen=True, order=True)
class Issue:
    """One finding: `what` is wrong, `why` it is refused, what to write `instead` (both may be empty)."""

    place: SourceLocation
    code: str
    what: str
    why: str = ""
    instead: str = ""
    shown: Shown | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return " ".join(part for part in (f"{self.place}: {self.what}", self.why, self.instead) if part)


def nearest(word: str, words: Iterable[str]) -> str:
    """Say which of `words` was probably meant, or name them all; a sentence for `Issue.instead`."""
    known = sorted(set(words))
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f"Did you mean '{close[0]}'?"
    if not known:
        return ""
    shown = ", ".join(known[:12]) + (" …" if len(known) > 12 else "")
    return f"Known: {shown}."


def ordered(issues: Iterable[Issue]) -> list[Issue]:
    """Sort findings by file, line and column and drop repeats."""
    return sorted(set(issues))


@dataclass(frozen=True)
class SourceLocations:
    """Where each part of the content stands: addresses such as ("flow", "after_interview", "step", "tone", "when")."""

    by_address: Mapping[tuple[str, ...], SourceLocation]

    def at(self, *address: str) -> SourceLocation:
        """Return the place of `address`, or of the nearest part around it that has one."""
        for length in range(len(address), 0, -1):
            found = self.by_address.get(address[:length])
            if found:
                return found
        return SourceLocation("flows")


def counted(number: int, word: str) -> str:
    """Return a number with the word for what it counts, in the English of findings: "1 way", "1,152 ways"."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
