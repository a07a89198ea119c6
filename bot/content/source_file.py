"""One content file on its way into the library: its values, where each stands, and what was found wrong so far.

A faulty part is reported once, cut out and forgotten, so that everything else can still be checked.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.content.yaml_reader import Path, YamlDocument
from bot.core.issues import Issue, SourceLocation, nearest

Names = frozenset[str]


class SourceFile:
    """A file that could be read as YAML; `rest` is what is left of it, and paths lead through that."""

    def __init__(self, document: YamlDocument, read: Iterable[Issue] = ()) -> None:
        self.file = document.file
        self.written = document.value
        self.rest = _copy(document.value)
        self.issues: list[Issue] = []
        self.addresses: dict[tuple[str, ...], SourceLocation] = {}
        self._document = document
        self._spoken_of = {issue.place for issue in read}
        self._cuts: set[Path] = set()
        self._kept: dict[Path, list[int]] = {}

    # -- places and findings -----------------------------------------------------------------------------------------

    def at(self, *path: str | int) -> SourceLocation:
        """Return the place of the value at `path`, or of what is nearest around it."""
        return self._document.place(self._original(path))

    def key(self, *path: str | int) -> SourceLocation:
        """Return the place of the name at `path`; of the value where it has none, as in a list."""
        return self._document.place(self._original(path), key=True)

    def fault(self, place: SourceLocation, code: str, what: str, why: str = "", instead: str = "") -> None:
        """Report a finding; where reading the YAML already found fault with the same place, that is enough."""
        if place not in self._spoken_of:
            self.issues.append(Issue(place, code, what, why, instead))

    def address(self, place: SourceLocation, *address: str) -> None:
        """Note where the part of the library with this address stands; of two with one address, the first."""
        self.addresses.setdefault(address, place)

    def refer(
        self, place: SourceLocation, word: str, known: Iterable[str] | None, code: str, what: str, why: str = ""
    ) -> bool:
        """Report the `word` at `place` unless it is one of `known`; None: they cannot be told, so nothing is said."""
        if known is None or word in known:
            return True
        self.fault(place, code, f"'{word}' is {what}.", why, nearest(word, known))
        return False

    def refuse_twins(self, part: str, ids: Iterable[str], *, name: str = "id") -> None:
        """Report each entry of the list `part` whose id an earlier one has."""
        seen: dict[str, SourceLocation] = {}
        for number, id_ in enumerate(ids):
            place = self.at(part, number, name)
            if id_ in seen:
                what = f"'{id_}' stands here again; it stands in line {seen[id_].line} first."
                self.fault(place, "duplicate-id", what, "Of two with one name, only one would count.", "Rename one.")
            seen.setdefault(id_, place)

    # -- what was written, faulty parts included ---------------------------------------------------------------------

    def names(self, part: str) -> Names | None:
        """Return the names in the table `part`; None where there is no table."""
        table = self.written.get(part) if isinstance(self.written, dict) else None
        return frozenset(table) if isinstance(table, dict) else None

    def ids(self, part: str) -> Names | None:
        """Return the `id` of each entry of the list `part`; None where there is no list."""
        entries = self.written.get(part) if isinstance(self.written, dict) else None
        if not isinstance(entries, list):
            return None
        return frozenset(e["id"] for e in entries if isinstance(e, dict) and isinstance(e.get("id"), str))

    def word(self, part: str) -> str | None:
        """Return the text `part` of the file."""
        word = self.written.get(part) if isinstance(self.written, dict) else None
        return word if isinstance(word, str) else None

    # -- cutting -----------------------------------------------------------------------------------------------------

    def value(self, path: Path) -> object:
        """Return what stands at `path` in the rest."""
        here = self.rest
        for element in path:
            here = here[element]  # type: ignore[index]  # a path leads through tables and lists only
        return here

    def whole(self, *path: str | int) -> bool:
        """Tell whether nothing was cut out of the part at `path`: then what is missing there was never written."""
        original = self._original(path)
        return not any(cut[: len(original)] == original for cut in self._cuts)

    def cut(self, paths: Iterable[Path]) -> None:
        """Take the parts at `paths` out of the rest."""
        for path in sorted(paths, key=_reading_order, reverse=True):
            original = self._original(path)
            holder, last = self.value(path[:-1]), path[-1]
            if isinstance(holder, list) and isinstance(last, int):
                self._kept.setdefault(original[:-1], list(range(len(holder)))).pop(last)
                del holder[last]
            elif isinstance(holder, dict):
                del holder[last]
            self._cuts.add(original)

    def _original(self, path: Path) -> Path:
        """Translate a path in the rest to the file: list entries move up where others were cut out."""
        if not self._kept:
            return path
        original: Path = ()
        for element in path:
            kept = self._kept.get(original)
            moved = kept is not None and isinstance(element, int) and element < len(kept)
            original = (*original, kept[element] if moved else element)  # type: ignore[index]  # `moved` says so
        return original


def _reading_order(path: Path) -> tuple[tuple[str, int], ...]:
    return tuple((element, 0) if isinstance(element, str) else ("", element) for element in path)


def _copy(value: object) -> object:
    if isinstance(value, dict):
        return {name: _copy(inner) for name, inner in value.items()}
    return [_copy(inner) for inner in value] if isinstance(value, list) else value
