"""Marks on a diagram: what a talk went through, where a finding is, and what an edit changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from bot.core.dialogue.flow import Flow
from bot.core.issues import Issue, SourceLocations
from bot.core.library import FALLBACK_LANGUAGE, Library
from bot.verification.diagram.formats import Box, FlowChart, Mark
from bot.verification.diagram.graph import diagram, in_words, own_word
from bot.verification.diff import ADVICE, compare
from bot.verification.labels import verdict_name

Lines = Iterable[tuple[str, str]]
"""A talk as in `Shown.lines` and in transcripts: (person | bot | wait, text)."""


def at_finding(drawn: FlowChart, library: Library, places: SourceLocations, issue: Issue) -> FlowChart:
    """Mark where a finding is, and the conversation that shows it if there is one."""
    flow = library.flows[drawn.name]
    walked = along(drawn, library, issue.shown.lines) if issue.shown and issue.shown.flow == flow.id else drawn
    found = {node for address, place in places.by_address.items() if place == issue.place
             for node in _nodes(library, flow, address)}  # fmt: skip
    said = (_word(library, "finding", what=issue.what),)
    nodes = [replace(n, mark="finding", said=(*n.said, *said)) if n.id in found else n for n in walked.nodes]
    return replace(walked, nodes=tuple(nodes))


def is_marked(drawn: FlowChart) -> bool:
    """Tell whether anything stands out."""
    return any(node.mark not in ("", "aside") for node in drawn.nodes)


def _nodes(library: Library, flow: Flow, address: tuple[str, ...]) -> Iterator[str]:
    """Return the boxes of a flow that an address of the content is about."""
    match address:
        case ("flow", flow.id, "step", step, *_) if step in flow.step:
            yield step
        case ("flow", flow.id, "offer", name, *_) | ("fact", name, *_):
            yield from _asking(flow, name)
        case ("rules", flow.rules, "rule", row, *_) if row in library.rulesets[flow.rules].rule:
            yield from _judging(flow, library.rulesets[flow.rules].rule[row].verdict)
        case ("rules", flow.rules, "verdict", verdict, *_):
            yield from _judging(flow, verdict)
        case ("rules", flow.rules, *_) | ("reminder", *_):
            yield from (step.id for step in flow.steps if step.kind == "judge")
        case ("note", *_):
            yield from (step.id for step in flow.steps if step.kind == "compose")
        case ("message", _, key):
            part, _, rest = key.partition(".")
            about = {"question": ("fact",), "verdict": ("rules", flow.rules, "verdict"), "note": ("note",)}.get(part)
            yield from _nodes(library, flow, (*about, rest.partition(".")[0])) if about else ()


def _asking(flow: Flow, name: str) -> Iterator[str]:
    yield from (step.id for step in flow.steps if step.kind == "ask" and step.fact == name)
    yield from (f"on request: {offer}" for offer in flow.offers if offer == name)


def _judging(flow: Flow, verdict: str) -> Iterator[str]:
    yield from (f"{step.id}: {verdict}" for step in flow.steps if step.kind == "judge")


# -- what a talk went through ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Stop:
    """A box that a talk came to: the fact asked, the verdict given, or the texts handed over; and what to say of it."""

    kind: str
    name: str
    said: str = ""


def along(drawn: FlowChart, library: Library, lines: Lines) -> FlowChart:
    """Mark what a talk went through, with its answers, and where it stands; all else stands back."""
    flow = library.flows[drawn.name]
    marked: dict[str, tuple[Mark, tuple[str, ...]]] = {}
    for number, stop in enumerate(_stops(lines), 1):
        word = {"asked": "passed", "advised": "decided", "handed": "handed"}.get(stop.kind)
        said = _word(library, word, number=number, what=stop.said) if word and stop.said else _word(library, "here")
        mark: Mark = "way" if stop.said else "here"
        boxes = {"asked": _asking, "advised": _judging}.get(stop.kind)
        texts = (step.id for step in flow.steps if step.kind == "compose")
        for box in boxes(flow, stop.name) if boxes else texts:
            before = marked.get(box, ("way", ()))
            marked[box] = mark, (*before[1], said)
    judged = any(": " in box for box in marked)
    for step in flow.steps:
        if step.kind == "judge" and judged:
            marked[step.id] = "way", ()
    nodes = [_walked(node, marked) for node in drawn.nodes]
    gone = {box for box, (mark, _) in marked.items() if mark}
    order = [node.id for node in nodes if node.id in gone]
    steps = set(pairwise(order))
    edges = [replace(edge, gone=(edge.source, edge.target) in steps) for edge in drawn.edges]
    return replace(drawn, nodes=tuple(nodes), edges=tuple(edges))


def _walked(node: Box, marked: Mapping[str, tuple[Mark, tuple[str, ...]]]) -> Box:
    mark, said = marked.get(node.id, ("", ()))
    if not mark and node.kind not in ("start", "end"):
        mark = "aside"
    return replace(node, mark=mark, said=said)


def _stops(lines: Lines) -> list[_Stop]:
    """Return where a talk stopped, in order; an answer that was changed counts as it is in the end."""
    stops: list[_Stop] = []
    for kind, text in lines:
        name, _, rest = text.partition(" ")
        if kind == "bot" and name == "question":
            stops = [stop for stop in stops if stop.said and stop.name != rest] + [_Stop("asked", rest)]
        elif kind == "bot" and name == "advice":
            row, _, verdict = rest.partition(" ")
            stops = [stop for stop in stops if stop.said] + [_Stop("advised", verdict, row)]
        elif kind == "bot" and name in ("note", "mail"):
            handed = _Stop("handed", "", rest.partition(" ")[0])
            stops = [stop for stop in stops if stop.said and stop != handed] + [handed]
        elif kind == "bot" and name == "menu":
            stops = [stop for stop in stops if stop.said]
        elif kind == "person" and stops and not stops[-1].said and not text.startswith(":"):
            stops[-1] = replace(stops[-1], said=text)
    return stops


# -- what an edit changed ----------------------------------------------------------------------------------------------


def since(drawn: FlowChart, new: Library, old: Library, language: str) -> FlowChart:
    """Mark what is new, what is another than in `old`, and how many situations get another verdict.

    What is gone stands where it stood, as it was.
    """
    flow = new.flows[drawn.name]
    if flow.id not in old.flows:
        return drawn
    was = {node.id: node for node in in_words(old, flow.id, language).nodes}
    now = {node.id: node for node in in_words(new, flow.id, language).nodes}
    moved = _moved(new, old, flow)
    nodes = [_edited(new, node, was, now, moved.get(node.id, [])) for node in drawn.nodes]
    order = [node.id for node in diagram(old, flow.id, language).nodes]
    for place, id_ in enumerate(order):
        if id_ not in now:
            above = next((above for above in reversed(order[:place]) if any(n.id == above for n in nodes)), nodes[0].id)
            at = next(number for number, node in enumerate(nodes) if node.id == above)
            said = (_word(new, "gone"), *moved.get(id_, []))
            nodes.insert(at + 1, replace(was[id_], mark="gone", said=said))
    return replace(drawn, nodes=tuple(nodes))


def _edited(library: Library, node: Box, was: Mapping[str, Box], now: Mapping[str, Box], moved: list[str]) -> Box:
    """Return a box with what is another about it; numbers of questions, which shift, do not count."""
    old, new = was.get(node.id), now[node.id]
    if old is None:
        return replace(node, mark="new", said=(_word(library, "new"), *moved))
    plain = [replace(one, head="") for one in (old, new)]
    if plain[0] == plain[1] and not moved:
        return replace(node, mark="aside")
    said = [_word(library, "changed")] if plain[0] != plain[1] else []
    said += [_word(library, "was", text=old.title)] if old.title != new.title else []
    parts = [(*one.conditions, *one.answers, *one.lines) for one in (old, new)]
    said += [f"− {text}" for text in parts[0] if text not in parts[1]]
    said += [f"+ {text}" for text in parts[1] if text not in parts[0]]
    return replace(node, mark="changed", said=(*said, *moved))


def _moved(new: Library, old: Library, flow: Flow) -> dict[str, list[str]]:
    """Return for each verdict's box how many situations it gets from which other, and loses to which."""
    counts: dict[tuple[str, str], int] = {}
    if flow.rules in old.rulesets:
        for change in compare(old, new, flow.rules).changes:
            for part, before, after in change.difference:
                if part == ADVICE and isinstance(before, tuple) and isinstance(after, tuple) and before[0] != after[0]:
                    pair = (str(before[0]), str(after[0]))
                    counts[pair] = counts.get(pair, 0) + change.situations
    found: dict[str, list[str]] = {}
    for (before, after), count in counts.items():
        names = [verdict_name(lib.catalog(FALLBACK_LANGUAGE), v) for lib, v in ((old, before), (new, after))]
        for box in _judging(flow, after):
            found.setdefault(box, []).append(_word(new, "gains", count=f"{count:,}", name=names[0]))
        for box in _judging(flow, before):
            found.setdefault(box, []).append(_word(new, "loses", count=f"{count:,}", name=names[1]))
    return found


def _word(library: Library, word: str, **values: str | int) -> str:
    return own_word(library.catalog(FALLBACK_LANGUAGE), word, **values)
