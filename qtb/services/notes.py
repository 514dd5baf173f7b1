"""Notes and reasons as people type them: cleaned, and refused with a sentence where they cannot be kept."""

from __future__ import annotations

from qtb.domain.errors import Invalid
from qtb.domain.field_values import FieldError, clean

MAX_NOTE = 2_000


def short(note: str) -> str:
    """Return a note or reason as it is kept; an Invalid says what is wrong with it."""
    if not note:
        return ""
    try:
        note = clean(note, lines=True)
    except FieldError as error:
        raise Invalid(error.reason.key, **error.reason.args) from None
    if len(note) > MAX_NOTE:
        raise Invalid("field_too_long", max=MAX_NOTE, n=len(note))
    return note
