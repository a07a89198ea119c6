"""A diagram as values, and how it is written down for Graphviz (DOT) and for Mermaid.

Law of this file: any text may be hostile. It is wrapped and escaped where it is written, and nowhere before.
Shape and words carry the meaning; colour only repeats it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise
from typing import Literal

from bot.core.text import clean

NodeKind = Literal["start", "question", "judge", "verdict", "compose", "end"]


@dataclass(frozen=True)
class Node:
    """A box: a small `head`, a `title`, `conditions` for being there at all, the `answers`, further `lines`.

    `group` is the judging step that a verdict belongs to. Texts are unwrapped and unescaped.
    """

    id: str
    kind: NodeKind
    title: str
    head: str = ""
    conditions: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    group: str = ""


@dataclass(frozen=True)
class Edge:
    """A way from box to box, and in words when it is taken; `back` where it goes up again."""

    source: str
    target: str
    label: str = ""
    back: bool = False


@dataclass(frozen=True)
class Diagram:
    """A flow as boxes and ways, in the order in which they are read."""

    name: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


# -- looks -------------------------------------------------------------------------------------------------------------

FONTS = "DejaVu Sans, Noto Sans, sans-serif"
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
INK, FAINT, PAPER, SEAL = "#16202b", "#4a5866", "#f4f8fc", "#1f4e79"
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


def to_dot(diagram: Diagram) -> str:
    """Write the diagram for Graphviz: one column, the verdicts of a judgement stacked in one frame."""
    lines = [
        f"digraph {_quoted(diagram.name)} {{",
        f'  graph [rankdir=TB bgcolor=white pad=0.15 nodesep=0.2 ranksep=0.3 fontname="{FONTS}"];',
        f'  node [fontname="{FONTS}" fontsize=10 fontcolor="{INK}" margin="0.12,0.08"];',
        f'  edge [fontname="{FONTS}" fontsize=9 fontcolor="{INK}" color="{FAINT}" arrowsize=0.7];',
    ]
    ways, column = _gathered(diagram), _column(diagram)
    heads = {node.id: node.head or node.title for node in diagram.nodes}
    for node in diagram.nodes:
        here = [way for way in ways if way.label and way.source in (node.id, _stack(node.id))]
        said = tuple(f"{way.label} → {heads[way.target]}" for way in here)  # in the box: a label beside it costs width
        lines += [] if node.group else [_box(replace(node, lines=node.lines + said))]
    for group, verdicts in _groups(diagram).items():
        frames = "".join(_frame(node) for node in verdicts)
        table = f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="4" CELLPADDING="0">{frames}</TABLE>'
        lines.append(f"  {_quoted(_stack(group))} [shape=plain label=<{table}>];")
    lines += [_way(source, target, "weight=9" if seen else "style=invis") for (source, target), seen in column.items()]
    for edge in ways:
        if (edge.source, edge.target) not in column:
            look = "constraint=false style=dashed" if edge.back else "constraint=false"
            lines.append(_way(edge.source, edge.target, look))
    return "\n".join([*lines, "}", ""])


def _box(node: Node) -> str:
    dashed = ' style="rounded,filled,dashed"' if _uncertain(node) else ""
    label = f"<B>{_html(plain(node.title))}</B>" if node.kind == "end" else _table(node)
    return f"  {_quoted(node.id)} [{SHAPES[node.kind]}{dashed} label=<{label}>];"


def _way(source: str, target: str, look: str) -> str:
    return f"  {_quoted(source)} -> {_quoted(target)} [{look}];"


def _uncertain(node: Node) -> bool:
    """Tell a question that only some are asked: its frame is dashed."""
    return node.kind == "question" and bool(node.conditions)


def _groups(diagram: Diagram) -> dict[str, list[Node]]:
    """Return the verdicts by judging step."""
    groups: dict[str, list[Node]] = {node.group: [] for node in diagram.nodes if node.group}
    for node in diagram.nodes:
        if node.group:
            groups[node.group].append(node)
    return groups


def _stack(group: str) -> str:
    return f"{group}:"


def _gathered(diagram: Diagram) -> list[Edge]:
    """Return the ways with the verdicts of a judgement taken as one place, each way once."""
    place = _places(diagram)
    moved = (replace(edge, source=place[edge.source], target=place[edge.target]) for edge in diagram.edges)
    return list(dict.fromkeys(moved))


def _places(diagram: Diagram) -> dict[str, str]:
    return {node.id: _stack(node.group) if node.group else node.id for node in diagram.nodes}


def _column(diagram: Diagram) -> dict[tuple[str, str], bool]:
    """Return each place with the one below it, and whether a way leads there; what else there is, jumps."""
    ways = {(edge.source, edge.target) for edge in _gathered(diagram)}
    return {pair: pair in ways for pair in pairwise(dict.fromkeys(_places(diagram).values()))}


def _quoted(text: str) -> str:
    """Quote a name for DOT; Graphviz copies what looks like an entity into an SVG as it is, so `&` goes as one."""
    escaped = plain(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _html(text: str) -> str:
    """Escape for a label of Graphviz: its HTML, and the backslashes that it expands even there."""
    return escape(text).replace("\\", "\\\\")


def _blocks(node: Node) -> list[tuple[str, list[str]]]:
    """Return the lines of a box by the tags around them: small print, bold title, conditions, then the list."""
    return [
        (f'<FONT POINT-SIZE="9" COLOR="{FAINT}">', wrapped(node.head, SMALL_COLUMNS) if node.head else []),
        ('<FONT POINT-SIZE="11"><B>', wrapped(node.title, TITLE_COLUMNS)),
        ("<I>", [line for text in node.conditions for line in wrapped(text, LINE_COLUMNS)]),
        ('<FONT POINT-SIZE="10">', [line for text in node.answers for line in _listed(text)]),
        ('<FONT POINT-SIZE="9">', [line for text in node.lines for line in wrapped(text, SMALL_COLUMNS)]),
    ]


def _table(node: Node) -> str:
    """Return a box's text as a table, a row to each line, so that every line gets the same room."""
    rows: list[str] = []
    for opening, lines in _blocks(node):
        closing = "".join(f"</{tag.split(' ')[0].rstrip('>')}>" for tag in reversed(opening.split("<")[1:]))
        gap = '<TR><TD HEIGHT="5"></TD></TR>' if rows and lines else ""
        rows += [gap, *(f'<TR><TD ALIGN="LEFT">{opening}{_html(line)}{closing}</TD></TR>' for line in lines)]
    return f'<TABLE BORDER="0" CELLSPACING="0" CELLPADDING="1" WIDTH="{WIDTH}">{"".join(rows)}</TABLE>'


def _frame(node: Node) -> str:
    """Return a verdict as a row of its judgement's table: square, with a bar at its side."""
    bar = f'<TD WIDTH="6" BGCOLOR="{SEAL}"></TD>'
    frame = f'<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="4" COLOR="{SEAL}" BGCOLOR="{PAPER}">'
    return f"<TR><TD>{frame}<TR>{bar}<TD>{_table(node)}</TD></TR></TABLE></TD></TR>"


def to_mermaid(diagram: Diagram) -> str:
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
        arrow = "-.->" if edge.back else "-->"
        label = f'|"{_mermaid_lines(wrapped(edge.label, EDGE_COLUMNS))}"|' if edge.label else ""
        lines.append(f"  {names[edge.source]} {arrow}{label} {names[edge.target]}")
    lines += [f"  {names[above]} ~~~ {names[below]}" for (above, below), seen in _column(diagram).items() if not seen]
    for kind, (_, _, look) in MERMAID.items():
        lines.append(f"  classDef {kind}Box {look}")
        lines += [f"  class {names[node.id]} {kind}Box" for node in diagram.nodes if node.kind == kind]
    lines += [f"  style {names[node.id]} stroke-dasharray:5 5" for node in diagram.nodes if _uncertain(node)]
    return "\n".join([*lines, ""])


def _mermaid_box(name: str, node: Node) -> str:
    before, after, _ = MERMAID[node.kind]
    return f'{name}{before}"{_mermaid_lines([line for _, lines in _blocks(node) for line in lines])}"{after}'


def _mermaid_lines(lines: Iterable[str]) -> str:
    return "<br/>".join(_entities(line) for line in lines)


def _entities(text: str) -> str:
    """Escape for Mermaid: whatever its grammar, its Markdown (lists, links) or its own codes could take for theirs."""
    return _NOT_FOR_MERMAID.sub(lambda found: _NAMED.get(found[0], f"#{ord(found[0])};"), text)


_NAMED = {'"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;"}
_NOT_FOR_MERMAID = re.compile(r"[^\w ,?\u0080-\U0010ffff]|[_ﬂ¶]|n(?=\s)(?<=direction)")
