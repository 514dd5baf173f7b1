"""Columns that only blanks hold apart, as a typewriter or a copied page leaves them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from qtb.domain.dates import covers, phrases
from qtb.domain.notice_header import is_header, role
from qtb.domain.notice_model import Cell, Table
from qtb.domain.numerals import sequence, width

_WIDE_GAP: Final = re.compile(r"[ \u00a0]*\u3000[ \u3000\u00a0]*|[ \u00a0]{2,}")
_ANY_GAP: Final = re.compile(r"[ \u3000\u00a0]+")
# Two characters of a heading are often spaced out to fill their column: 内  容.
_SPREAD: Final = re.compile(
    r"(序|内|时|日|事|备|单|阶|项|部|步|进|地|环|任|活|主)[ \u3000\u00a0]{1,8}"
    r"(号|容|间|期|项|注|位|段|目|门|骤|度|点|节|务|动|题)(?![\u4e00-\u9fff])"
)


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    column: int  # where it starts, in columns of the screen
    stop: int


def spaced_table(lines: Sequence[str], at: int) -> tuple[Table, int] | None:
    """Read aligned columns: under a heading of header words, or three alike rows with dates."""
    head = _head(_SPREAD.sub(r"\1\2", lines[at]))
    if len(head) >= 2 and is_header([Cell(p.text) for p in head]):
        return _headed(lines, at, _placed(lines[at], [p.text for p in head]))
    return _unheaded(lines, at)


def _head(line: str) -> list[_Piece]:
    head = _pieces(line, _ANY_GAP)
    if not any(len(p.text) == 1 for p in head):
        return head
    # 责 任 单 位: every character stands apart, only wide gaps part the columns.
    wide = [_Piece(_ANY_GAP.sub("", p.text), p.column, p.stop) for p in _pieces(line, _WIDE_GAP)]
    return wide if len(wide) >= 2 and all(role(p.text) for p in wide) else head


def _pieces(line: str, gap: re.Pattern[str]) -> list[_Piece]:
    pieces: list[_Piece] = []
    at, column = 0, 0
    for found in [*gap.finditer(line), None]:
        text = line[at : found.start()] if found else line[at:]
        if text.strip():
            pieces.append(_Piece(text.strip(), column, column + width(text)))
        if found:
            column += width(text) + sum(2 if c == "\u3000" else 1 for c in found[0])
            at = found.end()
    return pieces


def _placed(line: str, words: list[str]) -> list[_Piece]:
    """Find where the header words stand in the line as printed, inner blanks included."""
    pieces: list[_Piece] = []
    at = 0
    for word in words:
        pattern = r"[ \u3000\u00a0]*".join(re.escape(c) for c in word)
        found = re.compile(pattern).search(line, at)
        if not found:
            return []
        column = sum(2 if c == "\u3000" else width(c) for c in line[: found.start()])
        pieces.append(_Piece(word, column, column + sum(2 if c == "\u3000" else width(c) for c in found[0])))
        at = found.end()
    return pieces


def _headed(lines: Sequence[str], at: int, head: list[_Piece]) -> tuple[Table, int] | None:
    rows: list[list[str]] = []
    stop, blanks = at + 1, 0
    for place in range(at + 1, min(len(lines), at + 700)):
        if not lines[place].strip():
            blanks += 1
            if blanks > 1:
                break
            continue
        row = _row(lines[place], head)
        if row and rows and not row[0] and role(head[0].text) == "seq":
            # Where rows are counted, a line without a number goes on with the row above.
            rows[-1] = [f"{a}\n{b}".strip() for a, b in zip(rows[-1], row, strict=True)]
        elif row is None:
            if blanks or not rows or not _continue(rows, lines[place], head):
                break
        else:
            rows.append(row)
        blanks, stop = 0, place + 1
    if not rows or not head:
        return None
    texts = [[p.text for p in head], *rows]
    return Table(tuple(tuple(Cell(t) for t in row) for row in texts)), stop


def _row(line: str, head: list[_Piece]) -> list[str] | None:
    pieces = _pieces(line, _WIDE_GAP)
    if len(pieces) == len(head) and _fits(pieces, head):
        return [p.text for p in pieces]
    split = _by_date(line, head)
    if split:
        return split
    if len(pieces) >= 2 and len(pieces) < len(head):
        return _aligned(pieces, head)
    singles = _pieces(line, _ANY_GAP)
    return [p.text for p in singles] if len(singles) == len(head) and _fits(singles, head) else None


def _fits(pieces: list[_Piece], head: list[_Piece]) -> bool:
    """Tell whether a line has its date where the heading has its time, or a number where it counts."""
    for piece, column in zip(pieces, head, strict=True):
        kind = role(column.text)
        if kind == "seq" and sequence(piece.text) is None:
            return False
        if kind == "other":
            return False
    return len(pieces[0].text) <= 60


def _by_date(line: str, head: list[_Piece]) -> list[str] | None:
    """Cut a line with single blanks at its date: number, title, date, party."""
    kinds = [role(p.text) for p in head]
    if "time" not in kinds or len(kinds) > 5:
        return None
    found = [p for p in phrases(line, whole=False) if covers(line[p.begin : p.stop]) > 0.6]
    if len(found) != 1:
        return None
    at = kinds.index("time")
    before, after = line[: found[0].begin].strip(), line[found[0].stop :].strip()
    left, right = _shared(before, at, kinds[:at]), _shared(after, len(kinds) - at - 1, kinds[at + 1 :])
    if left is None or right is None:
        return None
    return [*left, line[found[0].begin : found[0].stop].strip(), *right]


def _shared(text: str, count: int, kinds: list[str]) -> list[str] | None:
    if count == 0:
        return [] if not text else None
    if count == 1:
        return [text] if kinds[0] != "seq" or sequence(text) is not None else None
    words = text.split()
    if len(words) < count:
        return [*words, *[""] * (count - len(words))] if kinds[0] != "seq" else None
    if kinds[0] == "seq":
        return [words[0], *_spread(words[1:], count - 1)] if sequence(words[0]) is not None else None
    return _spread(words, count)


def _spread(words: list[str], count: int) -> list[str]:
    return [" ".join(words[: len(words) - count + 1]), *words[len(words) - count + 1 :]]


def _aligned(pieces: list[_Piece], head: list[_Piece]) -> list[str] | None:
    """Put each piece below the heading it overlaps or stands nearest to."""
    row = [""] * len(head)
    for piece in pieces:
        best = min(range(len(head)), key=lambda i: _distance(piece, head[i]))
        if row[best]:
            return None
        row[best] = piece.text
    return row


def _distance(piece: _Piece, column: _Piece) -> int:
    if piece.column < column.stop and column.column < piece.stop:
        return 0
    return min(abs(piece.column - column.column), abs(piece.stop - column.stop), abs(piece.column - column.stop))


def _continue(rows: list[list[str]], line: str, head: list[_Piece]) -> bool:
    """Add an indented line to the cell above that it stands under."""
    pieces = _pieces(line, _WIDE_GAP)
    if not pieces or pieces[0].column < 2 or len(pieces) > len(head) or len(line.strip()) > 60:
        return False
    for piece in pieces:
        best = min(range(len(head)), key=lambda i: _distance(piece, head[i]))
        rows[-1][best] = (rows[-1][best] + "\n" + piece.text).strip()
    return True


def _unheaded(lines: Sequence[str], at: int) -> tuple[Table, int] | None:
    count = len(_pieces(lines[at], _WIDE_GAP))
    if count < 2 or count > 8:
        return None
    rows: list[list[_Piece]] = []
    for place in range(at, min(len(lines), at + 500)):
        pieces = _pieces(lines[place], _WIDE_GAP)
        if len(pieces) != count:
            break
        rows.append(pieces)
    dated = [i for i in range(count) if sum(covers(r[i].text) > 0.6 for r in rows) * 3 >= 2 * len(rows)]
    if len(rows) < 2 or len(dated) != 1 or any(len(p.text) > 60 for r in rows for p in r):
        return None
    return Table(tuple(tuple(Cell(p.text) for p in row) for row in rows)), at + len(rows)
