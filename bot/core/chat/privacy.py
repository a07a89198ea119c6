"""What people are told about what is kept of them: what and why, who can see it, how long, and whom to ask.

It says only what is true for this person and this operator; where the operator has not said who they
are, it says that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bot.core.advice.catalog import Catalog

DEFAULT_RETENTION: Final = 180  # days
GRACE: Final = timedelta(days=14)
"""From being told to being deleted."""


@dataclass(frozen=True)
class Operator:
    """Who runs the bot, in their own words; what is empty they have not said.

    `retention`: so many days after somebody was last heard from, they are told that they will be deleted.
    """

    name: str = ""
    contact: str = ""
    """A mail address or a link."""
    policy: str = ""
    """The address of a privacy policy."""
    retention: int = DEFAULT_RETENTION


def privacy_lines(catalog: Catalog, operator: Operator | None, shared: tuple[str, ...], closes: int) -> Iterator[str]:
    """Give the lines of /privacy; `operator` None: it is asked in a terminal, where nobody else has part.

    `shared`: what coaches see of this person, a line for each cohort; `closes`: after so many days a case closes.
    """
    say = catalog.say
    yield from catalog.alternatives("privacy.points")
    yield say("privacy.encrypted")
    if operator is None:
        yield say("privacy.terminal")
    else:
        yield say("privacy.key.named", name=operator.name) if operator.name else say("privacy.key.unnamed")
        yield say("privacy.telegram")
        yield from ((say("privacy.coaches"), *shared) if shared else (say("privacy.nobody"),))
    yield say("privacy.closing", days=closes)
    if operator is not None:
        yield say("privacy.idle", days=operator.retention, grace=GRACE.days)
    yield say("privacy.rights")
    if operator is not None:
        yield _who(catalog, operator)
        if operator.policy:
            yield say("privacy.policy", url=operator.policy)


def _who(catalog: Catalog, operator: Operator) -> str:
    said = {name: value for name, value in (("name", operator.name), ("contact", operator.contact)) if value}
    which = "both" if len(said) == 2 else next(iter(said), "nobody")
    return catalog.say(f"privacy.who.{which}", **said)
