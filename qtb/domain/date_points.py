"""The single points of Chinese schedule dates, 3月1日, 4月下旬, 二季度, 次年1月, found with their positions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from qtb.domain.numerals import number

LAST: Final = 0  # as a day: the last one of its month
_JOIN: Final = r"(?:\s?(?:[-—~至到、和及,]|——|至到)\s?)"


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
_TWO: Final = r"(?:\d{1,2}|[一二三四五六七八九十廿卅]{1,3})"
_SHIFTS: Final = {"今": 0, "本": 0, "当": 0, "次": 1, "翌": 1, "明": 1, "来": 1, "下": 1, "上": -1, "去": -1, "前": -1}
_YEAR4: Final = r"(?<!\d)(?:(?:19|20)\d\d|[一二][〇○◯零0OoО一二三四五六七八九]{3})"
_REL: Final = (
    r"今年|本年(?:度)?|当年|次年(?:度)?|翌年|明年|来年|下年(?:度)?|下一年(?:度)?|上年(?:度)?|上一年(?:度)?|去年|同年"
)


def _year(tag: str) -> str:
    return (
        rf"(?:(?P<y{tag}>{_YEAR4})\s?年(?:度)?|(?<!\d)(?P<z{tag}>\d\d)\s?年(?=\s?{_TWO}\s?月)|(?P<r{tag}>{_REL}))"
        r"\s?[的,]?\s?"
    )


_WITHIN: Final = (
    r"(?P<x>[上中下](?:\s?[、和及至到\-—]?\s?[上中下])?)\s?旬|(?P<h>[上下])半月|第?\s?(?P<w>[一二三四五1-5])周|(?P<l>最后一)周|"
    r"(?:月|份)?(?P<e>初(?![步审评选赛稿级中试定始])|中(?![国央心小共层期级华外标旬下上])|底|末)"
)
_MONTHLY: Final = re.compile(
    rf"(?:{_year('a')})?"
    rf"(?:(?<![\d.])(?P<m>{_TWO})\s?月(?:份)?|(?P<o>当月|同月|本月|次月|翌月|下月)"
    rf"|(?<![\d.])(?P<b>{_TWO})(?={_JOIN}(?:{_TWO}{_JOIN}){{0,5}}{_TWO}\s?月))"
    rf"(?:\s?的?\s?(?:(?P<d>{_TWO})\s?[日号](?!内)|(?P<c>{_TWO})(?={_JOIN}(?:{_TWO}{_JOIN}){{0,5}}{_TWO}\s?[日号])"
    rf"|(?P<g>\d{{1,2}})(?=\s?(?:[-—~至到前止起)]|之前|以前|截止|$))(?![\d.])|{_WITHIN}))?"
)
_QUARTERLY: Final = re.compile(
    rf"(?:{_year('a')})?(?:(?:第\s?)?(?P<q>[一二三四1-4])\s?"
    rf"(?:季度|季(?!度)|(?={_JOIN}(?:第\s?)?(?:[一二三四1-4]{_JOIN}){{0,2}}[一二三四1-4]\s?季度))"
    r"|前\s?(?P<f>[一二两三23])个?季度|(?P<u>[上下])半年(?:度)?|(?<![A-Za-z])Q(?P<k>[1-4])(?!\d))(?P<e>初|中(?!旬)|底|末)?"
)
_YEARLY: Final = re.compile(
    rf"{_year('a')}(?P<t>全年|年?初(?![步审评选赛稿级])|年?中(?![国央心小共层期级华外标])|年?底|年?末|年?终(?![总评奖考])|年?内(?![部容外审控]))?"
    r"|(?P<n>全年(?:度)?|年初|年中(?!国)|年底|年末|岁末|年终(?![总评奖考])|年内)"
)
_NUMERIC: Final = re.compile(
    r"(?<!\d)(?P<y>(?:19|20)\d\d)\s?(?P<s>[-./—])\s?(?P<m>\d{1,2})\s?(?P=s)\s?(?P<d>\d{1,2})(?!\d)\s?日?"
    r"|(?<!\d)(?P<Y>20\d\d)(?P<M>0[1-9]|1[0-2])(?P<D>[0-2]\d|3[01])(?!\d)"
)
_NOW: Final = re.compile(
    r"(?:自|从)?即日起?|(?:自|从)?(?:本|此|该)?(?:通知|文件|公告|方案|公布|文)?(?:发布|印发|下发|发文|公布|颁布|发出)?之日起"
    r"|(?:自|从)?(?:通知|文件)(?:发布|印发|下发)(?:日|之日)?起|(?:自|从)现在起|发文日起"
)
_LONE: Final = re.compile(
    r"(?<![\d.\u4e00-\u9fff])(?P<d>\d{1,2})\s?日(?!内)|(?<=[至到])\s?(?P<D>\d{1,2}|[一二三四五六七八九十廿卅]{1,3})\s?[日号](?!内)"
    rf"|(?<=[-—~、和及,])\s?(?P<f>{_TWO})\s?[日号](?!内)"
    rf"|(?<=[-—~、和及,])\s?(?P<c>{_TWO})(?={_JOIN}(?:{_TWO}{_JOIN}){{0,5}}{_TWO}\s?[日号])"
    r"|(?<=[-—~至到、和及,])\s?(?:(?P<x>[上中下])旬|月?(?P<e>底|末))"
)
# Only where a whole cell is a date: elsewhere 3.1 is a heading and 2024-03 a number.
_SHORT: Final = re.compile(
    r"(?<![\d.])(?P<y>(?:19|20)\d\d)\s?[-./—]\s?(?P<m>0?[1-9]|1[0-2])(?![\d.])\s?月?"
    r"|(?<![\d./])(?P<M>\d{1,2})(?P<s>[./])(?P<D>\d{1,2})(?![\d./])日?"
    r"|(?<!\d)(?P<p>(?:19|20)\d\d)(?=\s?[-—~至到]{1,2}\s?(?:19|20)\d\d\s?年(?!\s?\d))"
)
_DASHED: Final = re.compile(r"(?<!\d)(\d{1,2})-(\d{1,2})\s?(?:—{1,2}|~|至|到)\s?(\d{1,2})-(\d{1,2})(?!\d)")
_TAIL: Final = re.compile(
    rf"(?:—{{1,2}}|-{{1,2}}|~|至|到)\s?({_TWO})(?!\s?[\d.:年月日号旬天个季周一二三四五六七八九十廿卅])"
)
_STARTS: Final = re.compile(
    r"[\d一二三四五六七八九十廿卅〇○零Q第前当同本次翌下今明来上去全年岁即自从通文发此该公之]|(?<=[-—~至到、和及,])[\s中底末月]"
)
_XUN: Final = {"上": (1, 10), "中": (11, 20), "下": (21, LAST), "初": (1, 10), "底": (21, LAST), "末": (21, LAST)}


def points(masked: str, *, whole: bool) -> list[Point]:
    """Find the points in folded and masked text; `whole` also takes the short forms of a date cell."""
    found: list[Point] = []
    at = 0
    if whole and (dashed := _DASHED.search(masked)):
        return [_dashed(dashed, 1), _dashed(dashed, 3)]
    while start := _STARTS.search(masked, at):
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
    yield _NUMERIC, _numeric
    yield _NOW, _now
    yield _MONTHLY, _monthly
    yield _QUARTERLY, _quarterly
    if whole:
        yield _SHORT, _short
    yield _YEARLY, _yearly
    yield _LONE, _lone


def _tail(text: str, left: Point) -> Point | None:
    # 2024.3-5 and 3月1日-15: a bare number on the right has the smallest unit of the left.
    found = _TAIL.match(text, left.stop) or _TAIL.match(text, left.stop + (text[left.stop : left.stop + 1] == " "))
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
