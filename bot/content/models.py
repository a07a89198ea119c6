"""Every content file as the coach writes it: which keys there are, what each is for, what may stand there.

Shapes only. Whether a name means anything is checked where the file is converted.
The descriptions show up in editors, through the JSON Schemas that `schemas.py` writes.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, RootModel, Tag

from bot.content.field_types import (
    MOST_DAYS,
    Bounds,
    ClaimId,
    ContentModel,
    Days,
    DayText,
    MessageKey,
    MessageName,
    Name,
    OptionalWhen,
    Positive,
    Sentence,
    Switch,
    Value,
    ValueName,
    When,
    Whole,
)

# -- flows/facts.yaml ------------------------------------------------------------------------------------------------


class _Fact(ContentModel):
    scope: Annotated[
        Literal["user", "interview", "case"],
        Field(description="user: asked once ever; interview: shared by the people met there; case: about one person."),
    ]


class _FiniteFact(_Fact):
    cautious: Annotated[Value, Field(description='What "not sure", or no answer, counts as: the more careful value.')]
    not_sure: Annotated[Switch, Field(description='true: "Not sure" is an honest answer and gets a button.')] = False
    can_change: Annotated[tuple[Value, ...], Field(description="Values that may still come true later.")] = ()
    final: Annotated[tuple[Value, ...], Field(description="Values after which nothing else comes true.")] = ()


class Bands(ContentModel):
    """How a fact follows from a date instead of being asked."""

    fact: Annotated[str, Field(description="The date fact it is worked out from.")]
    count: Annotated[Literal["business_days", "days"], Field(description="Which days are counted.")]
    starts: Annotated[
        dict[str, Days], Field(description="For each value, in order, the day it begins on; the first is 0.")
    ]
    bounds: Annotated[
        dict[str, Bounds],
        Field(default_factory=dict, description="How early and how late a value may be made to begin."),
    ]
    not_before: Annotated[
        dict[str, dict[str, Days]],
        Field(
            default_factory=dict,
            description="A value that begins so many business days after another date fact at the soonest.",
        ),
    ]


class ChoiceFact(_FiniteFact):
    """A question with named answers."""

    kind: Annotated[Literal["choice"], Field(description="One of the values listed.")]
    values: Annotated[
        tuple[ValueName, ...], Field(min_length=2, description="What can be answered; conditions use these words.")
    ]
    bands: Annotated[
        Bands | Literal["history"] | None,
        Field(alias="from", description="Not asked: worked out from a date, or (history) from what went out."),
    ] = None
    alike: Annotated[
        tuple[Annotated[tuple[Value, ...], Field(min_length=2)], ...],
        Field(description="Values that come to the same on purpose; any others have to make a difference."),
    ] = ()


class FlagFact(_FiniteFact):
    """A question answered with yes or no."""

    kind: Annotated[Literal["flag"], Field(description='Its values are "yes" and "no", in quotes.')]


class NumberFact(_FiniteFact):
    """A question answered with a small whole number."""

    kind: Annotated[Literal["number"], Field(description="A whole number.")]
    from_to: Annotated[tuple[Whole, Whole], Field(description="The smallest and the largest number.")]


class ShortcutEntry(ContentModel):
    """A day that can be tapped."""

    id: Annotated[ValueName, Field(description="Names the button's text in the messages.")]
    days_ago: Annotated[
        tuple[Annotated[int, Field(strict=True, ge=-MOST_DAYS, le=MOST_DAYS)], ...] | None,
        Field(min_length=1, description="So many days ago (ahead, when negative), the latest first."),
    ] = None
    weeks_ago: Annotated[int | None, Field(strict=True, ge=0, le=52, description="Some day so many weeks ago.")] = None


class DateFact(_Fact):
    """A question answered with a day."""

    kind: Annotated[Literal["date"], Field(description="A day.")]
    shortcuts: Annotated[tuple[ShortcutEntry, ...], Field(description="Days that can be tapped.")] = ()
    future: Annotated[Switch, Field(description="true: the day is still to come.")] = False
    optional: Annotated[Switch, Field(description='true: "no such day" is an answer.')] = False


class TextFact(_Fact):
    """A question answered in the person's own words."""

    kind: Annotated[Literal["text"], Field(description="A short text, which fills a blank of a note.")]
    max_length: Annotated[
        int, Field(strict=True, ge=1, le=4096, description="The longest text taken, in UTF-16 code units.")
    ]
    phrase: Annotated[Switch, Field(description="true: it goes on in the middle of a sentence.")] = False
    optional: Annotated[Switch, Field(description="true: it may be left out; notes have a wording without it.")] = False


FACT_KINDS = ("choice", "flag", "number", "date", "text")


def _kind_of_fact(written: object) -> str | None:
    kind = written.get("kind") if isinstance(written, dict) else None
    return f"<{kind}>" if kind in FACT_KINDS else None


FactEntry = Annotated[
    Annotated[ChoiceFact, Tag("<choice>")]
    | Annotated[FlagFact, Tag("<flag>")]
    | Annotated[NumberFact, Tag("<number>")]
    | Annotated[DateFact, Tag("<date>")]
    | Annotated[TextFact, Tag("<text>")],
    Discriminator(_kind_of_fact),
]


class FactsFile(ContentModel):
    """flows/facts.yaml: everything the bot may learn about a person, an interview and a case."""

    facts: Annotated[
        dict[Name, FactEntry], Field(min_length=1, description="The facts; finite ones decide in this order.")
    ]


# -- flows/<name>.yaml -----------------------------------------------------------------------------------------------


class WhenBranch(ContentModel):
    """A way out of a step that is taken when its condition fits."""

    when: When
    go: Annotated[str, Field(description="The id of a later step, or end.")]
    why: Annotated[str, Field(description="The reason, for whoever reads the flow.")] = ""


class ElseBranch(ContentModel):
    """The way out of a step that is taken when no other is."""

    go: Annotated[str, Field(alias="else", description="The id of a later step, or end.")]
    why: Annotated[str, Field(description="The reason, for whoever reads the flow.")] = ""


def _kind_of_branch(written: object) -> str:
    return "<else>" if isinstance(written, dict) and "else" in written else "<when>"


BranchEntry = Annotated[
    Annotated[WhenBranch, Tag("<when>")] | Annotated[ElseBranch, Tag("<else>")], Discriminator(_kind_of_branch)
]


class HintEntry(ContentModel):
    """A further line under a question."""

    say: Annotated[Name, Field(description="The last part of its message key.")]
    when: OptionalWhen


class StepEntry(ContentModel):
    """A stop of the conversation: it has exactly one of ask, judge and compose."""

    id: Annotated[Name, Field(description="The step's name in this flow.")]
    ask: Annotated[str | None, Field(description="The fact to ask for.")] = None
    judge: Annotated[str | None, Field(description="The ruleset that gives the advice here.")] = None
    compose: Annotated[
        Literal["notes"] | None, Field(description="Give the note and the mails that the verdict calls for.")
    ] = None
    when: OptionalWhen
    next: Annotated[
        tuple[BranchEntry, ...], Field(min_length=1, description="Where to go; the last one is `else`.")
    ] = ()
    hints: Annotated[tuple[HintEntry, ...], Field(description="Further lines under the question.")] = ()
    why: Annotated[str, Field(description="The reason, for whoever reads the flow.")] = ""


class AssumeEntry(ContentModel):
    """A fact that may be read of people who were not asked for it; it counts as what is cautious."""

    fact: Annotated[str, Field(description="The fact.")]
    when: OptionalWhen


class FlowFile(ContentModel):
    """flows/<name>.yaml: one conversation, step by step; routing only."""

    flow: Annotated[Name, Field(description="The conversation's name.")]
    description: Annotated[Sentence, Field(description="What it is for, in a sentence.")]
    rules: Annotated[str, Field(description="The ruleset that decides in this conversation.")]
    steps: Annotated[tuple[StepEntry, ...], Field(min_length=1, description="The steps, from top to bottom.")]
    offers: Annotated[
        tuple[str, ...], Field(description="Facts asked only on request, and only where they would change something.")
    ] = ()
    assumes: Annotated[
        tuple[AssumeEntry, ...], Field(description="Facts read, on purpose, of people who were not asked for them.")
    ] = ()


# -- flows/limits.yaml and flows/claims.yaml -------------------------------------------------------------------------


class LimitEntry(ContentModel):
    """What a platform allows: one value, or one for each value of the fact `by`."""

    value: Annotated[Positive | None, Field(description="The limit.")] = None
    by: Annotated[str | None, Field(description="The fact it depends on.")] = None
    values: Annotated[dict[str, Positive] | None, Field(description="The limit for each value of that fact.")] = None
    unit: Annotated[Sentence, Field(description="What is counted.")]
    trust: Annotated[Sentence, Field(description="How far the source can be trusted.")]
    source: Annotated[Sentence, Field(description="Where the number comes from.")]
    as_of: Annotated[DayText, Field(description='The day you looked, such as "2026-11-24".')]


class LimitsFile(ContentModel):
    """flows/limits.yaml: what the platforms allow, each with its source and the day somebody looked."""

    limits: Annotated[dict[Name, LimitEntry], Field(description="The limits by name.")]


class ClaimEntry(ContentModel):
    """A statement of the article that advice rests on."""

    kind: Annotated[
        Literal["rule", "reason"],
        Field(description="rule: must be carried by a rule, note, gate or reminder; reason: is there to be quoted."),
    ]
    section: Annotated[Sentence, Field(description="The section of the article.")]
    structure: Annotated[str, Field(description="What carries it, if not a rule, note, gate or reminder.")] = ""


class ClaimsFile(ContentModel):
    """flows/claims.yaml: the statements of the article, C and a number."""

    claims: Annotated[dict[ClaimId, ClaimEntry], Field(min_length=1, description="The claims by id.")]


# -- flows/faq.yaml --------------------------------------------------------------------------------------------------


class QuestionEntry(ContentModel):
    """A question that many ask; its wording is in the messages."""

    cites: Annotated[
        tuple[str, ...], Field(description="The claims behind the answer; none where it goes beyond.")
    ] = ()
    beyond: Annotated[Switch, Field(description="true: the article says nothing of it; the answer is our own.")] = False
    source: Annotated[str, Field(description="Where a fact of the platform in the answer is from.")] = ""


class FaqFile(ContentModel):
    """flows/faq.yaml: the questions that are answered without a case, in the order in which they are listed."""

    faq: Annotated[dict[Name, QuestionEntry], Field(min_length=1, description="The questions by name.")]


# -- flows/protected.yaml ----------------------------------------------------------------------------------------------


class ProtectedFile(ContentModel):
    """flows/protected.yaml: the texts that no coach's edition changes."""

    protected: Annotated[
        tuple[MessageName, ...],
        Field(min_length=1, description="Each a message, such as cohort.leave, or a group of messages."),
    ]


# -- flows/both_right.yaml ---------------------------------------------------------------------------------------------


class BothRightFile(ContentModel):
    """flows/both_right.yaml: faults that nothing should notice, for tools/content_mutation."""

    both_right: Annotated[
        dict[str, Sentence],
        Field(description="The name of a fault (`*` stands for anything), and why both ways are right."),
    ]


# -- messages/<language>/*.yaml --------------------------------------------------------------------------------------


def _kind_of_message(written: object) -> str:
    return "<group>" if isinstance(written, dict) else "<texts>" if isinstance(written, list) else "<text>"


class MessagesFile(
    RootModel[
        dict[
            MessageKey,
            Annotated[
                Annotated[str, Tag("<text>")]
                | Annotated[tuple[str, ...], Field(min_length=1), Tag("<texts>")]
                | Annotated["MessagesFile", Tag("<group>")],
                Discriminator(_kind_of_message),
            ],
        ]
    ]
):
    """messages/<language>/*.yaml: wording; a text, a list of alternatives, plural forms, or a group of messages."""
