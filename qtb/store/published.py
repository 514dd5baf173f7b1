"""The works that were published, in the order of their levels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, case, select
from sqlalchemy.orm import Session

from qtb.domain.rubric import Rubric
from qtb.store.lists import RECOMMENDER, SHOWN, UNIT
from qtb.store.submissions import Submission


def by_level(rubric: Rubric) -> ColumnElement[int]:
    """Return the order of levels, the highest first."""
    places = {key: n for n, key in enumerate(rubric.levels)}
    return case(places, value=Submission.award_level, else_=len(places))


def works(session: Session, cycle_id: int, states: Sequence[str], rubric: Rubric) -> Sequence[Row[Any]]:
    """Return a year's works in these states by level and number, each with what a list shows."""
    query: Any = select(*SHOWN).join(UNIT, UNIT.id == Submission.unit_id)
    query = query.outerjoin(RECOMMENDER, RECOMMENDER.id == Submission.recommender_id)
    mine = query.where(Submission.cycle_id == cycle_id, Submission.state.in_(states))
    found: Sequence[Row[Any]] = session.execute(mine.order_by(by_level(rubric), Submission.number)).all()
    return found
