"""The commands for operators: arguments in, printing out, nothing else; `bot.app` does the work."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from bot.cli.options import NO_KEY, fail, settings_here

if TYPE_CHECKING:
    from bot.app.settings import Settings

T = TypeVar("T")


def parked(
    release: Annotated[int | None, typer.Option(help="Let this one have another try.")] = None,
    discard: Annotated[int | None, typer.Option(help="Drop this one for good.")] = None,
    discard_all: Annotated[str, typer.Option(help="Drop all of this kind for good.")] = "",
    every: Annotated[bool, typer.Option("--all", help="List what is no fault, too: chats that are shut.")] = False,
) -> None:
    """List what was put aside because it failed, by kind; release one of it, or discard it."""
    from bot.app import operator as operating
    from bot.app.content import open_library, the_flow
    from bot.runtime.refusals import KEPT_NO_FAULT, KINDS, NO_FAULT

    settings = settings_with_log()
    if discard_all:
        kind = next((known for known in KINDS if known == discard_all), None)
        if kind is None:
            fail(f"There is no kind '{discard_all}'. It is one of: {', '.join(KINDS)}.")
        typer.echo(f"{done(operating.discard_all(settings, kind))} discarded.")
        return
    if discard is not None:
        if not done(operating.discard(settings, discard)):
            fail(f"Nothing with the number {discard} was put aside.")
        typer.echo("Discarded.")
        return
    if release is not None:
        library = open_library(settings.content)
        if not done(operating.release(settings, library, the_flow(library), release)):
            fail(f"Nothing with the number {release} was put aside.")
        typer.echo("Released.")
        return
    found, kinds = done(operating.parked(settings, faults=not every))
    for one in found:
        typer.echo(f"{one.id}  {one.since:%Y-%m-%d %H:%M} UTC  {one.what}, {one.kind}: {one.reason}")
    how = " Try one again with --release NUMBER, or drop it with --discard NUMBER." if found else ""
    quiet = {kind: count for kind, count in sorted(kinds.items()) if kind in NO_FAULT and not every}
    typer.echo(f"{sum(kinds.values()) - sum(quiet.values())} put aside.{how}")
    if quiet:
        others = ", ".join(f"{count} {kind}" for kind, count in quiet.items())
        typer.echo(f"Nothing to mend, and gone after {KEPT_NO_FAULT.days} days: {others}. --all lists them, too.")


def doctor() -> None:
    """Look at settings, content, database, key and Telegram, and say what to do. Status 1 if anything is wrong."""
    from bot.app import doctor as doctor_checks
    from bot.app.logging import configure

    configure("CRITICAL")
    found = asyncio.run(doctor_checks.diagnose(Path.cwd()))
    for finding in found:
        typer.echo(f"{'ok   ' if finding.well else 'WRONG'}  {finding.sentence}")
    if not all(finding.well for finding in found):
        raise typer.Exit(1)


def settings_with_log() -> Settings:
    """Return the settings of this folder, with a log that keeps their secrets; or say what is wrong and end."""
    from bot.app.logging import configure

    settings = settings_here()
    configure("ERROR", settings.log_format, settings.secrets)
    return settings


def done(work: Coroutine[Any, Any, T]) -> T:
    """Return what comes of some work, or say why nothing does and end."""
    from bot.app.operator import StillFails
    from bot.app.people import NotDone
    from bot.storage.errors import BadKey, StoreError

    try:
        return asyncio.run(work)
    except (StoreError, StillFails, NotDone) as error:
        fail(str(error), NO_KEY if isinstance(error, BadKey) else 1)
