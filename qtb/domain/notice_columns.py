"""What the columns of a table are for: judged by header words first, by what stands below them second."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from qtb.domain.notice_cells import joined, key
from qtb.domain.notice_header import is_dated, is_timed, role
from qtb.domain.notice_model import Cell
from qtb.domain.numerals import fold, sequence

Grid = Sequence[Sequence[Cell]]

_FOREIGN: Final = re.compile(
    r"获奖|奖项|证书|出生|身份证|账号|账户|开户|标准号|名额|得分|分值|评分|性别|年龄|学历|职称|职务|金额|单价|价格|成立|注册|班组名称|企业名称|单位名称"
    r"|姓名|成果名称|课题名称|标准名称|等级|邮编|传真|组长|申报单位名称|获奖单位|专利|合计"
)
_ORGAN: Final = re.compile(r"^.{0,16}(?:单位|部门?|处|科|室|会|组|院|中心|公司|企业|办|局|委|厂|车间|班组|质协|协会)$")
_PARTIES: Final = ("责任", "牵头", "负责", "主办", "承办", "组织", "实施", "执行", "落实")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row which thing stands; `strength` is 0 when the table is no schedule."""

    time: int | None = None
    title: int | None = None
    seq: int | None = None
    party: int | None = None
    start: int | None = None
    end: int | None = None
    year: int | None = None
    link: int | None = None
    stage: int | None = None
    only: str = ""
    unit: str = ""  # 月 where the heading says month and the cells are bare numbers
    header_year: int | None = None
    strength: int = 0

    @property
    def timed(self) -> tuple[int, ...]:
        """The columns that hold dates."""
        return tuple(c for c in (self.time, self.start, self.end) if c is not None)


def assign(header: Sequence[str], body: Grid) -> Columns:
    """Decide what each column is for; strength 2 by header words, 1 by content, 0 not a schedule."""
    roles = [role(h) for h in header]
    columns = _times(header, roles, body)
    if not columns.timed:
        return Columns()
    title, stage = _titles(header, roles, body, columns.timed)
    if title is None:
        return Columns()
    strength = _strength(header, roles, title)
    if strength == 1 and not _is_convincing(body, columns.timed, title):
        strength = 0
    return Columns(
        time=columns.time, start=columns.start, end=columns.end, only=columns.only, unit=columns.unit, title=title,
        stage=stage,
        seq=_first(roles, "seq") if roles and "seq" in roles else _numbered(roles, body, columns.timed, title),
        party=_party(header, roles, body, {*columns.timed, title, *([stage] if stage is not None else [])}),
        year=_first(roles, "year"), link=_first(roles, "link"), header_year=columns.header_year, strength=strength,
    )  # fmt: skip


def _strength(header: Sequence[str], roles: Sequence[str], title: int) -> int:
    foreign = sum(bool(_FOREIGN.search(key(h))) for h in header)
    if header and _FOREIGN.search(key(header[title])):
        return 0  # a list of people, works or standards
    if roles and roles[title] in ("name", "content") and (foreign < 2 or roles[title] == "content"):
        return 2
    return 0 if foreign else 1


def _first(roles: Sequence[str], name: str) -> int | None:
    return next((i for i, r in enumerate(roles) if r == name), None)


def _cells(body: Grid, column: int) -> list[str]:
    return [joined(row[column].text) if column < len(row) else "" for row in body]


def _share(body: Grid, column: int) -> float:
    filled = [t for t in _cells(body, column) if t]
    return sum(map(is_timed, filled)) / len(filled) if filled else 0.0


def _times(header: Sequence[str], roles: Sequence[str], body: Grid) -> Columns:
    wanted = [i for i, r in enumerate(roles) if r in ("time", "start", "end", "until", "finish")]
    unit = next(("月" for i in wanted if "月" in key(header[i]) and _is_bare(body, i)), "")
    wanted = [i for i in wanted if unit or _share(body, i) > 0]
    start = next((i for i in wanted if roles[i] == "start"), None)
    end = next((i for kind in ("end", "until", "finish") for i in wanted if roles[i] == kind), None)
    year = next((p for i in wanted if (p := _header_year(header[i]))), None)
    if start is not None and end is not None:
        return Columns(start=start, end=end, unit=unit, header_year=year)
    if wanted:
        best = max(wanted, key=lambda i: (roles[i] in ("time", "finish"), round(_share(body, i), 1)))
        only = {"start": "start", "end": "end", "until": "end", "finish": "finish"}.get(roles[best], "")
        return Columns(time=best, only=only, unit=unit, header_year=year)
    return _time_by_content(roles, body)


def _header_year(text: str) -> int | None:
    found = re.search(r"(?<!\d)(20\d\d)\s?年", fold(text))
    return int(found[1]) if found else None


def _is_bare(body: Grid, column: int) -> bool:
    filled = [fold(t) for t in _cells(body, column) if t]
    return bool(filled) and all(re.fullmatch(r"[\d\s\-—~、,至到]{1,12}", t) for t in filled)


def _time_by_content(roles: Sequence[str], body: Grid) -> Columns:
    width = max((len(row) for row in body), default=0)
    free = [i for i in range(width) if not roles or i >= len(roles) or roles[i] in ("", "name", "content", "note")]
    shares = {
        i: sum(map(is_dated, filled)) / len(filled) for i in free if (filled := [t for t in _cells(body, i) if t])
    }
    likely = [i for i in free if shares.get(i, 0.0) >= 0.6]
    return Columns(time=max(likely, key=lambda i: shares[i])) if likely else Columns()


def _titles(
    header: Sequence[str], roles: Sequence[str], body: Grid, taken: tuple[int, ...]
) -> tuple[int | None, int | None]:
    names = [i for i, r in enumerate(roles) if r == "name" and i not in taken]
    contents = [i for i, r in enumerate(roles) if r == "content" and i not in taken]
    if names and contents:
        return (names[0], None) if _is_naming(body, names[0], contents[0]) else (contents[0], names[0])
    if len(names) > 1:
        fit = [i for i in names if _is_naming(body, i, i)]
        # 阶段 | 工作任务: where the earlier one repeats, the later column is the finer one.
        title = fit[0] if fit and fit[0] == names[0] else names[1]
        return title, names[0] if title != names[0] else None
    if names or contents:
        title = (names or contents)[0]
        if any(_cells(body, title)) and not all(sequence(t) is not None for t in _cells(body, title) if t):
            return title, None
    if not names and (things := [i for i, h in enumerate(header) if "材料" in key(h) and i not in taken]):
        return things[0], None
    # Where nothing but ordinals names the rows, 第一期 is their name.
    other = _title_by_content(roles, body, taken)
    return other if other is not None else next(iter(names), None), None


def _is_naming(body: Grid, name: int, content: int) -> bool:
    """Tell whether the name column names each row by itself: filled, unlike each other, more than a number."""
    cells = [row[name] for row in body if name < len(row)]
    texts = [joined(c.text) for c in cells]
    if any(c.inherited for c in cells) or not all(texts) or len(set(texts)) < len(texts):
        return False
    return not all(sequence(t) is not None or re.fullmatch(r"第.{1,3}阶段", t) for t in texts)


def _title_by_content(roles: Sequence[str], body: Grid, taken: tuple[int, ...]) -> int | None:
    width = max((len(row) for row in body), default=0)
    scores: dict[int, float] = {}
    for i in range(width):
        known = roles[i] if i < len(roles) else ""
        if i in taken or known in ("seq", "party", "note", "link", "year", "other", "time"):
            continue
        filled = [t for t in _cells(body, i) if t]
        wordy = [t for t in filled if re.search(r"[\u4e00-\u9fffA-Za-z]{2}", t) and sequence(t) is None]
        if filled and len(wordy) * 2 >= len(filled):
            scores[i] = len(wordy) / max(len(body), 1)
    # The first wordy column names the row: parties and remarks follow it.
    return min((i for i in scores if scores[i] >= 0.5), default=None)


def _party(header: Sequence[str], roles: Sequence[str], body: Grid, taken: set[int]) -> int | None:
    found = [i for i, r in enumerate(roles) if r == "party" and i not in taken]
    for word in _PARTIES:
        for i in found:
            if word in key(header[i]) and not header[i].strip().endswith(("人", "电话")):
                return i
    if found or roles:
        unnamed = [i for i, r in enumerate(roles) if not r and i not in taken and _is_organs(body, i)]
        return next(iter([*found, *unnamed]), None)
    width = max((len(row) for row in body), default=0)
    likely = [i for i in range(width) if i not in taken and _is_wordy(body, i)]
    return next((i for i in likely if i > max(taken)), None) if likely else None


def _is_wordy(body: Grid, column: int) -> bool:
    filled = [t for t in _cells(body, column) if t]
    return bool(filled) and all(re.search(r"[\u4e00-\u9fff]{2}", t) and len(t) <= 40 for t in filled)


def _is_organs(body: Grid, column: int) -> bool:
    """Tell whether a column under a word nobody foresaw lists bodies: 质量部, 各车间."""
    filled = [t for t in _cells(body, column) if t]
    return sum(bool(_ORGAN.search(t)) for t in filled) * 3 >= 2 * max(len(filled), 1)


def _numbered(roles: Sequence[str], body: Grid, taken: tuple[int, ...], title: int) -> int | None:
    if title == 0 or 0 in taken or (roles and roles[0] not in ("", "name")):
        return None
    filled = [t for t in _cells(body, 0) if t]
    return 0 if filled and all(sequence(t) is not None for t in filled) else None


def _is_convincing(body: Grid, times: tuple[int, ...], title: int) -> bool:
    """Ask more of a table without header words: two rows, mostly dates, and no telephone or money beside them."""
    if len(body) < 2 or max(_share(body, i) for i in times) < 0.6:
        return False
    texts = [joined(c.text) for row in body for c in row]
    if any(re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)|0\d{2,3}[-—]\d{7,8}|@|\d元|[￥¥]", fold(t)) for t in texts):
        return False
    named = [t for t in _cells(body, title) if t]
    return sum(bool(re.search(r"(?:公司|集团|厂|医院|学校|大学|班组)$", t)) for t in named) * 2 <= len(named)
