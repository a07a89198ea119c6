"""Laws over time: they hold along histories, and what breaks them is shown as a conversation with its days."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app.content import folders
from bot.content.loader import load
from bot.core.library import Library
from bot.verification.check_over_time import laws_hold_over_time
from bot.verification.context import CheckContext
from bot.verification.histories import Histories
from bot.verification.laws_over_time import hold
from tests.support.planted_faults import RULES
from tests.support.planting import ROOT, Fault, copied, plant, replays

LEDGER, REMINDERS = "flows/ledger.yaml", "flows/reminders.yaml"
BROKEN = "law-over-time-broken"


def test_answers_fold_into_few_situations(library: Library) -> None:
    histories = Histories(library.policies["etiquette"])
    first = histories.first_starts()
    assert len(first) < 1000 < sum(histories.situation(moment).sets for moment in first)


def test_what_happens_leads_on_and_what_went_out_is_kept(library: Library) -> None:
    histories = Histories(library.policies["etiquette"])
    start = next(m for m in histories.first_starts() if [s.do for s in histories.plan(m).steps][:2] == [
        "thank_you", "request"])  # fmt: skip
    after = {happened.event[:2]: then for happened, then in histories.after(start)}
    thanked = after["send", "thank_you"]
    assert histories.known(thanked)["thanks"] == "sent"
    assert [step.do for step in histories.plan(thanked).steps][:1] == ["request"]
    assert after["wait", ""].today > start.today
    assert ("fate", "accepted") not in after, "no request is out"


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_law_holds_over_all_histories_of_two_things(library: Library) -> None:
    """From every situation, on every day that makes a difference, with a named day and without."""
    histories = Histories(library.policies["etiquette"])
    held = hold(
        library.policies["etiquette"], library.rulesets["etiquette"].over_time, histories, histories.starts(), 2
    )
    assert held.times == {}
    assert held.walked.whole
    assert len(held.walked.depths) == 3


def row(id_: str, old: str, new: str) -> tuple[str, str, str]:
    """Return an edit of one row of the rules: file, old text and new text."""
    text = (ROOT / RULES).read_text(encoding="utf-8")
    whole = text[text.index(f"  - id: {id_}") :]
    block = whole[: whole.index("\n  - id: ", 1)]
    assert old in block, (id_, old)
    return RULES, block, block.replace(old, new, 1)


def kind(id_: str, old: str, new: str) -> tuple[str, str, str]:
    """Return an edit of one kind of reminder."""
    text = (ROOT / REMINDERS).read_text(encoding="utf-8")
    whole = text[text.index(f"  {id_}:") :]
    block = whole[:found] if (found := whole.find("\n  M", 1)) > 0 else whole
    assert old in block, (id_, old)
    return REMINDERS, block, block.replace(old, new, 1)


def mailing(row_id: str, mail: str) -> tuple[str, str, str]:
    return row(row_id, "    reasons:", f"    mails: [{mail}]\n    reasons:")


STEP, NO_STEP = "    step: request\n", "    step: beside\n"
FAULTS = [
    Fault("nothing lies between two messages", LEDGER, "apart: 3\n", "apart: 0\n", BROKEN, "- id: P5"),
    Fault("a case stays open for most of a year", REMINDERS, "close_after_days: 45", "close_after_days: 300", BROKEN, "- id: P7"),
    Fault("an answered invitation leads nowhere", *row("R01", "relation: they_invited, message: sent,", "relation: they_invited,"), BROKEN, "- id: P2"),
    Fault("a status mail where they are left alone", *mailing("R02", "E2"), BROKEN, "- id: P5"),
    Fault("a reply where they are left alone", *mailing("R02", "E3"), BROKEN, "- id: P3"),
    Fault("a status mail beside a request", *mailing("R04", "E2"), BROKEN, "- id: P5"),
    Fault("a reply without an address", *mailing("R04", "E3"), BROKEN, "- id: P4"),
    Fault("a status mail after an offer", *mailing("R05", "E2"), BROKEN, "- id: P2"),
    Fault("a reply after an offer", *mailing("R05", "E3"), BROKEN, "- id: P2"),
    Fault("a status mail after a bad interview", *mailing("R06", "E2"), BROKEN, "- id: P4"),
    Fault("the signature is asked about beside the plan", *kind("M12", STEP, NO_STEP), BROKEN, "- id: P3"),
    Fault("the request is asked about beside the plan", *kind("M10", STEP, NO_STEP), BROKEN, "- id: P3"),
    Fault("the message is asked about beside the plan", *kind("M11", "    step: message\n", NO_STEP), BROKEN, "- id: P3"),
    Fault("posts are looked at from whatever day it is", *kind("M8", "from: accepted", "from: today"), BROKEN, "- id: P2"),
    Fault("posts are looked at twelve times", *kind("M8", "times: 3", "times: 12"), BROKEN, "- id: P3"),
    Fault("acceptance is asked for from whatever day it is", *kind("M7", "from: request_sent", "from: today"), BROKEN, "- id: P2"),
    Fault("news is asked for from whatever day it is", *kind("M4", "from: decision_date", "from: today"), BROKEN, "- id: P2"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_seeded_fault_breaks_a_law_and_replays(tmp_path: Path, fault: Fault) -> None:
    content = copied(tmp_path)
    plant(content, [fault])
    loaded = load(*folders(content))
    assert loaded.library, loaded.issues
    lines = (content / RULES).read_text(encoding="utf-8").split("\n")
    issues = list(laws_hold_over_time(CheckContext(loaded.library, loaded.places)))
    found = [issue for issue in issues if fault.at in lines[issue.place.line - 1]]
    assert found, [str(issue) for issue in issues]
    assert found[0].code == fault.code
    assert found[0].shown
    assert replays(content, found[0])
