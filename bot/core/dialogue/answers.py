"""Reading what somebody typed or tapped into an answer, or saying kindly why it cannot be one.

Strict where it matters, generous where it does no harm (labels, case).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.core.advice.calendar import WorkingWeek
from bot.core.advice.catalog import Catalog
from bot.core.advice.facts import NO_DATE, NOT_SURE, DaySpan, Fact, span_of
from bot.core.advice.text import clean, units
from bot.core.dialogue.dates import FARTHEST_DAYS, Misread, parse_day
from bot.core.dialogue.session import Option

OLDEST_DAYS = 366  # an interview longer ago than a year is taken for a slip of the keyboard
OTHER_DAY = "other_day"
MOST_DAYS_SHOWN = 7


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
    """Return the option meant: by its number, label or id, or the only one of that part or beginning of its label.

    The parts are what stands between commas: "yes" and "sent" both mean "Yes, sent".
    """
    typed = clean(text).casefold().rstrip(".!")
    if typed.isdecimal():
        named = [option for option in offered if option.label == typed]
        place = int(typed) if typed.isascii() and len(typed) < 4 else 0
        return named[0] if named else offered[place - 1] if 1 <= place <= len(offered) else None
    for option in offered:
        if typed in (option.id.casefold(), option.id.replace("_", " ").casefold(), option.label.casefold()):
            return option
    said = [option for option in offered if typed in _parts(option.label)]
    if len(said) == 1:
        return said[0]
    begun = [option for option in offered if typed and option.label.casefold().startswith(typed)]
    if len(begun) > 1:  # "no" means "Not yet" before it means "Not sure", which nobody shortens so
        begun = [option for option in begun if option.id != NOT_SURE]
    return begun[0] if len(begun) == 1 else None


def _parts(label: str) -> list[str]:
    return [part.strip() for part in label.casefold().split(",")]


def read(
    fact: Fact,
    text: str,
    catalog: Catalog,
    today: date,
    week: WorkingWeek,
) -> str | Misread:
    """Read `text` into an answer for `fact`."""
    if fact.kind == "text":
        return _read_text(fact, text)
    chosen = choose(text, options(fact, catalog))
    if fact.kind == "date":
        return _read_date(fact, text, chosen, catalog, today, week)
    return chosen.id if chosen else Misread("choice")


def _read_text(fact: Fact, text: str) -> str | Misread:
    cleaned = clean(text)
    if fact.phrase:
        cleaned = cleaned.rstrip(_STOPS) or cleaned
    if not any(char.isalnum() for char in cleaned):
        return Misread("empty")
    if cleaned == NOT_SURE:  # it would be stored as an answer that a text cannot have
        return Misread("reserved", {"text": cleaned})
    size = units(cleaned)
    if size > fact.max_length:
        return Misread("too_long", {"limit": fact.max_length, "count": size - fact.max_length})
    return cleaned


_STOPS = " .,;:!?…。！？"  # a phrase goes on in the middle of a sentence, which has stops of its own


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
