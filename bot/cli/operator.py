"""The commands for operators: arguments in, printing out, nothing else; what they do is in `operating.py`."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from bot.app.settings import Settings

T = TypeVar("T")


def parked(
    release: Annotated[int | None, typer.Option(help="Let this one have another try.")] = None,
) -> None:
    """List what was put aside because it always failed, or release one of it."""
    from bot.app import operator as operating
    from bot.app.main import open_library, the_flow

    settings = settings_here()
    if release is not None:
        library = open_library(settings.content)
        if not done(operating.release(settings, library, the_flow(library), release)):
            _fail(f"Nothing with the number {release} was put aside.")
        typer.echo("Released.")
        return
    found = done(operating.parked(settings))
    for one in found:
        typer.echo(f"{one.id}  {one.since:%Y-%m-%d %H:%M} UTC  {one.what}: {one.reason}")
    typer.echo(f"{len(found)} put aside." + (" Release one with --release NUMBER." if found else ""))


def doctor() -> None:
    """Look at token, database, key and webhook, and say what to do. Ends with status 1 if anything is wrong."""
    from bot.app import operator as operating

    found = done(operating.examine(settings_here()))
    for finding in found:
        typer.echo(f"{'ok   ' if finding.well else 'WRONG'}  {finding.sentence}")
    if not all(finding.well for finding in found):
        raise typer.Exit(1)


def settings_here() -> Settings:
    """Return the settings of this folder, or say what is wrong with them and end."""
    from bot.app.logging import configure
    from bot.app.settings import BadSettings, load

    try:
        settings = load(Path.cwd())
    except BadSettings as bad:
        _fail("\n".join(bad.faults))
    configure("ERROR", settings.log_format, settings.secrets)
    return settings


def done(work: Coroutine[Any, Any, T]) -> T:
    """Return what comes of some work, or say why nothing does and end."""
    import asyncio

    from bot.app.operator import StillFails
    from bot.app.people import NotDone
    from bot.storage.errors import StoreError

    try:
        return asyncio.run(work)
    except (StoreError, StillFails, NotDone) as error:
        _fail(str(error))


def _fail(text: str) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(1)
