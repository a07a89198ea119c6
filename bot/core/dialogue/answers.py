"""Reading what somebody typed or tapped into an answer, or saying kindly why it cannot be one.

A button's number, words and id mean that button; other words mean what messages/<language>/understanding.yaml says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

from bot.core.advice.calendar import WorkingWeek
from bot.core.advice.catalog import Catalog
from bot.core.advice.facts import NO_DATE, NOT_SURE, DaySpan, Fact, span_of
from bot.core.advice.text import clean, units
from bot.core.dialogue.dates import FARTHEST_DAYS, Misread, parse_day
from bot.core.dialogue.session import Option
from bot.core.understanding.blanks import BlankReader
from bot.core.understanding.meaning import AnswerReader

OLDEST_DAYS = 366  # an interview longer ago than a year is taken for a slip of the keyboard
OTHER_DAY = "other_day"
MOST_DAYS_SHOWN = 7


@dataclass(frozen=True)
class Unclear:
    """A text that is likely to mean one of these options, and not surely enough to be taken."""

    options: tuple[Option, ...]


def options(fact: Fact, catalog: Catalog) -> tuple[Option, ...]:
    """Return what can be tapped for a fact, "not sure" last where it is honest to offer it."""
    found: tuple[Option, ...] | None = catalog.worded.get(("options", fact.name))
    if found is None:
        found = catalog.worded["options", fact.name] = _options(fact, catalog)
    return found


def _options(fact: Fact, catalog: Catalog) -> tuple[Option, ...]:
    key = f"question.{fact.name}.options"
    if fact.kind == "date":
        ids = [s.id for s in fact.shortcuts] + ([NO_DATE] if fact.optional else [OTHER_DAY])
    elif fact.kind == "number":
        return (
            *(Option(value, value) for value in fact.values),
            *((Option(NOT_SURE, catalog.say("option.not_sure")),) if fact.offer_not_sure else ()),
        )
    elif fact.kind == "text":
        return (Option(NOT_SURE, catalog.say("option.left_out")),) if fact.optional else ()
    else:
        ids = list(fact.values)
    found = tuple(Option(id_, catalog.say(f"{key}.{id_}")) for id_ in ids)
    if fact.offer_not_sure:
        found += (Option(NOT_SURE, catalog.say("option.not_sure")),)
    return found


def days_of(fact: Fact, answer: str, catalog: Catalog, today: date, week: WorkingWeek) -> tuple[Option, ...]:
    """Return what can be tapped where the answer so far is a stretch of days: each of its working days, if few."""
    span = span_of(answer)
    days = [day for day in span.days if week.works(day)] or list(span.days) if span else []
    other = Option(OTHER_DAY, catalog.say(f"question.{fact.name}.options.{OTHER_DAY}"))
    shown = days if len(days) <= MOST_DAYS_SHOWN else []
    return (*(Option(day.isoformat(), catalog.dated(day, today)) for day in shown), other)


def choose(text: str, offered: Sequence[Option]) -> Option | None:
    """Return the option meant: by its number, label or id, or the only one of which these are the first words."""
    return _named(text, offered) or _begun(text, offered)


def _named(text: str, offered: Sequence[Option]) -> Option | None:
    """Return the option meant by its number, label or id."""
    typed = _typed(text)
    if typed.isdecimal():
        named = [option for option in offered if option.label == typed]
        place = int(typed) if typed.isascii() and len(typed) < 4 else 0
        return named[0] if named else offered[place - 1] if 1 <= place <= len(offered) else None
    for option in offered:
        if typed in (option.id.casefold(), option.id.replace("_", " ").casefold(), option.label.casefold()):
            return option
    return None


def _typed(text: str) -> str:
    return clean(text).casefold().rstrip(".!")


def _begun(text: str, offered: Sequence[Option]) -> Option | None:
    """Return the only option that has these words between commas, or begins with them."""
    typed = _typed(text)
    parts = {option.id: [part.strip() for part in option.label.casefold().split(",")] for option in offered}
    said = [option for option in offered if typed in parts[option.id]]
    if len(said) == 1:
        return said[0]
    begun = [option for option in offered if _begins(option.label.casefold(), typed)]
    return begun[0] if len(begun) == 1 and typed else None


def _begins(label: str, typed: str) -> bool:
    """Tell whether a label begins with these words, the last one whole."""
    return label.startswith(typed) and not label[len(typed) : len(typed) + 1].isalnum()


def read(
    fact: Fact,
    text: str,
    catalog: Catalog,
    today: date,
    week: WorkingWeek,
) -> str | Misread | Unclear:
    """Read `text` into an answer for `fact`."""
    offered = options(fact, catalog)
    if fact.kind == "text":
        typed = _read_text(fact, text, catalog)
        left = bool(offered and _named(text, offered)) or (isinstance(typed, Misread) and typed.reason == "left_out")
        return NOT_SURE if fact.optional and left else typed
    found = _named(text, offered) or _meant(fact, text, offered, catalog)
    if isinstance(found, Misread):
        return found
    likely = found if isinstance(found, Unclear) else None
    chosen = found if isinstance(found, Option) else None
    if fact.kind == "date":
        day = _read_date(fact, text, chosen, catalog, today, week)
        return likely if likely and isinstance(day, Misread) and day.reason == "no_day" else day
    return chosen.id if chosen else likely or Misread("choice")


def _meant(fact: Fact, text: str, offered: Sequence[Option], catalog: Catalog) -> Option | Unclear | Misread | None:
    """Return the option that a text means in its own words, or those that it is likely to mean."""
    reading = reader(fact.name, catalog).read(text)
    if reading.unreal:
        return Misread("no_day" if fact.kind == "date" else "choice")
    meant = {option.id: option for option in offered}
    if reading.value in meant:
        return meant[reading.value]
    likely = tuple(meant[id_] for id_ in reading.likely if id_ in meant)
    if likely:
        return Unclear(likely)
    return None if catalog.understanding.is_idle(text) else _begun(text, offered)


def reader(question: str, catalog: Catalog) -> AnswerReader:
    """Return what reads the answers to a question in the language of `catalog`."""
    key = ("reader", question)
    if key not in catalog.worded:
        understanding = catalog.understanding
        catalog.worded[key] = AnswerReader(understanding, understanding.phrases_of(question))
    return cast("AnswerReader", catalog.worded[key])


def _read_text(fact: Fact, text: str, catalog: Catalog) -> str | Misread:
    """Read what fills a blank, trimmed to what belongs into a sentence."""
    cleaned = clean(text)
    if not any(char.isalnum() for char in cleaned):
        return Misread("empty")
    if cleaned == NOT_SURE:  # it would be stored as an answer that a text cannot have
        return Misread("reserved", {"text": cleaned})
    blank = blank_reader(fact, catalog).read(cleaned)
    if not blank.text:
        what = catalog.say(f"question.{fact.name}.short")
        return Misread("left_out" if blank.left_out else "no_blank", {"what": what})
    size = units(blank.text)
    if size > fact.max_length:
        return Misread("too_long", {"limit": fact.max_length, "count": size - fact.max_length})
    return blank.text


def blank_reader(fact: Fact, catalog: Catalog) -> BlankReader:
    """Return what reads the words for a blank in the language of `catalog`."""
    key = ("blank", fact.name)
    if key not in catalog.worded:
        catalog.worded[key] = BlankReader(catalog.understanding, fact.name, phrase=fact.phrase)
    return cast("BlankReader", catalog.worded[key])


# -- dates ---------------------------------------------------------------------------------------------------------


def _read_date(
    fact: Fact,
    text: str,
    chosen: Option | None,
    catalog: Catalog,
    today: date,
    week: WorkingWeek,
) -> str | Misread:
    if chosen is not None:
        if chosen.id in (NO_DATE, NOT_SURE):
            return chosen.id
        if chosen.id == OTHER_DAY:
            return Misread("type_day")
        span = next(s for s in fact.shortcuts if s.id == chosen.id).span(today)
        return _read_span(fact, span, catalog, today, week)
    day = parse_day(text, today, catalog, past=fact.past)
    if isinstance(day, Misread):
        return day
    if isinstance(day, DaySpan):
        return _read_span(fact, day, catalog, today, week)
    return _why_not(fact, day, day, catalog, today) or day.isoformat()


def _read_span(fact: Fact, span: DaySpan, catalog: Catalog, today: date, week: WorkingWeek) -> str | Misread:
    """Take a stretch of days as far as it lies on the right side of today: its working days, if it has any."""
    if why := _why_not(fact, span.first if fact.past else span.last, span.last, catalog, today):
        return why
    possible = DaySpan(span.first, min(span.last, today)) if fact.past else DaySpan(max(span.first, today), span.last)
    found = possible.working(week)
    return (found.first if found.first == found.last else found).isoformat()


def _why_not(fact: Fact, first: date, last: date, catalog: Catalog, today: date) -> Misread | None:
    """Say why no day from the `first` can be this one."""
    if fact.past and first > today:
        return Misread("future", {"day": catalog.dated(first, today)})
    if fact.past and (today - last).days > OLDEST_DAYS:
        return Misread("too_old", {"day": catalog.dated(last, today)})
    if not fact.past and last < today:
        return Misread("bygone", {"day": catalog.dated(last, today)})
    if not fact.past and (first - today).days > FARTHEST_DAYS:
        return Misread("too_far", {"day": catalog.dated(first, today)})
    return None
