"""Content proved by a process of its own: a proof takes 70 MB of memory that who serves for months has no use for.

What is served is what was proved, to the byte: the process names what it read, and nothing else is
taken.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bot.app.check_cache import is_stamped, keep, seal_of
from bot.app.content import BadContent, CannotRun, folders, load_checked
from bot.content.loader import load
from bot.core.issues import Issue, SourceLocation, ordered
from bot.core.library import Library
from bot.runtime.child_environment import child_environment

TRIES: Final = 3
"""So often content is read anew that was edited while it was proved."""


def load_checked_in_subprocess(content: Path | None, stamp: Path) -> Library:
    """Return the content once everything about it is proved, now or by an earlier start as `stamp` says.

    Raises `BadContent`, and `CannotRun` when it cannot be proved.
    """
    for _ in range(TRIES):
        loaded = load(*folders(content))
        if loaded.library is None or loaded.issues:
            raise BadContent(loaded.issues)
        seal = seal_of(loaded.digest)
        if seal is None:
            return load_checked(content, None)  # compiled files only: nothing names what was proved by what
        if is_stamped(stamp, seal) or _seal_of_checked(content) == seal:
            keep(stamp, seal)
            return loaded.library
    raise CannotRun("The content is edited again and again while it is checked. Start the bot once that is done.")


def _seal_of_checked(content: Path | None) -> str:
    """Return what names the content that a process proved; raises `BadContent` and `CannotRun`."""
    program = (sys.executable, "-P", "-m", "bot.app.content_check", *([str(content)] if content else []))
    done = subprocess.run(  # noqa: S603  # ourselves
        program, env=child_environment(), stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    try:
        said = json.loads(done.stdout)
    except ValueError:
        trouble = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or [f"status {done.returncode}"]
        raise CannotRun(f"The content cannot be checked ({trouble[0]}). Give the bot 512 MB of memory.") from None
    if issues := said["issues"]:
        raise BadContent([Issue(SourceLocation(*issue.pop("place")), **issue) for issue in issues])
    return str(said["seal"])


def _as_json(issues: Sequence[Issue]) -> list[dict[str, object]]:
    return [
        {
            "place": (issue.place.file, issue.place.line, issue.place.column),
            "code": issue.code, "what": issue.what, "why": issue.why, "instead": issue.instead,
        }
        for issue in issues
    ]  # fmt: skip


def main(content: Path | None) -> None:
    """Prove content, and print as JSON what names it, or every issue."""
    from bot.verification.checks import findings  # not before: who serves does not need it
    from bot.verification.context import CheckContext

    loaded = load(*folders(content))
    issues = [*loaded.issues, *(findings(CheckContext(loaded.library, loaded.places)) if loaded.library else ())]
    sys.stdout.write(json.dumps({"seal": seal_of(loaded.digest), "issues": _as_json(ordered(issues))}))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
