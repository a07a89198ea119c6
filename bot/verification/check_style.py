"""What can be found by a machine of how texts for people should not sound."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

from bot.core.advice.catalog import PLACEHOLDER, Catalog, patterns
from bot.core.advice.notes import NoteKind
from bot.core.issues import Issue, SourceLocations
from bot.core.library import Library

LONGEST_SENTENCE = 25  # words; more are hard to take in on a phone
_READ_BY_CANDIDATES = re.compile(
    r"(about|advice|because|change|claim|command|desk|detail|faq|flip|gate|heading|help|ledger|menu|misread|notice|nudge"
    r"|option|plan|privacy|progress|question|remind|reminder|retention|sent|strange|unfit|verdict|why\.short)\."
)
_CODE = re.compile(r"\b[CRGKEMX]\d{1,2}\b")
_QUOTE = re.compile(r"\"|(?<!\w)'|''|``")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


def texts_plain(library: Library, places: SourceLocations) -> Iterator[Issue]:
    """No text for candidates has a word that the language rules out, a code, a straight quote or a long sentence."""
    for language, catalog in library.catalogs.items():
        for key, message in catalog.messages.items():
            if _READ_BY_CANDIDATES.match(key) or key.startswith("note."):
                for what in dict.fromkeys(fault for text in patterns(message) for fault in _faults(key, text, catalog)):
                    yield Issue(places.at("message", language, key), "plain-words", f"'{key}' {what}")


def _faults(key: str, text: str, catalog: Catalog) -> Iterator[str]:
    lower = text.casefold()
    for words in catalog.alternatives("style.never") if catalog.has("style.never") else ():
        if re.search(rf"\b{re.escape(words)}\b", lower):
            yield f"says '{words}'."
    if found := _CODE.search(text):
        yield f"names {found[0]}, which candidates do not know."
    if _QUOTE.search(text):
        yield "has straight or doubled quotes; write “ and ”."
    if not key.startswith("note."):
        longest = max((len(_WORD.findall(sentence)) for sentence in _SENTENCE_END.split(text)), default=0)
        if longest > LONGEST_SENTENCE:
            yield f"has a sentence of {longest} words; at most {LONGEST_SENTENCE} are read on a phone."


def notes_fresh(library: Library, places: SourceLocations) -> Iterator[Issue]:
    """No two wordings of a text share more than half of their words, and no worn words stand in most of a kind's."""
    for language, catalog in library.catalogs.items():
        for kind in library.notebook.kinds.values():
            keys = [f"note.{kind.id}.{wording.text}" for wording in kind.ladder]
            keys = [key for key in keys if catalog.has(key)]
            for key in keys:
                texts = catalog.alternatives(key)
                shared = max((_share(*pair) for pair in combinations(texts, 2)), default=0)
                if shared > 1 / 2:
                    what = f"two wordings of '{key}' share {shared:.0%} of their words."
                    why = "Two candidates of one manager would send the same note."
                    yield Issue(places.at("message", language, key), "twin-wordings", what, why, "Word one otherwise.")
            yield from _worn(kind, keys, catalog, language, places)


def _share(one: str, other: str) -> float:
    first, second = ({*_WORD.findall(PLACEHOLDER.sub(" ", text).casefold())} for text in (one, other))
    return 2 * len(first & second) / max(1, len(first) + len(second))


def _worn(kind: NoteKind, keys: list[str], catalog: Catalog, language: str, places: SourceLocations) -> Iterator[Issue]:
    texts = [text.casefold() for key in keys for text in catalog.alternatives(key)]
    for words in catalog.alternatives("style.worn") if catalog.has("style.worn") else ():
        count = sum(words in text for text in texts)
        if len(texts) > 1 and count > len(texts) / 2:
            what = f"'{words}' stands in {count} of {len(texts)} wordings of {kind.id}."
            yield Issue(places.at("message", language, keys[0]), "worn-words", what, "", "Say it in other words.")
