"""An edition: what a coach changed of the content for one cohort, and what became of it.

Values only. A version never changes its files: whoever sends another file makes another version, so
what was checked, tried and published is the same to the byte.

    asked       for which cohort is not said yet
    sent        to be checked
    refused     it has findings; the next file that is sent goes on from it
    ready       it passed, and can be tried and published
    published   the cohort talks with it, or did before another one
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

FORMAT: Final = 1
"""The layout of a stored edition."""
State = Literal["asked", "sent", "refused", "ready", "published"]
DRAFT: Final = frozenset({"asked", "sent", "refused", "ready"})
"""The states of what is not published; a coach has one such edition at most."""
_COPY: Final = re.compile(r"[ _-]*\(\d+\)(?=\.\w+$)")
"""What a phone adds to the name of a second download."""
_SCHEMA: Final = re.compile(r"# yaml-language-server: \$schema=(\S+)")
"""The first line of a file names the schema of its kind."""


@dataclass(frozen=True)
class UploadedFile:
    """A document that is still to be fetched: Telegram's id, what it is called, and the files it may be meant for."""

    id: str
    name: str
    meant: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, at a line of a file."""

    file: str
    line: int
    what: str


@dataclass(frozen=True)
class MeaningChange:
    """A change in meaning: `head` says from what to what, `lines` for whom."""

    head: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class ContentVersion:
    """The files that are other than the shipped ones, each whole, by name; `base` is the edition it goes on from."""

    coach: int
    since: datetime
    state: State
    cohort: int = 0
    base: int = 0
    files: Mapping[str, str] = field(default_factory=dict)
    papers: tuple[UploadedFile, ...] = ()
    findings: tuple[Finding, ...] = ()
    changes: tuple[MeaningChange, ...] = ()
    seal: str = ""
    """Names the content that was proved, to the byte, together with what proved it."""

    @property
    def draft(self) -> bool:
        """Whether it is not published."""
        return self.state in DRAFT

    def to_json(self) -> dict[str, Any]:
        """Return the edition as plain JSON values."""
        return {
            "format": FORMAT,
            "coach": self.coach,
            "since": self.since.isoformat(),
            "state": self.state,
            "cohort": self.cohort,
            "base": self.base,
            "files": dict(self.files),
            "papers": [[paper.id, paper.name, list(paper.meant)] for paper in self.papers],
            "findings": [[finding.file, finding.line, finding.what] for finding in self.findings],
            "changes": [[change.head, list(change.lines)] for change in self.changes],
            "seal": self.seal,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ContentVersion:
        """Read an edition back; raises ValueError for a layout of another version."""
        if stored.get("format") != FORMAT:
            raise ValueError(f"an edition of format {stored.get('format')!r} is not of this version ({FORMAT})")
        return cls(
            stored["coach"],
            datetime.fromisoformat(stored["since"]),
            stored["state"],
            stored["cohort"],
            stored["base"],
            stored["files"],
            tuple(UploadedFile(id_, name, tuple(meant)) for id_, name, meant in stored["papers"]),
            tuple(Finding(file, line, what) for file, line, what in stored["findings"]),
            tuple(MeaningChange(head, tuple(lines)) for head, lines in stored["changes"]),
            stored["seal"],
        )


# -- events ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FileUploaded:
    """Somebody sends a document: Telegram's id of it, its name, how many bytes it has, and the text below it."""

    id: str
    name: str
    size: int
    caption: str = ""


Trouble = Literal["", "disk", "gone", "late", "stuck", "unnamed"]
"""Why an edition could not be checked: nothing can be written to the disk; its document is gone at Telegram; it took
too long, or too much memory; somebody could not go on with it; a document is meant for one of several files."""


@dataclass(frozen=True)
class CheckResult:
    """What checking an edition came to; `files` are all of its files, those that were fetched included."""

    number: int
    files: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    changes: tuple[MeaningChange, ...] = ()
    seal: str = ""
    trouble: Trouble = ""
    about: str = ""
    """The name of the document that is the trouble."""


# -- which file a document is meant for --------------------------------------------------------------------------------


def handed_out(file: str) -> str:
    """Return the name under which a file is handed out: messages.en.faq.yaml says which faq.yaml it is."""
    return file.replace("/", ".")


def meant(files: Iterable[str], name: str, caption: str) -> tuple[str, ...]:
    """Return the files that a document can be meant for: by the text below it, else by its name."""
    known = sorted(files)
    said = caption.strip()
    if said in known:
        return (said,)
    plain = _COPY.sub("", name.strip().replace("\\", "/"))
    if plain.endswith(".yml"):
        plain = plain.removesuffix(".yml") + ".yaml"
    whole = tuple(file for file in known if plain in (file, handed_out(file)))
    return whole or tuple(file for file in known if plain == file.rpartition("/")[2])


def chosen(sources: Mapping[str, str], paper: UploadedFile, text: str) -> str:
    """Return the one of the files that a document's first line says; empty where it does not say."""
    if len(paper.meant) == 1:
        return paper.meant[0]
    schema = _SCHEMA.match(text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"))
    same = [file for file in paper.meant if schema and (own := _SCHEMA.match(sources[file])) and own[1] == schema[1]]
    return same[0] if len(same) == 1 else ""
