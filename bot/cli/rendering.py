"""DOT text to a picture, by the Graphviz that comes with pygraphviz (the extra `diagrams`)."""

from __future__ import annotations

from typing import Literal

PNG_DOTS_PER_INCH = 144  # two dots for every point, so that small letters stay sharp on a phone


class NoGraphviz(RuntimeError):
    """Pictures need pygraphviz, which brings Graphviz with it: pip install "afterword[diagrams]"."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


def render(dot: str, form: Literal["svg", "png"]) -> bytes:
    """Draw `dot` and return the file's bytes; raises `NoGraphviz` where pygraphviz is not installed."""
    try:
        import pygraphviz  # here and not above: an extra that only pictures need, and a slow import
    except ImportError:
        raise NoGraphviz from None
    graph = pygraphviz.AGraph(string=dot)
    if form == "png":
        graph.graph_attr["dpi"] = str(PNG_DOTS_PER_INCH)
    picture: bytes = graph.draw(format=form, prog="dot")
    return picture
