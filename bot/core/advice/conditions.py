"""Conditions: `when: {fact: value}` in flows, rules and notes.

A condition is data. It is a list of alternatives (`any`), each a set of allowed values per fact.
It can be evaluated only when every fact it reads is known; otherwise it is a fault, never False.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

Clause = tuple[tuple[str, frozenset[str]], ...]


class Unknown(KeyError):
    """A condition was asked about a fact that is not known."""


@dataclass(frozen=True)
class Condition:
    """True when one of `clauses` has every fact at one of its allowed values; no clauses: never; one empty: always."""

    clauses: tuple[Clause, ...]

    @cached_property
    def reads(self) -> frozenset[str]:
        """The facts this condition reads."""
        return frozenset(fact for clause in self.clauses for fact, _ in clause)

    def fits(self, known: Mapping[str, str]) -> bool:
        """Evaluate; raises `Unknown` where a fact that decides is not known."""
        try:
            return any(all(known[fact] in allowed for fact, allowed in clause) for clause in self.clauses)
        except KeyError as missing:
            raise Unknown(missing.args[0]) from None

    def within(self, other: Condition) -> bool:
        """Tell whether `other` plainly holds wherever this one does: each alternative asks for one of its own or more.

        Where several alternatives of `other` only hold it together, that is not seen.
        """
        return all(any(_asks_more(clause, wider) for wider in other.clauses) for clause in self.clauses)


def _asks_more(clause: Clause, wider: Clause) -> bool:
    asked = dict(clause)
    return all(fact in asked and asked[fact] <= allowed for fact, allowed in wider)


ALWAYS = Condition(((),))


def condition(clauses: Iterable[Mapping[str, Iterable[str]]]) -> Condition:
    """Build a condition from alternatives, each a mapping of fact to its allowed values."""
    return Condition(tuple(tuple((fact, frozenset(values)) for fact, values in c.items()) for c in clauses))
