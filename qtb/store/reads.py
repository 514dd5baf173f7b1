"""Who read undecided results, when and where: kept apart from the histories, which hold what was done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from qtb.store.accounts import Account
from qtb.store.cycles import Cycle
from qtb.store.submissions import Submission
from qtb.store.types import Base, Instant, RowId


class Read(Base):
    """One reading of a page or a file with scores or levels that were not public: of one work, or of the whole year."""

    __tablename__ = "read"
    __table_args__ = (Index(None, "cycle_id", "id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycle.id"))
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submission.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    what: Mapped[str] = mapped_column(String(40))
    address: Mapped[str] = mapped_column(String(60), default="")
    at: Mapped[datetime] = mapped_column(Instant)

    cycle: Mapped[Cycle] = relationship()
    submission: Mapped[Submission | None] = relationship()
    account: Mapped[Account | None] = relationship()


def of_cycle(
    session: Session, cycle_id: int, *, account_id: int | None = None, number: str = "", before: int | None = None,
    limit: int,
) -> Sequence[Read]:  # fmt: skip
    """Return a year's readings, latest first; of one person, of one work, of those before a reading."""
    query = select(Read).where(Read.cycle_id == cycle_id).options(joinedload(Read.submission), joinedload(Read.account))
    if account_id is not None:
        query = query.where(Read.account_id == account_id)
    if number:
        query = query.join(Submission, Submission.id == Read.submission_id).where(Submission.number == number)
    if before is not None:
        query = query.where(Read.id < before)
    return session.scalars(query.order_by(Read.id.desc()).limit(limit)).all()


def readers(session: Session, cycle_id: int) -> Sequence[Account]:
    """Return who has read something of a year, by name."""
    mine = select(Read.account_id).where(Read.cycle_id == cycle_id)
    return session.scalars(select(Account).where(Account.id.in_(mine)).order_by(Account.name, Account.id)).all()
