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


def noticed_at_once(context: CheckContext) -> str:
    """Return the code of a finding that costs little to find; "" when there is none."""
    said = [issue for check in CHEAP for issue in check(context.library, context.places)]
    return said[0].code if said else _first(context, QUICK)


def noticed(context: CheckContext) -> str:
    """Return the code of the first finding; "" when there is none."""
    said = (issue for check in WORDING for issue in check(context.library, context.places))
    return _first(context, [check for check in PROPERTIES if check not in QUICK]) or next((i.code for i in said), "")


def _first(context: CheckContext, properties: Iterable[Property]) -> str:
    return next((issue.code for check in properties for issue in check(context)), "")
