"""Small readings of what a browser sends: a number, an instant, a day; wrong ones are said, never guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from qtb.clock import ZONE
from qtb.domain.errors import Invalid

FIRST_YEAR, LAST_YEAR = 1990, 2200


def whole(text: str) -> int | None:
    """Return a whole number of at most fifteen digits; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None


def seen(text: str) -> int:
    """Return the version that a page was drawn from; one that never was for anything else."""
    number = whole(text)
    return -1 if number is None or number >= 2**31 else number


def instant(text: str, what: str) -> datetime:
    """Return the UTC instant of a wall-clock time as a datetime-local field sends it. Raises Invalid."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("instant", what=what) from None
    if found.tzinfo is not None:
        raise Invalid("instant", what=what)
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise Invalid("instant_years", what=what, first=FIRST_YEAR, last=LAST_YEAR)
    return found.replace(tzinfo=ZONE).astimezone(UTC)


def optional_instant(text: str, what: str) -> datetime | None:
    """Return the instant, or None for an empty field."""
    return instant(text, what) if text.strip() else None


def optional_end(text: str, what: str) -> datetime | None:
    """Return the end of the day of a date field, or None for an empty one. Raises Invalid."""
    day = optional_day(text, what)
    return datetime.combine(day + timedelta(days=1), time(), ZONE).astimezone(UTC) if day else None


def optional_day(text: str, what: str) -> date | None:
    """Return the day of a date field, or None for an empty one. Raises Invalid."""
    try:
        return instant(text, what).astimezone(ZONE).date() if text.strip() else None
    except Invalid as error:
        raise Invalid("day", what=what) if error.key == "instant" else error from None
