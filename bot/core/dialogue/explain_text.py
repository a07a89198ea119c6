"""The answer to "Why?": four lines in a candidate's words, or all that `explain` found out, in one message.

The full answer leaves nothing out that decided. Where room is short, the farthest changes go first, then the rows
above that did not fit; the claims and how sure they are always stay.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import starmap

from bot.core.advice.catalog import Catalog
from bot.core.advice.facts import NOT_SURE, Derivation
from bot.core.advice.policy import Outcome
from bot.core.advice.rules import Ruleset
from bot.core.advice.text import units
from bot.core.dialogue.explain import Explanation, Miss, beyond_of, explain
from bot.core.dialogue.render import shown_answer
from bot.core.dialogue.session import Block, Outgoing
from bot.core.dialogue.view import SessionView

NEAREST = 2  # more answers than this would have made it another case altogether
MAX_WHY = 4096  # UTF-16 units in one message, after Telegram's Bot API (sendMessage)
TOLD = 3  # answers named in a short answer
_Answers = Mapping[str, tuple[str, ...]]


def short_why_message(view: SessionView) -> Outgoing:
    """Word in four lines why the advice is what it is: a reason, the answers that decided, and how sure that is."""
    found = explain(view.library, view.flow.rules, view.believed, most=0)
    words, say = _Words(view), view.catalog.say
    blocks = [Block("title", say("why.short.title"))]
    blocks += [Block("item", say(f"claim.{claim}")) for claim in view.advice.reasons[:1]]
    told = [words.told(fact) for fact, _ in found.fits if words.is_given(fact)]
    if told:
        blocks.append(Block("item", say("why.short.decided", answers="; ".join(told[:TOLD]))))
    sure = view.outcomes.ruleset.rule[found.outcome.rule].sure
    blocks.append(Block("aside", say(f"why.short.{sure}")))
    return Outgoing("why", f"why {found.outcome.rule}", tuple(blocks))


def why_message(view: SessionView) -> Outgoing:
    """Word why the advice is what it is: claims, how sure, what fits, what did not, and what would change it."""
    found = explain(view.library, view.flow.rules, view.believed, most=NEAREST)
    words = _Words(view)
    head = why_head(view.outcomes.ruleset, view.catalog, found.outcome, [source.claim for source in found.sources])
    lists = [
        ("why.fits", [words.told(fact) for fact, _ in found.fits]),
        ("why.passed", list(words.passed(found))),
        ("why.changes", list(words.changes(found))),
    ]
    blocks = [*head, *_listed(view.catalog, lists)]
    while size_of(blocks) > MAX_WHY and any(lines for _, lines in lists):
        next(lines for _, lines in reversed(lists) if lines).pop()
        blocks = [*head, *_listed(view.catalog, lists)]
    return Outgoing("why", f"why {found.outcome.rule}", tuple(blocks))


def why_head(ruleset: Ruleset, catalog: Catalog, outcome: Outcome, claims: Iterable[str]) -> list[Block]:
    """Word what an advice rests on, and how sure that is; this part always stays."""
    rule = ruleset.rule[outcome.rule]
    blocks = [Block("title", catalog.say("why.title", rule=rule.id))]
    blocks += [Block("item", catalog.say("why.claim", id=c, text=catalog.say(f"claim.{c}"))) for c in claims]
    blocks.append(Block("aside", catalog.say(f"why.{rule.sure}")))
    if beyond_of(outcome, ruleset):
        blocks.append(Block("aside", catalog.say("why.gates")))
    return blocks


def ago(catalog: Catalog, derivation: Derivation, values: Collection[str]) -> str:
    """Word how long ago a day is of which these `values` are true."""
    found = []
    for first, last in derivation.spans(values):
        days = catalog.say("why.or_more", days=str(first)) if last is None else str(first)
        days = days if last in (None, first) else f"{first}–{last}"
        found.append(catalog.say(f"why.{derivation.count}", days=days))
    return " / ".join(found)


def size_of(blocks: Iterable[Block]) -> int:
    """Count blocks written one below the other, each with its mark, in UTF-16 units."""
    return units("\n".join(f"• {block.text}" for block in blocks))


def _listed(catalog: Catalog, lists: Iterable[tuple[str, list[str]]]) -> Iterator[Block]:
    for key, lines in lists:
        if lines:
            yield Block("text", catalog.say(key))
            yield from (Block("item", line) for line in lines)


@dataclass(frozen=True)
class _Words:
    """Facts and answers as the person in `view` would say them."""

    view: SessionView

    def say(self, key: str, **values: str) -> str:
        return self.view.catalog.say(f"why.{key}", **values)

    # -- facts and answers ---------------------------------------------------------------------------------------------

    def name(self, fact: str) -> str:
        """Name a fact; one that follows from a day by the question for the day."""
        derivation = self.view.library.facts[fact].derivation
        short = self.view.catalog.say(f"question.{derivation.source if derivation else fact}.short")
        return short[:1].upper() + short[1:]

    def told(self, fact: str) -> str:
        """Return a fact with its answer, marked where nobody gave it."""
        return self.view.catalog.say("change.line", what=self.name(fact), answer=self.answer(fact))

    def is_given(self, fact: str) -> bool:
        """Whether the person answered what a fact is known by."""
        derivation = self.view.library.facts[fact].derivation
        return (derivation.source if derivation else fact) in self.view.given

    def answer(self, fact: str) -> str:
        """Return what a fact counts as, as it was answered: a day as that day, "not sure" with what it stands for."""
        view = self.view
        facts, value = view.library.facts, view.believed[fact]
        derivation = facts[fact].derivation
        asked = derivation.source if derivation else fact
        answer = view.session.facts.get(asked) if asked in view.given else None
        if derivation and (day := facts.date_of(view.session.facts, asked)):
            return view.catalog.shown(day)
        words = self.values(fact, (value,))
        if answer is None:
            return self.say("unasked", answer=words)
        return self.say("unsure", answer=words) if answer == NOT_SURE else words

    def values(self, name: str, chosen: Iterable[str]) -> str:
        """Return possible answers; what follows from a day, as how long ago that is."""
        fact, allowed = self.view.library.facts[name], frozenset(chosen)
        if fact.derivation:
            return ago(self.view.catalog, fact.derivation, allowed)
        return " / ".join(shown_answer(fact, value, self.view.catalog) for value in fact.values if value in allowed)

    # -- rows above ----------------------------------------------------------------------------------------------------

    def passed(self, found: Explanation) -> Iterator[str]:
        """Return on which answers the rows above did not fit; those that one answer ruled out share a line."""
        alone: dict[str, dict[str, list[str]]] = {}
        for row in found.passed:
            if len(row.misses) == 1:
                miss = row.misses[0]
                alone.setdefault(miss.fact, {}).setdefault(self.values(miss.fact, miss.wants), []).append(row.rule)
        for fact, rows in alone.items():
            wanted = " / ".join(self.say("row", what=wants, rules=", ".join(rules)) for wants, rules in rows.items())
            yield self.missed(fact, wanted)
        together: dict[str, list[str]] = {}
        for row in found.passed:
            if len(row.misses) > 1:
                together.setdefault("; ".join(self.missing(miss) for miss in row.misses), []).append(row.rule)
        yield from (self.say("row", what=line, rules=", ".join(rules)) for line, rules in together.items())

    def missing(self, miss: Miss) -> str:
        return self.missed(miss.fact, self.values(miss.fact, miss.wants))

    def missed(self, fact: str, wanted: str) -> str:
        return self.say("miss", what=self.name(fact), answer=self.answer(fact), wanted=wanted)

    # -- what would change it ------------------------------------------------------------------------------------------

    def changes(self, found: Explanation) -> Iterator[str]:
        """Return the fewest other answers for each verdict; those that differ in one fact only share a line."""
        led: dict[str, list[_Answers]] = {}
        for change in found.changes:
            led.setdefault(change.verdict, []).append({fact: (value,) for fact, value in change.answers})
        for verdict, ways in led.items():
            name = self.view.catalog.say(f"verdict.{verdict}.name")
            for way in _merged(ways):
                yield self.say("change", answers=" + ".join(starmap(self.chosen, way.items())), verdict=name)

    def chosen(self, fact: str, values: Iterable[str]) -> str:
        return self.view.catalog.say("change.line", what=self.name(fact), answer=self.values(fact, values))


def _merged(ways: Sequence[_Answers]) -> Sequence[_Answers]:
    """Put sets of answers together that differ in one fact only, until none do."""
    found: list[_Answers] = []
    for way in ways:
        for place, other in enumerate(found):
            differ = [fact for fact in other if other[fact] != way.get(fact)]
            if other.keys() == way.keys() and len(differ) == 1:
                fact = differ[0]
                found[place] = {**other, fact: (*other[fact], *way[fact])}
                break
        else:
            found.append(way)
    return found if len(found) == len(ways) else _merged(found)
