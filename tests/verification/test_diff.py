"""What an edit changes in meaning, against counts made in another way."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer

from bot.cli.coaches import diff
from bot.cli.transcript import Transcript, load, play
from bot.core.advice.facts import Derivation, Facts
from bot.core.advice.rules import Ruleset
from bot.core.library import Library
from bot.verification.diff import compare
from bot.verification.diff_text import in_markdown, in_text, report
from tests.support.etiquette_table import DOMAINS, VERDICTS, table
from tests.support.planting import copied

OPENS = {"R07": "ready", "R12": "tomorrow", "R19": "ready", "R20": "ready", "R21": "tomorrow"}
COUNTRIES = ("us", "uk", "de", "jp", "other")


def with_days(library: Library, ready: int) -> Library:
    elapsed = library.facts["elapsed"]
    assert elapsed.derivation
    starts = tuple((value, ready if value == "ready" else start) for value, start in elapsed.derivation.starts)
    moved = replace(elapsed, derivation=Derivation("interviewed_on", "business_days", starts))
    return replace(library, facts=Facts({**library.facts.by_name, "elapsed": moved}))


def with_rules(library: Library, *swapped: str) -> Library:
    ruleset: Ruleset = library.rulesets["etiquette"]
    one, other = (ruleset.rules.index(ruleset.rule[id_]) for id_ in swapped)
    rows = list(ruleset.rules)
    rows[one], rows[other] = rows[other], rows[one]
    return replace(library, rulesets={"etiquette": replace(ruleset, rules=tuple(rows))})


def advice(known: dict[str, str], country: str, interested: str) -> tuple[str, str]:
    """Return verdict and day by the table of the specification; in Germany R15, R19 and R21 ask for no thank-you.

    Whoever has lost interest lets go while there is no answer, unless a link, an invitation or a dislike decides.
    """
    row = table(known)
    if interested == "no" and known["outcome"] == "none" and row not in ("R01", "R02", "R03", "R04"):
        return "let_go", ""
    if country == "de" and known["thanks"] == "not_sent" and row in ("R15", "R19", "R21"):
        row = table({**known, "thanks": "no_address"})
    return VERDICTS[row], OPENS.get(row, "")


def bands(*readies: int) -> set[tuple[str, ...]]:
    """Return how many different days there are, by what each version makes of them; days are counted one by one."""
    found = set()
    for today, gone in itertools.product((date(2026, 11, 23) + timedelta(days=n) for n in range(7)), range(40)):
        business = sum((today - timedelta(days=n)).isoweekday() < 6 for n in range(gone))
        elapsed = ["silent" if business >= 11 else "ready" if business >= ready else "waiting" for ready in readies]
        found.add((*elapsed, "late" if gone >= 3 else "fresh"))
    return found


def test_four_days_instead_of_three_change_exactly_those_that_a_count_of_all_finds(library: Library) -> None:
    others = [name for name in DOMAINS if name != "elapsed"]
    changed = total = 0
    for old, new, _ in bands(3, 4):
        for values in itertools.product(*(DOMAINS[name] for name in others)):
            known = dict(zip(others, values, strict=True))
            for country, interested in itertools.product(COUNTRIES, ("yes", "no")):
                total += 1
                was = advice({**known, "elapsed": old}, country, interested)
                changed += was != advice({**known, "elapsed": new}, country, interested)
    histories = 24  # what went out, by class, and whether the case is cold
    found = compare(library, with_days(library, 4), "etiquette")
    assert found.situations == total * histories
    assert changed <= found.changed < changed * histories, "what went out may decide before the days do"
    assert changed > 0


def test_two_independent_rows_change_places_and_nothing_changes(library: Library) -> None:
    found = compare(library, with_rules(library, "R08", "R09"), "etiquette")
    assert (found.changed, found.changes) == (0, ())
    assert "0 of" in report(library, with_rules(library, "R08", "R09")).headline


def test_two_dependent_rows_change_places_and_it_is_said_for_whom(library: Library) -> None:
    new = with_rules(library, "R11", "R13")
    said = in_text(report(library, new))
    agency, direct = (library.catalog("en").say(f"verdict.{v}.name") for v in ("route_via_agency", "connect_now"))
    assert f": from *{agency}* to *{direct}*" in said
    invited = [library.catalog("en").say(f"question.invited.{part}") for part in ("short", "options.yes")]
    assert "{}: {}".format(*invited) in said
    assert in_markdown(report(library, new)).startswith("**")


def test_every_change_is_shown_by_the_same_talk_before_and_after(library: Library) -> None:
    new = with_days(library, 4)
    for told in report(library, new).told:
        assert told.before
        assert told.after
        typed = [[text for kind, text in shown.lines if kind == "person"] for shown in (told.before, told.after)]
        assert typed[0] == typed[1]
        assert told.before.lines != told.after.lines
        for version, shown in ((library, told.before), (new, told.after)):
            transcript, _ = load(Transcript.of(shown).dump(), "talk.yaml", version.flows)
            assert transcript
            assert play(version, transcript, lambda _typed, _turn: None) == []


def test_new_words_and_ways_are_said_beside_the_situations(library: Library) -> None:
    flow = library.flows["after_interview"]
    shorter = replace(flow, steps=tuple(step for step in flow.steps if step.id != "field"))
    found = report(library, replace(library, flows={"after_interview": shorter}))
    assert found.changed == 0
    assert "'after_interview': the step 'field' is gone." in found.others


def test_a_revision_that_is_none_is_said_kindly(tmp_path: Path) -> None:
    from tests.support.command_line import afterword, err

    done = afterword("diff", "no-such-revision", str(tmp_path))
    assert done.returncode == 1
    assert "neither a folder nor a git revision" in err(done)


def test_a_folder_that_nobody_may_look_at_is_said_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    far = tmp_path / ("x" * 300)  # no folder can have such a name
    with pytest.raises(typer.Exit):
        diff(str(far), str(tmp_path))
    said = capsys.readouterr().err
    assert f"'{far}' cannot be looked at: File name too long. See to the rights of the folders above it" in said


# -- content of last month ---------------------------------------------------------------------------------------------


def edit(content: Path, file: str, old: str, new: str) -> None:
    text = (content / file).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (content / file).write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def today(tmp_path: Path) -> Path:
    """Return content in which a few days are four, to be compared with what was before."""
    content = copied(tmp_path / "today")
    edit(content, "flows/facts.yaml", "waiting: 0, ready: 3", "waiting: 0, ready: 4")
    return content


def told_of(old: Path, new: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    diff(str(old), str(new), as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


@pytest.mark.slow
def test_last_months_content_is_compared_though_it_lacks_words_that_came_since(
    tmp_path: Path, today: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It had no atlas and no questions that many ask, and a sentence wanted what nobody fills in any more."""
    whole = told_of(copied(tmp_path / "whole"), today, capsys)
    assert whole["lacks"] == []
    old = copied(tmp_path / "old")
    (old / "messages/en/atlas.yaml").unlink()
    (old / "flows/faq.yaml").unlink()
    edit(old, "messages/en/reminders.yaml", "{city}", "{town}")
    found = told_of(old, today, capsys)
    assert {key: found[key] for key in ("situations", "changed", "changes")} == {
        key: whole[key] for key in ("situations", "changed", "changes")
    }, "none of those words is needed to tell what changes, nor to show it"
    file, missing, odd = found["lacks"]
    assert file == f"'{old}' has no flows/faq.yaml yet; what stands there is not compared."
    assert re.match(
        rf"'{re.escape(str(old))}' lacks \d+ messages that are needed by now; its wording is compared", missing
    )
    assert "has 1 message worded in a way that is not understood any more" in odd
    new = [other for other in found["others"] if "Messages in 'en'" in other]
    assert len(new) == 1
    assert "1 worded anew" in new[0]
    for markdown in (False, True):
        diff(str(old), str(today), markdown=markdown)
        headline, *lines = (line for line in capsys.readouterr().out.splitlines() if line)
        assert "situations change" in headline
        assert lines[:3] == [file, missing, odd], "right below the headline, where nobody misses it"


def test_a_talk_that_last_months_content_has_no_words_for_is_left_out_and_its_change_is_told(
    tmp_path: Path, today: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = copied(tmp_path / "old")
    edit(old, "messages/en/questions.yaml", '    text: "How did the conversation feel?"\n', "")
    found = told_of(old, today, capsys)
    assert found["changes"]
    for change in found["changes"]:
        assert change["who"]
        assert change["before"] is None, "every one of these asks how it felt"
        assert change["after"], "today's content has words for it"
    assert ["lacks 1 message that is needed by now" in line for line in found["lacks"]] == [True]


def test_old_flows_that_are_not_understood_are_refused_with_what_to_do(
    tmp_path: Path, today: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = copied(tmp_path / "old")
    edit(old, "flows/after_interview.yaml", "rules: etiquette", "rulez: etiquette")
    (old / "flows/ledger.yaml").unlink()
    with pytest.raises(typer.Exit):
        diff(str(old), str(today))
    said = capsys.readouterr().err
    assert "rulez" in said
    assert said.splitlines()[-1].startswith(f"So '{old}' cannot be compared with anything. Mend it if it is a folder")
    assert "git log --oneline -- flows messages" in said


@pytest.mark.parametrize("file", ["flows/ledger.yaml", "flows/notes.yaml"])
def test_nothing_may_be_missing_from_new_content_nor_what_decides_from_old(
    file: str, tmp_path: Path, today: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = copied(tmp_path / "other")
    (other / file).unlink()
    with pytest.raises(typer.Exit):
        diff(str(today), str(other))
    assert f"{file}:1:1" in capsys.readouterr().err
    if file == "flows/notes.yaml":
        with pytest.raises(typer.Exit):
            diff(str(other), str(today))


def test_new_content_that_lacks_words_is_refused(
    tmp_path: Path, today: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (today / "messages/en/atlas.yaml").unlink()
    with pytest.raises(typer.Exit):
        diff(str(copied(tmp_path / "old")), str(today))
    assert "the message 'atlas.title' is missing" in capsys.readouterr().err


def test_a_picture_of_what_changed_since_last_month_is_drawn_and_says_what_that_lacked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from bot.cli.draw import draw

    old = copied(tmp_path / "old")
    edit(old, "messages/en/questions.yaml", '    text: "How did the conversation feel?"\n', "")
    draw("after_interview", diff=str(old))
    said = capsys.readouterr()
    assert "flowchart" in said.out
    assert f"'{old}' lacks 1 message that is needed by now" in said.err
