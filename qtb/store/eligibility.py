"""What rules of eligibility ask of the tables: a unit's other entries, rules waived, units held while it is counted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.orm import Session, joinedload

from qtb.store.accounts import Unit
from qtb.store.history import History
from qtb.store.submissions import Submission

WAIVED = "waived"  # the kind of the entry in history by which a rule is waived


def hold_units(work: Connection, ids: Sequence[int]) -> None:
    """Hold the units of submissions, so that two entries of one unit are counted one after the other.

    Before the cycle is shared: entering a team takes its locks in this order. On SQLite the unit of work holds all.
    """
    if work.dialect.name != "sqlite":
        mine = select(Submission.unit_id).where(Submission.id.in_(ids))
        work.execute(select(Unit.id).where(Unit.id.in_(mine)).order_by(Unit.id).with_for_update(key_share=True))


def judged(session: Session, ids: Sequence[int]) -> Sequence[Submission]:
    """Hold submissions and return them as they are now, in the order of their ids."""
    query = select(Submission).where(Submission.id.in_(ids)).order_by(Submission.id)
    query = query.options(joinedload(Submission.recommender)).with_for_update(of=Submission)
    return session.scalars(query.execution_options(populate_existing=True)).all()


def entries_of(session: Session, units: Collection[int], cycle_id: int) -> Sequence[Row[Any]]:
    """Return what units have entered in a year."""
    query: Any = (
        select(
            Submission.id, Submission.unit_id, Submission.team_key, Submission.title, Submission.recommender_id,
            Submission.state, Submission.kind,
        )
        .where(Submission.unit_id.in_(units), Submission.cycle_id == cycle_id)
    )  # fmt: skip
    found: Sequence[Row[Any]] = session.execute(query).all()
    return found


def waivers(session: Session, ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """Return the rules waived for submissions, each with the reason."""
    mine = (History.subject == "submission") & History.subject_id.in_(ids) & (History.kind == WAIVED)
    found: dict[int, dict[str, str]] = {}
    for row in session.scalars(select(History).where(mine).order_by(History.id)):
        about = row.about()
        found.setdefault(row.subject_id, {})[str(about.get("rule"))] = str(about.get("note", ""))
    return found


def count_blocks(session: Session, n_blocks: int, ids: Sequence[int]) -> None:
    """Say on submissions how many rules stand in the way of the move that is about to be judged."""
    mine = update(Submission).where(Submission.id.in_(ids), Submission.n_blocks != n_blocks)
    session.execute(mine.values(n_blocks=n_blocks).execution_options(synchronize_session=False))
