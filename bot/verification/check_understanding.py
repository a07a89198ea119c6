"""What is proved about what people type: no phrase means two answers, and every button means itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from bot.core.advice.catalog import Catalog, MissingMessage
from bot.core.advice.facts import Fact
from bot.core.dialogue.answers import options, reader
from bot.core.dialogue.session import Option
from bot.core.issues import Issue, SourceLocation, SourceLocations
from bot.core.library import Library
from bot.core.understanding.language import Understanding
from bot.core.understanding.phrases import BadPhrase, Place, common_text, compiled

Compiled = Mapping[str, list[tuple[str, frozenset[Place]]]]


def phrases_apart(library: Library, places: SourceLocations) -> Iterator[Issue]:
    """Prove that no text is a phrase of two answers to one question; bare replies give way to phrases of their own."""
    for language, catalog in library.catalogs.items():
        understanding = catalog.understanding
        for question in {**understanding.answers, **understanding.story}:
            for bare in (False, True):
                answers = _compiled(understanding, question, bare=bare)
                for one, other in combinations(answers, 2):
                    yield from _shared(language, understanding, question, answers, one, other, places)


def _compiled(understanding: Understanding, question: str, *, bare: bool) -> Compiled:
    """Return the phrases of each answer, either the bare replies among them or the others."""
    replies = {f"<{name}>" for name in understanding.replies}
    return {
        option: [(p, compiled(p, understanding.named)) for p in phrases if (p in replies) == bare]
        for option, phrases in understanding.phrases_of(question).items()
    }


def _shared(
    language: str,
    understanding: Understanding,
    question: str,
    answers: Compiled,
    one: str,
    other: str,
    places: SourceLocations,
) -> Iterator[Issue]:
    for pattern, begins in answers[one]:
        words = {place.word for place in begins}
        for second, seconds in answers[other]:
            if words.isdisjoint(place.word for place in seconds):
                continue
            text = common_text(begins, seconds, understanding.sets.loose)
            if text is not None:
                what = f"'{' '.join(text)}' means '{one}' and '{other}' in answer to '{question}'."
                why = f"It is said by '{pattern}' as well as by '{second}'."
                place = _place(places, language, understanding, question, other, second)
                yield Issue(place, "phrase-shared", what, why, "Narrow one of them.")


def _place(
    places: SourceLocations, language: str, understanding: Understanding, question: str, option: str, pattern: str
) -> SourceLocation:
    """Return where a phrase of an answer is listed."""
    own = pattern in understanding.answers.get(question, {}).get(option, ())
    return places.at("understanding", language, "answers" if own else "story", question, option)


def questions_readable(library: Library, places: SourceLocations) -> Iterator[Issue]:
    """Prove that the phrases by which a question that many ask is known can be read."""
    for language, catalog in library.catalogs.items():
        for name in library.faq:
            key = f"faq.{name}.asks"
            for pattern in catalog.alternatives(key) if catalog.has(key) else ():
                try:
                    compiled(pattern, catalog.understanding.named)
                except BadPhrase as bad:
                    place, what = places.at("message", language, key), f"'{pattern}' is no phrase: {bad}."
                    instead = "Write it as in: should i [also] (email|call) hr."
                    yield Issue(place, "bad-phrase", what, "It would never be understood.", instead)


def labels_meant(library: Library, places: SourceLocations) -> Iterator[Issue]:
    """Prove that the words on every button mean that button, also where they are no more than typed alike."""
    for language, catalog in library.catalogs.items():
        if not catalog.understanding.answers:
            continue
        for fact in library.facts.by_name.values():
            if fact.kind != "text" and not fact.derivation and not fact.from_history:
                for option in _buttons(fact, catalog):
                    reading = reader(fact.name, catalog).read(option.label)
                    wrong = [meant for meant in (reading.value, *reading.likely) if meant not in (None, option.id)]
                    if wrong:
                        what = f"the button '{option.label}' of {fact.name} would be read as '{wrong[0]}'."
                        place = places.at("understanding", language, "answers", fact.name, wrong[0])
                        why = "Whoever types the words of a button means it."
                        yield Issue(
                            place, "label-misread", what, why, "Narrow the phrase, or word the button otherwise."
                        )


def _buttons(fact: Fact, catalog: Catalog) -> tuple[Option, ...]:
    """Return what can be tapped for a fact; nothing where words for it are missing, which is found elsewhere."""
    try:
        return options(fact, catalog) if catalog.has(f"question.{fact.name}.text") else ()
    except MissingMessage:
        return ()
