"""From values to messages: questions, advice, notes and menus, in somebody's language.

Law of this file: it chooses and fills messages; the sentences themselves are in messages/<language>/.
`core.message_keys` lists every key asked for here, so that the checker finds a missing or an idle one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from bot.core.advice.catalog import Catalog, placeholders
from bot.core.advice.facts import Fact, Facts, span_of
from bot.core.advice.judge import Advice, Counterfactual
from bot.core.advice.notes import Note, NoteKind, Unfit
from bot.core.advice.plan import LOOK, AdvicePlan, PlanStep
from bot.core.advice.rules import Rule, Ruleset
from bot.core.dialogue.answers import options
from bot.core.dialogue.dates import Misread
from bot.core.dialogue.progress import Position
from bot.core.dialogue.second_look import ASK_AGAIN
from bot.core.dialogue.session import Block, Option, Outgoing
from bot.core.dialogue.view import SessionView
from bot.core.library import Library

REASONS_SHOWN = 3  # "the two or three reasons that decided" (etiquette, decision 8)
FLIPS_SHOWN = 3
MAX_ADVICE = 4096  # where flows/limits.yaml says nothing; more no message can hold
COMMANDS = (
    "start", "new", "cases", "reminders", "change", "back", "why", "cancel", "language", "settings", "faq", "help",
    "privacy", "export", "forget",
)  # fmt: skip
"""What can be asked for by name, in the order in which it is listed to people."""
MENU = (
    "override",
    "another_wording",
    "warmer",
    "formal",
    "longer",
    "shorter",
    "as_mail",
    "change",
    "detail",
    "another",
    "restart",
)


def question(catalog: Catalog, fact: Fact, position: Position, hints: Iterable[str], part: str) -> Outgoing:
    """Word the question of a step with its progress and options."""
    hints = tuple(hints)
    made = ("question", fact.name, position.number, position.at_most, hints, part)
    found: Outgoing | None = catalog.worded.get(made)
    if found is None:
        found = catalog.worded[made] = _question(catalog, fact, position, hints, part)
    return found


def _question(catalog: Catalog, fact: Fact, position: Position, hints: Iterable[str], part: str) -> Outgoing:
    key = f"question.{fact.name}"
    blocks = [*_progress(catalog, position, part), Block("title", catalog.say(f"{key}.text"))]
    blocks += [Block("aside", catalog.say(f"{key}.hints.{hint}")) for hint in hints]
    return Outgoing("question", f"question {fact.name}", tuple(blocks), answer_options(fact, catalog))


def which_day(catalog: Catalog, fact: Fact, days: tuple[Option, ...], position: Position, part: str) -> Outgoing:
    """Ask for the day itself where a stretch of days was told and is not enough."""
    text = Block("title", catalog.say(f"question.{fact.name}.which_day"))
    return Outgoing("question", f"question {fact.name}", (*_progress(catalog, position, part), text), days)


def _progress(catalog: Catalog, position: Position, part: str) -> Iterator[Block]:
    """Say how far a question is along its part of the way, if it counts in one."""
    if part:
        text = catalog.say(f"progress.{part}", number=position.number, at_most=position.at_most)
        yield Block("progress", text)


def loose_question(fact: Fact, catalog: Catalog) -> Outgoing:
    """Word a question that is asked out of turn: to change an answer or to add a detail."""
    text = Block("title", catalog.say(f"question.{fact.name}.text"))
    return Outgoing("question", f"question {fact.name}", (text,), answer_options(fact, catalog))


def answer_options(fact: Fact, catalog: Catalog) -> tuple[Option, ...]:
    """Return what can be tapped; of a text, which is typed, that there is nothing to type, where that will do."""
    return options(fact, catalog)


def shown_answer(fact: Fact, answer: str, catalog: Catalog) -> str:
    """Return an answer as its button said it, a day written out, a text as typed."""
    day = _day(answer) if fact.kind == "date" else None
    if day:
        return catalog.shown(day)
    if fact.kind == "date" and (span := span_of(answer)):
        return catalog.say("option.days", first=span.first, last=span.last)
    found = [option.label for option in answer_options(fact, catalog) if option.id == answer]
    return found[0] if found else answer


def settled(fact: Fact, answer: str, catalog: Catalog) -> str:
    """Word a question and its answer in a line."""
    if fact.kind == "text":
        return _settled(fact, answer, catalog)
    made = ("settled", fact.name, answer)
    found: str | None = catalog.worded.get(made)
    if found is None:
        found = catalog.worded[made] = _settled(fact, answer, catalog)
    return found


def _settled(fact: Fact, answer: str, catalog: Catalog) -> str:
    short = catalog.say(f"question.{fact.name}.short")
    return catalog.say("change.line", what=short[:1].upper() + short[1:], answer=shown_answer(fact, answer, catalog))


def _day(answer: str) -> date | None:
    try:
        return date.fromisoformat(answer)
    except ValueError:
        return None


def notice(catalog: Catalog, key: str, **values: str | int | date) -> Outgoing:
    """Word a short notice."""
    return Outgoing("notice", f"notice {key.rpartition('.')[2]}", (Block("text", catalog.say(key, **values)),))


def misread(catalog: Catalog, why: Misread) -> Outgoing:
    """Say kindly why something is no answer."""
    return notice(catalog, f"misread.{why.reason}", **why.values)


def misread_answer(fact: Fact, why: Misread, catalog: Catalog, *, again: bool) -> Outgoing:
    """Say why a text is no answer to a question: by its buttons the first time, in other words the second."""
    if why.reason != "choice":
        return misread(catalog, why)
    if again:
        return notice(catalog, "misread.again")
    labels = [f"“{option.label}”" for option in answer_options(fact, catalog)]
    return notice(catalog, "misread.which", options=catalog.one_of(labels))


def meant_message(fact: Fact, likely: Sequence[Option], catalog: Catalog) -> Outgoing:
    """Ask whether one of these options was meant."""
    title = Block("title", catalog.say("meant.title"))
    options = (*likely, Option(ASK_AGAIN, catalog.say("meant.none")))
    return Outgoing("question", f"question {fact.name}", (title,), options)


def story_message(told: Mapping[Fact, str], catalog: Catalog) -> Outgoing:
    """Show what was read out of a story, and ask whether it is right."""
    items = [Block("item", f"✓ {settled(fact, answer, catalog)}") for fact, answer in told.items()]
    blocks = (Block("title", catalog.say("story.title")), *items, Block("aside", catalog.say("story.right")))
    return Outgoing("menu", "story", blocks, story_options(catalog))


def story_options(catalog: Catalog) -> tuple[Option, ...]:
    """Return what can be done about a story that was read."""
    return tuple(Option(id_, catalog.say(f"story.options.{id_}")) for id_ in ("right", "change"))


# -- advice ----------------------------------------------------------------------------------------------------------


def verdict_line(catalog: Catalog, advice: Advice, part: str = "advice") -> str:
    """Return the verdict in one line, with its day where it has one."""
    days = {"date": advice.opens} if advice.opens else {}
    later = "later" if part == "advice" else f"{part}_later"
    if is_for_later(advice) and catalog.has(f"verdict.{advice.outcome.verdict}.{later}"):
        part = later
    if not days and "date" in placeholders(catalog.text_of(f"verdict.{advice.outcome.verdict}.{part}")):
        part = "name"  # a day is named only where the plan has one
    return catalog.say(f"verdict.{advice.outcome.verdict}.{part}", **days)


def is_for_later(advice: Advice) -> bool:
    """Tell whether a request is planned, but not for today: something goes out before it, or is too fresh."""
    return any(step.do == "request" and step.at is not None for step in advice.plan.steps)


def plan_lines(catalog: Catalog, plan: AdvicePlan) -> Iterator[str]:
    """Word the steps of a plan, a line each, without the end of the case."""
    for step in plan.ahead:
        what = step_name(catalog, step)
        if step.on is None:
            yield catalog.say("plan.once", when=catalog.say(f"plan.waits.{step.after}"), what=what)
        elif step.at is None:
            yield catalog.say("plan.today", what=what)
        else:
            yield catalog.say("plan.dated", day=step.on, what=what)


def step_done_message(view: SessionView, sort: str, *, news: bool) -> Outgoing:
    """Say that a step is done, and, unless the whole advice is said anew, what comes next and when."""
    catalog, plan = view.catalog, view.advice.plan
    blocks = [Block("title", catalog.say(f"plan.done.{sort}"))]
    if news:
        return Outgoing("notice", f"done {sort}", tuple(blocks))
    following = next(iter(plan.ahead), None)
    if following is None:
        text = catalog.say("plan.rest")
    elif following.on is None or following.at is None:
        text = catalog.say("plan.next_today", what=step_name(catalog, following))
    else:
        what = step_name(catalog, following)
        text = catalog.say("plan.next", day=following.on, time=following.at, what=what)
    return Outgoing("notice", f"done {sort}", (*blocks, Block("text", text)))


def step_name(catalog: Catalog, step: PlanStep) -> str:
    """Word what a step is: what to send, or what to look for."""
    return catalog.say(f"plan.look.{step.remind}" if step.do == LOOK else f"plan.do.{step.do}")


def advice_room(library: Library) -> int:
    """Return how many characters an advice may have (etiquette, decision 8)."""
    limit = library.limits.get("advice_text")
    return min(limit.values.values()) if limit else MAX_ADVICE


def advice_message(
    ruleset: Ruleset, facts: Facts, catalog: Catalog, advice: Advice, *, room: int = MAX_ADVICE
) -> Outgoing:
    """Word an advice: verdict, reasons, cautions, dates, and what would change it.

    Where that takes more than `room` characters, what would change it is left out first, then the last reasons.
    """
    blocks: list[Block] = []
    flips, plan = list(flip_lines(facts, catalog, advice)), list(_plan_blocks(catalog, advice.plan))
    shown = [(REASONS_SHOWN, count) for count in range(len(flips), -1, -1)]
    for reasons, count in (*shown, *((fewer, 0) for fewer in range(REASONS_SHOWN - 1, 0, -1))):
        blocks = [*_said(ruleset, catalog, advice, advice.reasons[:reasons]), *plan]
        if count:
            blocks += [Block("text", catalog.say("advice.changes")), *(Block("item", line) for line in flips[:count])]
        if length(blocks) <= room:
            break
    return Outgoing("advice", f"advice {advice.outcome.rule} {advice.outcome.verdict}", tuple(blocks))


def plan_message(catalog: Catalog, advice: Advice, *, moved: bool) -> Outgoing:
    """Word the plan of an advice that stands: anew where one of its days can have moved."""
    name = f"plan {advice.outcome.rule} {advice.outcome.verdict}"
    stands = (Block("text", catalog.say("plan.stands")),)
    return Outgoing("advice", name, tuple(_plan_blocks(catalog, advice.plan)) if moved else stands)


def length(blocks: Iterable[Block]) -> int:
    """Count the characters of blocks written one below the other."""
    return sum(len(block.text) + 1 for block in blocks)


def _said(ruleset: Ruleset, catalog: Catalog, advice: Advice, reasons: Iterable[str]) -> list[Block]:
    """Word the verdict with its reasons and cautions."""
    outcome = advice.outcome
    blocks = [Block("title", verdict_line(catalog, advice, ruleset.rule[outcome.rule].headline))]
    blocks += [Block("item", catalog.say(f"claim.{claim}")) for claim in reasons]
    blocks += sure_blocks(ruleset.rule[outcome.rule], catalog)
    blocks += [Block("caution", catalog.say(f"claim.{claim}")) for claim in advice.cautions]
    blocks += gate_blocks(ruleset, catalog, advice, before_note=False)
    return blocks


def _plan_blocks(catalog: Catalog, plan: AdvicePlan) -> Iterator[Block]:
    """Word a plan, or, where nothing is to be done, when the case ends."""
    if plan.ahead:
        yield Block("text", catalog.say("plan.title"))
        yield from (Block("item", line) for line in plan_lines(catalog, plan))
    elif (end := plan.steps[-1]).on is not None and end.at is not None:
        yield Block("text", catalog.say("plan.closes", day=end.on))


def sure_blocks(rule: Rule, catalog: Catalog) -> Iterator[Block]:
    """Say on whose word a row stands, where that is not the article's."""
    if rule.sure != "article":
        yield Block("aside", catalog.say(f"advice.{rule.sure}"))


def gate_blocks(ruleset: Ruleset, catalog: Catalog, advice: Advice, *, before_note: bool) -> Iterator[Block]:
    """Word the gates that ride on an advice: a caution each, and what it lists (the profile checklist of G1)."""
    for gate in advice.outcome.gates:
        if ruleset.gate[gate].before_note == before_note:
            caution, *items = catalog.alternatives(f"gate.{gate}")
            yield Block("caution", caution)
            yield from (Block("item", item) for item in items)


def flip_lines(facts: Facts, catalog: Catalog, advice: Advice) -> Iterator[str]:
    """Word what would change the advice, `FLIPS_SHOWN` lines at most: one for each fact first, then its other answers.

    Where every answer still possible has one result, they share a line.
    """
    grouped: dict[tuple[str, str, date | None], list[Counterfactual]] = {}
    for flip in advice.flips:
        if flip.opens and flip.opens == advice.opens:
            continue  # another way to the same day is no news
        grouped.setdefault((flip.fact, flip.verdict, flip.opens), []).append(flip)
    shown: list[tuple[int, str]] = []
    seen: dict[str, int] = {}
    for (name, _, _), flips in grouped.items():
        every = has_any(facts[name]) and len(flips) == len(facts[name].can_change)
        for flip in flips[:1] if every else flips:
            seen[name] = seen.get(name, 0) + 1
            shown.append((seen[name], _flip_line(catalog, advice, flip, "any" if every else flip.value)))
    first = sorted(range(len(shown)), key=lambda number: (shown[number][0], number))[:FLIPS_SHOWN]
    yield from (shown[number][1] for number in sorted(first))


def has_any(fact: Fact) -> bool:
    """Tell whether the answers that may still come to a fact have a common wording."""
    return len(fact.can_change) > 1 and not fact.derivation


def _flip_line(catalog: Catalog, advice: Advice, flip: Counterfactual, value: str) -> str:
    event = catalog.say(f"flip.{flip.fact}.{value}")
    then = catalog.say(f"verdict.{flip.verdict}.then", **({"date": flip.opens} if flip.opens else {}))
    if flip.opens and advice.opens and flip.opens < advice.opens:
        return catalog.say("advice.flip_instead", event=event, then=then, date=advice.opens)
    return catalog.say("advice.flip", event=event, then=then)


# -- notes -----------------------------------------------------------------------------------------------------------


def note_message(catalog: Catalog, kind: NoteKind, note: Note, advice: Advice, *, today: date) -> Outgoing:
    """Word a finished note or mail: a heading that says when, the text alone to copy, and its size."""
    if note.subject:
        heading = f"heading.{note.kind}" if catalog.has(f"heading.{note.kind}") else "heading.as_mail"
        blocks = [Block("title", catalog.say(heading)), Block("aside", catalog.say("heading.subject"))]
        blocks += [Block("copy", note.subject), Block("aside", catalog.say("heading.body")), Block("copy", note.text)]
        return Outgoing("note", f"mail {note.kind} {note.wording}", tuple(blocks))
    if note.is_message:
        blocks = [Block("title", catalog.say(f"heading.{note.kind}")), Block("copy", note.text)]
        return Outgoing("note", f"message {note.kind} {note.wording}", tuple(blocks))
    if advice.opens is not None and advice.opens <= today:
        when = "now"
    else:
        when = "anyway" if advice.outcome.overridden else "later" if advice.opens else "now"
    days = {"date": advice.opens} if when == "later" and advice.opens else {}
    if when == "now" and kind.heading:
        when = kind.heading
    return Outgoing(
        "note",
        f"note {note.kind} {note.wording} {note.size}/{note.limit}",
        (
            Block("title", catalog.say(f"heading.{when}", **days)),
            Block("copy", note.text),
            Block("count", catalog.say("heading.count", size=note.size, limit=note.limit)),
        ),
    )


def unfit_message(catalog: Catalog, unfit: Unfit) -> Outgoing:
    """Ask honestly for other words where no wording fits."""
    slot = catalog.say(f"question.{unfit.slot}.short")
    if unfit.word:
        return notice(catalog, "unfit.word", slot=slot, word=unfit.word)
    if unfit.repeated:
        return notice(catalog, "unfit.repeated", slot=slot)
    return notice(catalog, "unfit.shorter", slot=slot, count=unfit.room)


def menu_message(catalog: Catalog, ids: Sequence[str]) -> Outgoing:
    """Word what can be done once the conversation has come to its end."""
    offered = tuple(Option(id_, catalog.say(f"menu.{id_}")) for id_ in ids)
    return Outgoing("menu", "menu", (Block("aside", catalog.say("menu.title")),), offered)


def list_message(catalog: Catalog, key: str, facts: Mapping[str, tuple[Fact, str | None]]) -> Outgoing:
    """Word a list of facts to choose from, each with its present answer if it has one."""
    offered = []
    for name, (fact, answer) in facts.items():
        short = catalog.say(f"question.{name}.short")
        label = short[:1].upper() + short[1:]  # it also stands within sentences
        if answer is not None:
            label = catalog.say("change.line", what=label, answer=shown_answer(fact, answer, catalog))
        offered.append(Option(name, label))
    return Outgoing("menu", key.partition(".")[0], (Block("title", catalog.say(key)),), tuple(offered))
