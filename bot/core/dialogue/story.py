"""A story in one message: each clause is read for itself, in any order, for all it settles and all it names.

Law of this file: names are taken only behind clear marks, and a fact only where it is said of what has happened; where
a story says two things of one fact, it says neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from bot.core.advice.calendar import WorkingWeek
from bot.core.advice.catalog import Catalog
from bot.core.advice.facts import Fact, Facts
from bot.core.dialogue.answers import read
from bot.core.understanding.language import UNREAL
from bot.core.understanding.phrases import Found, PhraseSet
from bot.core.understanding.words import ASKED, BREAK, Word, read_words

LONGEST_STORY: Final = 1200
"""Characters of a story that are read."""
IS: Final = "="
NEAR: Final = 3
"""So many words before a phrase may turn it round: "not ... well"."""
LONGEST_DAY: Final = 5
"""Words of a day at most: "the 20th of November 2026"."""
LONGEST_TITLE: Final = 5
_NUMBERS: Final = re.compile(r"\d{4}|\d+\.\d+")


@dataclass(frozen=True)
class Story:
    """What a story settles, by fact, and what it names, by blank."""

    facts: dict[str, str] = field(default_factory=dict)
    blanks: dict[str, str] = field(default_factory=dict)

    @property
    def told(self) -> dict[str, str]:
        """Everything."""
        return {**self.facts, **self.blanks}


def read_story(text: str, facts: Facts, catalog: Catalog, today: date, week: WorkingWeek) -> Story:
    """Return what a text tells, whatever was asked."""
    return _StoryReader(text[:LONGEST_STORY], facts, catalog, today, week).story()


def _phrases(catalog: Catalog) -> PhraseSet:
    found: PhraseSet | None = catalog.worded.get("story")
    if found is None:
        story = catalog.understanding.story
        phrases = {f"{name}{IS}{option}": said for name, options in story.items() for option, said in options.items()}
        found = catalog.worded["story"] = catalog.understanding.phrase_set(phrases)
    return found


class _StoryReader:
    """One story being read; `marked` are its phrases, `clauses` where its clauses begin and end."""

    def __init__(self, text: str, facts: Facts, catalog: Catalog, today: date, week: WorkingWeek) -> None:
        self.text, self.facts, self.catalog, self.today, self.week = text, facts, catalog, today, week
        self.language = catalog.understanding
        self.words: list[Word] = read_words(text, self.language.emoticons)
        self.texts = [word.text for word in self.words]
        self.marked: list[Found] = []
        self.clauses = tuple(self.cut())
        unreal = False
        for start, end in self.clauses:
            joined = start > 0 and self.texts[start - 1] not in (BREAK, ASKED)
            unreal = self.is_unreal(start, end) or (unreal and joined)  # "I hope it went well and they call"
            if not unreal:
                self.marked += self.phrases_in(start, end)

    def story(self) -> Story:
        """Read everything."""
        meant: dict[str, set[str]] = {}
        for found in self.marked:
            name, _, option = found.meaning.partition(IS)
            meant.setdefault(name, set()).add(option)
        settled: dict[str, str] = {}
        for name, options in meant.items():
            last = options & self.facts[name].final  # an offer or a no is what all before it came to
            if len(options) == 1 or len(last) == 1:
                settled[name] = (last or options).pop()
        return Story({**settled, **dict(self.days())}, dict(self.names()))

    # -- clauses and phrases -------------------------------------------------------------------------------------------

    def cut(self) -> Iterator[tuple[int, int]]:
        """Cut the text at its marks and at the words that begin a clause, unless they stand within a phrase."""
        joints, start, at = self.language.sets.joints, 0, 0
        phrases = _phrases(self.catalog)
        while at < len(self.texts):
            within = phrases.at(self.texts, at)
            if within:
                at = max(within[0].end, at + 1)
                continue
            if self.texts[at] in (BREAK, ASKED) or self.texts[at] in joints:
                yield start, at + (self.texts[at] == ASKED)
                start = at + 1
            at += 1
        yield start, len(self.texts)

    def is_unreal(self, start: int, end: int) -> bool:
        """Tell whether a clause asks, hopes, or speaks of somebody else; what stands within a phrase is no hope."""
        if start >= end:
            return True
        phrases, at = _phrases(self.catalog), start
        if self.texts[end - 1] == ASKED or self.language.asking.at(self.texts, start):
            return True
        while at < end:
            if within := phrases.at(self.texts, at):
                at = within[0].end
                continue
            beside = [found for found in self.language.beside.at(self.texts, at) if found.meaning == UNREAL]
            if beside and not any(phrases.at(self.texts, n) for n in range(at, beside[0].end)):
                return True
            at += 1
        return False

    def phrases_in(self, start: int, end: int) -> list[Found]:
        """Return the phrases of a clause; of two about one fact that overlap, the longer one."""
        kept: list[Found] = []
        for at in range(start, end):
            for found in _phrases(self.catalog).at(self.texts[:end], at):
                if self.is_negated(start, at, kept):
                    continue
                rivals = [one for one in kept if _of(one) == _of(found) and one.end > found.start]
                if all(one.end - one.start < found.end - found.start for one in rivals):
                    kept = [*(one for one in kept if one not in rivals), found]
        return kept

    def is_negated(self, start: int, at: int, kept: Sequence[Found]) -> bool:
        """Tell whether a word that turns things round stands just before, outside of another phrase."""
        inside = {n for found in kept for n in range(found.start, found.end)}
        near = range(max(start, at - NEAR), at)
        return any(self.texts[n] in self.language.sets.negators and n not in inside for n in near)

    # -- days ----------------------------------------------------------------------------------------------------------

    def days(self) -> Iterator[tuple[str, str]]:
        """Return the day of the interview, and one that was named for the decision."""
        told = {fact.name: fact for fact in self.facts.by_name.values() if fact.kind == "date"}
        decision = self.language.leads["decision"]
        found: dict[str, str] = {}
        for start, end in self.clauses:
            ahead = [hit for at in range(start, end) for hit in decision.at(self.texts[:end], at)]
            about = {_of(one) for one in self.marked if start <= one.start < end}
            for name, fact in told.items():
                begin = ahead[0].end if ahead else start
                apart = about & {"thanks", "outcome", "relation"} and not about & {"format"}
                if fact.past == bool(ahead) or name in found or (fact.past and apart):
                    continue
                if day := self.day_in(fact, begin, end):
                    found[name] = day
        yield from found.items()

    def day_in(self, fact: Fact, start: int, end: int) -> str | None:
        """Return the day told between two words, the longest that can be read."""
        known = frozenset(self.language.marks.days)
        for size in range(min(LONGEST_DAY, end - start), 0, -1):
            for at in range(start, end - size + 1):
                here = self.texts[at : at + size]
                if not (known.intersection(here) or any(_NUMBERS.fullmatch(text) for text in here)):
                    continue
                found = read(fact, self.text[self.words[at].start : self.words[at + size - 1].end], self.catalog,
                             self.today, self.week)  # fmt: skip
                if isinstance(found, str) and (found[:1].isdigit()):
                    return found
        return None

    # -- names ---------------------------------------------------------------------------------------------------------

    def names(self) -> Iterator[tuple[str, str]]:
        """Return whom and what the story names."""
        found: dict[str, str] = {}
        for name, read_name in (("first", self.person), ("company", self.company), ("job", self.job)):
            for lead in self.leads(name):
                if name not in found and name in self.facts.by_name and (told := read_name(lead)):
                    found[name] = told
        yield from found.items()

    def leads(self, name: str) -> Iterator[int]:
        """Return the words behind which such a name may stand."""
        for at in range(len(self.texts)):
            yield from (found.end for found in self.language.leads[name].at(self.texts, at))

    def is_name(self, at: int) -> bool:
        """Tell whether a word has a capital of its own, and is none that means something."""
        if at >= len(self.words):
            return False
        word = self.words[at]
        return self.text[word.start].isupper() and word.text not in self.language.no_names

    def person(self, at: int) -> str:
        titles, begin = self.language.marks.titles, at
        titled = at < len(self.texts) and self.texts[at] in titles
        if titled:
            at += 1 + (self.texts[at + 1 : at + 2] == [BREAK])
        if not self.is_name(at):
            return ""
        return self.text[self.words[begin if titled else at].start : self.words[at].end].removesuffix("'s")

    def company(self, at: int) -> str:
        if not self.is_name(at):
            return ""
        end = at + 1
        while self.is_name(end) or (self.texts[end : end + 1] and self.texts[end] in self.language.marks.joins
                                    and self.is_name(end + 1)):  # fmt: skip
            end += 1
        name = self.text[self.words[at].start : self.words[end - 1].end]
        follows = self.texts[end : end + 1]
        idle = self.language.sets.fillers | self.language.sets.details | {BREAK}
        return re.sub(r"['’]s$", "", name) if follows and follows[0] not in idle else name

    def job(self, at: int) -> str:
        """Return a title: the words up to one with which titles end, where nothing else comes between."""
        jobs, joins = self.language.marks.jobs, self.language.marks.joins
        stops = (self.language.sets.details | self.language.sets.joints | {BREAK, ASKED}) - set(joins)
        end = 0
        for n in range(at, min(len(self.texts), at + LONGEST_TITLE)):
            if self.texts[n] in stops:
                break
            if self.texts[n] in jobs:
                end = n + 1
        return self.text[self.words[at].start : self.words[end - 1].end] if end else ""


def _of(found: Found) -> str:
    return found.meaning.partition(IS)[0]
