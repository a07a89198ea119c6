"""The counts of a cohort as they are shown: in words, as a small picture, and as a table at the end of a course.

Whatever is shown is a cell of a digest, which was made so that it points at nobody; nothing is
counted here.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, time
from typing import Final

from bot.core.advice.calendar import zone_named
from bot.core.advice.catalog import Catalog
from bot.core.coaching.cohort import Cohort, Count, Digest
from bot.core.coaching.statistics import OTHERS, next_at
from bot.core.coaching.views import Bar, Button, FileToHandOver, Panel, Plot
from bot.core.dialogue.session import Block

TABLE: Final = "counts.csv"
CAPTION: Final = 1000
"""Characters below a picture; Telegram takes 1,024."""


def digest_panel(number: int, cohort: Cohort, catalog: Catalog, zone: str) -> Panel:
    """Word the counts by a coach's clock; the same counts are worded the same on whatever day they are asked for."""
    digest = cohort.digest
    assert digest is not None, "counts are taken before they are shown"
    back = Button(catalog.say("cohort.options.back"), ("show", str(number)))
    taken, then = (when.astimezone(zone_named(zone)).replace(tzinfo=None) for when in (digest.at, next_at(digest)))
    title = catalog.say("cohort.digest.title", name=cohort.name, day=taken.date())
    again: dict[str, date | time] = {"day": then.date(), "time": then.time().replace(second=0, microsecond=0)}
    if not digest.people:
        few = catalog.say("cohort.digest.too_few")
        return Panel.of(title, few, catalog.say("cohort.digest.look_again", **again), buttons=(back,))
    blocks = [Block("title", title), Block("text", catalog.say("cohort.digest.people", number=digest.people))]
    for count in digest.counts:
        blocks.append(Block("text", _title(count, catalog)))
        blocks += [Block("item", line) for line in _lines(digest, count, catalog)]
    if not digest.counts:
        blocks.append(Block("text", catalog.say("cohort.digest.merged")))
    blocks.append(Block("aside", catalog.say("cohort.digest.how")))
    blocks.append(Block("aside", catalog.say("cohort.digest.next", **again)))
    table = Button(catalog.say("cohort.digest.table"), ("table", str(number)))
    return Panel(tuple(blocks), (table, back))


def plot_of(cohort: Cohort, catalog: Catalog) -> Plot | None:
    """Return the counts as bars, said in words below; None where there is nothing to be shown."""
    digest = cohort.digest
    if digest is None or not digest.people or not digest.counts:
        return None
    groups = tuple((_title(count, catalog), tuple(_bars(digest, count, catalog))) for count in digest.counts)
    said = catalog.say("cohort.digest.picture", name=cohort.name, day=digest.at.date())
    for count in digest.counts:
        line = f"\n{_title(count, catalog)}: {'; '.join(_lines(digest, count, catalog))}"
        said += line if len(said) + len(line) <= CAPTION else ""
    return Plot(groups, said)


def table_of(cohort: Cohort, catalog: Catalog) -> FileToHandOver | None:
    """Return all counts that were ever shown as a table; None where none were."""
    if not any(digest.people for digest in cohort.digests):
        return None
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow([catalog.say(f"cohort.digest.column.{name}") for name in ("day", "question", "answer", "number")])
    members = catalog.say("cohort.digest.column.members")
    for digest in cohort.digests:
        day = digest.at.date().isoformat()
        table.writerow([day, members, "", digest.people or ""])
        for count in digest.counts:
            for cell, people in count.cells.items():
                table.writerow([day, _title(count, catalog), _named(count.question, cell, catalog), people])
    return FileToHandOver(TABLE, out.getvalue(), catalog.say("cohort.digest.table_is", name=cohort.name))


def _title(count: Count, catalog: Catalog) -> str:
    return catalog.say(f"cohort.digest.{_part(count.question)}.title")


def _lines(digest: Digest, count: Count, catalog: Catalog) -> Iterator[str]:
    for cell, people in count.cells.items():
        what = _named(count.question, cell, catalog)
        before = digest.before.get(count.question, {}).get(cell)
        if before is None or before == people:
            yield catalog.say("cohort.digest.line", what=what, number=people)
        else:
            yield catalog.say("cohort.digest.changed", what=what, number=people, before=before)


def _bars(digest: Digest, count: Count, catalog: Catalog) -> Iterator[Bar]:
    before = digest.before.get(count.question, {})
    for cell, people in count.cells.items():
        yield Bar(_named(count.question, cell, catalog), people, before.get(cell))


def _named(question: str, cell: str, catalog: Catalog) -> str:
    if cell == OTHERS or question != "verdict" or cell == "none":
        return catalog.say(f"cohort.digest.{_part(question)}.{cell}")
    return catalog.say(f"verdict.{cell}.name")


def _part(question: str) -> str:
    return "verdicts" if question == "verdict" else question
