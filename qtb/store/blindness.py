"""Sheets whose judges do not learn whose work it is, and by which names a work could be known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from qtb.store import answers
from qtb.store.accounts import Unit
from qtb.store.evaluations import Sheet
from qtb.store.submissions import Submission

Filled = Mapping[int, Mapping[str, Mapping[str, Any]]]


def mark(session: Session, cycle_id: int, kind: str, blind: bool) -> None:
    """Let all sheets of a kind in a year hide the applicant, or show it; those that do already are left alone."""
    here = select(Submission.id).where(Submission.cycle_id == cycle_id)
    mine = update(Sheet).where(Sheet.kind == kind, Sheet.submission_id.in_(here), Sheet.is_blind != blind)
    session.execute(mine.values(is_blind=blind).execution_options(synchronize_session=False))
    session.expire_all()


def told_of(session: Session, works: Sequence[Submission]) -> tuple[Filled, dict[int, list[str]]]:
    """Return the filled forms of works, and the names of the units that stand behind each, by the work's id."""
    ids = {one for work in works for one in (work.unit_id, work.recommender_id) if one}
    names = {row.id: row.name for row in session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(ids)))}
    behind = {work.id: [names[one] for one in (work.unit_id, work.recommender_id) if one] for work in works}
    return answers.of_many(session, [work.id for work in works]), behind
