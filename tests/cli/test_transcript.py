"""Talks kept as files are played again, the session written out and read back at every turn."""

from pathlib import Path

import pytest

from bot.cli.transcript import Transcript, load, play, waited
from bot.content.yaml_reader import read
from bot.core.dialogue.session import Session
from bot.core.library import Library
from tests.conftest import NOW
from tests.support.candidate import Candidate

DIALOGUES = sorted((Path(__file__).parent.parent / "dialogues").rglob("*.yaml"))


@pytest.mark.parametrize("file", DIALOGUES, ids=lambda file: file.stem)
def test_a_kept_talk_goes_as_it_went(library: Library, file: Path) -> None:
    transcript, issues = load(file.read_text(encoding="utf-8"), file.name, list(library.flows))
    assert issues == []
    assert transcript is not None
    assert play(library, transcript, lambda _typed, _turn: None) == []


def test_there_are_talks_to_play() -> None:
    assert len(DIALOGUES) >= 6


def test_a_talk_is_saved_and_read_back_whatever_was_typed(library: Library) -> None:
    candidate = Candidate(library)
    candidate.type("No", "Well", "Nothing yet", "The hiring manager", ":back", 'quotes " and \\ and: # {x}', ":why")
    candidate.talk.wait("3d")
    kept = candidate.talk.transcript(Session(flow="after_interview", zone="Europe/Berlin"), NOW)
    again, issues = load(kept.dump(), "talk.yaml", list(library.flows))
    assert issues == []
    assert again is not None
    assert [(line.kind, line.text) for line in again.lines] == [(line.kind, line.text) for line in kept.lines]
    assert play(library, again, lambda _typed, _turn: None) == []


def test_a_talk_that_goes_differently_is_said_with_its_line(library: Library) -> None:
    text = DIALOGUES[0].read_text(encoding="utf-8")
    turned = text.replace("question experience", "question tone", 1)
    transcript, _ = load(turned, "talk.yaml", list(library.flows))
    assert transcript is not None
    (issue,) = play(library, transcript, lambda _typed, _turn: None)
    line = turned.splitlines().index('  - bot: "question tone"') + 1
    assert issue.place.line == line
    assert "question experience" in issue.what


def said_only(library: Library, lines: str) -> str:
    """Return what is found where the first question says no more than these lines; "" for nothing."""
    text = (
        f'flow: after_interview\nnow: "2026-11-23T10:00"\ntalk:\n  - bot: "notice hello"\n'
        f'  - bot: "question relation"\n    says_only: {lines}\n'
    )
    transcript, issues = load(text, "talk.yaml", list(library.flows))
    assert issues == []
    assert transcript is not None
    return "".join(issue.what for issue in play(library, transcript, lambda _typed, _turn: None))


def test_a_talk_can_name_all_that_is_said_so_that_nothing_is_added(library: Library) -> None:
    progress, question = "Question 1 of up to 8", "Are you already connected on LinkedIn?"
    assert said_only(library, f'["{progress}", "{question}"]') == ""
    assert said_only(library, f'["{question}"]') == f"'question relation' now says '{progress}', too."
    assert "in another order" in said_only(library, f'["{question}", "{progress}"]')
    assert "no longer says 'Hello.'" in said_only(library, '"Hello."')


@pytest.mark.parametrize(
    "text",
    [
        "",
        "just words",
        'flow: after_interview\nnow: "soon"\ntalk: []\n',
        'flow: other\nnow: "2026-11-23T09:00:00+00:00"\ntalk: []\n',
        'flow: after_interview\nnow: "2026-11-23T09:00:00+00:00"\ntalk:\n  - somebody: "x"\n',
        'flow: after_interview\nzone: Nowhere/Land\nnow: "2026-11-23T09:00:00+00:00"\ntalk: []\n',
        'talk: [!!python/object/apply:os.system ["true"]]\n',
        'flow: after_interview\nlanguage: xx\nnow: "2026-11-23T09:00:00+00:00"\ntalk: []\n',
        'flow: after_interview\nzone: Europe\nnow: "2026-11-23T09:00:00+00:00"\ntalk: []\n',
        'flow: after_interview\nnow: "9999-12-31T23:59-10:00"\ntalk: []\n',
        'flow: after_interview\nnow: "0001-01-01T00:00+10:00"\ntalk: []\n',
        'flow: after_interview\nnow: "2026-11-23T09:00:00+00:00"\nstart: [1]\ntalk: []\n',
        'flow: after_interview\nnow: "2026-11-23T09:00:00+00:00"\nstart: {zone: "UTC"}\ntalk: []\n',
        'flow: after_interview\nnow: "2026-11-23T09:00:00+00:00"\nstart: {answers: {"tone": 1}}\ntalk: []\n',
    ],
)
def test_what_is_no_transcript_is_refused_with_a_place(library: Library, text: str) -> None:
    transcript, issues = load(text, "talk.yaml", list(library.flows))
    assert transcript is None
    assert issues
    assert all(issue.place.file == "talk.yaml" for issue in issues)


@pytest.mark.parametrize("row", ['person: ":nonsense"', 'wait: "foo"', 'wait: "until 9999-12-31"'])
def test_a_line_that_nobody_can_take_is_said_with_its_line(library: Library, row: str) -> None:
    text = f'flow: after_interview\nnow: "2026-11-23T10:00"\ntalk:\n  - person: "1"\n  - {row}\n'
    transcript, issues = load(text, "talk.yaml", list(library.flows))
    assert issues == []
    assert transcript is not None
    (issue,) = play(library, transcript, lambda _typed, _turn: None)
    assert issue.place.line == 5
    assert issue.instead


def test_what_was_known_before_a_talk_is_read_back_whole(library: Library) -> None:
    start = Session(
        "after_interview",
        zone="Europe/Berlin",
        working_days=(1, 2, 3),
        answers={"relation": "none", "first": '\x85 \U000e0001 \U0001f600 " \\ {x}: #'},
        carried={"me": "Sam"},
        others=("a trace",),
        turn=7,
        stage="cancelled",
    )
    again, issues = load(Transcript(start, NOW, ()).dump(), "talk.yaml", list(library.flows))
    assert issues == []
    assert again == Transcript(start, NOW, ())


def test_an_instant_without_an_offset_is_wall_time_in_the_zone(library: Library) -> None:
    text = 'flow: after_interview\nzone: America/New_York\nnow: "2026-11-23T10:00"\ntalk: []\n'
    transcript, _ = load(text, "talk.yaml", list(library.flows))
    assert transcript is not None
    assert transcript.now.hour == 15


@pytest.mark.parametrize(
    ("text", "hours"),
    [("3d", 72), ("2w", 336), ("5h", 5), ("until 2026-11-25 10:00", 48), ("until wednesday 10:00", 48)],
)
def test_the_clock_is_moved(library: Library, text: str, hours: int) -> None:
    then = waited(text, NOW, "Europe/Berlin", library.catalog("en"))
    assert then is not None
    assert (then - NOW).total_seconds() == hours * 3600


@pytest.mark.parametrize(
    "text", ["", "d", "-3d", "3", "99999999d", "until", "until 2026-11-01", "until friday noon", "3 d"]
)
def test_a_wait_that_cannot_be_read_moves_nothing(library: Library, text: str) -> None:
    assert waited(text, NOW, "Europe/Berlin", library.catalog("en")) is None


def test_the_dialogues_are_valid_yaml_for_everybody(library: Library) -> None:
    del library
    for file in DIALOGUES:
        document, issues = read(file.read_bytes(), file.name)
        assert issues == []
        assert document is not None
