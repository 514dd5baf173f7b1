"""Calendar files read back by another parser than the one that writes them."""

from __future__ import annotations

from datetime import datetime

from ical.calendar import Calendar
from ical.calendar_stream import IcsCalendarStream
from ical.event import Event

MOST_BYTES = 75  # of a line, its end not counted (RFC 5545, 3.1)


def opened(body: bytes) -> Calendar:
    """Return the calendar in a file, its lines checked: CRLF, folded, no sign torn apart."""
    assert body.endswith(b"END:VCALENDAR\r\n")
    lines = body.split(b"\r\n")
    assert not any(b"\n" in line or b"\r" in line or len(line) > MOST_BYTES for line in lines)
    assert all(line.decode("utf-8").isprintable() or "\u200d" in line.decode("utf-8") for line in lines)
    calendar = IcsCalendarStream.calendar_from_ics(body.decode("utf-8"))
    uids = [event.uid for event in calendar.events]
    assert len(uids) == len(set(uids))
    return calendar


def named(calendar: Calendar, summary: str) -> Event:
    """Return the one event with this summary."""
    (found,) = (event for event in calendar.events if event.summary == summary)
    return found


def summaries(calendar: Calendar) -> list[str]:
    """Return the summaries of all events, in order."""
    return [str(event.summary) for event in calendar.events]


def rings_at(event: Event) -> datetime:
    """Return when an event's one alarm rings."""
    (alarm,) = event.alarm
    assert alarm.action == "DISPLAY"
    return event.start + alarm.trigger
