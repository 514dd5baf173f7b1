"""Whom a change of dates concerns: for each unit its cases, and for each row the date that was and the one that is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from qtb.domain import decide
from qtb.domain.decide import Case
from qtb.domain.definition import Definition
from qtb.domain.plan_model import Cohort
from qtb.domain.timeline import Timeline

ROLES = {"applicant": "unit_id", "recommender": "recommender_id"}  # who is written to, and by which of a case's units


class Moved(NamedTuple):
    """A shown date of a row for a case: which edge, when it was, when it is."""

    edge: str
    before: datetime
    after: datetime


@dataclass(slots=True)
class Told:
    """One letter to one unit."""

    role: str
    unit_id: int
    rows: dict[str, Moved] = field(default_factory=dict)
    cases: list[int] = field(default_factory=list)


def told(definition: Definition, before: Timeline, after: Timeline, cohorts: Iterable[Cohort]) -> list[Told]:
    """Return the letters, one for each unit; more only where two cases of a unit have different dates of one row."""
    found: dict[tuple[str, int], list[Told]] = {}
    for cohort in cohorts:
        for role, column in ROLES.items():
            rows = _rows(definition, cohort.case, role, before, after)
            for member in cohort.members if rows else ():
                unit_id = getattr(member, column)
                if unit_id is not None:
                    letter = _fitting(found.setdefault((role, unit_id), []), role, unit_id, rows)
                    letter.rows.update(rows)
                    letter.cases.append(member.id)
    return [letter for letters in found.values() for letter in letters]


def shown_edge_moves(definition: Definition, case: Case, before: Timeline, after: Timeline) -> bool:
    """Tell whether the date changes that letters and pages have named as the case's next."""
    ahead = [decide.ahead(definition, case, timeline=times, sealed=True) for times in (before, after)]
    old, new = (one.at if one else None for one in ahead)
    return old != new


def _rows(
    definition: Definition, case: Case, role: str, before: Timeline, after: Timeline
) -> dict[str, Moved]:
    pairs = ((key, _moved(key, case, before, after)) for key in _bearing(definition, case, role, after))
    return {key: moved for key, moved in pairs if moved}


def _bearing(definition: Definition, case: Case, role: str, times: Timeline) -> list[str]:
    """Return the rows in which the role can act on the case as it stands, and for its owner the row that ends it."""
    workflow = definition.workflow
    rows = [edit.during for edit in workflow.states[case.state].edits if edit.by == role]
    rows += [
        rule.during
        for key, rule in workflow.transitions.items()
        if rule.during and role in rule.by and case.state in workflow.sources(key)
    ]
    ahead = decide.ahead(definition, case, timeline=times, sealed=True) if role == "applicant" else None
    return list(dict.fromkeys([*rows, *([ahead.edge.row] if ahead else [])]))


def _moved(row_key: str, case: Case, before: Timeline, after: Timeline) -> Moved | None:
    """Return which shown date of a row moves for a case: its instant before its end, its end before its start."""
    if row_key not in before.rows:
        return None
    old, new = before.rows[row_key], after.rows[row_key]
    if old.held_at and new.held_at and old.held_at != new.held_at:
        return Moved("held", old.held_at, new.held_at)
    ends = before.ends_at(row_key, case), after.ends_at(row_key, case)
    if ends[0] != ends[1]:
        return Moved("closes", *ends)
    return Moved("opens", old.opens_at, new.opens_at) if old.opens_at != new.opens_at else None


def _fitting(letters: list[Told], role: str, unit_id: int, rows: dict[str, Moved]) -> Told:
    for letter in letters:
        if all(letter.rows.get(key, moved) == moved for key, moved in rows.items()):
            return letter
    letters.append(Told(role, unit_id))
    return letters[-1]
