"""Why an advice is what it is: every row above that did not fit, and every nearest change, real and minimal."""

from __future__ import annotations

import itertools
import json
import random

import pytest

from bot.core.dialogue.explain import explain
from bot.core.library import Library
from tests.support.command_line import afterword, err, out
from tests.support.etiquette_table import DOMAINS, VERDICTS, table


def somebody(seed: int) -> dict[str, str]:
    chosen = random.Random(seed)  # noqa: S311 - people for a test
    return {fact: chosen.choice(values) for fact, values in DOMAINS.items()}


def everything_near(known: dict[str, str], most: int) -> dict[str, set[frozenset[tuple[str, str]]]]:
    """Change answers one by one, then two by two …, by the table of the specification: the smallest sets by verdict."""
    found: dict[str, set[frozenset[tuple[str, str]]]] = {}
    for size in range(1, most + 1):
        here: dict[str, set[frozenset[tuple[str, str]]]] = {}
        for facts in itertools.combinations(DOMAINS, size):
            for values in itertools.product(*([v for v in DOMAINS[f] if v != known[f]] for f in facts)):
                change = dict(zip(facts, values, strict=True))
                here.setdefault(VERDICTS[table({**known, **change})], set()).add(frozenset(change.items()))
        found |= {verdict: sets for verdict, sets in here.items() if verdict not in found}
    found.pop(VERDICTS[table(known)], None)
    return found


def test_the_nearest_changes_are_those_that_trying_all_finds(library: Library) -> None:
    cautious = library.facts.cautious
    for seed in range(12):
        known = somebody(seed)
        found = explain(library, "etiquette", {**cautious, **known})
        ours: dict[str, set[frozenset[tuple[str, str]]]] = {}
        for change in found.changes:
            beside = {"country", "interested", "warmth", *library.facts.from_history}
            if len(change.answers) <= 2 and not beside & dict(change.answers).keys():
                ours.setdefault(change.verdict, set()).add(frozenset(change.answers))
        assert ours == everything_near(known, 2)


@pytest.mark.parametrize("seeds", [range(12), pytest.param(range(12, 40), marks=pytest.mark.slow)], ids=str)
def test_the_row_that_decides_and_those_that_did_not_are_told(library: Library, seeds: range) -> None:
    for seed in seeds:
        known = somebody(seed)
        found = explain(library, "etiquette", {**library.facts.cautious, **known})
        rows = [rule.id for rule in library.rulesets["etiquette"].rules]
        assert found.outcome.rule == table(known)
        assert [passed.rule for passed in found.passed] == rows[: rows.index(found.outcome.rule)]
        for passed in found.passed:
            assert passed.misses
            assert all(miss.value not in miss.wants for miss in passed.misses)


def test_with_a_limit_only_what_lies_farther_is_left_out(library: Library) -> None:
    for seed in range(12):
        known = {**library.facts.cautious, **somebody(seed)}
        every = explain(library, "etiquette", known).changes
        near = [change for change in every if len(change.answers) <= 2]
        found = explain(library, "etiquette", known, most=2).changes
        assert sorted(map(repr, found)) == sorted(map(repr, near))


def test_the_command_says_it_in_words(library: Library) -> None:
    catalog = library.catalog("en")
    relation, none = catalog.say("question.relation.short"), catalog.say("question.relation.options.none")
    given = ["experience=positive", "outcome=none", "tone=rapport", "interviewed_on=2026-11-20", "thanks=not_sent"]
    done = afterword("explain", *given, "--today", "2026-11-23")
    said = out(done)
    assert said.startswith("Row R19 decides: ")
    tone = [catalog.say(f"question.tone.{part}") for part in ("short", "options.rapport", "options.reserved")]
    assert "  R15  {}: {}, not {}".format(*tone) in said
    day, ago = catalog.say("question.interviewed_on.short"), catalog.say("why.business_days", days="0–2")
    assert f"{day}: {ago} (elapsed: waiting)" in said
    assert f"{relation}: {none} (not given), not {catalog.say('question.relation.options.connected')}" in said
    assert "C53 (FAQ connect immediately)" in said
    thanks = [catalog.say(f"question.thanks.{part}") for part in ("short", "options.sent")]
    assert "  {}: {} → ".format(*thanks) in said


def test_the_command_answers_machines_and_says_kindly_what_is_no_fact() -> None:
    found = json.loads(out(afterword("explain", "outcome=offer", "--json")))
    assert found["outcome"]["rule"] == "R05"
    assert found["sure"] == "judgement"
    assert "Did you mean 'outcome'?" in err(afterword("explain", "outcme=offer"))


def test_the_command_says_how_sure_it_is(library: Library) -> None:
    """The article; recruiters and coaches beyond it, where an agency is; nobody's word but ours, where they invite."""
    catalog = library.catalog("en")
    said = {fact: out(afterword("explain", fact)) for fact in ("outcome=positive", "role=via_agency", "outcome=offer")}
    assert "How sure: the row follows the article." in said["outcome=positive"]
    assert "on the word of recruiters and coaches" in said["role=via_agency"]
    assert "the row is a judgement" in said["outcome=offer"]
    advice = out(afterword("advise", "relation=they_invited"))
    assert catalog.say("advice.judgement") in advice
    assert catalog.say("advice.beyond") not in advice
