"""Whom a change of dates concerns: for each unit its cases, and for each row the date that was and the one that is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from qtb.domain import decide
from qtb.domain.decide import Case
from qtb.domain.definition import Definition
from qtb.domain.plan_model import Cohort, Member
from qtb.domain.timeline import Timeline

UNITS = {"applicant": "unit_id", "recommender": "recommender_id"}  # who is written to, and by which of a case's units
JUDGE = "evaluator"  # written to alone: two in one letter would learn of each other
ROLES = (*UNITS, JUDGE)


class Judge(NamedTuple):
    """Somebody who has a case to judge, and the unit for which he does."""

    account_id: int
    unit_id: int


class Moved(NamedTuple):
    """A shown date of a row for a case: which edge, when it was, when it is."""

    edge: str
    before: datetime
    after: datetime


@dataclass(slots=True)
class Told:
    """One letter to one unit, or to one person of it alone."""

    role: str
    unit_id: int
    account_id: int | None = None
    rows: dict[str, Moved] = field(default_factory=dict)
    cases: list[int] = field(default_factory=list)


def told(
    definition: Definition, before: Timeline, after: Timeline, cohorts: Iterable[Cohort],
    judges: Mapping[int, Sequence[Judge]] | None = None,
) -> list[Told]:  # fmt: skip
    """Return the letters, one for each unit; more only where two cases of a unit have different dates of one row.

    `judges` are those who still have a case to judge, by case: each of them has a letter of his own.
    """
    found: dict[tuple[str, int, int | None], list[Told]] = {}
    for cohort in cohorts:
        for role in ROLES:
            rows = _rows(definition, cohort.case, role, before, after)
            for member in cohort.members if rows else ():
                for unit_id, account_id in _whom(member, role, judges or {}):
                    whom = role, unit_id, account_id
                    letter = _fitting(found.setdefault(whom, []), Told(*whom), rows)
                    letter.rows.update(rows)
                    letter.cases.append(member.id)
    return [letter for letters in found.values() for letter in letters]


def shown_edge_moves(definition: Definition, case: Case, before: Timeline, after: Timeline) -> bool:
    """Tell whether the date changes that letters and pages have named as the case's next."""
    ahead = [decide.ahead(definition, case, timeline=times, sealed=True) for times in (before, after)]
    old, new = (one.at if one else None for one in ahead)
    return old != new


def _whom(member: Member, role: str, judges: Mapping[int, Sequence[Judge]]) -> Iterator[tuple[int, int | None]]:
    """Yield who is written to in a role about a case: a unit, or somebody of it alone."""
    if role == JUDGE:
        yield from ((one.unit_id, one.account_id) for one in judges.get(member.id, ()))
    elif (unit_id := getattr(member, UNITS[role])) is not None:
        yield unit_id, None


def _rows(
    definition: Definition, case: Case, role: str, before: Timeline, after: Timeline
) -> dict[str, Moved]:
    pairs = ((key, _moved(key, case, before, after)) for key in _bearing(definition, case, role, after))
    return {key: moved for key, moved in pairs if moved}


def _bearing(definition: Definition, case: Case, role: str, times: Timeline) -> list[str]:
    """Return the rows in which the role can act on the case as it stands, and for its owner the row that ends it."""
    workflow = definition.workflow
    if role == JUDGE:
        return [row_key] if (row_key := workflow.states[case.state].judged) else []
    rows = [
        edit.during
        for edit in workflow.states[case.state].edits
        if edit.during and edit.by == role and decide.applies(edit, case)
    ]
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


def _fitting(letters: list[Told], fresh: Told, rows: dict[str, Moved]) -> Told:
    for letter in letters:
        if all(letter.rows.get(key, moved) == moved for key, moved in rows.items()):
            return letter
    letters.append(fresh)
    return fresh
