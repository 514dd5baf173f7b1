"""Tables read as a schedule: which of them are one, and which of their rows say what, when and who."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from qtb.domain.notice_cells import joined, key, parted, tight, trimmed, without_urls
from qtb.domain.notice_columns import Columns, assign
from qtb.domain.notice_grids import Sheet, heading_year, is_spanning, sheet
from qtb.domain.notice_header import is_timed
from qtb.domain.notice_model import Cell, Draft, Table
from qtb.domain.numerals import sequence

_REMARK: Final = re.compile(r"^\s{0,4}(?:备\s?注|注|说\s?明|注意|合\s?计|总\s?计|小\s?计)\s?(?:[:：1-9]|$)")
# A table under such words is about something else than this year's schedule.
_ASIDE: Final = re.compile(
    r"往年|上年度|上一年度|历年|回顾|样表|示例|填写说明|参考格式|联系方式|联系人|名单|收费|费用|名额|获奖"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """One table judged: its columns, its parts and the words above it."""

    columns: Columns
    sheet: Sheet
    knows_merges: bool
    place: int


def plan(table: Table, place: int, above: str) -> Plan:
    """Judge a table; strength 0 when it is no schedule."""
    parts = sheet(table.rows)
    columns = assign(parts.header, [r for r in parts.body if not is_spanning(r)])
    if columns.strength and _ASIDE.search(key(parts.caption or above)):
        columns = replace(columns, strength=0 if columns.strength == 1 else -1)
    return Plan(columns, parts, table.knows_merges, place)


def choose(plans: Sequence[Plan]) -> tuple[list[Plan], list[Plan]]:
    """Part the tables into those that make up the schedule and those that look like one but are left out."""
    strong = [p for p in plans if p.columns.strength == 2]
    if not strong:
        weak = [p for p in plans if p.columns.strength in (1, -1)]
        best = max(weak, key=lambda p: (p.columns.strength, len(p.sheet.body)), default=None)
        chosen = [p for p in weak if best and p.columns.strength == best.columns.strength and _is_kin(best, p)]
        return chosen, [p for p in weak if p not in chosen]
    first = max(strong, key=_worth)
    chosen = [p for p in plans if p is first or (p.columns.strength > 0 and _is_kin(first, p))]
    left = [p for p in plans if p not in chosen and p.columns.strength in (2, -1)]
    return [_headed_like(first, p) for p in chosen], left


def _worth(candidate: Plan) -> tuple[int, int]:
    columns = candidate.columns
    return (columns.seq is not None) + (columns.party is not None) + 2 * (
        len(candidate.sheet.body) > 1
    ), -candidate.place


def _is_kin(first: Plan, other: Plan) -> bool:
    """Tell whether two tables are parts of one schedule: the same heading, or none and the same width."""
    if not other.sheet.header:
        return bool(other.sheet.body) and len(other.sheet.body[0]) == len(first.sheet.header or first.sheet.body[0])
    mine, others = {key(h) for h in first.sheet.header if h}, {key(h) for h in other.sheet.header if h}
    return len(mine & others) * 4 >= 3 * max(len(mine), len(others)) or _shape(first) == _shape(other)


def _shape(candidate: Plan) -> tuple[object, ...]:
    c = candidate.columns
    return c.time, c.start, c.title, c.seq, c.party, len(candidate.sheet.header)


def _headed_like(first: Plan, other: Plan) -> Plan:
    return other if other.sheet.header or not first.sheet.header else replace(other, columns=first.columns)


def drafts(chosen: Plan) -> list[Draft]:
    """Read the rows of one table."""
    result: list[Draft] = []
    section_date, section_year = "", heading_year(chosen.sheet.caption) or chosen.columns.header_year
    above: tuple[Cell, ...] = ()
    for row in chosen.sheet.body:
        if _REMARK.match(joined(next((c.text for c in row if c.text.strip()), ""))):
            continue
        if is_spanning(row) and not _is_row(row, chosen.columns):
            text = joined(next(c.text for c in row if c.text.strip()))
            section_year = heading_year(text) or section_year
            section_date = text if is_timed(text) and not heading_year(text) else ""
            continue
        filled = _filled(row, above, chosen)
        draft = _draft(row, filled, chosen.columns)
        if section_date and not draft.text:
            draft = replace(draft, text=section_date, inherited=True, whole=False)
        result.append(replace(draft, year=draft.year or section_year))
        above = filled
    return _numbered(result)


def _is_row(row: tuple[Cell, ...], columns: Columns) -> bool:
    # A title alone in its own cell is a row whose date is missing; in the first cell of many it is a section.
    filled = [i for i, c in enumerate(row) if c.text.strip()]
    if len(filled) > 1 or columns.seq is None:
        return len(row) <= 2 and filled == [columns.title]
    return False


def _filled(row: tuple[Cell, ...], above: tuple[Cell, ...], chosen: Plan) -> tuple[Cell, ...]:
    """Let blank cells take what stands above, where the source cannot tell merged cells from blank ones."""
    if chosen.knows_merges or not above:
        return row
    columns = chosen.columns
    if columns.title is None or not row[columns.title].text.strip():
        heirs = {columns.title} if any(row[c].text.strip() for c in columns.timed) else set()
    else:
        heirs = {*columns.timed}
        if any(row[c].text.strip() for c in columns.timed) or _is_merged_like(chosen):
            heirs.add(columns.party)
    if columns.start is not None and any(row[c].text.strip() for c in columns.timed):
        heirs -= {*columns.timed}
    return tuple(
        Cell(above[i].text, True) if i in heirs and not c.text.strip() and above[i].text.strip() else c
        for i, c in enumerate(row)
    )


def _is_merged_like(chosen: Plan) -> bool:
    times = chosen.columns.timed
    return any(not row[c].text.strip() for row in chosen.sheet.body for c in times)


def _at(row: tuple[Cell, ...], column: int | None) -> str:
    return row[column].text if column is not None and column < len(row) else ""


def _draft(printed: tuple[Cell, ...], row: tuple[Cell, ...], columns: Columns) -> Draft:
    bare, url = without_urls(_at(row, columns.title))
    title = trimmed(joined(bare)) or joined(_at(row, columns.stage))
    texts = [joined(c.text) for c in printed]
    url = url or without_urls(_at(row, columns.link))[1]
    url = url or next((found for t in texts if (found := without_urls(t)[1])), None)
    used = (*columns.timed, columns.title, columns.party)
    start, end = joined(_at(row, columns.start)), joined(_at(row, columns.end))
    only = columns.only or ("end" if re.search(r"截止(?:时间|日期|期限|日)?$", tight(title)) else "")
    return Draft(
        title=tight(title), text=_text(row, columns), seq=sequence(joined(_at(row, columns.seq))), url=url,
        party=tight(joined(without_urls(_at(row, columns.party))[0])), only=only,
        inherited=any(row[c].inherited and row[c].text.strip() != "" for c in used if c is not None and c < len(row)),
        source=" | ".join(t for t in texts if t), year=heading_year(joined(_at(row, columns.year)) + "年"),
        start_text=start if columns.start is not None else None, end_text=end if columns.start is not None else None,
    )  # fmt: skip


def _text(row: tuple[Cell, ...], columns: Columns) -> str:
    if columns.start is not None:
        return "—".join(t for t in (joined(_at(row, columns.start)), joined(_at(row, columns.end))) if t)
    text = joined(_at(row, columns.time))
    return text + columns.unit if text and "月" not in text else text


def _numbered(found: list[Draft]) -> list[Draft]:
    """Take numbers that the titles carry when the table has no column for them: 1.报名, 2.申报."""
    if len(found) < 2 or any(d.seq is not None for d in found):
        return found
    marks = [parted(d.title) for d in found]
    if [m[0] for m in marks] != list(range(1, len(found) + 1)) or not all(m[2] for m in marks):
        return found
    return [replace(d, seq=m[0], title=trimmed(m[2])) for d, m in zip(found, marks, strict=True)]
