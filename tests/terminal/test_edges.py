"""What people type at the edges: odd JSON, the ends of the calendar, damaged files, names of other files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.core.session import Session
from tests.terminal.test_commands import afterword, err, out

K10 = {"outcome": "offer", "company": "X", "me": "S", "account": "free"}


@pytest.mark.parametrize("value", [{"a": 1}, ["x"], 1.5, 7, True])
def test_what_is_no_text_never_becomes_a_name(value: object) -> None:
    answer = json.loads(out(afterword("advise", "--batch", typed=json.dumps({**K10, "first": value}))))
    assert "cannot be" in answer["error"]


def test_null_is_not_given() -> None:
    answer = json.loads(out(afterword("advise", "--batch", typed=json.dumps({**K10, "first": None}))))
    assert answer["missing"] == ["first"]
    assert answer["text"] is None


def test_a_batch_survives_every_line() -> None:
    lines = [
        "\ufeff" + json.dumps({"outcome": "offer"}),
        '{"\\ud800": 1}',
        '{"outcome": "offer", "outcome": "none"}',
        '{"outcome": NaN}',
        '{"decision_date": "9999-12-31"}',
        '{"interviewed_on": "0001-01-01"}',
        json.dumps({"outcome": "offer"}),
    ]
    done = afterword("advise", "--batch", "--today", "2026-11-23", typed="\n".join(lines))
    answers = [json.loads(line) for line in out(done).splitlines()]
    assert ["error" in answer for answer in answers] == [False, True, True, True, True, True, False]
    assert answers[0] == answers[-1]


def test_a_day_that_was_only_assumed_stands_in_no_text() -> None:
    facts = {"experience": "positive", "tone": "rapport", "thanks": "sent", "elapsed": "silent"}
    slots = {"first": "D", "job": "J", "topic": "t", "me": "M", "company": "c"}
    answer = json.loads(out(afterword("advise", "--batch", typed=json.dumps({**facts, **slots}))))
    assert answer["mails"] == ["E2"]
    assert answer["mail_texts"] == []
    assert answer["missing"] == ["interviewed_on"]
    assert answer["text"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["advise", "outcome=offer", "--today", "9999-12-31"],
        ["advise", "outcome=offer", "--today", "0001-01-01"],
        ["chat", "--now", "0001-01-01T00:00", "--zone", "Europe/Berlin"],
        ["chat", "--now", "9999-12-31T23:59", "--zone", "Pacific/Kiritimati"],
        ["advise", "outcome=offer", "--language", "xx"],
    ],
)
def test_what_lies_outside_is_said_kindly(arguments: list[str]) -> None:
    done = afterword(*arguments)
    assert done.returncode == 1
    assert "Traceback" not in err(done)
    assert err(done).strip()


def test_waiting_for_ever_ends() -> None:
    done = afterword("chat", typed=":wait 9999w\n" * 45)
    assert done.returncode == 0
    assert "Traceback" not in err(done)


@pytest.mark.parametrize(
    "damage",
    [
        {"working_days": [9]}, {"working_days": []}, {"answers": ["a"]}, {"answers": {"a": 1}}, {"turn": "x"},
        {"flow": ["a"]}, {"zone": 5}, {"stage": "gone"}, {"others": "abc"}, {"extra": 1},
    ],
)  # fmt: skip
def test_no_damaged_session_is_taken_for_one(damage: dict[str, object]) -> None:
    whole = Session("after_interview").to_json()
    assert Session.from_json(json.loads(json.dumps(whole))) == Session("after_interview")
    with pytest.raises(ValueError, match="conversation"):
        Session.from_json({**whole, **damage})


def test_saving_leaves_other_files_alone(tmp_path: Path) -> None:
    precious, link = tmp_path / "precious.txt", tmp_path / "link.yaml"
    precious.write_text("mine")
    link.symlink_to(precious)
    done = afterword(
        "chat", typed=f":save {precious}\n:save {link}\n:save {tmp_path}/a\0b\n:save {tmp_path}/t.yaml\n" * 2
    )
    assert done.returncode == 0, err(done)
    assert precious.read_text() == "mine"
    assert link.is_symlink()
    assert out(done).count("I leave it alone") == 4
    assert out(done).count("Saved to") == 2


def test_going_ahead_is_offered_only_against_an_advice_and_can_be_taken_back() -> None:
    ready = "no\nWell\nNothing yet\n1\nno\nwarm\n2026-11-10\nYes\nfree\nYes\nDana\nAnalyst\nbilling\nSam\n"
    done = afterword("chat", "--now", "2026-11-23T10:00", typed=ready)
    assert "What next?" in out(done)
    assert "anyway" not in out(done)
    wait = "no\nWell\nNothing yet\n1\nno\nwarm\nfriday\nNot yet\nfree\nYes\nDana\nAnalyst\nX\nbilling\nSam\n"
    done = afterword(
        "chat", "--now", "2026-11-23T10:00", typed=wait + "I'll connect now anyway\nIn person\n:back\n:back\n"
    )
    assert "You go ahead against the advice" in out(done)
    assert out(done).rstrip().splitlines()[-8].endswith("I'll connect now anyway")


def test_figures_to_choose_from_are_not_numbered_once_more() -> None:
    ready = "no\nWell\nNothing yet\n1\nno\nwarm\n2026-11-10\nYes\nfree\nYes\nDana\nAnalyst\nbilling\nSam\n"
    typed = ready + "Add a detail\nLinkedIn notes left this month\n0\n"
    done = afterword("chat", "--now", "2026-11-23T10:00", typed=typed)
    assert "    • 0\n    • 1\n" in out(done)
    assert "no personalised notes left" in out(done)
