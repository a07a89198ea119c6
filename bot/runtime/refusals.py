"""Why something was put aside, by kind: what the operator lists, counts and lets expire by."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final, Literal, get_args

Kind = Literal[
    "blocked", "gone", "closed", "forbidden", "flooded", "too_long", "refused", "unsure", "undelivered", "bug"
]
"""blocked: the chat shut the bot out. gone: there is no such chat or topic any more. closed: the topic is closed.
forbidden: the bot has no right to post this there. flooded: its person sent more than can be answered. too_long,
refused: Telegram would not take it. unsure: perhaps delivered. undelivered: not in a day of tries. bug: it always
fails here."""
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
NO_FAULT: Final[frozenset[Kind]] = frozenset({"blocked", "gone", "closed", "forbidden", "flooded"})
"""What people decide for themselves: nothing for an operator to mend."""
KEPT: Final = timedelta(days=90)
KEPT_NO_FAULT: Final = timedelta(days=14)
"""How long what was put aside is kept, unless it is released or discarded before."""

HUSHED: Final = "not sent: the person sends faster than can be answered"
UNSURE: Final = "perhaps delivered"
UNDELIVERED: Final = "not delivered"
"""How the reasons of our own begin; others are Telegram's words, or the class of an error with its id."""

_WORDS: Final[tuple[tuple[Kind, tuple[str, ...]], ...]] = (
    ("flooded", (HUSHED,)),
    ("unsure", (UNSURE,)),
    ("undelivered", (UNDELIVERED,)),
    ("too_long", ("too long", "too large", "too_long", "too_large")),
    ("closed", ("topic_closed", "topic is closed", "topic closed")),
    (
        "gone",
        ("not found", "deactivated", "deleted", "peer_id_invalid", "group is upgraded", "the group chat was"),
    ),
    ("forbidden", ("not enough rights", "no rights", "need administrator rights", "write_forbidden", "_forbidden",
                   "chat_restricted", "chat_admin_required")),
    ("blocked", ("forbidden", "blocked", "kicked", "removed", "not a member", "can't initiate")),
)  # fmt: skip
_BUG: Final = re.compile(r"\w+ \([0-9A-F]+\)")


def kept(kind: Kind) -> timedelta:
    """Return how long something of a kind is kept."""
    return KEPT_NO_FAULT if kind in NO_FAULT else KEPT


def kind_of(reason: str) -> Kind:
    """Return the kind of a reason; what nobody knows is refused."""
    if _BUG.fullmatch(reason):
        return "bug"
    said = reason.lower()
    return next((kind for kind, words in _WORDS if any(word in said for word in words)), "refused")
