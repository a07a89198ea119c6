"""flows/cases/*.yaml and flows/lessons/*.yaml: what coaches work through with groups and post in channels.

Names and values are checked here; `verification/check_coaching.py` proves that a case comes out so.
"""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal

from pydantic import Field

from bot.content.conditions import Conditions
from bot.content.field_types import Clock, ContentModel, Name, RuleId, Value
from bot.content.references import References
from bot.content.source_file import SourceFile
from bot.core.coaching.case_studies import CaseStudy
from bot.core.coaching.lessons import WEEKDAYS, Lesson, Series

WORDED = ("choice", "flag")
"""The kinds of fact whose answers are words on buttons, so that a poll can offer them."""


class CaseExpectation(ContentModel):
    """What the rules must say of a case."""

    verdict: Annotated[Name, Field(description="The advice.")]
    rule: Annotated[RuleId, Field(description="The row that decides.")]


class CaseFile(ContentModel):
    """flows/cases/<name>.yaml: an invented interview; its story is in the messages."""

    case: Annotated[Name, Field(description="Its name.")]
    rules: Annotated[Name, Field(description="The ruleset that decides.")]
    given: Annotated[
        dict[str, Value], Field(description="What is true of it; other facts are at their cautious values.")
    ]
    polls: Annotated[tuple[str, ...], Field(min_length=1, description="The facts a group is asked for, one poll each.")]
    choices: Annotated[
        tuple[Name, ...], Field(min_length=2, max_length=12, description="The verdicts of the last poll.")
    ]
    expect: Annotated[CaseExpectation, Field(description="What the rules must say of it.")]


def read_case(source: SourceFile, file: CaseFile, references: References) -> CaseStudy:
    """Return the case of a file."""
    source.address(source.at("case"), "case", file.case)
    source.refer(source.at("rules"), file.rules, references.rulesets, "unknown-rules", "no ruleset of flows/rules/")
    conditions = Conditions(references)
    for fact, value in file.given.items():
        conditions.values(source, ("given", fact), fact, [value])
    for number, name in enumerate(file.polls):
        fact_ = references.fact(source, source.at("polls", number), name)
        if fact_ and (fact_.kind not in WORDED or fact_.derivation or name not in file.given):
            what = f"the group cannot be asked for '{name}'."
            why = "A poll needs the words of buttons, and the case has to say what the story tells."
            instead = "Ask for a choice or a yes or no that stands under given:."
            source.fault(source.at("polls", number), "no-poll", what, why, instead)
    return CaseStudy(file.case, file.rules, file.given, file.polls, file.choices, file.expect.verdict, file.expect.rule)


class LessonEntry(ContentModel):
    """One lesson; its words are in the messages."""

    id: Annotated[Name, Field(description="Its name.")]
    cites: Annotated[tuple[str, ...], Field(min_length=1, description="The claims it rests on.")]


class LessonsFile(ContentModel):
    """flows/lessons/<name>.yaml: a series for a channel, one lesson a week."""

    series: Annotated[Name, Field(description="Its name.")]
    weekday: Annotated[
        Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
        Field(description="The day of the week on which a lesson is posted, unless the coach moves it."),
    ]
    at: Annotated[Clock, Field(description="The wall time, where the coach lives.")]
    lessons: Annotated[
        tuple[LessonEntry, ...], Field(min_length=1, max_length=52, description="The lessons, in order.")
    ]


def read_series(source: SourceFile, file: LessonsFile, references: References) -> Series:
    """Return the series of a file."""
    source.address(source.at("series"), "series", file.series)
    source.refuse_twins("lessons", (entry.id for entry in file.lessons))
    lessons = []
    for number, entry in enumerate(file.lessons):
        source.address(source.at("lessons", number, "id"), "lesson", entry.id)
        cites = references.cites(source, ("lessons", number, "cites"), entry.cites)
        lessons.append(Lesson(entry.id, cites))
    return Series(file.series, WEEKDAYS.index(file.weekday), time.fromisoformat(file.at), tuple(lessons))
