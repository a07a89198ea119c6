"""Conditions as written, `{fact: value}` and its longer forms, turned into core conditions over known values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from bot.content.field_types import Allowed, AnyOf, Bounds, Not, When
from bot.content.references import References
from bot.content.source_file import SourceFile
from bot.content.yaml_reader import Path
from bot.core.advice.conditions import Clause, Condition, condition
from bot.core.advice.facts import Fact
from bot.core.issues import nearest

Domain = Collection[str] | None
"""The values something can have; None where they cannot be told because its declaration is at fault."""


class Conditions:
    """Reads conditions; `pseudo` are names that laws may read besides facts, each with its values."""

    def __init__(self, references: References, pseudo: Mapping[str, Domain] | None = None) -> None:
        self._facts = references.facts or {}
        self._anything = references.facts is None
        self._pseudo = pseudo or {}
        finite = {name: fact.values if fact else None for name, fact in self._facts.items() if not fact or fact.finite}
        self._domains: Mapping[str, Domain] = {**finite, **self._pseudo}

    def read(self, source: SourceFile, path: Path, when: When) -> Condition:
        """Return the condition at `path`."""
        cases = {path: when}
        if isinstance(when, AnyOf):
            cases = {(*path, "any", number): case for number, case in enumerate(when.any)}
        return condition(
            {fact: self._allowed(source, (*here, fact), fact, allowed) for fact, allowed in case.items()}
            for here, case in cases.items()
            if isinstance(case, dict)
        )

    def one_of(self, source: SourceFile, path: Path, whens: Iterable[When]) -> Condition:
        """Return the condition that one of the list at `path` fits."""
        clauses: tuple[Clause, ...] = ()
        for number, when in enumerate(whens):
            clauses += self.read(source, (*path, number), when).clauses
        return Condition(clauses)

    def values(self, source: SourceFile, path: Path, fact: str, values: Iterable[str], *, below: str = "") -> None:
        """Check the values that are listed at `path`, which ends in the name of their fact (or `below` it)."""
        if self._knows(source, path, fact):
            listed = (*path, below) if below else path
            for number, value in enumerate(values):
                domain = self._domains.get(fact)
                source.refer(source.at(*listed, number), value, domain, "unknown-value", f"no value of '{fact}'")

    def _allowed(self, source: SourceFile, path: Path, fact: str, allowed: Allowed) -> Collection[str]:
        if isinstance(allowed, Bounds):
            return self._within(source, path, fact, allowed)
        if not isinstance(allowed, Not):
            self.values(source, path, fact, allowed)
            return allowed
        self.values(source, path, fact, allowed.values, below="not")
        domain = self._domains.get(fact) or ()
        left = [value for value in domain if value not in allowed.values]
        if domain and not left:
            self._never(source, path, fact)
        return left

    def _within(self, source: SourceFile, path: Path, fact: str, bounds: Bounds) -> Collection[str]:
        domain = self._domains.get(fact)
        if not self._knows(source, path, fact) or domain is None:
            return ()
        known = self._facts.get(fact)
        if known is None or known.kind != "number":
            place = source.key(*path, "at_most" if bounds.at_least is None else "at_least")
            instead = f"Name the values that fit: {', '.join(domain)}."
            source.fault(place, "not-a-number", f"'{fact}' is no number, so it has no bounds.", "", instead)
            return ()
        low = bounds.at_least if bounds.at_least is not None else int(min(domain, key=int))
        high = bounds.at_most if bounds.at_most is not None else int(max(domain, key=int))
        left = [value for value in domain if low <= int(value) <= high]
        if not left:
            self._never(source, path, fact)
        return left

    def _never(self, source: SourceFile, path: Path, fact: str) -> None:
        instead = f"It can be: {', '.join(self._domains.get(fact) or ())}."
        what = f"this fits no value of '{fact}'."
        source.fault(source.at(*path), "never-fits", what, "A condition that never fits decides nothing.", instead)

    def _knows(self, source: SourceFile, path: Path, name: str) -> bool:
        """Tell whether a condition may read `name`, the end of `path`; report it where it may not."""
        if self._anything or name in self._domains:
            return True
        fact = self._facts.get(name)
        instead = nearest(name, self._domains)
        if fact is None:
            what = f"'{name}' is no fact of flows/facts.yaml."
            source.fault(source.key(*path), "unknown-fact", what, "", instead)
        else:
            what = f"a condition cannot read '{name}', which is a {fact.kind}."
            why = "It has no list of values that could be compared."
            derived = [other for other, found in self._facts.items() if _follows(found, name)]
            instead = f"Use {' or '.join(derived)}, worked out from it." if derived else instead
            source.fault(source.key(*path), "not-readable", what, why, instead)
        return False


def _follows(fact: Fact | None, source: str) -> bool:
    return fact is not None and fact.derivation is not None and fact.derivation.source == source
