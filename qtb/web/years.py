"""Which year a page is about while nobody has chosen one, and which years can still ask something of somebody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask import g
from sqlalchemy.orm import Session

from qtb.domain.errors import Missing
from qtb.domain.timeline import Timeline, within
from qtb.store import years
from qtb.store.cycles import Cycle
from qtb.store.years import Year
from qtb.web.access import actor


@dataclass
class _Read:
    """What a page has read of the years in one transaction."""

    begun: object
    one: dict[int, Year] = field(default_factory=dict)
    all: list[Year] | None = None


def told(session: Session) -> list[Year]:
    """Return all years, latest first: read once for a page, and anew in the next transaction."""
    known = _known(session)
    if known.all is None:
        known.all = years.dated(session)
        known.one = {year.cycle.id: year for year in known.all}
    return known.all


def timelines(session: Session) -> list[tuple[Cycle, Timeline]]:
    """Return all years' cycles and timelines, latest first."""
    return [(year.cycle, year.times) for year in told(session)]


def cycles(session: Session) -> list[Cycle]:
    """Return all years without their dates, latest first."""
    return [year.cycle for year in told(session)]


def of(session: Session, cycle_id: int) -> Year:
    """Return one year: alone, except for the organiser, whose frame needs them all."""
    if actor().holds("organiser"):
        told(session)
    known = _known(session).one
    if cycle_id not in known:
        known[cycle_id] = years.one(session, cycle_id)
    return known[cycle_id]


@dataclass(frozen=True, slots=True)
class Shown:
    """A row as everybody sees it: with the end that holds for all."""

    key: str
    seq: int
    title: str
    text: str
    party: str
    opens_at: datetime | None
    closes_at: datetime | None
    held_at: datetime | None


def shown(year: Year) -> list[Shown]:
    """Return a year's rows with the ends that hold for all."""
    return [
        Shown(
            row.key, row.seq, row.title, row.text, row.party, row.opens_at,
            year.times.ends_for_all(row.key) if row.key in year.times.rows else row.closes_at, row.held_at,
        )
        for row in year.rows
    ]  # fmt: skip


def _known(session: Session) -> _Read:
    session.connection()  # begins the transaction, if it has not begun
    known: _Read | None = g.get("years")
    if known is None or known.begun is not session.get_transaction():
        known = g.years = _Read(session.get_transaction())
    return known


def named(session: Session, key: str) -> Cycle:
    """Return the year with this key. Raises Missing."""
    found = next((year for year in cycles(session) if year.key == key), None)
    if found is None:
        raise Missing("cycle")
    return found


def chosen(session: Session, key: str, now: datetime) -> Cycle | None:
    """Return the year with this key, or without a key the one that the page is about."""
    return named(session, key) if key else current(told(session), now)


def current(years: Sequence[Year], now: datetime) -> Cycle | None:
    """Return the latest year that runs now, else the one that begins next, else the latest; `years` latest first."""
    running = next((year for year in years if _runs(year, now)), None)
    ahead = [year for year in years if _next_start(year, now)]
    latest = years[0] if years else None
    found = running or min(ahead, key=lambda year: _next_start(year, now) or now, default=latest)
    return found.cycle if found else None


def unfinished(session: Session, now: datetime) -> list[Cycle]:
    """Return the years with a row or an extension that ends after now, latest first."""
    return [year.cycle for year in told(session) if is_unfinished(year, now)]


def is_unfinished(year: Year, now: datetime) -> bool:
    """Tell whether a row or an extension of the year ends after now."""
    return any(end > now for end in _ends(year))


def _ends(year: Year) -> list[datetime]:
    rows, granted = year.times.rows.values(), year.times.extensions
    return [*(row.closes_at for row in rows), *(one.until for one in granted)]


def _runs(year: Year, now: datetime) -> bool:
    return any(within(row.opens_at, row.closes_at, now) for row in year.times.rows.values())


def _next_start(year: Year, now: datetime) -> datetime | None:
    starts = [row.opens_at for row in year.times.rows.values() if row.opens_at > now]
    return min(starts, default=None)
