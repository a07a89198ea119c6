"""Names in a note that is shown to coaches are hidden wherever they stand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.core.coaching.releases import masked

NAMES = st.from_regex(r"\A[A-ZÄÖÅÉ][a-zäöåéß]{2,8}( [A-Z][a-z]{2,8})?\Z")


@given(st.lists(NAMES, min_size=1, max_size=3), st.lists(st.sampled_from(["thanks", "for", "the", "talk,", "-", "a"])))
def test_no_name_and_no_word_of_one_is_left(names: list[str], words: list[str]) -> None:
    said = " ".join([*words, *names, *words, *(f"{name}'s" for name in names), *(name.split()[0] for name in names)])
    left = masked(said, [(name, "[-]") for name in names])
    assert not any(word in left.replace("'s", "").split() for name in names for word in name.split())
    assert [word for word in left.split() if word in words] == [word for word in said.split() if word in words]


def test_a_word_that_only_begins_like_a_name_stays() -> None:
    assert masked("Will you? I will. Willing, goodwill: Will.", [("Will", "[me]")]) == (
        "[me] you? I will. Willing, goodwill: [me]."
    )
    assert masked("Hi Bo of Bank of Ulm", [("Bank of Ulm", "[there]"), ("Bo", "[you]")]) == "Hi [you] of [there]"
