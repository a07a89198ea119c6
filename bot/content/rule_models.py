"""The files that hold the policy and its texts, as the coach writes them: rules, reminders, notes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bot.content.field_types import (
    MOST_DAYS,
    Beyond,
    Cites,
    Clock,
    ContentModel,
    Days,
    GateId,
    KindId,
    LawId,
    Name,
    Named,
    OneOrMany,
    OptionalWhen,
    Positive,
    ReminderId,
    RuleId,
    Sentence,
    ShortFor,
    Switch,
    Value,
    Values,
    When,
)
from bot.core.advice.rules import OverTime

# -- flows/rules/<name>.yaml and flows/reminders.yaml ----------------------------------------------------------------

Start = Annotated[
    str,
    Field(
        alias="from",
        description="today, opening (the day the note may go), next_month, request_sent, status_sent, message_sent, "
        "accepted, or a date fact.",
    ),
]
Becomes = Annotated[
    dict[str, Value] | None,
    Field(
        min_length=1,
        max_length=1,
        description="The first day on which this fact, worked out from that date, has this value.",
    ),
]


class SameDay(ContentModel):
    """Still today, if it is early enough."""

    before: Annotated[Clock, Field(description='Until when, such as "15:00".')]
    at: Annotated[Clock, Field(description='When it then falls, such as "17:00".')]


class MomentEntry(ContentModel):
    """When something falls."""

    start: Start
    business_days: Annotated[Days, Field(description="So many business days on.")] = 0
    days: Annotated[Days, Field(description="So many days on.")] = 0
    becomes: Becomes = None
    at: Annotated[Clock | None, Field(description='The wall time, such as "10:00", from 09:00 to 18:00.')] = None
    same_day: Annotated[SameDay | None, Field(description="Today instead, if it is early enough.")] = None
    otherwise: Annotated[MomentEntry | None, Field(description="When it falls if the day is not known.")] = None


class OpensEntry(ContentModel):
    """The day from which a request is right."""

    start: Start
    business_days: Annotated[Days, Field(description="So many business days on.")] = 0
    becomes: Becomes = None


class WantedEntry(ContentModel):
    """A note kind, mail or reminder, asked for where its condition holds."""

    kind: Annotated[str, Field(description="Which one.")]
    when: OptionalWhen


Wanted = Annotated[tuple[Annotated[WantedEntry, ShortFor("kind")], ...], OneOrMany()]


Trust = Literal[True, False, "judgement"]


class VerdictEntry(ContentModel):
    """A kind of advice."""

    open: Annotated[Switch, Field(description="true: it says that a request may go out today.")] = False
    beyond: Beyond = False
    closes: Annotated[Switch, Field(description="true: the case ends with it, and its deletion is offered.")] = False


class RuleEntry(ContentModel):
    """A row of the decision table; the first that fits decides."""

    id: Annotated[RuleId, Field(description="R and a number.")]
    when: OptionalWhen
    verdict: Annotated[str, Field(description="One of the verdicts above.")]
    note: Annotated[Wanted, Field(description="The note kind that goes with the verdict; the first that fits.")] = ()
    override: Annotated[Wanted, Field(description="The note for somebody who goes ahead against the advice.")] = ()
    mails: Annotated[Wanted, Field(description="The e-mails that go with the verdict.")] = ()
    remind: Annotated[Wanted, Field(description="The reminders to set.")] = ()
    opens: Annotated[OpensEntry | None, Field(description="The day a request is right, where that is not today.")] = (
        None
    )
    reasons: Annotated[tuple[str, ...], Field(description="The claims shown as reasons, two or three.")] = ()
    cites: Cites = ()
    beyond: Annotated[
        Trust,
        Field(description="true: on the word of recruiters and coaches, beyond the source; judgement: on ours only."),
    ] = False
    waits_for: Annotated[
        Name, Field(description="What comes before the request, on a day nobody knows yet; names a message.")
    ] = ""
    headline: Annotated[Name, Field(description="The last part of the message on top, if it has its own.")] = ""
    why: Annotated[str, Field(description="The reason, for whoever reads the rules.")] = ""


class GateEntry(ContentModel):
    """A condition that rides on a verdict."""

    id: Annotated[GateId, Field(description="G and a number.")]
    when: When
    verdicts: Annotated[tuple[str, ...], Field(description="Only on these verdicts; without it, on any.")] = ()
    with_note: Annotated[Switch, Field(description="true: only where there is a note.")] = False
    with_mail: Annotated[str | None, Field(description="Only where there is this e-mail.")] = None
    before_note: Annotated[Switch, Field(description="true: said before the note, not with the advice.")] = False
    remind: Annotated[tuple[str, ...], Field(description="The reminders to set.")] = ()
    cites: Cites = ()
    beyond: Beyond = False


class RemarkEntry(ContentModel):
    """A further reason or caution for some verdicts: it has exactly one of reason and caution."""

    id: Annotated[Name, Field(description="The remark's name.")]
    when: When
    verdicts: Annotated[tuple[str, ...], Field(min_length=1, description="The verdicts it goes with.")]
    reason: Annotated[str | None, Field(description="The claim that is said as a reason.")] = None
    caution: Annotated[str | None, Field(description="The claim that is said as a caution.")] = None


class LawEntry(ContentModel):
    """What must hold for every combination of answers: it has exactly one of implies_one_of and stays_open_when.

    Its conditions may also read `verdict`, `rule` and `note`.
    """

    id: Annotated[Name, Field(description="The law's name.")]
    always: When
    implies_one_of: Annotated[
        tuple[When, ...] | None, Field(min_length=1, description="Whenever `always` fits, one of these does.")
    ] = None
    stays_open_when: Annotated[
        dict[str, Annotated[tuple[Value, ...], Field(min_length=2)]] | None,
        Field(min_length=1, description="An open verdict stays open when this fact moves on from left to right."),
    ] = None
    why: Annotated[str, Field(description="The reason, for whoever reads the rules.")] = ""


class SoonerEntry(ContentModel):
    """Two sorts of message that may follow each other sooner than others."""

    after: Annotated[Name, Field(description="What went out.")]
    send: Annotated[Name, Field(description="What may follow it.")]
    business_days: Annotated[Days, Field(description="After so many business days.")]


class LawOverTimeEntry(ContentModel):
    """What must hold along every history of a case: whatever goes out, is told or passes, in whatever order."""

    id: Annotated[LawId, Field(description="The law's name, P and a number.")]
    holds: Annotated[OverTime, Field(description="What it says; what each word comes to is in the guide.")]
    at_most: Annotated[
        Positive | None, Field(description="The most reminders until a case ends, or the most days until it does.")
    ] = None
    apart: Annotated[Days, Field(description="The business days between two messages to one person.")] = 0
    sooner: Annotated[tuple[SoonerEntry, ...], Field(description="Pairs for which fewer days are enough.")] = ()
    sorts: Annotated[
        tuple[Name, ...],
        Field(description="The sorts of message that need `when`, or that never go out beside a request."),
    ] = ()
    when: OptionalWhen
    cites: Cites = ()
    why: Annotated[Sentence, Field(description="The reason, told to whoever breaks it.")]


class Expectation(ContentModel):
    """What the rules must say of an example; a list means all of it."""

    verdict: Annotated[Values | None, Field(description="The verdict.")] = None
    rule: Annotated[Values | None, Field(description="The rule that decides.")] = None
    note: Annotated[Values | None, Field(description="The note kind, or none.")] = None
    gates: Annotated[Named | None, Field(description="The gates that ride on it.")] = None
    mails: Annotated[Named | None, Field(description="The e-mails.")] = None
    remind: Annotated[Named | None, Field(description="The reminders it asks for.")] = None
    remarks: Annotated[Named | None, Field(description="The remarks that are made.")] = None


class ExampleEntry(ContentModel):
    """A situation, named by a sentence, and what must come of it."""

    name: Annotated[Sentence, Field(description="The situation in a sentence.")]
    given: Annotated[
        dict[str, Value],
        Field(default_factory=dict, description="What is known; anything else counts as its cautious value."),
    ]
    expect: Annotated[Expectation, Field(description="What must come of it.")]


class RulesFile(ContentModel):
    """flows/rules/<name>.yaml: a whole policy, what is advised and why; no questions and no wording."""

    rules: Annotated[Name, Field(description="The ruleset's name.")]
    verdicts: Annotated[dict[Name, VerdictEntry], Field(min_length=1, description="The kinds of advice.")]
    decide: Annotated[tuple[RuleEntry, ...], Field(min_length=1, description="The decision table, read from the top.")]
    gates: Annotated[tuple[GateEntry, ...], Field(description="Conditions that ride on a verdict.")] = ()
    remarks: Annotated[tuple[RemarkEntry, ...], Field(description="Further reasons and cautions.")] = ()
    laws: Annotated[tuple[LawEntry, ...], Field(description="What is proved over every combination of answers.")] = ()
    over_time: Annotated[
        tuple[LawOverTimeEntry, ...], Field(description="What is proved over the histories of a case.")
    ] = ()
    examples: Annotated[tuple[ExampleEntry, ...], Field(description="Situations that are tried at every check.")] = ()


class AgainEntry(ContentModel):
    """When a reminder comes more than once."""

    times: Annotated[int, Field(strict=True, ge=2, le=12, description="How often it comes in all.")]
    business_days: Annotated[Days, Field(description="So many business days after the last.")] = 0
    days: Annotated[Days, Field(description="So many days after the last.")] = 0


class ReminderEntry(ContentModel):
    """A reason to come back."""

    due: Annotated[MomentEntry, Field(description="When it falls.")]
    overdue_days: Annotated[
        int,
        Field(strict=True, ge=1, le=MOST_DAYS, description="More than so many days late, `overdue` says what happens."),
    ] = 14
    overdue: Annotated[
        Literal["ask", "say", "drop"],
        Field(
            description="Far too late: ask whether it still matters, say it all the same, or drop this one and come at"
            " its next time; one that has none asks."
        ),
    ] = "ask"
    again: Annotated[AgainEntry | None, Field(description="When it comes more than once.")] = None
    asks: Annotated[tuple[str, ...], Field(description="The facts that are asked anew when somebody comes back.")] = ()
    step: Annotated[
        Name, Field(description="What of a plan it comes for: a sort of message (flows/ledger.yaml), look, or beside.")
    ] = "look"
    cites: Cites = ()
    beyond: Beyond = False


class MannersEntry(ContentModel):
    """How often reminders may come at all."""

    unanswered: Annotated[Positive, Field(description="So many about one case until something new is told.")] = 4
    snoozes: Annotated[Days, Field(description="So often one can be put off.")] = 2
    snooze_business_days: Annotated[
        int, Field(strict=True, ge=1, le=MOST_DAYS, description="So many business days it is put off.")
    ] = 2
    close_after_days: Annotated[
        int, Field(strict=True, ge=1, le=MOST_DAYS, description="So many days without news, and a case is closed.")
    ] = 45


class RemindersFile(ContentModel):
    """flows/reminders.yaml: when to come back, and for what."""

    manners: Annotated[MannersEntry, Field(default_factory=MannersEntry, description="How often they may come.")]
    reminders: Annotated[dict[ReminderId, ReminderEntry], Field(description="The kinds of reminder, M and a number.")]


# -- flows/notes.yaml ------------------------------------------------------------------------------------------------


class WordingEntry(ContentModel):
    """One wording of a note."""

    text: Annotated[Name, Field(description="The last part of its message key.")]
    when: OptionalWhen
    voice: Annotated[Name, Field(description="How it sounds: plain, warm or formal; people can ask for another.")] = (
        "plain"
    )
    without: Annotated[
        str, Field(description="The slot that it does without, for people who leave that slot empty.")
    ] = ""


class WordsEntry(ContentModel):
    """How many words the body of an e-mail has."""

    at_least: Annotated[int, Field(strict=True, ge=0, description="The fewest words.")] = 0
    at_most: Annotated[Positive, Field(description="The most words.")]


class NoteEntry(ContentModel):
    """A kind of note or e-mail."""

    meant_for: Annotated[Sentence, Field(alias="for", description="Who it is meant for; never shown.")]
    mail: Annotated[Switch, Field(description="true: an e-mail, with a subject.")] = False
    message: Annotated[Switch, Field(description="true: a LinkedIn message to somebody who is connected.")] = False
    slots: Annotated[tuple[str, ...], Field(min_length=1, description="The text facts the candidate is asked for.")]
    given: Annotated[
        dict[Name, str], Field(default_factory=dict, description="Further {blanks}, each with the fact that fills it.")
    ]
    limit: Annotated[str, Field(description="The limit that counts; for an e-mail, that of its subject.")]
    subject: Annotated[tuple[WordingEntry, ...], Field(description="An e-mail's subjects, the longest first.")] = ()
    ladder: Annotated[tuple[WordingEntry, ...], Field(min_length=1, description="The texts, the longest first.")]
    shorten: Annotated[tuple[str, ...], Field(description="The slots to ask a shorter text for, in this order.")] = ()
    words: Annotated[WordsEntry | None, Field(description="How long the body of an e-mail may be.")] = None
    as_mail: Annotated[WordingEntry | None, Field(description="The text of a note as an e-mail, for whom it is.")] = (
        None
    )
    heading: Annotated[Name, Field(description="The last part of the message above the note, if it has its own.")] = ""
    never: Annotated[Switch, Field(description="true: the messages list words that must not occur.")] = False
    outcome_in: Annotated[
        tuple[Positive, ...],
        Field(
            description="The sentences, counted from 1, that say how the interview came out; a member can hide them."
        ),
    ] = ()
    cites: Cites = ()
    beyond: Beyond = False


class SwapEntry(ContentModel):
    """Where its condition fits, one note kind stands in for others."""

    when: When
    of: Annotated[tuple[str, ...], Field(min_length=1, description="The note kinds that are replaced.")]
    use: Annotated[str, Field(description="The note kind that replaces them.")]


class NotesFile(ContentModel):
    """flows/notes.yaml: the notes and e-mails offered ready to send; the words are in the messages."""

    notes: Annotated[
        dict[KindId, NoteEntry],
        Field(description="The kinds: K and a number a note, E an e-mail, D a message."),
    ]
    instead: Annotated[
        tuple[SwapEntry, ...], Field(description="From the top; the first that fits replaces a kind.")
    ] = ()
