"""Files that the commands write: each says in itself that Afterword made it, and only such a file is written over.

A file of somebody else's is left as it is, to the byte.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

MARK: Final = b"made by afterword"
_END: Final = struct.pack(">I", 0) + b"IEND"
"""How the last chunk of a PNG begins (RFC 2083, 4.1.4)."""


def marked(made: bytes, form: str) -> bytes:
    """Return a file's bytes with the mark in them, where it is read by nobody; `form` is the suffix, such as .svg."""
    if form == ".png":
        return _with_chunk(made, b"tEXt" + b"Software\0" + MARK)
    begin, end = {".mmd": (b"%% ", b"\n"), ".dot": (b"// ", b"\n")}.get(form, (b"<!-- ", b" -->\n"))
    return made + begin + MARK + end


def _with_chunk(png: bytes, chunk: bytes) -> bytes:
    """Return a PNG with a further chunk before its last."""
    head, end, tail = png.rpartition(_END)
    size, check = struct.pack(">I", len(chunk) - 4), struct.pack(">I", zlib.crc32(chunk))
    return head + size + chunk + check + end + tail


def not_ours(files: Iterable[Path]) -> list[Path]:
    """Return those of the files that are there and were not made by Afterword; raises OSError."""
    return [file for file in files if file.is_file() and (old := file.read_bytes()) and MARK not in old]
