"""The commands of Afterword: arguments in, printing out, nothing else.

What a command needs is imported inside it, so that `--help` answers at once.
"""

from __future__ import annotations

import gc
import json
import sys
from datetime import UTC, date, datetime
from functools import cache
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.cli import backup, coaches, draw, key, operator, people, understand
from bot.cli.options import (
    NO_KEY,
    Content,
    Flow,
    Language,
    checked_day,
    checked_flow,
    checked_language,
    fail,
    morning,
    opened,
    outside,
    pairs,
    settings_here,
)

if TYPE_CHECKING:
    from bot.cli.chat import Setting
    from bot.core.dialogue.advisor import Adviser
    from bot.core.library import Library

app = typer.Typer(
    name="afterword",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Whether, when and how to connect on LinkedIn after an interview.",
)

Zone = Annotated[str | None, typer.Option(help="The time zone, such as Europe/Berlin; without it, this machine's.")]


TOKENLESS: Final = (
    "TELEGRAM_BOT_TOKEN is not set, so there is no bot to run, and this is not a terminal to talk in. Get a token from "
    "@BotFather in Telegram and set TELEGRAM_BOT_TOKEN or TELEGRAM_BOT_TOKEN_FILE; `afterword chat` talks without one."
)


def _say_version(asked: bool) -> None:
    if asked:
        from bot.app.version import version

        typer.echo(f"afterword {version()}")
        raise typer.Exit


def checked_zone(zone: str | None) -> str | None:
    """Return the zone if there is one of that name, else say so and end."""
    from zoneinfo import available_timezones

    from bot.core.issues import nearest

    if zone and zone not in available_timezones():
        close = nearest(zone, available_timezones())
        fail(f"There is no time zone '{zone}'. {close if close.startswith('Did') else 'Try Europe/Berlin or UTC.'}")
    return zone


def read_bytes_kindly(errors: str) -> None:
    """Let no byte on standard input that is no UTF-8 end a talk or a batch."""
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8" if errors == "surrogateescape" else None, errors=errors)


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Whether, when and how to connect on LinkedIn after an interview."""


@app.command()
def run() -> None:
    """Start the bot; without a token, in a terminal, hold the same conversation here."""
    from bot.app.run import fatal, serve

    if serve():
        return
    settings = settings_here()
    if sys.stdin is None or not sys.stdin.isatty():
        fatal(TOKENLESS, settings.log_format)
    from bot.app.signals import restore_signals
    from bot.cli.chat import Setting

    restore_signals()
    library = opened(settings.content)
    flow = checked_flow(library, None)
    typer.echo(library.catalog("en").say("terminal.no_token"), err=True)
    _talk(library, Setting(flow), db=None, save=None)


@app.command()
def chat(
    language: Language = "en",
    zone: Zone = None,
    now: Annotated[str | None, typer.Option(help="Talk as if it were this instant, such as 2026-11-23T10:00.")] = None,
    script: Annotated[Path | None, typer.Option(help="Play this transcript instead of reading answers.")] = None,
    save: Annotated[Path | None, typer.Option(help="Write the talk as a transcript when it ends.")] = None,
    db: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Keep the conversation in this database, and go on from it next time."),
    ] = None,
    flow: Flow = None,
    content: Content = None,
) -> None:
    """Hold the conversation in the terminal."""
    from bot.cli.chat import Setting

    library = opened(content)
    if script:
        _play(library, script)
    else:
        checked_zone(zone)
        checked_language(library, language)
        begin = checked_flow(library, flow)
        _talk(library, Setting(begin, language, zone, _instant(now, zone)), db=db, save=save)


def _talk(library: Library, setting: Setting, *, db: str | None, save: Path | None) -> None:
    from bot.cli import chat as root
    from bot.cli.conversation_storage import NotKept

    read_bytes_kindly("replace")
    try:
        if db is None:
            root.chat(library, setting, save)
        else:
            root.chat_kept(library, setting, settings_here(), db, save)
    except root.BadSession as bad:
        fail(f"{bad} Start another one, with another file.")
    except root.BadTarget as bad:
        fail(str(bad))
    except NotKept as error:
        fail(f"The conversation cannot be kept. {error}", NO_KEY if error.for_want_of_key else 1)


def _play(library: Library, script: Path) -> None:
    from bot.cli.chat import play

    try:
        issues = play(library, script)
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{script} cannot be read: {error}")
    if issues:
        fail("\n".join(map(str, issues)))


def _instant(text: str | None, zone: str | None) -> datetime | None:
    """Read `--now`; without an offset it is wall time in the zone."""
    from bot.cli.chat import local_zone
    from bot.core.advice.calendar import in_calendar, zone_named

    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        fail(f"'{text}' is no instant. Write it as 2026-11-23T10:00.")
    if not in_calendar(read):
        fail(outside(text))
    return (read if read.tzinfo else read.replace(tzinfo=zone_named(zone or local_zone()))).astimezone(UTC)


@app.command()
def simulate(
    file: Annotated[Path, typer.Argument(help="A transcript: a talk that was saved.")],
    until: Annotated[str, typer.Option(help="The last day to look at, such as 2026-12-31.")],
    content: Content = None,
) -> None:
    """Print what would be sent after a talk: when, in which zone, and why then."""
    from bot.cli.chat import simulate as simulated

    last = checked_day(until)
    try:
        issues = simulated(opened(content), file, last)
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file} cannot be read: {error}")
    if issues:
        fail("\n".join(map(str, issues)))


@app.command()
def advise(
    facts: Annotated[list[str] | None, typer.Argument(help="fact=value, such as outcome=none tone=rapport")] = None,
    today: Annotated[str | None, typer.Option(help="The day it is, such as 2026-11-23.")] = None,
    zone: Zone = None,
    language: Language = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")] = False,
    batch: Annotated[bool, typer.Option("--batch", help="Read JSON objects, one a line; answer a line each.")] = False,
    flow: Flow = None,
    content: Content = None,
) -> None:
    """Give the advice for some facts, without a dialogue. What is missing counts as "not sure"."""
    from bot.cli.chat import local_zone
    from bot.core.dialogue.advisor import Adviser

    if batch and facts:
        fail(f"--batch reads its facts from standard input. Leave out '{facts[0]}', or leave out --batch.")
    library = opened(content)
    where = checked_zone(zone) or local_zone()
    checked_language(library, language)
    begin = checked_flow(library, flow)

    @cache
    def adviser_on(day: date | None) -> Adviser:
        now = morning(day.isoformat() if day else today, where)
        return Adviser(library, begin, now, language=language, zone=where)

    if batch:
        from bot.cli.advise import answer_lines

        read_bytes_kindly("surrogateescape")
        answer_lines(adviser_on, sys.stdin, sys.stdout)
    else:
        _advise_once(adviser_on(None), facts or [], as_json=as_json)


def _advise_once(adviser: Adviser, facts: list[str], *, as_json: bool) -> None:
    from bot.cli.terminal import Screen
    from bot.core.dialogue.advisor import BadFacts

    try:
        answered = adviser.advise(pairs(facts))
    except BadFacts as bad:
        fail(f"{bad}")
    if as_json:
        typer.echo(json.dumps(answered.as_json(), ensure_ascii=False, indent=2))
        return
    screen = Screen(sys.stdout)
    for message in answered.messages():
        screen.message(message)


app.command()(understand.understand)
app.command()(coaches.check)
app.command()(coaches.diff)
app.command()(draw.draw)
app.command()(draw.atlas)
app.command()(coaches.explain)
app.command()(operator.parked)
app.command()(operator.doctor)
app.add_typer(key.app, name="key")
app.command()(backup.backup)
app.command()(backup.restore)
app.command()(backup.move)
app.add_typer(people.app, name="people")


def main() -> None:
    """Run the command line."""
    # The content is built at once and kept: to look for garbage in between takes a fifth of the start and finds none.
    gc.set_threshold(100_000, 50, 50)
    app()
