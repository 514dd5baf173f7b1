"""Works recommended to the next round: which, in which place, by whom and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Row, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from qtb.store.accounts import Unit
from qtb.store.objections import WAITING, Objection
from qtb.store.submissions import Submission
from qtb.store.types import Base, Instant


class Nominated(Base):
    """A work that is recommended; `note`: why, where it departs from the rule."""

    __tablename__ = "nominated"
    __table_args__ = (Index(None, "cycle_id"),)

    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycle.id"))
    place: Mapped[int]
    note: Mapped[str] = mapped_column(String(2000), default="")
    chosen_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    chosen_at: Mapped[datetime] = mapped_column(Instant)

    submission: Mapped[Submission] = relationship()


class Places(Base):
    """How many works a year may recommend; none is known where there is no row."""

    __tablename__ = "nomination_places"

    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycle.id"), primary_key=True)
    n: Mapped[int]


def works(session: Session, cycle_id: int, states: Sequence[str], levels: Sequence[str]) -> Sequence[Row[Any]]:
    """Return a year's works that stand in these states with one of these levels."""
    # What was filed and not looked at yet stands in the way as well.
    filed = select(func.count()).select_from(Objection).where(Objection.submission_id == Submission.id, WAITING)
    n_objections = Submission.n_objections_open + filed.correlate(Submission).scalar_subquery()
    query: Any = select(
        Submission.id, Submission.number, Submission.team_name, Submission.title, Submission.state,
        Submission.award_level, n_objections.label("n_objections"), Unit.name.label("unit_name"),
    ).join(Unit, Unit.id == Submission.unit_id)  # fmt: skip
    mine = Submission.cycle_id == cycle_id, Submission.state.in_(states), Submission.award_level.in_(levels)
    found: Sequence[Row[Any]] = session.execute(query.where(*mine).order_by(Submission.number)).all()
    return found


def of_cycle(session: Session, cycle_id: int) -> dict[int, Nominated]:
    """Return the works that a year recommends, by id, in their order."""
    mine = select(Nominated).where(Nominated.cycle_id == cycle_id).order_by(Nominated.place)
    return {one.submission_id: one for one in session.scalars(mine)}


def places(session: Session, cycle_id: int) -> int | None:
    """Return how many works a year may recommend; None where nobody has said."""
    return session.scalar(select(Places.n).where(Places.cycle_id == cycle_id))
