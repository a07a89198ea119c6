"""Laws over time: they hold along histories, and what breaks them is shown as a conversation with its days."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app.content import check
from bot.core.library import Library
from bot.verification.histories import Histories
from bot.verification.laws_over_time import hold
from tests.support.planted_faults import RULES
from tests.support.planting import Fault, copied, plant, replays

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


FAULTS = [
    Fault("nothing lies between two messages", LEDGER, "apart: 3\n", "apart: 0\n", BROKEN, "- id: P5"),
]


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_seeded_fault_breaks_a_law_and_replays(tmp_path: Path, fault: Fault) -> None:
    content = copied(tmp_path)
    plant(content, [fault])
    _, issues = check(content)
    lines = (content / RULES).read_text(encoding="utf-8").split("\n")
    found = [issue for issue in issues if issue.code == BROKEN and fault.at in lines[issue.place.line - 1]]
    assert found, [(issue.code, str(issue)) for issue in issues]
    assert found[0].shown
    assert replays(content, found[0])
