"""The works that a year recommends to the next round as a workbook: those that go up, then the others and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qtb.documents import table_xlsx
from qtb.documents.form_content import LANG
from qtb.documents.results_xlsx import level_name
from qtb.documents.table_xlsx import Table
from qtb.domain.nomination import Candidate
from qtb.domain.rubric import Rubric
from qtb.i18n import word
from qtb.services.nominations import Standing

HEADS = ("place", "number", "team", "unit", "work", "level", "score", "note")


def written(found: Standing, rubric: Rubric) -> bytes:
    """Return the workbook."""
    heads = [word(LANG, f"nomination.col_{name}") for name in HEADS]
    # Places are counted anew: one that was chosen may be no candidate any more.
    places = {one: n for n, one in enumerate((one for one in found.chosen if one in found.rows), 1)}
    rows = [_row(found, candidate, rubric, places) for candidate in found.candidates]
    rows.sort(key=lambda cells: (cells[0] is None, cells[0] or 0))
    return table_xlsx.written([Table(word(LANG, "nomination.title"), heads, rows)])


def _row(found: Standing, candidate: Candidate, rubric: Rubric, places: Mapping[int, int]) -> list[Any]:
    row, chosen = found.rows[candidate.work.id], found.chosen.get(candidate.work.id)
    why = word(LANG, f"nomination.why_{candidate.why}") if candidate.why else ""
    return [
        places.get(row.id), row.number, row.team_name, row.unit_name, row.title,
        level_name(rubric, row.award_level), candidate.work.score, (chosen.note if chosen else "") or why,
    ]  # fmt: skip
