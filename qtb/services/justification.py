"""Why a work has its result: every sheet with its fate, the reckoning, each decision about it; the organiser's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from qtb.domain.errors import Missing
from qtb.services import deliberation, eliminations, results
from qtb.services.results import Judged, Standing
from qtb.store import feedback as sheets
from qtb.store import results as store
from qtb.store.cycles import Cycle

# What changes a level or a place besides the reckoning, and what was done against the rules.
DECISIONS = (
    "level", deliberation.KIND, eliminations.CONFIRMED, eliminations.TAKEN_BACK, "override", "sheet_reopened",
    "recused",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """One work: how it was judged, its sheets as they stand, and the decisions about it, oldest first."""

    judged: Judged
    sheets: Sequence[Row[Any]]
    decisions: Sequence[Row[Any]]

    def fate(self, sheet: Row[Any]) -> str:
        """Return what became of a sheet in the reckoning: used, high, low, missing or recused."""
        result = self.judged.results.get(sheet.kind)
        mine = [one for one in result.scores if one.judge == str(sheet.evaluator_id)] if result else []
        return result.fate(mine[0]) if result and mine else "missing"


@dataclass(frozen=True, slots=True)
class Year:
    """A whole year: how it stands, and each work in the order of the ranking."""

    standing: Standing
    works: tuple[Told, ...]


def of_year(session: Session, cycle: Cycle) -> Year:
    """Return why all works of a year have their results, as everything stands now."""
    found = results.standing(session, cycle)
    given: dict[int, list[Row[Any]]] = {}
    for row in sheets.sheets(session, cycle.id):
        given.setdefault(row.submission_id, []).append(row)
    decided = _decisions(session, cycle)
    works = (Told(one, given.get(one.row.id, ()), decided.get(one.row.id, ())) for one in found.works)
    return Year(found, tuple(works))


def of_work(session: Session, cycle: Cycle, number: str) -> tuple[Told, Standing]:
    """Return why one work has its result, with how its year stands. Raises Missing."""
    whole = of_year(session, cycle)
    one = next((one for one in whole.works if one.judged.row.number == number), None)
    if one is None:
        raise Missing("submission")
    return one, whole.standing


def _decisions(session: Session, cycle: Cycle) -> Mapping[int, Sequence[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = {}
    rows = [row for kind in DECISIONS for row in store.entries(session, cycle.id, kind)]
    for row in sorted(rows, key=lambda row: row[0].id):
        found.setdefault(row[0].subject_id, []).append(row)
    return found
