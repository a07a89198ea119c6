"""The log: one line per event, on standard error, for every logger of the process.

No secret and nothing a person wrote stands in a line. Secrets are struck out of the finished line,
after exceptions were formatted; of an exception only the class and the places are written, and its words only where
they come from the system, the network or the store. Answers are kept out by those who log: they name kinds and numbers.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Final, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from bot.app.log_rate import OncePerSecond

STRUCK: Final = "***"
SHORTEST: Final = 6
"""Characters; a shorter secret would be struck out of ordinary words, and none is accepted by `settings`."""
TOKEN: Final = re.compile(r"(?<!\d)\d{6,16}(:|%3A)[A-Za-z0-9_-]{20,}", re.IGNORECASE)
"""A bot token of any bot, as it stands in /bot<token>/sendMessage; no `\\b` before it, for "t1" is no word boundary."""
QUIET: Final = (
    "httpx", "httpcore", "aiohttp", "telegram", "asyncio", "uvicorn", "sqlalchemy", "alembic", "transitions",
)  # fmt: skip
"""Loggers of libraries: at INFO and DEBUG they write addresses with the token, and parameters with answers."""
SPEAKING: Final = ("sqlite3.", "telegram.", "ssl.", "socket.", "bot.storage.", "bot.app.settings.")
"""Where the exceptions are made that say nothing but what the system, the network or the database said."""
DEEPEST: Final = 30
"""Places of one exception that are written, the innermost ones."""


class Redactor:
    """Strikes secrets out of finished lines."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= SHORTEST}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, line: str) -> str:
        """Return the line without secrets."""
        if self._known is not None:
            line = self._known.sub(STRUCK, line)
        return TOKEN.sub(STRUCK, line)


def configure(
    level: str = "INFO",
    form: Literal["json", "plain"] = "plain",
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Set the log up for the whole process; a second call replaces the first."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _traced,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Formatter(form, shared, Redactor(secrets)))
    handler.addFilter(OncePerSecond(handler))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Makes lines, and strikes secrets out of them as the very last step."""

    def __init__(self, form: str, shared: list[Processor], redactor: Redactor) -> None:
        renderer: Processor = structlog.processors.JSONRenderer() if form == "json" else _plain
        super().__init__(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()] if form == "json" else shared,
        )
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return self._redactor(super().format(record))


def _plain(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """Return a line for people: when, how grave, who, what, and the rest by name; a trace follows on its own lines."""
    head = (
        f"{event.pop('timestamp', '')} {event.pop('level', ''):<7} {event.pop('logger', '')}: {event.pop('event', '')}"
    )
    trace = event.pop("exception", None)
    rest = "".join(f" {name}={value}" for name, value in event.items())
    return head + rest + (f"\n{trace}" if trace else "")


def _traced(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace an exception by its classes and places; the standard formatter would write its words, too."""
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    record: Any = event.get("_record")
    if record is not None:
        record.exc_text, record.exc_info = None, None
    if isinstance(error, BaseException):
        event["exception"] = trace_of(error)
    return event


def trace_of(error: BaseException) -> str:
    """Return the chain of exceptions, the last one first, as classes and places without what they may quote."""
    parts: list[str] = []
    link: BaseException | None = error
    met: set[int] = set()
    while link is not None and id(link) not in met:
        met.add(id(link))
        parts.append("\n".join([f"{type(link).__module__}.{type(link).__qualname__}{_words(link)}", *_places(link)]))
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return "\nfrom ".join(parts)


def _words(error: BaseException) -> str:
    speaking = isinstance(error, OSError) or f"{type(error).__module__}.".startswith(SPEAKING)
    return f": {error}" if speaking else ""


def _places(error: BaseException) -> list[str]:
    trace: TracebackType | None = error.__traceback__
    frames = traceback.extract_tb(trace)[-DEEPEST:]
    return [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
