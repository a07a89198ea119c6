"""What the dialogue remembers of a text that it did not understand: what it asked back, and that it missed it once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bot.core.advice.catalog import Catalog
from bot.core.dialogue.session import Option, Session
from bot.core.understanding.meaning import AnswerReader

ASK_AGAIN: Final = "ask_again"
"""The button that says that none of the offered options was meant."""
_OFFERED: Final = "typed:offered"
_MISSED: Final = "typed:missed"


def with_offer(session: Session, question: str, options: Iterable[Option]) -> Session:
    """Return a session in which it was asked whether one of these options was meant."""
    said = {**session.said, _OFFERED: " ".join((question, *(option.id for option in options)))}
    return session.but(said=said)


def missed(session: Session, question: str) -> Session:
    """Return a session in which an answer to this question was not understood."""
    return session.but(said={**_without(session), _MISSED: question})


def was_missed(session: Session, question: str) -> bool:
    """Tell whether the text before this one was no answer to this question, either."""
    return session.said.get(_MISSED) == question


def settled_look(session: Session) -> Session:
    """Return a session that remembers nothing of what was not understood."""
    return session.but(said=_without(session)) if {_OFFERED, _MISSED} & session.said.keys() else session


def _without(session: Session) -> dict[str, str]:
    return {name: mark for name, mark in session.said.items() if name not in (_OFFERED, _MISSED)}


def confirmed(session: Session, question: str, text: str, catalog: Catalog) -> str:
    """Return the option that a bare yes means after "Did you mean ...?", `ASK_AGAIN` for a no; "" for anything else."""
    asked, *options = session.said.get(_OFFERED, "").split() or [""]
    if asked != question:
        return ""
    reply = replied(text, catalog)
    if reply == "yes" and len(options) == 1:
        return options[0]
    return ASK_AGAIN if reply == "no" else ""


def replied(text: str, catalog: Catalog) -> str | None:
    """Tell whether a text is a bare "yes" or "no"; None for anything else."""
    return _replies(catalog).read(text).value


def _replies(catalog: Catalog) -> AnswerReader:
    found: AnswerReader | None = catalog.worded.get("replies")
    if found is None:
        phrases = {name: (f"<{name}>",) for name in ("yes", "no") if name in catalog.understanding.replies}
        found = catalog.worded["replies"] = AnswerReader(catalog.understanding, phrases)
    return found
