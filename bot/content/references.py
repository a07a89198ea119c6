"""The names that one content file may use of another, and what is said where a name is none of them.

One fault, one finding. A name whose declaration is at fault still counts as known;
None stands for names that cannot be told because their file cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.content.source_file import Names, SourceFile
from bot.content.yaml_reader import Path
from bot.core.advice.facts import Fact
from bot.core.issues import SourceLocation, nearest

RESERVED = frozenset(
    "end state trigger model event machine save any not verdict rule note not_sure unknown".split()  # noqa: SIM905 - reads as a list of words
)
"""Words with a meaning of their own in conditions, in answers or in the engine; nothing may be called by them."""


@dataclass(frozen=True)
class References:
    """All declared names; a fact at fault is known by its name only."""

    facts: Mapping[str, Fact | None] | None
    kinds: Names | None
    reminders: Names | None
    limits: Names | None
    claims: Names | None
    rulesets: Names | None

    @property
    def notes(self) -> Names | None:
        """The kinds of note: K and a number."""
        return self.kinds and frozenset(kind for kind in self.kinds if is_note(kind))

    @property
    def mails(self) -> Names | None:
        """The kinds of e-mail and message: E or D and a number."""
        return self.kinds and frozenset(kind for kind in self.kinds if not is_note(kind))

    def fact(self, source: SourceFile, place: SourceLocation, name: str) -> Fact | None:
        """Return the fact called `name`; None, with a finding unless its own file is at fault, where there is none."""
        known = None if self.facts is None else self.facts.keys()
        if self.facts and source.refer(place, name, known, "unknown-fact", "no fact of flows/facts.yaml"):
            return self.facts[name]
        return None

    def note(self, source: SourceFile, place: SourceLocation, kind: str) -> None:
        """Check that `kind` is a note."""
        if self.mails and kind in self.mails:
            instead = nearest(kind, self.notes or ())
            source.fault(place, "mail-as-note", f"'{kind}' is an e-mail; a note belongs here.", "", instead)
        else:
            source.refer(place, kind, self.notes, "unknown-note", "no note of flows/notes.yaml")

    def mail(self, source: SourceFile, place: SourceLocation, kind: str) -> None:
        """Check that `kind` is an e-mail."""
        if self.notes and kind in self.notes:
            instead = nearest(kind, self.mails or ())
            source.fault(place, "note-as-mail", f"'{kind}' is a note; an e-mail belongs here.", "", instead)
        else:
            source.refer(place, kind, self.mails, "unknown-mail", "no e-mail of flows/notes.yaml")

    def reminder(self, source: SourceFile, place: SourceLocation, kind: str) -> None:
        """Check that `kind` is a reminder."""
        source.refer(place, kind, self.reminders, "unknown-reminder", "no reminder of flows/reminders.yaml")

    def cites(self, source: SourceFile, path: Path, claims: Iterable[str]) -> tuple[str, ...]:
        """Check that the list at `path` holds claims; return it."""
        for number, claim in enumerate(claims):
            self.claim(source, source.at(*path, number), claim)
        return tuple(claims)

    def claim(self, source: SourceFile, place: SourceLocation, claim: str) -> None:
        """Check that `claim` is one."""
        source.refer(place, claim, self.claims, "unknown-claim", "no claim of flows/claims.yaml")


def is_mail(kind: str) -> bool:
    """Tell an e-mail by its id."""
    return kind.startswith("E")


def is_message(kind: str) -> bool:
    """Tell a message to somebody who is connected already by its id."""
    return kind.startswith("D")


def is_note(kind: str) -> bool:
    """Tell the note of a LinkedIn request by its id."""
    return not is_mail(kind) and not is_message(kind)


def refuse_reserved(source: SourceFile, path: Path, name: str) -> None:
    """Report a name that means something else already."""
    if name in RESERVED:
        why = "The word has a meaning of its own here."
        source.fault(
            source.key(*path), "reserved-name", f"nothing can be called '{name}'.", why, "Choose another name."
        )
