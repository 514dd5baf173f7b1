"""What was filled in on a submission's forms."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from qtb.store.types import Base, Instant


class Answer(Base):
    """What was filled in on one form of a submission."""

    __tablename__ = "answer"

    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), primary_key=True)
    form: Mapped[str] = mapped_column(String(40), primary_key=True)
    values: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_at: Mapped[datetime] = mapped_column(Instant)


def answers(session: Session, submission_id: int) -> dict[str, dict[str, Any]]:
    """Return the filled forms of a submission by form key."""
    rows = session.scalars(select(Answer).where(Answer.submission_id == submission_id))
    return {row.form: row.values for row in rows}
