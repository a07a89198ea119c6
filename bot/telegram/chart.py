"""A small picture of counts: bars in groups, drawn by Pillow with the font that it brings along.

`python -m bot.telegram.chart` reads them as JSON from standard input and writes the picture to standard output.

It draws what it is given and knows no cohort. Whatever is drawn is said in the caption as well, to
the letter: that font has no accents, so they are left out here, and other scripts are drawn by a font of the machine.
"""

from __future__ import annotations

import io
import json
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from typing import Final

from PIL import Image, ImageDraw, ImageFont

Bars = Sequence[tuple[str, int, int | None]]
"""Each a label, a number, and what it was before."""
Group = tuple[str, Bars]

WIDTH: Final = 720
MARGIN, TITLE, ROW, GAP = 28, 40, 34, 18
LABELS: Final = 270
"""Pixels for the words left of the bars; longer ones are cut."""
PAPER, INK, BAR, PALE, QUIET = "#ffffff", "#1d2733", "#3a7bd5", "#c9dcf5", "#6b7785"
ELSEWHERE: Final = ("NotoSans-Regular.ttf", "DejaVuSans.ttf", "Arial Unicode.ttf", "arial.ttf")
_KNOWN: Final = str.maketrans("", "", "“”‘’–—…‹›")
"""What the own font has beside ASCII, as far as it is used here."""
_SPELLED: Final = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "æ": "ae", "œ": "oe"})
SCALE: Final = 2
"""Drawn so many times as large and made smaller: that smooths the edges."""


def drawn(groups: Sequence[Group]) -> bytes:
    """Return the picture as PNG."""
    height = 2 * MARGIN + sum(TITLE + ROW * len(bars) for _, bars in groups) + GAP * (len(groups) - 1)
    image = Image.new("RGB", (WIDTH * SCALE, height * SCALE), PAPER)
    pen = ImageDraw.Draw(image)
    longest = max((max(number, before or 0) for _, bars in groups for _, number, before in bars), default=1) or 1
    top = MARGIN
    for title, bars in groups:
        _text(pen, (MARGIN, top), title, 21, INK, WIDTH - 2 * MARGIN)
        top += TITLE
        for bar in bars:
            _bar(pen, top, bar, longest)
            top += ROW
        top += GAP
    out = io.BytesIO()
    image.resize((WIDTH, height), Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()


def _bar(pen: ImageDraw.ImageDraw, top: int, bar: tuple[str, int, int | None], longest: int) -> None:
    label, number, before = bar
    _text(pen, (MARGIN, top + 3), label, 17, INK, LABELS - 12)
    room = WIDTH - 2 * MARGIN - LABELS - 64
    left = MARGIN + LABELS
    if before is not None and before != number:
        _box(pen, left, top + 2, room * before / longest, 26, PALE)
    _box(pen, left, top + 7, max(room * number / longest, 3), 16, BAR)
    end = room * max(number, before or 0) / longest
    _text(pen, (int(left + end) + 10, top + 3), f"{number}+", 17, QUIET, 60)


def _box(pen: ImageDraw.ImageDraw, left: float, top: float, width: float, height: float, colour: str) -> None:
    corners = [(left * SCALE, top * SCALE), ((left + width) * SCALE, (top + height) * SCALE)]
    pen.rounded_rectangle(corners, radius=4 * SCALE, fill=colour)


def _text(pen: ImageDraw.ImageDraw, place: tuple[int, int], text: str, size: int, colour: str, room: int) -> None:
    plain = _folded(text)
    own = (plain.translate(_KNOWN)).isascii()
    font, text = _font(size * SCALE, own), plain if own else text
    shown = next(part for part in _shorter(text) if not part or font.getlength(part) <= room * SCALE)
    pen.text((place[0] * SCALE, place[1] * SCALE), shown, fill=colour, font=font)


def _shorter(text: str) -> Iterator[str]:
    """Return a text, and then ever shorter beginnings of it."""
    yield text
    yield from (text[:end].rstrip() + "…" for end in range(len(text) - 1, 0, -1))
    yield ""


def _folded(text: str) -> str:
    """Return a text without accents."""
    parts = unicodedata.normalize("NFKD", text.translate(_SPELLED))
    return "".join(part for part in parts if not unicodedata.combining(part))


@cache
def _font(size: int, own: bool) -> ImageFont.FreeTypeFont:
    """Return Pillow's own font, or else one of the machine for other scripts, if it has one."""
    for name in () if own else ELSEWHERE:
        with suppress(OSError):
            return ImageFont.truetype(name, size)
    found = ImageFont.load_default(size)
    assert isinstance(found, ImageFont.FreeTypeFont), "Pillow's wheels bring FreeType"
    return found


if __name__ == "__main__":
    sys.stdout.buffer.write(drawn(json.load(sys.stdin)))
