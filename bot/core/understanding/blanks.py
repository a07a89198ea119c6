"""What is typed into a blank of a note: the words that belong there, without what people write around them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from bot.core.understanding.language import Understanding
from bot.core.understanding.meaning import AnswerReader
from bot.core.understanding.words import ASKED, BREAK, Word, read_words

_LINK: Final = re.compile(r"(?:\w+://|www\.|\S+@\S+\.\w|\b[\w-]+\.(?:com|org|net|io|de|co)\b/?)", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\W*\d{0,3}\W*")
_QUOTES: Final = "\"'“”„‘’«»`*_"
_ENDS: Final = " .,;:!?…。！？-–—~|"
LONGEST_ABBREVIATION: Final = 4
_VOWELS: Final = frozenset("aeiouy")


@dataclass(frozen=True)
class Blank:
    """What fills a blank: `text`; "" where nothing was told, or, with `left_out`, where nothing is to stand there."""

    text: str = ""
    left_out: bool = False


class BlankReader:
    """Reads what is typed into one blank; a `phrase` goes on in the middle of a sentence, a name has its capitals."""

    def __init__(self, language: Understanding, blank: str, *, phrase: bool) -> None:
        slots = language.slots
        self.language, self.phrase = language, phrase
        self.leads = language.phrase_set({"": slots.leads.get(blank, ())})
        self.tails = language.phrase_set({"": slots.tails.get(blank, ())})
        self.stops = frozenset(slots.stops.get(blank, ()))
        self.refusals = language.phrase_set({"": slots.refusals})
        replies = {
            name: (f"<{name}>",) for name in ("skip", "not_sure", "yes", "no", "why") if name in language.replies
        }
        self.replies = [AnswerReader(language, {name: phrases}) for name, phrases in replies.items()]
        self.declining = [AnswerReader(language, {n: p}) for n, p in replies.items() if n in ("skip", "not_sure", "no")]

    def read(self, text: str) -> Blank:
        """Return what of `text` belongs into the blank."""
        if _LINK.search(text) or _NUMBER.fullmatch(text):
            return Blank()
        if any(reader.read(text).value for reader in self.declining):
            return Blank(left_out=True)
        words = read_words(text)
        begins = [word.text for word in words if word.text != BREAK]
        if ASKED in begins or not begins or self.language.asking.at(begins, 0):
            return Blank()
        kept = self._without_tail(self._without_leads(words))
        if not kept or any(reader.read(text).value for reader in self.replies):
            return Blank()
        if any(found.end == len(kept) for found in self.refusals.at([word.text for word in kept], 0)):
            return Blank()
        said = [word for word in words if word.text != BREAK]
        start = 0 if kept[0] is said[0] else kept[0].start  # what stands around all of it, such as brackets, stays
        end = len(text) if kept[-1] is said[-1] else kept[-1].end
        return Blank(self._cased(self._ended(text[start:], text[start:end])))

    def _without_leads(self, words: list[Word]) -> list[Word]:
        """Drop what is only said before the words that count, as long as some are left."""
        while words:
            if words[0].text == BREAK:
                words = words[1:]
                continue
            found = self.leads.at([word.text for word in words], 0)
            rest = words[found[0].end :] if found else []
            if not any(word.text != BREAK for word in rest):
                return words
            words = rest
        return words

    def _without_tail(self, words: list[Word]) -> list[Word]:
        while words and words[-1].text == BREAK:
            words = words[:-1]
        texts = [word.text for word in words]
        for start in range(1, len(words)):
            if texts[start] in self.stops:
                return self._without_tail(words[:start])
            if any(found.end == len(words) for found in self.tails.at(texts, start)):
                return self._without_tail(words[:start])
        return words

    def _ended(self, rest: str, kept: str) -> str:
        """Return the words with the stop that belongs to them, as in "Inc." and "Sam R.", and no other."""
        text = kept.strip(_QUOTES + _ENDS)
        while not self.phrase and text and unicodedata.category(text[-1]) in ("So", "Sk", "Mn"):
            text = text[:-1].rstrip(_QUOTES + _ENDS)  # an emoji is no part of a name
        last = text.rpartition(" ")[2]
        short = len(last) == 1 or last.casefold() in self.language.slots.abbreviations
        stops = not self.phrase and " " in text and last.isalpha() and short and f"{text}." in rest
        return f"{text}." if stops else text

    # -- capitals ------------------------------------------------------------------------------------------------------

    def _cased(self, text: str) -> str:
        if not self.phrase:
            return _named(text)
        swaps = self.language.slots.swaps
        words = [swaps.get(word.casefold(), word) for word in text.split(" ")]
        if text.isupper() and len(words) > 1:
            return " ".join(words).title()
        first, *rest = words
        if self._is_common(first) and not any(word[:1].isupper() and not self._is_common(word) for word in rest[:1]):
            common = all(self._is_common(word) or not word[:1].isupper() for word in rest)
            words = [word.lower() for word in words] if common else [first.lower(), *rest]
        return " ".join(words)

    def _is_common(self, word: str) -> bool:
        """Tell whether a word has no capital of its own within a sentence."""
        head = re.split(r"[-'’]", word)[0]
        if not head.istitle():
            return False
        low, slots = head.casefold(), self.language.slots
        return low in slots.lower or any(low.endswith(end) and len(low) > len(end) + 1 for end in slots.endings)


def _named(text: str) -> str:
    """Return a name with its capitals, where it was typed without any, or in nothing but capitals."""
    letters = [char for char in text if char.isalpha()]
    if text.islower():
        return re.sub(r"[^\W\d_]+", _capital, text)
    if text.isupper() and len(letters) > 3 and " " not in text and _VOWELS & {char.lower() for char in letters}:
        return re.sub(r"[^\W\d_]+", _capital, text.lower())
    return text


def _capital(word: re.Match[str]) -> str:
    """Write a word with a capital; a short one without a vowel is an abbreviation."""
    typed = word[0]
    short = len(typed) <= LONGEST_ABBREVIATION and typed.isascii() and not _VOWELS & set(typed)
    return typed.upper() if short else typed.capitalize()
