"""Grids set straight before they are read: blank edges, captions, two-line headings, tables lying on their side."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qtb.domain.notice_cells import joined, key
from qtb.domain.notice_header import is_dated, is_header, is_mark, is_timed, role
from qtb.domain.notice_model import Cell
from qtb.domain.numerals import fold, sequence

Row = tuple[Cell, ...]
BLANK = Cell("")
_MONTH_HEAD = re.compile(r"^(?:(?:20\d\d年)?(?:\d{1,2}|[一二三四五六七八九十]{1,3})月份?|第?[一二三四]季度|Q[1-4])$")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A grid ready for reading: words above it, the heading's texts (none: no heading), the rows below."""

    caption: str
    header: tuple[str, ...]
    body: tuple[Row, ...]


def sheet(rows: Sequence[Row]) -> Sheet:
    """Part a grid into caption, heading and body."""
    grid = _squared(rows)
    grid = _upright(grid)
    captions: list[str] = []
    for at, row in enumerate(grid[:6]):
        if is_header(row):
            header, body = _headed(grid, at)
            return _ungantted(Sheet(" ".join(captions), header, tuple(r for r in body if not _repeats(r, header))))
        if not is_spanning(row):
            break
        captions.append(joined(next(c.text for c in row if c.text.strip())))
    if _is_gantt(grid):
        return _ungantted(Sheet("", tuple(joined(c.text) for c in grid[0]), tuple(grid[1:])))
    return _guessed(grid, " ".join(captions))


def parts(rows: Sequence[Row]) -> list[tuple[Row, ...]]:
    """Cut a grid where another heading begins a table of its own."""
    cuts, first = [0], next((row for row in rows[:6] if is_header(row) or not is_spanning(row)), None)
    for at in range(2, len(rows)):
        if is_header(rows[at]) and first and {key(c.text) for c in rows[at]} != {key(c.text) for c in first}:
            cuts.append(at)
            first = rows[at]
    return [tuple(rows[a:b]) for a, b in zip(cuts, [*cuts[1:], len(rows)], strict=True)]


def _guessed(grid: list[Row], caption: str) -> Sheet:
    # Words nobody foresaw head a column of dates: 环节 | 何时 | 谁.
    while grid and is_spanning(grid[0]) and len(grid[0]) > 1 and not is_timed(_only(grid[0])):
        grid = grid[1:]
    if len(grid) >= 3 and not any(is_timed(c.text) or sequence(c.text) is not None for c in grid[0]):
        dated = [i for i in range(len(grid[0])) if all(is_timed(r[i].text) for r in grid[1:] if r[i].text.strip())]
        if any(sum(bool(r[i].text.strip()) for r in grid[1:]) * 2 >= len(grid) - 1 for i in dated):
            return Sheet(caption, tuple(joined(c.text) for c in grid[0]), tuple(grid[1:]))
    return Sheet(caption, (), tuple(grid))


def _only(row: Row) -> str:
    return joined(next((c.text for c in row if c.text.strip()), ""))


def is_spanning(row: Row) -> bool:
    """Tell whether a row says one thing only, as a caption or a section heading does."""
    return len({key(c.text) for c in row if c.text.strip()}) == 1


def _squared(rows: Sequence[Row]) -> list[Row]:
    filled = [row for row in rows if any(c.text.strip() for c in row)]
    width = max((len(row) for row in filled), default=0)
    square = [tuple(row) + (BLANK,) * (width - len(row)) for row in filled]
    kept = [i for i in range(width) if any(row[i].text.strip() for row in square)]
    return [tuple(row[i] for i in kept) for row in square]


def _headed(grid: list[Row], at: int) -> tuple[tuple[str, ...], list[Row]]:
    """Join a heading of two lines: 时间 above 开始 and 结束."""
    top, below = grid[at], grid[at + 1 : at + 2]
    if below and _is_second_line(top, below[0]):
        pairs = zip(_spread(top), below[0], strict=True)
        texts = (
            a if key(a) == key(b.text) or not b.text.strip() else joined(b.text) if not a else a + joined(b.text)
            for a, b in pairs
        )
        return tuple(texts), grid[at + 2 :]
    return tuple(joined(c.text) for c in top), grid[at + 1 :]


def _is_second_line(top: Row, below: Row) -> bool:
    news = [joined(b.text) for a, b in zip(top, below, strict=True) if b.text.strip() and key(a.text) != key(b.text)]
    return (
        len(news) >= 2
        and len(news) < len(below)
        and all(
            role(t) in ("start", "end", "time", "seq", "party", "note", "name") and not is_dated(t) and len(t) <= 8
            for t in news
        )
    )


def _spread(row: Row) -> list[str]:
    result: list[str] = []
    for cell in row:
        result.append(joined(cell.text) or (result[-1] if result else ""))
    return result


def _repeats(row: Row, header: tuple[str, ...]) -> bool:
    texts = [key(c.text) for c in row]
    same = sum(bool(t) and t == key(h) for t, h in zip(texts, header, strict=True))
    return same >= 2 and same * 2 >= sum(map(bool, texts))


def _upright(grid: list[Row]) -> list[Row]:
    """Turn a table whose headings stand in its first column."""
    if not grid or not 2 <= len(grid) <= 8 or len(grid[0]) < 3 or is_header(grid[0]):
        return grid
    heads = [role(joined(row[0].text)) for row in grid]
    times = [i for i, r in enumerate(heads) if r in ("time", "start", "end", "until", "finish")]
    if (
        len([h for h in heads if h]) == len(heads)
        and times
        and all(is_timed(c.text) for c in grid[times[0]][1:] if c.text.strip())
    ):
        return [tuple(column) for column in zip(*grid, strict=True)]
    dated = [i for i, row in enumerate(grid) if all(is_dated(c.text) for c in row if c.text.strip())]
    if len(grid) <= 3 and len(dated) == 1 and not any(_dated_column(grid)):
        return [tuple(column) for column in zip(*grid, strict=True)]
    return grid


def _dated_column(grid: list[Row]) -> list[bool]:
    return [all(is_dated(row[i].text) for row in grid) for i in range(len(grid[0]))]


def _is_gantt(grid: list[Row]) -> bool:
    return len(grid) >= 2 and sum(bool(_MONTH_HEAD.match(key(c.text))) for c in grid[0]) >= 3


def _ungantted(plan: Sheet) -> Sheet:
    """Read ticks under month headings as windows: one column of dates in place of many of marks."""
    months = [i for i, h in enumerate(plan.header) if _MONTH_HEAD.match(key(h))]
    if len(months) < 3 or not all(is_mark(r[i].text) or not r[i].text.strip() for r in plan.body for i in months):
        return plan
    others = [i for i in range(len(plan.header)) if i not in months]
    body = []
    for row in plan.body:
        body.append((*(row[i] for i in others), Cell(_ticked(plan.header, months, row))))
    return Sheet(plan.caption, (*(plan.header[i] for i in others), "时间"), tuple(body))


def _ticked(header: tuple[str, ...], months: list[int], row: Row) -> str:
    runs: list[list[int]] = []
    for i in months:
        if row[i].text.strip() and not row[i].inherited:
            if runs and runs[-1][-1] == months[months.index(i) - 1]:
                runs[-1].append(i)
            else:
                runs.append([i])
    return "、".join(header[r[0]] if len(r) == 1 else f"{header[r[0]]}-{header[r[-1]]}" for r in runs)


def heading_year(text: str) -> int | None:
    """Give the year that a section row, caption or heading names, if it names exactly one."""
    years = set(re.findall(r"(?<!\d)(20\d\d)\s?年", fold(text)))
    return int(years.pop()) if len(years) == 1 else None
