"""The writer of iCalendar files (RFC 5545): events become bytes that are the same whenever nothing has changed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import icalendar

from qtb.clock import ZONE

REFRESH = timedelta(hours=6)
# The years that a cycle can have: the zone is described for all of them, so that no feed outgrows it.
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2201, 1, 1)


@dataclass(frozen=True, slots=True)
class Event:
    """One event: days (its end not included) or instants; `remind_at` is when a calendar should ring."""

    uid: str
    sequence: int
    stamp: datetime
    summary: str
    starts: date
    ends: date
    lines: tuple[str, ...] = ()
    url: str = ""
    remind_at: datetime | None = None


def written(name: str, events: Iterable[Event], *, lang: str) -> bytes:
    """Return a calendar file; names and texts may hold anything that a person typed."""
    found = icalendar.Calendar()
    found.add("prodid", f"-//QTB//QTB calendar//{lang.upper()}")
    found.add("version", "2.0")
    found.add("calscale", "GREGORIAN")
    for key in ("name", "x-wr-calname"):
        found.add(key, icalendar.vText(_clean(name)))
    found.add("x-wr-timezone", str(ZONE))
    found.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    found.add("x-published-ttl", icalendar.vDuration(REFRESH))
    found.add_component(_zone())
    for event in events:
        found.add_component(_component(event))
    return bytes(found.to_ical())


@lru_cache(maxsize=1)
def _zone() -> icalendar.Timezone:
    # Half of a feed's time went into working this out.
    return icalendar.Timezone.from_tzid(str(ZONE), first_date=FIRST_DAY, last_date=LAST_DAY)


def _component(event: Event) -> icalendar.Event:
    found = icalendar.Event()
    found.add("uid", event.uid)
    found.add("dtstamp", event.stamp.astimezone(UTC).replace(microsecond=0))
    found.add("sequence", event.sequence)
    found.add("dtstart", _local(event.starts))
    found.add("dtend", _local(event.ends))
    found.add("summary", _clean(event.summary))
    found.add("description", _clean("\n".join(event.lines)))
    found.add("transp", "TRANSPARENT")  # a deadline takes nobody's time
    if event.url:
        found.add("url", event.url)
    if event.remind_at is not None:
        found.add_component(_alarm(event, event.remind_at))
    return found


def _alarm(event: Event, remind_at: datetime) -> icalendar.Alarm:
    assert isinstance(event.starts, datetime)
    found = icalendar.Alarm()
    found.add("action", "DISPLAY")
    # Counted from the start: alarms that hang on an event's end are not understood everywhere.
    found.add("trigger", remind_at - event.starts)
    found.add("description", _clean(event.summary))
    return found


def _local(moment: date) -> date:
    return moment.astimezone(ZONE) if isinstance(moment, datetime) else moment


def _clean(text: str) -> str:
    # Line ends are escaped by the library; other control characters have no form in this format, and the separators
    # of Unicode end a line for some readers.
    plain = text.replace("\u2028", "\n").replace("\u2029", "\n")
    return "".join(sign for sign in plain if sign == "\n" or unicodedata.category(sign) != "Cc")
