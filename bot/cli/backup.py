"""The commands that copy everything: backup, restore, move; what they do is in `storage/backup.py`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import fail, settings_here

if TYPE_CHECKING:
    from bot.app.settings import Settings
    from bot.storage.backup import Copied


def backup(
    file: Annotated[Path, typer.Argument(help="A new file to write the backup to; nothing is written over.")],
) -> None:
    """Copy everything that is kept into a file, while the bot runs."""
    from bot.app.operator import cipher_of
    from bot.storage.backup import back_up

    settings = settings_here()
    done = _done(lambda: back_up(settings.database_url, file, cipher_of(settings)))
    typer.echo(f"Backed up to {file}: {_counted(done)}, compared and readable with the key.")
    typer.echo(_about_key(settings))


def restore(
    file: Annotated[Path, typer.Argument(help="A backup, or a copy that an upgrade made.")],
    force: Annotated[bool, typer.Option("--force", help="Also where people are kept; those are kept aside.")] = False,
) -> None:
    """Put a backup back where the settings say that everything is kept. Stop the bot first."""
    from bot.app.operator import cipher_of
    from bot.storage import backup as storage
    from bot.storage.revision import HEAD

    settings = settings_here()
    done = _done(lambda: storage.restore(file, settings.database_url, cipher_of(settings), force=force))
    typer.echo(f"Restored to {done.place}: {_counted(done)}, compared and readable with the key.")
    if done.aside is not None:
        typer.echo(f"What was there before is {done.aside}. Delete it once you do not need it.")
    if done.revision != HEAD:
        typer.echo(f"It is of revision {done.revision}; the next start of `afterword run` upgrades it to {HEAD}.")
    typer.echo("Who asked to be forgotten after the backup was made is back: delete them again.")


def move(
    to: Annotated[str, typer.Option(help="An empty database: postgresql://user@host/name or sqlite:///path.")],
) -> None:
    """Copy everything into an empty database of the other kind. Stop the bot first."""
    from bot.app.operator import cipher_of
    from bot.storage import backup as storage

    settings = settings_here()
    done = _done(lambda: storage.move(settings.database_url, to, cipher_of(settings)))
    typer.echo(f"Moved to {done.place}: {_counted(done)}, compared one by one and readable with the key.")
    typer.echo(
        "Set DATABASE_URL to it before you start the bot again. The old database was left as it is: delete it once "
        "the bot runs on the new one."
    )
    typer.echo(_about_key(settings))


def _done(work: Callable[[], Copied]) -> Copied:
    from bot.storage.errors import StoreError

    try:
        return work()
    except StoreError as error:
        fail(str(error))
    except OSError as error:
        fail(str(error) if error.strerror is None else f"{error.filename}: {error.strerror}. Name another file.")


def _counted(done: Copied) -> str:
    return f"{done.people:,} people, {sum(done.rows.values()):,} rows in {len(done.rows)} tables"


def _about_key(settings: Settings) -> str:
    where = "DATA_KEY" if settings.keys else str(settings.keys_file)
    return f"The key is not part of it. Keep a copy of {where} somewhere else: nobody can read anything without it."
