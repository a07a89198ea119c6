"""The dialogue as Telegram holds it: an update gets its turn, and what is said becomes calls. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import cast

from bot.core.chat.commands import Entry, ThumbUp, newcomer, serve
from bot.core.chat.person import OWED, Call, Person, TurnResult
from bot.core.chat.privacy import GRACE, Operator
from bot.core.chat.reminders import BESIDE
from bot.core.chat.retention import KEEP, Silence, step_for
from bot.core.dialogue.session import FellDue, Picked, Started, TimePassed
from bot.core.library import Library
from bot.runtime.ports import IncomingUpdate
from bot.telegram.render import RepliedTo, lay_out, run_after, shown, shown_text

UNKNOWN = Operator()


@dataclass(frozen=True)
class PrivateChat:
    """The conversation of one flow over one library."""

    library: Library
    flow: str
    operator: Operator = UNKNOWN
    """Who runs the bot, as its people are told."""

    def __post_init__(self) -> None:
        # Compiled now and not under the first candidate's eyes.
        serve(self.library, self.flow, newcomer(self.library, ""), Started(), datetime.fromtimestamp(0, UTC))

    def respond(self, incoming: IncomingUpdate, person: Person | None, now: datetime, /) -> TurnResult:
        """Return what an update leads to; see `Application.respond`."""
        before = person or self.newcomer(incoming)
        entry = cast("Entry", incoming.event)  # opaque to the service
        origin = _origin(incoming, entry)
        served = serve(self.library, self.flow, before, entry, now, self.operator)
        toast = served.toast
        if toast and before.panel in (OWED, origin.message):
            # The newest buttons that were shown, and yet of an older turn: what is open now has to be shown.
            served = serve(self.library, self.flow, before, TimePassed(), now)
        language = (served.person or before).language
        calls = lay_out(before, served, origin, self.library.catalog(language))
        if served.person is None:
            return TurnResult(None, calls)
        if served.person is before:
            # Of somebody unknown nothing was learned: no thumb or old button after /forget makes anybody of them.
            return TurnResult(before, calls, toast, keeps=person is not None)
        if (origin.beside or origin.unasked) and served.person.turn == before.turn:
            return TurnResult(served.person, calls, toast)  # beside the conversation, whose buttons stay the newest
        panel = origin.message if any(c.panel and c.kind != "message" for c in calls) else 0
        if origin.unasked:  # a case has closed: whatever is on the screen is out of date
            panel = OWED
        after = served.person.but(run=run_after(before, served, origin), panel=panel)
        return TurnResult(after, calls, toast)

    def silent(self, person: Person, silence: Silence, now: datetime, /) -> TurnResult | None:
        """Return what is due to somebody who has been silent for long; see service.retention.Silent."""
        step = step_for(self.library, person, silence, self.operator.retention, now)
        if step == "none":
            return None
        if step == "delete":
            return TurnResult(None)
        say = self.library.catalog(person.language).say
        text = say("retention.notice", days=self.operator.retention, grace=GRACE.days)
        keep = {"text": say("retention.keep"), "callback_data": f"0:{KEEP}"}
        return TurnResult(person, (Call("message", shown(escape(text), [[keep]]), reminder=True),))

    def newcomer(self, incoming: IncomingUpdate) -> Person:
        """Return somebody never seen; numbers of updates grow, so no button from before a /forget counts by it."""
        return newcomer(self.library, incoming.extra["language"], turn=incoming.update % 2**30)

    def apologise(
        self, incoming: IncomingUpdate, person: Person | None, error_id: str, _now: datetime, /
    ) -> TurnResult:
        """Say sorry for an update that cannot be handled; see `Application.apologise`."""
        before = person or self.newcomer(incoming)
        text = self.library.catalog(before.language).say("telegram.failed", id=error_id)
        return TurnResult(before, (Call("message", shown_text(text)),))


def _origin(incoming: IncomingUpdate, entry: Entry) -> RepliedTo:
    """Return which message an entry is an answer to, and whether that stands beside the conversation."""
    match entry:
        case Picked(option=option):
            return RepliedTo(incoming.extra.get("message", 0), option.startswith(BESIDE))
        case ThumbUp(message=message):
            return RepliedTo(message, beside=True)
        case _:
            return RepliedTo(unasked=isinstance(entry, FellDue))
