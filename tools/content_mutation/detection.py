"""Whether the checker notices anything, the cheapest checks first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bot.verification.check_messages import messages_complete, messages_filled, messages_idle, notes_fit, texts_given
from bot.verification.check_rules import examples_hold, laws_hold, overrides_oppose, rules_complete, rules_decide
from bot.verification.checks import PROPERTIES, WORDING, claims_carried
from bot.verification.context import CheckContext, Property

QUICK: tuple[Property, ...] = (
    rules_complete,
    examples_hold,
    rules_decide,
    overrides_oppose,
    claims_carried,
    laws_hold,
)
"""The properties that cost least, in that order."""
CHEAP: Final = (messages_complete, messages_filled, messages_idle, notes_fit, texts_given)
"""What about wording is seen without a look at the rules."""


def noticed_at_once(proof: CheckContext) -> str:
    """Return the code of a finding that costs little to find; "" when there is none."""
    said = [issue for prove in CHEAP for issue in prove(proof.library, proof.places)]
    return said[0].code if said else _first(proof, QUICK)


def noticed(proof: CheckContext) -> str:
    """Return the code of the first finding; "" when there is none."""
    said = (issue for prove in WORDING for issue in prove(proof.library, proof.places))
    return _first(proof, [prove for prove in PROPERTIES if prove not in QUICK]) or next((i.code for i in said), "")


def _first(proof: CheckContext, properties: Iterable[Property]) -> str:
    return next((issue.code for prove in properties for issue in prove(proof)), "")
