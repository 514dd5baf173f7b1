"""The published results as papers: the list by level as PDF, the list and its figures as a workbook."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Row

from qtb.documents import table_xlsx
from qtb.documents.form_content import LANG, Group, Paper, Piece
from qtb.documents.table_xlsx import Table
from qtb.domain.rubric import Rubric
from qtb.domain.shapes import Text
from qtb.i18n import word
from qtb.services.published import Tally

COLUMNS = ("number", "team", "title_col", "unit", "recommender")


def paper(works: Sequence[Row[Any]], rubric: Rubric, *, programme: str, key: str, organiser: str) -> Paper:
    """Return the list as a paper: a table for each level, the highest first."""
    groups = tuple(_group(level, list(mine), rubric) for level, mine in groupby(works, key=lambda row: row.award_level))
    return Paper(word(LANG, "results.list"), programme, key, organiser, groups, word(LANG, "paper.no_fee"))


def workbook(works: Sequence[Row[Any]], tallies: Sequence[Tally], rubric: Rubric) -> bytes:
    """Return the list, and a sheet for each thing it is counted by."""
    heads = [word(LANG, "results.level"), *_heads()]
    rows = [[_level(row.award_level, rubric), *_cells(row)] for row in works]
    listed = Table(word(LANG, "results.list"), heads, rows)
    return table_xlsx.written([listed, *(_figures(tally, rubric) for tally in tallies)])


def tally_name(tally: Tally, lang: str = LANG) -> str:
    """Return what a tally counts by."""
    return tally.label.get(lang) if tally.label else word(lang, f"results.by_{tally.by}")


def _group(level: str, works: Sequence[Row[Any]], rubric: Rubric) -> Group:
    title = word(LANG, "results.level_n", level=_level(level, rubric), n=len(works))
    return Group(title, (Piece("table", "", heads=tuple(_heads()), rows=tuple(tuple(_cells(row)) for row in works)),))


def _figures(tally: Tally, rubric: Rubric) -> Table:
    name = tally_name(tally)
    heads = [name, *(level.label.get(LANG) for level in rubric.levels.values()), word(LANG, "results.sum")]
    return Table(name, heads, [[_name(line.name), *line.counts, line.n] for line in tally.lines])


def _cells(row: Row[Any]) -> list[str]:
    mark = word(LANG, "objection.mark") if row.n_objections_open else ""
    team = f"{row.team_name}（{mark}）" if mark else row.team_name
    return [row.number, team, row.title, row.unit_name, row.recommender_name or ""]


def _heads() -> list[str]:
    return [word(LANG, f"results.{name}") for name in COLUMNS]


def _level(key: str, rubric: Rubric) -> str:
    return rubric.levels[key].label.get(LANG) if key in rubric.levels else ""


def _name(name: Text | str) -> str:
    return (name.get(LANG) if isinstance(name, Text) else name) or word(LANG, "results.by_all")
