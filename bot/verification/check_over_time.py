"""Laws over time held over the histories of a case: as many as a check has time for, or all of a depth.

Nothing is sampled: histories come in order, those in which the least happens first, and it is said how many there were.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from bot.core.advice.rules import LawOverTime
from bot.core.issues import Issue, Shown, counted
from bot.verification.check_laws import in_words
from bot.verification.context import CheckContext, RulesetPart
from bot.verification.counterexample import Calendar, converse_on
from bot.verification.histories import WAIT, Happened, Histories, HistoryState
from bot.verification.laws_over_time import Held
from bot.verification.state_space import Stand, shortest_way


def laws_hold_over_time(context: CheckContext) -> Iterator[Issue]:
    """Every law over time holds along the histories that are walked."""
    for part in context.parts:
        if part.gap or not part.ruleset.over_time:
            continue
        sorts = context.library.courtesy.sorts
        for law in part.ruleset.over_time:
            for sort in sorted({*law.sorts, *(name for pair in law.sooner for name in pair)} - sorts.keys()):
                place = context.at("rules", part.ruleset.id, "over_time", law.id)
                yield Issue(place, "unknown-sort", f"'{sort}' is no sort of message.", "", "See flows/ledger.yaml.")
        held = context.over_time[part.ruleset.id]
        for law in part.ruleset.over_time:
            if law.id in held.first:
                yield _broken(context, part, law, held)


def _broken(context: CheckContext, part: RulesetPart, law: LawOverTime, held: Held) -> Issue:
    breach = held.first[law.id]
    histories = context.histories[part.ruleset.id]
    start, events = held.walked.history(breach.moment)
    events = [*events, *([breach.then] if breach.then else [])]
    told = histories.answers(start)
    plain = {n: v for n, v in told.items() if v != context.library.facts.cautious.get(n)}
    what = f"{law.id} does not hold for somebody with {in_words(plain)}: {_history(start, events)}, {breach.what}"
    what += f" ({counted(held.times[law.id], 'time')} in {counted(held.walked.steps, 'step')} of histories)."
    place = context.at("rules", part.ruleset.id, "over_time", law.id)
    instead = "Change the rows, the ledger or the reminders so that it holds again, or the law."
    shown = _talked(context, part, histories, start, events) if context.shows else None
    return Issue(place, "law-over-time-broken", what, law.why, instead, shown)


def _history(start: HistoryState, events: list[Happened]) -> str:
    """Return a history in words, with its days."""
    said = [f"asked on {start.today:%a %d %b}"]
    for event, day in events:
        what, name, value = event
        words = {"send": f"the {name.replace('_', ' ')} goes out", "fate": f"the request is {name}"}
        said.append(f"on {day:%a %d %b}" if what == WAIT else words.get(what, f"{name} is {value}"))
    return ", ".join(said)


def _talked(
    context: CheckContext, part: RulesetPart, histories: Histories, start: HistoryState, events: list[Happened]
) -> Shown | None:
    """Return the talk in which a history can be heard, with its days; None where the bot hears of it in no talk."""
    told = {**histories.known(start), **histories.situation(start).answers}
    cautious = context.library.facts.cautious
    for route in part.routes[:1]:
        beside = {n: v for n, v in told.items() if n not in route.settles and v != cautious.get(n)}
        unasked = {name: value for name, value in beside.items() if name in part.outcomes.root.facts}
        goal = partial(_begins, unasked)
        way = shortest_way(route, goal, unasked, unasked, along=told)
        if way is not None:
            return converse_on(context.library, way, Calendar(start.today, dict(start.days)), events)
    return None


def _begins(unasked: Mapping[str, str], at: Stand) -> bool:
    """Tell whether somebody of whom this is known beside what was asked hears the first advice."""
    return at.outcome is not None and all(at.told.get(fact) == value for fact, value in unasked.items())
