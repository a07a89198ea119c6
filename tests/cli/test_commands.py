"""The commands as people type them: what they print, and how they fail."""

import asyncio
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.core.chat.person import Key, Person, TurnResult
from bot.storage.database import Database
from bot.storage.encryption import Cipher
from bot.storage.migrate import upgrade
from tests.conftest import NOW
from tests.support.command_line import ROOT, afterword, err, out
from tests.support.etiquette_table import DOMAINS, VERDICTS, table
from tests.support.kept_chats import SCRIPT, kept_in

# -- talking -----------------------------------------------------------------------------------------------------------


def test_piped_output_is_plain() -> None:
    done = afterword("chat", "--now", "2026-11-23T10:00", typed=SCRIPT)
    assert "\x1b" not in out(done)
    note = next(line for line in out(done).splitlines() if line.startswith("Hi Dana, "))
    assert f"{len(note)}/200 characters" in out(done)


def test_a_killed_talk_goes_on_where_it_was(tmp_path: Path) -> None:
    """A real process, killed with SIGKILL the moment its next question is on the screen."""
    kept, key = tmp_path / "talk.db", {"DATA_KEY_FILE": str(tmp_path / "talk.key")}
    command = [sys.executable, "-u", "-m", "bot", *kept_in(kept)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ, **key}
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(b"1\n1\n1\n")
        process.stdin.flush()
        for line in process.stdout:
            if b"Who did you talk to?" in line:
                process.kill()
    assert kept.stat().st_mode & 0o077 == 0  # nobody else may read it
    done = afterword(*kept_in(kept), typed="", **key)
    assert "Welcome back" in out(done), err(done)
    assert "Who did you talk to?" in out(done)


def test_what_is_no_database_of_ones_own_is_said_and_left_alone(tmp_path: Path) -> None:
    kept, key = tmp_path / "talk.db", {"DATA_KEY_FILE": str(tmp_path / "talk.key")}
    kept.write_text("precious" * 1000)
    assert afterword(*kept_in(tmp_path / "other.db"), typed="1\n", **key).returncode == 0
    lost = {"DATA_KEY_FILE": str(tmp_path / "2")}
    for file, keys, status in ((kept, key, 1), (tmp_path, key, 1), (tmp_path / "other.db", lost, 2)):
        done = afterword(*kept_in(file), typed="1\n", **keys)
        assert done.returncode == status, file
        assert "Traceback" not in err(done), file
        assert str(file) in err(done)
        assert out(done) == ""
    assert kept.read_text() == "precious" * 1000
    assert not (tmp_path / "2").exists(), "no new key was made"


def test_a_reminder_that_fell_due_while_nobody_was_there_is_said_on_return(tmp_path: Path) -> None:
    kept, key = tmp_path / "talk.db", {"DATA_KEY_FILE": str(tmp_path / "talk.key")}
    done = afterword(*kept_in(kept), typed=f"{SCRIPT}:remind yes\n", **key)
    assert "I'll write to you" in out(done)
    saved = tmp_path / "talk.yaml"
    later = ["--now", "2026-11-27T11:00", "--save", str(saved)]
    done = afterword(*kept_in(kept, *later), typed=":reminders\n", **key)
    assert ":remind 1" in out(done), err(done)
    assert "reminder " in saved.read_text()
    again = afterword("chat", "--script", str(saved))
    assert again.returncode == 0, err(again)  # what was planned before is saved, too
    done = afterword(*kept_in(kept, *later[:2]), typed="", **key)
    assert ":remind 1" not in out(done)  # once


def test_the_database_of_a_bot_is_left_to_it(tmp_path: Path) -> None:
    file, key = tmp_path / "bot.db", tmp_path / "talk.key"

    async def somebody_talks_to_a_bot() -> None:
        upgrade(f"sqlite:///{file}")
        store = await Database.open(f"sqlite:///{file}", Cipher.from_file(key))
        await store.turn(1, Key(7, 7, 0, 7), lambda _: TurnResult(Person()), NOW)
        await store.close()

    asyncio.run(somebody_talks_to_a_bot())
    done = afterword(*kept_in(file), typed="1\n", DATA_KEY_FILE=str(key))
    assert done.returncode == 1
    assert "a bot keeps its people there" in err(done)


def test_a_talk_is_saved_and_played_again(tmp_path: Path) -> None:
    file = tmp_path / "talk.yaml"
    done = afterword("chat", "--now", "2026-11-23T10:00", typed=f"1\n1\n:why\n:back\n:wait 1d\n:save {file}\n:quit\n")
    assert f"Saved to {file}" in out(done)
    again = afterword("chat", "--script", str(file))
    assert again.returncode == 0, err(again)
    assert "How did the interview go" in out(again)
    file.write_text(file.read_text().replace("question experience", "question tone", 1))
    changed = afterword("chat", "--script", str(file))
    assert changed.returncode == 1
    assert "the bot now says 'question experience'" in err(changed)


@pytest.mark.parametrize(
    "typed", [":nonsense\n", ":wait soon\n", ":save /nowhere/at/all.yaml\n", "\x00\n", "\n\n", b"\xff\xfe\n"]
)
def test_a_strange_line_is_answered_and_the_talk_goes_on(typed: str | bytes) -> None:
    line = typed if isinstance(typed, bytes) else typed.encode()
    done = afterword("chat", typed=line + b"1\n")
    assert done.returncode == 0, err(done)
    assert "Traceback" not in err(done)
    assert "Question 2 of up to" in out(done)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["chat", "--zone", "Europe/Berln"], "Did you mean 'Europe/Berlin'?"),
        (["chat", "--now", "soon"], "2026-11-23T10:00"),
        (["chat", "--language", "xx"], "Known: en"),
        (["chat", "--script", "/nowhere.yaml"], "cannot be read"),
        (["chat", "--content", "/nowhere"], "flows"),
        (["advise", "outcom=none"], "Did you mean 'outcome'?"),
        (["advise", "outcome=positiv"], "Did you mean 'positive'?"),
        (["advise", "outcome"], "fact=value"),
        (["advise", "--today", "soon"], "2026-11-23"),
        (["advise", "interviewed_on=2030-01-01"], "future"),
        (["advise", "elapsed=silent", "interviewed_on=2026-11-23", "--today", "2026-11-23"], "contradict each other"),
        (["advise", "topic=" + "x" * 61], "at most 60"),
        (["draw", "after"], "after_interview"),
        (["draw", "after_interview", "-o", "x.gif"], ".svg"),
        (["draw", "after_interview", "-o", "/nowhere/x.mmd"], "cannot be written"),
    ],
)
def test_a_wrong_argument_is_named_with_the_way_out(arguments: list[str], words: str) -> None:
    done = afterword(*arguments)
    assert done.returncode == 1
    assert words in err(done)
    assert "Traceback" not in err(done)


# -- advising ----------------------------------------------------------------------------------------------------------


def test_advise_in_words() -> None:
    done = afterword(
        "advise", "experience=positive", "tone=rapport", "interviewed_on=2026-11-20", "--today", "2026-11-23"
    )
    assert "Wednesday 25 November" in out(done)


def test_advise_as_json_names_what_it_assumed() -> None:
    facts = ["relation=none", "experience=positive", "outcome=none", "tone=rapport", "elapsed=ready", "thanks=sent"]
    slots = ["first=Dana", "job=Data Analyst", "topic=Kubernetes", "me=Sam", "account=premium", "profile=ready"]
    answer = json.loads(out(afterword("advise", *facts, *slots, "--today", "2026-11-23", "--json")))
    assert (answer["verdict"], answer["rule"], answer["note"]) == ("connect_now", "R22", "K2")
    assert answer["text"].startswith("Hi Dana")
    assert answer["size"] == len(answer["text"]) <= answer["limit"] == 300
    assert answer["assumed"]["role"] == "hiring_manager"
    assert "tone" not in answer["assumed"]
    assert answer["gates"] == []
    assert answer["cites"][0] == "C20"


def test_facts_that_cannot_matter_are_ignored() -> None:
    one = json.loads(out(afterword("advise", "relation=connected", "--json", "--today", "2026-11-23")))
    other = json.loads(
        out(
            afterword("advise", "relation=connected", "tone=reserved", "thanks=sent", "--json", "--today", "2026-11-23")
        )
    )
    assert one == other


def test_every_thirty_seventh_combination_through_the_batch() -> None:
    """Exactly one row each, as the plain table has it; that all have their row is tried without the plans."""
    are_answered_as_the_table_has_it(people_of_all_kinds()[::37])


@pytest.mark.slow
def test_all_25920_combinations_through_the_batch() -> None:
    people = people_of_all_kinds()
    assert len(people) == 25920
    are_answered_as_the_table_has_it(people)


def people_of_all_kinds() -> list[dict[str, str]]:
    return [dict(zip(DOMAINS, values, strict=True)) for values in itertools.product(*DOMAINS.values())]


def are_answered_as_the_table_has_it(people: list[dict[str, str]]) -> None:
    typed = "\n".join(map(json.dumps, people))
    done = afterword("advise", "--batch", "--today", "2026-11-23", typed=typed)
    answers = [json.loads(line) for line in out(done).splitlines()]
    for facts, answer in zip(people, answers, strict=True):
        assert (answer["rule"], answer["verdict"]) == (table(facts), VERDICTS[table(facts)]), facts
        assert {"note", "mails", "gates", "cites", "reminders", "text"} <= answer.keys()


def test_a_bad_line_gets_an_error_and_the_others_go_on() -> None:
    lines = [
        "{",
        "[]",
        '{"outcome": "x"}',
        '{"nonsense": 1}',
        '{"outcome": "offer"}',
        "null",
        '{"first": {"a": 1}}',
        "[" * 9999,
    ]
    done = afterword("advise", "--batch", typed="\n".join(lines) + "\n")
    answers = [json.loads(line) for line in out(done).splitlines()]
    assert ["error" in answer for answer in answers] == [True, True, True, True, False, True, True, True]
    assert "Traceback" not in err(done)
    assert answers[4]["rule"] == "R05"


# -- checking and drawing ----------------------------------------------------------------------------------------------


def test_check_finds_nothing_in_the_shipped_content_and_says_what_it_looked_at() -> None:
    done = afterword("check")
    assert done.returncode == 0, out(done)
    assert out(done).startswith("No issues. 2 conversations, ")
    assert "27 rules" in out(done)


def test_check_answers_machines() -> None:
    done = afterword("check", "--json", "--content", "/nowhere")
    assert done.returncode == 1
    issue = json.loads(out(done))["issues"][0]
    assert issue.keys() == {"file", "line", "column", "code", "what", "why", "instead", "talk"}


@pytest.mark.parametrize(
    ("form", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("mmd", b"---\nconfig:"), ("dot", b"digraph")]
)
def test_a_flow_is_drawn(tmp_path: Path, form: str, start: bytes) -> None:
    file = tmp_path / f"flow.{form}"
    done = afterword("draw", "after_interview", "-o", str(file))
    assert done.returncode == 0, err(done)
    assert file.read_bytes().startswith(start)
    assert len(file.read_bytes()) > 3000


def test_every_command_explains_itself() -> None:
    for command in ([], ["run"], ["chat"], ["advise"], ["check"], ["diff"], ["explain"], ["draw"]):
        done = afterword(*command, "--help")
        assert done.returncode == 0
        assert "Usage" in out(done)


def test_the_sample_in_the_readme_is_what_is_said() -> None:
    """The advice and the note of "Try it" are those of a real talk, whole; "…" stands for the e-mail."""
    sample = (ROOT / "README.md").read_text(encoding="utf-8").split("```text\n")[1].split("```")[0]
    typed = "no\nWell\nNothing yet\n1\nno\nwarm\nlast friday\nNot yet\nfree\nYes\n"
    slots = "Dana\nData Analyst\nNorthwind\nevent-driven billing\nSam\n"
    done = afterword("chat", "--now", "2026-11-23T10:00", "--zone", "Europe/Berlin", typed=typed + slots)
    advice, note = sample.split("\n…\n")
    assert f"\n\n{advice}\nFor your note · 1" in out(done)
    assert f"{note.rstrip()}\n\nWhat next?" in out(done)
