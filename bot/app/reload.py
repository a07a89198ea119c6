"""The content of the running bot, and its replacement while people talk.

New content is examined by a process of its own, so nobody waits for it, and it takes the old one's
place between two turns, in one step; whatever is wrong with it, the old one stays and the log says what.
"""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import structlog

from bot.app.content_check_worker import DEFAULT_BOUNDS, CheckBounds, examining
from bot.app.content_registry import ContentRefused, ContentRegistry, LoadedContent, Opened, write
from bot.app.operator import OWN
from bot.app.server import Reloaded
from bot.app.subprocess_runner import run
from bot.core.chat.person import COHORT_ASKS, Person, PreviewTapped, TurnResult
from bot.core.chat.retention import Silence
from bot.core.coaching.cohort import Cohort, CohortRepository, CohortTurn, Replied
from bot.core.coaching.note_review import is_note
from bot.core.coaching.version_in_use import version_of
from bot.core.dialogue.session import Said
from bot.core.library import FALLBACK_LANGUAGE
from bot.runtime.ports import Clock, CohortsNeeded, IncomingUpdate, MissingContentVersion, Store, UnmadeTurn
from bot.runtime.update_handler import UpdateHandler
from bot.telegram.bot_profile import prepare
from bot.telegram.client import ApiBot
from bot.telegram.dispatcher import ParsedUpdate
from bot.telegram.inline_query import Search, answer
from bot.telegram.preview import PreviewChat, ended, is_tried
from bot.telegram.updates import read

PARTS: Final = ("flows", "messages")
PATIENCE: Final = 7200.0
"""Seconds that examining may take; a conversation is replayed in about a millisecond."""
MOST_QUOTED: Final = 1000
"""Characters of a finding that the operator is told; the log has all of it."""

log = structlog.get_logger("afterword")


class ContentReloader:
    """Talks with the content as it is, and replaces it on request."""

    def __init__(
        self, live: LoadedContent, folders: tuple[Path, Path], opened: Opened, bounds: CheckBounds = DEFAULT_BOUNDS
    ) -> None:
        """Talk with `live`; `folders` are those of flows and messages, and `opened` reads a folder with both."""
        self._bounds = bounds
        self.registry = ContentRegistry(live, opened)
        self._folders, self._opened = folders, opened
        self._files = _read(folders)

    @property
    def live(self) -> LoadedContent:
        """What talks over the shipped content."""
        return self.registry.base

    # One look at the registry for each turn: it talks with one content from its beginning to its end.

    def respond(self, incoming: IncomingUpdate, person: Person | None, now: datetime, /) -> TurnResult | UnmadeTurn:
        """Return what an update leads to; see `Application.respond`."""
        trial = person.trial if person else None
        if person and isinstance(incoming.event, Said) and person.asking.startswith(COHORT_ASKS):
            return CohortsNeeded()
        talks = self.registry.of(incoming.key.bot, person.version if person else 0)
        if isinstance(talks, MissingContentVersion):
            return talks
        if person is None or not (isinstance(incoming.event, PreviewTapped) or (trial and is_tried(incoming.event))):
            return talks.talking.respond(incoming, person, now)
        if (
            trial and not isinstance(incoming.event, PreviewTapped) and not trial.open(now)
        ):  # they mean their own conversation
            return talks.talking.respond(incoming, person.but(trial=None), now)
        tried = self.registry.find(incoming.key.bot, trial.version) if trial and trial.open(now) else None
        if isinstance(tried, MissingContentVersion):
            return tried
        if trial is None or tried is None:
            return ended(person, incoming.event, talks.talking.library.catalog(person.language))
        return PreviewChat(tried.talking).respond(incoming, person, trial, now)

    def read(self, me: dict[str, Any], update: dict[str, Any], /) -> ParsedUpdate:
        """Read an update; see `BotApplication.read`."""
        return read(me, update)

    def apologise(self, incoming: IncomingUpdate, person: Person | None, error_id: str, now: datetime, /) -> TurnResult:
        """Say sorry for an update that cannot be handled; see `Application.apologise`."""
        return self.live.talking.apologise(incoming, person, error_id, now)

    def cohort_respond(
        self, incoming: IncomingUpdate, person: Person | None, repository: CohortRepository, now: datetime, dice: str, /
    ) -> CohortTurn | UnmadeTurn:
        """Return what an update that concerns cohorts leads to; see `Application.cohort_respond`."""
        if isinstance(incoming.event, Replied) and not is_note(repository, incoming.key.person, incoming.event.message):
            incoming = replace(incoming, event=incoming.event.said)
            turned = self.respond(incoming, person, now)
            if not isinstance(turned, CohortsNeeded):
                return turned if isinstance(turned, UnmadeTurn) else CohortTurn(**vars(turned))
        talks = self.registry.of(incoming.key.bot, version_of(incoming.key, incoming.event, person, repository))
        if isinstance(talks, MissingContentVersion):
            return talks
        return talks.cohorting.cohort_respond(incoming, person, repository, now, dice)

    def cohort_due(
        self, name: str, bot: int, number: int, cohort: Cohort, repository: CohortRepository, now: datetime, /
    ) -> CohortTurn | UnmadeTurn:
        """Return what is due of a cohort; see `Application.cohort_due`."""
        talks = self.registry.of(bot, cohort.version)
        if isinstance(talks, MissingContentVersion):
            return talks
        return talks.cohorting.cohort_due(name, bot, number, cohort, repository, now)

    def silent(self, person: Person, silence: Silence, now: datetime, /) -> TurnResult | None:
        """Return what is due to somebody who has been silent for long; see `Application.silent`."""
        return self.live.talking.silent(person, silence, now)

    def search(self, bot: str, asked: Search, /) -> Mapping[str, Any]:
        """Answer a search from the shipped content, whoever asks: it may be posted anywhere."""
        return answer(self.live.talking.library, bot, asked)

    async def load(self, store: Store, missing: MissingContentVersion, /) -> None:
        """Load a content version; see `Application.load`."""
        await self.registry.fetch(store, missing.bot, missing.number)

    async def check_uploads(self, store: Store, clock: Clock, handler: UpdateHandler, bot: ApiBot) -> None:
        """Check what coaches hand in, until cancelled."""
        await examining(self.registry, self._bounds, store, clock, handler, bot)

    async def prepare(self, bot: ApiBot) -> None:
        """Set commands and descriptions; raises TelegramError."""
        await prepare(bot, self.live.talking.library)

    async def reload(self) -> Reloaded:
        """Take the content of the folders as it is now, or keep the old one; never raises for the content."""
        try:
            return await self._reload()
        except OSError as error:
            findings: tuple[str, ...] = (f"{error.filename}: {error.strerror}",)
        except ContentRefused as refused:
            findings = refused.findings
        log.error("the new content is refused; the old one stays", findings=len(findings))
        for finding in findings:
            log.error(f"finding: {finding}")
        return Reloaded(False, self._say("refused", count=len(findings), finding=findings[0][:MOST_QUOTED]))

    async def _reload(self) -> Reloaded:
        files = await asyncio.to_thread(_read, self._folders)
        if files == self._files:
            log.info("the content is as it was")
            return Reloaded(False)
        with TemporaryDirectory(prefix="afterword-") as made:
            new, was = Path(made, "new"), Path(made, "was")
            await asyncio.to_thread(write, new, files)
            await asyncio.to_thread(write, was, self._files)
            against = await _examined(new, was)
            self.registry.renew(await asyncio.to_thread(self._opened, new, None))
        self._files = files
        await asyncio.to_thread(settle_garbage)  # the old content is some now
        for move in against["moves"]:
            log.info("moved by the new content", **{name: move[name] for name in ("what", "was", "now", "count")})
        log.info("the new content is talked with", conversations=against["conversations"])
        moved = {one for move in against["moves"] for one in move["conversations"]}
        return Reloaded(True, self._say("renewed", count=len(moved)))

    def _say(self, key: str, **values: str | int) -> str:
        return self.live.talking.library.catalog(FALLBACK_LANGUAGE).say(f"telegram.{key}", **values)


async def _examined(new: Path, was: Path) -> dict[str, Any]:
    """Have the content checked, and everybody replayed against it; raises `ContentRefused` unless all is well."""
    asked = ("check", "--json", "--content", str(new), "--against", OWN, "--was", str(was))
    try:
        said, trouble = await run(*asked, patience=PATIENCE)
    except TimeoutError:
        raise ContentRefused(("It could not be examined in time.",)) from None
    try:
        found = json.loads(said)
        findings = [_sentence(issue) for issue in found["issues"]]
        against: dict[str, Any] = found.get("against", {"moves": [], "conversations": 0})
    except (ValueError, LookupError):
        raise ContentRefused((trouble.decode("utf-8", "replace").strip() or "It could not be examined.",)) from None
    findings += [f"{m['count']} conversations could not go on ({m['was']})." for m in against["moves"] if _stuck(m)]
    if findings:
        raise ContentRefused(tuple(findings))
    return against


def _sentence(issue: Mapping[str, Any]) -> str:
    place = f"{issue['file']}:{issue['line']}:{issue['column']}: {issue['what']}"
    return " ".join(part for part in (place, issue["why"], issue["instead"]) if part)


def _stuck(move: Mapping[str, Any]) -> bool:
    return bool(move["what"] == "stuck")


def _read(folders: tuple[Path, Path]) -> dict[str, bytes]:
    """Return every file of the content by its name within it; raises OSError."""
    return {
        f"{part}/{file.relative_to(folder).as_posix()}": file.read_bytes()
        for part, folder in zip(PARTS, folders, strict=True)
        for file in sorted(folder.rglob("*.yaml"))
    }


def settle_garbage() -> None:
    """Look through everything once for what is garbage, and never again at what is left.

    The content never becomes garbage, and looking through it again and again cost a quarter of a turn.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
