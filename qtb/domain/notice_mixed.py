"""Running text beside a schedule in a table: stages it adds become rows, other dates it sets are pointed out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from qtb.domain.dates import read_dates
from qtb.domain.notice_model import Draft, Warning_

_ANY_LEAP_YEAR: Final = 2000  # will do to compare days that may lack their year
_MOST_DOUBTS: Final = 3


def beside(
    rows: Sequence[Draft], before: Sequence[Draft], after: Sequence[Draft]
) -> tuple[list[Draft], list[Warning_]]:
    """Join what the text says before and behind the table's rows; what repeats a row is left out."""
    told = {edge for row in rows for edge in _edges(row)}
    news = [d for d in (*before, *after) if _edges(d) and not _edges(d) & told]
    stages = [d for d in (*before, *after) if "阶段" in d.title]
    # A text that explains the table's own stages adds none.
    adds = bool(stages) and all(d in news and not _is_named(d, rows) for d in stages)
    joined = [d for d in stages if adds]
    doubts = [Warning_(None, "prose_skipped", d.source or d.text) for d in news if d not in joined]
    # The numbers of two lists would clash: those of the table stay.
    first, last = ([replace(d, seq=None) for d in part if d in joined] for part in (before, after))
    return [*first, *rows, *last], doubts[:_MOST_DOUBTS]


def _edges(draft: Draft) -> set[date]:
    reading = read_dates(draft.text, year=_ANY_LEAP_YEAR, whole=draft.whole)
    days = {reading.end} if reading.end else {reading.start}
    return {date(_ANY_LEAP_YEAR, d.month, d.day) for d in days if d}


def _is_named(draft: Draft, rows: Sequence[Draft]) -> bool:
    name = draft.title.replace("阶段", "")
    return any(name and (name in row.title or row.title in draft.title) for row in rows if row.title)
