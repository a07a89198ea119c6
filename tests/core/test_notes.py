"""Notes that cannot be wrong: whatever the blanks hold, they fit and nothing is left over."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.advice.catalog import Catalog, placeholders
from bot.core.advice.notes import Note, NoteKind, Unfit, Wording, compose
from bot.core.advice.text import clean, units
from bot.core.library import Library
from bot.verification.check_messages import longest_slots
from tests.support.examples import examples

NAMES = st.one_of(
    st.sampled_from(
        ["Zoë", "O'Brien", "王小明", "👩‍💻 Ada", "محمد", "Жанна", "{first}", "{0.__class__}", "%s", "Jean-Luc"]
    ),
    st.text(min_size=1, max_size=40),
)


def kinds(library: Library) -> Iterator[tuple[NoteKind, int]]:
    for kind in library.notebook.kinds.values():
        for limit in library.limits[kind.limit].values.values():
            yield kind, limit


def fitted(text: str, room: int) -> str:
    """Shorten a text as the question for it would demand."""
    kept = clean(text) or "x"
    while units(kept) > room:
        kept = kept[:-1]
    return clean(kept) or "x"


def wordings(kind: NoteKind) -> list[str]:
    return [wording.text for wording in kind.ladder]


def check(note: Note, kind: NoteKind, slots: dict[str, str], limit: int) -> None:
    assert note.size <= limit
    assert (units(note.subject) if kind.is_mail else units(note.text)) == note.size
    left = note.text + note.subject
    for value in sorted(slots.values(), key=len, reverse=True):
        left = left.replace(value, "")
    assert not re.search(r"[{}\[\]]", left), note.text
    assert slots["first"] in note.text


def test_every_kind_fits_with_the_longest_slots_in_both_lengths(library: Library) -> None:
    catalog = library.catalog("en")
    seen = 0
    for kind, limit in kinds(library):
        slots = longest_slots(kind, library, catalog)
        note = compose(kind, slots, limit, catalog, wordings=wordings(kind))
        assert isinstance(note, Note), (kind.id, limit, note)
        check(note, kind, slots, limit)
        seen += 1
    assert seen == 10 * 2 + 5 + 2, "notes at both lengths, emails, messages"


@settings(max_examples=examples(200))
@given(st.data())
def test_every_kind_fits_with_any_names(library: Library, data: st.DataObject) -> None:
    catalog = library.catalog("en")
    typed = {slot: data.draw(NAMES, slot) for slot in ("first", "job", "company", "topic", "field", "me")}
    for kind, limit in kinds(library):
        slots = {s: fitted(typed[s], library.facts[s].max_length) for s in kind.slots}
        slots |= {name: "video" if name == "format" else "Wednesday 18 November" for name in kind.given}
        made = compose(kind, slots, limit, catalog, wordings=wordings(kind))
        if isinstance(made, Unfit):
            assert made.word
            assert made.word.casefold() in slots[made.slot].casefold()
        else:
            check(made, kind, slots, limit)


def test_the_ladder_is_climbed_down_only_as_far_as_needed(library: Library) -> None:
    kind = library.notebook.kinds["K2"]
    catalog = library.catalog("en")
    sizes = []
    for length in (5, 30, 45, 60):
        slots = {"first": "Dana", "job": "Data Analyst", "me": "Sam", "topic": "t" * length}
        note = compose(kind, slots, 200, catalog, wordings=wordings(kind))
        assert isinstance(note, Note)
        place = wordings(kind).index(note.wording)
        for earlier in wordings(kind)[:place]:
            longer = compose(replace(kind, ladder=(Wording(earlier),)), slots, 200, catalog, wordings=[earlier])
            assert isinstance(longer, Unfit), f"{earlier} would have fitted"
        sizes.append(place)
    assert sizes == sorted(sizes)
    assert len(set(sizes)) > 1


def test_where_nothing_fits_the_request_says_how_short_is_short_enough(library: Library) -> None:
    """The shipped texts always fit; with a coach's long wording the bot asks honestly, and for enough."""
    wordy = "Hi {first}, " + "w" * 150 + " {topic}, {job}"
    catalog = Catalog("en", {"note.K1.only": wordy})
    kind = replace(library.notebook.kinds["K1"], ladder=(Wording("only"),))
    slots = {"first": "Dana", "job": "Data Analyst", "topic": "t" * 60, "me": "Sam"}
    unfit = compose(kind, slots, 200, catalog, wordings=["only"])
    assert isinstance(unfit, Unfit)
    assert unfit.slot == "topic"
    mended = compose(kind, {**slots, "topic": "t" * unfit.room}, 200, catalog, wordings=["only"])
    assert isinstance(mended, Note)
    assert mended.size == 200


def test_warmth_changes_the_words(library: Library) -> None:
    outcomes, cautious = library.outcomes["etiquette"], library.facts.cautious
    facts = {**cautious, "experience": "positive", "elapsed": "ready", "thanks": "sent"}
    warm = outcomes.outcome({**facts, "tone": "rapport"})
    plain = outcomes.outcome({**facts, "tone": "ordinary"})
    assert warm.rule == plain.rule == "R22"
    assert set(warm.wordings) > set(plain.wordings)
    assert warm.remarks == ("rapport",)
    assert plain.remarks == ("ordinary",)


def test_neutral_wordings_never_speak_of_the_interview(library: Library) -> None:
    catalog = library.catalog("en")
    for wording in library.notebook.kinds["K8"].ladder:
        words = set(re.findall(r"\w+", catalog.text_of(f"note.K8.{wording.text}").casefold()))
        assert not words & {"interview", "met", "meeting", "conversation", "role", "position", "candidate", "feedback"}


@pytest.mark.parametrize("kind", ["K1", "K2", "K3", "K4", "K6", "K7"])
def test_every_wording_names_one_specific_thing(library: Library, kind: str) -> None:
    for wording in library.notebook.kinds[kind].ladder:
        for pattern in library.catalog("en").alternatives(f"note.{kind}.{wording.text}"):
            names = {"first", "job"} if wording.without == "topic" else {"first", "topic"}
            assert names <= placeholders(pattern), (kind, wording.text)
