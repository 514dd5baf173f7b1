"""Tables drawn with characters: Markdown, pipes, box rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from qtb.domain.notice_header import role
from qtb.domain.notice_model import Cell, Table
from qtb.domain.numerals import sequence

MOST_ROWS: Final = 600
_PIPES: Final = str.maketrans("│┃║｜¦┆┇┊┋︱", "|" * 10)
_BORDER: Final = re.compile(r"^[\s|+=:\-_—–─━═┄┅┈┉┌┐└┘├┤┬┴┼┏┓┗┛┣┫┳┻╋╔╗╚╝╠╣╦╩╬╒╓╕╖╘╙╛╜╞╟╡╢╤╥╧╨╪╫╭╮╰╯.]{3,}$")
_CORNER: Final = re.compile(r"[|+┌┐└┘├┤┬┴┼┏┓┗┛┣┫┳┻╋╔╗╚╝╠╣╦╩╬╞╡╪╟╢╫╭╮╰╯]")


def cells_of(texts: Sequence[str]) -> tuple[Cell, ...]:
    return tuple(Cell(t.strip()) for t in texts)


def is_piped(line: str) -> bool:
    return line.translate(_PIPES).count("|") >= 2 or (line.translate(_PIPES).count("|") == 1 and " | " in line)


def is_border(line: str) -> bool:
    return bool(_BORDER.match(line)) and bool(_CORNER.search(line))


def piped_table(lines: Sequence[str], at: int) -> tuple[Table, int] | None:
    """Read rows drawn with pipes or box characters; drawn lines between rows hold wrapped cells together."""
    groups: list[list[list[str]]] = [[]]
    stop, lines_drawn = at, 0
    for place in range(at, min(len(lines), at + 4 * MOST_ROWS)):
        line = lines[place]
        if is_border(line):
            groups.append([])
            lines_drawn += 1
        elif line.strip() and is_piped(line):
            groups[-1].append(_split_pipes(line))
        elif line.strip() or (
            place + 1 < len(lines) and not (is_piped(lines[place + 1]) or is_border(lines[place + 1]))
        ):
            break
        stop = place + 1
    groups = [g for g in groups if g]
    rows = _grouped(groups) if lines_drawn > 2 and len(groups) > 2 else _wrapped([row for g in groups for row in g])
    if len(rows) < 2 or max(map(len, rows)) < 2:
        return None
    return Table(tuple(cells_of(row) for row in rows)), stop


def _split_pipes(line: str) -> list[str]:
    bare = line.translate(_PIPES).strip().replace("\\|", "\x00")
    bare = bare.removeprefix("|").removesuffix("|")
    cells = [re.sub(r"<br\s?/?>", "\n", c.strip(), flags=re.I).replace("\x00", "|") for c in bare.split("|")]
    return [re.sub(r"^(?:\*{1,3}|__)([^*]{1,200})(?:\*{1,3}|__)$", r"\1", c) for c in cells]


def _grouped(groups: list[list[list[str]]]) -> list[list[str]]:
    return [_stack(group) for group in groups]


def _stack(group: list[list[str]]) -> list[str]:
    width = max(map(len, group))
    return ["\n".join(row[i] for row in group if i < len(row) and row[i]) for i in range(width)]


def _wrapped(rows: list[list[str]]) -> list[list[str]]:
    """Join a row to the one above when the first one counts and this one's number is blank though others are not."""
    if not rows or role(rows[0][0]) != "seq":
        return rows
    result: list[list[str]] = []
    for row in rows:
        dates_blank = sum(not c for c in row) >= max(len(row) - 2, 2)
        if (
            result
            and len(result) > 1
            and not row[0]
            and dates_blank
            and sequence(result[-1][0]) is not None
            and len(row) == len(result[-1])
        ):
            result[-1] = _stack([result[-1], row])
        else:
            result.append(row)
    return result
