"""What the sections of the page show, as values; how they look stands in templates/, which escape what they put in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from markupsafe import Markup

from bot.core.advice.catalog import PLACEHOLDER, Catalog
from bot.core.advice.conditions import Condition
from bot.core.advice.notes import NoteKind, Wording
from bot.core.advice.rules import Rule, Ruleset
from bot.core.dialogue.flow import END, Flow, Step
from bot.core.dialogue.render import sure_blocks
from bot.core.dialogue.session import Outgoing
from bot.core.library import Library
from bot.verification.counterexample import sample
from bot.verification.diagram.formats import Box
from bot.verification.diagram.graph import Phrases, diagram
from bot.verification.labels import short_name, verdict_name
from bot.verification.state_space import Goal, shortest_way

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
Heard = tuple[str, list[tuple[str, str]]]
"""Who said it (you, bot), and its blocks: each its role, "" for plain words, and its text."""


@dataclass(frozen=True)
class DrawnFlow:
    """A conversation: its steps with what is drawn of them and lines about where they lead, and what is offered."""

    steps: list[tuple[Step, Box, list[str]]]
    offers: list[tuple[str, Box]]


class Parts:
    """What the sections show, for what is said in one language and what one flow leads to."""

    def __init__(self, library: Library, flow: str, language: str) -> None:
        self.library, self.flow, self.language = library, flow, language
        self.catalog: Catalog = library.catalog(language)
        self.phrases = Phrases(library, flow, language)
        self.ruleset: Ruleset = library.rulesets[library.flows[flow].rules]

    # -- words -------------------------------------------------------------------------------------------------------

    def word(self, key: str, **values: str | int) -> str:
        """Return a message of the page's own."""
        return self.catalog.say(f"atlas.{key}", **values)

    def said(self, key: str, otherwise: str = "") -> str:
        """Return a message as it is written, with its blanks marked."""
        return self.blanks(self.catalog.text_of(key)) if self.catalog.has(key) else otherwise

    def alternatives(self, key: str) -> list[Markup]:
        """Return all wordings of a message, with their blanks marked."""
        return [self.blanks(text) for text in self.catalog.alternatives(key)]

    def blanks(self, pattern: str) -> Markup:
        """Mark the blanks of a pattern."""
        parts = PLACEHOLDER.split(pattern)
        named = [Markup('<span class="blank">{}</span>').format(self.blank(name)) for name in parts[1::2]]
        return Markup("").join(text for pair in zip(parts[::2], [*named, ""], strict=True) for text in pair)

    def blank(self, name: str) -> str:
        """Return what stands in a blank: a sample word, or what belongs there in words of the page's own."""
        sample_word, own = self.words.get(name), f"atlas.blank.{name}"
        if sample_word is not None:
            return sample_word
        return self.catalog.text_of(own) if self.catalog.has(own) else short_name(self.catalog, name)

    @cached_property
    def words(self) -> dict[str, str]:
        """The sample words by the fact they answer."""
        keys = {name: f"atlas.sample.{name}" for name in self.library.facts.texts}
        return {name: self.catalog.text_of(key) for name, key in keys.items() if self.catalog.has(key)}

    @staticmethod
    def breaks(text: str) -> Markup:
        """Return a text with its lines kept."""
        return Markup("<br>").join(text.strip().split("\n"))

    # -- rules -------------------------------------------------------------------------------------------------------

    def condition(self, when: Condition) -> str:
        """Return a condition in words; empty where it always holds."""
        return self.phrases.condition(when)

    def claims(self, ids: Iterable[str]) -> list[str]:
        """Return those that are claims, each once."""
        return [id_ for id_ in dict.fromkeys(ids) if id_ in self.library.claims]

    def verdict(self, verdict: str) -> str:
        """Return the name of a verdict."""
        return verdict_name(self.catalog, verdict)

    def verdict_names(self, verdicts: Iterable[str]) -> str:
        """Return the names of verdicts."""
        return ", ".join(map(self.verdict, sorted(verdicts)))

    def beyond(self, rule: Rule) -> list[str]:
        """Return what a row says that goes beyond the source."""
        return [block.text for block in sure_blocks(rule, self.catalog)]

    @cached_property
    def carried(self) -> dict[str, list[tuple[str, str]]]:
        """For each claim the ids and names of what cites it."""
        return {claim: [] for claim in self.library.claims} | _carried(self.library, self.ruleset)

    def talk(self, rule: Rule) -> list[Heard]:
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
        heard = (sample(self.library, way, self.language, self.words) if way else None) or ()
        return list(filter(None, map(self._heard, heard)))

    def _heard(self, line: str | Outgoing) -> Heard | None:
        """Return one line; a menu and a greeting say nothing about the situation."""
        if isinstance(line, str):
            return "you", [("", self.catalog.shown(date.fromisoformat(line)) if _DAY.fullmatch(line) else line)]
        if line.kind in ("menu", "notice", "reminder"):
            return None
        return "bot", [(block.role, block.text) for block in line.blocks if block.role != "progress"]

    # -- conversations and notes -------------------------------------------------------------------------------------

    def drawn(self, flow: Flow) -> DrawnFlow:
        """Return every step of a conversation."""
        picture = diagram(self.library, flow.id, self.language)
        nodes = {node.id: node for node in picture.nodes}
        ways: dict[str, list[str]] = {}
        for edge in picture.edges:
            if edge.label and not nodes[edge.source].group:
                ways.setdefault(edge.source, []).append(f"{edge.label} → {nodes[edge.target].head or edge.target}")
        steps = [
            (step, node, [*node.conditions, *ways.get(step.id, ())])
            for step, node in ((step, nodes[step.id]) for step in flow.steps)
        ]
        return DrawnFlow(steps, [(name, nodes[f"on request: {name}"]) for name in flow.offers])

    def wordings(self, kind: NoteKind) -> Iterator[tuple[Wording, Markup]]:
        """Return the wordings of a note or e-mail, with their lines kept and their blanks marked."""
        for wording in (*kind.ladder, *([kind.as_mail] if kind.as_mail else [])):
            for text in self.catalog.alternatives(f"note.{kind.id}.{wording.text}"):
                yield wording, Markup("<br>").join(self.blanks(line) for line in text.strip().split("\n"))


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
