"""How one language is understood: its phrases as they were written, and what is compiled of them when first needed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from bot.core.understanding.phrases import PhraseSet
from bot.core.understanding.words import BREAK, read_words

Phrases = tuple[str, ...]
ByOption = Mapping[str, Phrases]
REPLIES: Final = ("yes", "no", "done", "later", "not_sure", "skip", "back", "why")
"""What people say to any question."""
OR: Final = " or "
"""Between the options in the name of an answer that may mean each of them."""


NO_MEANING: Final = "~"
"""The meaning of a phrase that carries nothing."""
UNREAL: Final = "!"
"""The meaning of a phrase of what has not happened, or not to the person."""


_SIGNS: Final = re.compile(r"[\[\]()|]|<\w+>")


def _words(texts: Phrases) -> frozenset[str]:
    return frozenset(word.text for text in texts for word in read_words(text))


@dataclass(frozen=True)
class WordSets:
    """The single words of a language, as they are compared."""

    loose: frozenset[str]
    fillers: frozenset[str]
    details: frozenset[str]
    joints: frozenset[str]
    contrasts: frozenset[str]
    negators: frozenset[str]


@dataclass(frozen=True)
class Slots:
    """How what is typed into a blank is trimmed; all are phrases."""

    leads: Mapping[str, Phrases] = field(default_factory=dict)
    """What may stand before it, by blank: "we talked about", "best"."""
    tails: Mapping[str, Phrases] = field(default_factory=dict)
    """What may stand behind it, by blank: "position"."""
    stops: Mapping[str, Phrases] = field(default_factory=dict)
    """Words from which on nothing belongs to it, by blank: "at" behind a job."""
    refusals: Phrases = ()
    """What is no word for any blank: "what do you mean"."""
    swaps: Mapping[str, str] = field(default_factory=dict)
    """What is said otherwise in a note: "their" is "your"."""
    lower: Phrases = ()
    """Words that have no capital within a sentence."""
    abbreviations: Phrases = ()
    """Words that keep their stop at the end of a name: "Inc."."""
    endings: Phrases = ()
    """Endings of words that have none."""


@dataclass(frozen=True)
class Marks:
    """After which words a story names a person, a company or a job, and how their names go on."""

    first: Phrases = ()
    company: Phrases = ()
    job: Phrases = ()
    titles: Phrases = ()
    """Words before a name that belong to it: "Mr."."""
    jobs: Phrases = ()
    """Words with which the names of jobs end: "analyst"."""
    joins: Phrases = ()
    days: Phrases = ()
    """Words that stand in a day: "Friday", "ago"."""
    decision: Phrases = ()
    """Words before the day on which something is decided: "decide by"."""
    """Words within the name of a job or a company: "of"."""


@dataclass(frozen=True, eq=False)
class Understanding:
    """One language: single words, groups of phrases, and what means which option of which question."""

    fillers: Phrases = ()
    loose: Phrases = ()
    asides: Phrases = ()
    details: Phrases = ()
    """Words after which only details of an answer follow: "because"."""
    joints: Phrases = ()
    """Words that begin a clause: "and"."""
    contrasts: Phrases = ()
    """Those that take back what stands before them: "but"."""
    negators: Phrases = ()
    unreal: Phrases = ()
    """Phrases of what has not happened, or not to the person: "I hope", "my friend"."""
    questions: Phrases = ()
    """How a question begins that has no mark at its end: "how do I"."""
    words: Phrases = ()
    """Words that look like mistyped ones and are none."""
    emoticons: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, Phrases] = field(default_factory=dict)
    replies: Mapping[str, Phrases] = field(default_factory=dict)
    answers: Mapping[str, ByOption] = field(default_factory=dict)
    story: Mapping[str, ByOption] = field(default_factory=dict)
    slots: Slots = field(default_factory=Slots)
    marks: Marks = field(default_factory=Marks)

    @cached_property
    def named(self) -> Mapping[str, Phrases]:
        """The groups that a phrase can name; the replies are some."""
        return {**self.groups, **self.replies}

    @cached_property
    def sets(self) -> WordSets:
        """The single words, as they are compared."""
        loose = _words(self.loose)
        return WordSets(
            loose,
            _words(self.fillers) | loose,
            _words(self.details),
            _words((*self.joints, *self.contrasts)),
            _words(self.contrasts),
            _words(self.negators),
        )

    @cached_property
    def beside(self) -> PhraseSet:
        """The phrases that carry nothing, and those of what has not happened."""
        phrases = {NO_MEANING: self.asides, UNREAL: self.unreal}
        return PhraseSet(phrases, self.named, self.sets.loose | {BREAK})  # "great, thanks" is one

    @cached_property
    def asking(self) -> PhraseSet:
        """The beginnings of questions."""
        return self.phrase_set({UNREAL: self.questions})

    @cached_property
    def leads(self) -> Mapping[str, PhraseSet]:
        """Behind which words a story names somebody or something, and `decision`, behind which it names a day."""
        marks = self.marks
        named = {"first": marks.first, "company": marks.company, "job": marks.job, "decision": marks.decision}
        return {name: self.phrase_set({name: phrases}) for name, phrases in named.items()}

    @cached_property
    def no_names(self) -> frozenset[str]:
        """Words that are no names, even with a capital."""
        return self.known_words | _words((*self.marks.days, *self.marks.jobs))

    def is_idle(self, text: str) -> bool:
        """Tell whether a text is nothing but words that mean nothing by themselves, such as "not" or "the"."""
        idle = self.sets.fillers | self.sets.negators | self.sets.details
        return all(word.text in idle for word in read_words(text))

    def phrase_set(self, phrases: Mapping[str, Phrases]) -> PhraseSet:
        """Compile phrases of several meanings."""
        return PhraseSet(phrases, self.named, self.sets.loose)

    def phrases_of(self, question: str) -> ByOption:
        """Return what means an option, a name of several, in answer to a question; what a story says of it, too."""
        answers, story = self.answers.get(question, {}), self.story.get(question, {})
        return {option: (*answers.get(option, ()), *story.get(option, ())) for option in {**answers, **story}}

    @cached_property
    def known_words(self) -> frozenset[str]:
        """Every word that stands anywhere, so that it is not taken for a mistyped one."""
        answers = (
            phrases for options in (*self.answers.values(), *self.story.values()) for phrases in options.values()
        )
        lists = (
            self.asides,
            self.unreal,
            self.questions,
            self.words,
            self.slots.lower,
            self.details,
            self.joints,
            self.negators,
        )
        texts = {text for phrases in (*self.named.values(), *answers, *lists) for text in phrases}
        return _words(tuple(_SIGNS.sub(" ", text) for text in texts)) | self.sets.fillers
