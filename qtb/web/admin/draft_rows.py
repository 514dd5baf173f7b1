"""The rows of a notice being checked, as a form sends them: those that were read, and those added by hand."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from qtb.clock import ZONE
from qtb.domain.definition import Definition
from qtb.domain.errors import Invalid
from qtb.domain.field_values import FieldError, clean
from qtb.i18n import language
from qtb.services.notices import Row
from qtb.web.parse import optional_day, optional_instant

N_BLANK = 3  # rows that can be added by hand at once
MAX_NAME = 200  # characters that the column holds
NAMES = ("title", "key", "start", "end", "held")


@dataclass(frozen=True, slots=True)
class Fields:
    """What stands in a row's fields: as typed, or as read while nothing was sent."""

    title: str = ""
    key: str = ""
    start: str = ""
    end: str = ""
    held: str = ""


def corrected(definition: Definition, read: Sequence[Row], form: Mapping[str, str]) -> list[Row]:
    """Return the rows that were read as corrected, then the filled ones of the blank rows. Raises Invalid."""
    rows = [_corrected(row, n, form) for n, row in enumerate(read)]
    for n in range(len(read), len(read) + N_BLANK):
        if any(line(form, f"{name}-{n}") for name in NAMES):
            rows.append(_added(definition, max((row.seq for row in rows), default=0) + 1, n, form))
    return rows


def shown(read: Sequence[Row], form: Mapping[str, str]) -> list[Fields]:
    """Return what to show in the fields of the rows that were read and of the blank ones behind them."""
    before = [*map(_as_read, read), *[Fields()] * N_BLANK]
    return [
        Fields(**{name: form.get(f"{name}-{n}", getattr(one, name)) for name in NAMES}) for n, one in enumerate(before)
    ]


def line(form: Mapping[str, str], name: str) -> str:
    """Return a field as one trimmed line. Raises Invalid for control characters."""
    try:
        return clean(form.get(name, ""), lines=False)
    except FieldError as error:
        raise Invalid(error.reason.key, **error.reason.args) from None


def file_name(name: str) -> str:
    """Return an upload's name without what cannot be seen, cut before its ending where it is too long."""
    name = "".join(sign for sign in name if unicodedata.category(sign)[0] != "C").strip()
    stem, dot, ending = name.rpartition(".")
    if len(name) <= MAX_NAME or not dot or len(ending) > 10:
        return name[:MAX_NAME]
    return stem[: MAX_NAME - len(ending) - 1] + dot + ending


def _as_read(row: Row) -> Fields:
    held = row.held_at.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M") if row.held_at else ""
    return Fields(row.title, row.key, str(row.start or ""), str(row.end or ""), held)


def _corrected(row: Row, n: int, form: Mapping[str, str]) -> Row:
    title = line(form, f"title-{n}")[:200] or row.title
    start, end = (optional_day(line(form, f"{name}-{n}"), title) for name in ("start", "end"))
    held_at = optional_instant(line(form, f"held-{n}"), title)
    return replace(row, title=title, key=line(form, f"key-{n}"), start=start, end=end, held_at=held_at)


def _added(definition: Definition, seq: int, n: int, form: Mapping[str, str]) -> Row:
    kind = definition.timeline.rows.get(line(form, f"key-{n}"))
    title = line(form, f"title-{n}") or (kind.title.get(language()) if kind else "")
    if not title:
        raise Invalid("notice_row_untitled", seq=seq)
    return _corrected(Row(seq, title), n, form)
