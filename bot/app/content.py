"""Finds the content, opens it, and has it checked: for every command, and for the bot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.content.loader import LoadResult, default_folders, load, load_earlier
from bot.core.chat.reminders import FOLLOW_UP
from bot.core.issues import Issue, SourceLocation, ordered
from bot.core.library import Library

if TYPE_CHECKING:
    from bot.verification.context import CheckContext

DEFAULT_FLOW = "after_interview"


class BadContent(Exception):
    """The content has faults; `issues` names each with its place."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        super().__init__("\n".join(str(issue) for issue in issues))
        self.issues = tuple(issues)


class CannotRun(Exception):
    """The bot cannot run; the message says why and what to do."""


def folders(content: Path | None) -> tuple[Path, Path]:
    """Return the flows and messages folders: inside `content`, else those of the checkout or the wheel."""
    return (content / "flows", content / "messages") if content else default_folders()


def check(content: Path | None, shipped: Path | None = None) -> tuple[CheckContext | None, list[Issue]]:
    """Load the content and examine it; return what was examined with every issue, in file order.

    With `shipped` it is a coach's edition of the content in that folder, whose protected texts it must not change.
    """
    from bot.verification.check_protected import protected_kept
    from bot.verification.checks import findings
    from bot.verification.context import CheckContext

    loaded = load(*folders(content))
    base = load(*folders(shipped)) if shipped else None
    context = CheckContext(loaded.library, loaded.places) if loaded.library is not None else None
    found = [*loaded.issues, *(findings(context) if context else ())]
    if context and base and base.library is not None:
        found += protected_kept(context.library, loaded.places, base.library, base.places)
    return context, ordered(found)


def load_checked(content: Path | None, stamp: Path | None) -> Library:
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
    from bot.verification.checks import findings  # not before: a stamped start needs no proof
    from bot.verification.context import CheckContext

    issues = ordered(findings(CheckContext(loaded.library, loaded.places)))
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
    """Return content to compare with, and what its words lack by now; raises `BadContent` for flows and rules."""
    loaded = load_earlier(*folders(content))
    if loaded.library is None:
        raise BadContent(loaded.issues)
    return loaded.library, ordered([*loaded.issues, *_unsaid(loaded.library, loaded)])


def _unsaid(library: Library, loaded: LoadResult) -> list[Issue]:
    """Return what cannot be said: words that are missing, or that want what they are not given."""
    from bot.verification.check_messages import messages_complete, messages_filled

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
    raise BadContent([Issue(SourceLocation("flows"), "no-first-flow", what, "", f"Call one of them {DEFAULT_FLOW}.")])
