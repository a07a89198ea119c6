"""Why an advice is another than before: the one fact that makes the difference.

Law of this file: nothing of what was true earlier is kept for it. A fact is the reason if the advice would be the
earlier one with another value of it; where several changed at once, it is one that the deciding row reads.
"""

from __future__ import annotations

from bot.core.advice.facts import Fact
from bot.core.dialogue.render import settled
from bot.core.dialogue.view import SessionView


def because(view: SessionView, was: str) -> str:
    """Word what made the verdict another than `was`; "" where no single fact did."""
    found = _reason(view, was)
    if found is None:
        return ""
    value = view.believed[found.name]
    if value in came_true(found):
        return view.catalog.say(f"because.{found.name}.{value}")
    return view.catalog.say("because.corrected", answer=settled(found, value, view.catalog))


def is_brought_by_time(view: SessionView, was: str) -> bool:
    """Tell whether nothing but days made the verdict another than `was`: then a day that was named has come."""
    found = _reason(view, was)
    return found is not None and found.derivation is not None


def came_true(fact: Fact) -> tuple[str, ...]:
    """Return the values of a fact that are worded as something that has happened."""
    return tuple(value for value in fact.values if value != fact.cautious) if fact.can_change else ()


def _reason(view: SessionView, was: str) -> Fact | None:
    likely = _likely(view)
    alone = [fact for fact in likely if _alone(view, fact, was)]
    read = next(rule for rule in view.outcomes.ruleset.rules if rule.id == view.outcome.rule).when.reads
    return next(iter(alone), None) or next((fact for fact in likely if fact.name in read), None)


def _likely(view: SessionView) -> list[Fact]:
    """Return what may have changed: the last answer, what has come true (the latest first), what days bring."""
    facts, answers = view.library.facts, [*view.session.answers][::-1]
    told = [facts[name] for name in answers if name in view.known and facts[name].finite]
    brought = [fact for fact in facts.derived if fact.name in view.known]
    return [
        fact for fact in (*told, *brought) if fact.name in answers[:1] or view.believed[fact.name] in came_true(fact)
    ]


def _alone(view: SessionView, fact: Fact, was: str) -> bool:
    """Tell whether with another value of this one fact the verdict would be the earlier one."""
    others = [value for value in fact.values if value != view.believed[fact.name]]
    return any(view.outcomes.outcome({**view.believed, fact.name: value}).verdict == was for value in others)
