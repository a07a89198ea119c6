"""The decision diagram as plain values: what a page needs to find the verdict of a situation by itself.

It is the diagram that the dialogue reads, so the page can come to no other verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.core.advice.catalog import Catalog
from bot.core.advice.decision_diagram import Node
from bot.core.advice.policy import Outcome, settled
from bot.core.dialogue.progress import Route
from bot.core.library import Library
from bot.verification.diagram.graph import Phrases


def finder(library: Library, flow: str, language: str) -> dict[str, Any]:
    """Return facts, nodes and outcomes as JSON values, for what `flow` asks of its own accord.

    `nodes`: [number of the fact, then the node below each of its values], or [-1, number of the outcome].
    `days`: for each date what may follow from it together, each as {number of the fact: number of the value}.
    """
    return _Finder(library, library.routes[flow], language).values


class _Finder:
    """One diagram on its way to becoming values; nodes that lead to the same are one."""

    def __init__(self, library: Library, route: Route, language: str) -> None:
        self.library, self.route = library, route
        self.catalog = library.catalog(language)
        self.phrases = Phrases(library, route.flow.id, language)
        root = route.start({})
        self.names = [fact.name for fact in library.facts.finite if fact.name in root.facts]
        self.outcomes: dict[tuple[object, ...], dict[str, Any]] = {}
        self.nodes: dict[tuple[int, ...], int] = {}
        self.made: dict[Node, int] = {}
        root_number = self.number(root)
        self.values = {
            "facts": [self.fact(name) for name in self.names],
            "nodes": [list(node) for node in self.nodes],
            "outcomes": list(self.outcomes.values()),
            "days": [list(self.days(name)) for name in route.flow.asks if library.facts[name].kind == "date"],
            "root": root_number,
        }

    def number(self, node: Node) -> int:
        """Return the number of a node, after those below it."""
        if node not in self.made:
            if node.fact is None:
                told = _told(settled(node.outcome))
                self.outcomes.setdefault(tuple(told.values()), told)
                key: tuple[int, ...] = (-1, list(self.outcomes).index(tuple(told.values())))
            else:
                key = (self.names.index(node.fact), *(self.number(below) for below in node.below.values()))
            same = len(set(key[1:])) == 1 and key[0] >= 0
            self.made[node] = key[1] if same else self.nodes.setdefault(key, len(self.nodes))
        return self.made[node]

    def fact(self, name: str) -> dict[str, Any]:
        """Return a question with its answers; `usual` is the number of the cautious one."""
        fact = self.library.facts[name]
        asked = fact.derivation.source if fact.derivation else name
        question = _said(self.catalog, f"question.{asked}.text", asked)
        if fact.derivation:
            short = _said(self.catalog, f"question.{asked}.short", asked)
            question = f"{short[:1].upper()}{short[1:]}: {self.catalog.say(f'atlas.ago.{fact.derivation.count}')}"
        return {
            "id": name,
            "question": question,
            "values": list(fact.values),
            "labels": [self.phrases.answer(name, value) for value in fact.values],
            "usual": fact.values.index(fact.cautious) if fact.cautious in fact.values else 0,
            "unsure": _said(self.catalog, "option.not_sure", "") if fact.offer_not_sure else "",
        }

    def days(self, name: str) -> Iterator[Mapping[int, int]]:
        """Return what may follow from a day, together."""
        for answer in self.route.classes(name):
            known = [(fact, value) for fact, value in answer if fact in self.names]
            yield {self.names.index(fact): self.library.facts[fact].values.index(value) for fact, value in known}


def _told(outcome: Outcome) -> dict[str, Any]:
    """Return what a page says of an outcome."""
    return {
        "rule": outcome.rule,
        "verdict": outcome.verdict,
        "remarks": outcome.remarks,
        "gates": outcome.gates,
        "mails": outcome.mails,
        "note": outcome.note or "",
        "rung": outcome.wordings[0] if outcome.wordings else "",
        "remind": outcome.remind,
    }


def _said(catalog: Catalog, key: str, otherwise: str) -> str:
    return catalog.text_of(key) if catalog.has(key) else otherwise
