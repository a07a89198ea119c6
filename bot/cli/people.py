"""The commands for requests that people make by mail: arguments in, printing out, nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.operator import done, settings_with_log
from bot.cli.options import fail

app = typer.Typer(no_args_is_help=True, help="Answer people who ask by mail what is kept of them, or to be deleted.")

Who = Annotated[str, typer.Argument(help="A Telegram user id, or the pseudonym (who=…) that logs use.")]


@app.command()
def find(who: Who) -> None:
    """Say who somebody is in the logs, since when they are known and how much is kept; no contents."""
    from bot.app import people

    found = done(people.find(settings_with_log(), who))
    if not found:
        fail(f"Nobody is kept under {who}.")
    for one in found:
        cohorts = ", ".join(f"“{name}” ({'coach' if coaches else 'member'})" for name, coaches in one.cohorts)
        typer.echo(f"user id {one.person}, in logs {one.pseudonym}, bot {one.bot}")
        heard = f"{one.heard:%Y-%m-%d}" if one.heard else "never"
        typer.echo(f"known since {one.since:%Y-%m-%d}, last heard {heard}, interviews: {one.interviews}")
        typer.echo(f"cohorts: {cohorts or 'none'}")


@app.command()
def export(
    who: Who, file: Annotated[Path, typer.Argument(help="Where to write it; a file that is there is left alone.")]
) -> None:
    """Write what /export would hand over into a file that only you can read."""
    from bot.app import people

    for written in done(people.export(settings_with_log(), who, file)):
        typer.echo(f"Written to {written}.")


@app.command()
def forget(
    who: Who, yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the pseudonym to be typed.")] = False
) -> None:
    """Delete everything about somebody, as /forget does; the bot may run meanwhile."""
    from bot.app import people

    settings = settings_with_log()
    if not yes:
        found = done(people.find(settings, who))
        if not found:
            fail(f"Nobody is kept under {who}, so there is nothing to delete.")
        one = found[0]
        ended = [name for one in found for name, coaches in one.cohorts if coaches]
        if ended:
            typer.echo(f"They coach {', '.join(f'“{name}”' for name in ended)}; without another coach it ends.")
        typer.echo(f"Interviews: {one.interviews}. This cannot be undone.")
        if typer.prompt(f"To delete everything, type {one.pseudonym}") != one.pseudonym:
            fail("That is something else. Nothing was deleted.")
    typer.echo(f"Deleted: {done(people.forget(settings, who))}.")


@app.command()
def log() -> None:
    """List what was done by these commands: when, what, by whom and for whom."""
    from bot.app import people

    noted = done(people.log(settings_with_log()))
    for one in noted:
        typer.echo(f"{one.at:%Y-%m-%d %H:%M} UTC  {one.what:<6}  {one.pseudonym}  by {one.by}")
    typer.echo(f"{len(noted)} in all.")
