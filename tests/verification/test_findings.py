"""Forty faults in the shipped content, each found for what it is, and each conversation that shows one replays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.app.content import check
from bot.core.issues import SourceLocation
from tests.support.planted_faults import FACTS, FAULTS, FLOW, RULES
from tests.support.planting import Fault, copied, plant, replays

REMINDERS = "flows/reminders.yaml"
TALKED = {
    "unreachable-step", "guard-unasked", "rules-gap", "idle-rule", "law-broken", "example-fails", "fact-unasked", "flow-unasked", "step-unasked",
    "unused-question", "same-options", "not-alike", "untalked-rule", "wait-unreminded", "day-unknown", "idle-question",
}  # fmt: skip
"""The findings that hang on answers, and so come with a conversation."""


SEEN = {"idle-gate", "no-judge", "no-compose", "override-open"}


def row(id_: str, when: str, verdict: str = "connect_now", more: str = "") -> str:
    return f"  - {{id: {id_}, when: {when}, verdict: {verdict}, reasons: [C17], cites: [C17]{more}}}\n"


FOLLOW_UP = "flows/follow_up.yaml"


def asked(fact: str) -> str:
    return f"  - {{id: {fact}, ask: {fact}}}\n"


MORE = [
    # -- rows that never decide ----------------------------------------------------------------------------------------
    Fault("a row behind a wider one", RULES, "  - id: R03\n", row("R80", "{relation: connected, outcome: offer}") + "  - id: R03\n",
          "idle-rule", "id: R80", "Row R01 above always fits first."),
    Fault("a row behind two others together", RULES, "  - id: R05\n",
          row("R80", "{relation: [connected, pending], wants: \"yes\"}") + "  - id: R05\n",
          "idle-rule", "id: R80", "Rows R01, R04 above together"),
    Fault("a row behind all outcomes", RULES, "  - id: R11\n",
          row("R80", "{outcome: {not: none}, experience: positive}") + "  - id: R11\n",
          "idle-rule", "id: R80", "together always fit first"),
    Fault("a row for silence that is still fresh", RULES, "  - id: R01\n", row("R80", "{elapsed: silent, thanks_age: fresh}") + "  - id: R01\n",
          "idle-rule", "id: R80", "true of nobody"),
    Fault("a row that fits all in the middle", RULES, "  - id: R23  ", row("R80", "{thanks: {not: sent}}") + "  - id: R23  ",
          "idle-rule", "- id: R23", "Row R80 above always fits first."),
    # -- gaps ----------------------------------------------------------------------------------------------------------
    Fault("nobody answers the recruiter's silence", RULES, "    when: {tone: reserved}\n    verdict: hold_for_outcome\n",
          "    when: {tone: reserved, invited: \"yes\"}\n    verdict: hold_for_outcome\n", "idle-rule", "- id: R17"),
    Fault("no row for those without an address", RULES, "    when: {thanks: {not: sent}}\n", "    when: {thanks: not_sent}\n",
          "rules-gap", "rules: etiquette", "thanks: no_address"),
    Fault("no row for the thanked", RULES, "    when: {thanks: sent}\n    verdict: connect_now\n    note: K2\n",
          "    when: {thanks: sent, tone: rapport}\n    verdict: connect_now\n    note: K2\n",
          "rules-gap", "rules: etiquette", "tone: ordinary"),
    # -- laws ----------------------------------------------------------------------------------------------------------
    Fault("connecting at once", RULES, "    verdict: wait_then_connect\n    note:\n", "    verdict: connect_now\n    note:\n",
          "law-broken", "- id: never_in_haste", "elapsed: waiting"),
    Fault("asking somebody reserved", RULES, "  - id: R17  ", row("R80", "{tone: reserved, elapsed: ready}", more=", note: K1, remind: [M7]") + "  - id: R17  ",
          "law-broken", "- id: distance_is_respected", "tone: reserved"),
    Fault("a warm note after a bad interview", RULES, "    verdict: connect_neutral\n    note: K8\n", "    verdict: connect_neutral\n    note: K1\n",
          "law-broken", "- id: bad_experience_stays_unmentioned", "experience: negative"),
    Fault("pushing somebody", RULES, "    when: {experience: negative, wants: \"no\"}\n", "    when: {experience: negative, wants: \"no\", outcome: {not: offer}}\n",
          "law-broken", "- id: nobody_is_pushed", "outcome: offer"),
    Fault("a second request", RULES, "    verdict: leave_pending\n", "    verdict: leave_pending\n    note: K1\n",
          "law-broken", "- id: no_second_request", "relation: pending"),
    Fault("time closes what was open", RULES, "    when: {role: recruiter_internal}\n", "    when: {role: recruiter_internal, elapsed: {not: ready}}\n",
          "law-broken", "- id: news_opens", "elapsed: waiting → ready"),
    Fault("a thank-you closes what was open", RULES, "    when: {thanks: sent}\n    verdict: connect_now\n    note: K2\n    mails:\n      - {kind: E2, when: {elapsed: silent}}\n    remind: [M7]\n",
          "    when: {thanks: sent}\n    verdict: hold_for_outcome\n    remind: [M4]\n",
          "law-broken", "- id: thanks_open", "thanks: not_sent → sent"),
    # -- what is used is asked -----------------------------------------------------------------------------------------
    Fault("thanks are never asked for", FLOW, asked("thanks"), "", "fact-unasked", "when: {invited: \"yes\", elapsed: waiting, thanks: not_sent}", "no conversation asks for it"),
    Fault("tone is never asked for", FLOW, asked("tone"), "", "fact-unasked", "when: {tone: reserved, thanks: not_sent", "'reserved' for everybody"),
    Fault("the relation is never asked for", FLOW, asked("relation"), "", "fact-unasked", "when: {relation: connected}"),
    Fault("the outcome is never asked for", FLOW, asked("outcome"), "", "fact-unasked", "when: {outcome: none, interested: \"no\"}"),
    Fault("the invitation is never asked for", FLOW, asked("invited"), "", "fact-unasked", "when: {invited: \"yes\", elapsed: waiting, thanks: not_sent}"),
    Fault("the country is not offered any more", FLOW, "offers: [decision_date, notes_left, confidential, country]", "offers: [decision_date, notes_left, confidential]",
          "fact-unasked", "when: {tone: reserved, thanks: not_sent, country", "'country'"),
    Fault("the profile is never asked for", FLOW, asked("profile"), "", "fact-unasked", "when: {profile: {not: ready}}"),
    # -- in each conversation, and before it is read -------------------------------------------------------------------
    Fault("the first conversation does not ask for the tone", FLOW, asked("tone"), "", "flow-unasked", "flow: after_interview", "'tone', which is read by R15, R16, R17, G2 and 2 more"),
    Fault("the first conversation does not ask for the name", FLOW, asked("first"), "", "flow-unasked", "flow: after_interview", "would stay open"),
    Fault("the first conversation does not ask for the day", FLOW, asked("interviewed_on"), "", "flow-unasked", "flow: after_interview", "'interviewed_on'"),
    Fault("the follow-up does not ask whether thanks are out", FOLLOW_UP, asked("thanks"), "", "flow-unasked", "flow: follow_up", "would count as 'not_sent'"),
    Fault("the advice comes before the tone is asked", FLOW, asked("tone"), "  - {id: early, judge: etiquette}\n" + asked("tone"), "step-unasked", "- {id: early", "has not been asked for 'tone'"),
    Fault("the account is asked of those whom it went well with", FLOW, asked("account"), "  - {id: account, when: {experience: positive}, ask: account}\n", "step-unasked", "- {id: texts, compose: notes}", "'account'"),
    Fault("the account is not asked at all", FLOW, asked("account"), "", "flow-unasked", "flow: after_interview", "'account'"),
    Fault("the name is asked once the notes are out", FLOW, asked("first"), "  - {id: soon, compose: notes}\n" + asked("first"), "step-unasked", "- {id: soon", "'first'"),
    Fault("the tone is asked only of those whom it went well with", FLOW, asked("tone"), "  - {id: tone, when: {experience: positive}, ask: tone}\n", "step-unasked", "- {id: advice", "'tone'"),
    Fault("what is left open on purpose is asked of everybody", FLOW, "    when: {outcome: {not: offer}}\n", "", "idle-assume", "- {fact: role", "never read"),
    Fault("wants is asked of the wrong people", FLOW, "    when: {experience: negative}\n    ask: wants\n", "    when: {experience: positive}\n    ask: wants\n",
          "idle-question", "- id: wants"),
    Fault("the day is asked only of those who were invited", FLOW, asked("interviewed_on"), "  - {id: interviewed_on, when: {invited: \"yes\"}, ask: interviewed_on}\n",
          "day-unknown", "- id: R07", "the day from which a request is right"),
    # -- what is asked is used -----------------------------------------------------------------------------------------
    Fault("a question nobody uses", FACTS, "  first: {kind: text", "  salary: {kind: flag, scope: case, cautious: \"no\"}\n  first: {kind: text", "idle-fact", "salary:"),
    Fault("two options of one meaning", FACTS, "    alike: [[not_ready, unsure]]", "    alike: [[not_ready, not_ready]]",
          "same-options", "  profile:", "'not_ready' and 'unsure'"),
    Fault("options said to be alike that are not", FACTS, "    alike: [[not_ready, unsure]]", "    alike: [[not_ready, unsure, ready]]",
          "not-alike", "  profile:", "something tells them apart"),
    Fault("a country that is told apart", FACTS, "    alike: [[us, uk, jp, other]]", "    alike: [[us, uk, jp, other, de]]", "not-alike", "  country:"),
    # -- what waits comes back -----------------------------------------------------------------------------------------
    Fault("waiting without a reminder", RULES, "    opens: {from: interviewed_on, becomes: {elapsed: ready}}\n    remind: [M2]\n    reasons: [C15, C52]\n",
          "    opens: {from: interviewed_on, becomes: {elapsed: ready}}\n    reasons: [C15, C52]\n", "wait-unreminded", "- id: R20"),
    Fault("a wait that is reminded of something else", RULES, "    opens: {from: interviewed_on, becomes: {elapsed: ready}}\n    remind: [M2]\n    reasons: [C15, C67, C68]\n",
          "    opens: {from: interviewed_on, becomes: {elapsed: ready}}\n    remind: [M8]\n    reasons: [C15, C67, C68]\n", "wait-unreminded", "- id: R07"),
    Fault("a reminder from a day nobody has to name", REMINDERS, "      otherwise: {from: interviewed_on, business_days: 7, at: \"10:00\"}\n", "",
          "day-unknown", "- id: R15", "the day of reminder 'M4'"),
    Fault("a reminder of an opening that never comes", RULES, "    remind: [M4, M5]\n    reasons: [C39, C28, C17]\n", "    remind: [M2]\n    reasons: [C39, C28, C17]\n",
          "day-unknown", "- id: R17", "the day of reminder 'M2'"),
]  # fmt: skip
SEEDED = [*(fault for fault in FAULTS if fault.code in {*TALKED, *SEEN}), *MORE]


@pytest.mark.slow
@pytest.mark.parametrize("fault", SEEDED, ids=lambda fault: fault.name)
def test_a_seeded_fault_is_found_and_shown(tmp_path: Path, fault: Fault) -> None:
    content = copied(tmp_path)
    # What is to be asked by nobody is taken out of the follow-up as well, which asks for whatever is not known yet.
    twice = [replace(fault, file=FOLLOW_UP)] if fault.code == "fact-unasked" else []
    plant(content, [fault, *twice])
    _, issues = check(content)
    found = [issue for issue in issues if issue.code == fault.code and fault.at in line_at(content, issue.place)]
    assert found, [(issue.code, str(issue)) for issue in issues]
    told = [issue for issue in found if fault.says in str(issue)]
    assert told
    shown = [issue for issue in issues if issue.shown]
    assert fault.code not in TALKED or told[0].shown or "true of nobody" in fault.says
    for issue in shown:
        assert replays(content, issue)


def line_at(content: Path, place: SourceLocation) -> str:
    return (content / place.file).read_text(encoding="utf-8").split("\n")[place.line - 1]


def test_there_are_forty_of_them() -> None:
    assert len({fault.name for fault in SEEDED}) >= 40
