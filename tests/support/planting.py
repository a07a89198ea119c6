"""Content with a fault planted in it: a copy of the shipped folders, edited as a coach might edit them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.app.content import open_library
from bot.cli.transcript import Transcript, load, play
from bot.core.issues import Issue

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Fault:
    """An edit of one file, and the finding it must give: its code, and a piece of the line it must point at."""

    name: str
    file: str
    old: str
    new: str
    code: str
    at: str
    says: str = ""


def copied(folder: Path) -> Path:
    """Copy the shipped content into `folder`."""
    for part in ("flows", "messages"):
        shutil.copytree(ROOT / part, folder / part)
    return folder


def plant(content: Path, faults: Sequence[Fault]) -> None:
    """Make the edits, each of a text that stands in its file exactly once (an empty one: the end of the file)."""
    for fault in faults:
        file = content / fault.file
        text = file.read_text(encoding="utf-8")
        if fault.old:
            assert text.count(fault.old) == 1, f"{fault.name}: {text.count(fault.old)} times {fault.old!r}"
            text = text.replace(fault.old, fault.new)
        else:
            text += fault.new
        file.write_text(text, encoding="utf-8")


def line_of(content: Path, fault: Fault) -> int:
    """Return the last line of the edited file that holds the piece `at`."""
    lines = (content / fault.file).read_text(encoding="utf-8").split("\n")
    return max(number for number, line in enumerate(lines, 1) if fault.at and fault.at in line)


def replays(content: Path, issue: Issue) -> bool:
    """Tell whether the conversation of a finding, read back from its file, goes as it went."""
    library = open_library(content)
    assert issue.shown
    text = Transcript.of(issue.shown).dump()
    transcript, faults = load(text, "talk.yaml", library.flows, library.catalogs)
    assert transcript, faults
    return play(library, transcript, lambda _typed, _turn: None) == []
