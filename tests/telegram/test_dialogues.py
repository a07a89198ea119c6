"""One transcript, two places: what the terminal says, Telegram shows, word for word and button for button."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.cli.transcript import Talk, TranscriptLine, load
from bot.core.chat.commands import newcomer
from bot.core.dialogue.answers import choose
from bot.core.dialogue.session import FellDue, Said, TimePassed, Turn
from bot.core.library import Library
from bot.core.reminders.schedule import ReminderSchedule
from tests.support.phone import Phone

DIALOGUES = sorted((Path(__file__).parents[1] / "dialogues").glob("*.yaml"))
COMMANDS = {":restart": "new", ":back": "back", ":why": "why", ":change": "change", ":cancel": "cancel"}


def shown(phone: Phone, since: int) -> tuple[str, list[str]]:
    """Return what came to the phone since then, as it is read there, and the labels of its last buttons."""
    calls = [call for call, _ in phone.calls[since:]]
    text = "\n".join(str(call.values.get("text", "")) for call in calls)
    keyboards = [c.values["reply_markup"]["inline_keyboard"] for c in calls if "reply_markup" in c.values]
    labels = [row[0]["text"] for row in keyboards[-1]] if keyboards else []
    return html.unescape(re.sub(r"<[^>]+>", "", text)), [label for label in labels if not label.startswith("‹")]


def same(turn: Turn, text: str, labels: list[str]) -> None:
    """See that a turn of the terminal stands on the phone: its messages in order, and what can be chosen.

    Within a message, what is to be copied comes last on the phone, in a message of its own.
    """
    begin = 0
    for message in turn.messages:
        places = {block.text: text.find(block.text, begin) for block in message.blocks}
        assert min(places.values()) >= 0, f"{places} are not all in {text[begin:]!r}"
        begin = max(places.values())
    assert labels[: len(turn.messages[-1].options)] == [option.label for option in turn.messages[-1].options]


@pytest.mark.parametrize("file", DIALOGUES, ids=lambda file: file.stem)
def test_a_transcript_plays_identically_in_the_terminal_and_in_telegram(library: Library, file: Path) -> None:
    transcript, _ = load(file.read_text(encoding="utf-8"), file.name, list(library.flows))
    assert transcript is not None
    talk = Talk(library, transcript.start, transcript.now)
    phone = Phone(library, transcript.now)
    phone.person = replace(
        newcomer(library, "en"), zone=transcript.start.zone, schedule=ReminderSchedule(zone_known=True)
    )
    phone.ask("start")
    same(talk.begin(), *shown(phone, 0))
    for line in transcript.lines:
        if line.kind != "bot":
            played(line, talk, phone)


def played(line: TranscriptLine, talk: Talk, phone: Phone) -> None:
    """Play one line in both places, and see that they say the same."""
    before, text = len(phone.calls), line.text.strip()
    if line.kind == "wait":
        turns = talk.wait(text)
        assert turns
        for now, turn in turns[:-1]:  # what fell due on the way
            phone.now, before = now, len(phone.calls)
            phone.incoming(FellDue())
            same(turn, *shown(phone, before))
        phone.now = talk.now
        phone.incoming(FellDue())  # a case may have closed, of which nobody hears
        before = len(phone.calls)
        phone.incoming(TimePassed())
        same(turns[-1][1], *shown(phone, before))
        return
    if text.startswith(":remind "):
        chosen = choose(text.removeprefix(":remind "), talk.below)
        assert chosen
        phone.tap(chosen.label)
    elif text in COMMANDS:
        phone.ask(COMMANDS[text])
    else:
        phone.incoming(Said(line.text))
    said = talk.type(line.text)
    assert said
    same(said, *shown(phone, before))
