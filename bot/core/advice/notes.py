"""Ready-to-send texts: which kind, which words, and never one that does not fit.

A text is taken whole from the ladder or not at all; no word is ever cut.
Where no wording fits, the result says which slot to shorten and by how much.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.core.advice.catalog import Catalog, fill, placeholders
from bot.core.advice.conditions import ALWAYS, Condition
from bot.core.advice.text import units

PLAIN = "plain"
"""The voice of a wording that names none."""


@dataclass(frozen=True)
class Wording:
    """One wording of a note; `text` is the last part of its message key.

    It is in a `voice`, and where it says `without` a slot, for people who leave that slot empty.
    """

    text: str
    when: Condition = ALWAYS
    voice: str = PLAIN
    without: str = ""

    def suits(self, pattern: str, slots: Mapping[str, str]) -> bool:
        """Whether what was typed fills the blanks of `pattern`, one of its texts, and no more than that."""
        if self.without:
            return not slots.get(self.without)
        return all(slots.get(name) for name in placeholders(pattern))


@dataclass(frozen=True)
class NoteKind:
    """A kind of note, mail or message: its slots, its limit and its ladder of ever shorter wordings.

    `as_mail` is a note's wording as an e-mail, where that says something new; `heading` what stands above a note that
    may go today, where "ready to paste" would be too early.
    """

    id: str
    limit: str
    ladder: tuple[Wording, ...]
    slots: tuple[str, ...]
    given: Mapping[str, str] = field(default_factory=dict)
    subject: tuple[Wording, ...] = ()
    words: tuple[int, int] | None = None
    shorten: tuple[str, ...] = ()
    never: bool = False
    as_mail: Wording | None = None
    heading: str = ""
    reads: frozenset[str] = frozenset()
    cites: tuple[str, ...] = ()
    beyond: bool = False
    outcome_in: tuple[int, ...] = ()
    """The sentences, counted from 1, that say how the interview came out."""
    is_message: bool = False
    """Whether it is written to somebody who is connected already."""

    @property
    def voices(self) -> tuple[str, ...]:
        """The voices that its texts come in."""
        return tuple(dict.fromkeys(wording.voice for wording in self.ladder))

    @property
    def is_mail(self) -> bool:
        """Whether it is an email, which has a subject."""
        return bool(self.subject)


@dataclass(frozen=True)
class Replacement:
    """Where `when` holds, the kind `use` stands in for any kind in `of`."""

    when: Condition
    of: frozenset[str]
    use: str


@dataclass(frozen=True)
class NoteBook:
    """All kinds of note and mail, and which replaces which (the first that fits)."""

    kinds: Mapping[str, NoteKind]
    replacements: tuple[Replacement, ...] = ()

    @property
    def decides(self) -> object:
        """What of the notes tells outcomes apart: which texts there are for whom, their blanks, what replaces what."""
        return {id_: (kind.ladder, kind.slots, kind.reads) for id_, kind in self.kinds.items()}, self.replacements


@dataclass(frozen=True)
class Note:
    """A finished text; `size` counts UTF-16 units of a note or message, or of a mail's subject, against `limit`."""

    kind: str
    wording: str
    text: str
    size: int
    limit: int
    subject: str = ""
    voice: int = field(default=0, compare=False)
    """Which of several wordings that say the same."""
    trace: str = field(default="", compare=False)
    is_message: bool = False

    @property
    def goes_with_request(self) -> bool:
        """Whether it is the note of a LinkedIn request."""
        return not self.subject and not self.is_message


@dataclass(frozen=True)
class Unfit:
    """No wording fits: shorten `slot` to at most `room` units, or (with `word`) say it without that word."""

    kind: str
    slot: str
    room: int = 0
    word: str = ""
    repeated: bool = False


def filled(pattern: str, slots: Mapping[str, str]) -> str:
    """Fill the blanks of a text; a name that ends in a stop, such as Acme Inc., ends a sentence with that."""
    return _TWO_STOPS.sub(".", fill(pattern, slots))


_TWO_STOPS = re.compile(r"(?<!\.)\.\.(?!\.)")


def trace_of(kind: NoteKind, voice: int, pattern: str, slots: Mapping[str, str]) -> str:
    """Return what is compared between panel members (C61: no two get the same): voice, and text without the name."""
    return f"{_spoken(kind, voice)}:{fill(pattern, {**slots, 'first': ''}).casefold()}"


def _spoken(kind: NoteKind, voice: int) -> str:
    return f"{kind.id}.{voice}"


def texts_of(kind: NoteKind, catalog: Catalog, wordings: Sequence[str]) -> Iterator[tuple[Wording, int, str]]:
    """Return the texts of `wordings`, each with its number among all voices of the kind."""
    known = {wording.text: wording for wording in kind.ladder}
    for text in wordings:
        wording = known.get(text, Wording(text))
        patterns = catalog.alternatives(f"note.{kind.id}.{text}")
        first = kind.voices.index(wording.voice) * len(patterns) if wording.voice in kind.voices else 0
        yield from ((wording, first + number, pattern) for number, pattern in enumerate(patterns))


def compose(
    kind: NoteKind,
    slots: Mapping[str, str],
    limit: int,
    catalog: Catalog,
    *,
    wordings: Sequence[str],
    taken: frozenset[str] = frozenset(),
    voice: int | None = None,
) -> Note | Unfit:
    """Compose the longest wording of `kind` that fits `limit`; `taken` are traces of texts already given to others.

    As long as one of several voices has not been used for others, it is one of those. A `voice` that was asked for is
    used where it fits.
    """
    named = _named_word(kind, slots, catalog)
    if named:
        return named
    used = {trace.partition(":")[0] for trace in taken}
    others = [wording.text for wording in kind.ladder if taken or voice is not None]
    texts = list(dict.fromkeys(texts_of(kind, catalog, (*wordings, *others))))
    texts = [(wording, number, pattern) for wording, number, pattern in texts if wording.suits(pattern, slots)]
    too_close = False
    for chosen, fresh in ((True, True), (True, False), (False, True), (False, False)):
        for wording, number, pattern in texts:
            if (_spoken(kind, number) in used) == fresh or (number == voice) != chosen:
                continue
            text = filled(pattern, slots)
            if not kind.is_mail and units(text) > limit:
                continue
            trace = trace_of(kind, number, pattern, slots)
            if trace in taken:
                too_close = True
                continue
            if kind.is_mail:
                return _mail(kind, wording.text, text, slots, limit, catalog, trace)
            return Note(
                kind.id, wording.text, text, units(text), limit, voice=number, trace=trace, is_message=kind.is_message
            )
    if too_close:
        return Unfit(kind.id, "topic" if "topic" in kind.slots else kind.slots[0], repeated=True)
    shortest = [wording.text for wording, _, _ in texts if wording.text in wordings] or [wordings[-1]]
    return _what_to_shorten(kind, slots, limit, catalog, shortest[-1])


def as_mail(note: Note, kind: NoteKind, slots: Mapping[str, str], catalog: Catalog, subject: str) -> Note | None:
    """Return the e-mail to send in a note's place, in the same voice; None where there is none for what was typed."""
    if kind.as_mail is None:
        return None
    voices = catalog.alternatives(f"note.{kind.id}.{kind.as_mail.text}")
    pattern = voices[note.voice % len(voices)]
    if not all(slots.get(name) for name in placeholders(pattern)):
        return None
    body = filled(pattern, slots)
    return Note(kind.id, kind.as_mail.text, body, units(subject), note.limit, subject=subject)


def _mail(
    kind: NoteKind, wording: str, body: str, slots: Mapping[str, str], limit: int, catalog: Catalog, trace: str
) -> Note | Unfit:
    for step in kind.subject:
        subject = fill(catalog.text_of(f"note.{kind.id}.{step.text}"), slots)
        if units(subject) <= limit:
            return Note(kind.id, wording, body, units(subject), limit, subject=subject, trace=trace)
    return _what_to_shorten(kind, slots, limit, catalog, kind.subject[-1].text)


def _what_to_shorten(kind: NoteKind, slots: Mapping[str, str], limit: int, catalog: Catalog, wording: str) -> Unfit:
    """Say which slot to shorten: the first in the kind's order whose shortening alone is enough, else its longest."""
    pattern = catalog.alternatives(f"note.{kind.id}.{wording}")[0]
    over = units(fill(pattern, slots)) - limit
    candidates = [slot for slot in (*kind.shorten, *kind.slots) if "{" + slot + "}" in pattern]
    for slot in candidates:
        room = units(slots[slot]) - over
        if room >= 1:
            return Unfit(kind.id, slot, room)
    longest = max(candidates, key=lambda slot: units(slots[slot]))
    return Unfit(kind.id, longest, max(1, units(slots[longest]) // 2))


def _named_word(kind: NoteKind, slots: Mapping[str, str], catalog: Catalog) -> Unfit | None:
    """Refuse a slot that brings in a word this kind must never say (C68)."""
    if not kind.never:
        return None
    for word in catalog.alternatives(f"note.{kind.id}.never"):
        for slot in kind.slots:
            if slot not in ("first", "me") and re.search(rf"\b{re.escape(word)}\b", slots.get(slot, ""), re.IGNORECASE):
                return Unfit(kind.id, slot, word=word)
    return None
