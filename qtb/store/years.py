"""The years with their dates, read together: a page needs them all, and three questions for each add up.

What is written about a year changes its head, which is a hash of all of it. So a year's rows are kept by its head,
and a page asks only for the heads and the extensions; an extension for one case is written about that case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session, defer
from sqlalchemy.orm.util import identity_key

from qtb.domain import timeline
from qtb.domain.evidence import GENESIS
from qtb.domain.timeline import Timeline
from qtb.store.cycles import Cycle, Extension, TimelineRow, as_row
from qtb.store.unit import is_open

MOST_KEPT = 256


class Dates(NamedTuple):
    """A year's rows as they were read, and those with dates as values by key."""

    rows: Sequence[Row[Any]]
    windows: Mapping[str, timeline.Row]


class Year(NamedTuple):
    """A cycle with its rows as they were read, and its timeline as values."""

    cycle: Cycle
    rows: Sequence[Row[Any]]
    times: Timeline


_KEPT: dict[tuple[int, str], Dates] = {}

ROWS: Any = (
    select(
        TimelineRow.cycle_id, TimelineRow.id, TimelineRow.key, TimelineRow.seq, TimelineRow.title, TimelineRow.text,
        TimelineRow.opens_at, TimelineRow.closes_at, TimelineRow.held_at, TimelineRow.grace_minutes,
        TimelineRow.party, TimelineRow.url,
    )
    .where(TimelineRow.cycle_id.in_(bindparam("ids", expanding=True)))
    .order_by(TimelineRow.cycle_id, TimelineRow.seq, TimelineRow.id)
)  # fmt: skip
EXTENSION: Any = (Extension.row_key, Extension.until, Extension.submission_id, Extension.unit_id)
EXTENSIONS = select(*EXTENSION).where(Extension.cycle_id == bindparam("cycle_id")).order_by(Extension.id)
ASKED = (
    select(Cycle, *EXTENSION)
    .outerjoin(Extension, Extension.cycle_id == Cycle.id)
    .options(defer(Cycle.notice))
    .order_by(Cycle.year.desc(), Cycle.id.desc(), Extension.id)
)


def dated(session: Session, *clauses: Any, anew: bool = False) -> list[Year]:
    """Return the years that fulfil the clauses, latest first; with `anew` nothing that was kept is believed."""
    answer = session.execute(ASKED.where(*clauses) if clauses else ASKED).all()
    granted = {cycle: [line[1:] for line in lines] for cycle, lines in groupby(answer, key=itemgetter(0))}
    dates = _dates(session, list(granted), anew=anew or is_open(session))
    return [_year(cycle, dates[cycle.id], lines) for cycle, lines in granted.items()]


def one(session: Session, cycle_id: int) -> Year:
    """Return a year that is there."""
    cycle = session.identity_map.get(identity_key(Cycle, cycle_id))
    if cycle is None:
        return dated(session, Cycle.id == cycle_id)[0]
    granted = session.execute(EXTENSIONS, {"cycle_id": cycle_id}).all()
    return _year(cycle, _dates(session, [cycle], anew=is_open(session))[cycle_id], granted)


def _year(cycle: Cycle, dates: Dates, granted: Sequence[Any]) -> Year:
    extensions = tuple(timeline.Extension(*line) for line in granted if line[0] in dates.windows)
    return Year(cycle, dates.rows, Timeline(dates.windows, extensions, cycle.definition.calendar))


def _dates(session: Session, cycles: Sequence[Cycle], *, anew: bool) -> dict[int, Dates]:
    """Return the years' rows: kept ones where nothing was written about the year since, else read anew.

    The head was read before the rows, so rows are never kept that are older than it. Inside a unit of work they may
    be newer, and not yet so: nothing is kept there, nor believed.
    """
    heads = {cycle.id: (cycle.id, cycle.head_hash) for cycle in cycles}
    known = {one: _KEPT.get(head) for one, head in heads.items() if not anew}  # once: other threads forget some
    found = _read(session, [one for one in heads if known.get(one) is None])
    if not anew:
        _keep({heads[one]: dates for one, dates in found.items() if heads[one][1] != GENESIS})
    return found | {one: dates for one, dates in known.items() if dates is not None}


def _keep(found: Mapping[tuple[int, str], Dates]) -> None:
    if len(_KEPT) + len(found) > MOST_KEPT:
        _KEPT.clear()
    _KEPT.update(found)


def _read(session: Session, ids: Sequence[int]) -> dict[int, Dates]:
    answer = session.execute(ROWS, {"ids": list(ids)}).all() if ids else []
    rows = {cycle_id: list(lines) for cycle_id, lines in groupby(answer, key=itemgetter(0))}
    return {cycle_id: _as_dates(rows.get(cycle_id, [])) for cycle_id in ids}


def _as_dates(rows: Sequence[Row[Any]]) -> Dates:
    return Dates(rows, MappingProxyType({row.key: as_row(row) for row in rows if row.opens_at and row.closes_at}))
