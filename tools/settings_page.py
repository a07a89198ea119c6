"""Writes docs/operators/settings.md from .env.example: `python tools/settings_page.py` (`make settings`).

A test compares the page with what this makes of the example, so the two cannot part.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "operators" / "settings.md"
HEAD = """# Settings

Made from [.env.example](../../.env.example) by `make settings`; change it there.

The environment goes first, then `.env` in the folder where the bot is started, then systemd's credentials.
An empty value in the first two counts as not given.
All that is wrong is named at once when the bot starts, and by `afterword doctor`.
A secret is best kept in a file: of its own (`…_FILE`), or in the folder that `CREDENTIALS_DIRECTORY` names
(systemd sets it), where each file is the setting of its name in small letters.
"""


def page(example: str) -> str:
    """Return the page for the text of .env.example."""
    parts = [HEAD]
    for block in example.strip().split("\n\n")[1:]:
        settings = re.findall(r"^#([A-Z_]+)=(.*)$", block, re.MULTILINE)
        words = " ".join(line[2:] for line in block.splitlines() if line.startswith("# "))
        names = ", ".join(f"`{name}={value}`" if value else f"`{name}`" for name, value in settings)
        parts.append(f"## {names}\n\n{words}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page((ROOT / ".env.example").read_text(encoding="utf-8")), encoding="utf-8")
