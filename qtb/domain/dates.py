"""Chinese schedule dates as a notice prints them, read into inclusive days; what cannot be known stays open.

A doubtful reading carries a code (see `qtb/domain/notice_words.py`); an impossible one gives no day at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from qtb.domain import date_masks as masks
from qtb.domain.date_points import Point, points
from qtb.domain.date_windows import Window, combine, resolve
from qtb.domain.numerals import fold

LONGEST: Final = 2000  # characters of one text that are looked at

_RANGE: Final = re.compile(
    r"^\s?[份度]?\s?(?:起始|起|开始|启动)?[\s,]{0,3}(?:(?:-|—|~|→|>|=){1,6}|直?至|到|截至|截止|to|until)[\s,]{0,3}"
    r"(?:至|到|止|截至|截止(?:至|到|于)?)?\s?$"
)
_LIST: Final = re.compile(r"^[\s、,;/。]{0,6}(?:和|及|与|或|以及|并)?\s?$")
_NOTE: Final = re.compile(r"^\s{0,3}\([^()]{0,30}\)")
_UNTIL: Final = re.compile(
    r"^[份]?\s?的?(?:\((?:含|不含)[^()]{0,6}\))?\s?[,]?\s?(?:之前|以前|前(?!提(?![交报出供])|来(?![函电])|[后期往述去端沿身景置台线任])|截止|为止|止(?![损步])|截至|"
    r"结束|\(?(?:截止|前)\))"
)
_SINCE: Final = re.compile(
    r"^[份]?\s?(?:起(?![草点步止])|开始|启动(?!仪式|会|大会|阶段|工作)|以后|之后|后(?![续期勤台援备])|以来)"
)
_BY: Final = re.compile(
    r"(?:截至|截止|不(?:得)?(?:晚于|迟于|超过)|最晚|最迟|限于)(?:日期|时间|期限|日)?(?:到|至|于|在|为|是|:)?[\s:]{0,3}(?:到|至|于|在)?\s?$"
)
_FROM: Final = re.compile(r"(?:不早于|最早于?|开始(?:日期|时间)(?:为|是)?:?|起始(?:日期|时间)(?:为|是)?:?)\s?$")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A stretch of text that is one date expression: its place, and its points in windows."""

    begin: int
    stop: int
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a date cell says: inclusive days or None, and codes for everything doubtful."""

    start: date | None = None
    end: date | None = None
    fuzzy: bool = False
    codes: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    has_date: bool = False
    lacks_year: bool = False


def read_dates(
    text: str, *, year: int | None = None, notice_date: date | None = None, only: str = "", whole: bool = True
) -> Reading:
    """Read all dates of a text as one window; `only` is "start" or "end" where the heading already says so."""
    folded = fold(text[:LONGEST])
    windows = [w for phrase in phrases(text, whole=whole) for w in phrase.windows]
    remarks = _remarks(folded, bool(windows))
    if not windows:
        return Reading(codes=remarks)
    spans, codes = resolve(windows, year, notice_date)
    years = tuple(p.year for w in windows for p in (w.left, w.right) if p and p.year)
    if spans is None:
        lacks = "year_unknown" in codes
        return Reading(codes=_once(remarks + tuple(c for c in codes if c != "year_unknown")), years=years,
                       has_date=True, lacks_year=lacks)  # fmt: skip
    span, more = combine(spans, only)
    fuzzy = span.fuzzy or masks.is_vague(folded)
    return Reading(span.start, span.end, fuzzy, _once(remarks + codes + more), years, has_date=True)


def phrases(text: str, *, whole: bool) -> tuple[Phrase, ...]:
    """Find the date expressions of a text; `whole` when the text is nothing but a date cell."""
    return _phrases(text[:LONGEST], whole)


# One cell is looked at many times over: as a header, as a date, as a share of its column.
@lru_cache(maxsize=8192)
def _phrases(text: str, whole: bool) -> tuple[Phrase, ...]:
    masked = masks.mask(fold(text)).rstrip()
    found = points(masked, whole=whole)
    gaps = _gaps(masked, found)
    result: list[Phrase] = []
    at = 0
    while at < len(found):
        stop = at
        while stop + 1 < len(found) and (_is_range(gaps[stop + 1]) or _LIST.match(_bare(gaps[stop + 1]))):
            stop += 1
        phrase = _phrase(found[at : stop + 1], gaps[at : stop + 2], whole)
        if phrase:
            result.append(phrase)
        at = stop + 1
    return tuple(result)


def covers(text: str, *, whole: bool = True) -> float:
    """Tell which share of a text is date expressions and the small words around them."""
    return _covers(text[:LONGEST], whole)


@lru_cache(maxsize=8192)
def _covers(text: str, whole: bool) -> float:
    masked = masks.mask(fold(text))
    spans = [(p.begin, p.stop) for p in phrases(text, whole=whole)]
    if not spans:
        return 0.0
    rest = "".join(c for i, c in enumerate(masked) if not any(b <= i < s for b, s in spans))
    left = len(_SMALL.sub("", rest))
    total = len(re.sub(r"\s", "", masked))
    return (total - left) / total if total else 0.0


_SMALL: Final = re.compile(
    r"[\s\x01\x02()、,;:。/~—-]|之前|以前|截止|截至|为止|左右|前后|暂定|预计|大约|各一次|一次|各|约|拟|于|前|止|起|自|从|至|到|底|"
    r"开始|结束|不晚于|不迟于|最晚|最迟|每|期间|完成|时间|日期|进行|举行|举办|召开|中旬|北京时间|以?实际|通知|为准|具体|另行"
)


def _gaps(text: str, found: list[Point]) -> list[str]:
    """Cut the text before, between and after the points."""
    edges = [0, *(edge for p in found for edge in (p.begin, p.stop)), len(text)]
    return [text[edges[i] : edges[i + 1]] for i in range(0, len(edges), 2)]


def _bare(gap: str) -> str:
    return _NOTE.sub("", gap.replace(masks.FILLER, ""))


def _is_range(gap: str) -> bool:
    return bool(_RANGE.match(_bare(gap)))


def _phrase(found: list[Point], gaps: list[str], whole: bool) -> Phrase | None:
    windows: list[Window] = []
    at = 0
    while at < len(found):
        is_pair = at + 1 < len(found) and _is_range(gaps[at + 1])
        windows.append(_window(found, gaps, at, is_pair))
        at += 2 if is_pair else 1
    kept = _rooted(windows, whole)
    if not kept:
        return None
    return Phrase(found[0].begin, _stop(found[-1], gaps[-1]), tuple(kept))


def _window(found: list[Point], gaps: list[str], at: int, is_pair: bool) -> Window:
    left, right = found[at], found[at + 1] if is_pair else None
    before, after = gaps[at].replace(masks.FILLER, ""), gaps[at + 1 + is_pair].replace(masks.FILLER, "")
    if right:
        return Window(left, right)
    if left.now or _SINCE.match(_bare(after)) or _SINCE.match(after) or _FROM.search(before):
        return Window(left, None, side="start")
    is_until = _BY.search(before) or _UNTIL.match(after) or _UNTIL.match(_bare(after))
    return Window(left, None, side="end" if is_until else "")


def _rooted(windows: list[Window], whole: bool) -> list[Window]:
    """Drop days without a month and, in running text, years that stand alone."""
    kept: list[Window] = []
    has_month = False
    for window in windows:
        sides = [p for p in (window.left, window.right) if p]
        is_rooted = any(p.months or p.now for p in sides) or (has_month and all(p.days or p.month_shift for p in sides))
        if is_rooted and (whole or not all(p.is_year_only for p in sides)):
            kept.append(window)
            has_month = has_month or any(p.months for p in sides)
    return kept


def _stop(last: Point, after: str) -> int:
    mark = _UNTIL.match(after.replace(masks.FILLER, "")) or _SINCE.match(after)
    mark = mark or re.match(r"^\s?(?:左右|前后)", after)
    note = re.match(r"[\x01\s]{0,40}", after)
    tail = (note.end() if note and masks.FILLER in note[0] else 0) + (mark.end() if mark else 0)
    return last.stop + min(tail, len(after))


def _remarks(folded: str, has_date: bool) -> tuple[str, ...]:
    codes = ["undecided"] if masks.is_undecided(folded) else []
    if has_date:
        return (*codes, "tentative") if masks.is_tentative(folded) else tuple(codes)
    if masks.is_recurring(folded):
        codes.append("recurring")
    if masks.is_relative(folded):
        codes.append("relative")
    return tuple(codes)


def _once(codes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(codes))
