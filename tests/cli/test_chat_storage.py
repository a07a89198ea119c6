"""A talk that is kept with --db: shown again where it stands, opened from any folder, held in two windows."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_line import ROOT, afterword, err, out
from tests.support.kept_chats import SCRIPT, kept_in

TO_THE_ADVICE = "1\n1\n1\n1\n2\n1\ntoday\n2\n"
ADVICE = "Send a thank-you email now. Then connect on LinkedIn from Thursday 26 November."


def test_whoever_comes_back_reads_the_advice_and_the_offer_again(tmp_path: Path) -> None:
    kept = kept_in(tmp_path / "talk.db")
    assert ADVICE in out(afterword(*kept, typed=TO_THE_ADVICE))
    shown = out(afterword(*kept, typed=":remind yes\n"))
    assert shown.index("Welcome back") < shown.index(ADVICE) < shown.index("Shall I remind you on")
    assert shown.index("Shall I remind you on") < shown.index("Which LinkedIn account") < shown.index("I'll write")
    again = out(afterword(*kept))
    assert ADVICE in again
    assert "Shall I remind you on" not in again  # that was answered


def test_whoever_comes_back_finds_the_texts_again_and_a_moved_reminder_where_it_was_put(tmp_path: Path) -> None:
    kept = kept_in(tmp_path / "talk.db")
    moved = ":remind yes\n:reminders\n2\n1\n4 December 15:00\n"
    done = out(afterword(*kept, typed=SCRIPT + moved))
    assert "I'll write to you on Monday 23 November" in done
    shown = out(afterword(*kept, typed=":reminders\n"))
    assert "\nHi Dana, " in shown
    assert "What next?" in shown
    assert "Friday 4 December, 15:00" in shown.partition("Here are your reminders")[2]


def test_a_question_of_the_desk_left_open_does_not_catch_the_next_answer(tmp_path: Path) -> None:
    kept = kept_in(tmp_path / "talk.db")
    assert afterword(*kept, typed=f"{TO_THE_ADVICE}:remind yes\n:reminders\n").returncode == 0
    shown = out(afterword(*kept, typed="Free\n"))
    assert "Is your LinkedIn profile up to date" in shown.partition("> Free")[2]


def test_what_fell_due_meanwhile_stands_below_the_welcome(tmp_path: Path) -> None:
    kept = tmp_path / "talk.db"
    assert afterword(*kept_in(kept), typed=f"{SCRIPT}:remind yes\n").returncode == 0
    shown = out(afterword(*kept_in(kept, "--now", "2026-11-26T11:00")))
    assert shown.index("Welcome back") < shown.index("has your thank-you gone out?") < shown.index("What next?")


# -- the key -----------------------------------------------------------------------------------------------------------


def test_the_key_lies_beside_the_file_so_that_any_folder_will_do(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    assert afterword("chat", "--db", "talk.db", typed="1\n1\n", cwd=here).returncode == 0
    assert sorted(file.name for file in here.iterdir()) == ["talk.db", "talk.db.key"]
    assert (here / "talk.db.key").stat().st_mode & 0o077 == 0
    done = afterword("chat", "--db", "../here/talk.db", cwd=there)
    assert "Question 3 of" in out(done), err(done)
    assert list(there.iterdir()) == []


def test_a_talk_begun_before_keys_lay_beside_is_still_opened_and_its_key_asked_for_elsewhere(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    old = {"DATA_KEY_FILE": str(tmp_path / "data.key")}  # where it was without a word
    assert afterword("chat", "--db", "talk.db", typed="1\n", cwd=tmp_path, **old).returncode == 0
    assert "Question 2 of" in out(afterword("chat", "--db", "talk.db", cwd=tmp_path))
    lost = afterword("chat", "--db", "../talk.db", cwd=elsewhere)
    assert lost.returncode == 2
    assert f"its key is not beside it ({tmp_path / 'talk.db.key'}). Put it there, or set DATA_KEY_FILE" in err(lost)
    assert list(elsewhere.iterdir()) == []
    assert not (tmp_path / "talk.db.key").exists()  # a new one would open nothing


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "--db: it names no file. Write one, such as --db talk.db, or leave --db out"),
        (":memory:", "--db: what is kept in :memory: is lost at the end. Write a file"),
        ("postgresql://me:secret@host/name", "--db: it takes a file, not an address. Write one"),
        ("here", "here: the database cannot be opened: Is a directory"),
        ("file/talk.db", "file/talk.db: file is no folder"),
        ("prose.txt", "prose.txt: it is no SQLite database and was left as it is. Name another file"),
    ],
)
def test_what_no_talk_can_be_kept_in_is_said_in_the_words_of_the_option(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "prose.txt").write_text("precious")
    before = sorted(tmp_path.iterdir())
    done = afterword("chat", "--db", name, typed="1\n", cwd=tmp_path)
    assert done.returncode == 1
    assert words in err(done)
    assert "DATABASE_URL" not in err(done)
    assert "secret" not in err(done)
    assert sorted(tmp_path.iterdir()) == before


def test_a_folder_that_nobody_may_look_into_is_said_with_what_to_do(tmp_path: Path) -> None:
    """No name may be as long as this one's, and a folder may be locked; root enters that all the same."""
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o000)
    try:
        for folder in ["x" * 300, *([] if os.access(locked, os.X_OK) else ["locked/inside"])]:
            done = afterword("chat", "--db", f"{folder}/talk.db", typed="1\n", cwd=tmp_path)
            assert done.returncode == 1
            assert "Traceback" not in err(done)
            reason = "Permission denied" if "/" in folder else "File name too long"
            said = (
                f"{folder}/talk.db: the folder {folder} cannot be looked at: {reason}. See to its rights and to those"
            )
            assert f"{said} of the folders above it, or name another file." in err(done)
    finally:
        locked.chmod(0o700)
    assert list(tmp_path.iterdir()) == [locked]


# -- two windows -------------------------------------------------------------------------------------------------------


def test_an_answer_is_never_taken_for_that_to_a_question_another_window_has_moved_on_to(tmp_path: Path) -> None:
    kept = kept_in(tmp_path / "talk.db")
    command = [sys.executable, "-u", "-m", "bot", *kept]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as first:
        assert first.stdin
        assert first.stdout
        first.stdin.write(b"1\n")
        first.stdin.flush()
        for line in first.stdout:
            if b"Question 2 of" in line:
                break
        looked = out(afterword(*kept))  # a second window that only looks changes nothing in the first
        assert "Question 2 of" in looked
        assert "Question 4 of" in out(afterword(*kept, typed="Well\nNothing yet\n"))
        shown, _ = first.communicate(b"1\n2\n", timeout=60)
    refused, _, taken = shown.decode().partition("> 1\n")[2].partition("> 2\n")
    assert "gone on with this conversation in another window, so I didn't use what you typed" in refused
    assert "Question 4 of" in refused
    assert "Who did you talk to?" in refused
    assert "gone on with this conversation in another window" not in taken
    assert "Question 5 of" in taken
