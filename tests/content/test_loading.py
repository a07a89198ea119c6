"""Loading as a whole: many faults at once, missing and strange files, hostile bytes, and what is never run."""

import os
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.app.content import check
from bot.content.loader import load
from bot.core.dialogue.engine import advance
from bot.core.dialogue.session import Said, Session, Started
from bot.core.issues import Issue
from bot.core.library import Library
from tests.conftest import NOW
from tests.support.candidate import TYPED
from tests.support.examples import examples
from tests.support.planted_faults import FAULTS
from tests.support.planting import copied, plant
from tests.support.small import small
from tests.support.unprivileged import NOBODY, unprivileged


def found(content: Path) -> list[Issue]:
    return check(content)[1]


def test_five_faults_in_five_files_give_five_findings_in_file_order(tmp_path: Path) -> None:
    names = ["a target that is no step", "a reminder that is none", "a cautious value that is none",
             "a limit without its source", "a blank as wide as a house"]  # fmt: skip
    faults = [fault for fault in FAULTS if fault.name in names]
    assert len({fault.file for fault in faults}) == 5
    plant(copied(tmp_path), faults)
    issues = found(tmp_path)
    assert sorted(issue.code for issue in issues) == sorted(fault.code for fault in faults)
    assert [issue.place for issue in issues] == sorted(issue.place for issue in issues)


def test_five_faults_in_one_file_give_five_findings(tmp_path: Path) -> None:
    names = {"a key that is none", "a value that is none", "a way back up", "a step called state", "an anchor"}
    faults = [f for f in FAULTS if f.name in names]
    faults = [f for f in faults if f.name != "an anchor"] + [f for f in FAULTS if f.name == "two steps of one name"]
    plant(copied(tmp_path), faults)
    assert sorted(issue.code for issue in found(tmp_path)) == sorted(fault.code for fault in faults)


@pytest.mark.slow
def test_a_note_that_outgrows_its_limit_at_the_longest_blanks_is_found_for_premium_too(tmp_path: Path) -> None:
    limits = copied(tmp_path) / "flows" / "limits.yaml"
    limits.write_text(limits.read_text(encoding="utf-8").replace("premium: 300", "premium: 90"), encoding="utf-8")
    assert {issue.code for issue in found(tmp_path)} == {"note-too-long"}


# -- files -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["facts", "claims", "limits", "notes", "reminders"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    (small(tmp_path) / "flows" / f"{name}.yaml").unlink()
    assert (f"flows/{name}.yaml", "missing-file") in [(i.place.file, i.code) for i in found(tmp_path)]


@pytest.mark.parametrize("name", ["claims", "limits", "notes", "reminders"])
def test_what_stood_in_a_missing_file_is_not_reported_a_second_time(tmp_path: Path, name: str) -> None:
    (small(tmp_path) / "flows" / f"{name}.yaml").unlink()
    assert len(found(tmp_path)) == 1


def test_missing_folders_are_named(tmp_path: Path) -> None:
    issues = found(tmp_path / "nowhere")
    assert [(i.place.file, i.code) for i in issues] == [("flows", "missing-file"), ("messages/en", "missing-file")]


def test_a_file_with_another_ending_is_not_overlooked(tmp_path: Path) -> None:
    (copied(tmp_path) / "flows" / "follow_up.yml").write_text("flow: follow_up\n")
    (issue,) = found(tmp_path)
    assert (issue.code, issue.instead) == ("wrong-ending", "Call it follow_up.yaml.")


def test_two_conversations_of_one_name_are_found(tmp_path: Path) -> None:
    flows = copied(tmp_path) / "flows"
    (flows / "again.yaml").write_bytes((flows / "after_interview.yaml").read_bytes())
    (issue,) = found(tmp_path)
    assert issue.code == "duplicate-id"
    assert "flows/after_interview.yaml" in issue.what or "flows/again.yaml" in issue.what


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    file = small(tmp_path) / "flows" / "claims.yaml"
    file.unlink()
    file.mkdir()
    (issue,) = found(tmp_path)
    assert (issue.place.file, issue.code) == ("flows/claims.yaml", "unreadable-file")


def test_folders_that_nobody_may_look_at_are_named_with_what_to_do(tmp_path: Path) -> None:
    issues = found(tmp_path / ("x" * 300))  # no folder can have such a name
    assert [(i.place.file, i.code) for i in issues] == [("flows", "unreadable-file"), ("messages", "unreadable-file")]
    assert issues[0].what == "the folder cannot be read: File name too long."
    assert "See to its rights" in issues[0].instead


@pytest.mark.skipif(os.name != "posix", reason="rights and users are POSIX's")
@pytest.mark.parametrize("folder", ["flows", "flows/rules", "flows/cases", "messages", "messages/en"])
@pytest.mark.parametrize("rights", [0o000, 0o400, 0o100])
def test_a_locked_folder_is_named_and_not_taken_for_a_missing_one(folder: str, rights: int) -> None:
    with tempfile.TemporaryDirectory() as open_to_all:
        content = small(Path(open_to_all))
        content.chmod(0o755)
        assert load(content / "flows", content / "messages").issues == ()
        if os.geteuid() == 0:
            os.chown(content / folder, NOBODY, NOBODY)
        (content / folder).chmod(rights)
        try:
            with unprivileged():
                issues = load(content / "flows", content / "messages").issues
        finally:
            (content / folder).chmod(0o700)
    assert (folder, "unreadable-file") in [(i.place.file, i.code) for i in issues]
    assert "missing-file" not in [i.code for i in issues]


# -- hostile files -----------------------------------------------------------------------------------------------------

BOMB = "a: &a [x, x]\n" + "".join(f"{c}: &{c} [*{p}, *{p}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True))
HOSTILE = {
    "deep lists": b"facts: " + b"[" * 5000,
    "deep tables": b"".join(b" " * n + b"a:\n" for n in range(5000)),
    "10 MB": b"facts:\n" + b"  - x\n" * 1_700_000,
    "an alias bomb": BOMB.encode(),
    "a cycle": b"facts: &a [*a]\n",
    "a merge": b"base: &b {x: 1}\nfacts:\n  <<: *b\n",
    "a tag": b'facts: !!python/object/apply:os.system ["touch RAN"]\n',
    "a new object": b"facts: !!python/object/new:subprocess.Popen [[touch, RAN]]\n",
    "a name": b"facts: !!python/name:os.system\n",
    "not UTF-8": b"facts: \xff\xfe\n",
    "UTF-16": "facts: {}".encode("utf-16"),
    "zero bytes": b"facts: \x00\n",
    "nothing": b"",
    "two documents": b"facts: {}\n---\nfacts: {}\n",
    "only a list": b"- 1\n",
    "carriage returns": b"facts:\r  a: b\r",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_its_place_and_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (small(tmp_path) / "flows" / "facts.yaml").write_bytes(HOSTILE[name])
    loaded = load(tmp_path / "flows", tmp_path / "messages")
    assert loaded.library is None
    assert "flows/facts.yaml" in {issue.place.file for issue in loaded.issues}
    assert not (tmp_path / "RAN").exists()


@settings(max_examples=examples(30))
@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda t: t.encode("utf-8", "surrogatepass"))))
def test_whatever_the_bytes_are_nothing_is_raised(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    content = small(tmp_path_factory.mktemp("content"))
    (content / "flows" / "facts.yaml").write_bytes(raw)
    assert load(content / "flows", content / "messages").issues


@pytest.mark.parametrize("seed", range(16))
def test_a_careless_edit_is_found_or_leaves_a_conversation_that_ends(tmp_path: Path, seed: int) -> None:
    """Lines deleted, doubled, swapped or cut: the checker speaks up, or the dialogue still comes to its end."""
    edited_carelessly(small(tmp_path), "small", seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(16))
def test_a_careless_edit_of_the_shipped_content_is_found_or_leaves_a_conversation_that_ends(
    tmp_path: Path, seed: int
) -> None:
    edited_carelessly(copied(tmp_path), "after_interview", seed)


def edited_carelessly(content: Path, flow: str, seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - a reproducible choice, not a secret
    file = draw.choice(sorted(content.rglob("*.yaml")))
    lines = file.read_text(encoding="utf-8").split("\n")
    one, other = draw.randrange(1, len(lines)), draw.randrange(1, len(lines))
    match draw.choice(["delete", "double", "swap", "cut"]):
        case "delete":
            del lines[one]
        case "double":
            lines.insert(one, lines[one])
        case "swap":
            lines[one], lines[other] = lines[other], lines[one]
        case "cut":
            lines[one] = lines[one][: len(lines[one]) // 2]
    file.write_text("\n".join(lines), encoding="utf-8")
    context, issues = check(content)
    if not issues:
        assert context is not None
        assert ends(context.library, flow)


def ends(library: Library, flow: str) -> bool:
    """Tell whether a candidate who always takes the first option comes to the end."""
    turn = advance(library, Session(flow=flow), Started(), NOW)
    for _ in range(16):
        last = turn.messages[-1]
        if last.kind == "menu":
            return True
        text = last.options[0].label if last.options else TYPED[last.name.removeprefix("question ")]
        turn = advance(library, turn.session, Said(text), NOW)
    return False
