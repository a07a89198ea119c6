"""The sections of the page, each as HTML.

Law of this file: whatever comes from the content is escaped where it is put in; words for people come from messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cached_property
from html import escape

from bot.core.advice.catalog import PLACEHOLDER, Catalog
from bot.core.advice.conditions import Condition
from bot.core.advice.notes import NoteKind
from bot.core.advice.rules import Conditional, Gate, Remark, Rule, Ruleset
from bot.core.dialogue.flow import END, Flow, Step
from bot.core.dialogue.render import sure_blocks
from bot.core.dialogue.session import Outgoing
from bot.core.library import Library
from bot.verification.counterexample import sample
from bot.verification.diagram.graph import Phrases, diagram
from bot.verification.labels import short_name, verdict_name
from bot.verification.state_space import Goal, shortest_way

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class Parts:
    """The sections, for what is said in one language and what one flow leads to."""

    def __init__(self, library: Library, flow: str, language: str) -> None:
        self.library, self.flow, self.language = library, flow, language
        self.catalog: Catalog = library.catalog(language)
        self.phrases = Phrases(library, flow, language)
        self.ruleset: Ruleset = library.rulesets[library.flows[flow].rules]

    # -- words -------------------------------------------------------------------------------------------------------

    def word(self, key: str, **values: str | int) -> str:
        """Return a message of the page's own, escaped."""
        return escape(self.catalog.say(f"atlas.{key}", **values))

    def said(self, key: str, otherwise: str = "") -> str:
        """Return a message as it is written, escaped, with its blanks marked."""
        return self.blanks(self.catalog.text_of(key)) if self.catalog.has(key) else escape(otherwise)

    def blanks(self, pattern: str) -> str:
        """Escape a pattern and mark its blanks."""
        parts = PLACEHOLDER.split(pattern)
        named = (f'<span class="blank">{self.blank(name)}</span>' for name in parts[1::2])
        return "".join(text for pair in zip(map(escape, parts[::2]), [*named, ""], strict=True) for text in pair)

    def blank(self, name: str) -> str:
        """Return what stands in a blank: a sample word, or what belongs there in words of the page's own."""
        sample_word, own = self.words.get(name), f"atlas.blank.{name}"
        if sample_word is not None:
            return escape(sample_word)
        return escape(self.catalog.text_of(own) if self.catalog.has(own) else short_name(self.catalog, name))

    @cached_property
    def words(self) -> dict[str, str]:
        """The sample words by the fact they answer."""
        keys = {name: f"atlas.sample.{name}" for name in self.library.facts.texts}
        return {name: self.catalog.text_of(key) for name, key in keys.items() if self.catalog.has(key)}

    def condition(self, when: Condition) -> str:
        """Return a condition in words, escaped; empty where it always holds."""
        return escape(self.phrases.condition(when))

    def claims(self, ids: Iterable[str]) -> str:
        """Return links to claims."""
        return " ".join(_link(f"claim-{id_}", id_) for id_ in dict.fromkeys(ids) if id_ in self.library.claims)

    def kinds(self, items: Iterable[Conditional], prefix: str) -> str:
        """Return links to notes or reminders, each with its condition."""
        said = []
        for item in items:
            when = self.condition(item.when)
            said.append(_link(f"{prefix}-{item.item}", item.item) + (f" ({when})" if when else ""))
        return ", ".join(said)

    def terms(self, pairs: Iterable[tuple[str, str]]) -> str:
        """Return a list of labels with what belongs to them; empty ones are left out."""
        shown = "".join(f"<dt>{self.word(f'label.{label}')}</dt><dd>{text}</dd>" for label, text in pairs if text)
        return f"<dl>{shown}</dl>" if shown else ""

    # -- verdicts ----------------------------------------------------------------------------------------------------

    def verdicts(self) -> Iterator[str]:
        """Return every verdict with its rows."""
        for verdict in self.ruleset.verdicts:
            rows = [rule for rule in self.ruleset.rules if rule.verdict == verdict]
            name = escape(_capital(verdict_name(self.catalog, verdict)))
            line = self.said(f"verdict.{verdict}.advice")
            yield f'<h3 id="verdict-{escape(verdict)}">{name}</h3><p class="line">{line}</p>'
            yield from (self.row(rule) for rule in rows)

    def row(self, rule: Rule) -> str:
        """Return a row of the table as a card, with a sample conversation."""
        headline = self.said(f"verdict.{rule.verdict}.{rule.headline}")
        same = " hidden" if rule.headline == "advice" else ""  # it stands above, below the verdict's name
        reasons = "".join(
            f"<li>{self.said(f'claim.{id_}', id_)} <small>{_link(f'claim-{id_}', id_)}</small></li>"
            for id_ in rule.reasons
        )
        beyond = "".join(f'<p class="aside">{escape(block.text)}</p>' for block in sure_blocks(rule, self.catalog))
        when = self.condition(rule.when) or self.word("label.always")
        terms = self.terms(
            [
                ("when", when),
                ("note", self.kinds(rule.notes, "note")),
                ("mail", self.kinds(rule.mails, "note")),
                ("anyway", self.kinds(rule.override, "note")),
                ("reminders", self.kinds(rule.remind, "reminder")),
                ("rests", self.claims(rule.cites)),
            ]
        )
        return (
            f'<article class="item card" id="row-{escape(rule.id)}" data-verdict="{escape(rule.verdict)}">'
            f"<h4>{self.word('label.row', id=rule.id)}: {escape(verdict_name(self.catalog, rule.verdict))}</h4>"
            f'<p class="line headline"{same}>{headline}</p><ul class="reasons">{reasons}</ul>{beyond}{terms}'
            f"{self.talk(rule)}</article>"
        )

    def talk(self, rule: Rule) -> str:
        """Return a shortest conversation that comes to a row, with its note where there is one."""
        routes = self.library.routes.values()
        own = sorted((r for r in routes if r.flow.rules == self.ruleset.id), key=lambda r: r.flow.id != self.flow)

        def ends(*, noted: bool) -> Goal:
            return lambda at: (
                at.step == END
                and at.outcome is not None
                and at.outcome.rule == rule.id
                and (at.outcome.note is not None or not noted)
            )

        # What only a later talk asks, as whether somebody is still interested, is shown by that talk.
        ways = (shortest_way(route, ends(noted=noted)) for route in own for noted in (True, False))
        way = next((way for way in ways if way), None)
        heard = sample(self.library, way, self.language, self.words) if way else None
        if heard is None:
            return ""
        lines = "".join(self.person(line) if isinstance(line, str) else self.bot(line) for line in heard)
        return f'<details class="talk"><summary>{self.word("label.sample")}</summary><ol>{lines}</ol></details>'

    def person(self, text: str) -> str:
        """Return what somebody said."""
        shown = self.catalog.shown(date.fromisoformat(text)) if _DAY.fullmatch(text) else text
        return f'<li class="you"><span class="who">{self.word("label.you")}</span> {escape(shown)}</li>'

    def bot(self, message: Outgoing) -> str:
        """Return what the bot said; a menu and a greeting say nothing about the situation."""
        if message.kind in ("menu", "notice", "reminder"):
            return ""
        blocks = (block for block in message.blocks if block.role != "progress")
        text = "".join(f'<div class="b-{block.role}">{_lines(block.text)}</div>' for block in blocks)
        return f'<li class="bot"><span class="who">{self.word("label.bot")}</span> {text}</li>'

    def table(self) -> str:
        """Return the decision table."""
        heads = ("row", "when", "verdict", "sends", "rests")
        labels = [self.word(f"label.{head}", **({"id": ""} if head == "row" else {})).strip() for head in heads]
        head = "".join(f'<th scope="col" role="columnheader">{label}</th>' for label in labels)
        rows = []
        for rule in self.ruleset.rules:
            sends = ", ".join(filter(None, (self.kinds((*rule.mails, *rule.notes), "note"),)))
            cells = (
                self.condition(rule.when) or self.word("label.always"),
                _link(f"row-{rule.id}", verdict_name(self.catalog, rule.verdict)),
                sends or "–",
                self.claims(rule.cites),
            )
            named = zip(labels[1:], cells, strict=True)
            body = "".join(f'<td role="cell" data-label="{label}">{cell}</td>' for label, cell in named)
            rows.append(
                f'<tr class="item" role="row"><th scope="row" role="rowheader">{escape(rule.id)}</th>{body}</tr>'
            )
        return (
            f'<table role="table"><thead role="rowgroup"><tr role="row">{head}</tr></thead>'
            f'<tbody role="rowgroup">{"".join(rows)}</tbody></table>'
        )

    # -- conversations -----------------------------------------------------------------------------------------------

    def conversation(self, flow: Flow) -> str:
        """Return every step of a conversation."""
        drawn = {node.id: node for node in diagram(self.library, flow.id, self.language).nodes}
        ways: dict[str, list[str]] = {}
        for edge in diagram(self.library, flow.id, self.language).edges:
            if edge.label and not drawn[edge.source].group:
                ways.setdefault(edge.source, []).append(f"{edge.label} → {drawn[edge.target].head or edge.target}")
        steps = []
        for step in flow.steps:
            node = drawn[step.id]
            about = [*node.conditions, *ways.get(step.id, ())]
            shown = "".join(f'<p class="if">{escape(line)}</p>' for line in about)
            steps.append(
                f'<li class="item card" id="step-{escape(flow.id)}-{escape(step.id)}"><p class="head">'
                f"{escape(node.head)}</p><h4>{escape(node.title)}</h4>{shown}{self.question(step, node.answers)}</li>"
            )
        offers = "".join(
            f'<li class="item card"><p class="head">{self.word("label.request")} · {escape(name)}</p>'
            f"<h4>{self.said(f'question.{name}.text', name)}</h4>"
            f"{self.about(name, drawn[f'on request: {name}'].answers)}</li>"
            for name in flow.offers
        )
        return f'<h3 id="flow-{escape(flow.id)}">{escape(flow.id)}</h3><ol class="steps">{"".join(steps)}{offers}</ol>'

    def question(self, step: Step, answers: Iterable[str]) -> str:
        """Return what belongs to a step that asks."""
        if step.kind != "ask":
            return ""
        hints = "".join(
            f"<li>{self.said(f'question.{step.fact}.hints.{hint.say}')} ({self.condition(hint.when)})</li>"
            for hint in step.hints
        )
        return self.about(step.fact, answers, f"<ul>{hints}</ul>" if hints else "")

    def about(self, fact: str, answers: Iterable[str], hints: str = "") -> str:
        """Return answers, reason and further lines of a question."""
        listed = "".join(f"<li>{escape(answer)}</li>" for answer in answers)
        why = self.said(f"question.{fact}.why")
        return self.terms([("answers", f'<ul class="answers">{listed}</ul>'), ("asked", why), ("hints", hints)])

    # -- what rides on it --------------------------------------------------------------------------------------------

    def riding(self) -> Iterator[str]:
        """Return gates and remarks."""
        for gate in self.ruleset.gates:
            first, *items = map(self.blanks, self.catalog.alternatives(f"gate.{gate.id}"))
            more = f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>" if items else ""
            before = f'<p class="aside">{self.word("label.before_note")}</p>' if gate.before_note else ""
            text = f'<div class="said">{first}</div>{more}{before}'
            yield self.card(f"gate-{gate.id}", gate.id, text, self.rides(gate, gate.cites))
        for remark in self.ruleset.remarks:
            text = f'<div class="said">{self.said(f"claim.{remark.claim}")}</div>'
            terms = self.rides(remark, [remark.claim])
            yield self.card(f"remark-{remark.id}", remark.id, text, terms, kind=remark.kind)

    def rides(self, part: Gate | Remark, claims: Iterable[str]) -> list[tuple[str, str]]:
        """Return when a gate or remark goes with a verdict, with which, and what it rests on."""
        names = (escape(verdict_name(self.catalog, verdict)) for verdict in sorted(part.verdicts))
        return [("when", self.condition(part.when)), ("with", ", ".join(names)), ("rests", self.claims(claims))]

    def card(self, id_: str, title: str, body: str, terms: Iterable[tuple[str, str]], *, kind: str = "") -> str:
        """Return something with a title, what is said, and what belongs to it."""
        data = f' data-kind="{escape(kind)}"' if kind else ""
        return (
            f'<article class="item card" id="{escape(id_)}"{data}><h4>{escape(title)}</h4>{body}'
            f"{self.terms(terms)}</article>"
        )

    def notes(self) -> Iterator[str]:
        """Return every kind of note and e-mail with all its wordings."""
        for kind in self.library.notebook.kinds.values():
            yield self.card(f"note-{kind.id}", kind.id, self.wordings(kind), [("rests", self.claims(kind.cites))])

    def wordings(self, kind: NoteKind) -> str:
        """Return the wordings of a kind, each with its condition."""
        wordings = [*kind.ladder, *([kind.as_mail] if kind.as_mail else [])]
        subject = self.said(f"note.{kind.id}.{kind.subject[0].text}") if kind.subject else ""
        top = f'<p class="head">{self.catalog_said("heading.subject")} {subject}</p>' if subject else ""
        found = []
        for wording in wordings:
            for text in self.catalog.alternatives(f"note.{kind.id}.{wording.text}"):
                when = self.condition(wording.when)
                shown = f'<p class="if">{when}</p>' if when else ""
                found.append(
                    f'<div class="wording" data-rung="{escape(wording.text)}">{shown}'
                    f"<blockquote>{_breaks(self.blanks(text))}</blockquote></div>"
                )
        return top + "".join(found)

    def catalog_said(self, key: str) -> str:
        """Return a message that has no blanks, escaped."""
        return escape(self.catalog.text_of(key))

    def reminders(self) -> Iterator[str]:
        """Return every kind of reminder."""
        for kind in self.library.reminders.values():
            text = f'<p class="said">{self.said(f"reminder.{kind.id}")}</p><p>{self.said(f"nudge.{kind.id}")}</p>'
            yield self.card(f"reminder-{kind.id}", kind.id, text, [("rests", self.claims(kind.cites))])

    def statements(self) -> Iterator[str]:
        """Return every claim and where it is carried."""
        carried = _carried(self.library, self.ruleset)
        for claim in self.library.claims.values():
            links = [_link(target, name) for target, name in carried.get(claim.id, ())]
            links += [escape(claim.structure)] if claim.structure else []
            by = ", ".join(links) or self.word("label.quoted")
            text = f'<p class="said">{self.said(f"claim.{claim.id}")}</p>'
            yield self.card(f"claim-{claim.id}", claim.id, text, [("part", escape(claim.section)), ("carried", by)])

    def questions(self) -> Iterator[str]:
        """Return the questions that many ask, with their answers."""
        for name, cites in self.library.faq.items():
            title = self.catalog.text_of(f"faq.{name}.question")
            text = f"<p>{escape(self.catalog.say(f'faq.{name}.answer', **self.library.measures))}</p>"
            yield self.card(f"faq-{name}", title, text, [("rests", self.claims(cites))])


def _carried(library: Library, ruleset: Ruleset) -> dict[str, list[tuple[str, str]]]:
    """Return for each claim the ids and names of what cites it."""
    named: list[tuple[str, str, Iterable[str]]] = [
        *((f"row-{row.id}", row.id, (*row.cites, *row.reasons)) for row in ruleset.rules),
        *((f"gate-{gate.id}", gate.id, gate.cites) for gate in ruleset.gates),
        *((f"remark-{remark.id}", remark.id, (remark.claim,)) for remark in ruleset.remarks),
        *((f"note-{kind.id}", kind.id, kind.cites) for kind in library.notebook.kinds.values()),
        *((f"reminder-{kind.id}", kind.id, kind.cites) for kind in library.reminders.values()),
        *((f"faq-{name}", name, cites) for name, cites in library.faq.items()),
    ]
    found: dict[str, list[tuple[str, str]]] = {}
    for target, name, cites in named:
        for claim in dict.fromkeys(cites):
            found.setdefault(claim, []).append((target, name))
    return found


def _link(target: str, text: str) -> str:
    return f'<a href="#{escape(target)}">{escape(text)}</a>'


def _lines(text: str) -> str:
    return _breaks(escape(text))


def _breaks(markup: str) -> str:
    return markup.strip().replace("\n", "<br>")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
