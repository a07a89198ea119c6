"""Content in which every text is hostile to the page that shows it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.core.library import Library

HOSTILE = "</script></style><script>alert(1)</script><img src=x onerror=alert(2)>\"' onload='x"


SHORT = "<i>"


def spoilt(library: Library) -> Library:
    """Return the library with something hostile in every message; in notes it is short enough to fit."""

    def more(key: str, message: Any) -> Any:
        if isinstance(message, tuple):
            return tuple(more(key, one) for one in message)
        if key.endswith(".asks"):  # patterns of what people type, which no page shows
            return message
        short = key.startswith(("note.", "atlas.sample."))
        return message + (SHORT if short else HOSTILE) if isinstance(message, str) else message

    catalog = library.catalogs["en"]
    texts = {key: m if key == "language.locale" else more(key, m) for key, m in catalog.messages.items()}
    return replace(library, catalogs={"en": replace(catalog, messages=texts)})
