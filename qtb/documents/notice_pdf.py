"""PDF files: ruled tables as grids, the lines outside of them as text, both in reading order over the pages."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pdfplumber

from qtb.documents.unreadable import NoticeUnreadable
from qtb.domain.notice import Block, Cell, Table
from qtb.domain.notice_text import blocks_of

MAX_PAGES: Final = 200
FULL: Final = 0.78  # a line that ends beyond this share of the page's width runs to the margin
MAX_MARKS: Final = 400_000  # characters and strokes of all pages; more is no notice
_FOOTER: Final = re.compile(
    r"^[\s—–\-·]{0,6}(?:第\s?)?\d{1,3}(?:\s?页)?(?:[\s,，/共]{1,4}\d{1,3}\s?页?)?[\s—–\-·]{0,6}$"
)
_CLOSED: Final = re.compile(r"[。;；:：!！?？]$")
_OPENS: Final = re.compile(
    r"^\s*(?:[一二三四五六七八九十]{1,3}[、.]|[(（][一二三四五六七八九十\d]{1,3}[)）]|\d{1,2}[、.．]|第[一二三四五六七八九十]{1,3}|附件|[①-⑳])"
)

# Its remarks about damaged fonts are not for the person at the terminal.
logging.getLogger("pdfminer").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class _Text:
    """One printed line: its words, where it stands, the size of its letters."""

    words: str
    left: float
    right: float
    top: float
    size: float


@dataclass(frozen=True, slots=True)
class _Grid:
    """One table of a page and where it begins."""

    rows: tuple[tuple[Cell, ...], ...]
    top: float


def pdf_blocks(content: bytes) -> list[Block]:
    """Read a PDF into blocks."""
    with pdfplumber.open(io.BytesIO(content)) as document:
        if len(document.pages) > MAX_PAGES:
            raise NoticeUnreadable("notice.too_many_pages", limit=MAX_PAGES)
        pages: list[list[_Text | _Grid]] = []
        left = MAX_MARKS
        width = float(document.pages[0].width) if document.pages else 0.0
        for page in document.pages:
            left -= len(page.chars) + len(page.edges)
            if left < 0:
                raise NoticeUnreadable("notice.too_large", limit_mb=20)
            pages.append(_page(page))
            page.close()
    items = _chained(pages)
    if not items:
        raise NoticeUnreadable("notice.no_text")
    return _blocks(items, width)


def _page(page: Any) -> list[_Text | _Grid]:
    tables = [t for t in page.find_tables() if len(t.rows) >= 1 and max(len(r.cells) for r in t.rows) >= 2]
    boxes = [t.bbox for t in tables]
    outside = page.filter(lambda thing: not any(_inside(thing, box) for box in boxes)) if boxes else page
    lines = [_text(line, page.bbox[0]) for line in outside.extract_text_lines(return_chars=True, strip=False)]
    items: list[_Text | _Grid] = [
        line for line in lines if line.words.strip() and not _FOOTER.match(line.words.strip())
    ]
    items += [_Grid(_cells(t), t.bbox[1]) for t in tables]
    return sorted(items, key=lambda item: item.top)


def _inside(thing: dict[str, Any], box: Sequence[float]) -> bool:
    if thing.get("object_type") != "char":
        return False
    x, y = (thing["x0"] + thing["x1"]) / 2, (thing["top"] + thing["bottom"]) / 2
    return bool(box[0] <= x <= box[2] and box[1] <= y <= box[3])


def _text(line: dict[str, Any], margin: float) -> _Text:
    """Write a line with as many blanks as its gaps are wide, so that columns stay apart."""
    chars = sorted((c for c in line["chars"] if c["text"].strip()), key=lambda c: c["x0"])
    if not chars:
        return _Text("", 0, 0, float(line["top"]), 1)
    size = max(float(sorted(c["size"] for c in chars)[len(chars) // 2]), 1.0)
    words = " " * min(int((chars[0]["x0"] - margin) / (size / 2)), 120)
    for before, char in zip([None, *chars], chars, strict=False):
        gap = char["x0"] - before["x1"] if before else 0.0
        if gap > 0.3 * size:
            words += " " * max(1, min(round(gap / (size / 2)), 60))
        words += char["text"]
    return _Text(words, float(chars[0]["x0"]), float(chars[-1]["x1"]), float(line["top"]), size)


def _cells(table: Any) -> tuple[tuple[Cell, ...], ...]:
    texts = table.extract()
    lines: list[tuple[Cell, ...]] = []
    for at in range(len(table.rows)):
        line = []
        for column, text in enumerate(texts[at]):
            is_below = text is None and at > 0 and column < len(lines[-1]) and _covers(table, at, column)
            line.append(Cell(lines[-1][column].text, True) if is_below else Cell(text or ""))
        lines.append(tuple(line))
    return tuple(lines)


def _covers(table: Any, at: int, column: int) -> bool:
    """Tell whether the missing cell lies below one that reaches down into its row."""
    tops = [c[1] for c in table.rows[at].cells if c]
    lefts = sorted((c[0], c[2]) for r in table.rows if column < len(r.cells) and (c := r.cells[column]))
    if not tops or not lefts:
        return False
    middle = (lefts[0][0] + min(right for _, right in lefts)) / 2
    return any(c[0] <= middle <= c[2] and c[1] < min(tops) - 1 and c[3] > min(tops) + 1 for c in table.cells)


def _chained(pages: list[list[_Text | _Grid]]) -> list[_Text | _Grid]:
    """Join a table that ends a page with the one that begins the next."""
    items: list[_Text | _Grid] = []
    for page in pages:
        rest = page
        if (
            items
            and page
            and isinstance(page[0], _Grid)
            and isinstance(items[-1], _Grid)
            and _same_width(items[-1], page[0])
        ):
            items[-1] = _Grid(_continued(items[-1].rows, page[0].rows), items[-1].top)
            rest = page[1:]
        items += rest
    return items


def _same_width(above: _Grid, below: _Grid) -> bool:
    return bool(above.rows and below.rows) and len(above.rows[-1]) == len(below.rows[0])


def _continued(
    above: tuple[tuple[Cell, ...], ...], below: tuple[tuple[Cell, ...], ...]
) -> tuple[tuple[Cell, ...], ...]:
    first = below[0]
    is_rest = not first[0].text.strip() and all(row[0].text.strip() for row in above) and len(first) > 2
    if not is_rest or sum(bool(c.text.strip()) for c in first) * 2 > len(first) + 1:
        return above + below
    # A row that the page end has cut in two goes on without its number.
    whole = tuple(Cell((a.text + "\n" + b.text).strip(), a.inherited) for a, b in zip(above[-1], first, strict=True))
    return (*above[:-1], whole, *below[1:])


def _blocks(items: Sequence[_Text | _Grid], width: float) -> list[Block]:
    blocks: list[Block] = []
    run: list[_Text] = []
    edge = max((i.right for i in items if isinstance(i, _Text)), default=0.0)
    # A centred title may be the longest line; only lines that fill the page are broken by its margin.
    edge = edge if edge >= FULL * width else float("inf")
    for item in items:
        if isinstance(item, _Text):
            run.append(item)
            continue
        blocks += blocks_of("\n".join(_flowing(run, edge)))
        run = []
        blocks.append(Table(item.rows, knows_merges=True))
    return blocks + blocks_of("\n".join(_flowing(run, edge)))


def _flowing(run: Sequence[_Text], edge: float) -> list[str]:
    """Join lines that only the right margin has broken."""
    lines: list[str] = []
    for before, line in zip([None, *run], run, strict=False):
        goes_on = before is not None and before.right > edge - 2.2 * before.size and not _CLOSED.search(before.words)
        if goes_on and lines and not _OPENS.match(line.words) and "  " not in line.words.strip():
            lines[-1] += line.words.strip()
        else:
            lines.append(line.words)
    return lines
