"""The year as a picture: one bar for each dated row, months above, today marked. Geometry only; the template draws."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from qtb.clock import ZONE
from qtb.web.years import Shown

WIDTH, LABEL, ROW, HEAD = 960, 210, 34, 30  # user units of the SVG


@dataclass(frozen=True, slots=True)
class Bar:
    """A row's bar: where it stands and how it looks."""

    row: Shown
    x: float
    width: float
    y: float
    phase: str  # past, open, ahead
    held_x: float | None


@dataclass(frozen=True, slots=True)
class Picture:
    """All that the template draws."""

    width: int
    height: int
    months: list[tuple[float, int]]
    bars: list[Bar]
    today_x: float | None


def draw(rows: list[Shown], now: datetime) -> Picture | None:
    """Return the picture of the dated rows, or None when there is none."""
    dated = [row for row in rows if row.opens_at and row.closes_at]
    if not dated:
        return None
    first = _month_start(min(row.opens_at for row in dated if row.opens_at).astimezone(ZONE))
    last = max(row.closes_at for row in dated if row.closes_at).astimezone(ZONE)
    span = (last - first).total_seconds()

    def x(at: datetime) -> float:
        return round(LABEL + (WIDTH - LABEL) * (at - first).total_seconds() / span, 1)

    bars = [_bar(row, HEAD + n * ROW, x, now) for n, row in enumerate(dated)]
    months, month = [], first
    while month < last:
        months.append((x(month), month.month))
        month = _month_start(month + timedelta(days=32))
    today = x(now) if first <= now < last else None
    return Picture(WIDTH, HEAD + len(dated) * ROW + 6, months, bars, today)


def _bar(row: Shown, y: float, x: object, now: datetime) -> Bar:
    assert callable(x)
    assert row.opens_at is not None
    assert row.closes_at is not None
    left, right = x(row.opens_at), x(row.closes_at)
    phase = "past" if row.closes_at <= now else "open" if row.opens_at <= now else "ahead"
    return Bar(row, left, max(4.0, round(right - left, 1)), y, phase, x(row.held_at) if row.held_at else None)


def _month_start(at: datetime) -> datetime:
    return at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
