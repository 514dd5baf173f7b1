"""A schedule told in running text: stages under headings, labelled times, deadlines inside sentences."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from qtb.domain.date_masks import is_undecided
from qtb.domain.dates import read_dates
from qtb.domain.notice_cells import tight, trimmed, without_urls
from qtb.domain.notice_deadlines import deadlines
from qtb.domain.notice_lines import dated, is_led_by_date, is_when, plain_label
from qtb.domain.notice_model import Draft
from qtb.domain.notice_outline import Line, covered, is_heading, lines_of
from qtb.domain.notice_stages import each_is, open_stage, stage_of
from qtb.domain.numerals import fold

MAX_LINES: Final = 3000  # of running text; the stages of a notice stand well before
_PARTY: Final = re.compile(
    r"^(?:责任|牵头|组织|主办|承办|实施|负责)(?:单位|部门|机构|者|方)?\s?[:：]\s?([^。;；]{2,60})"
)
_WHEN_ONLY: Final = re.compile(
    r"^(?:时\s?间|日\s?期|起止时间|时间安排|时间节点|时间要求|活动时间|工作时间|完成时间|截止时间|时限|期限|时段|进度)\s?[:：]\s?"
)
_GENERIC: Final = re.compile(
    r"要求|事项|说明|方式|方法|联系|其他|其它|注意|原则|宗旨|目的|条件|背景|意义|对象|范围|依据|组织领导|须知|材料|附件|费用|地点|内容$|保障|标准"
)
_TIMETABLE: Final = re.compile(r"^(?:时间安排|起止时间|时间节点|时间进度|具体时间)(?=\s?[:：])")
_ELSEWHERE: Final = re.compile(r"联系|邮箱|电话|下载|附件|详见|咨询|查询|@|协会网站|官网")
_SECTION: Final = re.compile(r"安排|步骤|进度|程序|流程|阶段|日程|计划|时间")


def prose_drafts(texts: Sequence[str]) -> list[Draft]:
    """Read the stages a text tells; without any, or beside them, the deadlines its sentences set."""
    lines = lines_of(texts, MAX_LINES)
    found: list[tuple[int, Draft]] = []
    heading: tuple[int, str, str] | None = None
    for at, line in enumerate(lines):
        drafts = _stages(line, heading if heading and at - heading[0] <= 6 else None, at)
        if drafts:
            found += [(at, _linked(d, lines, at) if len(drafts) == 1 else d) for d in drafts]
            heading = None if len(drafts) == 1 and _WHEN_ONLY.match(line.body) else heading
        elif is_heading(line):
            heading = (at, line.body, line.style)
        elif found and at - found[-1][0] <= 4 and (party := _PARTY.match(line.body)):
            found[-1] = (found[-1][0], replace(found[-1][1], party=found[-1][1].party or tight(party[1])))
    found += _open_ones(lines, found)
    late = _late(lines, found)
    rows = [d for _, d in sorted([*found, *late], key=lambda pair: pair[0])]
    return _counted(_distinct(rows), {id(d): lines[at].number for at, d in found})


def _open_ones(lines: Sequence[Line], found: Sequence[tuple[int, Draft]]) -> list[tuple[int, Draft]]:
    """Keep the members of a list of stages whose time is still open: alone such a line would be no stage."""
    dated_at = {at for at, _ in found}
    near = {(lines[at].style, at + step) for at in dated_at for step in (-2, -1, 1, 2)}
    return [
        (at, replace(draft, source=line.text))
        for at, line in enumerate(lines)
        if at not in dated_at and (line.style, at) in near and (draft := open_stage(line.body))
    ]


def _linked(draft: Draft, lines: Sequence[Line], at: int) -> Draft:
    """Give a stage the address that stands behind it or on the line below."""
    if draft.url:
        return draft
    below = next((line for line in lines[at + 1 : at + 2] if line.number is None and not dated(line.body)), None)
    url = without_urls(lines[at].text)[1]
    if url is None and below is not None and not _ELSEWHERE.search(below.text):
        url = without_urls(below.text)[1]
    return replace(draft, url=url)


def _stages(line: Line, heading: tuple[int, str, str] | None, at: int) -> list[Draft]:
    body = line.body
    when = _WHEN_ONLY.match(body)
    words = body[when.end() :] if when else body
    if line.style == "a" and is_when(words):
        title = trimmed(line.text[: line.text.rfind(body)])
        draft = stage_of(f"{title}:{words}", True, "") if re.search(r"[期轮批次]$", title) else None
        if draft:
            return [replace(draft, title=title, source=line.text)]
    if heading and (is_when(words) or (when and is_undecided(fold(words))) or _answers(heading[1], words)):
        title = _heading_title(heading[1]) or tight(heading[1])
        is_named = "时间" in heading[1] or not _GENERIC.search(title)
        draft = stage_of(f"{title}:{words}", True, "") if is_named else None
        if draft:
            only = "end" if when and "截止" in when[0] else draft.only
            return [replace(draft, title=title, only=only, source=f"{heading[1]} | {line.text}")]
    several = each_is(body)
    if several:
        return [replace(d, source=line.text) for d in several]
    stage = stage_of(body, line.number is not None, line.style)
    if stage is None:
        return []
    if not stage.title:
        own = _TIMETABLE.match(body)
        stage = replace(stage, title=_heading_title(heading[1]) if heading else own[0] if own else "")
    if heading and line.number is None and at == heading[0] + 1 and is_led_by_date(body):
        title = _heading_title(heading[1])
        stage = replace(stage, title=stage.title if _GENERIC.search(title) or _SECTION.search(title) else title)
    return [replace(stage, source=line.text)] if stage.title else []


def _answers(heading: str, words: str) -> bool:
    """Tell whether a line opens with the date that a heading such as 会议时间 asks for."""
    asks = re.search(r"(?:时间|日期|期限|时限)[:：]?$", heading)
    return bool(asks) and len(words) <= 80 and is_led_by_date(words) and not re.search(r"。.", words)


def _heading_title(text: str) -> str:
    return plain_label(trimmed(tight(text)))


def _late(lines: Sequence[Line], found: list[tuple[int, Draft]]) -> list[tuple[int, Draft]]:
    """Take deadlines from sentences that no stage covers."""
    stages = {at for at, _ in found}
    within_stage = covered(lines, found)
    result: list[tuple[int, Draft]] = []
    heading = ""
    for at, line in enumerate(lines):
        if is_heading(line):
            heading = _heading_title(line.body) if line.number is not None else ""
            continue
        within = within_stage.get(at)
        heading = _run_in(line) or heading
        own = heading if heading and not _GENERIC.search(heading) and not _SECTION.search(heading) else ""
        mine = [d for d in deadlines(line.body, own) if within is None or _is_outside(d, *within)]
        result += [(at, replace(d, source=line.text)) for d in mine if at not in stages]
    return result


def _run_in(line: Line) -> str:
    """Give the heading that opens a numbered paragraph: （一）申报材料。请于……"""
    found = re.match(r"([^。：:，,；;]{2,14})[。：:]", line.body) if line.number is not None else None
    return _heading_title(found[1]) if found and not dated(found[1]) else ""


def _is_outside(draft: Draft, stage: Draft, is_listed: bool) -> bool:
    """Tell whether a deadline below a stage falls out of its window, and so is one of its own."""
    # Any leap year will do to compare days that may lack their year.
    own, window = read_dates(draft.text, year=2000), read_dates(stage.text, year=2000)
    if (draft.only != "end" and is_listed) or own.end is None or not (window.start and window.end):
        return False
    day, first, last = ((d.month, d.day) for d in (own.end, window.start, window.end))
    return not first <= day <= last


def _distinct(rows: list[Draft]) -> list[Draft]:
    seen: set[tuple[str, str]] = set()
    result: list[Draft] = []
    for row in rows:
        name = (row.title, fold(row.text))
        if name not in seen:
            seen.add(name)
            result.append(row)
    return result


def _counted(rows: list[Draft], numbers: dict[int, int | None]) -> list[Draft]:
    """Keep the text's own numbers when they count all rows upwards from one, else let them run."""
    own = [numbers.get(id(row)) for row in rows]
    given = [n for n in own if n is not None]
    if len(given) == len(rows) and given and given[0] == 1 and all(a < b for a, b in itertools.pairwise(given)):
        return [replace(row, seq=n) for row, n in zip(rows, given, strict=True)]
    return rows
