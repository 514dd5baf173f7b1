"""Receipts: what was handed in and when, one for each time; never changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from qtb.store.types import Base, Instant, RowId


class Receipt(Base):
    """One receipt; `seq` and `hash` are those of the entry in the submission's history that it is about."""

    __tablename__ = "receipt"
    __table_args__ = (UniqueConstraint("submission_id", "seq"), UniqueConstraint("code"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    code: Mapped[str] = mapped_column(String(24))
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    seq: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Instant)
    said: Mapped[str] = mapped_column(Text)  # the whole receipt, as its file holds it


def of(session: Session, submission_id: int) -> Sequence[Receipt]:
    """Return a submission's receipts, latest first."""
    mine = select(Receipt).where(Receipt.submission_id == submission_id)
    return session.scalars(mine.order_by(Receipt.seq.desc())).all()


def by_code(session: Session, code: str) -> Receipt | None:
    """Return the receipt with this code."""
    return session.scalar(select(Receipt).where(Receipt.code == code))
