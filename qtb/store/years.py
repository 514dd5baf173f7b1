"""The years with their dates, read together: a page needs them all, and three questions for each add up."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Result, bindparam, select
from sqlalchemy.orm import Session, contains_eager, defer

from qtb.domain import timeline
from qtb.domain.timeline import Timeline
from qtb.store.cycles import Cycle, Extension, TimelineRow, as_row


class Year(NamedTuple):
    """A cycle with its rows, and its timeline as values."""

    cycle: Cycle
    times: Timeline


ASKED = (
    select(Cycle, TimelineRow, Extension.row_key, Extension.until, Extension.submission_id, Extension.unit_id)
    .outerjoin(Cycle.rows)
    .outerjoin(Extension, (Extension.cycle_id == Cycle.id) & (Extension.row_key == TimelineRow.key))
    .options(defer(Cycle.notice), contains_eager(Cycle.rows))  # whoever asks the cycle for its rows has them already
    .order_by(Cycle.year.desc(), Cycle.id.desc(), TimelineRow.seq, TimelineRow.id, Extension.id)
)


ASKED_ONE = ASKED.where(Cycle.id == bindparam("cycle_id"))


def dated(session: Session, *clauses: Any) -> list[Year]:
    """Return the years that fulfil the clauses, latest first, in one query.

    An extension belongs to a row of its cycle, so the two joins multiply nothing.
    """
    return _read(session.execute(ASKED.where(*clauses) if clauses else ASKED))


def one(session: Session, cycle_id: int) -> Year:
    """Return a year that is there."""
    return _read(session.execute(ASKED_ONE, {"cycle_id": cycle_id}))[0]


def _read(answer: Result[Any]) -> list[Year]:
    found = answer.unique()
    return [_year(cycle, [tuple(row[1:]) for row in rows]) for cycle, rows in groupby(found, key=lambda row: row[0])]


def _year(cycle: Cycle, found: Sequence[tuple[Any, ...]]) -> Year:
    rows = list(dict.fromkeys(row for row, *_ in found if row is not None))
    windows = {row.key: as_row(row) for row in rows if row.opens_at and row.closes_at}
    granted = tuple(timeline.Extension(*extension) for _, *extension in found if extension[0] is not None)
    return Year(cycle, Timeline(windows, granted, cycle.definition.calendar))
