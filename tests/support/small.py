"""A small content of its own: one flow, a few facts, four rules, one note, one reminder; a check takes milliseconds.

What is tested of the loader and the checker is tested on it, unless the shipped content is the point. What the engine
itself says is taken from the shipped messages; what is said of facts, rules, notes and so on is in `small_content/`.
"""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from tests.support.bot_process import ROOT

OWN: Final = Path(__file__).parent / "small_content"
OF_CONTENT: Final = (
    "verdict", "gate", "remark", "question", "note", "nudge", "claim", "faq", "lesson", "series", "case", "reminder",
    "flip", "because", "word.format", "heading.signed", "heading.E1", "heading.E2", "heading.E3", "heading.E4",
    "heading.E5", "heading.D1", "heading.D2", "atlas.sample",
    "sent", "plan.do", "plan.done", "plan.look", "plan.waits", "remind.answer",
    "cohort.review.mask.first", "cohort.review.mask.company", "cohort.review.mask.me",
)  # fmt: skip
"""The messages that belong to the shipped content and not to the engine."""


def small(folder: Path) -> Path:
    """Write the small content into `folder`, and return that."""
    shutil.copytree(OWN, folder, dirs_exist_ok=True)
    for name, text in _of_engine().items():
        (folder / "messages" / "en" / name).write_text(text, encoding="utf-8")
    return folder


@cache
def _of_engine() -> dict[str, str]:
    """Return the messages that the engine says whatever the content, by file."""
    texts = {}
    for file in sorted((ROOT / "messages" / "en").glob("*.yaml")):
        if file.stem == "understanding":
            continue  # it speaks of the questions of the shipped content
        said: dict[str, Any] = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)  # is safe
        for name in OF_CONTENT:
            _drop(said, name.split("."))
        if said:
            texts[file.name] = yaml.dump(said, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False, width=1000)
    return texts


def _drop(said: dict[str, Any], name: list[str]) -> None:
    first, *below = name
    if not below:
        said.pop(first, None)
    elif first in said:
        _drop(said[first], below)
        if not said[first]:
            del said[first]
