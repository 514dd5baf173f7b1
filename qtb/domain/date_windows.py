"""From printed points to calendar days: what a side leaves open comes from the other, then from the activity year."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from qtb.domain.date_points import LAST, Point

# From a month to one of the next year without saying so is believed up to this many months, e.g. 11月-2月.
LONGEST_CROSSING: Final = 8


@dataclass(frozen=True, slots=True)
class Window:
    """One printed window: a point, or a left and a right one; `side` is "start" or "end" where only that is said."""

    left: Point
    right: Point | None
    side: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """Inclusive days; None where the text gives none."""

    start: date | None
    end: date | None
    fuzzy: bool = False


@dataclass(slots=True)
class _Context:
    year: int | None  # the activity's
    notice_date: date | None
    last_year: int | None = None  # of the point before, in the same text
    last_month: int | None = None


class _Doubt(Exception):
    """A window that gives no days; the only argument is its code."""


def resolve(
    windows: Sequence[Window], year: int | None, notice_date: date | None
) -> tuple[list[Span] | None, tuple[str, ...]]:
    """Turn windows into days and codes; no days at all as soon as one window is impossible."""
    context = _Context(year, notice_date)
    spans: list[Span] = []
    codes: list[str] = []
    for window in windows:
        try:
            span, more = _span(window, context)
        except _Doubt as doubt:
            return None, (*codes, str(doubt))
        # A bare year beside a month only says which year is meant.
        if is_frame(window) and not all(map(is_frame, windows)):
            continue
        spans.append(span)
        codes += more
    return spans, tuple(codes)


def is_frame(window: Window) -> bool:
    """Tell whether a window is a year and nothing else."""
    return window.left.is_year_only and window.left.year is not None and window.right is None and not window.side


def _span(window: Window, context: _Context) -> tuple[Span, list[str]]:
    left, right = window.left, window.right
    if left.now:
        end = _days(right, context)[1] if right else None
        return Span(context.notice_date, end, bool(right and right.loose)), _order(context.notice_date, end)
    if right is None:
        first, last = _days(left, context)
        codes = ["ambiguous_end"] if window.side == "end" and left.days is None and _is_one_month(left) else []
        return Span(
            None if window.side == "end" else first, None if window.side == "start" else last, left.loose
        ), codes
    return _pair(left, right, context)


def _is_one_month(point: Point) -> bool:
    return bool(point.months and point.months[0] == point.months[1] and not point.loose)


def _pair(left: Point, right: Point, context: _Context) -> tuple[Span, list[str]]:
    if left.months is None and context.last_month is None and right.months:
        left = replace(left, months=right.months)
    codes: list[str] = []
    if _is_open(left) and right.year is not None and context.last_year is None:
        left, codes = _left_year(left, right, context)
    first, first_end = _days(left, context)
    _, last = _days(right, context)
    if last < first and _is_open(right):
        last = _cross(first, last)
        codes = ["year_crossed"]
    if last < first or (last < first_end and right.days is not None and left.months == right.months and not left.days):
        raise _Doubt("reversed_range")
    return Span(first, last, left.loose or right.loose), codes


def _is_open(point: Point) -> bool:
    return point.year is None and point.shift is None and point.month_shift is None


def _left_year(left: Point, right: Point, context: _Context) -> tuple[Point, list[str]]:
    """Give a left side without a year the one that lets the range run forward: 11月-2025年2月."""
    if left.months is None or right.year is None or right.months is None:
        return left, []
    if context.year is not None and (context.year, left.months[0]) <= (right.year, right.months[0]):
        return left, []
    is_before = left.months[0] <= right.months[1]
    return replace(left, year=right.year - (not is_before)), [] if is_before else ["year_crossed"]


def _cross(first: date, last: date) -> date:
    months = 12 - first.month + last.month + 1
    if last.month >= first.month or first.month < 7 or months > LONGEST_CROSSING or last.year >= 2100:
        raise _Doubt("reversed_range")
    return _date(last.year + 1, last.month, LAST if last.day == monthrange(last.year, last.month)[1] else last.day)


def _order(start: date | None, end: date | None) -> list[str]:
    if start and end and end < start:
        raise _Doubt("reversed_range")
    return []


def _days(point: Point, context: _Context) -> tuple[date, date]:
    """Give the first and last day of a point, and remember it for the next one."""
    year = _year(point, context)
    months = point.months
    if point.month_shift is not None and context.last_month:
        month = context.last_month + point.month_shift
        year, months = (year + 1, (1, 1)) if month > 12 else (year, (month, month))
    elif months is None and context.last_month:
        months = (context.last_month, context.last_month)
    if months is None:
        raise _Doubt("no_date")
    if point.year is not None or point.shift is not None or context.last_year is not None:
        context.last_year = year
    context.last_month = months[1]
    days = point.days or (1, LAST)
    return _date(year, months[0], days[0]), _date(year, months[1], days[1])


def _year(point: Point, context: _Context) -> int:
    if point.year is not None:
        return point.year
    base = context.last_year if context.last_year is not None else context.year
    if base is None:
        raise _Doubt("year_unknown")
    return base + (point.shift or 0)


def _date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, monthrange(year, month)[1] if day == LAST else day)
    except ValueError:
        raise _Doubt("impossible_date") from None


def combine(spans: list[Span], only: str) -> tuple[Span, tuple[str, ...]]:
    """Make one span of several: joined where they touch, else the outer days and a code."""
    fuzzy = any(s.fuzzy for s in spans)
    merged = _merge(spans)
    start, end = merged[0].start, merged[0].end
    codes: tuple[str, ...] = ()
    if len(merged) > 1:
        start = min((s.start for s in merged if s.start), default=None)
        end = max((s.end for s in merged if s.end), default=None)
        codes = ("several_windows",)
        if start and end and end < start:  # 5月31日前、6月1日起: no one window holds both
            return Span(None, None, fuzzy), ("reversed_range",)
    if only == "end":
        return Span(None, end or start, fuzzy), codes
    if only == "start":
        return Span(start or end, None, fuzzy), codes
    return Span(start, end, fuzzy), codes


def _merge(spans: list[Span]) -> list[Span]:
    starts = [s for s in spans if s.start and not s.end]
    ends = [s for s in spans if s.end and not s.start]
    closed = [s for s in spans if (s.start and s.end) or not (s.start or s.end)]
    if len(starts) == 1 and len(ends) == 1 and _runs(starts[0].start, ends[0].end):
        closed.append(Span(starts[0].start, ends[0].end))
        starts, ends = [], []
    chain: list[Span] = []
    for span in sorted(closed, key=lambda s: (s.start or date.min, s.end or date.min)):
        if chain and _touch(chain[-1], span):
            chain[-1] = Span(chain[-1].start, max(filter(None, (chain[-1].end, span.end)), default=None))
        else:
            chain.append(span)
    loose = [s for s in (*starts, *ends) if not any(_holds(c, s.start or s.end) for c in chain)]
    return [*chain, *dict.fromkeys(loose)]


def _runs(start: date | None, end: date | None) -> bool:
    return start is not None and end is not None and start <= end


def _touch(left: Span, right: Span) -> bool:
    return bool(left.end and right.start and right.start <= left.end + timedelta(days=1))


def _holds(span: Span, day: date | None) -> bool:
    return bool(day and span.start and span.end and span.start <= day <= span.end)
