"""`afterword run` with a token: the one command whose process lives for months, and takes no more than it needs.

Law of this file: it loads neither the command line's libraries nor a proof, a picture or a migration; those have
processes of their own. `tests/telegram/test_memory.py` looks at what is loaded.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def serve() -> bool:
    """Serve until told to stop; False when no token is set, or the settings are wrong, which the command line says."""
    # The content is built at once and kept: to look for garbage in between takes a fifth of the start and finds none.
    gc.set_threshold(100_000, 50, 50)
    with _without_rich():
        from bot.app.settings import BadSettings, load

        try:
            settings = load(Path.cwd())
        except BadSettings:
            return False
        if not settings.bot_token:
            return False
        from bot.app.content_proof import prove_apart
        from bot.app.main import BadContent, CannotRun, run_bot

        try:
            run_bot(prove_apart(settings.content, settings.stamp_file), settings)
        except BadContent as bad:
            count = len(bad.issues)
            _fail("\n".join([*map(str, bad.issues), "1 issue." if count == 1 else f"{count} issues."]))
        except CannotRun as error:
            _fail(str(error))
    return True


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


def _fail(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    raise SystemExit(1)
