"""The record of a year's deliberations, as a paper to be signed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from qtb import clock
from qtb.documents.form_content import LANG, Group, Paper, Piece
from qtb.domain.rubric import Rubric
from qtb.i18n import word

HEADS = ("n", "number", "team", "before", "after", "reason", "names", "at", "by")


def paper(rows: Sequence[Row[Any]], rubric: Rubric, *, programme: str, key: str) -> Paper:
    """Return the record: each deliberation a line."""
    heads = tuple(word(LANG, f"deliberation.{head}") for head in HEADS)
    table = Piece("table", "", heads=heads, rows=tuple(_line(n, row, rubric) for n, row in enumerate(rows, 1)))
    signed = Piece("seal", word(LANG, "deliberation.names"))
    title = word(LANG, "deliberation.record")
    return Paper(title, programme, key, "", (Group("", (table, signed)),), word(LANG, "paper.no_fee"))


def _line(n: int, row: Any, rubric: Rubric) -> tuple[str, ...]:
    entry, number, team, who = row
    about = entry.about()
    before, after = about["changes"]["level"]
    levels = _level(before, rubric), _level(after, rubric)
    return str(n), number, team, *levels, about["note"], about["names"], clock.day(entry.at, LANG), who or ""


def _level(key: str, rubric: Rubric) -> str:
    if not key:
        return word(LANG, "deliberation.undecided")
    return rubric.levels[key].label.get(LANG) if key in rubric.levels else word(LANG, "tools.no_award")
