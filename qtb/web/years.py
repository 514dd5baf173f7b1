"""Which year a page is about while nobody has chosen one, and which years can still ask something of somebody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from qtb.domain.timeline import within
from qtb.store.cycles import Cycle, Extension, TimelineRow


def current(years: Sequence[Cycle], now: datetime) -> Cycle | None:
    """Return the latest year that runs now, else the one that begins next, else the latest; `years` latest first."""
    running = next((year for year in years if any(_runs(row, now) for row in year.rows)), None)
    if running is not None:
        return running
    ahead = [year for year in years if _next_start(year, now)]
    return min(ahead, key=lambda year: _next_start(year, now) or now, default=years[0] if years else None)


def unfinished(session: Session, now: datetime) -> Sequence[Cycle]:
    """Return the years with a row or an extension that ends after now, latest first."""
    row = exists().where(TimelineRow.cycle_id == Cycle.id, TimelineRow.closes_at > now)
    extension = exists().where(Extension.cycle_id == Cycle.id, Extension.until > now)
    return session.scalars(select(Cycle).where(or_(row, extension)).order_by(Cycle.year.desc(), Cycle.id.desc())).all()


def _runs(row: TimelineRow, now: datetime) -> bool:
    return bool(row.opens_at and row.closes_at and within(row.opens_at, row.closes_at, now))


def _next_start(year: Cycle, now: datetime) -> datetime | None:
    starts = [row.opens_at for row in year.rows if row.opens_at and row.closes_at and row.opens_at > now]
    return min(starts, default=None)
