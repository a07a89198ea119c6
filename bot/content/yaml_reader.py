"""YAML as people type it: every value with its line and column, and each trap of YAML refused with a way out.

PyYAML only cuts the text into events. It never builds a value: no tag is resolved and no code runs.
Only true, false, null, nothing and decimal numbers are more than text. What other readers of YAML would rewrite in
silence has to stand in quotes. Every fault becomes an `Issue`, and nothing is raised.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeGuard

import yaml
from yaml import events
from yaml.events import Event, NodeEvent, ScalarEvent

from bot.content.yaml_errors import COMPLAINTS, HOPELESS_DEPTH, MAX_BYTES, MAX_DEPTH, MAX_ISSUES, TRAPS, issue
from bot.core.issues import Issue, SourceLocation, ordered

Path = tuple[str | int, ...]

LOADER: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?")
_NOT_TEXT = {"": None, "null": None, "true": True, "false": False}
_COMMENT = re.compile(r"[ \t]+(#.*)")
# What YAML forbids, or takes for the end of a line although editors do not: it would shift texts or line numbers.
_ODD = re.compile(r"[^\t\n\r -~\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|\r(?!\n)|[\u2028\u2029]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True)
class YamlDocument:
    """One content file as plain values, with the place of each value and of each key by its path from the top."""

    file: str  # as shown to people: "flows/facts.yaml"
    value: object
    places: Mapping[Path, SourceLocation]
    keys: Mapping[Path, SourceLocation]

    def place(self, path: Sequence[str | int], *, key: bool = False) -> SourceLocation:
        """Find the place of a value, or of its key; of the nearest parent where the path is not known to its end.

        Elements that lead nowhere are skipped: pydantic puts the tags of unions into its paths.
        """
        reached: list[Path] = [()]
        for element in path:
            reached += [longer for known in reached if (longer := (*known, element)) in self.places]
        best = max(reversed(reached), key=len)  # of two as long, the one that uses the later elements
        return self.keys.get(best, self.places[best]) if key else self.places[best]


def read(text: bytes | str, file: str, *, prose: bool = False) -> tuple[YamlDocument | None, list[Issue]]:
    """Read one file; return it, or None where it cannot be built, and all its issues in file order.

    What is refused stays a text. With `prose` (messages), a comment behind an unquoted text is refused as well, because
    it may be the end of that text, which YAML cuts off. Nothing is raised, whatever the bytes are.
    """
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(raw) > MAX_BYTES:
        return None, [issue(SourceLocation(file), "yaml-too-big")]
    raw = raw.removeprefix(b"\xef\xbb\xbf")  # the byte order mark that Windows editors put in front
    try:
        source = raw.decode()
    except UnicodeDecodeError as fault:
        place = _end_of(raw[: fault.start].decode(), file)
        return None, [issue(place, "yaml-encoding", f"{raw[fault.start]:#04x}")]
    reader = _Reader(file, source, prose)
    return reader.read(), ordered(reader.issues)


def _end_of(text: str, file: str) -> SourceLocation:
    return SourceLocation(file, text.count("\n") + 1, len(text) - text.rfind("\n"))


@lru_cache(maxsize=4096)  # the same few words make up most of a file
def _resolve(text: str) -> tuple[object, str]:
    """Say what an unquoted text stands for, and the code of its trap if it is one; then it stays a text."""
    if text in _NOT_TEXT:
        return _NOT_TEXT[text], ""
    for trap in TRAPS:
        if re.fullmatch(trap.pattern, text):
            return text, trap.code
    if number := _NUMBER.fullmatch(text):
        return (float(text) if number[1] else int(text)), ""
    return text, ""


def _unquoted(event: Event) -> TypeGuard[ScalarEvent]:
    return isinstance(event, ScalarEvent) and not event.style and event.tag is None


@dataclass
class _Level:
    """A list or table that is being read; one without a path hangs nowhere and is read for its faults only."""

    items: list[object] | dict[str, object]
    path: Path | None
    in_brackets: bool = False
    expects_key: bool = False
    key: str | None = None  # None: the value that follows hangs nowhere
    seen: dict[str, SourceLocation] = field(default_factory=dict)

    def next_path(self) -> Path | None:
        """Return the path of the value that comes next."""
        if self.path is None or (isinstance(self.items, dict) and self.key is None):
            return None
        return (*self.path, len(self.items) if self.key is None else self.key)

    def add(self, value: object) -> None:
        """Put in the value that came next."""
        if isinstance(self.items, list):
            self.items.append(value)
        elif self.key is not None:
            self.items[self.key] = value
        self.expects_key = isinstance(self.items, dict)


class _Reader:
    """Builds the values of one file out of PyYAML's events, without recursion."""

    def __init__(self, file: str, source: str, prose: bool) -> None:
        self.file = file
        self.prose = prose
        self.issues: list[Issue] = []
        self.places: dict[Path, SourceLocation] = {}
        self.keys: dict[Path, SourceLocation] = {}
        self.documents: list[object] = []
        self.levels: list[_Level] = []
        self.depth = 0  # counts on where `levels` ends, at MAX_DEPTH
        self.here = SourceLocation(file)
        self.source = self.without_odd_characters(source)
        self.lines = self.source.split("\n")

    def read(self) -> YamlDocument | None:
        try:
            for event in yaml.parse(self.source, Loader=LOADER):
                self.take(event)
                if len(self.issues) >= MAX_ISSUES:
                    self.refuse("yaml-too-many")
                    return None
                if self.depth > HOPELESS_DEPTH:
                    return None
        except (yaml.YAMLError, ValueError, OverflowError) as fault:  # without libyaml, "\UFFFFFFFF" raises the others
            self.explain(fault)
            return None
        if self.documents[:1] in ([], [None]):
            self.issues.append(issue(SourceLocation(self.file), "yaml-empty"))
            return None
        return YamlDocument(self.file, self.documents[0], self.places, self.keys)

    def refuse(self, code: str, text: str = "", number: int = 0) -> None:
        self.issues.append(issue(self.here, code, text, number))

    def without_odd_characters(self, source: str) -> str:
        """Report each odd character where it first stands, and replace it so that reading goes on."""
        for char in dict.fromkeys(_ODD.findall(source)):
            name = f"U+{ord(char):04X} {unicodedata.name(char, '')}"
            self.issues.append(issue(_end_of(source[: source.index(char)], self.file), "yaml-odd-character", name))
        return _ODD.sub("\N{REPLACEMENT CHARACTER}", source)

    def take(self, event: Event) -> None:
        if isinstance(event, events.CollectionEndEvent):
            if self.depth <= MAX_DEPTH:
                self.levels.pop()
            self.depth -= 1
        elif isinstance(event, NodeEvent) and self.depth <= MAX_DEPTH:
            self.here = self.place(event.start_mark)
            self.node(event)
        elif isinstance(event, events.CollectionStartEvent):
            self.depth += 1
        elif isinstance(event, events.DocumentStartEvent) and self.documents:
            self.here = self.place(event.start_mark)
            self.refuse("yaml-documents", "---")

    def node(self, event: NodeEvent) -> None:
        self.refuse_references(event)
        value = self.value(event)
        level = self.levels[-1] if self.levels else None
        path: Path | None = None
        if level and level.expects_key:
            self.key(level, event, value)
        else:
            path = level.next_path() if level else None if self.documents else ()
            if path is not None:
                self.places[path] = self.here
            self.refuse_silent_losses(level, event)
            level.add(value) if level else self.documents.append(value)
        if isinstance(value, list | dict):
            self.open(_Level(value, path, in_brackets=bool(getattr(event, "flow_style", False))))

    def value(self, event: NodeEvent) -> object:
        """Return the value of a scalar, or an empty list or table for the start of one."""
        if isinstance(event, events.AliasEvent):
            return f"*{event.anchor}"
        if not isinstance(event, ScalarEvent):
            return [] if isinstance(event, events.SequenceStartEvent) else {}
        if not _unquoted(event):
            if _SURROGATE.search(event.value):  # from an escape; libyaml calls it a fault itself
                self.refuse("yaml-backslash", event.value)
            return event.value
        value, trap = _resolve(event.value)
        if trap:
            self.refuse(trap, event.value)
        return value

    def open(self, level: _Level) -> None:
        level.expects_key = isinstance(level.items, dict)
        self.depth += 1
        if self.depth <= MAX_DEPTH:
            self.levels.append(level)
        else:
            self.refuse("yaml-too-deep", self.line(self.here)[self.here.column - 1 :])

    def key(self, level: _Level, event: NodeEvent, value: object) -> None:
        """Take the name of the next entry; the entry hangs nowhere if that is no name, or not the first of its kind."""
        level.expects_key, level.key = False, None
        if isinstance(value, list | dict):
            self.refuse("yaml-key-not-a-name", self.line(self.here)[self.here.column - 1 :])
            return
        name = event.value if isinstance(event, ScalarEvent) else str(value)
        if not isinstance(value, str):
            self.refuse("yaml-key-not-text", name)
        if name in level.seen:
            self.refuse("yaml-duplicate-key", name, level.seen[name].line)
            return
        level.key, level.seen[name] = name, self.here
        if level.path is not None:
            self.keys[(*level.path, name)] = self.here

    def refuse_references(self, event: NodeEvent) -> None:
        """Report what would make one place of a file stand for another, or for code."""
        if isinstance(event, events.AliasEvent):
            self.refuse("yaml-alias", f"*{event.anchor}")
        elif event.anchor is not None:
            self.refuse("yaml-anchor", f"&{event.anchor}")
        tag: str | None = getattr(event, "tag", None)
        if tag is not None:
            self.refuse("yaml-tag", tag.replace("tag:yaml.org,2002:", "!!", 1))

    def refuse_silent_losses(self, level: _Level | None, event: NodeEvent) -> None:
        """Report what YAML reads otherwise than meant, without a word: `{name}`, and text behind ` #`."""
        if not _unquoted(event):
            return
        if level and level.in_brackets and level.key is not None and not event.value:
            self.issues.append(issue(level.seen[level.key], "yaml-name-alone", level.key))
        end = event.end_mark
        if self.prose and end and (comment := _COMMENT.match(self.lines[end.line], end.column)):
            place = SourceLocation(self.file, end.line + 1, comment.start(1) + 1)
            self.issues.append(issue(place, "yaml-comment-behind-text", comment[1]))

    def explain(self, fault: Exception) -> None:
        """Report the fault that ends the reading."""
        problem, context = getattr(fault, "problem_mark", None), getattr(fault, "context_mark", None)
        said = f"{getattr(fault, 'context', '')}; {getattr(fault, 'problem', fault)}"
        place = self.place(problem)
        before = self.line(place)[: place.column - 1].rstrip()
        misplaced = isinstance(fault, yaml.parser.ParserError)
        if self.line(place)[place.column - 1 :].startswith("\t"):
            code = "yaml-tab"
        elif misplaced and before.endswith(("'", '"')):
            code = "yaml-text-after-quote"
        elif misplaced and before.endswith(("]", "}")):
            code = "yaml-text-after-bracket"
        elif "mapping values" in said and re.search(r":\s", before):
            code = "yaml-colon-in-text"
        else:
            at_start, code = next(row[1:] for row in COMPLAINTS if re.search(row[0], said))
            place = self.place(context or problem) if at_start else place
        self.issues.append(issue(place, code, self.line(place)[place.column - 1 :]))

    def place(self, mark: Any) -> SourceLocation:  # a Mark of PyYAML or of libyaml, or None
        return SourceLocation(self.file, mark.line + 1, mark.column + 1) if mark else self.here

    def line(self, place: SourceLocation) -> str:
        return self.lines[place.line - 1] if place.line <= len(self.lines) else ""
