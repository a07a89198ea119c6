"""Why an advice is what it is, in words for a coach, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import starmap

from bot.core.advice.catalog import Catalog
from bot.core.advice.facts import Facts, Known
from bot.core.advice.rules import Sure
from bot.core.dialogue.explain import Explanation
from bot.core.dialogue.explain_text import ago
from bot.verification.labels import label, short_name, verdict_name

SURE: Mapping[Sure, str] = {
    "article": "How sure: the row follows the article.",
    "beyond": "How sure: the row goes beyond the article, on the word of recruiters and coaches.",
    "judgement": "How sure: neither the article nor recruiters settle this; the row is a judgement.",
}


def in_words(found: Explanation, facts: Facts, catalog: Catalog, given: Known) -> Iterator[str]:
    """Return the explanation line by line; what was not `given` is marked."""
    words = _Labels(facts, catalog, given)
    yield f"Row {found.outcome.rule} decides: {verdict_name(catalog, found.outcome.verdict)}."
    fits = "; ".join(starmap(words.told, found.fits))
    yield f"It fits because of {fits}." if fits else "It fits everybody whom no row above fits."
    yield from words.above(found)
    yield "It rests on:"
    for source in found.sources:
        text = catalog.say(f"claim.{source.claim}") if catalog.has(f"claim.{source.claim}") else ""
        yield f"  {source.claim} ({source.section}) {text}"
    yield SURE[found.sure]
    if found.beyond:
        yield f"What rides on it goes beyond the article: {', '.join(found.beyond)}."
    yield from words.changes(found)


@dataclass(frozen=True)
class _Labels:
    """Facts and answers as their buttons say them; of what follows from a day, how long ago that is."""

    facts: Facts
    catalog: Catalog
    given: Known

    def values(self, fact: str, allowed: tuple[str, ...]) -> str:
        words = " or ".join(label(self.catalog, fact, value) for value in allowed)
        derivation = self.facts[fact].derivation
        return f"{ago(self.catalog, derivation, allowed)} ({fact}: {words})" if derivation else words

    def said(self, fact: str, value: str) -> str:
        derivation = self.facts[fact].derivation
        name = short_name(self.catalog, derivation.source if derivation else fact)
        return f"{name}: {self.values(fact, (value,))}"

    def told(self, fact: str, value: str) -> str:
        return self.said(fact, value) + ("" if fact in self.given else " (not given)")

    def above(self, found: Explanation) -> Iterator[str]:
        if found.passed:
            yield "Rows above that did not fit:"
        for passed in found.passed:
            misses = [f"{self.told(m.fact, m.value)}, not {self.values(m.fact, m.wants)}" for m in passed.misses]
            yield f"  {passed.rule}  {'; '.join(misses)}"

    def changes(self, found: Explanation) -> Iterator[str]:
        if found.changes:
            yield "What would change it, with the fewest answers for each:"
        for change in found.changes:
            answers = " and ".join(starmap(self.said, change.answers))
            yield f"  {answers} → {verdict_name(self.catalog, change.verdict)} ({change.rule})"
