"""A person's phone without Telegram in between: what the bot says is shown, what is tapped and typed knocks. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any

from bot.core.chat.commands import CommandGiven, Entry
from bot.core.chat.person import Call, Key, Person, TurnResult
from bot.core.dialogue.session import Said
from bot.core.dialogue.view import SessionView
from bot.core.library import Library
from bot.runtime.update_handler import IncomingUpdate
from bot.telegram.private_chat import PrivateChat
from bot.telegram.updates import picked
from tests.support.dates import NOW

KEY = Key(7, 1, 0, 1)
ME = {"id": 7}
WARM = ["No", "Well", "Nothing yet", "The hiring manager", "No", "Warm and lively", "Friday", "Not yet"]
SLOTS = ["Free", "Yes, it's ready", "Dana", "Data Analyst", "Northwind", "event billing", "Sam Okafor"]


class Phone:
    """A person's side: what is sent gets an id, what is edited changes, and taps carry what the buttons hold."""

    def __init__(self, library: Library, now: datetime = NOW) -> None:
        self.now = now
        self.talking = PrivateChat(library, "after_interview")
        self.person: Person | None = None
        self.updates = count(1000)
        self.messages: dict[int, dict[str, Any]] = {}
        self.ids = count(1)
        self.turned = TurnResult(None)
        self.calls: list[tuple[Call, int]] = []
        """All calls so far, each with the id of the message it is about."""

    def incoming(self, entry: Entry, message: int = 0, *, shown: bool = True) -> TurnResult:
        incoming = IncomingUpdate(next(self.updates), KEY, entry, {"language": "en", "message": message})
        self.turned = self.talking.respond(incoming, self.person, self.now)
        self.person = self.turned.person if self.turned.keeps else self.person
        for call in self.turned.calls if shown else ():
            self.show(call)
        return self.turned

    def show(self, call: Call) -> None:
        values = dict(call.values)
        id_ = values.pop("message_id", None) or next(self.ids)
        if call.kind == "edit_buttons":
            self.messages[id_].pop("reply_markup", None)
        else:
            self.messages[id_] = values
        self.calls.append((call, id_))
        if call.panel and self.person is not None:
            self.person = replace(self.person, **{"reminded" if call.reminder else "panel": id_})

    def ask(self, command: str, argument: str = "") -> TurnResult:
        return self.incoming(CommandGiven(command, argument))

    def say(self, *texts: str) -> None:
        for text in texts:
            self.incoming(Said(text))

    @property
    def asked(self) -> str:
        """The fact that is asked, "" at the end."""
        assert self.person is not None
        session = self.person.cases[self.person.current]
        return SessionView(self.talking.library, session, self.now).position.fact or ""

    def buttons(self, id_: int) -> dict[str, str]:
        rows = self.messages[id_].get("reply_markup", {}).get("inline_keyboard", [])
        return {row[0]["text"]: row[0].get("callback_data", "") for row in rows}

    def tap(self, label: str) -> TurnResult:
        id_ = max(id_ for id_ in self.messages if label in self.buttons(id_))
        return self.press(self.buttons(id_)[label], id_)

    def press(self, data: str, id_: int) -> TurnResult:
        return self.incoming(picked(data), id_)

    @property
    def last(self) -> str:
        return str(self.messages[max(self.messages)].get("text", ""))

    def text(self) -> str:
        return "\n".join(str(message.get("text", "")) for message in self.messages.values())
