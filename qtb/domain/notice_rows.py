"""Rows finished: dates read with the year known, numbers given, every doubt noted beside its row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from qtb.domain.dates import Reading, phrases, read_dates
from qtb.domain.notice_model import Draft, NoticeRow, Warning_
from qtb.domain.notice_years import settled


def finish(
    found: Sequence[Draft], year: int | None, notice_date: date | None, known: int | None, *, is_told: bool
) -> tuple[tuple[NoticeRow, ...], list[Warning_]]:
    """Turn drafts into rows and warnings."""
    first = [_read(draft, draft.year or year, notice_date) for draft in found]
    years = settled(first, found, year, known)
    rows: list[NoticeRow] = []
    warnings: list[Warning_] = []
    taken: set[int] = set()
    for draft, (own, code) in zip(found, years, strict=True):
        reading = _read(draft, own, notice_date)
        number = draft.seq if draft.seq is not None else (rows[-1].seq if rows else 0) + 1
        rows.append(_row(draft, reading, number))
        codes = [*reading.codes, *([code] if code else []), *_more(draft, reading, number, taken)]
        if is_told and year is not None and reading.years and year not in _spanned(reading):
            codes.append("year_differs")
        codes += _lone_start(draft, reading, notice_date)
        warnings += [Warning_(number, c, draft.text or draft.title) for c in dict.fromkeys(codes)]
        taken.add(number)
    return tuple(rows), warnings


def _spanned(reading: Reading) -> set[int]:
    return {*reading.years, *(d.year for d in (reading.start, reading.end) if d)}


def _lone_start(draft: Draft, reading: Reading, notice_date: date | None) -> list[str]:
    has_now = any(w.left.now for p in phrases(draft.text, whole=draft.whole) for w in p.windows)
    return ["open_start"] if has_now and notice_date is None and reading.start is None else []


def _more(draft: Draft, reading: Reading, number: int, taken: set[int]) -> list[str]:
    codes = []
    if not reading.has_date and not reading.codes:
        codes.append("no_date")
    if not draft.title:
        codes.append("no_title")
    if number in taken and not draft.inherited:
        codes.append("seq_repeated")
    return codes


def _row(draft: Draft, reading: Reading, number: int) -> NoticeRow:
    return NoticeRow(
        seq=number, title=draft.title, text=draft.text, start=reading.start, end=reading.end, party=draft.party,
        url=draft.url, fuzzy=reading.fuzzy, inherited=draft.inherited, source=draft.source,
    )  # fmt: skip


def _read(draft: Draft, year: int | None, notice_date: date | None) -> Reading:
    if draft.start_text is not None and draft.end_text is not None:
        return _two(draft, year, notice_date)
    text = draft.text
    reading = read_dates(text, year=year, notice_date=notice_date, whole=draft.whole)
    if draft.only and _is_single(draft, reading):
        return read_dates(
            text, year=year, notice_date=notice_date, whole=draft.whole, only=draft.only.replace("finish", "end")
        )
    return reading


def _is_single(draft: Draft, reading: Reading) -> bool:
    """Tell whether the cell holds one point, so that the heading decides which edge it is."""
    windows = [w for p in phrases(draft.text, whole=draft.whole) for w in p.windows]
    if any(w.right or w.left.now for w in windows):
        return False
    # Under 完成时间 a day is the last one, while a month is the time in which the work is done.
    return draft.only != "finish" or all(w.left.days and not w.left.loose for w in windows)


def _two(draft: Draft, year: int | None, notice_date: date | None) -> Reading:
    """Read a start and an end that stand in two columns as one range; either may be missing."""
    start, end = draft.start_text or "", draft.end_text or ""
    both = read_dates(f"{start}—{end}", year=year, notice_date=notice_date) if start and end else Reading()
    windows = [w for p in phrases(f"{start}—{end}", whole=True) for w in p.windows]
    if len(windows) == 1 and windows[0].right:
        return both
    left = read_dates(start, year=year, notice_date=notice_date, only="start")
    right = read_dates(end, year=year, notice_date=notice_date, only="end")
    codes = tuple(dict.fromkeys(left.codes + right.codes))
    joint = Reading(left.start, right.end, left.fuzzy or right.fuzzy, codes, left.years + right.years,
                    left.has_date or right.has_date)  # fmt: skip
    if joint.start and joint.end and joint.end < joint.start:
        return replace(joint, start=None, end=None, codes=(*codes, "reversed_range"))
    return joint
