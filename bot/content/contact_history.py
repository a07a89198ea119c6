"""flows/ledger.yaml: its shape, and how it is turned into what politeness allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from bot.content.field_types import ContentModel, Days, KindId, Name, Positive, Value
from bot.content.references import References
from bot.content.source_file import SourceFile
from bot.content.yaml_reader import Path
from bot.core.advice.contact_history import Courtesy, Monthly, Sort
from bot.core.library import Limit


class MonthlyEntry(ContentModel):
    """How many a platform allows in a calendar month."""

    limit: Annotated[Name, Field(description="The limit that says how many.")]
    leaves: Annotated[Name, Field(description="The fact that says how many are left.")]
    when: Annotated[dict[Name, Value], Field(default_factory=dict, description="Whom it concerns.")]


class SortEntry(ContentModel):
    """A sort of message to somebody met."""

    notes: Annotated[tuple[KindId, ...], Field(description="The notes and e-mails that are of this sort.")] = ()
    at_most: Annotated[Positive, Field(description="How many of it may go out to one person.")] = 1
    again_after: Annotated[
        Name | None, Field(description="The limit that says how many days after a withdrawal one more may go out.")
    ] = None
    monthly: Annotated[MonthlyEntry | None, Field(description="What a calendar month allows.")] = None
    soon_after: Annotated[
        dict[Name, Days], Field(default_factory=dict, description="Sorts it may follow after fewer business days.")
    ]
    then: Annotated[
        dict[Name, Value], Field(default_factory=dict, description="The facts that are answered by its being sent.")
    ]
    fates: Annotated[
        dict[Literal["accepted", "declined", "withdrawn"], dict[Name, Value]],
        Field(default_factory=dict, description="The facts that are answered by what became of it."),
    ]


class LedgerFile(ContentModel):
    """flows/ledger.yaml: what may be sent to one person at all."""

    apart: Annotated[Days, Field(description="Business days between any two messages.")]
    at_most: Annotated[Positive, Field(description="How many messages in `within_days` days.")]
    within_days: Annotated[Positive, Field(description="The days in which `at_most` counts.")]
    assumed_on: Annotated[
        Name, Field(description="The date fact on whose day something went out of which nobody said when.")
    ] = ""
    sorts: Annotated[dict[Name, SortEntry], Field(min_length=1, description="The sorts of message.")]


def read_ledger(source: SourceFile, file: LedgerFile, limits: Mapping[str, Limit], references: References) -> Courtesy:
    """Return what politeness allows."""
    sorts: dict[str, Sort] = {}
    for id_, entry in file.sorts.items():
        path = ("sorts", id_)
        for number, kind in enumerate(entry.notes):
            place = source.at(*path, "notes", number)
            source.refer(place, kind, references.kinds, "unknown-note", "no note of flows/notes.yaml")
            if other := next((sort.id for sort in sorts.values() if kind in sort.notes), None):
                what = f"'{kind}' is of the sort '{other}' already."
                source.fault(place, "duplicate-id", what, "It would be counted once only.", "Delete one of them.")
        for other in entry.soon_after:
            source.refer(
                source.key(*path, "soon_after", other), other, file.sorts, "unknown-sort", "no sort of message"
            )
        _check_facts(source, (*path, "then"), entry.then, references)
        for fate, answered in entry.fates.items():
            _check_facts(source, (*path, "fates", fate), answered, references)
        sorts[id_] = Sort(
            id_,
            frozenset(entry.notes),
            entry.at_most,
            _number(source, (*path, "again_after"), entry.again_after, limits, references),
            entry.then,
            entry.soon_after,
            _monthly(source, (*path, "monthly"), entry.monthly, limits, references),
            {str(fate): answered for fate, answered in entry.fates.items()},
        )
    return Courtesy(sorts, file.apart, file.at_most, file.within_days, file.assumed_on)


def _check_facts(source: SourceFile, path: Path, given: Mapping[str, str], references: References) -> None:
    for name, value in given.items():
        fact = references.fact(source, source.key(*path, name), name)
        if fact is not None:
            source.refer(source.at(*path, name), value, fact.values, "unknown-value", f"no value of '{name}'")


def _monthly(
    source: SourceFile, path: Path, entry: MonthlyEntry | None, limits: Mapping[str, Limit], references: References
) -> Monthly | None:
    if entry is None:
        return None
    references.fact(source, source.at(*path, "leaves"), entry.leaves)
    _check_facts(source, (*path, "when"), entry.when, references)
    return Monthly(_number(source, (*path, "limit"), entry.limit, limits, references), entry.leaves, entry.when)


def _number(
    source: SourceFile, path: Path, name: str | None, limits: Mapping[str, Limit], references: References
) -> int:
    if name is None:
        return 0
    source.refer(source.at(*path), name, references.limits, "unknown-limit", "no limit of flows/limits.yaml")
    return max(limits[name].values.values()) if name in limits else 0
