"""`advise --batch`: JSON objects in, a line each, answers out, a line each.

A line that cannot be read gets an `error`, and the others go on.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import TextIO

from bot.core.advice.calendar import in_calendar
from bot.core.dialogue.advisor import Adviser, BadFacts

MOST_REMEMBERED = 20_000  # situations whose answer is kept, so that a long batch stays small


AdviserOn = Callable[[date | None], Adviser]
"""Returns who advises on a day, None being the day it is."""


def answer_lines(adviser_on: AdviserOn, lines: TextIO, out: TextIO) -> None:
    """Answer every line of `lines` on `out`; a line's own `today` goes before the day that was given for all."""
    written: dict[object, str] = {}
    for number, line in enumerate(lines):
        text = line.removeprefix("\ufeff") if number == 0 else line
        if text.strip():
            out.write(_answer(adviser_on, text, written) + "\n")


def _answer(adviser_on: AdviserOn, line: str, written: dict[object, str]) -> str:
    try:
        line.encode()  # whoever opened the input may have let bytes through that are no UTF-8
    except UnicodeEncodeError:
        return _error("this is no UTF-8")
    try:
        given = READER.decode(line)
    except (ValueError, RecursionError) as error:
        return _error(f"this is no JSON: {error}")
    if not isinstance(given, dict):
        return _error('a line is an object such as {"outcome": "none"}')
    try:
        today = _day(given.pop("today")) if "today" in given else None
        adviser = adviser_on(today)
        situation = adviser.canonical(given)
    except BadFacts as bad:
        return _error(str(bad))
    # Lines that say the same in other words are worked out and written once.
    found = written.get((today, situation))
    if found is None:
        if len(written) >= MOST_REMEMBERED:
            written.clear()
        found = json.dumps(adviser.work_out(situation).as_json(), ensure_ascii=False)
        written[today, situation] = found
    return found


def _day(written: object) -> date:
    try:
        day = date.fromisoformat(written if isinstance(written, str) else "")
    except ValueError:
        raise BadFacts('today is a day such as "2026-11-24"') from None
    if not in_calendar(day):
        raise BadFacts(f"today={day} is beyond the calendar. Look at the year.")
    return day


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"'{twice}' stands there twice")
    return found


def _no_number(word: str) -> object:
    raise ValueError(f"{word} is no value")


def _error(text: str) -> str:
    return json.dumps({"error": text})  # in ASCII: what was typed may hold half a character, which nobody can print


READER = json.JSONDecoder(object_pairs_hook=_once_each, parse_constant=_no_number)
