"""flows/both_right.yaml: the small faults in which both ways are right, each with its reason."""

from __future__ import annotations

from pathlib import Path

from bot.content.models import BothRightFile
from bot.content.source_file import SourceFile
from bot.content.validation import shaped
from bot.content.yaml_reader import read

FILE = "both_right.yaml"


def reasons(flows: Path) -> dict[str, str]:
    """Return why both ways are right, by names of faults; none where there is no such file, or it has faults."""
    file = flows / FILE
    if not file.is_file():
        return {}
    document, issues = read(file.read_bytes(), f"flows/{FILE}")
    found = shaped(SourceFile(document, issues), BothRightFile) if document is not None else None
    return dict(found.both_right) if found is not None else {}
