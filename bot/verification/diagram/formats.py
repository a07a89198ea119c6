"""A diagram as values, and how it is written down for Graphviz (DOT) and for Mermaid.

Any text may be hostile. It is wrapped and escaped where it is written, and nowhere before.
Shape and words carry the meaning; colour only repeats it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise
from typing import Literal

from bot.core.advice.text import clean

NodeKind = Literal["start", "question", "judge", "verdict", "compose", "end"]
Mark = Literal["", "way", "here", "finding", "new", "gone", "changed", "aside"]
"""Why a box stands out: it was gone through, or is where a talk stands; a finding is there; an edit made it so. What
is `aside` stands back."""


@dataclass(frozen=True)
class Box:
    """A box: a small `head`, a `title`, `conditions` for being there at all, the `answers`, further `lines`.

    `group` is the judging step that a verdict belongs to. `said` are words on top for why it is marked. Texts are
    unwrapped and unescaped.
    """

    id: str
    kind: NodeKind
    title: str
    head: str = ""
    conditions: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    group: str = ""
    mark: Mark = ""
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Edge:
    """A way from box to box, and in words when it is taken; `back` where it goes up again, `gone` where a talk went."""

    source: str
    target: str
    label: str = ""
    back: bool = False
    gone: bool = False


@dataclass(frozen=True)
class FlowChart:
    """A flow as boxes and ways, in the order in which they are read."""

    name: str
    nodes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    part: tuple[int, int] | None = None
    """Which part of how many this is; None for the whole."""


# -- looks -------------------------------------------------------------------------------------------------------------

FONTS = "DejaVu Sans, Noto Sans, sans-serif"
MOST_COLUMNS = 12
WIDTH = 252  # points inside a box: with its frame it fills a phone's width, so nobody has to zoom
TITLE_COLUMNS, LINE_COLUMNS, SMALL_COLUMNS, EDGE_COLUMNS = 36, 42, 52, 24  # what fits that width at 11, 10 and 9 points

SHAPES: Mapping[NodeKind, str] = {
    "start": "shape=none",
    "question": 'shape=box style="rounded,filled" fillcolor="#ffffff" color="#3b4a5a"',
    "judge": 'shape=box peripheries=2 style=filled fillcolor="#dbe7f3" color="#1f4e79"',
    "verdict": "shape=plain",
    "compose": 'shape=note style=filled fillcolor="#fdf3d8" color="#7a5c00" penwidth=1.5',
    "end": 'shape=oval style=filled fillcolor="#ffffff" color="#3b4a5a" penwidth=2 margin=0',
}
PACKED = f'pack=16 packmode="array_ut{MOST_COLUMNS}"'  # each part by itself, then side by side, their tops in a row
INK, FAINT, PAPER, SEAL = "#16202b", "#4a5866", "#f4f8fc", "#1f4e79"
MARKS: Mapping[Mark, tuple[str, str]] = {
    "way": ("#1b6b3a", "solid"),
    "here": ("#1b6b3a", "bold"),
    "finding": ("#b3261e", "bold"),
    "new": ("#1b6b3a", "bold"),
    "gone": ("#b3261e", "dashed"),
    "changed": ("#8a5a00", "bold"),
}
"""The colour and the frame of a mark; its words say the same."""
PALE = "#c3ccd6"
MERMAID: Mapping[NodeKind, tuple[str, str, str]] = {
    "start": ("([", "])", "fill:#ffffff,stroke:#3b4a5a,color:#16202b"),
    "question": ("(", ")", "fill:#ffffff,stroke:#3b4a5a,color:#16202b"),
    "judge": ("{{", "}}", "fill:#dbe7f3,stroke:#1f4e79,color:#16202b,stroke-width:2px"),
    "verdict": ("[", "]", "fill:#f4f8fc,stroke:#1f4e79,color:#16202b"),
    "compose": ("[[", "]]", "fill:#fdf3d8,stroke:#7a5c00,color:#16202b"),
    "end": ("([", "])", "fill:#ffffff,stroke:#3b4a5a,color:#16202b,stroke-width:2px"),
}


def plain(text: str) -> str:
    """Return a text that can be written anywhere: cleaned, without what XML has no place for, never empty."""
    return clean(text.replace("\ufffe", "").replace("\uffff", "")) or "–"


def _columns(text: str) -> int:
    """Count columns: two for wide characters (CJK, emoji), none for marks and joiners."""
    wide = {"W": 2, "F": 2}
    return sum(
        0 if unicodedata.category(c) in ("Mn", "Me", "Cf") else wide.get(unicodedata.east_asian_width(c), 1)
        for c in text
    )


def wrapped(text: str, columns: int) -> list[str]:
    """Break a text into lines of at most so many columns, between words where it has any."""
    lines: list[str] = []
    line = ""
    for word in plain(text).split(" "):
        for piece in _pieces(word, columns):
            if line and _columns(line) + 1 + _columns(piece) <= columns:
                line += " " + piece
            else:
                lines += [line] if line else []
                line = piece
    return [*lines, line]


def _pieces(word: str, columns: int) -> list[str]:
    pieces = [""]
    for char in word:
        if _columns(pieces[-1] + char) > columns:
            pieces.append("")
        pieces[-1] += char
    return pieces


def _listed(answer: str) -> list[str]:
    first, *more = wrapped(answer, LINE_COLUMNS - 2)
    return [f"•\u00a0{first}", *("\u00a0\u00a0\u00a0" + line for line in more)]


def to_dot(diagram: FlowChart) -> str:
    """Write the diagram for Graphviz: its parts side by side, each a column as wide as a phone, under its number.

    The verdicts of a judgement are stacked in one frame. What goes on in the next column needs no line there.
    """
    lines = [
        f"digraph {_quoted(diagram.name)} {{",
        f'  graph [rankdir=TB bgcolor=white pad=0.15 nodesep=0.2 ranksep=0.3 {PACKED} fontname="{FONTS}"];',
        f'  node [fontname="{FONTS}" fontsize=10 fontcolor="{INK}" margin="0.12,0.08"];',
        f'  edge [fontname="{FONTS}" fontsize=9 fontcolor="{INK}" color="{FAINT}" arrowsize=0.7];',
    ]
    diagram = _spoken(diagram)
    ways, column, part = _gathered(diagram), _column(diagram), _part_of(diagram)
    lines += [_box(node) for node in diagram.nodes if not node.group]
    for group, verdicts in _groups(diagram).items():
        frames = "".join(_frame(node) for node in verdicts)
        table = f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="4" CELLPADDING="0">{frames}</TABLE>'
        lines.append(f"  {_quoted(_stack(group))} [shape=plain label=<{table}>];")
    gone = {(way.source, way.target) for way in ways if way.gone}
    for pair, seen in column.items():
        lines.append(_way(*pair, (_GONE if pair in gone else "weight=9") if seen else "style=invis"))
    for edge in ways:
        if (edge.source, edge.target) not in column and part[edge.source] == part[edge.target]:
            look = "constraint=false style=dashed" if edge.back else "constraint=false"
            lines.append(_way(edge.source, edge.target, look))
    return "\n".join([*lines, *_tops(diagram), "}", ""])


_GONE = f'weight=9 color="{MARKS["way"][0]}" penwidth=3'


def parts(diagram: FlowChart) -> list[FlowChart]:
    """Return the diagram in parts: the way to each judgement, its verdicts, what follows, and what is on request."""
    diagram = _spoken(diagram)
    place = _part_of(diagram)
    count = max(place.values())
    found = []
    for number in range(1, count + 1):
        nodes = tuple(node for node in diagram.nodes if place[node.id] == number)
        inside = {node.id for node in nodes}
        edges = tuple(edge for edge in diagram.edges if {edge.source, edge.target} <= inside)
        found.append(FlowChart(diagram.name, nodes, edges, (number, count)))
    return found


def _spoken(diagram: FlowChart) -> FlowChart:
    """Return the diagram with its ways said in the boxes: a label beside a way costs width, a line across columns more.

    What simply goes on with the next box needs no word.
    """
    ways, part = _gathered(diagram), _part_of(diagram)
    after = dict(pairwise(dict.fromkeys(_places(diagram).values())))
    heads = {node.id: node.head or node.title for node in diagram.nodes}
    heads |= {_stack(group): heads.get(group, group) for group in _groups(diagram)}
    nodes = []
    for node in diagram.nodes:
        here = [way for way in ways if way.source in (node.id, _stack(node.id)) and not node.group]
        far = (way for way in here if part[way.source] != part[way.target] and after.get(way.source) != way.target)
        shown = dict.fromkeys([*(way for way in here if way.label), *far])
        said = (f"{way.label} → {heads[way.target]}".strip() for way in shown)
        nodes.append(replace(node, lines=(*node.lines, *said)))
    return replace(diagram, nodes=tuple(nodes), edges=tuple(replace(edge, label="") for edge in diagram.edges))


def _part_of(diagram: FlowChart) -> dict[str, int]:
    """Return the number of the part that each box and each frame of verdicts stands in."""
    found: dict[str, int] = {}
    number, before, ended = 1, "asked", False
    for node in diagram.nodes:
        stage = "verdicts" if node.group or node.kind == "judge" else "request" if ended else "asked"
        number += stage != before
        found[node.id] = number
        if node.group:
            found[_stack(node.group)] = number
        before, ended = stage, ended or node.kind == "end"
    return found


def _tops(diagram: FlowChart) -> Iterator[str]:
    """Put a number above each column; `sortv` keeps them in this order."""
    place = _part_of(diagram)
    tops: dict[int, str] = {}
    for id_, number in place.items():
        tops.setdefault(number, id_)
    first, count = diagram.part or (1, len(tops))
    if count == 1:
        return
    for number, top in enumerate(tops.values(), first):
        name, label = f"part {number}:", f"<B>{number}/{count}</B>"
        yield f"  {_quoted(name)} [shape=plaintext fontsize=14 sortv={number} label=<{label}>];"
        yield _way(name, top, "style=invis weight=9")


def _box(node: Box) -> str:
    dashed = ' style="rounded,filled,dashed"' if _uncertain(node) or node.mark == "gone" else ""
    look = f' color="{PALE}" fontcolor="{FAINT}"' if node.mark == "aside" else ""
    if node.mark in MARKS:
        look = f' color="{MARKS[node.mark][0]}" penwidth=3'
    label = f"<B>{_html(plain(node.title))}</B>" if node.kind == "end" and not node.said else _table(node)
    return f"  {_quoted(node.id)} [{SHAPES[node.kind]}{dashed}{look} label=<{label}>];"


def _way(source: str, target: str, look: str) -> str:
    return f"  {_quoted(source)} -> {_quoted(target)} [{look}];"


def _uncertain(node: Box) -> bool:
    """Tell a question that only some are asked: its frame is dashed."""
    return node.kind == "question" and bool(node.conditions)


def _groups(diagram: FlowChart) -> dict[str, list[Box]]:
    """Return the verdicts by judging step."""
    groups: dict[str, list[Box]] = {node.group: [] for node in diagram.nodes if node.group}
    for node in diagram.nodes:
        if node.group:
            groups[node.group].append(node)
    return groups


def _stack(group: str) -> str:
    return f"{group}:"


def _gathered(diagram: FlowChart) -> list[Edge]:
    """Return the ways with the verdicts of a judgement taken as one place, each way once."""
    place = _places(diagram)
    moved = (replace(edge, source=place[edge.source], target=place[edge.target]) for edge in diagram.edges)
    return list(dict.fromkeys(moved))


def _places(diagram: FlowChart) -> dict[str, str]:
    return {node.id: _stack(node.group) if node.group else node.id for node in diagram.nodes}


def _column(diagram: FlowChart) -> dict[tuple[str, str], bool]:
    """Return each place with the one below it, and whether a way leads there; what else there is, jumps."""
    ways = {(edge.source, edge.target) for edge in _gathered(diagram)}
    part = _part_of(diagram)
    order = pairwise(dict.fromkeys(_places(diagram).values()))
    return {pair: pair in ways for pair in order if part[pair[0]] == part[pair[1]]}


def _quoted(text: str) -> str:
    """Quote a name for DOT; Graphviz copies what looks like an entity into an SVG as it is, so `&` goes as one."""
    escaped = plain(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _html(text: str) -> str:
    """Escape for a label of Graphviz: its HTML, and the backslashes that it expands even there."""
    return escape(text).replace("\\", "\\\\")


def _blocks(node: Box) -> list[tuple[str, list[str]]]:
    """Return the lines of a box by the tags around them: small print, bold title, conditions, then the list."""
    colour = MARKS[node.mark][0] if node.mark in MARKS else INK
    return [
        (f'<FONT POINT-SIZE="11" COLOR="{colour}"><B>', [line for text in node.said for line in wrapped(text, 36)]),
        (f'<FONT POINT-SIZE="9" COLOR="{FAINT}">', wrapped(node.head, SMALL_COLUMNS) if node.head else []),
        ('<FONT POINT-SIZE="11"><B>', wrapped(node.title, TITLE_COLUMNS)),
        ("<I>", [line for text in node.conditions for line in wrapped(text, LINE_COLUMNS)]),
        ('<FONT POINT-SIZE="10">', [line for text in node.answers for line in _listed(text)]),
        ('<FONT POINT-SIZE="9">', [line for text in node.lines for line in wrapped(text, SMALL_COLUMNS)]),
    ]


def _table(node: Box) -> str:
    """Return a box's text as a table, a row to each line, so that every line gets the same room."""
    rows: list[str] = []
    for opening, lines in _blocks(node):
        closing = "".join(f"</{tag.split(' ')[0].rstrip('>')}>" for tag in reversed(opening.split("<")[1:]))
        gap = '<TR><TD HEIGHT="5"></TD></TR>' if rows and lines else ""
        rows += [gap, *(f'<TR><TD ALIGN="LEFT">{opening}{_html(line)}{closing}</TD></TR>' for line in lines)]
    return f'<TABLE BORDER="0" CELLSPACING="0" CELLPADDING="1" WIDTH="{WIDTH}">{"".join(rows)}</TABLE>'


def _frame(node: Box) -> str:
    """Return a verdict as a row of its judgement's table: square, with a bar at its side."""
    seal = MARKS[node.mark][0] if node.mark in MARKS else PALE if node.mark == "aside" else SEAL
    width = 3 if node.mark in MARKS else 1
    bar = f'<TD WIDTH="6" BGCOLOR="{seal}"></TD>'
    frame = f'<TABLE BORDER="{width}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="4" COLOR="{seal}" BGCOLOR="{PAPER}">'
    return f"<TR><TD>{frame}<TR>{bar}<TD>{_table(node)}</TD></TR></TABLE></TD></TR>"


def to_mermaid(diagram: FlowChart) -> str:
    """Write the diagram for Mermaid, as GitHub and many editors draw it; boxes are n0, n1 … in reading order."""
    names = {node.id: f"n{n}" for n, node in enumerate(diagram.nodes)}
    groups = _groups(diagram)
    names |= {_stack(group): f"g{n}" for n, group in enumerate(groups)}
    lines = [
        "---",
        "config:",
        f'  fontFamily: "{FONTS}"',
        "  flowchart:",
        "    wrappingWidth: 360",
        "---",
        "flowchart TB",
    ]
    lines += [f"  {_mermaid_box(names[node.id], node)}" for node in diagram.nodes if not node.group]
    for group, verdicts in groups.items():
        lines.append(f'  subgraph {names[_stack(group)]}[" "]')
        lines += [f"    {_mermaid_box(names[node.id], node)}" for node in verdicts]
        lines += [f"    {names[a.id]} ~~~ {names[b.id]}" for a, b in pairwise(verdicts)]
        lines.append("  end")
    for edge in _gathered(diagram):
        arrow = "==>" if edge.gone else "-.->" if edge.back else "-->"
        label = f'|"{_mermaid_lines(wrapped(edge.label, EDGE_COLUMNS))}"|' if edge.label else ""
        lines.append(f"  {names[edge.source]} {arrow}{label} {names[edge.target]}")
    lines += [f"  {names[above]} ~~~ {names[below]}" for (above, below), seen in _column(diagram).items() if not seen]
    for kind, (_, _, look) in MERMAID.items():
        lines.append(f"  classDef {kind}Box {look}")
        lines += [f"  class {names[node.id]} {kind}Box" for node in diagram.nodes if node.kind == kind]
    lines += [f"  style {names[node.id]} stroke-dasharray:5 5" for node in diagram.nodes if _uncertain(node)]
    for mark in dict.fromkeys(node.mark for node in diagram.nodes if node.mark):
        look = f"stroke:{MARKS[mark][0]},stroke-width:4px" if mark in MARKS else f"stroke:{PALE},color:{FAINT}"
        lines.append(f"  classDef {mark}Mark {look}")
        lines += [f"  class {names[node.id]} {mark}Mark" for node in diagram.nodes if node.mark == mark]
    return "\n".join([*lines, ""])


def _mermaid_box(name: str, node: Box) -> str:
    before, after, _ = MERMAID[node.kind]
    return f'{name}{before}"{_mermaid_lines([line for _, lines in _blocks(node) for line in lines])}"{after}'


def _mermaid_lines(lines: Iterable[str]) -> str:
    return "<br/>".join(_entities(line) for line in lines)


def _entities(text: str) -> str:
    """Escape for Mermaid: whatever its grammar, its Markdown (lists, links) or its own codes could take for theirs."""
    return _NOT_FOR_MERMAID.sub(lambda found: _NAMED.get(found[0], f"#{ord(found[0])};"), text)


_NAMED = {'"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;"}
_NOT_FOR_MERMAID = re.compile(r"[^\w ,?\u0080-\U0010ffff]|[_ﬂ¶]|n(?=\s)(?<=direction)")
