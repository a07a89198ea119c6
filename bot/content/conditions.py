"""Conditions as written, `{fact: value}` and its longer forms, turned into core conditions over known values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from bot.content.field_types import Allowed, AnyOf, Bounds, Not, When
from bot.content.references import Vocabulary
from bot.content.source_file import Sheet
from bot.content.yaml_reader import Path
from bot.core.advice.conditions import Clause, Condition, condition
from bot.core.advice.facts import Fact
from bot.core.issues import nearest

Domain = Collection[str] | None
"""The values something can have; None where they cannot be told because its declaration is at fault."""


class Conditions:
    """Reads conditions; `pseudo` are names that laws may read besides facts, each with its values."""

    def __init__(self, vocabulary: Vocabulary, pseudo: Mapping[str, Domain] | None = None) -> None:
        self._facts = vocabulary.facts or {}
        self._anything = vocabulary.facts is None
        self._pseudo = pseudo or {}
        finite = {name: fact.values if fact else None for name, fact in self._facts.items() if not fact or fact.finite}
        self._domains: Mapping[str, Domain] = {**finite, **self._pseudo}

    def read(self, sheet: Sheet, path: Path, when: When) -> Condition:
        """Return the condition at `path`."""
        cases = {path: when}
        if isinstance(when, AnyOf):
            cases = {(*path, "any", number): case for number, case in enumerate(when.any)}
        return condition(
            {fact: self._allowed(sheet, (*here, fact), fact, allowed) for fact, allowed in case.items()}
            for here, case in cases.items()
            if isinstance(case, dict)
        )

    def one_of(self, sheet: Sheet, path: Path, whens: Iterable[When]) -> Condition:
        """Return the condition that one of the list at `path` fits."""
        clauses: tuple[Clause, ...] = ()
        for number, when in enumerate(whens):
            clauses += self.read(sheet, (*path, number), when).clauses
        return Condition(clauses)

    def values(self, sheet: Sheet, path: Path, fact: str, values: Iterable[str], *, below: str = "") -> None:
        """Check the values that are listed at `path`, which ends in the name of their fact (or `below` it)."""
        if self._knows(sheet, path, fact):
            listed = (*path, below) if below else path
            for number, value in enumerate(values):
                domain = self._domains.get(fact)
                sheet.refer(sheet.at(*listed, number), value, domain, "unknown-value", f"no value of '{fact}'")

    def _allowed(self, sheet: Sheet, path: Path, fact: str, allowed: Allowed) -> Collection[str]:
        if isinstance(allowed, Bounds):
            return self._within(sheet, path, fact, allowed)
        if not isinstance(allowed, Not):
            self.values(sheet, path, fact, allowed)
            return allowed
        self.values(sheet, path, fact, allowed.values, below="not")
        domain = self._domains.get(fact) or ()
        left = [value for value in domain if value not in allowed.values]
        if domain and not left:
            self._never(sheet, path, fact)
        return left

    def _within(self, sheet: Sheet, path: Path, fact: str, bounds: Bounds) -> Collection[str]:
        domain = self._domains.get(fact)
        if not self._knows(sheet, path, fact) or domain is None:
            return ()
        known = self._facts.get(fact)
        if known is None or known.kind != "number":
            place = sheet.key(*path, "at_most" if bounds.at_least is None else "at_least")
            instead = f"Name the values that fit: {', '.join(domain)}."
            sheet.fault(place, "not-a-number", f"'{fact}' is no number, so it has no bounds.", "", instead)
            return ()
        low = bounds.at_least if bounds.at_least is not None else int(min(domain, key=int))
        high = bounds.at_most if bounds.at_most is not None else int(max(domain, key=int))
        left = [value for value in domain if low <= int(value) <= high]
        if not left:
            self._never(sheet, path, fact)
        return left

    def _never(self, sheet: Sheet, path: Path, fact: str) -> None:
        instead = f"It can be: {', '.join(self._domains.get(fact) or ())}."
        what = f"this fits no value of '{fact}'."
        sheet.fault(sheet.at(*path), "never-fits", what, "A condition that never fits decides nothing.", instead)

    def _knows(self, sheet: Sheet, path: Path, name: str) -> bool:
        """Tell whether a condition may read `name`, the end of `path`; report it where it may not."""
        if self._anything or name in self._domains:
            return True
        fact = self._facts.get(name)
        instead = nearest(name, self._domains)
        if fact is None:
            what = f"'{name}' is no fact of flows/facts.yaml."
            sheet.fault(sheet.key(*path), "unknown-fact", what, "", instead)
        else:
            what = f"a condition cannot read '{name}', which is a {fact.kind}."
            why = "It has no list of values that could be compared."
            derived = [other for other, found in self._facts.items() if _follows(found, name)]
            instead = f"Use {' or '.join(derived)}, worked out from it." if derived else instead
            sheet.fault(sheet.key(*path), "not-readable", what, why, instead)
        return False


def _follows(fact: Fact | None, source: str) -> bool:
    return fact is not None and fact.derivation is not None and fact.derivation.source == source
