"""What is done to text before anybody else sees it: cleaning what people type, measuring what LinkedIn counts."""

from __future__ import annotations

import unicodedata

# Bidi overrides, embeddings and isolates can make a text read as something else; the marks LRM and RLM stay.
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Kept although "format characters": joiners shape Persian, Indic scripts and emoji; LRM, RLM and ALM order mixed lines.
_KEPT_FORMATS = frozenset("\u200c\u200d\u200e\u200f\u061c")


def clean(text: str) -> str:
    """Return typed text in NFC on one line: no control characters, bidi overrides or lone surrogates."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    kept = []
    for char in unicodedata.normalize("NFC", text):
        category = unicodedata.category(char)
        if char.isspace() or category == "Zl" or category == "Zp":
            kept.append(" ")
        elif char in _KEPT_FORMATS or not (category in ("Cc", "Cf", "Cs") or char in _BIDI_CONTROLS):
            kept.append(char)
    joined = " ".join("".join(kept).split())
    return joined if any(_visible(char) for char in joined) else ""


def _visible(char: str) -> bool:
    return not char.isspace() and char not in _KEPT_FORMATS


def units(text: str) -> int:
    """Count UTF-16 code units after NFC: what an HTML `maxlength` counts, and so LinkedIn's box."""
    if text.isascii():
        return len(text)
    normal = unicodedata.normalize("NFC", text)
    return len(normal) + sum(char > "\uffff" for char in normal)
