"""flows/cases/*.yaml and flows/lessons/*.yaml: what coaches work through with groups and post in channels.

Law of this file: names and values are checked here; that a case comes out as it says is proved in `verification.check_coaching`.
"""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal

from pydantic import Field

from bot.content.conditions import Conditions
from bot.content.field_types import Clock, Name, Part, RuleId, Value
from bot.content.references import Vocabulary
from bot.content.source_file import Sheet
from bot.core.coaching.case_studies import CaseStudy
from bot.core.coaching.lessons import WEEKDAYS, Lesson, Series

WORDED = ("choice", "flag")
"""The kinds of fact whose answers are words on buttons, so that a poll can offer them."""


class CaseExpectation(Part):
    """What the rules must say of a case."""

    verdict: Annotated[Name, Field(description="The advice.")]
    rule: Annotated[RuleId, Field(description="The row that decides.")]


class CaseFile(Part):
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


def read_case(sheet: Sheet, file: CaseFile, vocabulary: Vocabulary) -> CaseStudy:
    """Return the case of a file."""
    sheet.address(sheet.at("case"), "case", file.case)
    sheet.refer(sheet.at("rules"), file.rules, vocabulary.rulesets, "unknown-rules", "no ruleset of flows/rules/")
    conditions = Conditions(vocabulary)
    for fact, value in file.given.items():
        conditions.values(sheet, ("given", fact), fact, [value])
    for number, name in enumerate(file.polls):
        fact_ = vocabulary.fact(sheet, sheet.at("polls", number), name)
        if fact_ and (fact_.kind not in WORDED or fact_.derivation or name not in file.given):
            what = f"the group cannot be asked for '{name}'."
            why = "A poll needs the words of buttons, and the case has to say what the story tells."
            instead = "Ask for a choice or a yes or no that stands under given:."
            sheet.fault(sheet.at("polls", number), "no-poll", what, why, instead)
    return CaseStudy(file.case, file.rules, file.given, file.polls, file.choices, file.expect.verdict, file.expect.rule)


class LessonEntry(Part):
    """One lesson; its words are in the messages."""

    id: Annotated[Name, Field(description="Its name.")]
    cites: Annotated[tuple[str, ...], Field(min_length=1, description="The claims it rests on.")]


class LessonsFile(Part):
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


def read_series(sheet: Sheet, file: LessonsFile, vocabulary: Vocabulary) -> Series:
    """Return the series of a file."""
    sheet.address(sheet.at("series"), "series", file.series)
    sheet.refuse_twins("lessons", (entry.id for entry in file.lessons))
    lessons = []
    for number, entry in enumerate(file.lessons):
        sheet.address(sheet.at("lessons", number, "id"), "lesson", entry.id)
        cites = vocabulary.cites(sheet, ("lessons", number, "cites"), entry.cites)
        lessons.append(Lesson(entry.id, cites))
    return Series(file.series, WEEKDAYS.index(file.weekday), time.fromisoformat(file.at), tuple(lessons))
