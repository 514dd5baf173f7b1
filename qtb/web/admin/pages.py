"""The blueprint that the organiser's pages share."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint

from qtb.clock import ZONE
from qtb.domain.errors import Invalid

pages = Blueprint("admin", __name__, url_prefix="/admin")


def instant(text: str, what: str) -> datetime:
    """Return the UTC instant of a wall-clock time as a datetime-local field sends it. Raises Invalid."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("instant", what=what) from None
    if found.tzinfo is not None or not 1990 <= found.year <= 2200:
        raise Invalid("instant", what=what)
    return found.replace(tzinfo=ZONE).astimezone(UTC)


def optional_instant(text: str, what: str) -> datetime | None:
    """Return the instant, or None for an empty field."""
    return instant(text, what) if text.strip() else None
