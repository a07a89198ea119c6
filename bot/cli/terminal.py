"""The conversation on standard input and output: the same dialogue as everywhere, with a clock that can be moved.

It shows and reads; what is said is decided in the core. Colours where there is a terminal, plain
lines where there is none, and typed text is never read as markup.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from bot.cli.conversation_storage import NOTHING_BESIDE, Beside, InMemory, Keeping
from bot.cli.transcript import REMIND, Talk, Transcript
from bot.core.advice.calendar import zone_named
from bot.core.advice.catalog import Catalog
from bot.core.advice.text import clean
from bot.core.dialogue.session import Block, Outgoing, Session, Turn
from bot.core.library import Library

STYLES = {
    "progress": "dim",
    "title": "bold",
    "text": "",
    "item": "",
    "caution": "yellow",
    "aside": "dim",
    "count": "dim",
    "copy": "green",
}
WIDTH = 88  # longer lines are hard to read


class Screen:
    """Where messages are shown."""

    def __init__(self, out: TextIO) -> None:
        self.console = Console(file=out, highlight=False, soft_wrap=not out.isatty())
        self.pretty = self.console.is_terminal
        if self.pretty:
            self.console.width = min(self.console.width, WIDTH)

    def line(self, text: str, style: str = "") -> None:
        """Show one line."""
        self.console.print(Text(text, style=style))

    def message(self, message: Outgoing) -> None:
        """Show one message with its options numbered."""
        self.console.print()
        for block in message.blocks:
            self.block(block)
        figures = any(option.label.isdecimal() for option in message.options)
        for number, option in enumerate(message.options, 1):
            # Beside an answer that is a figure, a number of the list would only be mistaken for it.
            mark = "    • " if figures else f"  {number:>2}  "
            if message.kind == "reminder":
                mark = f"  :remind {number}  "  # a bare number answers the question below
            self.console.print(Text.assemble((mark, "bold cyan"), option.label))

    def block(self, block: Block) -> None:
        """Show one block by its role; a text to copy stands alone on its lines, so that it can be marked."""
        style = STYLES[block.role]
        if block.role == "copy":
            # No frame and no line break of ours: whatever stands beside or within it would be copied with it.
            self.console.print(Text(f"\n{block.text}\n", style=style), soft_wrap=True)
        elif block.role in ("item", "caution"):
            mark = {"item": "- ", "caution": "! "}[block.role]
            self.console.print(self.hanging(mark, Text(block.text, style=style)))
        else:
            self.console.print(Text(block.text, style=style))

    def hanging(self, mark: str, text: Text) -> RenderableType:
        """Return a marked line whose further lines begin below its first word; in a file it stays one line."""
        if not self.pretty:
            return Text.assemble(mark, text)
        grid = Table.grid()
        grid.add_row(mark, text)
        return grid


class Chat:
    """A talk with a person at a keyboard, or with a file on standard input."""

    def __init__(
        self,
        library: Library,
        session: Session,
        now: datetime,
        out: TextIO,
        *,
        beside: Beside = NOTHING_BESIDE,
        keeping: Keeping | None = None,
    ) -> None:
        self.talk = Talk(library, session, now, beside, keeping or InMemory())
        self.began = (session, now)
        self.screen = Screen(out)
        self.library = library

    @property
    def catalog(self) -> Catalog:
        """The messages in the person's language."""
        return self.library.catalog(self.talk.session.language)

    def run(self, read_line: Callable[[], str | None], tick: Callable[[], timedelta]) -> None:
        """Talk until `:quit` or the end of input; `tick` says how much real time passed since it was last asked."""
        self.screen.line(self.catalog.say("terminal.help"), "dim")
        for _, turn in self.talk.opened():
            self.show(turn)
        while (line := read_line()) is not None:
            self.talk.now += tick()
            if not self.screen.pretty:
                self.screen.line(f"\n> {clean(line)}")
            if line.strip() in (":quit", ":q"):
                self.screen.line(self.catalog.say("terminal.bye"))
                return
            self.hear(line)
        self.screen.line(self.catalog.say("terminal.ended"), "dim")

    def hear(self, line: str) -> None:
        """Take one typed line: an answer, or a command of the terminal's own."""
        command, _, rest = line.strip().partition(" ")
        if command == ":save":
            self.save(Path(rest.strip() or "talk.yaml"))
        elif command == ":wait":
            self.wait(rest)
        elif command == ":help":
            self.screen.line(self.catalog.say("terminal.help"))
        elif line.strip():
            turn = self.talk.type(line)
            if turn is None:
                known = "not_offered" if command == REMIND else "bad_command"
                self.screen.line(self.catalog.say(f"terminal.{known}"), "yellow")
                self.screen.line(self.catalog.say("terminal.help"), "dim")
            else:
                self.show(turn)

    def wait(self, rest: str) -> None:
        """Move the clock and look again."""
        turns = self.talk.wait(rest)
        if turns is None:
            self.screen.line(self.catalog.say("terminal.bad_wait"), "yellow")
            return
        for at, turn in turns:
            local = at.astimezone(zone_named(self.talk.session.zone))
            self.screen.line(self.catalog.say("terminal.clock", day=local.date(), time=local.time()), "dim")
            self.show(turn)

    def show(self, turn: Turn) -> None:
        """Show a turn, which is kept by now."""
        for message in turn.messages:
            self.screen.message(message)
        for document in self.talk.documents:
            self.screen.line(f"\n{document.name}: {document.caption}", "dim")
            self.screen.line(document.text.replace("\r", ""))
        self.talk.documents.clear()

    def save(self, file: Path) -> None:
        """Write the talk so far as a transcript."""
        try:
            if not is_ours(file):
                self.screen.line(self.catalog.say("terminal.exists", file=str(file)), "yellow")
                return
            write_whole(file, self.transcript().dump())
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            self.screen.line(self.catalog.say("terminal.unsaved", file=str(file), reason=reason), "yellow")
            return
        self.screen.line(self.catalog.say("terminal.saved", file=str(file)))

    def transcript(self) -> Transcript:
        """Return the talk so far."""
        return self.talk.transcript(*self.began)


def is_ours(file: Path) -> bool:
    """Tell whether a transcript may be written there: nothing stands there yet, or another transcript does."""
    if not file.exists():
        return not file.is_symlink()
    if file.is_symlink() or not file.is_file():
        return False
    with file.open(encoding="utf-8", errors="replace") as stream:
        return stream.read(6) in ("", "flow: ")


def write_whole(file: Path, text: str) -> None:
    """Write `text` so that a kill leaves the old file or the new one, readable by its owner only; raises OSError."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(file)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def utc_now() -> datetime:
    """Return the instant it is; the only clock of the terminal."""
    return datetime.now(UTC)
