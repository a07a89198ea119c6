"""Messages as Telegram shows them: HTML, buttons, what is edited and what is sent anew. Pure.

Everything a person typed is escaped, a run of taps edits one message, and what should be noticed or
copied (advice, notes) is always a message of its own. Limits: core.telegram.org/bots/api; 64 bytes of callback data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from bot.core.advice.catalog import Catalog
from bot.core.chat.commands import BACK, WHY, CommandResult
from bot.core.chat.person import Call, Person
from bot.core.chat.turn import FileToSend
from bot.core.dialogue.session import Block, Option, Outgoing, Settled, TakenBack

COPY_LIMIT = 256  # characters behind a copy button (limits.yaml, telegram_copy_text; the API counts characters)
DATA_LIMIT = 64  # bytes in a button
MOST_LINES = 20  # answers in one message; each has at most some 110 characters, and a message holds 4,096
MARKS = {"item": "• ", "caution": "❗ "}
TAGS = {"title": "b", "progress": "i", "aside": "i", "count": "i"}


@dataclass(frozen=True)
class RepliedTo:
    """What a visit answers: the message whose button was tapped (0: something was typed).

    `beside`: the button stands below a reminder, and the message is none of the conversation's. `unasked`: nobody did
    anything, something has fallen due.
    """

    message: int = 0
    beside: bool = False
    unasked: bool = False


Json = dict[str, Any]


def lay_out(before: Person, served: CommandResult, origin: RepliedTo, catalog: Catalog) -> tuple[Call, ...]:
    """Return the calls that show `served`, and remember in its person what a run of taps has shown so far."""
    return tuple(_Layout(before, served, origin, catalog).calls())


def run_after(before: Person, served: CommandResult, origin: RepliedTo) -> tuple[str, ...]:
    """Return the answers shown in the message that the next tap edits."""
    return _answered(before, served) if _goes_on(before, served, origin) else ()


def _answered(before: Person, served: CommandResult) -> tuple[str, ...]:
    """Return the answers of a run of taps so far: what was settled now stands below, what was taken back is gone."""
    run = before.run[:-1] if any(isinstance(e, TakenBack) for e in served.effects) else before.run
    return (*run, *(effect.text for effect in served.effects if isinstance(effect, Settled)))


def _goes_on(before: Person, served: CommandResult, origin: RepliedTo) -> bool:
    """Tell whether a tap leads straight to the next question, which then takes the place of the answered one."""
    only = [message.kind for message in served.messages] in (["question"], ["menu"])  # nothing to notice or copy
    room = len(before.run) < MOST_LINES
    return (
        bool(origin.message)
        and not origin.beside
        and only
        and room
        and not any(isinstance(e, FileToSend) for e in served.effects)
    )


class _Layout:
    """One visit being laid out; `turn` is what its buttons count by."""

    def __init__(self, before: Person, served: CommandResult, origin: RepliedTo, catalog: Catalog) -> None:
        self.before, self.served, self.origin, self.catalog = before, served, origin, catalog
        self.unasked = origin.unasked
        self.turn = served.person.turn if served.person else 0

    def calls(self) -> Iterator[Call]:
        if _goes_on(self.before, self.served, self.origin):
            question = self.served.messages[0]
            text = _joined([*_frozen(_answered(self.before, self.served)), self.text(question)])
            values = {"message_id": self.origin.message, **self.shown(text, self.keyboard(question))}
            yield Call("edit", values, panel=True)
            return
        yield from self.close()
        for effect in self.served.effects:
            if isinstance(effect, FileToSend):
                document = {"name": effect.name, "text": effect.text}
                yield Call("document", {"document": document, "caption": effect.caption})
            elif isinstance(effect, Outgoing):
                yield from self.message(effect)

    def close(self) -> Iterator[Call]:
        """Take the buttons off the message they were on: it freezes to its answers, where one was just given."""
        panel = 0 if self.origin.unasked else self.origin.message or self.before.panel
        if panel <= 0 or not self.served.messages or self.served.person is self.before:
            return
        lines = [] if self.origin.beside else _frozen(_answered(self.before, self.served))
        if lines:
            yield Call("edit", {"message_id": panel, **self.shown(_joined(lines), [])})
        else:
            yield Call("edit_buttons", {"message_id": panel})

    # -- single messages -----------------------------------------------------------------------------------------------

    def message(self, message: Outgoing) -> Iterator[Call]:
        if message.kind == "note":
            yield from self.note(message)
            return
        keyboard = self.keyboard(message)
        panel = message.kind in ("question", "menu") or (message.kind == "reminder" and self.unasked)
        if message.kind == "advice":
            why = WHY + message.name.split()[1]  # "advice R19 thank_you_then_wait"
            keyboard = [[{"text": self.catalog.say("telegram.why"), "callback_data": _data(0, why)}]]
        elif message.kind == "reminder":  # its buttons count by no turn
            keyboard = [[{"text": o.label, "callback_data": _data(0, o.id)}] for o in message.options]
        yield Call("message", self.shown(self.text(message), keyboard), panel=panel, reminder=self.unasked)

    def note(self, message: Outgoing) -> Iterator[Call]:
        """Show a note or mail: what it is, then each text to be copied in its own message, under its label if any."""
        head = [block for block in message.blocks if block.role in ("title", "count")]
        yield Call("message", self.shown(_joined(map(_html, head)), []), reminder=self.unasked)
        label = ""
        for block in message.blocks:
            if block.role != "copy":
                label = f"{_html(block)}\n" if block.role == "aside" else ""
                continue
            text = block.text
            button: list[list[Json]] = []
            if len(text) <= COPY_LIMIT:
                button = [[{"text": self.catalog.say("telegram.copy"), "copy_text": {"text": text}}]]
            shown = escape(text) if button else f"<pre>{escape(text)}</pre>"
            yield Call("message", self.shown(label + shown, button), reminder=self.unasked)
            label = ""

    def text(self, message: Outgoing) -> str:
        """Return a message as HTML: a question with its reason folded, an advice and a "why" with their lists."""
        parts = list(map(_html, message.blocks))
        if message.kind == "question":
            why = self.catalog.say(f"question.{message.name.removeprefix('question ')}.why")
            parts.append(f"<blockquote expandable>{escape(why)}</blockquote>")
        elif message.kind == "advice":
            parts = _folded(message.blocks, max(_heads(message.blocks), default=len(message.blocks)))
        elif message.kind == "why":
            parts = _folded(message.blocks, min(_heads(message.blocks), default=len(message.blocks)))
        return _joined(parts)

    def keyboard(self, message: Outgoing) -> list[list[Json]]:
        """Return the buttons of a message, one column; each counts by the person's turn."""
        about = message.name.removeprefix("question ") if message.kind == "question" else ""
        rows = [[self.button(option, about)] for option in message.options]
        if message.kind == "question":
            rows.append([self.button(Option(BACK, self.catalog.say("telegram.back")))])
        return rows

    def button(self, option: Option, about: str = "") -> Json:
        return {"text": option.label, "callback_data": _data(self.turn, option.id, about)}

    @staticmethod
    def shown(html: str, keyboard: Sequence[Sequence[Json]]) -> Json:
        values: Json = {"text": html, "parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}
        if keyboard:
            values["reply_markup"] = {"inline_keyboard": [list(row) for row in keyboard]}
        return values


def shown_text(text: str) -> Json:
    """Return the parameters of a message that is plain text."""
    return _Layout.shown(escape(text), [])


def shown(html: str, keyboard: Sequence[Sequence[Json]]) -> Json:
    """Return the parameters of a message of HTML with its buttons."""
    return _Layout.shown(html, keyboard)


def html_of(block: Block) -> str:
    """Return a block as HTML."""
    return _html(block)


def _data(turn: int, option: str, about: str = "") -> str:
    """Return what a button holds, which `updates.picked` reads; what it is about is left out where it has no room."""
    data, full = f"{turn}:{option}", f"{turn}:{about}:{option}"
    assert len(data.encode()) <= DATA_LIMIT, data
    return full if about and len(full.encode()) <= DATA_LIMIT else data


def _joined(parts: Iterable[str]) -> str:
    return "\n".join(parts)


def _frozen(lines: Sequence[str]) -> list[str]:
    return [f"✓ {escape(line)}" for line in lines]


def _html(block: Block) -> str:
    text = MARKS.get(block.role, "") + escape(block.text)
    tag = TAGS.get(block.role)
    return f"<{tag}>{text}</{tag}>" if tag else text


def _heads(blocks: Sequence[Block]) -> list[int]:
    """Return where lists begin: a plain line with items below it."""
    return [n for n, block in enumerate(blocks) if block.role == "text"]


def _folded(blocks: Sequence[Block], begin: int) -> list[str]:
    """Return blocks with those from `begin` on in a quote that opens at a tap."""
    parts = [_html(block) for block in blocks[:begin]]
    if begin < len(blocks):
        parts.append(f"<blockquote expandable>{_joined(_html(block) for block in blocks[begin:])}</blockquote>")
    return parts
