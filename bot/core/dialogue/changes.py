"""Why an advice is another than before: the one fact that makes the difference.

Law of this file: nothing of what was true earlier is kept for it. A fact is the reason if the advice would be the
earlier one with another value of it; where several changed at once, it is one that the deciding row reads.
"""

from __future__ import annotations

from bot.core.advice.facts import Fact
from bot.core.dialogue.render import settled
from bot.core.dialogue.view import Scene


def because(scene: Scene, was: str) -> str:
    """Word what made the verdict another than `was`; "" where no single fact did."""
    found = _reason(scene, was)
    if found is None:
        return ""
    value = scene.believed[found.name]
    if value in came_true(found):
        return scene.catalogue.say(f"because.{found.name}.{value}")
    return scene.catalogue.say("because.corrected", answer=settled(found, value, scene.catalogue))


def came_true(fact: Fact) -> tuple[str, ...]:
    """Return the values of a fact that are worded as something that has happened."""
    return tuple(value for value in fact.values if value != fact.cautious) if fact.can_change else ()


def _reason(scene: Scene, was: str) -> Fact | None:
    likely = _likely(scene)
    alone = [fact for fact in likely if _alone(scene, fact, was)]
    read = next(rule for rule in scene.outcomes.ruleset.rules if rule.id == scene.outcome.rule).when.reads
    return next(iter(alone), None) or next((fact for fact in likely if fact.name in read), None)


def _likely(scene: Scene) -> list[Fact]:
    """Return what may have changed: the last answer, what has come true (the latest first), what days bring."""
    facts, answers = scene.library.facts, [*scene.session.answers][::-1]
    told = [facts[name] for name in answers if name in scene.known and facts[name].finite]
    brought = [fact for fact in facts.derived if fact.name in scene.known]
    return [
        fact for fact in (*told, *brought) if fact.name in answers[:1] or scene.believed[fact.name] in came_true(fact)
    ]


def _alone(scene: Scene, fact: Fact, was: str) -> bool:
    """Tell whether with another value of this one fact the verdict would be the earlier one."""
    others = [value for value in fact.values if value != scene.believed[fact.name]]
    return any(scene.outcomes.outcome({**scene.believed, fact.name: value}).verdict == was for value in others)
