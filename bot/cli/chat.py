"""The conversation in the terminal: held, kept, played again, and what would be sent after it."""

from __future__ import annotations

import errno
import os
import sys
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.advice.calendar import instant
from bot.core.advice.catalog import Catalog
from bot.core.chat.person import Person
from bot.core.dialogue.session import Session, Turn
from bot.core.issues import Issue
from bot.core.library import Library

if TYPE_CHECKING:
    from bot.app.settings import Settings
    from bot.cli.terminal import Chat


def local_zone() -> str:
    """Return the IANA zone of this machine, UTC when it does not say."""
    from tzlocal import get_localzone_name

    try:
        return get_localzone_name() or "UTC"
    except (LookupError, ValueError, OSError):
        return "UTC"


class BadSession(Exception):
    """The kept conversation cannot be gone on with; the message says which file and why."""


class BadTarget(Exception):
    """The talk must not be saved there; the message says why."""


@dataclass(frozen=True)
class Setting:
    """How a talk begins: the flow, language and zone of a first start, and the instant it is (None: now)."""

    flow: str
    language: str = "en"
    zone: str | None = None
    now: datetime | None = None


def chat(library: Library, setting: Setting, save: Path | None = None) -> None:
    """Talk on standard input and output, and keep nothing; raises `BadTarget`."""
    from bot.cli.terminal import Chat, utc_now

    start = Session(flow=setting.flow, language=setting.language, zone=setting.zone or local_zone())
    _talk(Chat(library, start, setting.now or utc_now(), sys.stdout), save)


def chat_kept(library: Library, setting: Setting, settings: Settings, file: str, save: Path | None = None) -> None:
    """Talk on standard input and output, and keep it in a database; raises `BadSession`, `BadTarget` and `NotKept`."""
    from bot.cli.chat_storage import opened  # not before: whoever keeps nothing does not wait for it
    from bot.cli.conversation_storage import NOTHING_BESIDE, Beside
    from bot.cli.terminal import Chat, utc_now

    now = setting.now or utc_now()
    with opened(file, settings, now) as keeping:
        kept = keeping.person(now)
        start = Session(flow=setting.flow, language=setting.language, zone=setting.zone or local_zone())
        if kept is not None:
            start = _gone_on_with(kept, start, file, library)
        beside = Beside.of(kept) if kept else NOTHING_BESIDE
        _talk(Chat(library, start, now, sys.stdout, beside=beside, keeping=keeping), save)


def _talk(talk: Chat, save: Path | None) -> None:
    from bot.cli.terminal import utc_now

    if save:
        _look_at(save, talk.catalog)
    last = [utc_now()]

    def tick() -> timedelta:
        before, last[0] = last[0], utc_now()
        return last[0] - before

    prompt = talk.catalog.say("terminal.prompt") if sys.stdin.isatty() else ""

    def read_line() -> str | None:
        try:
            return input(prompt)
        except (EOFError, KeyboardInterrupt):
            return None

    talk.run(read_line, tick)
    if save:
        talk.save(save)


def _gone_on_with(kept: Person, fresh: Session, file: str, library: Library) -> Session:
    """Return the open case of whoever is kept, a fresh one of theirs where none is open; raises `BadSession`."""
    last = kept.cases.get(kept.current) or next(reversed(list(kept.cases.values())), fresh)
    if last.flow not in library.flows:
        raise BadSession(f"The conversation in {file} belongs to the flow '{last.flow}', which there is not any more.")
    if kept.language not in library.catalogs:
        raise BadSession(f"The conversation in {file} is in '{kept.language}', for which there are no messages.")
    return last if kept.current in kept.cases else Session(last.flow, language=kept.language, zone=kept.zone)


def _look_at(target: Path, catalog: Catalog) -> None:
    """Raise `BadTarget` before the talk rather than after it, when it cannot be saved there."""
    from bot.cli.terminal import is_ours

    try:
        if not is_ours(target):
            raise BadTarget(catalog.say("terminal.exists", file=str(target)))
        if not target.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadTarget(catalog.say("terminal.unsaved", file=str(target), reason=reason)) from None


def play(library: Library, file: Path) -> list[Issue]:
    """Play a transcript on standard output; return its faults, or where the bot now says something else."""
    from bot.cli import transcript
    from bot.cli.terminal import Screen

    loaded, issues = transcript.load(file.read_text(encoding="utf-8"), file.name, library.flows, library.catalogs)
    if loaded is None:
        return issues
    screen = Screen(sys.stdout)

    def show(typed: str, turn: Turn | None) -> None:
        if typed:
            screen.line(f"\n> {typed}", "bold")
        for message in turn.messages if turn else ():
            screen.message(message)

    return transcript.play(library, loaded, show)


def talked(library: Library, file: Path) -> tuple[str, list[tuple[str, str]], list[Issue]]:
    """Play a transcript in silence; return its flow, what was said now as (person | bot, text), and its faults."""
    from bot.cli import transcript

    loaded, issues = transcript.load(file.read_text(encoding="utf-8"), file.name, library.flows, library.catalogs)
    if loaded is None:
        return "", [], issues
    lines: list[tuple[str, str]] = []

    def note(typed: str, turn: Turn | None) -> None:
        lines.extend([("person", typed)] if typed else [])
        lines.extend(("bot", message.name) for message in (turn.messages if turn else ()))

    return loaded.start.flow, lines, transcript.play(library, loaded, note)


def simulate(library: Library, file: Path, until: date) -> list[Issue]:
    """Print what would be sent after the talk in a transcript until the end of that day; return its faults."""
    from bot.cli import transcript
    from bot.cli.simulate import Simulation, shown
    from bot.cli.terminal import Screen

    loaded, issues = transcript.load(file.read_text(encoding="utf-8"), file.name, library.flows, library.catalogs)
    if loaded is None:
        return issues
    screen, simulation = Screen(sys.stdout), Simulation(library, loaded)
    count = 0
    for sent in simulation.timeline(instant(until, time.max, loaded.start.zone)):
        count += 1
        for line in shown(library, loaded.start.language, sent):
            screen.line(line)
    if not count and not simulation.issues:
        screen.line(library.catalog(loaded.start.language).say("terminal.nothing"))
    return simulation.issues
