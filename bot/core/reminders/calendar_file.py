"""A reminder as a calendar file (RFC 5545), for people who trust their own calendar more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

LENGTH: Final = timedelta(minutes=15)


def calendar_file(uid: str, summary: str, start: datetime, stamp: datetime) -> str:
    """Return an event at the instant `start`, with an alarm; `stamp` is when it was made."""
    from icalendar import Alarm, Calendar, Event  # few ask for a file, and it takes long to import

    event = Event()
    event.add("uid", f"{uid}@afterword")
    event.add("dtstamp", stamp.astimezone(UTC))
    event.add("dtstart", start.astimezone(UTC))
    event.add("dtend", (start + LENGTH).astimezone(UTC))
    event.add("summary", summary)
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", summary)
    alarm.add("trigger", timedelta(0))
    event.add_component(alarm)
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//Afterword//EN")
    calendar.add_component(event)
    return str(calendar.to_ical(), "utf-8")
