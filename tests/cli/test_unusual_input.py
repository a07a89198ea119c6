"""What people type at the edges: odd JSON, the ends of the calendar, damaged files, names of other files."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from bot.cli import advise as batch
from bot.core.advice.calendar import BEYOND
from bot.core.dialogue.advisor import Adviser
from bot.core.dialogue.session import Session
from bot.core.library import Library
from tests.conftest import NOW
from tests.support.command_line import ROOT, afterword, err, out
from tests.support.kept_chats import kept_in

K10 = {"outcome": "offer", "company": "X", "me": "S", "account": "free"}


@pytest.mark.parametrize("value", [{"a": 1}, ["x"], 1.5, 7, True])
def test_what_is_no_text_never_becomes_a_name(value: object) -> None:
    answer = json.loads(out(afterword("advise", "--batch", typed=json.dumps({**K10, "first": value}))))
    assert "cannot be" in answer["error"]


@pytest.mark.parametrize(
    ("fact", "value", "way_out"),
    [("interviewed_on", 20261120, "2026-11-20"), ("profile", 1, "quotes"), ("tone", True, "quotes")],
)
def test_a_value_of_another_kind_is_refused_with_the_way_out(fact: str, value: object, way_out: str) -> None:
    error = json.loads(out(afterword("advise", "--batch", typed=json.dumps({fact: value}))))["error"]
    assert error.startswith(f"{fact} cannot be ")
    assert way_out in error


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
    facts = {"experience": "positive", "tone": "reserved", "thanks": "sent", "elapsed": "silent"}
    slots = {"first": "D", "job": "J", "topic": "t", "me": "M", "company": "c"}
    answer = json.loads(out(afterword("advise", "--batch", typed=json.dumps({**facts, **slots}))))
    assert answer["mails"] == ["E2"]
    assert answer["mail_texts"] == []
    assert answer["missing"] == ["interviewed_on"]


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
    assert out(done).count("I've left it alone") == 4
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
    assert "You're going ahead against my advice" in out(done)
    last_menu = out(done).rpartition("What next?")[2]
    assert "I'll connect now anyway" in last_menu


def test_figures_to_choose_from_are_not_numbered_once_more() -> None:
    ready = "no\nWell\nNothing yet\n1\nno\nwarm\n2026-11-10\nYes\nfree\nYes\nDana\nAnalyst\nbilling\nSam\n"
    typed = ready + "Add a detail\nNotes left this month\n0\n"
    done = afterword("chat", "--now", "2026-11-23T10:00", typed=typed)
    assert "    • 0\n    • 1\n" in out(done)
    assert "out of personalised notes" in out(done)


def test_bytes_that_are_no_utf8_end_neither_a_batch_nor_a_talk() -> None:
    strict = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "utf-8:strict"}
    done = afterword("advise", "--batch", typed=b'{"first": "\xff"}\n{"outcome": "offer"}\n', **strict)
    answers = [json.loads(line) for line in out(done).splitlines()]
    assert [answer.get("error") for answer in answers] == ["this is no UTF-8", None]
    done = afterword("chat", typed=b"\xff\xfe\n1\n", **strict)
    assert done.returncode == 0, err(done)
    assert "Question 2 of up to" in out(done)


def test_half_a_character_in_a_name_is_never_printed() -> None:
    done = afterword("advise", "--batch", typed='{"outcome": "offer", "first": "\\ud800"}\n')
    assert "first" in json.loads(out(done))["missing"]


def test_no_unknown_fact_is_passed_over_even_as_null() -> None:
    assert (
        "There is no fact 'nonsense'."
        in json.loads(out(afterword("advise", "--batch", typed='{"nonsense": null}')))["error"]
    )


def test_a_fact_given_twice_is_refused() -> None:
    done = afterword("advise", "outcome=offer", "outcome=none")
    assert done.returncode == 1
    assert "'outcome' is given twice" in err(done)


def test_waiting_until_a_day_beyond_the_calendar_is_answered_kindly() -> None:
    typed = ":wait until 9999-12-31 23:59\n:wait until 0001-01-01\n:wait until 2199-12-31\n:wait 9w\n"
    done = afterword("chat", "--zone", "Pacific/Honolulu", typed=typed)
    assert done.returncode == 0, err(done)
    assert out(done).count(f"before the year {BEYOND}") == 3
    assert "31 December, 09:00" in out(done)


def test_a_damaged_session_says_which_part_is_odd() -> None:
    with pytest.raises(ValueError, match="its turn cannot be"):
        Session.from_json({**Session("after_interview").to_json(), "turn": -1})


def test_a_talk_is_kept_in_files_only_and_links_are_followed(tmp_path: Path) -> None:
    pipe, kept, link = (tmp_path / name for name in ("pipe", "kept.db", "link.db"))
    os.mkfifo(pipe)
    done = afterword(*kept_in(pipe), typed="1\n", DATA_KEY_FILE=str(tmp_path / "key"))
    assert done.returncode == 1
    assert str(pipe) in err(done)
    assert "Traceback" not in err(done)
    link.symlink_to(kept)
    assert afterword(*kept_in(link), typed="1\n", DATA_KEY_FILE=str(tmp_path / "key")).returncode == 0
    assert link.is_symlink()
    assert kept.stat().st_size


def test_where_a_talk_cannot_be_kept_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    target = tmp_path / "file" / "talk.db"
    done = afterword(*kept_in(target), typed="1\n", DATA_KEY_FILE=str(tmp_path / "key"))
    assert done.returncode == 1
    assert f"cannot be kept. {target}: " in err(done)


def test_a_target_that_is_somebody_elses_is_refused_before_the_talk(tmp_path: Path) -> None:
    precious = tmp_path / "precious.txt"
    precious.write_text("mine")
    done = afterword("chat", "--save", str(precious), typed="1\n")
    assert done.returncode == 1
    assert "I've left it alone" in err(done)
    assert out(done) == ""
    assert precious.read_text() == "mine"


def renamed(folder: Path, name: str, *, keep: bool) -> Path:
    """Copy the content with its flow called `name`, beside the old one or instead of it."""
    for part in ("flows", "messages"):
        shutil.copytree(ROOT / part, folder / part)
    flow = folder / "flows" / "after_interview.yaml"
    text = flow.read_text(encoding="utf-8").replace("flow: after_interview", f"flow: {name}", 1)
    (folder / "flows" / f"{name}.yaml").write_text(text, encoding="utf-8")
    if not keep:
        flow.unlink()
    return folder


def test_the_only_flow_is_taken_whatever_it_is_called(tmp_path: Path) -> None:
    content = str(renamed(tmp_path, "after_the_talk", keep=False))
    assert afterword("chat", "--content", content, typed="1\n").returncode == 0
    assert afterword("advise", "--content", content, "outcome=offer").returncode == 0


def test_of_several_flows_one_is_named(tmp_path: Path) -> None:
    content, saved = str(renamed(tmp_path, "second_round", keep=True)), tmp_path / "talk.yaml"
    here = kept_in(tmp_path / "kept.db", "--content", content)
    key = {"DATA_KEY_FILE": str(tmp_path / "key")}
    done = afterword(*here, "--flow", "second_round", typed="1\n", **key)
    assert done.returncode == 0, err(done)
    assert afterword(*here, "--save", str(saved), typed="", **key).returncode == 0
    assert saved.read_text().startswith('flow: "second_round"')  # that of its first start
    gone = afterword(*kept_in(tmp_path / "kept.db"), typed="", **key)
    assert gone.returncode == 1
    assert "belongs to the flow 'second_round', which there is not any more" in err(gone)
    for command in (["chat"], ["advise", "outcome=offer"]):
        done = afterword(*command, "--content", content, "--flow", "third")
        assert done.returncode == 1
        assert "There is no flow 'third'. Known: after_interview, follow_up, second_round." in err(done)


def test_the_form_of_a_picture_is_read_in_capitals_too(tmp_path: Path) -> None:
    file = tmp_path / "x.MMD"
    assert afterword("draw", "after_interview", "-o", str(file)).returncode == 0
    assert file.read_bytes().startswith(b"---")
    done = afterword("draw", "after_interview", "--language", "xx")
    assert done.returncode == 1
    assert "no messages in 'xx'" in err(done)


def test_a_long_batch_remembers_only_so_much(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MOST_REMEMBERED", 2)
    adviser = Adviser(library, "after_interview", NOW, language="en", zone="Europe/Berlin")
    written: dict[object, str] = {}
    for name in "ABCDE":
        batch._answer(lambda _day: adviser, json.dumps({**K10, "first": name}), written)
        assert len(written) <= 2


def test_a_resumed_talk_is_saved_with_what_was_known_before_and_replays(tmp_path: Path) -> None:
    where, saved = kept_in(tmp_path / "kept.db"), tmp_path / "talk.yaml"
    key = {"DATA_KEY_FILE": str(tmp_path / "key")}
    first = "no\nWell\nNothing yet\n1\nno\nwarm\nfriday\nNot yet\nfree\nYes\nDana\nAnalyst\nX\nbilling\nSam\n"
    assert afterword(*where, typed=first + "Another interviewer there\n", **key).returncode == 0
    done = afterword(*where, "--save", str(saved), typed=":why\n1\n1\n:back\n:wait 1d\n", **key)
    assert "Welcome back" in out(done) or "Question" in out(done)
    text = saved.read_text()
    assert "\nstart:\n" in text
    assert "carried:" in text
    again = afterword("chat", "--script", str(saved))
    assert again.returncode == 0, err(again)


def test_where_a_talk_cannot_be_saved_is_said_before_it_begins(tmp_path: Path) -> None:
    done = afterword("chat", "--save", str(tmp_path / "nowhere" / "talk.yaml"), typed="No\n")
    assert done.returncode == 1
    assert "cannot be written" in err(done) or "No such file" in err(done)
    assert "Connected already" not in out(done)


def test_a_batch_and_facts_are_one_too_many() -> None:
    done = afterword("advise", "outcome=none", "--batch", typed="")
    assert done.returncode == 1
    assert "Leave out 'outcome=none', or leave out --batch." in err(done)


def test_an_answer_to_an_offer_that_nobody_made_is_told_so() -> None:
    shown = out(afterword("chat", typed=":remind yes\n:nonsense\n"))
    assert "There's nothing to answer that way right now." in shown
    assert shown.count("I don't know that command.") == 1
