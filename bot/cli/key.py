"""The key that personal data is encrypted with."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, help="The key that names and texts are encrypted with.")


@app.callback()
def key() -> None:
    """Let `new` be a word of its own: typer drops the name of an only command."""


@app.command()
def new() -> None:
    """Print a new key, for DATA_KEY or the file of the key; it is kept nowhere."""
    from bot.storage.encryption import new_key

    typer.echo(new_key())
