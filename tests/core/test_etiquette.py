"""The shipped policy against the decision table of the specification, written out once more in the plainest way."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from bot.core.advice.policy import CompiledPolicy
from bot.core.advice.rules import Example, Ruleset
from bot.core.library import Library
from bot.verification.check_laws import Laws
from tests.support.etiquette_table import DOMAINS, VERDICTS, table


def everybody() -> Iterator[dict[str, str]]:
    for values in itertools.product(*DOMAINS.values()):
        yield dict(zip(DOMAINS, values, strict=True))


@pytest.fixture(scope="module")
def people() -> list[dict[str, str]]:
    return list(everybody())


def test_all_25920_combinations_get_exactly_the_row_of_the_table(
    library: Library, people: list[dict[str, str]]
) -> None:
    outcomes = library.outcomes["etiquette"]
    assert len(people) == 25920
    cautious = library.facts.cautious
    met = set()
    for facts in people:
        outcome = outcomes.outcome({**cautious, **facts})
        assert (outcome.rule, outcome.verdict) == (table(facts), VERDICTS[table(facts)]), facts
        met.add(outcome.rule)
    assert met == VERDICTS.keys()


def test_the_notes_and_mails_are_those_of_the_table(library: Library) -> None:
    outcomes, cautious = library.outcomes["etiquette"], library.facts.cautious
    expected = {
        "R05": ("K10", ()), "R06": ("K8", ()), "R07": ("K8", ()), "R08": ("K3", ()), "R09": ("K4", ()),
        "R12": ("K2", ("E1",)), "R14": ("K9", ()), "R15": (None, ("E1",)),
        "R17": (None, ()), "R19": ("K2", ("E1",)), "R02": (None, ()),
        "R04": (None, ()),
    }  # fmt: skip
    for facts in everybody():
        outcome = outcomes.outcome({**cautious, **facts})
        if outcome.rule in expected:
            note, mails = expected[outcome.rule]
            if facts["role"] == "panel_member" and note in ("K1", "K2"):
                note = "K7"
            assert (outcome.note, outcome.mails) == (note, mails), facts
        elif outcome.rule in ("R13", "R20", "R21", "R22", "R23", "R18"):
            kind = "K2" if facts["thanks"] == "sent" or outcome.rule == "R21" else "K1"
            kind = "K7" if facts["role"] == "panel_member" else kind
            assert outcome.note == (None if outcome.rule == "R18" else kind), facts
            late = facts["elapsed"] == "silent" and outcome.rule == "R18" and facts["thanks"] == "sent"
            thanked = outcome.rule == "R21" or (outcome.rule == "R18" and facts["thanks"] == "not_sent")
            assert outcome.mails == ("E1",) * thanked + ("E2",) * late, facts
        elif outcome.rule in ("R01", "R03"):
            message = "D1" if outcome.rule == "R01" else "D2"
            assert outcome.mails == ((message,) if facts["experience"] != "negative" else ()), (
                "a bad talk is not recalled"
            )
        elif outcome.rule == "R11":
            assert outcome.mails == (("E4",) if facts["thanks"] != "sent" else ()), "the agency passes the thanks on"
        elif outcome.rule in ("R10", "R16"):
            mail = "E3" if outcome.rule == "R10" else "E2"
            assert outcome.mails == ((mail,) if facts["thanks"] != "no_address" else ()), "no mail without an address"


def test_phone_and_video_turn_the_first_thanks_into_their_own_note(library: Library) -> None:
    cautious = library.facts.cautious
    facts = {"experience": "positive", "tone": "ordinary", "elapsed": "ready", "thanks": "no_address"}
    for form, kind in (("in_person", "K1"), ("video", "K6"), ("phone", "K6")):
        assert library.outcomes["etiquette"].outcome({**cautious, **facts, "format": form}).note == kind


# -- the invariants of the specification, checked apart from the laws that state them ---------------------------------


def test_the_invariants_hold_for_everybody(library: Library, people: list[dict[str, str]]) -> None:
    outcomes, cautious = library.outcomes["etiquette"], library.facts.cautious
    opened = {"connect_now", "connect_neutral"}

    def verdict(facts: dict[str, str]) -> str:
        return outcomes.outcome({**cautious, **facts}).verdict

    for facts in people:
        outcome = outcomes.outcome({**cautious, **facts})
        excused = facts["outcome"] != "none" or facts["invited"] == "yes" or facts["role"] == "recruiter_internal"
        if outcome.verdict == "connect_now":
            assert excused or (facts["elapsed"] != "waiting" and facts["tone"] != "reserved")
        if facts["experience"] == "negative":
            assert outcome.note in (None, "K8", "K9", "K10")
        if outcome.verdict in opened:
            later = [{"outcome": value} for value in DOMAINS["outcome"][1:] if facts["outcome"] == "none"]
            later += [{"thanks": "sent"}] if facts["thanks"] == "not_sent" else []
            later += [{"elapsed": v} for v in DOMAINS["elapsed"][DOMAINS["elapsed"].index(facts["elapsed"]) + 1 :]]
            for change in later:
                assert verdict({**facts, **change}) in opened, (facts, change)


def test_every_row_cites_a_claim_or_says_that_it_goes_beyond(library: Library) -> None:
    for rule in library.rulesets["etiquette"].rules:
        assert rule.cites or rule.sure != "article", rule.id
        assert set(rule.reasons) <= set(rule.cites), rule.id


# -- no row can be lost or moved unnoticed ----------------------------------------------------------------------------


def compiled(library: Library, ruleset: Ruleset) -> CompiledPolicy:
    return CompiledPolicy(ruleset, library.facts, library.notebook, library.reminders)


def noticed(library: Library, ruleset: Ruleset) -> bool:
    """Tell whether an example or a law fails; the examples are tried first, since that needs no diagram."""

    def fails(example: Example) -> bool:
        facts = {**library.facts.cautious, **example.given}
        rule = next((rule for rule in ruleset.rules if rule.when.fits(facts)), None)
        return rule is None or ((rule.verdict,), (rule.id,)) != (example.expect["verdict"], example.expect["rule"])

    if any(map(fails, ruleset.examples)):
        return True
    outcomes = compiled(library, ruleset)
    return None in outcomes.root.outcomes or any(Laws(outcomes, library.facts).broken(law) for law in ruleset.laws)


def test_deleting_any_row_is_noticed(library: Library) -> None:
    ruleset = library.rulesets["etiquette"]
    for rule in ruleset.rules:
        left = tuple(other for other in ruleset.rules if other is not rule)
        assert noticed(library, replace(ruleset, rules=left)), f"nobody would miss {rule.id}"


def test_swapping_any_two_rows_that_changes_a_verdict_is_noticed(
    library: Library, people: list[dict[str, str]]
) -> None:
    swaps_are_noticed(library, people[::11])


@pytest.mark.slow
def test_swapping_any_two_rows_that_changes_the_verdict_of_anybody_is_noticed(
    library: Library, people: list[dict[str, str]]
) -> None:
    swaps_are_noticed(library, people)


def swaps_are_noticed(library: Library, people: list[dict[str, str]]) -> None:
    """See that no two rows change places unnoticed where that changes a verdict of these people."""
    ruleset = library.rulesets["etiquette"]
    rows = {rule.id: rule.when for rule in ruleset.rules}
    verdicts = {**VERDICTS, **{rule.id: rule.verdict for rule in ruleset.rules if rule.id not in VERDICTS}}
    beside = {name: library.facts.cautious[name] for name in (*library.facts.from_history, "warmth")}
    everybody_now = [
        {"country": "other", "interested": i, **beside, **facts, **further}
        for facts in people
        for i in ("yes", "no")
        for further in ({}, {"request": "declined"}, {"status": "sent"}, {"warmth": "cold"})
    ]
    fitting = [[id_ for id_, when in rows.items() if when.fits(facts)] for facts in everybody_now]
    patterns = {tuple(ids) for ids in fitting}
    changing = quiet = 0
    for one, other in itertools.combinations(range(len(ruleset.rules)), 2):
        rules = list(ruleset.rules)
        rules[one], rules[other] = rules[other], rules[one]
        order = {rule.id: place for place, rule in enumerate(rules)}
        changes = any(verdicts[min(ids, key=order.__getitem__)] != verdicts[ids[0]] for ids in patterns)
        if changes:
            changing += 1
            assert noticed(library, replace(ruleset, rules=tuple(rules))), f"{rules[other].id} and {rules[one].id}"
        else:
            quiet += 1
    assert changing + quiet == 351
    assert changing > 150  # most rows do overlap: a test of pairs that change nothing would prove nothing


def test_a_law_that_is_broken_is_found(library: Library) -> None:
    """The laws are no decoration: a row that connects in haste breaks one, and the finding names somebody."""
    ruleset = library.rulesets["etiquette"]
    hasty = replace(ruleset.rule["R20"], verdict="connect_now", opens=None)
    broken = replace(ruleset, rules=tuple(hasty if rule.id == "R20" else rule for rule in ruleset.rules))
    laws = Laws(compiled(library, broken), library.facts)
    found = {law.id: laws.broken(law) for law in ruleset.laws}
    assert found["never_in_haste"] is not None
    assert found["never_in_haste"].answers["elapsed"] == "waiting"
    assert found["nobody_is_pushed"] is None


def test_the_claims_are_all_there_and_all_carried(library: Library) -> None:
    """45 claims ask for something; each is cited by a row, gate, remark, note or reminder, or carried by structure."""
    from bot.verification.checks import cited

    claims = library.claims.values()
    assert [claim.id for claim in claims] == [f"C{n:02}" for n in range(1, 74)]
    assert sum(claim.kind == "rule" for claim in claims) == 45
    carried = set(cited(library)) | {claim.id for claim in claims if claim.structure}
    assert {claim.id for claim in claims if claim.kind == "rule"} <= carried
    assert {claim.id for claim in claims if claim.structure} == {"C08", "C13", "C21", "C37", "C41"}


def test_a_few_days_is_one_number(library: Library) -> None:
    """Three business days stand in one place; the advice, the wait and the reminder all follow it."""
    elapsed = library.facts["elapsed"]
    assert elapsed.derivation is not None
    assert dict(elapsed.derivation.starts) == {"waiting": 0, "ready": 3, "silent": 11}
    friday, wednesday = date(2026, 11, 20), date(2026, 11, 25)
    from bot.core.advice.calendar import DEFAULT_WEEK

    assert elapsed.derivation.first_day(friday, "ready", DEFAULT_WEEK) == wednesday
    assert "3" not in json.dumps([str(rule.opens) for rule in library.rulesets["etiquette"].rules])
