"""Content of ten times the size: each conversation and each policy ten times, over the same facts, notes and words."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from bot.app.content import folders

TIMES = 10


def tenfold(into: Path) -> Path:
    """Write it into a folder and return that."""
    for folder in folders(None):
        shutil.copytree(folder, into / folder.name)
    flows = into / "flows"
    for number in range(2, TIMES + 1):
        for name in ("after_interview", "follow_up", "rules/etiquette"):
            text = (flows / f"{name}.yaml").read_text(encoding="utf-8")
            text = re.sub(r"^(flow: \w+|rules: \w+)$", rf"\1_{number}", text, flags=re.MULTILINE)
            text = text.replace("judge: etiquette", f"judge: etiquette_{number}")
            (flows / f"{name}_{number}.yaml").write_text(text, encoding="utf-8")
    return into
