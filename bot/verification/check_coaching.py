"""What is proved about the cases that groups work through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.core.advice.catalog import MissingMessage, patterns
from bot.core.advice.policy import Outcome
from bot.core.advice.text import units
from bot.core.coaching.case_studies import CaseStudy
from bot.core.coaching.exercise import choices_of
from bot.core.issues import Issue, SourceLocations
from bot.core.library import Library
from bot.verification.context import CheckContext

BELOW = 400
"""Characters that may stand below a lesson: its claims, and for its coach what can be done with it."""


def cases_hold(context: CheckContext) -> Iterator[Issue]:
    """Prove of every case that the rules say what it expects, and that each of its polls could change the advice."""
    sound = {part.ruleset.id for part in context.parts if not part.gap}
    for study in context.library.cases.values():
        if study.rules in sound:
            yield from _of_case(context, study)


def _of_case(context: CheckContext, study: CaseStudy) -> Iterator[Issue]:
    library, place = context.library, context.at("case", study.id)
    outcome = _outcome_of(library, study, {})
    if (outcome.verdict, outcome.rule) != (study.verdict, study.rule):
        wanted, got = f"{study.verdict} by {study.rule}", f"{outcome.verdict} by {outcome.rule}"
        what = f"case '{study.id}' expects {wanted}, but it is {got}."
        yield Issue(place, "case-fails", what, "", "Change the case or the rules.")
    if study.verdict not in study.choices:
        what = f"case '{study.id}' does not offer its own advice {study.verdict}."
        yield Issue(place, "case-unoffered", what, "Nobody could be right.", "Add it to choices:.")
    for verdict in study.choices:
        if verdict not in library.rulesets[study.rules].verdicts:
            what = f"case '{study.id}' offers '{verdict}', which is no verdict of {study.rules}."
            yield Issue(place, "unknown-verdict", what, "", "Take it out of choices:.")
    for fact in study.polls:
        others = {_outcome_of(library, study, {fact: value}).verdict for value in library.facts[fact].values}
        if len(others) < 2:
            what = f"case '{study.id}' asks for '{fact}', which can change nothing in it."
            yield Issue(place, "idle-poll", what, "The group would learn nothing from it.", "Take it out of polls:.")


def _outcome_of(library: Library, study: CaseStudy, seen: Mapping[str, str]) -> Outcome:
    known = {**library.facts.cautious, **study.given, **seen}
    return library.outcomes[study.rules].outcome(known)


def lessons_placed(library: Library, places: SourceLocations) -> Iterator[Issue]:
    """Prove that every lesson fits into a message, with what stands below it."""
    limit = library.limits.get("telegram_text")
    for language, catalog in library.catalogs.items():
        for lesson in (one for series in library.series.values() for one in series.lessons):
            keys = [f"lesson.{lesson.id}.{part}" for part in ("title", "text")]
            texts = [catalog.message(key) for key in keys if catalog.has(key)]
            size = sum(units(line) + 1 for text in texts for line in patterns(text))
            most = min(limit.values.values()) - BELOW if limit else size
            if size > most:
                what = f"lesson '{lesson.id}' takes {size:,} characters, but there is room for {most:,}."
                place = places.at("message", language, keys[1])
                yield Issue(place, "text-too-long", what, "It could not be sent.", "Say it shorter.")


def cases_placed(library: Library, places: SourceLocations) -> Iterator[Issue]:
    """Prove that the stories fit into a message, and the polls into what Telegram takes of a poll."""
    for language, catalog in library.catalogs.items():
        for study in library.cases.values():
            keys = [f"case.{study.id}.{part}" for part in ("title", "story", "who")]
            if not all(map(catalog.has, (*keys, "group.case.vote", "group.case.reading"))):
                continue  # what is missing is another finding
            story = sum(units(line) + 1 for key in keys[:2] for line in patterns(catalog.message(key)))
            known = all(verdict in library.rulesets[study.rules].verdicts for verdict in study.choices)
            try:
                asked = [catalog.text_of(f"question.{fact}.text") for fact in study.polls]
                choices = choices_of(library, catalog, study) if known else []
            except MissingMessage:
                continue  # likewise
            frame = max(units(catalog.text_of(f"group.case.{key}")) for key in ("reading", "advising"))
            question = frame + units(catalog.text_of(keys[2])) + max(map(units, asked), default=0)
            words = [word for poll in choices for word in poll.values()]
            sizes = (
                (keys[1], "telegram_text", story + units(catalog.text_of("group.case.vote"))),
                (keys[2], "telegram_poll_question", question),
                (keys[0], "telegram_poll_option", max(map(units, words), default=0)),
            )
            for key, name, size in sizes:
                limit = library.limits.get(name)
                most = min(limit.values.values()) if limit else size
                if size > most:
                    what = f"with '{key}', {size:,} characters are shown where {most:,} have room (limit {name})."
                    place = places.at("message", language, key)
                    yield Issue(place, "text-too-long", what, "It could not be sent.", "Say it shorter.")
