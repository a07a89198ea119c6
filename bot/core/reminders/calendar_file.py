"""A reminder as a calendar file (RFC 5545), for whoever trusts their own calendar more.

Law of this file: lines of at most 75 octets, ended by CRLF; what people typed is escaped.
"""

from __future__ import annotations

from datetime import datetime, timedelta

LENGTH = timedelta(minutes=15)


def calendar_file(uid: str, summary: str, start: datetime, stamp: datetime) -> str:
    """Return an event at the instant `start`, with an alarm; `stamp` is when it was made."""
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Afterword//EN",
        "BEGIN:VEVENT",
        f"UID:{uid}@afterword",
        f"DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}",
        f"DTSTART:{start:%Y%m%dT%H%M%SZ}",
        f"DTEND:{start + LENGTH:%Y%m%dT%H%M%SZ}",
        f"SUMMARY:{_escaped(summary)}",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{_escaped(summary)}",
        "TRIGGER:PT0M",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _escaped(text: str) -> str:
    for char in ("\\", ";", ","):
        text = text.replace(char, f"\\{char}")
    return text.replace("\r", "").replace("\n", "\\n")


def _folded(line: str) -> str:
    """Break a line where it would be longer than 75 octets, between characters."""
    rows: list[str] = []
    row = ""
    for char in line:
        if len((row + char).encode()) > 75 - bool(rows):
            rows.append(row)
            row = ""
        row += char
    return "\r\n ".join((*rows, row))
