"""How texts for people do not sound, and that the checker hears it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.issues import Issue, SourceLocations
from bot.core.library import Library
from bot.verification.check_style import notes_fresh, texts_plain

NOWHERE = SourceLocations({})
BRIEF = "note.K10.brief"


def reworded(library: Library, **messages: str | tuple[str, ...]) -> Library:
    english = library.catalog("en")
    changed = {key.replace("__", "."): text for key, text in messages.items()}
    return replace(library, catalogs={"en": replace(english, messages={**english.messages, **changed})})


def found(library: Library) -> list[Issue]:
    return [*texts_plain(library, NOWHERE), *notes_fresh(library, NOWHERE)]


def test_the_shipped_texts_sound_as_they_should(library: Library) -> None:
    assert found(library) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Send an e-mail.", "says 'e-mail'"),
        ("A second would be a nudge (C30).", "names C30"),
        ('That is "fine".', "straight or doubled quotes"),
        ("That's fine, isn't it? “Yes.”", ""),
        (" ".join(["word"] * 26) + ".", "a sentence of 26 words"),
        (" ".join(["word"] * 25) + ".", ""),
    ],
)
def test_a_text_for_candidates_is_plain(library: Library, text: str, says: str) -> None:
    issues = found(reworded(library, plan__title=text))
    assert [issue.code for issue in issues] == (["plain-words"] if says else [])
    assert all(says in issue.what for issue in issues)


def test_two_wordings_of_a_note_are_two(library: Library) -> None:
    one = "Hi {first}, I'm so happy to be joining {company}. It would be great to connect before I start."
    twins = (one, one.replace("so happy", "very happy"))
    issues = found(reworded(library, note__K10__brief=twins))
    assert [issue.code for issue in issues] == ["twin-wordings"]


def test_what_everybody_writes_stands_in_half_of_the_wordings_at_most(library: Library) -> None:
    english = library.catalog("en")
    kind = library.notebook.kinds["K10"]
    worn = {
        f"note.K10.{wording.text}": tuple(
            text + " Let's stay in touch." for text in english.alternatives(f"note.K10.{wording.text}")
        )
        for wording in kind.ladder
    }
    changed = replace(library, catalogs={"en": replace(english, messages={**english.messages, **worn})})
    assert "worn-words" in [issue.code for issue in found(changed)]
