"""A year at a glance, for the organiser's first page: asked at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from qtb.store import duplicates, objections
from qtb.store.submissions import Submission


@dataclass(frozen=True, slots=True)
class Overview:
    """How many works of a year stand in each state, and how many pairs and objections wait for a look."""

    counts: Mapping[str, int]
    n_duplicates: int = 0
    n_objections: int = 0
    n_unreviewed: int = 0


def overview(session: Session, cycle_id: int, reviewed_in: Sequence[str]) -> Overview:
    """Return how a year stands; `reviewed_in` are the states in which a work's form is reviewed."""
    rows = session.execute(_asked(cycle_id, tuple(reviewed_in))).all()
    return Overview({row[0]: row[1] for row in rows}, *(rows[0][2:] if rows else ()))


@lru_cache(maxsize=64)
def _asked(cycle_id: int, reviewed_in: tuple[str, ...]) -> Select[Any]:
    """Return the query of `overview`, kept for the next visit: wording it costs as much as asking it."""
    mine = Submission.cycle_id == cycle_id
    n_unreviewed = select(func.count()).select_from(Submission).where(mine, unreviewed(reviewed_in))
    waiting = [duplicates.n_open_pairs(cycle_id), objections.n_waiting(cycle_id), n_unreviewed]
    query: Any = select(Submission.state, func.count(), *(one.scalar_subquery() for one in waiting)).where(mine)
    found: Select[Any] = query.group_by(Submission.state)
    return found


def unreviewed(states: Sequence[str]) -> ColumnElement[bool]:
    """Return the clause of works that stand in these states and whose form nobody has reviewed yet."""
    return and_(Submission.state.in_(states), Submission.form_conclusion == "")
