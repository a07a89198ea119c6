"""The page as a whole: its sections, its look, and the little program that searches it and finds a situation.

Nothing is fetched and nothing is sent. A content security policy says so to the browser as well, and lets only this
program run, whatever the content may hold.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from bot.core.library import Library
from bot.verification.atlas.decision_json import finder
from bot.verification.atlas.sections import Parts

SECTIONS: Final = ("find", "verdicts", "table", "flows", "riding", "notes", "reminders", "claims", "faq")
RIGHT_TO_LEFT: Final = ("ar", "fa", "he", "ur")
SPOKEN: Final = (
    "find.anew", "find.possible", "find.settled", "find.refine", "nothing", "label.why", "label.mind", "label.sends",
    "label.reminders",
)  # fmt: skip
"""The messages that the program of the page says."""


def page(library: Library, flow: str, language: str) -> str:
    """Return the atlas as one HTML page."""
    parts = Parts(library, flow, language)
    look, program = (_asset(name) for name in ("atlas.css", "atlas.js"))
    allowed = ("default-src 'none'", f"style-src {_hash(look)}", f"script-src {_hash(program)}")
    words = {key: parts.word(key) for key in SPOKEN} | _counted(parts)
    made = (
        _environment()
        .get_template("page.html")
        .render(
            parts=parts,
            direction="rtl" if language in RIGHT_TO_LEFT else "ltr",
            policy="; ".join((*allowed, "base-uri 'none'", "form-action 'none'")),
            listed=[name for name in SECTIONS if name != "faq" or library.faq],
            data={"diagram": _data(finder(library, flow, language)), "words": _data(words)},
            look=look,
            program=program,
        )
    )
    return f"{made}\n"


def _environment() -> Environment:
    return Environment(loader=PackageLoader("bot.verification.atlas"), autoescape=True, undefined=StrictUndefined)


def _counted(parts: Parts) -> dict[str, Any]:
    """Return the wordings of how many places were found, by plural form; the page counts."""
    counts = {name: parts.catalog.message(f"atlas.{name}") for name in ("found", "some")}
    return {
        name: dict(count) if isinstance(count, Mapping) else {"other": parts.catalog.text_of(f"atlas.{name}")}
        for name, count in counts.items()
    }


def _data(value: dict[str, Any]) -> str:
    """Return values for the program; no text among them can end the element that holds them."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _asset(name: str) -> str:
    return files("bot.verification.atlas").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return what a content security policy calls this very text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
