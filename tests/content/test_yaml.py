"""YAML's traps, one by one: each refused where it stands, and accepted once it is in quotes."""

import json

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.content import yaml_errors
from bot.content.yaml_errors import MAX_BYTES, MAX_DEPTH, MAX_ISSUES, TRAPS
from bot.content.yaml_reader import read
from tests.support.examples import examples

TRAPPED = {
    "yaml-boolean-word": ["yes", "No", "ON", "off", "y", "N", "True", "FALSE"],
    "yaml-null-word": ["~", "Null", "NULL"],
    "yaml-time": ["12:30", "1:02:03", "190:20:30.15", "-1:30"],
    "yaml-date": ["2026-11-25", "2026-1-2", "2026-11-25T10:00:00Z", "2026-11-25 10:00:00 +01:00"],
    "yaml-number-base": ["0x1F", "0b101", "0o17", "-0xA"],
    "yaml-number-underscore": ["1_000", "1_0.5"],
    "yaml-number-zero": ["0123", "007", "-08.5"],
    "yaml-number-exponent": ["1e3", "1.5E10", ".5e2"],
    "yaml-number-point": ["1.", ".5", "-.5"],
    "yaml-number-infinite": [".inf", "-.INF", ".nan"],
    "yaml-number-plus": ["+5", "+1.5"],
    "yaml-number-long": ["1234567890123456", "0.1234567890123456"],
    "yaml-merge-key": ["<<"],
    "yaml-equals-sign": ["="],
    "yaml-odd-space": ["\N{NO-BREAK SPACE}from a web page", "from a web page\N{NO-BREAK SPACE}"],
}
EVERY = [(code, text) for code, texts in TRAPPED.items() for text in texts]


def codes(text: str | bytes, *, prose: bool = False) -> list[tuple[str, int, int]]:
    _, issues = read(text, "flows/some.yaml", prose=prose)
    return [(found.code, found.place.line, found.place.column) for found in issues]


def test_every_trap_has_its_samples() -> None:
    assert list(TRAPPED) == [trap.code for trap in TRAPS]


@pytest.mark.parametrize(("code", "text"), EVERY, ids=[text for _, text in EVERY])
def test_a_trap_is_one_finding_where_it_stands_and_none_in_quotes(code: str, text: str) -> None:
    assert codes(f"first: 1\nword: {text}\n") == [(code, 2, 7)]
    assert codes(f"words: [one, {text}]\n") == [(code, 1, 14)]
    assert codes(f"{text}: one\n") == [(code, 1, 1)]
    for quoted in (json.dumps(text, ensure_ascii=False), f"'{text}'"):
        document, issues = read(f"word: {quoted}\n{quoted}: one\n", "flows/some.yaml")
        assert issues == []
        assert document
        assert document.value == {"word": text, text: "one"}


@settings(max_examples=examples(1000))
@example("0")
@example("-0")
@example("0.0")
@example("1:1")
@example("0._")
@example(".0_1")
@given(st.text("0123456789+-._:eExXobaAfFyYnNtTrRuUlLsSoO~T Zi<= ", min_size=1, max_size=12))
def test_whatever_the_usual_reader_would_rewrite_is_refused(text: str) -> None:
    """PyYAML's own reading is the judge: what is accepted means there what it means here."""
    text = text.strip()
    document, issues = read(f"word: {text}\n", "flows/some.yaml")
    if issues or document is None:
        return
    usual = yaml.safe_load(f"word: {text}\n")
    assert isinstance(document.value, dict)
    assert (document.value, type(document.value["word"])) == (usual, type(usual["word"]))


FAULTY = {
    "yaml-encoding": (b"a: 1\nb: caf\xe9\n", 2, 7),
    "yaml-odd-character": ("a: 1\nb: hid\N{ZERO WIDTH NO-BREAK SPACE}den\n", 2, 7),
    "yaml-too-deep": ("a: 1\nb: " + "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), 2, 3 + MAX_DEPTH),
    "yaml-empty": ("# only a comment\n", 1, 1),
    "yaml-documents": ("a: 1\n---\nb: 2\n", 2, 1),
    "yaml-key-not-text": ("a: 1\ntrue: 2\n", 2, 1),
    "yaml-key-not-a-name": ("a: 1\n{b: 1}: 2\n", 2, 1),
    "yaml-duplicate-key": ("a: 1\nb: 2\na: 3\n", 3, 1),
    "yaml-alias": ("a: 1\nb: *a\n", 2, 4),
    "yaml-anchor": ("a: 1\nb: &here 2\n", 2, 4),
    "yaml-tag": ("a: 1\nb: !!python/name:os.system x\n", 2, 4),
    "yaml-name-alone": ("a: 1\nb: {name}\n", 2, 5),
    "yaml-comment-behind-text": ("a: 1\nb: Good luck #1\n", 2, 14),
    "yaml-tab": ("a:\n\tb: 1\n", 2, 1),
    "yaml-text-after-quote": ("a: 1\nb: 'it''s' here\n", 2, 12),
    "yaml-text-after-bracket": ("a: 1\nb: {first} said\n", 2, 12),
    "yaml-colon-in-text": ("a: 1\nb: one: two\n", 2, 7),
    "yaml-indented-too-far": ("a: 1\n  b: 2\n", 2, 4),
    "yaml-dash": ("a: 1\nb: - one\n", 2, 4),
    "yaml-no-colon": ("a: 1\nb\n", 2, 1),
    "yaml-quote-open": ('a: 1\nb: "open\n', 2, 4),
    "yaml-backslash": ('a: 1\nb: "C:\\data"\n', 2, 7),
    "yaml-block-text": ("a: 1\nb: | text\n", 2, 4),
    "yaml-special-sign": ("a: 1\nb: @home\n", 2, 4),
    "yaml-bracket-open": ("a: 1\nb: [one, two\n", 2, 4),
    "yaml-indentation": ("a:\n    b: 1\n  c: 2\n", 3, 3),
}


@pytest.mark.parametrize("code", FAULTY)
def test_a_fault_is_found_where_it_stands(code: str) -> None:
    text, line, column = FAULTY[code]
    found = codes(text, prose=True)
    assert [place for place in found if place[0] == code] == [(code, line, column)], found


@pytest.mark.parametrize("code", [*FAULTY, *TRAPPED])
def test_windows_line_ends_and_a_byte_order_mark_move_no_finding(code: str) -> None:
    sample = FAULTY[code][0] if code in FAULTY else f"first: 1\nword: {TRAPPED[code][0]}\n"
    raw = sample if isinstance(sample, bytes) else sample.encode()
    plain = codes(raw, prose=True)
    assert plain
    assert codes(raw.replace(b"\n", b"\r\n"), prose=True) == plain
    assert codes(b"\xef\xbb\xbf" + raw, prose=True) == plain
    assert codes(b"\xef\xbb\xbf" + raw.replace(b"\n", b"\r\n"), prose=True) == plain


def test_every_kind_of_fault_has_its_sample() -> None:
    elsewhere = {"yaml-too-big", "yaml-too-many", "yaml-syntax"}  # below; the last is for what no sample was found
    assert set(yaml_errors.WORDS) == {*FAULTY, *TRAPPED, *elsewhere}


def test_a_file_beyond_all_measure_is_refused_at_once() -> None:
    assert [code for code, *_ in codes("a: " + "x" * MAX_BYTES)] == ["yaml-too-big"]
    many = codes("".join(f"w{n}: yes\n" for n in range(2 * MAX_ISSUES)))
    assert len(many) == MAX_ISSUES + 1
    assert {code for code, *_ in many} == {"yaml-boolean-word", "yaml-too-many"}
