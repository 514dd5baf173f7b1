"""The notice reader: what any association's notice says about when, what and who, as rows with their doubts.

The codes of all doubts are the keys of `qtb.domain.notice_words.WORDS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qtb.domain.notice_cells import clean
from qtb.domain.notice_diff import RowChange, diff
from qtb.domain.notice_grids import parts
from qtb.domain.notice_head import document_year, find_title, posted_day, signature, title_year
from qtb.domain.notice_mixed import beside
from qtb.domain.notice_model import (
    MAX_CHARS,
    MAX_LINES,
    MAX_ROWS,
    Block,
    Cell,
    Draft,
    Notice,
    NoticeRow,
    Paragraph,
    Table,
    Warning_,
)
from qtb.domain.notice_prose import prose_drafts
from qtb.domain.notice_rows import finish
from qtb.domain.notice_tables import Plan, choose, drafts, plan
from qtb.domain.notice_text import blocks_of
from qtb.domain.notice_years import activity_year

__all__ = [
    "Block", "Cell", "Notice", "NoticeRow", "Paragraph", "RowChange", "Table", "Warning_", "diff", "read", "read_text",
]  # fmt: skip


def read_text(text: str, *, year: int | None = None) -> Notice:
    """Read a notice from plain text."""
    found = read(blocks_of(text), year=year)
    is_cut = len(text) > MAX_CHARS or text.count("\n") >= MAX_LINES
    return replace(found, warnings=(Warning_(None, "truncated"), *found.warnings)) if is_cut else found


def read(blocks: Sequence[Block], *, year: int | None = None) -> Notice:
    """Read a notice from its paragraphs and tables; `year` is the activity year where dates name none."""
    kept, is_cut = _bounded(blocks)
    lines = _lines(kept)
    title = find_title(lines)
    signed = signature(lines)
    notice_date = signed[1] if signed else posted_day(lines)
    found, doubts = _found(kept)
    if len(found) > MAX_ROWS:
        found, is_cut = found[:MAX_ROWS], True
    known = title_year(title)
    active = (
        year
        or activity_year(found, known)
        or known
        or document_year(lines)
        or (notice_date.year if notice_date else None)
    )
    rows, warnings = finish(found, active, notice_date, known, is_told=year is not None)
    if is_cut:
        doubts.append(Warning_(None, "truncated"))
    if active is None and rows and any(d.text for d in found):
        doubts.insert(0, Warning_(None, "year_unknown"))
    return Notice(title, active, notice_date, rows, (*doubts, *warnings))


def _bounded(blocks: Sequence[Block]) -> tuple[list[Block], bool]:
    kept: list[Block] = []
    left = MAX_CHARS
    for block in blocks:
        tidy: Block = Paragraph(clean(block.text)) if isinstance(block, Paragraph) else _tidy(block)
        left -= len(tidy.text) if isinstance(tidy, Paragraph) else sum(len(c.text) for row in tidy.rows for c in row)
        if left < 0:
            return kept, True
        kept.append(tidy)
    return kept, False


def _tidy(table: Table) -> Table:
    rows = tuple(tuple(Cell(clean(c.text)[:5000], c.inherited) for c in row[:60]) for row in table.rows[:2000])
    return Table(rows, table.knows_merges)


def _lines(blocks: Sequence[Block]) -> list[str]:
    paragraphs = [b.text for b in blocks if isinstance(b, Paragraph)]
    return [line for text in paragraphs for line in text.split("\n") if line.strip()]


def _found(blocks: Sequence[Block]) -> tuple[list[Draft], list[Warning_]]:
    """Take the schedule from the tables where there is one, else from the running text."""
    chosen, left = choose(_plans(blocks))
    rows = [draft for one in chosen for draft in drafts(one)]
    if not any(d.text for d in rows):
        return prose_drafts(_lines(blocks)), []
    at = chosen[0].place
    rows, more = beside(rows, prose_drafts(_lines(blocks[:at])), prose_drafts(_lines(blocks[at:])))
    doubts = [Warning_(None, "tables_joined")] if len(chosen) > 1 and _differ(chosen) else []
    doubts += [Warning_(None, "table_skipped", " ".join(p.sheet.header)) for p in left if p.columns.strength == 2]
    return rows, doubts + more


def _differ(chosen: Sequence[Plan]) -> bool:
    return len({p.sheet.header for p in chosen if p.sheet.header}) > 1


def _plans(blocks: Sequence[Block]) -> list[Plan]:
    plans: list[Plan] = []
    above = ""
    for place, block in enumerate(blocks):
        if isinstance(block, Paragraph):
            above = block.text.strip()[-80:] or above
        else:
            plans += [plan(Table(rows, block.knows_merges), place, above) for rows in parts(block.rows)]
            above = ""
    return plans
