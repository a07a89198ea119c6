"""`advise --batch`: JSON objects in, a line each, answers out, a line each.

Law of this file: a line that cannot be read gets an `error`, and the others go on.
"""

from __future__ import annotations

import json
from typing import TextIO

from bot.core.advising import Adviser, BadFacts


def answer_lines(adviser: Adviser, lines: TextIO, out: TextIO) -> None:
    """Answer every line of `lines` on `out`."""
    written: dict[object, str] = {}
    for line in lines:
        if line.strip():
            out.write(_answer(adviser, line, written) + "\n")


def _answer(adviser: Adviser, line: str, written: dict[object, str]) -> str:
    try:
        given = json.loads(line)
    except (ValueError, RecursionError) as error:
        return _error(f"this is no JSON: {error}")
    if not isinstance(given, dict):
        return _error('a line is an object such as {"outcome": "none"}')
    try:
        situation = adviser.canonical(given)
    except BadFacts as bad:
        return _error(str(bad))
    # Facts that cannot matter are dropped, so most lines are a situation that was worked out and written before.
    found = written.get(situation)
    if found is None:
        found = written[situation] = json.dumps(adviser.work_out(*situation).as_json(), ensure_ascii=False)
    return found


def _error(text: str) -> str:
    return json.dumps({"error": text}, ensure_ascii=False)
