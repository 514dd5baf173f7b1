"""A year at a glance, for the organiser's pages: asked at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, select, union_all
from sqlalchemy.orm import Session

from qtb.domain.definition import Definition
from qtb.store import duplicates, objections
from qtb.store.submissions import Submission

UNREVIEWED = Submission.form_conclusion == ""


@dataclass(frozen=True, slots=True)
class Overview:
    """How many works of a year stand in each state, and how many pairs and objections wait for a look."""

    counts: Mapping[str, int]
    n_duplicates: int = 0
    n_objections: int = 0
    n_unreviewed: int = 0


def overview(session: Session, cycle_id: int, definition: Definition) -> Overview:
    """Return how a year stands, by its definition."""
    asked = _overview(cycle_id, tuple(definition.workflow.states), frozenset(definition.reviewed_in))
    rows = session.execute(asked).all()
    n_duplicates, n_objections = rows[0][3:]
    return Overview(_some(rows), n_duplicates, n_objections, sum(row[2] for row in rows))


def counts(session: Session, cycle_id: int, states: Iterable[str]) -> dict[str, int]:
    """Return how many works of a year stand in each of its states; none, and the state is left out."""
    return _some(session.execute(_counts(cycle_id, tuple(states))).all())


def _some(rows: Sequence[Any]) -> dict[str, int]:
    return {row[0]: row[1] for row in rows if row[1]}


@lru_cache(maxsize=64)
def _overview(cycle_id: int, states: tuple[str, ...], reviewed_in: frozenset[str]) -> Any:
    """Return the query of `overview`, kept for the next visit: wording it costs as much as asking it."""
    counted = _counts(cycle_id, states, reviewed_in).subquery("counted")
    waiting = duplicates.n_open_pairs(cycle_id), objections.n_waiting(cycle_id)
    return select(counted, *(one.scalar_subquery() for one in waiting))


@lru_cache(maxsize=64)
def _counts(cycle_id: int, states: tuple[str, ...], reviewed_in: frozenset[str] = frozenset()) -> Any:
    """Return the query of `counts`, with how many nobody has reviewed yet.

    A walk for each state, at half of what it costs to group all entries of a year, and one for both numbers.
    """
    n_unreviewed = func.count(case((UNREVIEWED, 1)))
    walks = (
        select(literal(state).label("state"), func.count(), n_unreviewed if state in reviewed_in else literal(0))
        .where(Submission.cycle_id == cycle_id, Submission.state == state)
        for state in states
    )  # fmt: skip
    return union_all(*walks)


def unreviewed(states: Sequence[str]) -> ColumnElement[bool]:
    """Return the clause of works that stand in these states and whose form nobody has reviewed yet."""
    return and_(Submission.state.in_(states), UNREVIEWED)
