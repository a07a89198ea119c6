"""The composition root: finds the content, opens it, and hands it to whoever talks."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.content.library import Loaded, default_folders, load, load_earlier
from bot.core.calendar import instant
from bot.core.catalogue import Catalogue
from bot.core.issues import Issue, Place, ordered
from bot.core.library import Library
from bot.core.person import Person
from bot.core.reminding import FOLLOW_UP
from bot.core.session import Session, Turn

# bot.terminal brings rich along, which a bot that serves has no use for: those who talk in the terminal import it.
if TYPE_CHECKING:
    from bot.app.content_registry import Live
    from bot.app.server import Talk as TalkOfBot
    from bot.app.settings import Settings
    from bot.proof.examined import Examined
    from bot.terminal.chat import Chat

DEFAULT_FLOW = "after_interview"


class CannotRun(Exception):
    """The bot cannot run; the message says why and what to do."""


class BadContent(Exception):
    """The content has faults; `issues` names each with its place."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        super().__init__("\n".join(str(issue) for issue in issues))
        self.issues = tuple(issues)


def folders(content: Path | None) -> tuple[Path, Path]:
    """Return the flows and messages folders: inside `content`, else those of the checkout or the wheel."""
    return (content / "flows", content / "messages") if content else default_folders()


def check(content: Path | None, shipped: Path | None = None) -> tuple[Examined | None, list[Issue]]:
    """Load the content and examine it; return what was examined with every issue, in file order.

    With `shipped` it is a coach's edition of the content in that folder, whose protected texts it must not change.
    """
    from bot.proof.checking import findings
    from bot.proof.examined import Examined
    from bot.proof.protected import protected_kept

    loaded = load(*folders(content))
    base = load(*folders(shipped)) if shipped else None
    proof = Examined(loaded.library, loaded.places) if loaded.library is not None else None
    found = [*loaded.issues, *(findings(proof) if proof else ())]
    if proof and base and base.library is not None:
        found += protected_kept(proof.library, loaded.places, base.library, base.places)
    return proof, ordered(found)


def prove(content: Path | None, stamp: Path | None) -> Library:
    """Return the content once everything about it is proved, here or by what an earlier start kept in `stamp`.

    What is judged by the stamp is what was read, not what may lie in the folders a moment later. Raises `BadContent`.
    """
    from bot.app.check_cache import is_stamped, keep, seal_of

    loaded = load(*folders(content))
    if loaded.library is None or loaded.issues:
        raise BadContent(loaded.issues)
    seal = seal_of(loaded.digest) if stamp else None
    if stamp and seal and is_stamped(stamp, seal):
        return loaded.library
    from bot.proof.checking import findings  # not before: a stamped start needs no proof
    from bot.proof.examined import Examined

    issues = ordered(findings(Examined(loaded.library, loaded.places)))
    if issues:
        raise BadContent(issues)
    if stamp and seal:
        keep(stamp, seal)
    return loaded.library


def open_library(content: Path | None) -> Library:
    """Return the content; raises `BadContent` when it cannot be loaded, or when words are missing to say it."""
    loaded = load(*folders(content))
    if loaded.library is None or loaded.issues:
        raise BadContent(loaded.issues)
    unsaid = _unsaid(loaded.library, loaded)
    if unsaid:
        raise BadContent(ordered(unsaid))
    return loaded.library


def open_earlier(content: Path) -> tuple[Library, list[Issue]]:
    """Return content that is compared with and never talked with, and what it lacks that is asked for by now.

    Its flows and rules must be sound, for they are what is compared; its words are those of its time. Raises
    `BadContent`.
    """
    loaded = load_earlier(*folders(content))
    if loaded.library is None:
        raise BadContent(loaded.issues)
    return loaded.library, ordered([*loaded.issues, *_unsaid(loaded.library, loaded)])


def _unsaid(library: Library, loaded: Loaded) -> list[Issue]:
    """Return what cannot be said: words that are missing, or that want what they are not given."""
    from bot.proof.texts import messages_complete, messages_filled

    return [issue for sound in (messages_complete, messages_filled) for issue in sound(library, loaded.places)]


def the_flow(library: Library) -> str:
    """Return the conversation to hold: the only one there is, else the one after an interview.

    Raises `BadContent` where there are several and none is called so.
    """
    first = [flow for flow in library.flows if flow != FOLLOW_UP]
    if len(first) == 1:
        return first[0]
    if DEFAULT_FLOW in library.flows:
        return DEFAULT_FLOW
    what = f"none of several conversations is called '{DEFAULT_FLOW}', so nobody can tell which one to begin with."
    raise BadContent([Issue(Place("flows"), "no-first-flow", what, "", f"Call one of them {DEFAULT_FLOW}.")])


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
    from bot.terminal.chat import Chat, utc_now

    start = Session(flow=setting.flow, language=setting.language, zone=setting.zone or local_zone())
    _talk(Chat(library, start, setting.now or utc_now(), sys.stdout), save)


def chat_kept(library: Library, setting: Setting, settings: Settings, file: str, save: Path | None = None) -> None:
    """Talk on standard input and output, and keep it in a database; raises `BadSession`, `BadTarget` and `NotKept`."""
    from bot.app.chat_storage import opened  # not before: whoever keeps nothing does not wait for it
    from bot.terminal.chat import Chat, utc_now
    from bot.terminal.keeping import NOTHING_BESIDE, Beside

    now = setting.now or utc_now()
    with opened(file, settings, now) as keeping:
        kept = keeping.person(now)
        start = Session(flow=setting.flow, language=setting.language, zone=setting.zone or local_zone())
        if kept is not None:
            start = _gone_on_with(kept, start, file, library)
        beside = Beside.of(kept) if kept else NOTHING_BESIDE
        _talk(Chat(library, start, now, sys.stdout, beside=beside, keeping=keeping), save)


def _talk(talk: Chat, save: Path | None) -> None:
    from bot.terminal.chat import utc_now

    if save:
        _look_at(save, talk.catalogue)
    last = [utc_now()]

    def tick() -> timedelta:
        before, last[0] = last[0], utc_now()
        return last[0] - before

    prompt = talk.catalogue.say("terminal.prompt") if sys.stdin.isatty() else ""

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
    if kept.language not in library.catalogues:
        raise BadSession(f"The conversation in {file} is in '{kept.language}', for which there are no messages.")
    return last if kept.current in kept.cases else Session(last.flow, language=kept.language, zone=kept.zone)


def _look_at(target: Path, catalogue: Catalogue) -> None:
    """Raise `BadTarget` before the talk rather than after it, when it cannot be saved there."""
    from bot.terminal.chat import is_ours

    try:
        if not is_ours(target):
            raise BadTarget(catalogue.say("terminal.exists", file=str(target)))
        if not target.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadTarget(catalogue.say("terminal.unsaved", file=str(target), reason=reason)) from None


def play(library: Library, file: Path) -> list[Issue]:
    """Play a transcript on standard output; return its faults, or where the bot now says something else."""
    from bot.terminal import transcript
    from bot.terminal.chat import Screen

    loaded, issues = transcript.load(file.read_text(encoding="utf-8"), file.name, library.flows, library.catalogues)
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
    from bot.terminal import transcript

    loaded, issues = transcript.load(file.read_text(encoding="utf-8"), file.name, library.flows, library.catalogues)
    if loaded is None:
        return "", [], issues
    lines: list[tuple[str, str]] = []

    def note(typed: str, turn: Turn | None) -> None:
        lines.extend([("person", typed)] if typed else [])
        lines.extend(("bot", message.name) for message in (turn.messages if turn else ()))

    return loaded.start.flow, lines, transcript.play(library, loaded, note)


def simulate(library: Library, file: Path, until: date) -> list[Issue]:
    """Print what would be sent after the talk in a transcript until the end of that day; return its faults."""
    from bot.terminal import transcript
    from bot.terminal.chat import Screen
    from bot.terminal.simulating import Simulation, shown

    loaded, issues = transcript.load(file.read_text(encoding="utf-8"), file.name, library.flows, library.catalogues)
    if loaded is None:
        return issues
    screen, simulation = Screen(sys.stdout), Simulation(library, loaded)
    count = 0
    for sent in simulation.timeline(instant(until, time.max, loaded.start.zone)):
        count += 1
        for line in shown(library, loaded.start.language, sent):
            screen.line(line)
    if not count and not simulation.issues:
        screen.line(library.catalogue(loaded.start.language).say("terminal.nothing"))
    return simulation.issues


def run_bot(settings: Settings) -> None:
    """Run the bot until it is told to stop; raises `CannotRun` with a sentence for the operator."""
    import asyncio

    import structlog

    from bot.app.logging import configure
    from bot.app.server import serve
    from bot.app.settings import unknown_names
    from bot.app.startup import CannotListen
    from bot.storage.errors import StoreError
    from bot.telegram.polling import Refused
    from bot.telegram.route import BadRoute

    configure(settings.log_level, settings.log_format, settings.secrets)
    log = structlog.get_logger("afterword")
    for sentence, near in unknown_names(Path.cwd()):
        if near:  # a slip; other names may be another program's
            log.warning(sentence)
    if unsaid := [name for name in ("RESPONSIBLE", "CONTACT") if not getattr(settings, name.lower())]:
        log.warning(f"/privacy cannot tell people who runs this bot and where to ask: set {' and '.join(unsaid)}")
    try:
        asyncio.run(serve(settings, partial(_talk_of, settings)))
    except CannotRun:
        raise
    except BadContent as bad:
        count = len(bad.issues)
        raise CannotRun(f"{bad}\n{count} {'issue' if count == 1 else 'issues'}. The bot starts once none is left.") \
            from None  # fmt: skip
    except (StoreError, Refused, BadRoute, CannotListen) as error:
        raise CannotRun(str(error)) from None
    except OSError as error:
        raise CannotRun(f"{error.filename or 'The system'}: {error.strerror or error}.") from None
    except Exception as error:
        structlog.get_logger("afterword").critical("the bot ended by a fault of its own", exc_info=error)
        raise SystemExit(1) from None


async def _talk_of(settings: Settings) -> TalkOfBot:
    """Return what talks over the content once that is checked; raises `BadContent` and OSError."""
    from bot.app.content_check_worker import Bounds, examining
    from bot.app.content_proof import prove_apart
    from bot.app.reload import Contents, settle_garbage
    from bot.app.server import Talk
    from bot.app.startup import in_background, say_start
    from bot.telegram.updates import read

    await in_background(lambda: look_for_key(settings))
    library = await in_background(lambda: prove_apart(settings.content, settings.stamp_file))
    say_start(settings, library.sources)
    contents = Contents(_live(library, settings), folders(settings.content), partial(_live_again, settings))
    settle_garbage()
    use_a_writable_folder(settings.data_dir)
    return Talk(
        contents.respond,
        read,
        apologise=contents.apologise,
        convene=contents.convene,
        hold=contents.hold,
        silent=contents.silent,
        prepare=contents.prepare,
        reload=contents.reload,
        search=contents.search,
        fetch=contents.fetch,
        examine=partial(examining, contents.shelf, Bounds(settings.check_seconds, settings.check_memory_mb * 1024**2)),
    )


def look_for_key(settings: Settings) -> None:
    """Raise `CannotRun` where data is kept whose key is not there: before the start makes anything."""
    from bot.storage.errors import BadKey, StoreError
    from bot.storage.keys import check_key

    try:
        check_key(settings.database_url, settings.keys, settings.keys_file)
    except BadKey as error:
        raise CannotRun(str(error)) from None
    except StoreError:
        return  # whatever else is wrong with the database, the start itself says, or waits for


def use_a_writable_folder(data: Path) -> None:
    """Put files that live for a moment beside the data where no folder for such files can be written to."""
    try:
        tempfile.gettempdir()
    except OSError:
        tempfile.tempdir = str(data.resolve())


def _live(library: Library, settings: Settings, shipped: Library | None = None) -> Live:
    """Return what talks over a library; raises `BadContent`."""
    from bot.app.content_registry import Live
    from bot.telegram.cohorting import Cohorting
    from bot.telegram.talking import Talking

    talking = Talking(library, the_flow(library), settings.told_operator)
    return Live(talking, Cohorting(talking, settings.coaches, shipped))


def _live_again(settings: Settings, content: Path, shipped: Library | None) -> Live:
    """Return what talks over other content, laid over what is `shipped` if there is; raises `shelf.Refused`."""
    from bot.app.content_registry import Refused

    try:
        library = open_library(content)
        return _live(library.bound_to(shipped).like(shipped) if shipped else library, settings, shipped)
    except BadContent as bad:
        raise Refused(tuple(map(str, bad.issues))) from None
