"""A plan as a calendar file (RFC 5545), for people who trust their own calendar more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

LENGTH: Final = timedelta(minutes=15)


@dataclass(frozen=True)
class CalendarEvent:
    """A step of a plan at the instant `start`; a file made later takes its place by the same `uid`."""

    uid: str
    summary: str
    start: datetime


def calendar_file(events: Iterable[CalendarEvent], stamp: datetime) -> str:
    """Return the events, each with an alarm; `stamp` is when the file was made."""
    from icalendar import Alarm, Calendar, Event  # few ask for a file, and it takes long to import

    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//Afterword//EN")
    for one in events:
        event = Event()
        event.add("uid", f"{one.uid}@afterword")
        event.add("dtstamp", stamp.astimezone(UTC))
        event.add("dtstart", one.start.astimezone(UTC))
        event.add("dtend", (one.start + LENGTH).astimezone(UTC))
        event.add("summary", one.summary)
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", one.summary)
        alarm.add("trigger", timedelta(0))
        event.add_component(alarm)
        calendar.add_component(event)
    return str(calendar.to_ical(), "utf-8")
