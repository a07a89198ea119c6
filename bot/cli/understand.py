"""`understand`: what a text means in answer to a question, or what a story tells; with `--batch`, JSON lines."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from bot.cli.options import Content, Language, checked_day, checked_language, fail, opened

if TYPE_CHECKING:
    from bot.core.library import Library


def understand(
    text: Annotated[list[str] | None, typer.Argument(help="What somebody types.")] = None,
    question: Annotated[str | None, typer.Option(help="The question it answers; without it, it is a story.")] = None,
    today: Annotated[str | None, typer.Option(help="The day it is, such as 2026-11-23.")] = None,
    language: Language = "en",
    batch: Annotated[bool, typer.Option("--batch", help="Read JSON objects, one a line; answer a line each.")] = False,
    content: Content = None,
) -> None:
    """Say what is understood of something that people type."""
    from bot.cli.main import read_bytes_kindly

    if batch == bool(text):
        fail("Give either a text or --batch, which reads JSON objects from standard input.")
    library = opened(content)
    checked_language(library, language)
    day = checked_day(today) if today else datetime.now(UTC).date()
    if batch:
        read_bytes_kindly("surrogateescape")
        answer_lines(library, language, day, sys.stdin, sys.stdout)
        return
    given: dict[str, object] = {"text": " ".join(text or ()), "language": language}
    found = _understood(library, {**given, "question": question} if question else given, language, day)
    typer.echo(json.dumps(found, ensure_ascii=False))


def answer_lines(library: Library, language: str, today: date, lines: TextIO, out: TextIO) -> None:
    """Answer every line of `lines` on `out`; what a line says of its day and language goes before the options."""
    from bot.cli.advise import READER

    for line in lines:
        if not line.strip():
            continue
        try:
            line.encode()
            given = READER.decode(line.removeprefix("\ufeff"))
        except (ValueError, RecursionError) as error:
            out.write(json.dumps({"error": f"this is no JSON: {error}"}) + "\n")
            continue
        found = _understood(library, given, language, today)
        out.write(json.dumps(found, ensure_ascii="error" in found) + "\n")


def _understood(library: Library, given: object, language: str, today: date) -> dict[str, object]:
    """Return what one object comes to, an `error` where it cannot be read."""
    from bot.core.dialogue.understand import understand_answer, understand_story
    from bot.core.issues import nearest

    if not isinstance(given, dict) or not isinstance(given.get("text"), str):
        return {"error": 'a line is an object such as {"question": "tone", "text": "we clicked"}'}
    if odd := given.keys() - {"question", "text", "today", "language"}:
        return {"error": f"'{min(odd)}' is none of question, text, today, language"}
    question, spoken = given.get("question"), given.get("language", language)
    if spoken not in library.catalogs:
        return {"error": f"there are no messages in '{spoken}'"}
    try:
        day = date.fromisoformat(str(given.get("today", today)))
    except ValueError:
        return {"error": 'today is a day such as "2026-11-24"'}
    catalog = library.catalog(str(spoken))
    if question is None:
        return understand_story(given["text"], library.facts, catalog, day)
    asked = [name for name in library.facts.by_name if catalog.has(f"question.{name}.text")]
    if question not in asked:
        return {"error": f"there is no question '{question}'. {nearest(str(question), asked)}"}
    return understand_answer(str(question), given["text"], library.facts, catalog, day)
