"""A year at a glance, for the organiser's pages: asked at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, select, union_all
from sqlalchemy.orm import Session

from qtb.domain.definition import Definition
from qtb.store import duplicates, objections
from qtb.store.submissions import Submission


@dataclass(frozen=True, slots=True)
class Overview:
    """How many works of a year stand in each state, and how many pairs and objections wait for a look."""

    counts: Mapping[str, int]
    n_duplicates: int = 0
    n_objections: int = 0
    n_unreviewed: int = 0


def overview(session: Session, cycle_id: int, definition: Definition) -> Overview:
    """Return how a year stands, by its definition."""
    asked = _overview(cycle_id, tuple(definition.workflow.states), tuple(definition.reviewed_in))
    rows = session.execute(asked).all()
    return Overview(_some(rows), *rows[0][2:])


def counts(session: Session, cycle_id: int, states: Iterable[str]) -> dict[str, int]:
    """Return how many works of a year stand in each of its states; none, and the state is left out."""
    return _some(session.execute(_counts(cycle_id, tuple(states))).all())


def _some(rows: Sequence[Any]) -> dict[str, int]:
    return {row[0]: row[1] for row in rows if row[1]}


@lru_cache(maxsize=64)
def _overview(cycle_id: int, states: tuple[str, ...], reviewed_in: tuple[str, ...]) -> Any:
    """Return the query of `overview`, kept for the next visit: wording it costs as much as asking it."""
    here = Submission.cycle_id == cycle_id, unreviewed(reviewed_in)
    n_unreviewed = select(func.count()).select_from(Submission).where(*here)
    waiting = [duplicates.n_open_pairs(cycle_id), objections.n_waiting(cycle_id), n_unreviewed]
    return _counts(cycle_id, states).add_columns(*(one.scalar_subquery() for one in waiting))


@lru_cache(maxsize=64)
def _counts(cycle_id: int, states: tuple[str, ...]) -> Any:
    """Return the query of `counts`: a walk for each state, at half of what it costs to group all entries of a year."""
    known = union_all(*(select(literal(state).label("state")) for state in states)).subquery("known")
    here = Submission.cycle_id == cycle_id, Submission.state == known.c.state
    n = select(func.count()).select_from(Submission).where(*here).correlate(known).scalar_subquery()
    return select(known.c.state, n)


def unreviewed(states: Sequence[str]) -> ColumnElement[bool]:
    """Return the clause of works that stand in these states and whose form nobody has reviewed yet."""
    return and_(Submission.state.in_(states), Submission.form_conclusion == "")
