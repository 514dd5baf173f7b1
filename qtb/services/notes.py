"""What people type beside forms, cleaned as it is kept, and refused with a sentence where it cannot be."""

from __future__ import annotations

from qtb.domain.errors import Invalid
from qtb.domain.field_values import FieldError, clean

MAX_NOTE = 2_000


def short(note: str) -> str:
    """Return a note or reason as it is kept; an Invalid says what is wrong with it."""
    return text(note, MAX_NOTE) if note else ""


def text(typed: str, most: int, *, lines: bool = True) -> str:
    """Return a text of at most so many characters as it is kept, with `lines` of several. Raises Invalid."""
    try:
        typed = clean(typed, lines=lines)
    except FieldError as error:
        raise Invalid(error.reason.key, **error.reason.args) from None
    if len(typed) > most:
        raise Invalid("field_too_long", max=most, n=len(typed))
    return typed
