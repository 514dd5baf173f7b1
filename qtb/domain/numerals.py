"""Chinese numerals and look-alike characters, so that one reading serves every way a number is printed."""

from __future__ import annotations

import re
from typing import Final

_DIGITS: Final = {c: i for i, c in enumerate("零一二三四五六七八九")} | {
    "〇": 0, "○": 0, "◯": 0, "О": 0, "O": 0, "o": 0, "两": 2, "壹": 1, "贰": 2, "叁": 3, "肆": 4,
    "伍": 5, "陆": 6, "柒": 7, "捌": 8, "玖": 9,
}  # fmt: skip
_TENS: Final = {"十": 1, "拾": 1, "廿": 2, "卅": 3}

# The words of headings as Hong Kong and Taiwan write them, each beside its twin.
_TRADITIONAL: Final = (
    "責责單单時时間间內内項项階阶環环節节點点辦办機机構构門门負负執执參参與与組组織织實实體体對对"
    "備备註注說说聯联繫系電电話话號号編编網网鏈链標标題题開开結结終终週周進进報报級级會会協协審审評评獎奖動动"
)

# One character for one character: positions in the folded text are positions in the printed text.
_FOLD: Final = (
    {0xFF01 + i: 0x21 + i for i in range(94)}
    | {ord(c): "-" for c in "‐‑‒−﹣⁃"}
    | {ord(c): "—" for c in "–―─━ーｰ﹘⸺⸻"}
    | {ord(c): "~" for c in "～〜∼∽˜﹏〰"}
    | {ord(c): ord(" ") for c in "\u3000\u00a0\u2002\u2003\u2009\u202f\u205f\t\n\r\v\f"}
    | {ord("﹙"): "(", ord("﹚"): ")", ord("．"): ".", ord("﹒"): ".", ord("｡"): "。", ord("､"): "、"}
    | {ord(a): b for a, b in zip(_TRADITIONAL[::2], _TRADITIONAL[1::2], strict=True)}
    | {ord("⽉"): "月", ord("⽇"): "日", ord("⼀"): "一", ord("⼆"): "二", ord("⼗"): "十"}
)
_STROKE: Final = re.compile(r"(?<=[年月日号旬初末底])(\s?)一(?=\s?(?:\d|次年|翌年))")
# Scanning sets digits apart: 5 月 1 0 日; they move together, to the right, so that no other position moves.
_APART: Final = re.compile(r"(?<!\d)\d(?: \d){1,3}(?= [年月日号])")
_CIRCLED: Final = {chr(base + i): i + 1 for base in (0x2460, 0x2474, 0x2488, 0x2776, 0x2780, 0x278A, 0x24F5)
                   for i in range(20 if base in (0x2460, 0x2474, 0x2488) else 10)}  # fmt: skip
_IDEOGRAPHIC: Final = {chr(0x3220 + i): i + 1 for i in range(10)} | {chr(0x3280 + i): i + 1 for i in range(10)}
_ROMAN: Final = {chr(0x2160 + i): i + 1 for i in range(12)}
_SEQUENCE: Final = re.compile(
    r"^[\s(\[【第]{0,4}(?:no\.?|步骤|阶段)?\s?(\d{1,4}|[零〇一二三四五六七八九十百]{1,5})\s?"
    r"(?:[)\]】.、,:]|阶段|步|项|期|号){0,3}\s?$",
    re.I,
)


def fold(text: str) -> str:
    """Give every wide, dashed or blank character its plain twin without moving any position."""
    folded = text.translate(_FOLD)
    if " " in folded:
        folded = _APART.sub(lambda found: found[0].replace(" ", "").rjust(len(found[0])), folded)
    # A dash is often typed or scanned as the numeral one: 3月1日一5月31日.
    return _STROKE.sub(r"\1—", folded) if "一" in folded else folded


def number(text: str) -> int | None:
    """Read a short Arabic or Chinese numeral, None when it is neither."""
    if text.isascii() and text.isdigit():
        return int(text) if len(text) <= 9 else None
    if not text or len(text) > 5:
        return None
    if any(c in _TENS for c in text):
        return _tens(text)
    digits = [int(c) if c.isascii() and c.isdigit() else _DIGITS.get(c) for c in text]
    return None if None in digits else int("".join(str(d) for d in digits))


def _tens(text: str) -> int | None:
    at = next(i for i, c in enumerate(text) if c in _TENS)
    left, right = text[:at], text[at + 1 :]
    high = _DIGITS.get(left) if left else _TENS[text[at]]
    low = _DIGITS.get(right) if right else 0
    return None if high is None or low is None else high * 10 + low


def sequence(text: str) -> int | None:
    """Read a sequence cell such as 3, 三, (三), ③, 第三阶段 or 3., None when it is something else."""
    bare = text.strip()
    for table in (_CIRCLED, _IDEOGRAPHIC, _ROMAN):
        if bare[:1] in table and bare[1:] in ("", ".", "、", "．"):
            return table[bare[:1]]
    found = _SEQUENCE.match(fold(bare)) if len(bare) <= 12 else None
    return number(found[1]) if found else None


def width(text: str) -> int:
    """Count the columns a text takes in a terminal or a typewritten table."""
    return sum(2 if _is_wide(ord(c)) else 1 for c in text)


def _is_wide(code: int) -> bool:
    return (
        0x1100 <= code <= 0x115F
        or 0x2E80 <= code <= 0xA4CF
        or 0xAC00 <= code <= 0xD7A3
        or (
            0xF900 <= code <= 0xFAFF
            or 0xFE30 <= code <= 0xFE6F
            or 0xFF00 <= code <= 0xFF60
            or 0x20000 <= code <= 0x3FFFD
        )
    )
