"""The single points of Chinese schedule dates, 3月1日, 4月下旬, 二季度, 次年1月, found with their positions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from qtb.domain.date_forms import DASHED, LONE, MONTHLY, NOW, NUMERIC, QUARTERLY, SHORT, STARTS, TAIL, YEARLY
from qtb.domain.numerals import number

LAST: Final = 0  # as a day: the last one of its month


@dataclass(frozen=True, slots=True)
class Point:
    """One date as printed; what it leaves open (year, month) is to come from its neighbour or the activity."""

    begin: int
    stop: int
    year: int | None = None
    shift: int | None = None  # 次年 is 1, 上年 is -1
    months: tuple[int, int] | None = None
    days: tuple[int, int] | None = None
    loose: bool = False
    now: bool = False
    is_numeric: bool = False
    month_shift: int | None = None  # 次月 is 1, 当月 is 0

    @property
    def is_year_only(self) -> bool:
        """Whether nothing but a year is said."""
        return self.months == (1, 12) and self.days is None and not self.loose


_Build = Callable[[re.Match[str]], Point]
_SHIFTS: Final = {"今": 0, "本": 0, "当": 0, "次": 1, "翌": 1, "明": 1, "来": 1, "下": 1, "上": -1, "去": -1, "前": -1}
_XUN: Final = {"上": (1, 10), "中": (11, 20), "下": (21, LAST), "初": (1, 10), "底": (21, LAST), "末": (21, LAST)}


def points(masked: str, *, whole: bool) -> list[Point]:
    """Find the points in folded and masked text; `whole` also takes the short forms of a date cell."""
    found: list[Point] = []
    at = 0
    if whole and (dashed := DASHED.search(masked)):
        return [_dashed(dashed, 1), _dashed(dashed, 3)]
    while start := STARTS.search(masked, at):
        point = _point(masked, start.start(), whole)
        if point is None:
            at = start.start() + 1
            continue
        found.append(point)
        at = max(point.stop, start.start() + 1)
        if whole and (tail := _tail(masked, point)):
            found.append(tail)
            at = tail.stop
    return found


def _dashed(found: re.Match[str], group: int) -> Point:
    month, day = int(found[group]), int(found[group + 1])
    return Point(found.start(group), found.end(group + 1), months=(month, month), days=(day, day), is_numeric=True)


def _point(text: str, at: int, whole: bool) -> Point | None:
    for rule, build in _rules(whole):
        found = rule.match(text, at)
        if found and found.end() > at:
            return build(found)
    return None


def _rules(whole: bool) -> Iterator[tuple[re.Pattern[str], _Build]]:
    yield NUMERIC, _numeric
    yield NOW, _now
    yield MONTHLY, _monthly
    yield QUARTERLY, _quarterly
    if whole:
        yield SHORT, _short
    yield YEARLY, _yearly
    yield LONE, _lone


def _tail(text: str, left: Point) -> Point | None:
    # 2024.3-5 and 3月1日-15: a bare number on the right has the smallest unit of the left.
    found = TAIL.match(text, left.stop) or TAIL.match(text, left.stop + (text[left.stop : left.stop + 1] == " "))
    if not found or left.months is None or left.loose or left.months[0] != left.months[1]:
        return None
    value = number(found[1])
    if value is None:
        return None
    pair = (value, value)
    is_day = left.days is not None
    return Point(found.start(1), found.end(1), months=None if is_day else pair, days=pair if is_day else None)


def _value(text: str | None) -> int:
    # 99 is no month and no day: what cannot be read becomes an impossible date, not a guess.
    value = number(text.strip()) if text else None
    return 99 if value is None else value


def _now(found: re.Match[str]) -> Point:
    return Point(*found.span(), now=True)


def _numeric(found: re.Match[str]) -> Point:
    part = found.groupdict()
    month, day = int(part["m"] or part["M"]), int(part["d"] or part["D"])
    return Point(
        *found.span(), year=int(part["y"] or part["Y"]), months=(month, month), days=(day, day), is_numeric=True
    )


def _short(found: re.Match[str]) -> Point:
    part = found.groupdict()
    if part["p"]:
        return Point(*found.span(), year=int(part["p"]), months=(1, 12))
    month = int(part["m"] or part["M"])
    day = (int(part["D"]), int(part["D"])) if part["D"] else None
    return Point(*found.span(), year=int(part["y"]) if part["y"] else None, months=(month, month), days=day,
                 is_numeric=True)  # fmt: skip


def _years(part: dict[str, str | None]) -> tuple[int | None, int | None]:
    if part.get("ya"):
        return _value(part["ya"]), None
    if part.get("za"):
        return 2000 + _value(part["za"]), None
    relative = part.get("ra") or ""
    # 同年 is the year of the point on the left, as if nothing were said.
    return None, _SHIFTS.get(relative[:1])


def _monthly(found: re.Match[str]) -> Point:
    part = found.groupdict()
    months, shift = None, None
    if part["o"]:
        shift = 1 if part["o"][0] in "次翌下" else 0
    else:
        month = _value(part["m"] or part["b"])
        months = (month, month)
    days, loose = _days(part)
    return Point(*found.span(), *_years(part), months=months, days=days, loose=loose, month_shift=shift)


def _days(part: dict[str, str | None]) -> tuple[tuple[int, int] | None, bool]:
    if day := part.get("d") or part.get("c") or part.get("g"):
        return (_value(day), _value(day)), False
    if xun := part.get("x"):
        return (_XUN[xun[0]][0], _XUN[xun[-1]][1]), False
    if half := part.get("h"):
        return ((1, 15) if half == "上" else (16, LAST)), False
    if week := part.get("w"):
        count = _value(week)
        return (count * 7 - 6, LAST if count == 5 else count * 7), True
    if part.get("l"):
        return (25, LAST), True
    if end := part.get("e"):
        return _XUN[end], True
    return None, False


def _quarterly(found: re.Match[str]) -> Point:
    part = found.groupdict()
    if part["f"]:
        months = (1, 3 * _value(part["f"]))
    elif part["u"]:
        months = (1, 6) if part["u"] == "上" else (7, 12)
    else:
        last = 3 * _value(part["q"] or part["k"])
        months = (last - 2, last)
    edge = part["e"]
    if edge:
        month = {"初": months[0], "中": months[0] + 1}.get(edge, months[1])
        return Point(*found.span(), *_years(part), months=(month, month), loose=True)
    return Point(*found.span(), *_years(part), months=months)


def _yearly(found: re.Match[str]) -> Point:
    part = found.groupdict()
    word = (part["t"] or part["n"] or "").replace("全年度", "全年")
    edge = word[-1:] if word and word != "全年" else ""
    months = {"初": (1, 1), "中": (6, 6), "底": (12, 12), "末": (12, 12), "终": (12, 12)}.get(edge, (1, 12))
    return Point(*found.span(), *_years(part), months=months, loose=bool(edge))


def _lone(found: re.Match[str]) -> Point:
    part = found.groupdict()
    begin = found.start() + (len(found[0]) - len(found[0].lstrip()))
    if part["x"] or part["e"]:
        return Point(begin, found.end(), days=_XUN[part["x"] or part["e"] or "下"], loose=bool(part["e"]))
    day = _value(part["d"] or part["D"] or part["f"] or part["c"])
    return Point(begin, found.end(), days=(day, day))
