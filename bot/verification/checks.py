"""What is proved about loaded content: one function per property, all findings at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bot.core.issues import Issue, SourceLocations, counted
from bot.core.library import Library
from bot.verification.check_coaching import cases_hold, cases_placed, lessons_placed
from bot.verification.check_flows import (
    ends_advised,
    guards_know,
    options_differ,
    questions_matter,
    steps_reached,
    talks_reach,
    waits_end,
)
from bot.verification.check_lengths import texts_placed
from bot.verification.check_messages import (
    advice_short,
    labels_differ,
    messages_complete,
    messages_filled,
    messages_idle,
    notes_fit,
    notes_polite,
    texts_given,
    voices_kept,
    why_short,
)
from bot.verification.check_over_time import laws_hold_over_time
from bot.verification.check_protected import protected_known
from bot.verification.check_questions import asked_in_time, facts_told
from bot.verification.check_rules import examples_hold, laws_hold, overrides_oppose, rules_complete, rules_decide
from bot.verification.check_style import notes_fresh, texts_plain
from bot.verification.check_understanding import labels_meant, phrases_apart, questions_readable
from bot.verification.context import CheckContext, Property


def findings(context: CheckContext) -> list[Issue]:
    """Return every finding about what is examined."""
    found = [issue for check in PROPERTIES for issue in check(context)]
    return found + [issue for check in WORDING for issue in check(context.library, context.places)]


def parts_used(context: CheckContext) -> Iterator[Issue]:
    """Every note kind is handed over and every reminder kind asked for by somebody."""
    library, reached = context.library, [outcome for part in context.parts for outcome in part.reached]
    handed = {kind for o in reached for kind in (o.note, *o.mails)}
    asked = {kind for o in reached for kind in o.remind}
    for part, ids, met in (("note", library.notebook.kinds, handed), ("reminder", library.reminders, asked)):
        for id_ in ids:
            if id_ not in met:
                yield Issue(context.at(part, id_), f"idle-{part}", f"{part} '{id_}' is never used by any advice.")


def claims_carried(context: CheckContext) -> Iterator[Issue]:
    """Every claim that asks for something is carried by a row, gate, remark, note, reminder, or by structure."""
    carried = set(cited(context.library))
    for claim in context.library.claims.values():
        if claim.kind == "rule" and claim.id not in carried and not claim.structure:
            what = f"claim {claim.id} asks for something, but nothing carries it."
            yield Issue(context.at("claim", claim.id), "claim-dropped", what, "", "Cite it where it is followed.")


def cited(library: Library) -> Iterator[str]:
    """Return the claim ids that any part of the content rests on."""
    for ruleset in library.rulesets.values():
        yield from (claim for rule in ruleset.rules for claim in rule.cites)
        yield from (claim for gate in ruleset.gates for claim in gate.cites)
        yield from (remark.claim for remark in ruleset.remarks)
        yield from (claim for law in ruleset.over_time for claim in law.cites)
    yield from (claim for kind in library.notebook.kinds.values() for claim in kind.cites)
    yield from (claim for kind in library.reminders.values() for claim in kind.cites)


def summary(context: CheckContext) -> str:
    """Return in numbers what was proved, and what was not."""
    library, explored = context.library, list(context.explored.values())
    rules = [part.ruleset for part in context.parts]
    reached = {outcome for part in context.parts for outcome in part.reached}
    sets = sum(part.space.size(tuple(part.space.domains)) for part in context.parts)
    talks = counted(len(library.flows), "conversation")
    ways = counted(sum(found.conversations for found in explored), "way")
    longest = counted(max((found.longest for found in explored), default=0), "question")
    kinds = [("note", library.notebook.kinds), ("reminder", library.reminders)]
    parts = [
        *(
            (name, [id_ for ruleset in rules for id_ in getattr(ruleset, name + "s")])
            for name in ("rule", "gate", "remark")
        ),
        *kinds,
    ]
    held = [counted(sum(len(getattr(r, name + "s")) for r in rules), name) for name in ("law", "example")]
    held.append(counted(len(library.cases), "case"))
    words = counted(sum(len(catalog.messages) for catalog in library.catalogs.values()), "message")
    return "\n".join(
        [
            f"No issues. {talks}, {ways} through: each comes to its end, after at most {longest}.",
            f"{sets:,} sets of answers: each gets exactly one of {len({o.verdict for o in reached})} verdicts "
            f"({len(reached):,} different pieces of advice, with their notes).",
            f"Each conversation asks for all that it reads, and before it reads it{_assumed(library)}.",
            f"Met by somebody: {', '.join(counted(len(ids), name) for name, ids in parts)}.",
            f"Held: {', '.join(held)}. Fitting at their longest: {words} in "
            f"{counted(len(library.catalogs), 'language')}.",
            *_walked(context),
            NOT_PROVED,
        ]
    )


def _walked(context: CheckContext) -> Iterator[str]:
    """Say how far the laws over time were held."""
    for id_, held in context.over_time.items():
        laws, walked = counted(len(context.library.rulesets[id_].over_time), "law"), held.walked
        after = ", ".join(f"{count:,} after {number}" for number, count in enumerate(walked.depths))
        yield (
            f"Over time: {laws} held along {walked.steps:,} steps from {sum(walked.depths):,} moments, by how much had "
            f"happened: {after}; {'all of them' if walked.whole else 'the slow tests walk on from there'}."
        )


NOT_PROVED = (
    "Not proved: what people type into blanks, beyond its length; working weeks other than Monday to Friday; holidays."
)


def _assumed(library: Library) -> str:
    left = [f"'{entry.fact}' in '{flow.id}'" for flow in library.flows.values() for entry in flow.assumes]
    return f"; left open on purpose: {', '.join(left)}" if left else ""


WORDING: tuple[Callable[[Library, SourceLocations], Iterator[Issue]], ...] = (
    messages_complete,
    messages_idle,
    messages_filled,
    labels_differ,
    labels_meant,
    phrases_apart,
    questions_readable,
    advice_short,
    why_short,
    voices_kept,
    notes_fit,
    notes_polite,
    texts_given,
    texts_placed,
    cases_placed,
    lessons_placed,
    protected_known,
    texts_plain,
    notes_fresh,
)
PROPERTIES: tuple[Property, ...] = (
    steps_reached,
    ends_advised,
    guards_know,
    facts_told,
    asked_in_time,
    questions_matter,
    options_differ,
    talks_reach,
    waits_end,
    rules_complete,
    rules_decide,
    overrides_oppose,
    laws_hold,
    examples_hold,
    laws_hold_over_time,
    cases_hold,
    parts_used,
    claims_carried,
)
