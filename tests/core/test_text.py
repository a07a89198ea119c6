"""What is done to typed text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.advice.text import clean, units


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Zoë  ", "Zoë"),
        ("Zoe\u0308", "Zoë"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("\u202egnp.exe", "gnp.exe"),
        ("a\x00b\x1b[31m", "ab[31m"),
        ("lone \ud83d surrogate", "lone surrogate"),
        ("👩‍💻", "👩‍💻"),
        ("نگاه‌ها", "نگاه‌ها"),
        ("<b>{first}</b>", "<b>{first}</b>"),
        ("\u200d\u200f ", ""),
    ],
)
def test_typed_text_is_cleaned_and_nothing_else(typed: str, kept: str) -> None:
    assert clean(typed) == kept


@given(st.text())
def test_cleaning_twice_changes_nothing_and_leaves_no_control(typed: str) -> None:
    kept = clean(typed)
    assert clean(kept) == kept
    assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in kept)
    assert kept == kept.strip()


@pytest.mark.parametrize(
    ("text", "size"), [("abc", 3), ("👩‍💻", 5), ("é", 1), ("e\u0301", 1), ("王小明", 3), ("\n", 1)]
)
def test_units_are_utf16_after_nfc(text: str, size: int) -> None:
    assert units(text) == size


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_units_equal_what_utf16_takes(text: str) -> None:
    assert units(text) == len(unicodedata.normalize("NFC", text).encode("utf-16-le")) // 2
