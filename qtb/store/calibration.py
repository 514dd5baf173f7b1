"""Known works that judges score first, and what each judge gave them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Numeric, Row, String, Text, UniqueConstraint, exists, func, or_, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from qtb.store.accounts import Account
from qtb.store.cycles import Cycle
from qtb.store.evaluations import Sheet, SheetVersion
from qtb.store.submissions import Submission
from qtb.store.types import Base, Instant, RowId


class Known(Base):
    """A known work: what judges read, the points that were agreed on by item, and why."""

    __tablename__ = "known_work"
    __table_args__ = (Index(None, "cycle_id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    cycle_id: Mapped[int] = mapped_column(ForeignKey("cycle.id"))
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(Text)
    points: Mapped[dict[str, str]] = mapped_column(JSON)
    reasons: Mapped[dict[str, str]] = mapped_column(JSON)
    made_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    made_at: Mapped[datetime] = mapped_column(Instant)
    retired_at: Mapped[datetime | None] = mapped_column(Instant)

    cycle: Mapped[Cycle] = relationship()


class Trial(Base):
    """What a judge gave a known work; the first one stands, unless the organiser let him try again."""

    __tablename__ = "trial"
    __table_args__ = (UniqueConstraint("known_id", "evaluator_id", "number"), Index(None, "evaluator_id"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    known_id: Mapped[int] = mapped_column(ForeignKey("known_work.id"))
    evaluator_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    number: Mapped[int]
    scores: Mapped[dict[str, str]] = mapped_column(JSON)
    total: Mapped[Decimal] = mapped_column(Numeric(7, 2))
    finished_at: Mapped[datetime] = mapped_column(Instant)
    voided_at: Mapped[datetime | None] = mapped_column(Instant)
    voided_reason: Mapped[str] = mapped_column(String(2000), default="")

    known: Mapped[Known] = relationship()
    evaluator: Mapped[Account] = relationship()


def works(session: Session, cycle_id: int, kind: str) -> Sequence[Known]:
    """Return a year's known works that come before sheets of a kind, without those that were retired."""
    mine = Known.cycle_id == cycle_id, Known.kind == kind, Known.retired_at.is_(None)
    return session.scalars(select(Known).where(*mine).order_by(Known.id)).all()


def trials(session: Session, cycle_id: int) -> Sequence[Trial]:
    """Return the trials of a year that stand, by judge and work."""
    query = select(Trial).join(Known, Known.id == Trial.known_id).options(joinedload(Trial.evaluator))
    query = query.where(Known.cycle_id == cycle_id, Trial.voided_at.is_(None))
    return session.scalars(query.order_by(Trial.evaluator_id, Trial.known_id)).all()


def mine(session: Session, known_id: int, account_id: int | None) -> Trial | None:
    """Return the trial of a judge that stands."""
    query = select(Trial).where(Trial.known_id == known_id, Trial.evaluator_id == account_id)
    return session.scalar(query.where(Trial.voided_at.is_(None)))


def n_trials(session: Session, known_id: int, account_id: int | None) -> int:
    """Return how often a judge has tried, whatever stands."""
    query = select(func.count()).select_from(Trial).where(Trial.known_id == known_id)
    return session.scalar(query.where(Trial.evaluator_id == account_id)) or 0


def judges(session: Session, cycle_id: int, kind: str) -> Sequence[Row[Any]]:
    """Return the judges who have a sheet of a kind in a year: id and name, by name."""
    query: Any = select(Account.id, Account.name).join(Sheet, Sheet.evaluator_id == Account.id)
    query = query.join(Submission, Submission.id == Sheet.submission_id)
    mine = Submission.cycle_id == cycle_id, Sheet.kind == kind, Sheet.recused_at.is_(None)
    found: Sequence[Row[Any]] = session.execute(query.where(*mine).distinct().order_by(Account.name, Account.id)).all()
    return found


def standing(session: Session, cycle_id: int, kind: str, account_id: int | None) -> tuple[int, int, int]:
    """Return (known works of a year and kind, how many of them a judge has tried, his real sheets once finished)."""
    here = Known.cycle_id == cycle_id, Known.kind == kind, Known.retired_at.is_(None)
    n_known = session.scalar(select(func.count()).select_from(Known).where(*here)) or 0
    if not n_known:
        return 0, 0, 0
    tried = select(func.count()).select_from(Trial).join(Known, Known.id == Trial.known_id)
    tried = tried.where(*here, Trial.evaluator_id == account_id, Trial.voided_at.is_(None))
    real = _once_finished(select(func.count()).select_from(Sheet), cycle_id, kind)
    return n_known, session.scalar(tried) or 0, session.scalar(real.where(Sheet.evaluator_id == account_id)) or 0


def begun(session: Session, cycle_id: int, kind: str) -> set[int]:
    """Return the judges who have ever finished a real sheet of a kind in a year: nobody stops them any more."""
    return set(session.scalars(_once_finished(select(Sheet.evaluator_id), cycle_id, kind).distinct()))


def finished(session: Session, cycle_id: int, kind: str) -> Sequence[Row[Any]]:
    """Return the finished real sheets of a kind: work, judge, total, in the order in which they were finished."""
    query: Any = select(Sheet.submission_id, Sheet.evaluator_id, Sheet.total)
    query = query.join(Submission, Submission.id == Sheet.submission_id)
    query = query.where(Submission.cycle_id == cycle_id, Sheet.kind == kind, Sheet.is_final)
    found: Sequence[Row[Any]] = session.execute(query.order_by(Sheet.finished_at, Sheet.id)).all()
    return found


def _once_finished(query: Any, cycle_id: int, kind: str) -> Any:
    """Narrow a question to the sheets that were finished once; a reopened one is kept as it then stood."""
    once = exists().where(SheetVersion.sheet_id == Sheet.id, SheetVersion.is_final)
    here = Submission.cycle_id == cycle_id, Sheet.kind == kind, or_(Sheet.finished_at.is_not(None), once)
    return query.join(Submission, Submission.id == Sheet.submission_id).where(*here)
