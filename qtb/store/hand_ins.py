"""What a recommending unit hands in for a year: its statistics and its summary, once for the window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, and_, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from qtb.store.accounts import Unit
from qtb.store.cycles import Cycle
from qtb.store.history import History
from qtb.store.submissions import Submission
from qtb.store.types import Base, Instant, RowId
from qtb.store.versions import Saved, Versions


class HandIn(Base):
    """One form of one unit for one year; closed once it is handed in, until the organiser opens it again.

    Its history is the unit's.
    """

    __tablename__ = "hand_in"
    __table_args__ = (UniqueConstraint("cycle_id", "unit_id", "form"), Index(None, "unit_id"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycle.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    form: Mapped[str] = mapped_column(String(40))
    values: Mapped[dict[str, Any]] = mapped_column(JSON)
    works: Mapped[list[Any] | None] = mapped_column(JSON)  # as listed when it was handed in; the works go on
    is_complete: Mapped[bool] = mapped_column(default=False)
    saved_at: Mapped[datetime] = mapped_column(Instant)
    handed_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=0)  # grows with each save: a page drawn before it is stale

    cycle: Mapped[Cycle] = relationship()
    unit: Mapped[Unit] = relationship()


class HandInVersion(Saved, Base):
    """A unit's form as it stood after one save."""

    __tablename__ = "hand_in_version"

    hand_in_id: Mapped[int] = mapped_column(ForeignKey("hand_in.id"), primary_key=True)


def versions(session: Session, hand_in_id: int) -> Versions:
    """Return the versions of a unit's form."""
    return Versions(session, HandInVersion, (HandInVersion.hand_in_id == hand_in_id,))


def of(session: Session, cycle_id: int, unit_id: int) -> dict[str, HandIn]:
    """Return what a unit has filled in for a year, by form."""
    mine = select(HandIn).where(HandIn.cycle_id == cycle_id, HandIn.unit_id == unit_id)
    return {row.form: row for row in session.scalars(mine)}


def by_unit(session: Session, cycle_id: int) -> dict[int, dict[str, HandIn]]:
    """Return what all units have filled in for a year, by unit and form."""
    found: dict[int, dict[str, HandIn]] = {}
    for row in session.scalars(select(HandIn).where(HandIn.cycle_id == cycle_id)):
        found.setdefault(row.unit_id, {})[row.form] = row
    return found


def of_units(session: Session, cycle_id: int, unit_ids: Sequence[int]) -> dict[Unit, dict[str, HandIn]]:
    """Return units with what each has filled in for a year, by form."""
    mine = and_(HandIn.unit_id == Unit.id, HandIn.cycle_id == cycle_id)
    found: dict[Unit, dict[str, HandIn]] = {}
    rows = select(Unit, HandIn).outerjoin(HandIn, mine).where(Unit.id.in_(unit_ids)).order_by(Unit.id)
    for own, kept in session.execute(rows):
        found.setdefault(own, {}).update({kept.form: kept} if kept else {})
    return found


def reached(session: Session, cycle_id: int, unit_id: int, states: Sequence[str]) -> dict[str, int]:
    """Return how many of a unit's teams have come into each of these states at some time, by their history."""
    ours = (
        select(History.to_state, func.count(History.subject_id.distinct()))
        .join(Submission, Submission.id == History.subject_id)
        .where(
            History.subject == "submission", History.to_state.in_(states), Submission.cycle_id == cycle_id,
            Submission.recommender_id == unit_id,
        )
    )  # fmt: skip
    counted = {state: n for state, n in session.execute(ours.group_by(History.to_state))}  # noqa: C416 (typed)
    return {state: counted.get(state, 0) for state in states}


def works(session: Session, cycle_id: int, unit_id: int, states: Sequence[str]) -> Sequence[Submission]:
    """Return a unit's works in these states, in the order of their numbers."""
    ours = select(Submission).where(
        Submission.cycle_id == cycle_id, Submission.recommender_id == unit_id, Submission.state.in_(states)
    )
    return session.scalars(ours.order_by(Submission.number)).all()
