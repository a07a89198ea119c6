"""Chats in the terminal that are kept in a file."""

from __future__ import annotations

from pathlib import Path

SCRIPT = "1\n1\n1\n1\n2\n1\ntoday\n2\n1\n1\nDana\nData Analyst\nNorthwind\nKubernetes\nSam\n"


def kept_in(file: Path, *arguments: str) -> list[str]:
    """Return the arguments of a talk kept in a database on a Monday morning."""
    return ["chat", "--db", str(file), "--now", "2026-11-23T10:00", "--zone", "Europe/Berlin", *arguments]
