"""The commands for operators: arguments in, printing out, nothing else; `bot.app` does the work."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from bot.cli.options import NO_KEY, fail

if TYPE_CHECKING:
    from bot.app.settings import Settings

T = TypeVar("T")


def parked(
    release: Annotated[int | None, typer.Option(help="Let this one have another try.")] = None,
) -> None:
    """List what was put aside because it always failed, or release one of it."""
    from bot.app import operator as operating
    from bot.app.main import open_library, the_flow

    settings = _settings()
    if release is not None:
        library = open_library(settings.content)
        if not _done(operating.release(settings, library, the_flow(library), release)):
            fail(f"Nothing with the number {release} was put aside.")
        typer.echo("Released.")
        return
    found = _done(operating.parked(settings))
    for one in found:
        typer.echo(f"{one.id}  {one.since:%Y-%m-%d %H:%M} UTC  {one.what}: {one.reason}")
    typer.echo(f"{len(found)} put aside." + (" Release one with --release NUMBER." if found else ""))


def doctor() -> None:
    """Look at settings, content, database, key and Telegram, and say what to do. Status 1 if anything is wrong."""
    from bot.app import doctor as examiner
    from bot.app.logging import configure

    configure("CRITICAL")
    found = asyncio.run(examiner.examine(Path.cwd()))
    for finding in found:
        typer.echo(f"{'ok   ' if finding.well else 'WRONG'}  {finding.sentence}")
    if not all(finding.well for finding in found):
        raise typer.Exit(1)


def _settings() -> Settings:
    from bot.app.logging import configure
    from bot.app.settings import BadSettings, load

    try:
        settings = load(Path.cwd())
    except BadSettings as bad:
        fail("\n".join(bad.faults))
    configure("ERROR", settings.log_format, settings.secrets)
    return settings


def _done(work: Coroutine[Any, Any, T]) -> T:
    from bot.app.operator import StillFails
    from bot.storage.errors import BadKey, StoreError

    try:
        return asyncio.run(work)
    except (StoreError, StillFails) as error:
        fail(str(error), NO_KEY if isinstance(error, BadKey) else 1)
