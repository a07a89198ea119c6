"""Somebody who talks with the whole bot: conversation, commands and settings, without Telegram."""

from __future__ import annotations

import json
from dataclasses import replace

from bot.core.chat.commands import (
    CommandGiven,
    CommandResult,
    Entry,
    newcomer,
    serve,
)
from bot.core.chat.person import Person
from bot.core.dialogue.session import Picked, Said, Session
from bot.core.library import Library
from tests.support.dates import NOW

WARM = ["No", "Well", "Nothing yet", "The hiring manager", "No", "Warm and lively", "Friday", "Not yet"]


SLOTS = ["Free", "Yes, it's ready", "Dana", "Data Analyst", "Northwind", "event billing", "Sam Okafor"]


class Visitor:
    """Somebody at the desk; what is kept of them is written out and read back at every visit."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.person = replace(newcomer(library, "en"), zone="Europe/Berlin")
        self.now = NOW
        self.served = self.ask("start")

    def visit(self, entry: Entry) -> CommandResult:
        cases = {n: Session.from_json(json.loads(json.dumps(c.to_json()))) for n, c in self.person.cases.items()}
        self.served = serve(self.library, "after_interview", replace(self.person, cases=cases), entry, self.now)
        self.person = self.served.person or Person()
        return self.served

    def ask(self, command: str, argument: str = "") -> CommandResult:
        return self.visit(CommandGiven(command, argument))

    def say(self, *texts: str) -> CommandResult:
        for text in texts:
            self.visit(Said(text))
        return self.served

    def tap(self, option: str) -> CommandResult:
        return self.visit(Picked(option, self.person.turn))

    @property
    def names(self) -> list[str]:
        return [message.name for message in self.served.messages]

    @property
    def words(self) -> str:
        return "\n".join(block.text for message in self.served.messages for block in message.blocks)

    @property
    def labels(self) -> list[str]:
        return [option.label for option in self.served.messages[-1].options]
