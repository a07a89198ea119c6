"""flows/ and messages/ read into one frozen library, or every fault of every file at once, in file order.

A library is built only where nothing was found (or, of earlier content, nothing but that a file of
`LATER` is missing); whatever the files hold, nothing is raised.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel

from bot.content.coaching import CaseFile, LessonsFile, read_case, read_series
from bot.content.contact_history import LedgerFile, read_ledger
from bot.content.facts import read_facts
from bot.content.flows import read_flow
from bot.content.messages import check_locale, read_messages, read_protected
from bot.content.models import (
    BothRightFile,
    ClaimsFile,
    FactsFile,
    FaqFile,
    FlowFile,
    LimitsFile,
    MessagesFile,
    ProtectedFile,
)
from bot.content.notes import read_claims, read_faq, read_limits, read_notes
from bot.content.references import References
from bot.content.rule_models import NotesFile, RemindersFile, RulesFile
from bot.content.rules import read_manners, read_reminders, read_rules
from bot.content.source_file import Names, SourceFile
from bot.content.understanding import FILE as UNDERSTANDING
from bot.content.understanding import UnderstandingFile, read_understanding
from bot.content.validation import shaped
from bot.content.yaml_errors import MAX_BYTES
from bot.content.yaml_reader import read
from bot.core.advice.catalog import LOCALE, Catalog, Message
from bot.core.advice.contact_history import Courtesy
from bot.core.advice.facts import Fact, Facts
from bot.core.advice.notes import NoteBook
from bot.core.advice.rules import Manners, ReminderKind, Ruleset
from bot.core.coaching.case_studies import CaseStudy
from bot.core.coaching.lessons import Series
from bot.core.dialogue.flow import Flow
from bot.core.issues import Issue, SourceLocation, SourceLocations, ordered
from bot.core.library import FALLBACK_LANGUAGE, Claim, Library, Limit
from bot.core.understanding.language import Understanding

Model = TypeVar("Model", bound=BaseModel)
Value = TypeVar("Value", Flow, Ruleset, CaseStudy, Series)

SINGLE = frozenset({"both_right", "facts", "claims", "faq", "ledger", "limits", "notes", "protected", "reminders"})
"""The files of flows/ that there is one of each; every other one is a conversation."""
LATER = frozenset({"flows/faq.yaml", "flows/ledger.yaml", "flows/protected.yaml"})
"""Files that content did not always have, and that decide no advice."""
ENDING = ".yaml"


@dataclass(frozen=True)
class LoadResult:
    """What loading came to: the library, None when there are issues that matter; where its parts stand; the issues.

    `digest` names what was read, every file with its name to the byte (SHA-256, in hexadecimal digits).
    """

    library: Library | None
    places: SourceLocations
    issues: tuple[Issue, ...]
    digest: str


def load(flows: Path, messages: Path) -> LoadResult:
    """Read the two folders."""
    return _Loading(flows, messages).load()


def load_earlier(flows: Path, messages: Path) -> LoadResult:
    """Read the two folders of an earlier version: that a file of `LATER` is missing is an issue, and no more."""
    return _Loading(flows, messages, LATER).load()


def default_folders() -> tuple[Path, Path]:
    """Return the flows and messages folders of the checkout; without one, those that were packed into the wheel."""
    package = Path(__file__).resolve().parents[1]
    root = package.parent if (package.parent / "pyproject.toml").is_file() else package / "_content"
    return root / "flows", root / "messages"


@dataclass
class _Parts:
    """Everything that was read, complete only where there are no issues."""

    facts: dict[str, Fact]
    flows: dict[str, Flow]
    rulesets: dict[str, Ruleset]
    reminders: dict[str, ReminderKind]
    manners: Manners
    courtesy: Courtesy
    notebook: NoteBook
    limits: dict[str, Limit]
    claims: dict[str, Claim]
    languages: dict[str, tuple[dict[str, Message], Understanding]]
    faq: dict[str, tuple[str, ...]]
    cases: dict[str, CaseStudy]
    series: dict[str, Series]
    protected: tuple[str, ...]

    def library(self) -> Library:
        messages, understood = self.languages[FALLBACK_LANGUAGE]
        first = Catalog(FALLBACK_LANGUAGE, messages, understanding=understood)
        others = {
            name: Catalog(name, messages, first, understood)
            for name, (messages, understood) in self.languages.items()
            if name != FALLBACK_LANGUAGE
        }
        return Library(
            Facts(self.facts),
            self.flows,
            self.rulesets,
            self.reminders,
            self.notebook,
            self.limits,
            self.claims,
            {FALLBACK_LANGUAGE: first, **others},
            self.manners,
            self.courtesy,
            self.faq,
            self.cases,
            self.series,
            self.protected,
        )


@dataclass(frozen=True)
class _Read(Generic[Model]):
    """One file: as YAML, and as far as it has the shape of its model."""

    source: SourceFile
    file: Model | None


class _Loading:
    """Reads each file once; `sources`, `issues` and what was `seen` grow on the way."""

    def __init__(self, flows: Path, messages: Path, dispensable: frozenset[str] = frozenset()) -> None:
        self._flows = flows
        self._messages = messages
        self._dispensable = dispensable
        self._read_files: list[SourceFile] = []
        self._issues: list[Issue] = []
        self._seen = hashlib.sha256()
        self._sources: dict[str, str] = {}

    def load(self) -> LoadResult:
        parts = self._read()
        self._issues += [issue for source in self._read_files for issue in source.issues]
        places = {address: place for source in self._read_files for address, place in source.addresses.items()}
        bad = any(issue.code != "missing-file" or issue.place.file not in self._dispensable for issue in self._issues)
        library = None if bad else replace(parts.library(), sources=self._sources)
        return LoadResult(library, SourceLocations(places), tuple(ordered(self._issues)), self._seen.hexdigest())

    def _read(self) -> _Parts:
        here = self._enters(self._flows)
        if here is False:
            self._absent(self._flows, "the folder of the conversations and rules")
        facts = self._one("facts", FactsFile) if here else None
        limits = self._one("limits", LimitsFile) if here else None
        notes = self._one("notes", NotesFile) if here else None
        reminders = self._one("reminders", RemindersFile) if here else None
        claims = self._one("claims", ClaimsFile) if here else None
        faq = self._one("faq", FaqFile) if here else None
        protected = self._one("protected", ProtectedFile) if here else None
        if here and (both_right := self._flows / "both_right.yaml").is_file():
            self._file(both_right, self._flows, BothRightFile)  # a file of the tools: only its form is checked
        ledger = self._one("ledger", LedgerFile) if here else None
        rules = self._several(self._flows / "rules", RulesFile, "a policy") if here else []
        talks = self._several(self._flows, FlowFile, "a conversation") if here else []
        cases = self._several(self._flows / "cases", CaseFile) if here else []
        lessons = self._several(self._flows / "lessons", LessonsFile) if here else []

        known = read_facts(facts.source, facts.file) if facts and facts.file else {}
        words = References(
            facts=_declared(facts, known),
            kinds=_names(notes, "notes"),
            reminders=_names(reminders, "reminders"),
            limits=_names(limits, "limits"),
            claims=_names(claims, "claims"),
            rulesets=_ruleset_names(rules),
        )
        found_limits = read_limits(limits.source, limits.file, words) if limits and limits.file else {}
        return _Parts(
            facts=known,
            flows=_by_id("flow", talks, lambda source, file: read_flow(source, file, words)),
            rulesets=_by_id("rules", rules, lambda source, file: read_rules(source, file, words)),
            reminders=read_reminders(reminders.source, reminders.file, words) if reminders and reminders.file else {},
            manners=read_manners(reminders.file) if reminders and reminders.file else Manners(),
            courtesy=read_ledger(ledger.source, ledger.file, found_limits, words)
            if ledger and ledger.file
            else Courtesy(),
            notebook=read_notes(notes.source, notes.file, found_limits, words)
            if notes and notes.file
            else NoteBook({}),
            limits=found_limits,
            claims=read_claims(claims.source, claims.file) if claims and claims.file else {},
            languages=self._languages(words),
            faq=read_faq(faq.source, faq.file, words) if faq and faq.file else {},
            cases=_by_id("case", cases, lambda source, file: read_case(source, file, words)),
            series=_by_id("series", lessons, lambda source, file: read_series(source, file, words)),
            protected=read_protected(protected.source, protected.file) if protected and protected.file else (),
        )

    # -- files -------------------------------------------------------------------------------------------------------

    def _one(self, name: str, model: type[Model]) -> _Read[Model] | None:
        file = self._flows / f"{name}{ENDING}"
        if not file.exists():
            self._absent(file, f"the file of the {name}")
            return None
        return self._file(file, self._flows, model)

    def _several(self, folder: Path, model: type[Model], what: str = "") -> list[_Read[Model] | None]:
        """Read the files of a folder; with `what`, there has to be one."""
        before = len(self._issues)
        files = [file for file in self._files(folder) if file.stem not in SINGLE or folder != self._flows]
        can_look = len(self._issues) == before
        self._strange(folder, self._flows)
        if not files and what and can_look:
            self._absent(folder / f"<name>{ENDING}", f"a file with {what}")
        return [self._file(file, self._flows, model) for file in files]

    def _file(self, file: Path, folder: Path, model: type[Model], *, prose: bool = False) -> _Read[Model] | None:
        """Read one file; None where nothing of it can be used."""
        place = SourceLocation(_shown(file, folder))
        try:
            with file.open("rb") as stream:
                raw = stream.read(MAX_BYTES + 1)
        except OSError as error:
            what = f"the file cannot be read: {error.strerror}."
            self._issues.append(Issue(place, "unreadable-file", what, "", "Look at its rights and at where it lies."))
            return None
        self._saw(place.file, raw)
        self._sources[place.file] = raw.decode("utf-8", "replace")  # what is none is refused below
        document, issues = read(raw, place.file, prose=prose)
        self._issues += issues
        if document is None:
            return None
        source = SourceFile(document, issues)
        self._read_files.append(source)
        return _Read(source, shaped(source, model))

    def _saw(self, name: str, raw: bytes) -> None:
        self._seen.update(f"{name}\0{len(raw)}\0".encode("utf-8", "surrogateescape") + raw)

    def _absent(self, path: Path, what: str) -> None:
        folder = self._messages if path.is_relative_to(self._messages) else self._flows
        place = SourceLocation(_shown(path, folder))
        self._issues.append(
            Issue(place, "missing-file", f"{what} is missing.", "", "Take it from the shipped content.")
        )

    def _files(self, folder: Path) -> list[Path]:
        """Return the files of a folder that are read; none where there is no folder, or nobody may look."""
        found = folder.glob(f"*{ENDING}") if self._enters(folder) else ()
        return sorted(file for file in found if not file.name.startswith("."))

    def _enters(self, folder: Path) -> bool | None:
        """Tell whether there is a folder whose files can be read; None where nobody may look, which is an issue."""
        try:
            os.scandir(folder).close()
            os.stat(f"{folder}/.")  # noqa: PTH116 - a path drops the dot: some folders can be listed and not entered
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            top = self._messages if folder.is_relative_to(self._messages) else self._flows
            what = f"the folder cannot be read: {error.strerror}."
            advice = "See to its rights and to those of the folders above it."
            self._issues.append(Issue(SourceLocation(_shown(folder, top)), "unreadable-file", what, "", advice))
            return None
        return True

    def _strange(self, folder: Path, top: Path) -> None:
        """Report files that look like content and would never be read."""
        for file in sorted(folder.glob("*.yml")) if folder.is_dir() else ():
            what = "no file with the ending .yml is read."
            place = SourceLocation(_shown(file, top))
            self._issues.append(Issue(place, "wrong-ending", what, "", f"Call it {file.stem}{ENDING}."))

    # -- messages ----------------------------------------------------------------------------------------------------

    def _languages(self, words: References) -> dict[str, tuple[dict[str, Message], Understanding]]:
        if self._enters(self._messages) is None:
            return {}
        folders = sorted(
            folder for folder in self._messages.glob("*") if folder.is_dir() and folder.name[0] not in "._"
        )
        if self._messages / FALLBACK_LANGUAGE not in folders:
            self._absent(self._messages / FALLBACK_LANGUAGE, "the language that every other one falls back on")
        return {folder.name: self._language(folder, words) for folder in folders}

    def _language(self, folder: Path, words: References) -> tuple[dict[str, Message], Understanding]:
        self._saw(_shown(folder, self._messages), b"")  # a language without a file is one, too
        self._strange(folder, self._messages)
        named = self._files(folder)
        texts = [file for file in named if file.stem != UNDERSTANDING]
        files = [self._file(file, self._messages, MessagesFile, prose=True) for file in texts]
        sources = [found.source for found in files if found and found.file]
        messages = read_messages(sources, folder.name)
        places = (source.addresses.get(("message", folder.name, LOCALE)) for source in sources)
        place = next((found for found in places if found), SourceLocation(_shown(folder, self._messages)))
        self._issues += check_locale(folder.name, messages, place)
        phrases = [self._file(file, self._messages, UnderstandingFile) for file in named if file not in texts]
        return messages, _understood(phrases, words, folder.name)


def _shown(path: Path, folder: Path) -> str:
    """Name a path as people know it: flows/facts.yaml, whatever the folder above is."""
    return (Path(folder.name) / path.relative_to(folder)).as_posix()


def _understood(phrases: Iterable[_Read[UnderstandingFile] | None], words: References, language: str) -> Understanding:
    """Return how a language is understood; one without phrases of its own knows the words on its buttons only."""
    for found in phrases:
        if found and found.file:
            return read_understanding(found.source, found.file, words, language)
    return Understanding()


# -- the names that are declared ---------------------------------------------------------------------------------------


def _names(found: _Read[Model] | None, part: str) -> Names | None:
    return found.source.names(part) if found else None


def _declared(found: _Read[FactsFile] | None, known: Mapping[str, Fact]) -> Mapping[str, Fact | None] | None:
    """Return every fact that is declared, in file order; None for one whose declaration is at fault."""
    names = _names(found, "facts")
    return None if names is None else {**known, **{name: known.get(name) for name in names}}


def _ruleset_names(files: Iterable[_Read[RulesFile] | None]) -> Names | None:
    words = [found.source.word("rules") if found else None for found in files]
    return None if None in words else frozenset(word for word in words if word)


def _by_id(
    part: str, files: Iterable[_Read[Model] | None], convert: Callable[[SourceFile, Model], Value]
) -> dict[str, Value]:
    """Return what the files hold by its id; of two with one id, the second is reported."""
    found: dict[str, Value] = {}
    first: dict[str, str] = {}
    for read_ in files:
        if read_ is None or read_.file is None:
            continue
        value = convert(read_.source, read_.file)
        if value.id in found:
            what = f"'{value.id}' stands here again; it stands in {first[value.id]} first."
            read_.source.fault(read_.source.at(part), "duplicate-id", what, "Only one would count.", "Rename one.")
            continue
        found[value.id], first[value.id] = value, read_.source.file
    return found
