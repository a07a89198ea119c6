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
    discard: Annotated[int | None, typer.Option(help="Drop this one for good.")] = None,
    discard_all: Annotated[str, typer.Option(help="Drop all of this kind for good.")] = "",
    every: Annotated[bool, typer.Option("--all", help="List what is no fault, too: chats that are shut.")] = False,
) -> None:
    """List what was put aside because it failed, by kind; release one of it, or discard it."""
    from bot.app import operator as operating
    from bot.app.main import open_library, the_flow
    from bot.service.refusals import KEPT_NO_FAULT, KINDS, NO_FAULT

    settings = _settings()
    if discard_all:
        kind = next((known for known in KINDS if known == discard_all), None)
        if kind is None:
            _fail(f"There is no kind '{discard_all}'. It is one of: {', '.join(KINDS)}.")
        typer.echo(f"{_done(operating.discard_all(settings, kind))} discarded.")
        return
    if discard is not None:
        if not _done(operating.discard(settings, discard)):
            _fail(f"Nothing with the number {discard} was put aside.")
        typer.echo("Discarded.")
        return
    if release is not None:
        library = open_library(settings.content)
        if not _done(operating.release(settings, library, the_flow(library), release)):
            _fail(f"Nothing with the number {release} was put aside.")
        typer.echo("Released.")
        return
    found, depth = _done(operating.parked(settings, faults=not every))
    for one in found:
        typer.echo(f"{one.id}  {one.since:%Y-%m-%d %H:%M} UTC  {one.what}, {one.kind}: {one.reason}")
    how = " Try one again with --release NUMBER, or drop it with --discard NUMBER." if found else ""
    typer.echo(f"{depth.parked if every else depth.faults} put aside.{how}")
    if depth.parked > depth.faults and not every:
        others = ", ".join(f"{count} {kind}" for kind, count in sorted(depth.kinds.items()) if kind in NO_FAULT)
        typer.echo(f"Nothing to mend, and gone after {KEPT_NO_FAULT.days} days: {others}. --all lists them, too.")


def doctor() -> None:
    """Look at token, database, key and webhook, and say what to do. Ends with status 1 if anything is wrong."""
    from bot.app import operator as operating

    found = _done(operating.examine(_settings()))
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
        _fail("\n".join(bad.faults))
    configure("ERROR", settings.log_format, settings.secrets)
    return settings


def _done(work: Coroutine[Any, Any, T]) -> T:
    import asyncio

    from bot.app.operator import StillFails
    from bot.storage.errors import StoreError

    try:
        return asyncio.run(work)
    except (StoreError, StillFails) as error:
        _fail(str(error))


def _fail(text: str) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(1)
