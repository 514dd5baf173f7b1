"""Proposals of judges to eliminate a work, and what the organiser made of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, false, select, text, update
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from qtb.store.accounts import Account
from qtb.store.submissions import Submission
from qtb.store.types import Base, Instant, RowId


class Elimination(Base):
    """One proposal: open until it was answered or withdrawn; a confirmed one holds until it is taken back."""

    __tablename__ = "elimination"
    __table_args__ = (
        CheckConstraint("(answered_at IS NULL) = (confirmed IS NULL)", name="answered"),
        Index(None, "submission_id"),
        # One judge has one proposal about one work that is neither answered nor withdrawn.
        Index(
            "uq_elimination_open", "submission_id", "proposed_by", unique=True,
            sqlite_where=text("answered_at IS NULL AND withdrawn_at IS NULL"),
            postgresql_where=text("answered_at IS NULL AND withdrawn_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    proposed_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    reason: Mapped[str] = mapped_column(String(2000))
    proposed_at: Mapped[datetime] = mapped_column(Instant)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)
    confirmed: Mapped[bool | None] = mapped_column()
    answer: Mapped[str] = mapped_column(String(2000), default="")
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    former_level: Mapped[str] = mapped_column(String(40), default="")  # what the work had when it was eliminated
    former_own: Mapped[bool] = mapped_column(default=False, server_default=false())  # and that it was decided alone
    ended_at: Mapped[datetime | None] = mapped_column(Instant)  # taken back

    submission: Mapped[Submission] = relationship()
    judge: Mapped[Account] = relationship(foreign_keys=[proposed_by])

    @property
    def is_open(self) -> bool:
        """Tell whether it waits for the organiser."""
        return self.answered_at is None and self.withdrawn_at is None

    @property
    def holds(self) -> bool:
        """Tell whether the work is eliminated by it."""
        return bool(self.confirmed) and self.ended_at is None


HOLDS = Elimination.confirmed.is_(True), Elimination.ended_at.is_(None)


def of_cycle(session: Session, cycle_id: int) -> Sequence[Elimination]:
    """Return a year's proposals, those that wait first, then the latest."""
    query = select(Elimination).join(Submission, Submission.id == Elimination.submission_id)
    both = joinedload(Elimination.judge), joinedload(Elimination.submission)
    query = query.where(Submission.cycle_id == cycle_id).options(*both)
    waits = Elimination.answered_at.is_not(None) | Elimination.withdrawn_at.is_not(None)
    return session.scalars(query.order_by(waits, Elimination.id.desc())).all()


def mine(session: Session, submission_id: int, account_id: int | None) -> Elimination | None:
    """Return a judge's last proposal about a work."""
    query = select(Elimination).filter_by(submission_id=submission_id, proposed_by=account_id)
    return session.scalar(query.order_by(Elimination.id.desc()).limit(1))


def waiting(session: Session, submission_id: int) -> Sequence[Elimination]:
    """Return the proposals about a work that wait for the organiser, as they are now."""
    query = select(Elimination).where(Elimination.submission_id == submission_id, Elimination.answered_at.is_(None))
    query = query.where(Elimination.withdrawn_at.is_(None)).execution_options(populate_existing=True)
    return session.scalars(query.order_by(Elimination.id)).all()


def holding(session: Session, submission_id: int) -> Sequence[Elimination]:
    """Return the proposals by which a work is eliminated."""
    return session.scalars(select(Elimination).where(Elimination.submission_id == submission_id, *HOLDS)).all()


def change_former(session: Session, ids: Sequence[int], before: str | None, after: str) -> None:
    """Let the eliminated ones of these works get another level when taken back.

    Those that had this one together with others, not by a decision of their own; with None all.
    """
    mine = update(Elimination).where(Elimination.submission_id.in_(ids), *HOLDS)
    same = Elimination.former_level == before, ~Elimination.former_own
    mine = mine if before is None else mine.where(*same)
    session.execute(mine.values(former_level=after, former_own=False).execution_options(synchronize_session=False))
    session.expire_all()
