"""What somebody reads who asks why: true to the rules, in the words of their own answers, and never too long."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta

from bot.core.advice.facts import NOT_SURE, Derivation
from bot.core.dialogue.explain import claims_of, explain
from bot.core.dialogue.explain_text import MAX_WHY, ago, size_of, why_message
from bot.core.dialogue.session import Outgoing, Session
from bot.core.dialogue.view import SessionView
from bot.core.library import Library
from tests.conftest import NOW

MONDAY = date(2026, 11, 23)
WARM = {
    "relation": "none", "experience": "positive", "outcome": "none", "role": "hiring_manager", "invited": "no",
    "tone": "rapport", "interviewed_on": "2026-11-20", "thanks": "not_sent",
}  # fmt: skip


def view(library: Library, **answers: str) -> SessionView:
    return SessionView(library, Session(flow="after_interview", answers=answers), NOW)


def lines(message: Outgoing) -> list[str]:
    return [block.text for block in message.blocks]


def below(message: Outgoing, key: str, library: Library) -> list[str]:
    """Return the items of the list under the line `key`."""
    found: list[str] = []
    inside = False
    for block in message.blocks:
        inside = block.text == library.catalog("en").say(key) if block.role == "text" else inside
        found += [block.text] if inside and block.role == "item" else []
    return found


def test_who_asks_why_reads_what_decided_what_did_not_and_what_would_change_it(library: Library) -> None:
    message = why_message(view(library, **WARM))
    assert below(message, "why.fits", library) == [
        "Interview day: Friday 20 November", "Thank-you email: Not yet", "The country: Another country (assumed)",
    ]  # fmt: skip
    passed = below(message, "why.passed", library)
    assert (
        "Who they are: The hiring manager – it takes Someone through an agency (R11) / The company's recruiter (R14)"
        in passed
    )
    changes = below(message, "why.changes", library)
    assert "Thank-you email: Yes, sent / I don't have their email → wait a few days, then connect" in changes
    assert "Interview day: 3 or more business days ago → thank-you first" in changes


def test_every_row_above_is_named_and_no_other(library: Library) -> None:
    rules = [rule.id for rule in library.rulesets["etiquette"].rules]
    for answers in everybody(library, 60):
        message = why_message(view(library, **answers))
        _, decided = message.name.split()
        named = {word.strip("(),/") for line in below(message, "why.passed", library) for word in line.split()}
        assert [rule for rule in rules if rule in named] == rules[: rules.index(decided)]


def test_not_sure_is_told_apart_from_an_answer_and_from_what_nobody_asked(library: Library) -> None:
    said = lines(why_message(view(library, **{**WARM, "thanks": NOT_SURE})))
    assert "Thank-you email: Not yet (you were not sure)" in said


def test_how_sure_the_sources_are_has_three_levels(library: Library) -> None:
    say = library.catalog("en").say
    levels = {
        "article": {**WARM, "outcome": "positive"},
        "beyond": {**WARM, "role": "via_agency"},
        "judgement": {**WARM, "relation": "they_invited"},
    }
    for level, answers in levels.items():
        said = lines(why_message(view(library, **answers)))
        assert [other for other in levels if say(f"why.{other}") in said] == [level]
    late = {**WARM, "interviewed_on": "2026-11-19"}  # gate G6, which the article does not know
    assert say("why.gates") in lines(why_message(view(library, **late)))
    assert say("why.gates") not in lines(why_message(view(library, **{**WARM, "thanks": "sent"})))


def everybody(library: Library, count: int) -> list[dict[str, str]]:
    chosen = random.Random(5)  # noqa: S311 - people for a test
    finite = [fact for fact in library.facts.finite if not fact.derivation and fact.name != "overridden"]
    return [
        {
            **{fact.name: chosen.choice(fact.values) for fact in finite},
            "interviewed_on": (MONDAY - timedelta(days=chosen.randrange(30))).isoformat(),
        }
        for _ in range(count)
    ]


def test_it_fits_one_message_and_nothing_is_cut_from_it(library: Library) -> None:
    for answers in everybody(library, 300):
        here = view(library, **answers)
        message = why_message(here)
        assert size_of(message.blocks) <= MAX_WHY
        found = explain(library, "etiquette", here.believed, most=2)
        assert {change.verdict for change in found.changes} == {
            verdict
            for verdict in library.rulesets["etiquette"].verdicts
            for line in below(message, "why.changes", library)
            if line.endswith(f"→ {library.catalog('en').say(f'verdict.{verdict}.name')}")
        }


def test_where_room_is_short_the_farthest_changes_go_and_the_claims_stay(library: Library) -> None:
    english = library.catalog("en")
    wordy = replace(english, messages={**english.messages, "question.relation.options.none": "No" * 900})
    here = view(replace(library, catalogs={"en": wordy}), **WARM)
    message = why_message(here)
    assert size_of(message.blocks) <= MAX_WHY
    for claim in claims_of(here.outcome, library.rulesets["etiquette"]):
        assert any(f"({claim})" in line for line in lines(message))
    assert english.say("why.article") in lines(message)
    whole = why_message(view(library, **WARM))
    assert len(below(message, "why.changes", library)) < len(below(whole, "why.changes", library))


def test_bands_side_by_side_are_one_stretch_of_days(library: Library) -> None:
    elapsed = Derivation("day", "business_days", (("waiting", 0), ("ready", 3), ("late", 4), ("silent", 11)))
    english = library.catalog("en")
    assert ago(english, elapsed, {"waiting"}) == "0–2 business days ago"
    assert ago(english, elapsed, {"ready"}) == "3 business days ago"
    assert ago(english, elapsed, {"ready", "late"}) == "3–10 business days ago"
    assert ago(english, elapsed, {"late", "silent"}) == "4 or more business days ago"
    assert ago(english, elapsed, {"waiting", "silent"}) == "0–2 business days ago / 11 or more business days ago"
