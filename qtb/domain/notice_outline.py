"""The outline of running text: lines joined where a margin cut them, numbered, headed, one below the other."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from qtb.domain.notice_cells import parted, tight
from qtb.domain.notice_head import signature
from qtb.domain.notice_lines import dated, is_led_by_date
from qtb.domain.notice_model import Draft
from qtb.domain.numerals import sequence

_SPLIT: Final = re.compile(
    r"(?=第[一二三四五六七八九十]{1,2}(?:阶段|步|环节))|(?<=[。;；:：,，])(?=[一二三四五六七八九]是)|(?<=[。;；:：])\s?(?=[①-⑳])|"
    r"(?<=[。;；:：])\s?(?=[(（][一二三四五六七八九1-9][)）])"
)
# A margin has cut a date in two: 于2024年6 / 月12日前, or a range: (6月10日— / 7月10日).
_BROKEN: Final = re.compile(r"[\u4e00-\u9fff].{6,400}(?:年|月|[年月至到—-]\s?\d{1,2}|20\d{0,2})$")
_REST: Final = re.compile(r"\d{0,4}\s?[年月日]")
_OPEN_RANGE: Final = re.compile(
    r"[年月日号旬初中底末]\s?(?:[(（][^()（）]{1,8}[)）])?\s?(?:\d{1,2}[:：时]\d{0,2})?\s?(?:[-－—–~～至到]|——)\s?$"
)
_MARKS: Final = re.compile(r"\*\*|__|^\s{0,3}#{1,6}\s")
_DECIMAL: Final = re.compile(r"^\d{1,2}(?:[.．]\d{1,2}){1,3}[.．、]?\s{0,4}(?=[\u4e00-\u9fff])")
_ASKS: Final = re.compile(r"^[\u4e00-\u9fff]{2,8}(?:时间|日期|期限)$")
_SALUTE: Final = re.compile(r"^(?:各|尊敬|全体|亲爱|敬|附|联系|主送|抄送)")
_BULLET: Final = re.compile(r"^[\s•·●○■□◆◇★☆▲△►▶➢✦※*▪◎\-–—>]{1,6}(?=\S)")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text with its numbering parted."""

    text: str
    number: int | None
    style: str
    body: str


def lines_of(texts: Sequence[str], most: int) -> list[Line]:
    """Cut texts into lines with their numbering parted; the signature's date is left out."""
    return [_line(piece) for text in _unsigned(texts) for piece in _pieces(text)][:most]


def _unsigned(texts: Sequence[str]) -> list[str]:
    signed = signature(texts)
    kept: list[str] = []
    for i, text in enumerate(texts):
        if kept and _is_cut(kept[-1], text):
            kept[-1] += text.strip()
        elif not signed or i != signed[0]:
            kept.append(text.rstrip()[:20_000])
    return kept


def _is_cut(above: str, text: str) -> bool:
    above = above[-400:]
    if _OPEN_RANGE.search(above) and is_led_by_date(text.strip()):
        return True
    return bool(_BROKEN.search(above)) and bool(_REST.match(text))


def _pieces(text: str) -> list[str]:
    pieces = [p for p in _SPLIT.split(text) if p and p.strip()]
    return pieces if len(pieces) > 1 else [text]


def _line(text: str) -> Line:
    number, style, body = parted(_BULLET.sub("", _unmarked(_MARKS.sub("", text).strip())))
    decimal = _DECIMAL.match(body)
    # 3.1 may be a day: it numbers the line only where a date follows.
    if number is None and decimal and dated(body[decimal.end() :]):
        number, style, body = sequence(re.split(r"[.．]", decimal[0].strip(" .．、"))[-1]), "h", body[decimal.end() :]
    return Line(text.strip(), number, style, _BULLET.sub("", body))


def _unmarked(text: str) -> str:
    """Take off the little pictures that open a line in messages."""
    at = next((i for i, c in enumerate(text[:12]) if unicodedata.category(c) not in ("So", "Sk", "Zs", "Mn", "Cf")), 0)
    return text[at:]


def is_heading(line: Line) -> bool:
    """Tell whether a line is a heading."""
    words = tight(line.body).rstrip(":：")
    if _SALUTE.match(words) or words.endswith("如下"):
        return False
    if not 2 <= len(words) <= 30 or re.search(r"[。;；,，!！]$", line.body) or re.search(r"[:：].", line.body):
        return False
    return line.number is not None or line.body.endswith(("阶段", ":", "：")) or bool(_ASKS.search(words))


def covered(lines: Sequence[Line], found: list[tuple[int, Draft]]) -> dict[int, tuple[Draft, bool]]:
    """Give the lines below a stage up to the next heading of its rank, with it and whether it is numbered."""
    result: dict[int, tuple[Draft, bool]] = {}
    for at, draft in found:
        for below in range(at, len(lines)):
            if below > at and lines[below].number is not None and not _is_below(lines[at], lines[below]):
                break
            result[below] = draft, lines[at].number is not None
    return result


def _is_below(stage: Line, line: Line) -> bool:
    order = "acbdhegf"
    return bool(stage.style) and bool(line.style) and order.index(line.style) > order.index(stage.style)
