"""What applicants are told of their evaluation: every release of it, as it went out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Row, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from qtb.store.accounts import Account
from qtb.store.evaluations import Sheet
from qtb.store.submissions import Submission
from qtb.store.types import Base, Instant, RowId


class Feedback(Base):
    """One release to one work's applicant; the latest counts, unless it was taken back. `said`: all that it tells."""

    __tablename__ = "feedback"
    __table_args__ = (UniqueConstraint("submission_id", "number"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    number: Mapped[int]
    said: Mapped[dict[str, Any]] = mapped_column(JSON)
    released_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    released_at: Mapped[datetime] = mapped_column(Instant)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)
    withdrawn_reason: Mapped[str] = mapped_column(String(2000), default="")

    submission: Mapped[Submission] = relationship()


def latest(session: Session, submission_id: int) -> Feedback | None:
    """Return a work's latest release, which may have been taken back."""
    mine = select(Feedback).where(Feedback.submission_id == submission_id)
    return session.scalar(mine.order_by(Feedback.number.desc()).limit(1))


def of_cycle(session: Session, cycle_id: int) -> dict[int, Feedback]:
    """Return the latest release of each of a year's works that has one, by the work's id."""
    query = select(Feedback).join(Submission, Submission.id == Feedback.submission_id)
    rows = session.scalars(query.where(Submission.cycle_id == cycle_id).order_by(Feedback.number))
    return {row.submission_id: row for row in rows}


def works(session: Session, cycle_id: int, states: Sequence[str]) -> Sequence[Submission]:
    """Return a year's works in these states that somebody has judged, by number."""
    judged = select(Sheet.submission_id).where(Sheet.is_final)
    mine = Submission.cycle_id == cycle_id, Submission.state.in_(states), Submission.id.in_(judged)
    whole = select(Submission).where(*mine).options(joinedload(Submission.unit))
    return session.scalars(whole.order_by(Submission.number)).all()


def sheets(session: Session, cycle_id: int) -> Sequence[Row[Any]]:
    """Return all sheets of a year with what was said on them and who filled them, in the order they were given."""
    query: Any = select(
        Sheet.id, Sheet.submission_id, Sheet.evaluator_id, Sheet.kind, Sheet.scores, Sheet.total, Sheet.comment,
        Sheet.is_final, Sheet.finished_at, Sheet.recused_at, Sheet.recusal_reason, Account.name,
    ).join(Submission, Submission.id == Sheet.submission_id)  # fmt: skip
    query = query.join(Account, Account.id == Sheet.evaluator_id).where(Submission.cycle_id == cycle_id)
    found: Sequence[Row[Any]] = session.execute(query.order_by(Sheet.id)).all()
    return found
