"""Tables that copying has taken apart: every cell on a line of its own, no tabs left."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from qtb.domain.notice_header import is_timed, role
from qtb.domain.notice_model import Cell, Table
from qtb.domain.numerals import sequence

_MOST_LINES: Final = 1200
_TIMES: Final = ("time", "start", "end", "until", "finish")


def stacked_table(lines: Sequence[str], at: int) -> tuple[Table, int] | None:
    """Read one cell a line below header words that also stand one a line."""
    head, place = _head(lines, at)
    if len(head) > 2 and _is_title(head):
        return None
    if len(head) > 2:
        head, place = _cut_back(lines, at, head, place)
    kinds = [role(h) for h in head]
    if len(head) < 2 or not set(_TIMES) & set(kinds):
        return None
    if "name" not in kinds and "content" not in kinds:
        return None
    rows, stop = _counted(lines, place, kinds) if kinds[0] == "seq" else _chunks(lines, place, kinds)
    if not rows:
        return None
    return Table(tuple(tuple(Cell(t) for t in row) for row in [head, *rows])), stop


def _head(lines: Sequence[str], at: int) -> tuple[list[str], int]:
    head: list[str] = []
    place = at
    while place < len(lines) and len(head) < 8:
        text = lines[place].strip()
        if text:
            if not head and re.search(r"\d{4}\s?年|(?:通知|公告|启事|方案)$", text):
                break
            if "\t" in lines[place] or len(text) > 12 or not role(text) or re.search(r"[:：。,，;、(]", text):
                break
            head.append(text)
        place += 1
    return head, place


def _is_title(head: Sequence[str]) -> bool:
    """Tell whether the first line is a caption such as 2025年活动安排 above header words of its own."""
    kinds = [role(h) for h in head[1:]]
    is_caption = bool(re.search(r"\d{4}|.{3}(?:安排表?|日程表?|计划表?|方案|流程)$", head[0]))
    return is_caption and bool({"name", "content"} & set(kinds)) and bool(set(_TIMES) & set(kinds))


def _cut_back(lines: Sequence[str], at: int, head: list[str], place: int) -> tuple[list[str], int]:
    """End the heading where the first row must begin: its date stands under the word for time."""
    filled = _filled(lines, at, 60)[: len(head) + 12]
    time = next((i for i, h in enumerate(head) if role(h) in _TIMES), None)
    first = next((i for i, (_, t) in enumerate(filled) if i >= 2 and is_timed(t)), None)
    if time is None or first is None or not max(2, time + 1) <= first - time < len(head):
        return head, place
    return head[: first - time], filled[first - time][0]


def _filled(lines: Sequence[str], at: int, most: int = _MOST_LINES) -> list[tuple[int, str]]:
    return [(i, lines[i].strip()) for i in range(at, min(len(lines), at + most)) if lines[i].strip()]


def _counted(lines: Sequence[str], at: int, kinds: list[str]) -> tuple[list[list[str]], int]:
    """Start a row at each next number, and share out the lines between two numbers."""
    filled = _filled(lines, at)
    rows: list[list[str]] = []
    stop, place = at, 0
    while place < len(filled) and sequence(filled[place][1]) == len(rows) + 1:
        after = _next_number(filled, place + 1, len(rows) + 2, len(kinds))
        cells = filled[place + 1 : after]
        row, used = _shared([t for _, t in cells], kinds[1:])
        if row is None:
            break
        rows.append([filled[place][1], *row])
        stop = (cells[used - 1] if used else filled[place])[0] + 1
        place = after
    return rows, stop


def _next_number(filled: list[tuple[int, str]], at: int, wanted: int, width: int) -> int:
    for place in range(at + width - 2, min(len(filled), at + 14)):
        if sequence(filled[place][1]) == wanted:
            return place
    # The last row: no further than its own cells.
    return min(len(filled), at + width + 3)


def _shared(texts: list[str], kinds: list[str]) -> tuple[list[str] | None, int]:
    """Give lines to columns with the date as the fixed point; wrapped lines belong to their neighbours."""
    time = next(i for i, k in enumerate(kinds) if k in _TIMES)
    dated = next((i for i, t in enumerate(texts) if i >= time and is_timed(t)), None)
    if dated is None:
        return None, 0
    left = _fold_into(texts[:dated], time)
    after, used = _after(texts[dated + 1 :], len(kinds) - time - 1)
    if left is None:
        return None, 0
    return [*left, texts[dated], *after], dated + 1 + used


def _fold_into(texts: list[str], count: int) -> list[str] | None:
    if len(texts) < count:
        return None
    if count == 0:
        return [] if not texts else None
    spare = len(texts) - count
    return ["\n".join(texts[: spare + 1]), *texts[spare + 1 :]]


def _after(texts: list[str], count: int) -> tuple[list[str], int]:
    cells: list[str] = []
    used = 0
    for text in texts:
        if cells and (
            cells[-1].endswith(("/", "、", "及", "和", "与", ",", "，")) or text.startswith(("/", "／", "、", "http"))
        ):
            cells[-1] += "\n" + text
        elif len(cells) < count:
            cells.append(text)
        else:
            break
        used += 1
    return [*cells, *[""] * (count - len(cells))], used


def _is_prose(text: str) -> bool:
    return bool(re.match(r"^[一二三四五六七八九十]{1,3}、", text) or re.search(r"[:：](?!//)|。$", text))


def _chunks(lines: Sequence[str], at: int, kinds: list[str]) -> tuple[list[list[str]], int]:
    """Cut the lines by the number of columns for as long as the date stands where it should."""
    filled = _filled(lines, at)
    rows: list[list[str]] = []
    stop, place = at, 0
    while place < len(filled):
        texts = [t for _, t in filled[place : place + len(kinds) + 6]]
        if len(texts) < len(kinds) or any(len(t) > 80 for t in texts[: len(kinds)]):
            break
        row, used = _shared(texts, kinds)
        time = next(i for i, k in enumerate(kinds) if k in _TIMES)
        if (
            row is None
            or used > len(kinds) + 3
            or any(_is_prose(t) for t in texts[:used])
            or texts.index(row[time]) > time + 2
        ):
            break
        rows.append(row)
        stop = filled[place + used - 1][0] + 1
        place += used
    return rows, stop
