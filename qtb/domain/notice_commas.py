"""Rows parted by commas or semicolons, as spreadsheets save them: quotes, blank ends and wrapped cells included."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from qtb.domain.notice_header import is_header, is_timed, role
from qtb.domain.notice_model import Cell, Table

_MOST_ROWS: Final = 600
_MOST_WRAPS: Final = 12  # lines of one quoted cell
# Spares most lines of running text the reading.
_TIMELY: Final = re.compile(r"[时時期月]|节点|截止|开始|结束|start|end|date|time", re.I)
_TIMES: Final = ("time", "start", "end", "until", "finish")


def comma_table(lines: Sequence[str], at: int) -> tuple[Table, int] | None:
    """Read comma separated rows under a heading of header words."""
    if len(lines[at]) > 200 or not _TIMELY.search(lines[at]):
        return None
    mark = next((m for m in ",，;；" if m in lines[at] and is_header([Cell(t) for t in _cells(lines[at], m)])), None)
    if mark is None:
        return None
    head = _cells(lines[at], mark)
    times = [i for i, text in enumerate(head) if role(text) in _TIMES]
    rows, place, stop = [head], at + 1, at + 1
    while place < len(lines) and len(rows) < _MOST_ROWS:
        record, place = _record(lines, place)
        row = _fitted(_cells(record, mark), len(head))
        if mark not in record or (len(row) != len(head) or not _is_row(row, times, record.count(mark))):
            break
        rows.append(row)
        stop = place
    if len(rows) < 2:
        return None
    return Table(tuple(tuple(Cell(t) for t in row) for row in rows)), stop


def _is_row(row: Sequence[str], times: Sequence[int], marks: int) -> bool:
    # Running text has commas too: a line of another length must have its date where the heading has it.
    return marks == len(row) - 1 or any(is_timed(row[i]) for i in times)


def _record(lines: Sequence[str], at: int) -> tuple[str, int]:
    text, place = lines[at], at + 1
    while text.count('"') % 2 and place < min(len(lines), at + _MOST_WRAPS):
        text += "\n" + lines[place]
        place += 1
    return (text, place) if text.count('"') % 2 == 0 else (lines[at], at + 1)


def _cells(text: str, mark: str) -> list[str]:
    pieces = re.findall(rf'\s*"((?:[^"]|""){{0,2000}})"\s*(?:{mark}|$)|([^{mark}]{{0,2000}})(?:{mark}|$)', text)
    cells = [quoted.replace('""', '"').strip() or plain.strip() for quoted, plain in pieces]
    # The expression also finds the nothing behind the last cell.
    return cells if text.rstrip().endswith(mark) else cells[:-1]


def _fitted(cells: list[str], width: int) -> list[str]:
    """Give blank cells to a short row, and what a long one has too much to its last cell."""
    if len(cells) > width:
        return [*cells[: width - 1], "，".join(cells[width - 1 :])]
    return [*cells, *[""] * (width - len(cells))]
