"""What the commands share: the content opened, or its faults said; names looked up, or the near ones said."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.app.settings import Settings
    from bot.core.issues import Issue
    from bot.core.library import Library

Content = Annotated[
    Path | None,
    typer.Option("--content", help="A folder with flows/ and messages/; without it, the shipped ones."),
]
Language = Annotated[str, typer.Option(help="The language of questions, advice and notes.")]
Flow = Annotated[
    str | None, typer.Option("--flow", help="The conversation; without it, the only one, or after_interview.")
]


NO_KEY: Final = 2
"""The status of a command that ends because the key of the data is not there, or is another one."""


def fail(text: str, status: int = 1) -> NoReturn:
    """Say on standard error what went wrong and what to do, and end."""
    typer.echo(text, err=True)
    raise typer.Exit(status)


def settings_here() -> Settings:
    """Return the settings of this folder, or say every fault of them and end."""
    from bot.app.settings import BadSettings, load

    try:
        return load(Path.cwd())
    except BadSettings as bad:
        fail("\n".join(bad.faults))


def opened(content: Path | None) -> Library:
    """Return the content, or say every fault of it and end."""
    from bot.app.content import BadContent, open_library

    try:
        return open_library(content)
    except BadContent as bad:
        fail("\n".join([*map(str, bad.issues), counted(bad.issues)]))


def opened_earlier(name: str, content: Path) -> tuple[Library, tuple[str, ...]]:
    """Return a version to compare with, and in sentences what of it cannot be; or say why nothing can, and end."""
    from bot.app.content import BadContent, open_earlier
    from bot.verification.diff_text import lacking

    try:
        library, issues = open_earlier(content)
    except BadContent as bad:
        fail("\n".join([*map(str, bad.issues), counted(bad.issues), _beyond_reading(name)]))
    return library, lacking(name, issues)


def _beyond_reading(name: str) -> str:
    return (
        f"So '{name}' cannot be compared with anything. Mend it if it is a folder; if it is a revision, take a later "
        "one: `git log --oneline -- flows messages` lists them."
    )


def open_checked(content: Path | None) -> Library:
    """Return the content once everything about it is proved, or say every finding and end."""
    from bot.app.content import BadContent, load_checked

    try:
        return load_checked(content, None)
    except BadContent as bad:
        fail("\n".join([*map(str, bad.issues), counted(bad.issues)]))


def counted(issues: Iterable[Issue]) -> str:
    """Return how many findings there are, in words."""
    number = len(list(issues))
    return "1 issue." if number == 1 else f"{number} issues."


def checked_language(library: Library, language: str) -> str:
    """Return the language if there are messages in it, else say so and end."""
    if language not in library.catalogs:
        fail(f"There are no messages in '{language}'. Known: {', '.join(sorted(library.catalogs))}.")
    return language


def checked_flow(library: Library, flow: str | None) -> str:
    """Return the flow, or the one to begin with where none is named, else say so and end."""
    from bot.app.content import BadContent, the_flow
    from bot.core.issues import nearest

    try:
        chosen = flow or the_flow(library)
    except BadContent as bad:
        fail("\n".join(map(str, bad.issues)))
    if chosen not in library.flows:
        fail(f"There is no flow '{chosen}'. {nearest(chosen, library.flows)}")
    return chosen


def pairs(facts: Iterable[str]) -> dict[str, str]:
    """Return facts given as fact=value, or say which is none and end."""
    given: dict[str, str] = {}
    for fact in facts:
        name, equals, value = fact.partition("=")
        if not equals:
            fail(f"'{fact}' is no fact=value, such as outcome=none.")
        if name in given:
            fail(f"'{name}' is given twice. Say it once.")
        given[name] = value
    return given


def morning(today: str | None, zone: str) -> datetime:
    """Return the instant to judge at: now, or nine o'clock on a day that is given."""
    from bot.core.advice.calendar import instant

    return datetime.now(UTC) if today is None else instant(checked_day(today), time(9, 0), zone)


def checked_day(text: str) -> date:
    """Return the day written so, or say that it is none, or lies outside the calendar, and end."""
    from bot.core.advice.calendar import in_calendar

    try:
        day = date.fromisoformat(text)
    except ValueError:
        fail(f"'{text}' is no day. Write it as 2026-11-23.")
    if not in_calendar(day):
        fail(outside(text))
    return day


def outside(text: str) -> str:
    """Say that a day does not lie in the calendar."""
    from bot.core.advice.calendar import BEYOND, FIRST_YEAR

    return f"The calendar here goes from {FIRST_YEAR} to {BEYOND - 1}, and '{text}' does not lie in it."
