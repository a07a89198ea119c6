"""Every message that the dialogue can ask for: what the checker compares with the message files.

Law of this file: a key that some module words is here, with what it is given; `check` finds what is missing or idle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from bot.core.advice.catalog import COUNT
from bot.core.advice.facts import Fact, Facts
from bot.core.advice.plan import LOOK
from bot.core.advice.policy import OVERRIDDEN
from bot.core.advice.rules import Ruleset, Sure
from bot.core.chat.preferences import QUIET, WEEKS
from bot.core.chat.reminders import BESIDE_OPTIONS
from bot.core.coaching.message_keys import asked_for
from bot.core.dialogue import day_words
from bot.core.dialogue.changes import came_true
from bot.core.dialogue.flow import Flow
from bot.core.dialogue.render import COMMANDS, MENU, has_any
from bot.core.library import Library


@dataclass(frozen=True)
class Wanted:
    """What a message is given: its placeholders may be any of these; `counted` ones choose a plural form."""

    offers: frozenset[str] = frozenset()
    counted: bool = False


_FIXED: Mapping[str, Wanted] = {
    **{
        key: Wanted()
        for key in (
            "language.locale",
            "language.name",
            "option.not_sure",
            "option.left_out",
            "menu.title",
            "style.never",
            "style.worn",
        )
    },
    **{f"menu.{id_}": Wanted() for id_ in MENU},
    **{f"progress.{part}": Wanted(frozenset({"number", "at_most"})) for part in ("advice", "note")},
    **{f"meant.{part}": Wanted() for part in ("title", "none")},
    **{f"story.{part}": Wanted() for part in ("title", "right", "options.right", "options.change")},
    **{f"misread.{reason}": Wanted(frozenset({"what"})) for reason in ("no_blank", "left_out")},
    "misread.which": Wanted(frozenset({"options"})),
    **{f"misread.{reason}": Wanted() for reason in ("again", "choice", "empty", "type_day", "no_day")},
    **{f"misread.{reason}": Wanted(frozenset({"day"})) for reason in ("future", "too_old", "bygone", "too_far")},
    **{f"misread.{reason}": Wanted(frozenset({"text"})) for reason in ("no_such_day", "ambiguous_day")},
    "option.days": Wanted(frozenset({"first", "last"})),
    "misread.two_days": Wanted(frozenset({"text", "one", "other"})),
    **{key: Wanted(names) for key, names in day_words.blanks().items()},
    "misread.reserved": Wanted(frozenset({"text"})),
    "misread.too_long": Wanted(frozenset({"limit", "count"}), counted=True),
    "misread.many_days": Wanted(frozenset({"limit"})),
    **{f"advice.{part}": Wanted() for part in ("beyond", "judgement", "changes")},
    "plan.title": Wanted(),
    "plan.stands": Wanted(),
    "plan.closes": Wanted(frozenset({"day"})),
    "plan.rest": Wanted(),
    **{f"plan.{key}": Wanted(frozenset({"what"})) for key in ("today", "next_today")},
    "plan.dated": Wanted(frozenset({"day", "what"})),
    "plan.once": Wanted(frozenset({"when", "what"})),
    "plan.next": Wanted(frozenset({"day", "time", "what"})),
    "advice.flip": Wanted(frozenset({"event", "then"})),
    "advice.flip_instead": Wanted(frozenset({"event", "then", "date"})),
    "why.title": Wanted(frozenset({"rule"})),
    "why.claim": Wanted(frozenset({"id", "text"})),
    **{f"why.{sure}": Wanted() for sure in get_args(Sure)},
    **{f"why.{part}": Wanted() for part in ("gates", "fits", "passed", "changes")},
    **{f"why.short.{part}": Wanted() for part in ("title", *get_args(Sure))},
    "why.short.decided": Wanted(frozenset({"answers"})),
    **{f"why.{mark}": Wanted(frozenset({"answer"})) for mark in ("unasked", "unsure")},
    **{f"why.{count}": Wanted(frozenset({"days"})) for count in ("business_days", "days", "or_more")},
    "why.miss": Wanted(frozenset({"what", "answer", "wanted"})),
    "why.row": Wanted(frozenset({"what", "rules"})),
    "why.change": Wanted(frozenset({"answers", "verdict"})),
    **{f"heading.{part}": Wanted() for part in ("now", "anyway", "subject", "body", "as_mail")},
    "heading.later": Wanted(frozenset({"date"})),
    "heading.count": Wanted(frozenset({"size", "limit"})),
    "unfit.word": Wanted(frozenset({"slot", "word"})),
    "unfit.repeated": Wanted(frozenset({"slot"})),
    "unfit.shorter": Wanted(frozenset({"slot", "count"}), counted=True),
    "as_mail.subject": Wanted(frozenset({"first"})),
    **{key: Wanted() for key in ("change.title", "change.none", "detail.title")},
    "change.line": Wanted(frozenset({"what", "answer"})),
    **{
        f"notice.{key}": Wanted()
        for key in (
            "hello",
            "promise",
            "resumed",
            "first_question",
            "restarted",
            "cancelled",
            "stale",
            "another",
            "forgotten",
            "other_advice",
        )
    },
    **{key: Wanted() for key in ("about.description", "about.short", "help.title", "help.aside", "export.caption")},
    **{f"privacy.{key}": Wanted() for key in ("title", "points", "encrypted", "key.unnamed", "telegram", "nobody")},
    **{f"privacy.{key}": Wanted() for key in ("coaches", "rights", "who.nobody", "terminal")},
    **{f"privacy.{key}": Wanted(frozenset({"name"})) for key in ("key.named", "who.name")},
    "privacy.closing": Wanted(frozenset({"days"})),
    "privacy.idle": Wanted(frozenset({"days", "grace"})),
    "privacy.who.both": Wanted(frozenset({"name", "contact"})),
    "privacy.who.contact": Wanted(frozenset({"contact"})),
    "privacy.policy": Wanted(frozenset({"url"})),
    "retention.notice": Wanted(frozenset({"days", "grace"})),
    **{f"retention.{key}": Wanted() for key in ("keep", "kept")},
    "desk.unfinished": Wanted(),
    **{
        f"desk.{what}": Wanted()
        for what in ("start", "cases", "language", "only_language", "settings", "forget", "faq")
    },
    **{f"desk.options.{id_}": Wanted() for id_ in ("go_on", "new", "language", "forget_all")},
    **{f"strange.{w}": Wanted() for w in ("photo", "sticker", "voice", "other", "edited", "command")},
    **{f"command.{name}": Wanted() for name in COMMANDS},
    **{f"telegram.{key}": Wanted() for key in ("back", "why", "copy")},
    "telegram.failed": Wanted(frozenset({"id"})),
    "telegram.refused": Wanted(frozenset({"count", "finding"}), counted=True),
    "telegram.renewed": Wanted(frozenset({"count"}), counted=True),
    "desk.unnamed": Wanted(frozenset({"number"})),
    "notice.changed": Wanted(frozenset({"was", "now"})),
    "notice.changed_because": Wanted(frozenset({"was", "now", "why"})),
    "because.corrected": Wanted(frozenset({"answer"})),
    **{
        f"terminal.{key}": Wanted()
        for key in ("help", "prompt", "bye", "bad_wait", "bad_command", "not_offered", "no_token", "ended", "stuck")
    },
    "terminal.clock": Wanted(frozenset({"day", "time"})),
    "terminal.when": Wanted(frozenset({"day", "time", "zone", "utc", "text"})),
    "terminal.because": Wanted(frozenset({"kind", "rule", "claims"})),
    **{f"terminal.{key}": Wanted() for key in ("beyond", "nothing", "elsewhere")},
    "terminal.saved": Wanted(frozenset({"file"})),
    "terminal.exists": Wanted(frozenset({"file"})),
    "terminal.unsaved": Wanted(frozenset({"file", "reason"})),
}


_OF_REMINDERS = ("pause", "resume", "move", "done", "unwanted", "no_holidays")
_REMINDING: Mapping[str, Wanted] = {
    **{f"remind.options.{what}": Wanted() for what in ("sent", *BESIDE_OPTIONS) if what != "snooze"},
    **{key: Wanted(frozenset({COUNT}), counted=True) for key in ("remind.options.snooze", "desk.options.later")},
    **{
        f"remind.{key}": Wanted()
        for key in (
            "nothing",
            "near",
            "declined",
            "deleted",
            "over",
            "settled",
            "unsent",
            "paused",
            "resumed",
            "kept",
            "calendar",
            "unknown",
            "no_holidays",
            "done",
        )
    },
    **{f"remind.{key}": Wanted(frozenset({"day", "time"})) for key in ("offer", "day", "anew", "clock")},
    **{f"remind.{key}": Wanted(frozenset({"who"})) for key in ("overdue", "stopped")},
    "remind.closed": Wanted(frozenset({"who", "days"})),
    **{f"remind.set.{what}": Wanted() for what in ("zone", "quiet", "days", "holidays")},
    "remind.days_off": Wanted(frozenset({"days"})),
    "remind.of": Wanted(frozenset({"who", "what"})),
    "remind.planned": Wanted(frozenset({"day", "time", "zone"})),
    **{f"remind.{key}": Wanted(frozenset({"day"})) for key in ("snoozed", "went_out", "not_before")},
    **{f"remind.{key}": Wanted(frozenset({"time", "city"})) for key in ("here", "there")},
    "places.countries": Wanted(),
    "remind.dated": Wanted(frozenset({"day", "time", "what"})),
    "remind.quiet": Wanted(frozenset({"begin", "end"})),
    **{f"ledger.{reason}": Wanted(frozenset({"day", "date"})) for reason in ("withdrawn", "many", "apart")},
    "ledger.once": Wanted(frozenset({"day", COUNT}), counted=True),
    "ledger.last": Wanted(),
    **{
        f"desk.{what}": Wanted()
        for what in ("reminders", "idle", "reminder", "day", "zone", "quiet", "days", "holidays")
    },
    **{f"desk.options.{id_}": Wanted() for id_ in (*_OF_REMINDERS, *QUIET, *WEEKS)},
    **{f"misread.{reason}": Wanted(frozenset({"day"})) for reason in ("passed",)},
    "misread.no_zone": Wanted(),
    "misread.no_quiet": Wanted(),
}


_LABELS = (
    "when", "always", "verdict", "why", "mind", "sends", "note", "mail", "anyway", "reminders", "rests",
    "sample", "asked", "answers", "hints", "request", "part", "carried", "quoted", "with", "before_note", "you", "bot",
)  # fmt: skip
_SECTIONS = ("find", "verdicts", "table", "flows", "riding", "notes", "reminders", "claims", "faq")
_ATLAS: Mapping[str, Wanted] = {
    **{f"atlas.{key}": Wanted() for key in ("title", "lead", "skip", "contents", "search", "hint", "nothing")},
    **{f"atlas.find.{key}": Wanted() for key in ("anew", "possible", "settled", "refine", "defaults")},
    **{f"atlas.{section}.title": Wanted() for section in _SECTIONS},
    **{f"atlas.{section}.lead": Wanted() for section in _SECTIONS if section != "faq"},
    **{f"atlas.label.{label}": Wanted() for label in _LABELS},
    **{f"atlas.blank.{name}": Wanted() for name in ("date", "who", "interview_day")},
    **{f"atlas.ago.{count}": Wanted() for count in ("business_days", "days")},
    "atlas.label.row": Wanted(frozenset({"id"})),
    **{f"atlas.{key}": Wanted(frozenset({"count"}), counted=True) for key in ("found", "some")},
}


def _typed(library: Library, flow: Flow) -> list[str]:
    """Return the facts of a flow that are typed into notes."""
    return [name for name in (*flow.asks, *flow.offers) if library.facts[name].kind == "text"]


def wanted(library: Library) -> dict[str, Wanted]:
    """Return every message key that the dialogue can ask for, with what it is given."""
    found = {**_FIXED, **_REMINDING, **_ATLAS}
    found.update(
        {f"atlas.sample.{name}": Wanted() for flow in library.flows.values() for name in _typed(library, flow)}
    )
    found.update({key: Wanted(frozenset(blanks)) for key, blanks in asked_for(library)})
    for fact in sorted({fact for study in library.cases.values() for fact in study.polls}):
        found.update(_of_question(library.facts[fact]))
    for flow in library.flows.values():
        for step in flow.steps:
            if step.kind == "ask":
                found.update(_of_question(library.facts[step.fact]))
                found.update({f"question.{step.fact}.hints.{hint.say}": Wanted() for hint in step.hints})
        for name in flow.offers:
            found.update(_of_question(library.facts[name]))
    for name in library.facts.from_history:
        found[f"question.{name}.short"] = Wanted()
        found.update({f"question.{name}.options.{value}": Wanted() for value in library.facts[name].values})
    for ruleset in library.rulesets.values():
        found.update(_of_rules(ruleset, library.facts))
    found.update({f"reminder.{kind}": Wanted() for kind in library.reminders})
    found.update(_of_looks(library))
    found.update({f"nudge.{kind}": Wanted(frozenset({"who"})) for kind in library.reminders})
    found.update({f"plan.{part}.{sort}": Wanted() for sort in library.courtesy.sorts for part in ("do", "done")})
    found.update({f"sent.{sort.id}": Wanted() for sort in library.courtesy.sorts.values() if sort.notes})
    found.update({f"claim.{claim}": Wanted() for claim in library.claims})
    found.update(_of_notes(library))
    found.update(_of_flips(library))
    return found


def _of_looks(library: Library) -> dict[str, Wanted]:
    """Return what the looks of a plan are called, and the answers with words of their own below their reminders."""
    looks = [kind for kind in library.reminders.values() if kind.step == LOOK]
    found = {f"plan.look.{kind.id}": Wanted() for kind in looks}
    for kind in looks:
        asked = library.facts.by_name.get(next(iter(kind.asks), ""))
        keys = [f"remind.answer.{kind.id}.{value}" for value in (asked.values if asked else ())]
        found.update({key: Wanted() for key in keys if any(c.has(key) for c in library.catalogs.values())})
    return found


def _of_question(fact: Fact) -> dict[str, Wanted]:
    key = f"question.{fact.name}"
    found = {f"{key}.{part}": Wanted() for part in ("text", "why", "short")}
    if fact.kind in ("choice", "flag"):
        found.update({f"{key}.options.{value}": Wanted() for value in fact.values})
    if fact.kind == "date":
        ids = [*(s.id for s in fact.shortcuts), "none" if fact.optional else "other_day"]
        found.update({f"{key}.which_day": Wanted()} if fact.past else {})
        found.update({f"{key}.options.{id_}": Wanted() for id_ in ids})
    return found


def _of_rules(ruleset: Ruleset, facts: Facts) -> dict[str, Wanted]:
    dated = {rule.verdict for rule in ruleset.rules if rule.opens}
    found: dict[str, Wanted] = {f"gate.{gate.id}": Wanted() for gate in ruleset.gates}
    if OVERRIDDEN in facts.by_name and any(rule.override for rule in ruleset.rules):
        found.update(_of_question(facts[OVERRIDDEN]))
    for verdict in ruleset.verdicts.values():
        offers = Wanted(frozenset({"date"}) if verdict.open or verdict.id in dated else frozenset())
        rules = [rule for rule in ruleset.rules if rule.verdict == verdict.id]
        headlines = {rule.headline for rule in rules}
        if verdict.open:
            own = {rule.headline for rule in rules if not rule.waits_for} - {"advice"}
            headlines |= {"later", *(f"{headline}_later" for headline in own)}
        found.update({f"verdict.{verdict.id}.{part}": offers for part in ("name", "advice", "then", *headlines)})
    found.update({f"plan.waits.{rule.waits_for}": Wanted() for rule in ruleset.rules if rule.waits_for})
    return found


def _of_notes(library: Library) -> dict[str, Wanted]:
    found: dict[str, Wanted] = {}
    for kind in library.notebook.kinds.values():
        offers = Wanted(frozenset({*kind.slots, *kind.given}))
        found.update({f"note.{kind.id}.{wording.text}": offers for wording in (*kind.ladder, *kind.subject)})
        if kind.never:
            found[f"note.{kind.id}.never"] = Wanted()
        if kind.as_mail:
            found[f"note.{kind.id}.{kind.as_mail.text}"] = offers
        if kind.is_mail or kind.is_message or kind.heading:
            found[f"heading.{kind.heading or kind.id}"] = Wanted()
        for source in kind.given.values():
            fact = library.facts[source]
            found.update({f"word.{source}.{value}": Wanted() for value in fact.values})
    return found


def _of_flips(library: Library) -> dict[str, Wanted]:
    found: dict[str, Wanted] = {}
    for fact in library.facts.finite:
        offers = Wanted()
        if not fact.derivation:
            found.update({f"flip.{fact.name}.{value}": offers for value in fact.can_change})
        found.update({f"because.{fact.name}.{value}": Wanted() for value in came_true(fact)})
        if has_any(fact):
            found[f"flip.{fact.name}.any"] = offers
    return found
