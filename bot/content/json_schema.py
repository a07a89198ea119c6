"""The JSON Schemas of the content files, written from the models so that editors complete and check what is typed."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from bot.content.coaching import CaseFile, LessonsFile
from bot.content.contact_history import LedgerFile
from bot.content.models import (
    BothRightFile,
    ClaimsFile,
    FactsFile,
    FaqFile,
    FlowFile,
    LimitsFile,
    MessagesFile,
    ProtectedFile,
)
from bot.content.rule_models import NotesFile, RemindersFile, RulesFile
from bot.content.understanding import UnderstandingFile

MODELS: Mapping[str, type[BaseModel]] = {
    "both_right": BothRightFile,
    "case": CaseFile,
    "claims": ClaimsFile,
    "facts": FactsFile,
    "faq": FaqFile,
    "flow": FlowFile,
    "ledger": LedgerFile,
    "lessons": LessonsFile,
    "limits": LimitsFile,
    "messages": MessagesFile,
    "notes": NotesFile,
    "protected": ProtectedFile,
    "reminders": RemindersFile,
    "rules": RulesFile,
    "understanding": UnderstandingFile,
}
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, dict[str, Any]]:
    """Return the schema of each kind of content file by the name its modeline uses."""
    return {name: {"$schema": DIALECT, **model.model_json_schema(by_alias=True)} for name, model in MODELS.items()}


def written() -> dict[str, str]:
    """Return the files of schemas/ by name, as they stand on disk."""
    return {
        f"{name}.schema.json": json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
        for name, schema in schemas().items()
    }


def main(folder: Path) -> None:
    """Write all schemas into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in written().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "schemas"))
