"""`afterword run` with a token: the one command whose process lives for months, and takes no more than it needs.

It loads neither the command line's libraries nor a proof, a picture or a migration; those have
processes of their own. `tests/telegram/test_memory.py` looks at what is loaded.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NoReturn


def serve() -> bool:
    """Serve until told to stop; False where no token is set. Ends the process with words when it cannot serve."""
    # The content is built at once and kept: to look for garbage in between takes a fifth of the start and finds none.
    gc.set_threshold(100_000, 50, 50)
    with _without_rich():
        from bot.app.settings import BadSettings, load, log_format

        try:
            settings = load(Path.cwd())
        except BadSettings as bad:
            fatal("\n".join(bad.faults), log_format(Path.cwd()))
        if not settings.bot_token:
            return False
        from bot.app.content import CannotRun
        from bot.app.main import run_bot

        try:
            run_bot(settings)
        except CannotRun as error:
            fatal(str(error), settings.log_format, settings.secrets)
    return True


def fatal(text: str, form: Literal["plain", "json"], secrets: Iterable[str] = ()) -> NoReturn:
    """Say as the log is written, a line each, why the bot cannot run, and end with status 2: the operator must act."""
    if form == "plain":
        sys.stderr.write(f"{text}\n")
    else:
        import structlog

        from bot.app.logging import configure

        configure(form="json", secrets=secrets)
        for line in text.splitlines():
            structlog.get_logger("afterword").critical(line)
    raise SystemExit(2)


@contextmanager
def _without_rich() -> Iterator[None]:
    """Let structlog do without rich, which it loads wherever that is installed: 0.2 s and 4 MB for nothing printed."""
    loaded = sys.modules.get("rich")
    if loaded is None:
        sys.modules["rich"] = None  # type: ignore[assignment]  # so Python marks what must not be imported
    try:
        yield
    finally:
        if loaded is None:
            del sys.modules["rich"]
