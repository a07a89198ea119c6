"""messages/<language>/understanding.yaml: what people type, as phrases; each pattern is tried, each name known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from bot.content.field_types import ContentModel, Name, Sentence
from bot.content.references import References
from bot.content.source_file import SourceFile
from bot.content.yaml_reader import Path
from bot.core.advice.facts import NO_DATE, NOT_SURE, Fact
from bot.core.understanding.language import OR, REPLIES, Marks, Slots, Understanding
from bot.core.understanding.phrases import BadPhrase, Groups, compiled

FILE = "understanding"
"""The file of a language that holds no messages."""
Texts = Annotated[tuple[Sentence, ...], Field(default=())]
Table = Annotated[dict[Name, tuple[Sentence, ...]], Field(default_factory=dict)]
Questions = Annotated[dict[Name, dict[str, tuple[Sentence, ...]]], Field(default_factory=dict)]


class SlotsEntry(ContentModel):
    """How what is typed into a blank is trimmed."""

    leads: Annotated[Table, Field(description="By blank, what may stand before it: we talked about, best regards.")]
    tails: Annotated[Table, Field(description="By blank, what may stand behind it: position, role.")]
    stops: Annotated[Table, Field(description="By blank, words from which on nothing belongs to it: at.")]
    refusals: Annotated[Texts, Field(description="What fills no blank: what do you mean.")]
    swaps: Annotated[
        dict[Name, Name], Field(default_factory=dict, description="Words said otherwise in a note: their is your.")
    ]
    lower: Annotated[Texts, Field(description="Words that have no capital within a sentence.")]
    abbreviations: Annotated[Texts, Field(description="Words that keep their stop at the end of a name: inc.")]
    endings: Annotated[Texts, Field(description="Endings of words that have none.")]


class MarksEntry(ContentModel):
    """Where a story names somebody or something."""

    first: Annotated[Texts, Field(description="Words before the name of a person: with.")]
    company: Annotated[Texts, Field(description="Words before the name of a company: at.")]
    job: Annotated[Texts, Field(description="Words before the title of a job: for.")]
    titles: Annotated[Texts, Field(description="Words that belong to a name: Dr.")]
    jobs: Annotated[Texts, Field(description="Words with which the titles of jobs end: analyst.")]
    days: Annotated[Texts, Field(description="Words that stand in a day: Friday, ago.")]
    decision: Annotated[Texts, Field(description="Words before the day on which something is decided: decide by.")]
    joins: Annotated[Texts, Field(description="Words within a title or the name of a company: of.")]


class UnderstandingFile(ContentModel):
    """messages/<language>/understanding.yaml: what people type, and what it means; nothing of it is ever said."""

    fillers: Annotated[Texts, Field(description="Words that mean nothing by themselves.")]
    loose: Annotated[Texts, Field(description="Words that may stand anywhere within a phrase: really.")]
    asides: Annotated[Texts, Field(description="Phrases that carry nothing: thanks, I think.")]
    details: Annotated[Texts, Field(description="Words after which only details of an answer follow: because.")]
    joints: Annotated[Texts, Field(description="Words that begin a clause: and.")]
    contrasts: Annotated[Texts, Field(description="Words that begin a clause which takes something back: but.")]
    negators: Annotated[Texts, Field(description="Words that turn round what follows: not.")]
    unreal: Annotated[Texts, Field(description="Phrases of what has not happened: I hope.")]
    questions: Annotated[Texts, Field(description="How a question begins: how do I.")]
    words: Annotated[Texts, Field(description="Words that look like mistyped ones of a phrase and are none.")]
    emoticons: Annotated[
        dict[str, str], Field(default_factory=dict, description="Signs made of letters, and the emoji they stand for.")
    ]
    groups: Annotated[Table, Field(description="Phrases that others name: <good> stands for any phrase of good.")]
    replies: Annotated[Table, Field(description="What is said to any question; other phrases can name it, too.")]
    answers: Annotated[
        Questions, Field(description="By question and option, what means it once the question was asked.")
    ]
    story: Annotated[Questions, Field(description="By question and option, what means it wherever it is said.")]
    marks: Annotated[MarksEntry, Field(default_factory=MarksEntry, description="Where a story names something.")]
    slots: Annotated[SlotsEntry, Field(default_factory=SlotsEntry, description="How blanks are trimmed.")]


def read_understanding(
    source: SourceFile, file: UnderstandingFile, references: References, language: str
) -> Understanding:
    """Return how a language is understood; phrases that cannot be read are reported and left out."""
    for name in file.replies:
        source.refer(source.key("replies", name), name, REPLIES, "unknown-key", "no reply")
    named = {**file.groups, **file.replies}
    lists = {part: _sound(source, (part,), getattr(file, part), named) for part in ("asides", "unreal", "questions")}
    for part in ("groups", "replies"):
        for name, phrases in getattr(file, part).items():
            _sound(source, (part, name), phrases, named, whole=part == "replies")
    slots = file.slots
    for part in ("leads", "tails"):
        for name, phrases in getattr(slots, part).items():
            references.fact(source, source.key("slots", part, name), name)
            _sound(source, ("slots", part, name), phrases, named)
    for name in slots.stops:
        references.fact(source, source.key("slots", "stops", name), name)
    _sound(source, ("slots", "refusals"), slots.refusals, named)
    return Understanding(
        **{part: getattr(file, part) for part in ("fillers", "loose", "details", "joints", "contrasts", "negators")},
        **lists,
        words=file.words,
        emoticons=file.emoticons,
        groups=file.groups,
        replies=file.replies,
        answers=_questions(source, "answers", file.answers, references, named, language),
        story=_questions(source, "story", file.story, references, named, language),
        slots=Slots(**{part: getattr(slots, part) for part in SlotsEntry.model_fields}),
        marks=Marks(**{part: getattr(file.marks, part) for part in MarksEntry.model_fields}),
    )


def _questions(
    source: SourceFile,
    part: str,
    questions: Mapping[str, Mapping[str, tuple[str, ...]]],
    references: References,
    named: Groups,
    language: str,
) -> dict[str, dict[str, tuple[str, ...]]]:
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for question, options in questions.items():
        fact = references.fact(source, source.key(part, question), question)
        for option, phrases in options.items():
            place = source.key(part, question, option)
            for name in option.split(OR) if fact else ():
                source.refer(place, name, _answers(fact), "unknown-value", f"no answer to '{question}'")
            source.address(place, "understanding", language, part, question, option)
            found.setdefault(question, {})[option] = _sound(source, (part, question, option), phrases, named)
    return found


def _answers(fact: Fact | None) -> tuple[str, ...]:
    """Return what a question can be answered with."""
    if fact is None:
        return ()
    return (*fact.values, *(shortcut.id for shortcut in fact.shortcuts), NOT_SURE, NO_DATE)


def _sound(
    source: SourceFile, path: Path, phrases: tuple[str, ...], named: Groups, *, whole: bool = True
) -> tuple[str, ...]:
    """Return the phrases that can be read; a group may hold some that can be left out as a `whole`."""
    kept = []
    for number, pattern in enumerate(phrases):
        try:
            compiled(pattern if whole else f"x {pattern}", named)
            kept.append(pattern)
        except BadPhrase as bad:
            shown = pattern if len(pattern) <= 60 else f"{pattern[:59]}…"
            what, instead = f"'{shown}' is no phrase: {bad}.", "Write it as in: went [really] (well|great)."
            source.fault(source.at(*path, number), "bad-phrase", what, "It would never be understood.", instead)
    return tuple(kept)
