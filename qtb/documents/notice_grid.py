"""Tables of a document as grids of blocks, shared by the formats whose cells may hold paragraphs and tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from qtb.domain.notice import Block, Cell, Paragraph, Table
from qtb.domain.notice_text import blocks_of

MAX_COLUMNS: Final = 60
MAX_ROWS: Final = 2000


@dataclass(slots=True)
class Box:
    """One cell while its document is read: what it holds, how far it spans, whether it repeats the one above."""

    blocks: list[Block] = field(default_factory=list)
    columns: int = 1
    rows: int = 1
    is_below: bool = False  # covered by a vertical merge

    @property
    def text(self) -> str:
        """The cell's own words, line by line, without those of tables inside."""
        return "\n".join(b.text for b in self.blocks if isinstance(b, Paragraph))


def grid(rows: Sequence[Sequence[Box]]) -> list[list[Box]]:
    """Spread cells over the columns and rows they span."""
    result: list[list[Box]] = []
    open_spans: dict[int, tuple[Box, int]] = {}
    for boxes in rows[:MAX_ROWS]:
        line: list[Box] = []
        queue = list(boxes)
        while (queue or any(c >= len(line) for c in open_spans)) and len(line) < MAX_COLUMNS:
            column = len(line)
            if column in open_spans:
                line.append(_covered(open_spans, column))
            elif queue:
                _place(queue.pop(0), line, open_spans)
            else:
                line.append(Box())
        result.append(line)
    return result


def _covered(open_spans: dict[int, tuple[Box, int]], column: int) -> Box:
    box, left = open_spans.pop(column)
    if left > 1:
        open_spans[column] = (box, left - 1)
    return Box(list(box.blocks), is_below=True)


def _place(box: Box, line: list[Box], open_spans: dict[int, tuple[Box, int]]) -> None:
    for offset in range(max(1, min(box.columns, MAX_COLUMNS - len(line)))):
        part = box if offset == 0 else Box()
        if box.rows > 1:
            open_spans[len(line)] = (part, min(box.rows, MAX_ROWS) - 1)
        line.append(part)


def table_blocks(rows: Sequence[Sequence[Box]]) -> list[Block]:
    """Give a table as one, or, where it only lays out a page, as what its cells hold."""
    lines = [line for line in rows if line]
    if not lines:
        return []
    if max(map(len, lines)) == 1 or _lays_out(lines):
        return [block for line in lines for box in line if not box.is_below for block in _inside(box)]
    own = Table(tuple(tuple(Cell(box.text, box.is_below) for box in line) for line in lines), knows_merges=True)
    return [own, *(b for line in lines for box in line if not box.is_below for b in box.blocks if isinstance(b, Table))]


def _lays_out(lines: Sequence[Sequence[Box]]) -> bool:
    boxes = [box for line in lines for box in line if not box.is_below]
    if len(lines) == 1 and any(len(box.blocks) > 3 for box in boxes):
        return True  # a column of links beside the text
    if any(sum(isinstance(b, Paragraph) for b in box.blocks) > 25 or len(box.text) > 1500 for box in boxes):
        return True
    nested = sum(any(isinstance(b, Table) for b in box.blocks) for box in boxes)
    return nested > 0 and len(lines) <= 3 * nested


def _inside(box: Box) -> Iterator[Block]:
    return iter(regrouped(box.blocks))


def regrouped(blocks: Iterable[Block]) -> list[Block]:
    """Look for tables that runs of paragraphs only draw with tabs, blanks or line by line."""
    result: list[Block] = []
    run: list[str] = []
    for block in blocks:
        if isinstance(block, Paragraph):
            run.append(block.text)
            continue
        result += blocks_of("\n".join(run))
        run = []
        result.append(block)
    return result + blocks_of("\n".join(run))
