"""Plain text cut into paragraphs and tables: tabs, pipes, drawn boxes, aligned columns, one cell a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from qtb.domain.notice_cells import clean, parted
from qtb.domain.notice_commas import comma_table
from qtb.domain.notice_drawn import MOST_ROWS, cells_of, is_border, is_piped, piped_table
from qtb.domain.notice_header import is_header, role
from qtb.domain.notice_model import MAX_CHARS, MAX_LINES, Block, Paragraph, Table
from qtb.domain.notice_spaced import spaced_table
from qtb.domain.notice_stacked import stacked_table

# A finder looks at the lines from a place on and gives a table and the place behind it, or nothing.
Finder = Callable[[Sequence[str], int], tuple[Table, int] | None]

MOST_TRIES: Final = 400


def blocks_of(text: str) -> list[Block]:
    """Cut a text into blocks, in order."""
    lines = clean(text[:MAX_CHARS]).split("\n", MAX_LINES)[:MAX_LINES]
    blocks: list[Block] = []
    at, tries = 0, MOST_TRIES
    while at < len(lines):
        found = _table_at(lines, at) if tries > 0 else None
        tries -= found is None and _may_begin(lines[at])
        if found:
            blocks.append(found[0])
            at = found[1]
            continue
        if lines[at].strip():
            blocks.append(Paragraph(lines[at].replace("\t", "  ").rstrip()))
        at += 1
    return blocks


def _may_begin(line: str) -> bool:
    # Looking ahead in vain costs time: a text that often seems to begin a table and never does is no notice.
    return bool(line.strip()) and ("\t" in line or is_border(line) or is_piped(line) or bool(role(line)))


def _table_at(lines: Sequence[str], at: int) -> tuple[Table, int] | None:
    line = lines[at]
    if not line.strip():
        return None
    finders: list[Finder] = []
    if "\t" in line:
        finders = [_tabbed] if line.startswith("\t") and line.count("\t") == 1 else [_separated, _tabbed]
    elif is_piped(line) or is_border(line):
        finders = [piped_table]
    else:
        finders = [spaced_table, stacked_table, comma_table]
    return next((found for find in finders if (found := find(lines, at))), None)


def _tabbed(lines: Sequence[str], at: int) -> tuple[Table, int] | None:
    """Read one cell a line, opened by a tab; a line without one goes on, an empty line ends the row."""
    rows: list[list[str]] = [[]]
    stop, blanks = at, 0
    for place in range(at, len(lines)):
        line = lines[place]
        if not line.strip() and "\t" not in line:
            blanks += 1
            if blanks > 2:
                break
            continue
        if "\t" in line:
            if blanks and rows[-1]:
                rows.append([])
            rows[-1] += line.split("\t")[1:] if line.startswith("\t") else line.split("\t")
        elif not rows[-1] or (blanks and not _goes_on(lines, place, rows)):
            break
        else:
            rows[-1][-1] += "\n" + line
        blanks, stop = 0, place + 1
    return _tab_table(rows, stop)


def _goes_on(lines: Sequence[str], place: int, rows: list[list[str]]) -> bool:
    # A cell of several paragraphs holds empty lines; then its row is short and more cells follow.
    if len(rows) < 2 or len(rows[-1]) >= len(rows[0]):
        return False
    ahead = lines[place : place + 6]
    return any(line.startswith("\t") for line in ahead) and rows[-1] != [] and not any("。" in x for x in ahead[:1])


def _tab_table(rows: list[list[str]], stop: int) -> tuple[Table, int] | None:
    rows = [row for row in rows if row]
    if len(rows) == 1:
        rows = _chunked(rows[0])
    if len(rows) < 2 or max(map(len, rows)) < 2:
        return None
    return Table(tuple(cells_of(row) for row in rows)), stop


def _chunked(cells: list[str]) -> list[list[str]]:
    """Cut a run of cells without row ends by the number of header words it starts with."""
    width = next((i for i, c in enumerate(cells) if not role(c)), len(cells))
    if width < 2 or len(cells) < 2 * width:
        return [cells]
    return [cells[i : i + width] for i in range(0, len(cells), width)]


def _separated(lines: Sequence[str], at: int) -> tuple[Table, int] | None:
    """Read several cells a line, parted by tabs; wrapped cells go on over lines until the row is full."""
    shift = 1 if all(line.startswith("\t") for line in lines[at : at + 3] if line.strip()) else 0
    width = lines[at].count("\t") + 1 - shift
    rows: list[list[str]] = []
    place, blanks = at, 0
    while place < len(lines) and blanks <= 1 and len(rows) < MOST_ROWS:
        if not lines[place].strip() and "\t" not in lines[place]:
            blanks, place = blanks + 1, place + 1
            continue
        taken = None if rows and _is_tail(lines, place, rows, width + shift) else _record(lines, place, width + shift)
        if taken is None:
            if blanks or not rows or not _is_wrap(lines, place):
                break
            rows[-1][-1] += "\n" + lines[place]
            blanks, place = 0, place + 1
            continue
        cells, place = taken
        rows.append(cells[shift:])
        blanks = 0
    if len(rows) < 2 or width < 2:
        return None
    return Table(tuple(cells_of(row) for row in rows)), place - blanks


def _is_tail(lines: Sequence[str], place: int, rows: list[list[str]], width: int) -> bool:
    """Tell whether a line without tabs before a full row wraps the last cell above, not the first one below."""
    if "\t" in lines[place] or place + 1 >= len(lines) or lines[place + 1].count("\t") + 1 != width:
        return False
    return role(rows[0][0]) == "seq" or rows[-1][-1].rstrip().endswith(("/", "、", "／"))


def _record(lines: Sequence[str], at: int, width: int) -> tuple[list[str], int] | None:
    text = lines[at]
    if not text.strip("\t ") and "\t" not in text:
        return None
    place = at + 1
    # Spreadsheets put a cell of several lines in quotes; browsers let its lines run on.
    while (
        place < len(lines)
        and place < at + 12
        and (
            (re.search(r"(?:^|\t)\"[^\"]{0,2000}$", text))
            or (text.count("\t") + 1 < width and _runs_on(lines, place, text, width))
        )
    ):
        text += "\n" + lines[place]
        place += 1
    if "\t" not in text:
        return None
    return [re.sub(r'^"(.*)"$', r"\1", c.strip(), flags=re.S).replace('""', '"') for c in text.split("\t")], place


def _runs_on(lines: Sequence[str], place: int, text: str, width: int) -> bool:
    have = text.count("\t") + 1
    ahead = lines[place].count("\t")
    if not lines[place].strip() or have + ahead > width:
        return False
    return have + ahead == width or (ahead == 0 and place + 1 < len(lines) and _runs_on(lines, place + 1, text, width))


def _is_wrap(lines: Sequence[str], place: int) -> bool:
    # The last cell of a full row may wrap as long as the table goes on below; a heading parts two tables.
    after = next((line for line in lines[place + 1 : place + 3] if line.strip()), "")
    is_next = is_header(cells_of(after.split("\t"))) or parted(lines[place])[1] in ("b", "c")
    return "\t" in after and len(lines[place]) <= 60 and not is_next
