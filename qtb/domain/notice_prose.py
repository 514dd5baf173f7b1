"""A schedule told in running text: stages under headings, labelled times, deadlines inside sentences."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from qtb.domain.date_masks import is_undecided
from qtb.domain.dates import read_dates
from qtb.domain.notice_cells import parted, tight, trimmed
from qtb.domain.notice_deadlines import deadlines
from qtb.domain.notice_head import signature
from qtb.domain.notice_lines import dated, is_led_by_date, is_when, plain_label
from qtb.domain.notice_model import Draft
from qtb.domain.notice_stages import each_is, stage_of
from qtb.domain.numerals import fold

MAX_LINES: Final = 3000  # of running text; the stages of a notice stand well before
_PARTY: Final = re.compile(
    r"^(?:责任|牵头|组织|主办|承办|实施|负责)(?:单位|部门|机构|者|方)?\s?[:：]\s?([^。;；]{2,60})"
)
_WHEN_ONLY: Final = re.compile(
    r"^(?:时\s?间|日\s?期|起止时间|时间安排|时间节点|时间要求|活动时间|工作时间|完成时间|截止时间|时限|期限|时段|进度)\s?[:：]\s?"
)
_SPLIT: Final = re.compile(
    r"(?=第[一二三四五六七八九十]{1,2}(?:阶段|步|环节))|(?<=[。;；:：,，])(?=[一二三四五六七八九]是)|(?<=[。;；:：])\s?(?=[①-⑳])|"
    r"(?<=[。;；:：])\s?(?=[(（][一二三四五六七八九1-9][)）])"
)
_GENERIC: Final = re.compile(
    r"要求|事项|说明|方式|方法|联系|其他|其它|注意|原则|宗旨|目的|条件|背景|意义|对象|范围|依据|组织领导|须知|材料|附件|费用|地点|内容$|保障|标准"
)
# A margin has cut a date in two: 于2024年6 / 月12日前.
_BROKEN: Final = re.compile(r"[\u4e00-\u9fff].{6,400}(?:年|月|[年月至到—-]\s?\d{1,2}|20\d{0,2})$")
_REST: Final = re.compile(r"\d{0,4}\s?[年月日]")
_SALUTE: Final = re.compile(r"^(?:各|尊敬|全体|亲爱|敬|附|联系|主送|抄送)")
_BULLET: Final = re.compile(r"^[\s•·●○■□◆◇★☆▲△►▶➢✦※*▪◎\-–—>]{1,6}(?=\S)")
_SECTION: Final = re.compile(r"安排|步骤|进度|程序|流程|阶段|日程|计划|时间")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text with its numbering parted."""

    text: str
    number: int | None
    style: str
    body: str


def prose_drafts(texts: Sequence[str]) -> list[Draft]:
    """Read the stages a text tells; without any, or beside them, the deadlines its sentences set."""
    lines = [_line(piece) for text in _unsigned(texts) for piece in _pieces(text)][:MAX_LINES]
    found: list[tuple[int, Draft]] = []
    heading: tuple[int, str, str] | None = None
    for at, line in enumerate(lines):
        drafts = _stages(line, heading if heading and at - heading[0] <= 6 else None, at)
        if drafts:
            found += [(at, d) for d in drafts]
            heading = None if len(drafts) == 1 and _WHEN_ONLY.match(line.body) else heading
        elif _is_heading(line):
            heading = (at, line.body, line.style)
        elif found and at - found[-1][0] <= 4 and (party := _PARTY.match(line.body)):
            found[-1] = (found[-1][0], replace(found[-1][1], party=found[-1][1].party or tight(party[1])))
    late = _late(lines, found)
    rows = [d for _, d in sorted([*found, *late], key=lambda pair: pair[0])]
    return _counted(_distinct(rows), {id(d): lines[at].number for at, d in found})


def _unsigned(texts: Sequence[str]) -> list[str]:
    signed = signature(texts)
    kept: list[str] = []
    for i, text in enumerate(texts):
        if kept and _BROKEN.search(kept[-1]) and _REST.match(text):
            kept[-1] += text.strip()
        elif not signed or i != signed[0]:
            kept.append(text.rstrip()[:20_000])
    return kept


def _pieces(text: str) -> list[str]:
    pieces = [p for p in _SPLIT.split(text) if p and p.strip()]
    return pieces if len(pieces) > 1 else [text]


def _line(text: str) -> Line:
    number, style, body = parted(_BULLET.sub("", text.strip()))
    return Line(text.strip(), number, style, _BULLET.sub("", body))


def _is_heading(line: Line) -> bool:
    words = tight(line.body).rstrip(":：")
    if _SALUTE.match(words) or words.endswith("如下"):
        return False
    if not 2 <= len(words) <= 30 or re.search(r"[。;；,，!！]$", line.body) or re.search(r"[:：].", line.body):
        return False
    return line.number is not None or line.body.endswith(("阶段", ":", "："))


def _stages(line: Line, heading: tuple[int, str, str] | None, at: int) -> list[Draft]:
    body = line.body
    when = _WHEN_ONLY.match(body)
    words = body[when.end() :] if when else body
    if heading and (is_when(words) or (when and is_undecided(fold(words)))):
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
    if not stage.title and heading:
        stage = replace(stage, title=_heading_title(heading[1]))
    if heading and line.number is None and at == heading[0] + 1 and is_led_by_date(body):
        title = _heading_title(heading[1])
        stage = replace(stage, title=stage.title if _GENERIC.search(title) or _SECTION.search(title) else title)
    return [replace(stage, source=line.text)] if stage.title else []


def _heading_title(text: str) -> str:
    return plain_label(trimmed(tight(text)))


def _late(lines: Sequence[Line], found: list[tuple[int, Draft]]) -> list[tuple[int, Draft]]:
    """Take deadlines from sentences that no stage covers."""
    stages = {at for at, _ in found}
    covered = _covered(lines, found)
    result: list[tuple[int, Draft]] = []
    heading = ""
    for at, line in enumerate(lines):
        if _is_heading(line):
            heading = _heading_title(line.body) if line.number is not None else ""
            continue
        within = covered.get(at)
        heading = _run_in(line) or heading
        own = heading if heading and not _GENERIC.search(heading) and not _SECTION.search(heading) else ""
        mine = [d for d in deadlines(line.body, own) if within is None or _is_outside(d, within)]
        result += [(at, replace(d, source=line.text)) for d in mine if at not in stages]
    return result


def _run_in(line: Line) -> str:
    """Give the heading that opens a numbered paragraph: （一）申报材料。请于……"""
    found = re.match(r"([^。：:，,；;]{2,14})[。：:]", line.body) if line.number is not None else None
    return _heading_title(found[1]) if found and not dated(found[1]) else ""


def _covered(lines: Sequence[Line], found: list[tuple[int, Draft]]) -> dict[int, Draft]:
    """Give the lines that belong to a stage: those below it up to the next heading of its own or a higher rank."""
    covered: dict[int, Draft] = {}
    for at, draft in found:
        for below in range(at, len(lines)):
            if below > at and lines[below].number is not None and not _is_below(lines[at], lines[below]):
                break
            covered[below] = draft
    return covered


def _is_outside(draft: Draft, stage: Draft) -> bool:
    """Tell whether a deadline below a stage falls out of its window, and so is one of its own."""
    # Any leap year will do to compare days that may lack their year.
    own, window = read_dates(draft.text, year=2000), read_dates(stage.text, year=2000)
    if draft.only != "end" or own.end is None or not (window.start and window.end):
        return False
    day, first, last = ((d.month, d.day) for d in (own.end, window.start, window.end))
    return not first <= day <= last


def _is_below(stage: Line, line: Line) -> bool:
    order = "acbdegf"
    return bool(stage.style) and bool(line.style) and order.index(line.style) > order.index(stage.style)


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
