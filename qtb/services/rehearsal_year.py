"""The year that is to be rehearsed, as values: copied from a cycle, or read from the notice beside the definition."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtb import config
from qtb.domain import notice as reader
from qtb.domain.definition import Definition
from qtb.domain.errors import Missing
from qtb.domain.roles import Actor
from qtb.services import cycles, definitions, notices
from qtb.services.cycles import Planned
from qtb.services.notices import Row
from qtb.store import cycles as store
from qtb.store.cycles import Cycle, Extension

BEFORE, AFTER = timedelta(days=1), timedelta(days=8)  # around the rows: nothing yet, and those who come too late


@dataclass(frozen=True)
class Year:
    """A pinned definition, its dated rows, and the extensions for all."""

    definition: Definition
    key: str
    year: int
    title: str
    rows: tuple[Planned, ...]
    extensions: tuple[tuple[str, datetime], ...] = ()

    @property
    def begins_at(self) -> datetime:
        """When the rehearsal begins: the day before the first row opens."""
        return min(row.opens_at for row in self.rows if row.opens_at) - BEFORE

    @property
    def ends_at(self) -> datetime:
        """When it ends: some days after the last row and the last extension."""
        ends = [row.closes_at for row in self.rows if row.closes_at] + [until for _, until in self.extensions]
        return max(ends) + AFTER


def of_cycle(session: Session, key: str) -> Year:
    """Copy a cycle; nothing is written. Raises Missing."""
    cycle = store.by_key(session, key)
    if cycle is None:
        raise Missing("cycle")
    mine = (Extension.cycle_id == cycle.id) & Extension.submission_id.is_(None) & Extension.unit_id.is_(None)
    granted = session.execute(select(Extension.row_key, Extension.until).where(mine).order_by(Extension.id))
    rows = tuple(
        Planned(
            row.key, row.seq, row.title, row.opens_at, row.closes_at, row.held_at, grace_minutes=row.grace_minutes
        )
        for row in cycle.rows
    )
    extensions = tuple((row_key, until) for row_key, until in granted)
    return Year(cycle.definition, cycle.key, cycle.year, cycle.title, rows, extensions)


def of_notice(programme: str) -> Year:
    """Read the notice in a programme's folder, the latest by name, as the organiser would. Raises Missing."""
    definition = definitions.load(programme)
    paths = sorted((config.workflows_folder() / programme).glob("notice*.txt"))
    if not paths:
        raise Missing("rehearsal_notice", programme=programme)
    read = reader.read_text(paths[-1].read_text("utf-8"))
    keys = notices.suggest(definition, read.rows)
    rows = [Row(one.seq, one.title, keys[place], one.start, one.end) for place, one in enumerate(read.rows)]
    planned = tuple(notices.as_planned(definition, rows))
    year = read.year or next(one.start.year for one in rows if one.start)
    return Year(definition, str(year), year, read.title or definition.workflow.programme.title.zh, planned)


def opened(session: Session, year: Year, *, actor: Actor) -> Cycle:
    """Open the year in the throw-away database, as its organiser would. Raises Invalid for rows that cannot be."""
    now = year.begins_at
    cycle = cycles.open_cycle(
        session, definition=year.definition, key=year.key, year=year.year, title=year.title, rows=year.rows,
        notice={}, actor=actor, now=now,
    )  # fmt: skip
    ends = {row.key: row.closes_at for row in cycle.rows}
    for row_key, until in year.extensions:
        if until > (ends[row_key] or until):
            cycles.extend(session, cycle, row_key=row_key, until=until, reason=year.key, actor=actor, now=now)
    return cycle
