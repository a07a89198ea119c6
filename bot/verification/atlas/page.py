"""The page as a whole: its sections, its look, and the little program that searches it and finds a situation.

Law of this file: nothing is fetched and nothing is sent. A content security policy says so to the browser as well, and
lets only this program run, whatever the content may hold.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from html import escape
from importlib.resources import files
from typing import Any, Final

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
    policy = "; ".join((*allowed, "base-uri 'none'", "form-action 'none'"))
    listed = [name for name in SECTIONS if name != "faq" or library.faq]
    nav = "".join(f'<li><a href="#{name}">{_title(parts, name)}</a></li>' for name in listed)
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="{escape(language)}" dir="{"rtl" if language in RIGHT_TO_LEFT else "ltr"}">',
            '<head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{parts.word('title')}</title><style>{look}</style></head>",
            f'<body><a class="skip" href="#main">{parts.word("skip")}</a>',
            f"<header><h1>{parts.word('title')}</h1><p>{parts.word('lead')}</p>",
            f'<form role="search" class="search"><label for="q">{parts.word("search")}</label>'
            f'<input id="q" type="search" autocomplete="off" spellcheck="false" aria-describedby="hint found">'
            f'<p id="hint">{parts.word("hint")}</p><p id="found" role="status"></p></form>',
            f'<nav aria-label="{parts.word("contents")}"><ul>{nav}</ul></nav></header>',
            '<main id="main">',
            *(_section(parts, name) for name in listed),
            "</main>",
            _data("diagram", finder(library, flow, language)),
            _data("words", {key: parts.catalog.say(f"atlas.{key}") for key in SPOKEN} | _counted(parts)),
            f"<script>{program}</script></body></html>",
            "",
        ]
    )


def _counted(parts: Parts) -> dict[str, Any]:
    """Return the wordings of how many places were found, by plural form; the page counts."""
    counts = {name: parts.catalog.message(f"atlas.{name}") for name in ("found", "some")}
    return {
        name: dict(count) if isinstance(count, Mapping) else {"other": parts.catalog.text_of(f"atlas.{name}")}
        for name, count in counts.items()
    }


def _title(parts: Parts, name: str) -> str:
    return parts.word(f"{name}.title")


def _section(parts: Parts, name: str) -> str:
    made: dict[str, Iterable[str]] = {
        "find": [
            f'<p class="aside">{parts.word("find.defaults")}</p><div id="asked"></div>'
            '<div id="result" tabindex="-1"></div><p id="verdict" class="sr" role="status"></p>'
            f'<div id="further"></div><button type="button" id="anew">{parts.word("find.anew")}</button>'
        ],
        "verdicts": parts.verdicts(),
        "table": [parts.table()],
        "flows": (parts.conversation(flow) for flow in parts.library.flows.values()),
        "riding": parts.riding(),
        "notes": parts.notes(),
        "reminders": parts.reminders(),
        "claims": parts.statements(),
        "faq": parts.questions(),
    }
    lead = "" if name == "faq" else f"<p>{parts.word(f'{name}.lead')}</p>"
    body = "\n".join(made[name])
    head = f'<h2 id="{name}-title">{_title(parts, name)}</h2>'
    return f'<section id="{name}" aria-labelledby="{name}-title">{head}{lead}{body}</section>'


def _data(id_: str, value: dict[str, Any]) -> str:
    """Return values for the program; no text among them can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="{id_}">{text}</script>'


def _asset(name: str) -> str:
    return files("bot.verification.atlas").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return what a content security policy calls this very text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
