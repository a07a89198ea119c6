"""A coach tries an edition out: the same conversation as everywhere, with somebody invented and a clock that is moved.

Every message of a trial is marked as one and its buttons are its own, so nothing of it is ever taken
for the coach's own conversation; of the coach themselves nothing changes but the trial.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from html import escape
from typing import Final

from bot.core.advice.calendar import zone_named
from bot.core.advice.catalog import Catalog
from bot.core.chat.commands import CommandGiven, LocationShared, UnsupportedMessage
from bot.core.chat.person import Call, Person, Preview, PreviewTapped, TurnResult
from bot.core.dialogue.session import FellDue, Said, TimePassed
from bot.runtime.ports import IncomingUpdate
from bot.telegram.group_updates import BUTTON, PLAYED
from bot.telegram.private_chat import PrivateChat
from bot.telegram.render import DATA_LIMIT, Json, shown, shown_text
from bot.telegram.updates import picked

BEGIN, LEAVE, WAIT = "begin", "leave", "wait"
WAITS: Final = {1: "day", 3: "days", 7: "week"}
"""The days that the clock can be moved ahead by, each with its words."""
FARTHEST: Final = timedelta(days=366)
ROOM: Final = 4000
"""Characters of a message that is marked; a longer one has its marked neighbours."""


def is_tried(event: object) -> bool:
    """Tell whether something that a coach does amid a trial belongs to it: what they type, but for leaving us."""
    if isinstance(event, CommandGiven):
        return event.command != "forget"
    return isinstance(event, PreviewTapped | Said | UnsupportedMessage | LocationShared)


def ended(person: Person, event: object, catalog: Catalog) -> TurnResult:
    """Answer what belongs to a trial that there is not any more."""
    words, after = catalog.say("cohort.bench.trial.none"), person.but(trial=None)
    if isinstance(event, PreviewTapped):
        return TurnResult(after, toast=words)
    return TurnResult(after, (Call("message", shown_text(words)),))


@dataclass(frozen=True)
class PreviewChat:
    """A trial over one edition."""

    talking: PrivateChat

    def respond(self, incoming: IncomingUpdate, person: Person, trial: Preview, now: datetime) -> TurnResult:
        """Return what an update amid a preview leads to."""
        catalog = self.talking.library.catalog(trial.person.language)
        data = incoming.event.data if isinstance(incoming.event, PreviewTapped) else None
        if data == LEAVE:
            back = {
                "text": catalog.say("cohort.bench.options.bench"),
                "callback_data": f"{BUTTON}bench:{trial.cohort}",
            }
            words = shown(escape(catalog.say("cohort.bench.trial.over")), [[back]])
            return TurnResult(person.but(trial=None), (Call("message", words),))
        playing = _Playing(self.talking, incoming, trial, now)
        verb, _, days = (data or "").partition(":")
        if verb == WAIT:
            playing.wait(int(days) if days in map(str, WAITS) else 0)
        elif data is None:
            playing.take(incoming.event)
        else:
            playing.take(CommandGiven("start") if data == BEGIN else picked(data))
        after = replace(playing.trial, at=now)
        return TurnResult(person.but(trial=after), _steered(playing.calls, catalog), playing.toast)


class _Playing:
    """One turn of a trial; its calls and the trial itself grow on the way."""

    def __init__(self, talking: PrivateChat, incoming: IncomingUpdate, trial: Preview, now: datetime) -> None:
        self.talking, self.incoming, self.trial, self.now = talking, incoming, trial, now
        self.calls: list[Call] = []
        self.toast = ""

    def take(self, event: object, at: datetime | None = None) -> None:
        """Let one event take its turn, at an instant of the trial's clock."""
        person, when = self.trial.person, at or self.now + self.trial.ahead
        turned = self.talking.respond(replace(self.incoming, event=event), person, when)
        assert turned.person is not None, "nobody is forgotten in a trial"
        local = when.astimezone(zone_named(person.zone))
        words = self.talking.library.catalog(person.language)
        mark = words.say("cohort.bench.trial.mark", day=local.date(), time=local.time())
        self.calls += [_marked(call, mark) for call in turned.calls]
        self.toast = turned.toast
        self.trial = replace(self.trial, person=turned.person)

    def wait(self, days: int) -> None:
        """Move the clock ahead; what falls due on the way is said at its time, and then what is open is asked."""
        ahead = min(self.trial.ahead + timedelta(days=days), FARTHEST)
        then = self.now + ahead
        while (wake := self.trial.person.schedule.wake) is not None and wake <= then:
            self.take(FellDue(), max(wake, self.now + self.trial.ahead))
        self.trial = replace(self.trial, ahead=ahead)
        self.take(TimePassed())


def _marked(call: Call, mark: str) -> Call:
    """Return a call as one of the trial: its line on top, its buttons the trial's, and no panel of the coach's own."""
    values = dict(call.values)
    if "text" in values and len(values["text"]) < ROOM:
        values["text"] = f"<i>{escape(mark)}</i>\n{values['text']}"
    if markup := values.get("reply_markup"):
        values["reply_markup"] = {"inline_keyboard": [[_owned(b) for b in row] for row in markup["inline_keyboard"]]}
    return replace(call, values=values, panel=False, reminder=False)


def _owned(button: Json) -> Json:
    if "callback_data" not in button:
        return button
    data = PLAYED + button["callback_data"]
    if len(data.encode()) > DATA_LIMIT:  # what it is about has no room, as in the layout
        turn, _, rest = button["callback_data"].partition(":")
        data = f"{PLAYED}{turn}:{rest.rpartition(':')[2]}"
    return {**button, "callback_data": data}


def _steered(calls: Sequence[Call], catalog: Catalog) -> tuple[Call, ...]:
    """Put the clock and the way out below the last message."""
    last = max((n for n, call in enumerate(calls) if "text" in call.values), default=None)
    if last is None:
        return tuple(calls)
    clock = [
        {"text": catalog.say(f"cohort.bench.trial.{name}"), "callback_data": f"{PLAYED}{WAIT}:{days}"}
        for days, name in WAITS.items()
    ]
    leave = [{"text": catalog.say("cohort.bench.trial.leave"), "callback_data": PLAYED + LEAVE}]
    values = dict(calls[last].values)
    rows = values.get("reply_markup", {}).get("inline_keyboard", [])
    values["reply_markup"] = {"inline_keyboard": [*rows, clock, leave]}
    return (*calls[:last], replace(calls[last], values=values), *calls[last + 1 :])
